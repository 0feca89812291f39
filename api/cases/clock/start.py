"""Finds day 0, from which the clock runs: acceptance, express or by silence (rules 5-13; 行政许可法 第32条)."""

from collections.abc import Callable
from datetime import date, datetime, time
from typing import Literal, NamedTuple

from api.calendar.calendar import UnknownYear, WorkingCalendar
from api.cases.clock.facts import Facts
from api.times import BEIJING

NOTICE_LIMIT_DAYS = 5


class StartStanding(NamedTuple):
    """The standing of a case as far as its acceptance goes.

    `open`: the office may still request a supplement, accept or refuse; `told`: the applicant owes a supplement;
    `accepted`: the clock runs from `day0`; `refused`, `ended`: it does not run, or no longer. `began_at` is the
    instant of acceptance, `conditional` an acceptance before the materials were complete (容缺受理). Acceptance by
    silence counts from `arrival`.
    """

    state: Literal["open", "told", "accepted", "refused", "ended"] = "open"
    basis: Literal["accepted", "deemed"] | None = None
    day0: date | None = None
    began_at: datetime | None = None
    conditional: bool = False
    arrival: datetime | None = None
    notice_due: date | None = None
    warnings: tuple[str, ...] = ()
    unknown_year: int | None = None
    """The year without a calendar that the notice limit needs (rule 44)."""


_Act = Callable[[StartStanding, datetime, Facts, WorkingCalendar], StartStanding]


def stand(facts: Facts, calendar: WorkingCalendar) -> StartStanding:
    """The standing of the case at `facts.as_of`, by applying its acts in the order in which they happened.

    Of recorded acts each was in time, or an acceptance by silence was recorded before it (rules 39-41). Raises
    UnknownYear where day 0, or the notice limit of facts that are not recorded, needs an unknown year.
    """
    standing = StartStanding()
    for at, act in _acts(facts):
        if not facts.recorded:
            standing = _let_silence_accept(standing, at, facts, calendar)
        standing = act(standing, at, facts, calendar)
    return _let_silence_accept(standing, facts.as_of, facts, calendar)


def _acts(facts: Facts) -> list[tuple[datetime, _Act]]:
    """The acts in order of time; at one instant in the order in which they make sense."""
    acts: list[tuple[datetime | None, _Act]] = [
        (facts.received_at, _arrive),
        (facts.notice_at, _tell),
        (facts.supplement_at, _supplement),
        (facts.accepted_at, _accept),
        (facts.deemed.at if facts.deemed else None, _deem),
        (facts.refused_at, _refuse),
        (facts.ended_at, _end),
    ]
    return sorted(((at, act) for at, act in acts if at), key=lambda pair: pair[0])


def _let_silence_accept(
    standing: StartStanding, now: datetime, facts: Facts, calendar: WorkingCalendar
) -> StartStanding:
    """Accept a permit's case from the day of arrival if the notice limit passed in silence (rules 9, 12, 13, 43)."""
    due, arrival = standing.notice_due, standing.arrival
    may_be = facts.deemed_acceptance and facts.law == "permit"
    silent = may_be and standing.state == "open" and due and now.date() > due
    if not silent or not arrival:
        return standing
    day0 = _day_zero(arrival, facts, calendar)
    return standing._replace(state="accepted", basis="deemed", day0=day0, began_at=arrival)


def _arrive(standing: StartStanding, at: datetime, facts: Facts, calendar: WorkingCalendar) -> StartStanding:
    """Materials arrive: a permit's notice limit is five working days from the next day (rules 8, 43; 第32条四)."""
    if standing.state != "open":
        return standing
    if facts.law != "permit":
        return standing._replace(arrival=at)
    try:
        due = calendar.add_working(_day_zero(at, facts, calendar), NOTICE_LIMIT_DAYS)
    except UnknownYear as unknown:
        if not facts.recorded:
            raise
        return standing._replace(arrival=at, notice_due=None, unknown_year=unknown.year)
    return standing._replace(arrival=at, notice_due=due, unknown_year=None)


def _tell(standing: StartStanding, at: datetime, facts: Facts, calendar: WorkingCalendar) -> StartStanding:
    """The office requests a supplement: no clock runs until it comes; a late request has no effect (rules 10, 11)."""
    if standing.state == "open":
        return standing._replace(state="told")
    return _warn_if_deemed(standing, "late_notice")


def _supplement(standing: StartStanding, at: datetime, facts: Facts, calendar: WorkingCalendar) -> StartStanding:
    """The applicant supplements: that starts a new notice limit of five working days (rule 12)."""
    if standing.state != "told":
        return standing
    return _arrive(standing._replace(state="open"), at, facts, calendar)


def _accept(standing: StartStanding, at: datetime, facts: Facts, calendar: WorkingCalendar) -> StartStanding:
    """The office accepts, materials complete or not (容缺受理; rules 5, 11); too late, it has no effect (rule 10)."""
    if standing.state not in ("open", "told"):
        return _warn_if_deemed(standing, "late_acceptance_ignored")
    return standing._replace(
        state="accepted",
        basis="accepted",
        day0=_day_zero(at, facts, calendar),
        began_at=at,
        conditional=standing.state == "told",
        unknown_year=None,
    )


def _deem(standing: StartStanding, at: datetime, facts: Facts, calendar: WorkingCalendar) -> StartStanding:
    """The acceptance by silence that was recorded, which no later calendar undoes (rule 41)."""
    deemed = facts.deemed
    assert deemed is not None
    began_at = standing.arrival or datetime.combine(deemed.day0, time.min, BEIJING)
    due = deemed.notice_due or standing.notice_due
    return standing._replace(
        state="accepted",
        basis="deemed",
        day0=deemed.day0,
        began_at=began_at,
        notice_due=due,
        unknown_year=None,
    )


def _end(standing: StartStanding, at: datetime, facts: Facts, calendar: WorkingCalendar) -> StartStanding:
    """The case ends before acceptance: no limit runs any more (rule 42)."""
    if standing.state == "accepted":
        return standing
    return standing._replace(state="ended", notice_due=None, unknown_year=None)


def _refuse(standing: StartStanding, at: datetime, facts: Facts, calendar: WorkingCalendar) -> StartStanding:
    """The office refuses in time; that also ends the running clock of a 容缺受理, and of no other (rules 10, 11)."""
    if standing.state in ("open", "told") or standing.conditional:
        return standing._replace(state="refused")
    return _warn_if_deemed(standing, "late_refusal_ignored")


def _warn_if_deemed(standing: StartStanding, warning: str) -> StartStanding:
    if standing.basis != "deemed":
        return standing
    return standing._replace(warnings=(*standing.warnings, warning))


def _day_zero(at: datetime, facts: Facts, calendar: WorkingCalendar) -> date:
    """Day 0: the date itself, whatever the hour; the next working day only by a rule of the place (rules 5-7)."""
    if facts.after_hours == "same_day":
        return at.date()
    if at.time() < facts.closing and calendar.is_working(at.date()):
        return at.date()
    return calendar.next_working(at.date())
