"""The opening hours of a place: rules for weekdays, seasons, holidays and dates, and the hours of a given day.

After the schedules of Open Referral's HSDS: a rule has days of the week and a time of validity. Opening is not working:
a hall that opens on Saturdays (延时服务) makes no Saturday a working day. The hours of a day are: those of its dated
exception; else, on a rest day of a notice (weekends inside the holiday included), those for holidays; on a make-up day
(调休) at a weekend, those of a Monday if the place has them (our convention; no text says so); else its weekday's.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from api.calendar.calendar import Mark, WorkingCalendar

WEEK = range(7)
HOLIDAY = 7
"""Stands for the rest days of a notice among the days of the week."""
MIDNIGHT = 24 * 60
_MONDAY, _SATURDAY = 0, 5


class Period(NamedTuple):
    """A period of one day: open from `opens` until just before `closes`, in minutes after 00:00 (1440 is 24:00).

    `extended`: beyond the regular hours (延时服务), perhaps not for everything.
    """

    opens: int
    closes: int
    extended: bool = False


DayHours = tuple[Period, ...]


class Day(NamedTuple):
    """A date of one year, or with `year` 0 of every year."""

    year: int
    month: int
    day: int


@dataclass(frozen=True)
class Span:
    """The days from `first` to `last`, both included. Without a year they recur, and may extend into the next year."""

    first: Day
    last: Day

    def covers(self, day: date) -> bool:
        """Whether this span contains the day."""
        if self.first.year:
            return self.first <= (day.year, day.month, day.day) <= self.last
        here, first, last = (day.month, day.day), self.first[1:], self.last[1:]
        return first <= here <= last if first <= last else here >= first or here <= last


@dataclass(frozen=True)
class HoursRule:
    """The periods of some `days` of the week (or HOLIDAY), if there is a `span` only within it (a season).

    Without `days` it is an exception for the dates of its span, and wins over everything. A later rule replaces an
    earlier one on the same day, or `adds` to it.
    """

    periods: DayHours
    days: frozenset[int] | None = None
    span: Span | None = None
    adds: bool = False


@dataclass(frozen=True)
class Hours:
    """All rules of a place, in order."""

    rules: tuple[HoursRule, ...]

    def usual(self, day: date, weekday: int) -> DayHours:
        """The periods on this date for a day of the week (or `HOLIDAY`), without dated exceptions."""
        wanted = (rule for rule in self.rules if rule.days is not None and weekday in rule.days)
        return _folded(rule for rule in wanted if rule.span is None or rule.span.covers(day)) or ()

    def dated(self, day: date) -> DayHours | None:
        """The periods of this date's exception; None if it has none."""
        return _folded(rule for rule in self.rules if rule.days is None and rule.span and rule.span.covers(day))


def hours_on(
    hours: Hours, calendar: WorkingCalendar, day: date, exceptions: Mapping[date, DayHours] | None = None
) -> DayHours:
    """The periods of one day, by the conventions above; in an unknown year by weekday alone.

    `exceptions` come from elsewhere and override the place's own.
    """
    if exceptions and day in exceptions:
        return exceptions[day]
    dated = hours.dated(day)
    if dated is not None:
        return dated
    return _marked(hours, day, calendar.mark(day))


def is_same_on_any_mark(hours: Hours, day: date) -> bool:
    """Whether the hours of this day are the same whatever a notice says of it, as with `24/7`."""
    return _marked(hours, day, None) == _marked(hours, day, "rest") == _marked(hours, day, "work")


def _marked(hours: Hours, day: date, mark: Mark | None) -> DayHours:
    if mark == "rest":
        return hours.usual(day, HOLIDAY)
    if mark == "work" and day.weekday() >= _SATURDAY:
        return hours.usual(day, _MONDAY) or hours.usual(day, day.weekday())
    return hours.usual(day, day.weekday())


def _folded(rules: Iterable[HoursRule]) -> DayHours | None:
    periods: DayHours | None = None
    for rule in rules:
        periods = _beside(periods or (), rule.periods) if rule.adds else rule.periods
    return periods


def _beside(held: DayHours, added: DayHours) -> DayHours:
    """The periods of both, in order; of `added` only the parts outside of `held`."""
    pieces = list(held)
    for period in added:
        begin = period.opens
        for period_held in held:
            pieces.append(period._replace(opens=begin, closes=min(period_held.opens, period.closes)))
            begin = max(begin, period_held.closes)
        pieces.append(period._replace(opens=begin))
    return tuple(sorted(piece for piece in pieces if piece.opens < piece.closes))
