"""The acts of an applicant without an account: a window does them for somebody at the counter, who signs for each.

Whoever has an account that was verified in person does them alone, from that moment on.
"""

from api.calendar.day_words import TwoLanguages
from api.cases.case import Action
from api.cases.life.rule import Attempt
from api.refusals import Refusal

CITIZEN, WINDOW = "citizen", "window"
FOR_APPLICANT = TwoLanguages(
    "窗口人员代申请人办理，申请人已签名确认", "Done at a window for the applicant, who signed for it"
)
"""What everybody reads of such an act beside its label."""


class NotAided(Refusal):
    """The applicant has an account, and does this alone."""

    code = "not_aided"
    zh = "申请人有自己的账号，补交材料和撤回申请由申请人自己办。手机丢了的，先在“当面核验”里换手机号。"
    en = (
        "The applicant has an account: they hand in and withdraw by themselves. "
        "After a lost phone, change the number under “At the counter” first."
    )


def aided(attempt: Attempt) -> Refusal | None:
    """The applicant does it; an officer only while the applicant has no account."""
    return None if CITIZEN in attempt.roles or attempt.is_aided else NotAided()


def is_for_applicant(action: Action) -> bool:
    """Whether an act of the applicant was done for them by an officer."""
    return action.act in {"submit", "supplement", "withdraw"} and action.role == WINDOW
