"""The ledger of a clock: one line an event, each with the days used by then (rules 36-38)."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, time
from enum import IntEnum

from api.cases.clock.facts import Decision, Extension, Procedure
from api.times import BEIJING

_LAST_SECOND = time(23, 59, 59)


class Rank(IntEnum):
    """Rule 38: what stands first at the same instant."""

    START = 0
    COURSE = 1
    END = 2
    DUE = 3


@dataclass(frozen=True)
class LedgerEvent:
    """Something that happened, or a due that will come."""

    at: datetime
    rank: Rank
    code: str


@dataclass(frozen=True)
class LedgerLine:
    """One line: the Beijing date, what happened, and the days used by then."""

    day: date
    code: str
    used: int

    def __str__(self) -> str:
        return f"{self.day} {self.code} {self.used}"


def end_of_day(day: date) -> datetime:
    """Rule 16: 24:00 of the day, shown as its last second."""
    return datetime.combine(day, _LAST_SECOND, BEIJING)


def lines(events: Iterable[LedgerEvent], used_on: Callable[[date], int]) -> tuple[LedgerLine, ...]:
    """The events in order, each with its count; those of one instant and rank as given, in the COURSE by code."""
    ordered = sorted(events, key=lambda e: (e.at, e.rank, e.code if e.rank is Rank.COURSE else ""))
    return tuple(LedgerLine(event.at.date(), event.code, used_on(event.at.date())) for event in ordered)


def start_event(day0: date, basis: str) -> LedgerEvent:
    """Acceptance stands at 00:00 of day 0."""
    return LedgerEvent(datetime.combine(day0, time.min, BEIJING), Rank.START, f"start:{basis}")


def stop_events(procedure: Procedure) -> list[LedgerEvent]:
    """A procedure that stops the clock, and its resumption once that is known."""
    stop = LedgerEvent(procedure.start, Rank.COURSE, f"stop:{procedure.kind}")
    if procedure.end is None:
        return [stop]
    return [stop, LedgerEvent(procedure.end, Rank.COURSE, f"resume:{procedure.kind}")]


def running_event(procedure: Procedure) -> LedgerEvent:
    """A procedure that is written down and stops nothing (rule 20)."""
    return LedgerEvent(procedure.start, Rank.COURSE, f"runs:{procedure.kind}")


def extension_event(extension: Extension, verdict: str) -> LedgerEvent:
    """`verdict` is `ok` or the reason of refusal."""
    code = f"extend:+{extension.days}" if verdict == "ok" else f"extend_refused:{verdict}"
    return LedgerEvent(extension.approved_at, Rank.COURSE, code)


def closing_events(decision: Decision | None, handed_over_at: datetime | None) -> list[LedgerEvent]:
    """Decision, then hand-over."""
    decided = [LedgerEvent(decision.at, Rank.END, f"decision:{decision.kind}")] if decision else []
    return [*decided, LedgerEvent(handed_over_at, Rank.END, "handed_over")] if handed_over_at else decided


def due_events(promised: date | None, legal: date | None, handover: date | None) -> list[LedgerEvent]:
    """The three dues in their order; a null due has no line."""
    dues = (("promised_due", promised), ("legal_due", legal), ("handover_due", handover))
    return [LedgerEvent(end_of_day(day), Rank.DUE, code) for code, day in dues if day]
