"""The rules of 告知承诺: the matter is decided at once upon the applicant's promise, and the promise is checked later.

国办发〔2020〕42号: a promise that was not true leads to correction, or to the withdrawal of the decision; who broke one
may not promise again until that is repaired.
"""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

from api.cases.case import ENDED
from api.times import BEIJING

Row = Mapping[str, Any]
DueOf = Callable[[int, str, date], date | None]
BROKEN, KEPT = "broken", "kept"


def given(submitted: Row) -> Row | None:
    """The promise that the data of `submit` hold: its text and version, when it was given; None without one.

    `decided_at`: when it was decided upon; `check`: `{outcome, text, ground, at}` of the later check, None before it;
    `check_due`: by which day it is to be checked, where the matter says so.
    """
    promise = submitted.get("promise")
    return {**promise, "decided_at": None, "check": None, "check_due": None} if promise else None


def decided(promise: Row | None, data: Row, at: datetime) -> Row | None:
    """After a grant while there is a promise, by whichever act: it was decided upon the promise."""
    return promise and {**promise, "decided_at": at, "check_due": data.get("check_due")}


def checked(promise: Row | None, data: Row, at: datetime) -> Row | None:
    """After the check."""
    return promise and {**promise, "check": {**data, "at": at}}


def check_due(days: int, unit: str, decided_at: datetime, due_of: DueOf) -> str | None:
    """The last day of the check, as it is told, an ISO date; None in a year without a calendar."""
    due = due_of(days, unit, decided_at.astimezone(BEIJING).date())
    return due.isoformat() if due else None


def is_to_check(promise: Row | None) -> bool:
    """Whether it was decided upon a promise that nobody has checked yet."""
    return promise is not None and promise["decided_at"] is not None and promise["check"] is None


def is_dropped(promise: Row | None, state: str) -> bool:
    """Whether a case came to an end in which its promise is neither decided upon nor checked."""
    if promise is None or promise["check"] is not None:
        return False
    return state == "terminated" if promise["decided_at"] else state in ENDED


def waits_for_check(promise: Row | None, state: str) -> bool:
    """Whether a promise is to be checked in a case that is in this state, or ended in it."""
    return is_to_check(promise) and not is_dropped(promise, state)


def is_broken(promise: Row | None) -> bool:
    """Whether the check found that the promise was not kept."""
    return promise is not None and promise["check"] is not None and promise["check"]["outcome"] == BROKEN
