"""Opening hours: a week with its lunch breaks, under the holidays, make-up days and dated exceptions.

Opening is not working: a hall that opens on Saturdays (延时服务) makes no Saturday a working day. Which hours a
day has: those of its dated exception; else none on a rest day of a notice, weekends inside the holiday included;
on a make-up day (调休) at a weekend those of a Monday, where the place has them (our convention; no text found);
else those of its weekday.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from typing import NamedTuple
from zoneinfo import ZoneInfo

from api.calendar.calendar import WorkingCalendar

SHANGHAI = ZoneInfo("Asia/Shanghai")
LOOK_AHEAD_DAYS = 30

_WEEKDAYS = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
_MONDAY, _SATURDAY = 0, 5
_MIDNIGHT = 24 * 60
_PERIOD = re.compile(r"(\d\d):(\d\d)-(\d\d):(\d\d)")


class Period(NamedTuple):
    """Open from `opens` until just before `closes`, in minutes after 00:00; 1440 is 24:00."""

    opens: int
    closes: int


DayHours = tuple[Period, ...]


@dataclass(frozen=True)
class WeeklyHours:
    """`days[weekday]`, Monday first: the day's periods in order; an empty tuple is a closed day."""

    days: tuple[DayHours, ...]


@dataclass(frozen=True)
class Opening:
    """How a place stands at an instant; times are aware, in Asia/Shanghai.

    `closes_at` ends the current period, so a lunch break closes; `next_opens_at` begins the next one. Either is
    None where nothing of the kind comes within 30 days. `provisional`: the answer leans on a day whose year has
    no published holidays.
    """

    open: bool
    closes_at: datetime | None
    next_opens_at: datetime | None
    provisional: bool


def parse_hours(text: str) -> WeeklyHours:
    """Reads a subset of OpenStreetMap's opening_hours: `Mo-Fr 09:00-12:00,13:00-17:00; Sa off`, or `24/7`.

    A later rule replaces an earlier one for the same day, as there. Raises ValueError naming what it cannot read.
    """
    if text.strip() == "24/7":
        return WeeklyHours(((Period(0, _MIDNIGHT),),) * 7)
    days: list[DayHours] = [()] * 7
    for rule in re.sub(r"\s*,\s*", ",", text).split(";"):
        names, _, periods = rule.strip().partition(" ")
        for weekday in _parse_days(names):
            days[weekday] = parse_periods(periods)
    return WeeklyHours(tuple(days))


def parse_periods(text: str) -> DayHours:
    """Reads one day: `09:00-12:00,13:00-17:00`, or `off`. Raises ValueError."""
    if text.strip() in ("off", "closed"):
        return ()
    periods = tuple(_parse_period(part.strip()) for part in text.split(","))
    if any(later.opens < earlier.closes for earlier, later in pairwise(periods)):
        raise ValueError(f"periods out of order or overlapping: {text!r}")
    return periods


def opening_at(
    hours: WeeklyHours,
    calendar: WorkingCalendar,
    at: datetime,
    exceptions: Mapping[date, DayHours] | None = None,
) -> Opening:
    """Whether the place is open at the instant, until when, and when it opens next. `at` must be aware."""
    if at.tzinfo is None:
        raise ValueError("an instant needs its offset")
    local = at.astimezone(SHANGHAI)
    days = [local.date() + timedelta(days=n) for n in range(LOOK_AHEAD_DAYS + 1)]
    dated = exceptions or {}
    closes, opens = _around(local, _spans(hours, calendar, days, dated))
    horizon = _instant(days[-1], _MIDNIGHT)
    last = opens.date() if opens else days[-1]
    return Opening(
        open=closes is not None,
        closes_at=None if closes == horizon else closes,
        next_opens_at=opens,
        provisional=any(d <= last and d not in dated and not calendar.is_known(d) for d in days),
    )


def hours_on(hours: WeeklyHours, calendar: WorkingCalendar, day: date, exceptions: Mapping[date, DayHours]) -> DayHours:
    """The periods of one day, by the conventions above; an unknown year goes by weekday alone."""
    if day in exceptions:
        return exceptions[day]
    mark = calendar.mark(day)
    if mark == "rest":
        return ()
    if mark == "work" and day.weekday() >= _SATURDAY:
        return hours.days[_MONDAY] or hours.days[day.weekday()]
    return hours.days[day.weekday()]


def _around(local: datetime, spans: Iterator[tuple[datetime, datetime]]) -> tuple[datetime | None, datetime | None]:
    """When the span that holds `local` closes, and when the next one opens."""
    current = None
    for opens, closes in spans:
        if opens > local:
            return current, opens
        if closes > local:
            current = closes
    return current, None


def _spans(
    hours: WeeklyHours,
    calendar: WorkingCalendar,
    days: list[date],
    exceptions: Mapping[date, DayHours],
) -> Iterator[tuple[datetime, datetime]]:
    """The stretches of being open, in order; what meets at an instant, at midnight too, is one stretch."""
    held: tuple[datetime, datetime] | None = None
    for day in days:
        for period in hours_on(hours, calendar, day, exceptions):
            opens, closes = _instant(day, period.opens), _instant(day, period.closes)
            if held and held[1] == opens:
                held = held[0], closes
                continue
            if held:
                yield held
            held = opens, closes
    if held:
        yield held


def _instant(day: date, minutes: int) -> datetime:
    return datetime.combine(day, time.min, SHANGHAI) + timedelta(minutes=minutes)


def _parse_days(text: str) -> list[int]:
    return [weekday for part in text.split(",") for weekday in _parse_day_range(part)]


def _parse_day_range(text: str) -> list[int]:
    """`Mo`, `Mo-Fr`, or over the week's end `Sa-Mo`."""
    first, dash, last = text.partition("-")
    if first not in _WEEKDAYS or (dash and last not in _WEEKDAYS):
        raise ValueError(f"days not understood: {text!r}; write them as Mo-Fr or Sa,Su")
    start = _WEEKDAYS.index(first)
    length = (_WEEKDAYS.index(last) - start) % 7 if dash else 0
    return [(start + n) % 7 for n in range(length + 1)]


def _parse_period(text: str) -> Period:
    match = _PERIOD.fullmatch(text)
    if not match:
        raise ValueError(f"time not understood: {text!r}; write it as 09:00-12:00")
    open_hour, open_minute, close_hour, close_minute = map(int, match.groups())
    period = Period(open_hour * 60 + open_minute, close_hour * 60 + close_minute)
    if max(open_minute, close_minute) > 59 or period.closes > _MIDNIGHT:
        raise ValueError(f"no such time of day: {text!r}")
    if period.opens >= period.closes:
        raise ValueError(f"closes before it opens: {text!r}; write a night as two days, to 24:00 and from 00:00")
    return period
