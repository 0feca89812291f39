"""The states of a notice on one channel, and which may follow which.

A notice is the message to one recipient; a delivery is one try to send it by one channel.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

Seal = Callable[[str, str, str], str]
"""Encrypts or decrypts (record, field, text); decrypting raises if the text was sealed for another record or field."""
Digest = Callable[[str, str], str]
"""(kind of text, text) to digits that stand for it, and that nobody can guess it from without the keys."""
Record = Callable[..., None]
"""(actor id, act, subject, session=…): write to the audit who did what, in the caller's transaction."""
AddressOf = Callable[[str, str], str | None]
"""(recipient, channel) to an address, or None; it is decrypted only when it is needed."""

LanguageOf = Callable[[str], str]
"""The language in which a recipient is told things, `zh` or `en`."""

Look = Callable[..., object]
"""(officer id, act, subject, detail=…, count=…): write to the audit what staff looked at."""

OFFICE, CASE, SECRET = "office", "case", "secret"
"""The groups of notices: what belongs to no case, what belongs to one, and what no member of staff may see."""


@dataclass(frozen=True)
class CasePlace:
    """The case that a notice is about, e.g. `case:<id>`, and where it lies: its desk and its department."""

    about: str
    desk: str
    department: str


NEWS_WITHIN = timedelta(hours=72)
"""How long a delivery may stay without a report before it counts as expired (GOV.UK Notify: 3 days)."""

LOOKS = (timedelta(seconds=30), timedelta(minutes=2))
"""After a try whose outcome is unknown: the waits before each look at the provider's own list. Only if the last
look finds nothing is the message sent again."""

_WAITING = frozenset({"held", "queued"})
UNSENT = _WAITING | {"submitting", "unknown"}
"""The states in which its words may still have to be sent, or to be looked up at the provider's."""
_ASKED = frozenset({"queued", "submitting", "unknown"})
_TAKEN = frozenset({"accepted", "sent"})

COMES_FROM: dict[str, frozenset[str]] = {
    "queued": frozenset({"held", "submitting", "unknown"}),
    "submitting": frozenset({"queued"}),
    "unknown": frozenset({"submitting"}),
    "suppressed": _WAITING,
    "accepted": _ASKED,
    "sent": _ASKED | {"accepted"},
    "delivered": _ASKED | _TAKEN,
    "displayed": _ASKED | _TAKEN,
    "unseen": _TAKEN,
    "undelivered": _ASKED | _TAKEN,
    "failed": _ASKED | _TAKEN,
    "canceled": _ASKED | _TAKEN,
    "expired": _WAITING | _TAKEN | {"unknown"},
}
"""Each state with those that it may follow. A provider's report moves a delivery only forward; back to `queued`
goes only what the provider certainly did not take. `queued` is among the sources of news because a callback
may arrive after a look found nothing. `displayed` and `unseen` are of the inbox: somebody looked, or nobody did for as
long as it was worth it. No final state is a source: the first one stays."""

STATES = frozenset(COMES_FROM) | {"held"}
FINAL = STATES - frozenset().union(*COMES_FROM.values())
REACHED = frozenset({"delivered", "displayed"})
FAILED = frozenset({"undelivered", "failed", "canceled", "expired"})
"""The final states from which staff may have it sent again."""


def may_follow(new: str, old: str) -> bool:
    """Whether a delivery in state `old` may become `new`."""
    return old in COMES_FROM[new]


def opened(notice: dict[str, Any], open_sealed: Seal) -> dict[str, str]:
    """Decrypt the values of a notice, each sealed under the notice's id and its own name."""
    return {name: open_sealed(notice["_id"], name, sealed) for name, sealed in notice["values"].items()}


def address_to(notice: dict[str, Any], channel: str, address_of: AddressOf, open_sealed: Seal) -> str | None:
    """Where a notice goes by a channel: to the phone that was kept with it, else to the recipient's of now."""
    if channel != "sms" or "phone" not in notice:
        return address_of(notice["recipient"], channel)
    return open_sealed(notice["_id"], "phone", notice["phone"]) if notice["phone"] else None


def mask(address: str) -> str:
    """Mask an address: 138****1234 for a mainland number in E.164, else only its last four characters."""
    local = address.removeprefix("+86")
    return f"{local[:3]}****{local[-4:]}" if len(local) == 11 else f"****{local[-4:]}"
