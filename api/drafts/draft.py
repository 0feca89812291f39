"""The rules of a draft: what it holds, and when it may not be changed any more."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from api.refusals import Refusal

MOST_FILES = 20
CONSENT = "consent"
"""Among the materials of a draft for somebody else at a window: the consent that they signed, scanned."""


@dataclass(frozen=True)
class MatterVersion:
    """The version of a matter that applies to a draft or a case, with its name in that version."""

    code: str
    name: str
    version: int


@dataclass(frozen=True)
class Draft:
    """A draft as it is stored: `answers`, `situation` and `delivery` are sealed (encrypted).

    `materials` are upload ids by material; `case` is the number of the case that it became, `talk` the id of the
    conversation that it was begun in; `moved` says what did not fit when it was moved to a newer version. `deferral`
    and `promise` are what the applicant chose, each with the text that it was chosen upon (choices.py). It is kept
    until the instant `kept_until` (None in one of an earlier release, which gets an end within a day); `reminded` are
    the reminders that its owner was given of this end, in days before its last day. `taken` are the identity numbers
    that were taken over from elsewhere, by field: they are shown masked until they are typed anew. A window officer
    may fill it in for somebody without a phone: then `owner` is that officer, and `aided` the applicant's language.
    """

    id: str
    version: int
    owner: str
    matter: MatterVersion
    answers: str
    situation: str | None
    delivery: str | None
    materials: dict[str, list[str]]
    case: str | None
    mandate: str | None
    talk: str | None
    moved: dict[str, Any] | None
    deferral: dict[str, Any] | None
    promise: dict[str, Any] | None
    created_at: datetime
    updated_at: datetime
    kept_until: datetime | None = None
    reminded: tuple[int, ...] = ()
    taken: tuple[str, ...] = ()
    aided: str | None = None


class DraftSubmitted(Refusal):
    """The draft was submitted already; it becomes one case at most, and is not changed afterwards."""

    code = "draft_submitted"
    zh = "这份申请已经提交，请到“我的办件”查看。"
    en = "This draft has been submitted. See it under your cases."


class NotComplete(Refusal):
    """The draft cannot be submitted yet; `errors` says what is missing, by field or material."""

    code = "draft_incomplete"
    zh = "还有内容没有填完，请补上再提交。"
    en = "Something is missing. Complete it, then submit."


def uploads(materials: Mapping[str, list[str]]) -> list[str]:
    """The ids of all uploads that are bound to any material, sorted, without repeats."""
    return sorted({upload for bound in materials.values() for upload in bound})
