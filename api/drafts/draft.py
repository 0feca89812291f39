"""The rules of a draft: what it holds, and when it may not be changed any more."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from api.refusals import Refusal

MOST_FILES = 20


@dataclass(frozen=True)
class MatterVersion:
    """The version of a matter that a draft or a case is under, with the name it had then."""

    code: str
    name: str
    version: int


@dataclass(frozen=True)
class Draft:
    """A draft as it is stored: `answers`, `situation` and `delivery` are sealed. `case` is the number of its case.

    `materials` are upload ids by material; `moved` says what did not fit when it went to a newer version of its matter.
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
    created_at: datetime
    updated_at: datetime


class DraftSubmitted(Refusal):
    """A draft makes at most one case, ever, and is not changed afterwards."""

    code = "draft_submitted"
    zh = "这份申请已经提交，请到“我的办件”查看。"
    en = "This draft has been submitted. See it under your cases."


class NotComplete(Refusal):
    """Something is missing; `errors` says what."""

    code = "draft_incomplete"
    zh = "还有内容没有填完，请补上再提交。"
    en = "Something is missing. Complete it, then submit."


def uploads(materials: Mapping[str, list[str]]) -> list[str]:
    """The ids of all uploads that are bound to any material, sorted, without repeats."""
    return sorted({upload for bound in materials.values() for upload in bound})
