"""The rules of 告知承诺: the matter is decided at once upon the applicant's promise, and the promise is checked later.

国办发〔2020〕42号: what was not as promised is to be put right within a time (责令限期整改), or the decision is revoked
(撤销决定; 行政许可法 第69条); who broke a promise may not promise again until that is repaired.
"""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

from api.cases.case import ENDED
from api.times import BEIJING

Row = Mapping[str, Any]
DueOf = Callable[[int, str, date], date | None]
BROKEN, KEPT = "broken", "kept"
RECTIFIED, NOT_RECTIFIED = "rectified", "not_rectified"


def given(submitted: Row) -> Row | None:
    """The promise that the data of `submit` hold: its text and version, when it was given; None without one.

    `decided_at`: when it was decided upon; `check`: `{outcome, text, ground, at}` of the later check, None before it;
    `check_due`: by which day it is to be checked, where the matter says so; `orders`: each order to put right what was
    not as promised (see `ordered`); `revoked_at`: when the decision was revoked for it.
    """
    promise = submitted.get("promise")
    blank = {"decided_at": None, "check": None, "check_due": None, "orders": (), "revoked_at": None}
    return {**promise, **blank} if promise else None


def decided(promise: Row | None, data: Row, at: datetime) -> Row | None:
    """After a grant while there is a promise, by whichever act: it was decided upon the promise."""
    return promise and {**promise, "decided_at": at, "check_due": data.get("check_due")}


def checked(promise: Row | None, data: Row, at: datetime) -> Row | None:
    """After the check."""
    return promise and {**promise, "check": {**data, "at": at}}


def ordered(promise: Row | None, seq: int, data: Row, at: datetime) -> Row | None:
    """After an order to put it right: `{seq, text, ground, days, due, at, outcome, checked_at, finding}`.

    `due` is its last day as it was told, an ISO date, None in a year without a calendar; the last three are those of
    its check, None before it.
    """
    order = {"seq": seq, **data, "at": at, "outcome": None, "checked_at": None, "finding": None}
    return promise and {**promise, "orders": (*promise["orders"], order)}


def rectification_checked(promise: Row | None, data: Row, at: datetime) -> Row | None:
    """After the check of the last order."""
    if promise is None:
        return None
    *earlier, last = promise["orders"]
    checked = {**last, "outcome": data["outcome"], "checked_at": at, "finding": data["text"]}
    return {**promise, "orders": (*earlier, checked)}


def revoked(promise: Row | None, at: datetime) -> Row | None:
    """After the decision was revoked."""
    return promise and {**promise, "revoked_at": at}


def open_order(promise: Row | None) -> Row | None:
    """The order to put right what was not as promised, while nobody has checked what came of it."""
    last = promise["orders"][-1] if promise and promise["orders"] else None
    return last if last and last["outcome"] is None else None


def is_unsettled(promise: Row | None) -> bool:
    """Whether a decision stands whose promise was found untrue, and nobody has found that put right."""
    if promise is None or not is_broken(promise) or promise["revoked_at"]:
        return False
    return not promise["orders"] or promise["orders"][-1]["outcome"] != RECTIFIED


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
