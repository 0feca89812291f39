"""The rules of deferral (容缺受理): the applicant chooses materials that follow within days of acceptance.

Accepted upon the promise, the case goes on and its clock runs (a deferral is no stop); its result is held until every
deferred material has come, and the case ends where one has not come in time (西安市行政审批服务局“容缺受理服务模式解释
说明”).
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from api.cases.case import ENDED
from api.cases.life.standing import CaseStanding, keys_of
from api.times import BEIJING

Row = Mapping[str, Any]
Rows = tuple[Row, ...]
DueOf = Callable[[int, str, date], date | None]
"""(days, unit, start) -> the last day; None in a year without a published calendar."""

REMIND_BEFORE = timedelta(days=2)
"""How long before the last day the applicant is reminded."""
LATE = "deferral_late"
"""The ground, as a code, of the `terminate` that ends a case whose deferred material did not come."""
LATE_WORDS = "承诺后补的材料没有在期限内交来，终止办理。可以备齐材料重新申请。"


def chosen(submitted: Row) -> Rows:
    """The deferrals that the data of `submit` ask for.

    `state`: `asked` (chosen in the draft), `called_in` (the office wants it before it accepts: a supplement like any
    other), `open` (accepted, to come by `due`), `brought`, `late` (the case ended for it). `due` is the last day as it
    was told, an ISO date; None where the calendar of that year was not published: then it is counted from `start`.
    `why` says what was wrong with what came. `ended_at` is None until it came or the case ended for it.
    """
    choice = submitted.get("deferral")
    if not choice:
        return ()
    terms = {key: choice[key] for key in ("days", "unit", "text", "matter_version", "accepted_at")}
    blank = dict.fromkeys(("start", "due", "why", "brought_at", "ended_at"))
    return tuple({"key": key, "state": "asked", **terms, **blank} for key in choice["materials"])


def accepted(deferrals: Rows, data: Row, at: datetime) -> Rows:
    """After an acceptance, also one by silence: what was asked is to come by the day that the act names."""
    begun = {"state": "open", "start": _day(at).isoformat(), "due": data.get("deferral_due")}
    return tuple({**row, **begun} if row["state"] == "asked" else row for row in deferrals)


def named(deferrals: Rows, items: Iterable[Row]) -> Rows:
    """After a notice: before acceptance what it names is wanted now, after it again within its days."""
    why = {item["key"]: item["why"] for item in items}

    def wanted(row: Row) -> Row:
        if row["key"] not in why:
            return row
        return {**row, "state": "open" if row["start"] else "called_in", "why": why[row["key"]], "ended_at": None}

    return tuple(map(wanted, deferrals))


def handed_in(deferrals: Rows, materials: Mapping[str, list[str]], at: datetime) -> Rows:
    """After a supplement: what came of them is there."""
    came = {"state": "brought", "brought_at": at, "ended_at": at}
    return tuple({**row, **came} if materials.get(row["key"]) and row["state"] != "asked" else row for row in deferrals)


def ended(deferrals: Rows, at: datetime) -> Rows:
    """After the end of the case for a material that did not come."""
    return tuple({**row, "state": "late", "ended_at": at} if row["state"] == "open" else row for row in deferrals)


def at_end(row: Row, state: str) -> Row:
    """A deferral as it is spoken of in a case in this state: `dropped` where the case ended while it was to come."""
    waits = row["state"] in {"asked", "called_in", "open"}
    return {**row, "state": "dropped"} if waits and state in ENDED | {"closed"} else row


def is_asked(deferrals: Iterable[Row]) -> bool:
    """Whether the applicant's choice has no answer yet."""
    return any(row["state"] == "asked" for row in deferrals)


def to_come(deferrals: Iterable[Row]) -> frozenset[str]:
    """The materials that are still to come after acceptance; the result is held until there are none."""
    return frozenset(row["key"] for row in deferrals if row["state"] == "open")


def wanted(standing: CaseStanding) -> frozenset[str]:
    """The materials that the applicant may hand in now: what the last notice asked for, after acceptance what is to
    come."""
    if standing.state == "supplementing" and standing.supplement:
        return keys_of(standing.supplement["items"])
    return to_come(standing.deferrals)


def may_be_named_again(deferrals: Iterable[Row]) -> frozenset[str]:
    """The materials that a handler may ask for again, if their days have not passed: those that were to come after
    acceptance, not those that were called in and came before it."""
    return frozenset(row["key"] for row in deferrals if row["start"] and row["state"] in {"open", "brought"})


def due_as_told(deferrals: Iterable[Row], accepted_at: datetime, due_of: DueOf) -> str | None:
    """The last day of what is asked, as the acceptance tells it, an ISO date; None where the year is not known.

    The day of acceptance is not counted (民法典 第201条).
    """
    for row in deferrals:
        if row["state"] == "asked":
            due = due_of(row["days"], row["unit"], _day(accepted_at))
            return due.isoformat() if due else None
    return None


def last_day(row: Row, due_of: DueOf) -> date | None:
    """The last day on which a deferred material is in time; None before acceptance, and where it is not known."""
    if row["start"] is None:
        return None
    if row["due"]:
        return date.fromisoformat(row["due"])
    return due_of(row["days"], row["unit"], date.fromisoformat(row["start"]))


def next_due(deferrals: Iterable[Row], due_of: DueOf) -> date | None:
    """The first last day of what is still to come; None where nothing is, or it is not known."""
    days = [last_day(row, due_of) for row in deferrals if row["state"] == "open"]
    return min((day for day in days if day), default=None)


def is_late(due: date | None, now: datetime) -> bool:
    """Whether a last day is over: from 00:00 of the day after it."""
    return due is not None and _day(now) > due


def _day(at: datetime) -> date:
    return at.astimezone(BEIJING).date()
