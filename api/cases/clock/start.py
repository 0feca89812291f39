"""From which day the clock runs: acceptance, silence, notice, supplement (rules 5-13; 行政许可法 第32条)."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Literal

from api.calendar.calendar import WorkingCalendar
from api.cases.clock.facts import Facts

NOTICE_LIMIT_DAYS = 5


@dataclass(frozen=True)
class StartStanding:
    """How a case stands before its clock.

    `open`: the office may still tell, accept or refuse; `told`: the applicant owes a supplement; `accepted`: the
    clock runs from `day0`; `refused`: it does not, or no more. `began_at` is the instant of acceptance, and
    `conditional` one before the materials were complete (容缺受理). Silence accepts as from `arrival`.
    """

    state: Literal["open", "told", "accepted", "refused"] = "open"
    basis: Literal["accepted", "deemed"] | None = None
    day0: date | None = None
    began_at: datetime | None = None
    conditional: bool = False
    arrival: datetime | None = None
    notice_due: date | None = None
    warnings: tuple[str, ...] = ()


_Act = Callable[[StartStanding, datetime, Facts, WorkingCalendar], StartStanding]


def stand(facts: Facts, calendar: WorkingCalendar) -> StartStanding:
    """How the case stands at `facts.as_of`, the acts taken one after another as they happened.

    Raises UnknownYear where day 0 or the notice limit needs an unknown year.
    """
    standing = StartStanding()
    for at, act in _acts(facts):
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
        (facts.refused_at, _refuse),
    ]
    return sorted(((at, act) for at, act in acts if at), key=lambda pair: pair[0])


def _let_silence_accept(
    standing: StartStanding, now: datetime, facts: Facts, calendar: WorkingCalendar
) -> StartStanding:
    """Rules 9, 12, 13: the notice limit past in silence, accepted from the day of arrival (第32条四)."""
    due, arrival = standing.notice_due, standing.arrival
    silent = facts.deemed_acceptance and standing.state == "open" and due and now.date() > due
    if not silent or not arrival:
        return standing
    day0 = _day_zero(arrival, facts, calendar)
    return replace(standing, state="accepted", basis="deemed", day0=day0, began_at=arrival)


def _arrive(standing: StartStanding, at: datetime, facts: Facts, calendar: WorkingCalendar) -> StartStanding:
    """Rule 8: five working days from the day after the materials arrived, to 24:00 (第32条四、第82条)."""
    if standing.state != "open":
        return standing
    due = calendar.add_working(_day_zero(at, facts, calendar), NOTICE_LIMIT_DAYS)
    return replace(standing, arrival=at, notice_due=due)


def _tell(standing: StartStanding, at: datetime, facts: Facts, calendar: WorkingCalendar) -> StartStanding:
    """Rules 10, 11: told in time, no clock runs until the supplement; told late changes nothing."""
    if standing.state == "open":
        return replace(standing, state="told")
    return _warn_if_deemed(standing, "late_notice")


def _supplement(standing: StartStanding, at: datetime, facts: Facts, calendar: WorkingCalendar) -> StartStanding:
    """Rule 12: the supplement that was asked for starts a new limit of five days."""
    if standing.state != "told":
        return standing
    return _arrive(replace(standing, state="open"), at, facts, calendar)


def _accept(standing: StartStanding, at: datetime, facts: Facts, calendar: WorkingCalendar) -> StartStanding:
    """Rules 5, 11: accepted, complete or not (容缺受理). Rule 10: too late, it changes nothing."""
    if standing.state not in ("open", "told"):
        return _warn_if_deemed(standing, "late_acceptance_ignored")
    return replace(
        standing,
        state="accepted",
        basis="accepted",
        day0=_day_zero(at, facts, calendar),
        began_at=at,
        conditional=standing.state == "told",
    )


def _refuse(standing: StartStanding, at: datetime, facts: Facts, calendar: WorkingCalendar) -> StartStanding:
    """Rules 10, 11: refused in time; a refusal also ends the clock of a 容缺受理, and no other that runs."""
    if standing.state in ("open", "told") or standing.conditional:
        return replace(standing, state="refused")
    return _warn_if_deemed(standing, "late_refusal_ignored")


def _warn_if_deemed(standing: StartStanding, warning: str) -> StartStanding:
    if standing.basis != "deemed":
        return standing
    return replace(standing, warnings=(*standing.warnings, warning))


def _day_zero(at: datetime, facts: Facts, calendar: WorkingCalendar) -> date:
    """Rules 5-7: the date itself, whatever the hour; the next working day only by the place's own rule."""
    if facts.after_hours == "same_day":
        return at.date()
    if at.time() < facts.closing and calendar.is_working(at.date()):
        return at.date()
    return calendar.next_working(at.date())
