"""The notice of how personal information is handled (个人信息保护法 第17条): what of it this installation settles.

The page has the words (`api/pages/src/citizen/views/PrivacyView.vue`); what they leave open comes from here.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Notice:
    """Who handles the data, how they are reached, how long conversations are kept, and which providers take part."""

    handler: str = ""
    contact: str = ""
    conversation_days: int = 730
    sms_abroad: bool = False
    """Whether the phone number goes to a provider outside the country with each SMS (第39条)."""
    wechat: bool = False
    tracking: bool = False
