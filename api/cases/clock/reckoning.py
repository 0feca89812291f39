"""The working-day clock (办件时限): a pure function of a case's facts and the calendar.

`reckon` takes plain JSON and answers plain JSON; `reckon_facts` does the same with dataclasses. The steps: parse the
facts (facts.py), find day 0 (start.py), count days (count.py) without the stopped ones (stops.py), judge extensions,
and write the ledger (ledger.py).
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import lru_cache
from types import NoneType
from typing import Any, Literal, NamedTuple

from api.calendar.calendar import UnknownYear, WorkingCalendar
from api.cases.clock import ledger as book
from api.cases.clock.count import Count, CountedLimit
from api.cases.clock.facts import ClockError, Decision, Extension, Facts, Procedure, read_facts
from api.cases.clock.start import StartStanding, stand
from api.cases.clock.stops import NO_STOPS, STOPPING_KINDS, Stops

HANDOVER_LIMIT_DAYS = 10

State = Literal["not_started", "refused", "running", "stopped", "overdue", "decided", "ended"]


@dataclass(frozen=True)
class Reckoning:
    """The answer of the clock (rules 31-38). A due time is the last second of its day, or None if it is not known.

    `total`, `used`, `left`, `overdue_days` are days of the legal limit's unit; `promised_left` working days. Of
    recorded facts each is None that needs an unknown year (rule 44).
    """

    state: State
    accept_basis: str | None = None
    day0: date | None = None
    notice_due: datetime | None = None
    legal_due: datetime | None = None
    promised_due: datetime | None = None
    act_by: datetime | None = None
    total: int | None = None
    used: int | None = None
    left: int | None = None
    overdue: bool = False
    overdue_days: int | None = 0
    promise_overdue: bool = False
    promised_left: int | None = None
    extensions: tuple[str, ...] = ()
    handover_due: datetime | None = None
    handover_overdue: bool = False
    warnings: tuple[str, ...] = ()
    ledger: tuple[book.LedgerLine, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """As plain JSON: times in ISO 8601 with `+08:00`, ledger lines as text."""
        return {name: _plain(value) for name, value in vars(self).items()}


def reckon(facts: object, calendar: WorkingCalendar) -> dict[str, Any]:
    """The clock's answer as plain JSON; `{"error": code}` where there is none, with a `detail` for bad input."""
    try:
        return reckon_facts(read_facts(facts), calendar).as_json()
    except ClockError as error:
        return {"error": error.code} | ({"detail": error.detail} if error.code == "bad_input" else {})
    except UnknownYear as unknown:
        return {"error": _calendar_unknown(unknown.year)}


def reckon_file(items: Sequence[Any], calendar: WorkingCalendar) -> list[dict[str, Any]]:
    """Reckon each item of `[{id, input}]`, giving `[{id, output}]`; one of another shape has an error as output."""
    entries = [item if isinstance(item, dict) else {} for item in items]
    return [{"id": entry.get("id"), "output": reckon(entry.get("input"), calendar)} for entry in entries]


def reckon_facts(facts: Facts, calendar: WorkingCalendar) -> Reckoning:
    """The clock's answer at `facts.as_of`. Raises ClockError and UnknownYear (rules 4, 26, 30, 31)."""
    calendar = calendar.with_exceptions(facts.exceptions)
    _refuse_impossible_procedures(facts)
    known = facts.known()
    standing = stand(known, calendar)
    _refuse_what_precedes_acceptance(known, standing)
    if standing.state != "accepted" or standing.day0 is None:
        return _without_clock(known, standing)
    if known.ended_at and not known.decision:
        known = replace(known, decision=Decision(known.ended_at, "end"))
    return _Clock(known, standing, standing.day0, calendar).reckoning()


def _refuse_impossible_procedures(facts: Facts) -> None:
    """Raises ClockError for a procedure that cannot be, whatever `as_of` is (rule 26)."""
    for procedure in facts.procedures:
        if procedure.end and procedure.end < procedure.start:
            raise ClockError("procedure_end_before_start")
        if facts.decision and procedure.start > facts.decision.at:
            raise ClockError("procedure_after_decision")


def _refuse_what_precedes_acceptance(facts: Facts, standing: StartStanding) -> None:
    """Raises ClockError for what happened before acceptance, or without any acceptance (rules 26, 30, 31)."""

    def is_early(at: datetime) -> bool:
        return standing.began_at is None or at < standing.began_at

    if any(is_early(procedure.start) for procedure in facts.procedures):
        raise ClockError("procedure_before_acceptance")
    if any(is_early(extension.approved_at) for extension in facts.extensions):
        raise ClockError("extension_before_acceptance")
    if facts.decision and is_early(facts.decision.at):
        raise ClockError("decision_before_acceptance")


def _without_clock(facts: Facts, standing: StartStanding) -> Reckoning:
    """The answer before acceptance. A case that waits for its applicant owes no answer of the office."""
    waits = facts.recorded and standing.state == "told"
    unknown = [_calendar_unknown(standing.unknown_year)] if standing.unknown_year and not waits else []
    return Reckoning(
        state=standing.state if standing.state in ("refused", "ended") else "not_started",
        notice_due=None if waits else _last_second(standing.notice_due),
        warnings=tuple(sorted([*standing.warnings, *unknown])),
    )


class _Due(NamedTuple):
    """A due day or None; if it is None because of an unknown year, that year (rule 4)."""

    day: date | None = None
    unknown_year: int | None = None

    def is_over(self, day: date) -> bool:
        """Whether a due day has passed on `day`, i.e. lies before it (rule 16); False if it is not known."""
        return self.day is not None and day > self.day


class _Clock:
    """The clock of an accepted case: each attribute is computed from the facts and those before it, by its rule."""

    def __init__(self, facts: Facts, standing: StartStanding, day0: date, calendar: WorkingCalendar) -> None:
        self.facts, self.standing, self.day0, self.calendar = facts, standing, day0, calendar
        self.reference_day = (facts.decision.at if facts.decision else facts.as_of).date()
        """The day up to which days are counted: that of the decision, else of `as_of` (rule 31)."""
        self.recorded_stops = self._recorded_stops() if facts.procedures else ()
        self.stopping = self._stopping()
        stops = Stops.of(self.stopping)
        self.count = Count(day0, facts.legal.unit if facts.legal else "working", stops, calendar)
        self.verdicts, granted = self._judged()
        self.legal = self._legal_limit(granted)
        days = facts.promised_days
        count = self.count if self.count.unit == "working" else Count(day0, "working", stops, calendar)
        self.promise = None if days is None else CountedLimit(days, count)
        """The promised limit: working days from the same day 0, with the same stops, without extensions (rule 17)."""
        self.legal_due = self._if_still_due(_due_of(self.legal))
        self.promised_due = self._if_still_due(_Due(day0) if days == 0 else _due_of(self.promise))
        """A promise of 0 days is due on day 0 itself, and no stop moves it (rule 17)."""
        self.handover_due = self._handover_due()

    # Stops

    def _recorded_stops(self) -> tuple[Procedure, ...]:
        """The procedures that stop the clock: a permit's by 第45条, those of the matter's own law (rules 20, 43)."""
        facts = self.facts
        kinds = (STOPPING_KINDS if facts.law == "permit" else frozenset()).union(facts.matter_stops)
        return tuple(procedure for procedure in facts.procedures if procedure.kind in kinds)

    def _stopping(self) -> tuple[Procedure, ...]:
        """The stops as they count: those that are open at the decision end with it (rule 25)."""
        decision = self.facts.decision
        if decision is None:
            return self.recorded_stops
        return tuple(
            replace(stop, end=decision.at) if self._open_at_decision(stop) else stop for stop in self.recorded_stops
        )

    def _open_at_decision(self, stop: Procedure) -> bool:
        decision = self.facts.decision
        return decision is not None and (stop.end is None or stop.end > decision.at)

    # Extensions

    def _judged(self) -> tuple[tuple[str, ...], int]:
        """`ok` or a reason for each extension, in the order of the input, judged in the order of approval; and the days
        granted."""
        extensions = self.facts.extensions
        if not extensions:
            return (), 0
        verdicts: dict[int, str] = {}
        granted = 0
        for n in sorted(range(len(extensions)), key=lambda n: extensions[n].approved_at):
            verdicts[n] = self._judge(extensions[n], granted)
            granted += extensions[n].days if verdicts[n] == "ok" else 0
        return tuple(verdicts[n] for n in range(len(extensions))), granted

    def _judge(self, extension: Extension, granted: int) -> str:
        """`ok`, or the first reason that applies of those against an extension (rules 28-30; 第42条)."""
        rule, decision = self.facts.extension_rule, self.facts.decision
        limit = self._legal_limit(granted)
        if rule is None or limit is None:
            return "not_allowed"
        if decision and extension.approved_at > decision.at:
            return "after_decision"
        # A due that cannot be named, for an open stop or an unknown year, lies ahead: the approval is in time.
        if _due_of(limit).is_over(extension.approved_at.date()):
            return "late"
        if granted:
            return "second"
        if extension.days > rule.max_days:
            return "over_max"
        return "ok" if extension.approver == rule.approver else "wrong_approver"

    # Limits and dues

    def _legal_limit(self, granted: int) -> CountedLimit | None:
        """The legal limit with the days granted, as one period counted from day 0 (rule 27; 第42条)."""
        legal = self.facts.legal
        if legal is None:
            return None
        return CountedLimit(legal.days + granted, self.count)

    def _if_still_due(self, due: _Due) -> _Due:
        """A due day, or none where the case ended before it was over (rule 42)."""
        ended_at = self.facts.ended_at
        return NO_DUE if ended_at and not due.is_over(ended_at.date()) else due

    def _handover_due(self) -> _Due:
        """The due day of the hand-over: ten working days after a permit's grant, without stops (rules 35, 43; 第44条、
        第82条), and as many after a result that had been handed over was made anew, which no law says; none where the
        case ended before it was over (rule 42)."""
        decision = self.facts.decision
        if decision is None or decision.kind != "grant" or self.facts.law != "permit":
            return NO_DUE
        since = self.facts.reissues[-1].at if self.facts.reissues else decision.at
        count = Count(since.date(), "working", NO_STOPS, self.calendar)
        return self._if_still_due(_due_of(CountedLimit(HANDOVER_LIMIT_DAYS, count)))

    # Report

    def _state(self) -> State:
        """Decided, else overdue, else stopped, else running; by the promise if there is no legal limit (rule 34)."""
        if self.facts.ended_at:
            return "ended"
        if self.facts.decision:
            return "decided"
        due = self.legal_due if self.legal else self.promised_due
        if due.is_over(self.reference_day):
            return "overdue"
        return "stopped" if any(stop.end is None for stop in self.stopping) else "running"

    def _overdue_days(self) -> int | None:
        """How many days the legal limit is overdue; 0 if it is not (rule 33)."""
        legal, day = self.legal, self.legal_due.day
        if legal is None or day is None or not self.legal_due.is_over(self.reference_day):
            return 0
        return self._counted(legal.over, day, self.reference_day)

    def _counted(self, count: Callable[..., int], *days: date) -> int | None:
        """A number of days; None, of recorded facts, if it needs an unknown year (rule 44). Raises UnknownYear."""
        try:
            return count(*days)
        except UnknownYear:
            if not self.facts.recorded:
                raise
            return None

    def _warnings(self) -> Iterator[str]:
        yield from self.standing.warnings
        for stop in self.recorded_stops:
            if not stop.told:
                yield f"not_told_in_writing:{stop.kind}"
            if self._open_at_decision(stop):
                yield f"closed_by_decision:{stop.kind}"
        for due in (self.legal_due, self.promised_due, self.handover_due):
            if due.unknown_year:
                yield _calendar_unknown(due.unknown_year)
        if self._used_on(self.reference_day) is None:
            yield _calendar_unknown(self.reference_day.year)
        if self.promised_due.day and self.legal_due.is_over(self.promised_due.day):
            yield "promise_after_legal"

    def _events(self) -> list[book.LedgerEvent]:
        """All events that have a line in the ledger (rules 37, 38)."""
        facts, events = self.facts, [book.start_event(self.day0, self.standing.basis or "accepted")]
        for stop in self.stopping:
            events += book.stop_events(stop)
        if len(self.stopping) < len(facts.procedures):
            events += [book.running_event(p) for p in facts.procedures if p not in self.recorded_stops]
        events += map(book.extension_event, facts.extensions, self.verdicts)
        events += book.closing_events(facts.decision, facts.hand_overs)
        return events + book.due_events(self.promised_due.day, self.legal_due.day, self.handover_due.day)

    def _used_on(self, day: date) -> int | None:
        """The days used on a date: of the legal limit, else of the promise; constant after the decision (rule 36)."""
        limit = self.legal or self.promise
        if limit is None:
            return 0
        until = self.reference_day if self.facts.decision and self.reference_day < day else day
        return self._counted(limit.used, until)

    def reckoning(self) -> Reckoning:
        """The whole answer."""
        today, legal, promise = self.reference_day, self.legal, self.promise
        handed_over = (self.facts.handed_over_at or self.facts.ended_at or self.facts.as_of).date()
        used = self._used_on(today) if legal else None
        promised = self._counted(promise.left, today) if promise else None
        dues = filter(None, (self.legal_due.day, self.promised_due.day))
        return Reckoning(
            state=self._state(),
            accept_basis=self.standing.basis,
            day0=self.day0,
            notice_due=_last_second(self._if_still_due(_Due(self.standing.notice_due)).day),
            legal_due=_last_second(self.legal_due.day),
            promised_due=_last_second(self.promised_due.day),
            act_by=_last_second(min(dues, default=None)),  # the earlier of those that are known (rule 18)
            total=legal.total if legal else None,
            used=used,
            left=None if legal is None or used is None else legal.total - used,
            overdue=self.legal_due.is_over(today),
            overdue_days=self._overdue_days(),
            promise_overdue=self.promised_due.is_over(today),
            promised_left=promised,
            extensions=self.verdicts,
            handover_due=_last_second(self.handover_due.day),
            handover_overdue=self.handover_due.is_over(handed_over),
            warnings=tuple(sorted(set(self._warnings()))),
            ledger=book.lines(self._events(), self._used_on),
        )


NO_DUE = _Due()


def _due_of(limit: CountedLimit | None) -> _Due:
    """The due day of a limit; without a day if that needs an unknown year (rule 4)."""
    try:
        return _Due(limit.due()) if limit else NO_DUE
    except UnknownYear as unknown:
        return _Due(unknown_year=unknown.year)


def _last_second(due: date | None) -> datetime | None:
    return book.end_of_day(due) if due else None


def _calendar_unknown(year: int) -> str:
    return f"calendar_unknown:{year}"


_AS_THEY_ARE = frozenset((str, int, bool, NoneType))
_iso = lru_cache(2_048)(datetime.isoformat)
"""Days are few, so the ends of days are, which are the only instants of an answer."""


def _plain(value: Any) -> Any:
    if type(value) in _AS_THEY_ARE:
        return value
    if type(value) is tuple:
        return [str(item) for item in value]
    return _iso(value) if type(value) is datetime else value.isoformat()
