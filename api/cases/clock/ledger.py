"""The ledger of a clock: one line per event, with the days of the limit used up to then (rules 36-38)."""

from collections.abc import Callable, Iterable
from datetime import date, datetime, time
from enum import IntEnum
from functools import lru_cache
from typing import NamedTuple

from api.cases.clock.facts import Decision, Extension, Procedure
from api.times import BEIJING

_LAST_SECOND = time(23, 59, 59)


class Rank(IntEnum):
    """The order of events at the same instant (rule 38); those of the same rank are ordered by their code."""

    START = 0
    COURSE = 1
    DECISION = 2
    HANDED_OVER = 3
    PROMISED_DUE = 4
    LEGAL_DUE = 5
    HANDOVER_DUE = 6


class LedgerEvent(NamedTuple):
    """An event of the ledger: something that happened, or a due time. Its fields are its order."""

    at: datetime
    rank: int
    code: str


class LedgerLine(NamedTuple):
    """One line: the Beijing date, what happened, and the days used by then; None in a year without a calendar."""

    day: date
    code: str
    used: int | None

    def __str__(self) -> str:
        return f"{self.day.isoformat()} {self.code} {'?' if self.used is None else self.used}"


@lru_cache(2_048)
def end_of_day(day: date) -> datetime:
    """The end of a day in Beijing (24:00), written as its last second, 23:59:59 (rule 16)."""
    return datetime.combine(day, _LAST_SECOND, BEIJING)


def lines(events: Iterable[LedgerEvent], used_on: Callable[[date], int | None]) -> tuple[LedgerLine, ...]:
    """The lines of the events in their order; `used_on` gives the days used up to a date."""
    return tuple([LedgerLine(day := at.date(), code, used_on(day)) for at, _, code in sorted(events)])


def start_event(day0: date, basis: str) -> LedgerEvent:
    """The event of acceptance, at 00:00 of day 0; `basis` is `accepted` or `deemed`."""
    return LedgerEvent(datetime.combine(day0, time.min, BEIJING), Rank.START, f"start:{basis}")


def stop_events(procedure: Procedure) -> list[LedgerEvent]:
    """The events of a procedure that stops the clock: the stop, and the resumption if it is known."""
    stop = LedgerEvent(procedure.start, Rank.COURSE, f"stop:{procedure.kind}")
    if procedure.end is None:
        return [stop]
    return [stop, LedgerEvent(procedure.end, Rank.COURSE, f"resume:{procedure.kind}")]


def running_event(procedure: Procedure) -> LedgerEvent:
    """The event of a procedure that is recorded and does not stop the clock (rule 20)."""
    return LedgerEvent(procedure.start, Rank.COURSE, f"runs:{procedure.kind}")


def extension_event(extension: Extension, verdict: str) -> LedgerEvent:
    """The event of an extension; `verdict` is `ok` or why it does not count."""
    code = f"extend:+{extension.days}" if verdict == "ok" else f"extend_refused:{verdict}"
    return LedgerEvent(extension.approved_at, Rank.COURSE, code)


def closing_events(decision: Decision | None, hand_overs: Iterable[datetime]) -> list[LedgerEvent]:
    """The events of the decision and of each hand-over, as far as there are any."""
    decided = [LedgerEvent(decision.at, Rank.DECISION, f"decision:{decision.kind}")] if decision else []
    return [*decided, *(LedgerEvent(at, Rank.HANDED_OVER, "handed_over") for at in hand_overs)]


def due_events(promised: date | None, legal: date | None, handover: date | None) -> list[LedgerEvent]:
    """The events of the due days that are known, in this order, each at the end of its day."""
    dues = (
        (Rank.PROMISED_DUE, "promised_due", promised),
        (Rank.LEGAL_DUE, "legal_due", legal),
        (Rank.HANDOVER_DUE, "handover_due", handover),
    )
    return [LedgerEvent(end_of_day(day), rank, code) for rank, code, day in dues if day]
