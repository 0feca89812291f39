"""The dues of a case as plain data: which last days bind the office now, and which of them the citizen was told.

What was told is stored with the act that told it (`Action.data["dues"]`) and folded into the clock's input (`told`), so
that a calendar that moves a due later is seen to (rule 41). A provisional day is never told (rule 44).
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, NamedTuple

from api.calendar.calendar import UnknownYear, WorkingCalendar
from api.cases.clock.of_case import reckon_case

NEAR_DAYS = 2
"""How many working days before its last day a case is near due."""
DUES = ("notice", "promised", "legal", "handover")


class Dues(NamedTuple):
    """The dues that bind the office, as ISO dates; one that is not known yet is None.

    `days`: by name (see DUES), those in force alone; `provisional`: those in a year without a calendar, counted Monday
    to Friday. `act_by`: the earlier of promised and legal that are known; `near`: by name, the working day NEAR_DAYS
    before a known one.
    """

    days: dict[str, str | None]
    provisional: dict[str, str]
    act_by: str | None
    near: dict[str, str]

    @property
    def near_due(self) -> str | None:
        """The day from which the case is near due."""
        return min((self.near[name] for name in ("promised", "legal") if name in self.near), default=None)


def dues(facts: Mapping[str, Any], at: datetime, calendar: WorkingCalendar) -> Dues:
    """The dues of a case with this input of the clock (`of_case.clock_facts`), at a moment."""
    clock = reckon_case(facts, at, calendar)
    if clock.get("error"):
        return Dues({}, {}, None, {})
    provisional = {name: day[:10] for name in DUES if (day := clock["provisional"].get(f"{name}_due"))}
    days = {name: (clock[f"{name}_due"] or "")[:10] or None for name in _in_force(facts, clock, provisional)}
    known = {name: day for name, day in days.items() if day}
    act_by = min((known[name] for name in ("promised", "legal") if name in known), default=None)
    near = {name: near_day(day, calendar) for name, day in known.items()}
    return Dues(days, provisional, act_by, {name: day for name, day in near.items() if day})


def moved(facts: Mapping[str, Any], at: datetime, calendar: WorkingCalendar) -> dict[str, tuple[str | None, str]]:
    """By name, each due that is no longer what the citizen was told: the day told (None: none could be), the day now.

    Only of what lies ahead (rule 41), and only of days that are known; empty where nothing was ever told.
    """
    told: Mapping[str, str | None] = (facts.get("told") or {}).get("days", {})
    now, today = dues(facts, at, calendar).days, at.date().isoformat()
    pairs = {name: (old, new) for name, old in told.items() if (new := now.get(name)) and new != old}
    return {name: (old, new) for name, (old, new) in pairs.items() if max(old or "", new) >= today}


def _in_force(facts: Mapping[str, Any], clock: Mapping[str, Any], provisional: Mapping[str, str]) -> list[str]:
    """The names of the dues that bind the office in this standing of the clock."""
    match clock["state"]:
        case "not_started":
            return ["notice"] if clock["notice_due"] or "notice" in provisional else []
        case "running" | "stopped" | "overdue":
            totals = {"promised": clock["promised_total"], "legal": clock["total"]}
            return [name for name, total in totals.items() if total is not None]
        case "decided" if "handed_over_at" not in facts:
            return ["handover"] if clock["handover_due"] or "handover" in provisional else []
        case _:
            return []


def near_day(due: str, calendar: WorkingCalendar) -> str | None:
    """The day from which a due is near, as ISO dates; None where it needs a year without a calendar."""
    try:
        return calendar.working_before(date.fromisoformat(due), NEAR_DAYS).isoformat()
    except UnknownYear:
        return None
