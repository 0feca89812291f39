"""Opening hours in Open Referral's format (HSDS): weekly schedules with their validity, and dated exceptions.

A schedule is `{valid_from, valid_to, freq: "WEEKLY", byday: "MO,TU", opens_at, closes_at, description}` (HSDS 3,
schedule); an exception `{start_date, end_date, closed, opens_at, closes_at, description}` (HSDS 2, holiday_schedule,
which 3 dropped without giving another way to say "closed"). Dates are ISO, times HH:MM; no end is no `valid_to`.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from typing import Any

from api.calendar.calendar import WorkingCalendar, days_between
from api.calendar.hours_text import clock, parse_periods
from api.calendar.schedule import WEEK, Day, DayHours, Hours, HoursRule, Period, Span, hours_on

BYDAY = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
EXTENDED = "extended"
Row = dict[str, Any]


def to_hsds(hours: Hours, calendar: WorkingCalendar, first: date, last: date) -> dict[str, list[Row]]:
    """The hours from `first` to `last`, with seasons, holidays, make-up days and exceptions worked out.

    Schedules never overlap in time, so that a reader who does not know our order of rules reads the same hours.
    """
    schedules: list[Row] = []
    for begin, end in _stretches(hours, first, last):
        by_period: dict[Period, list[str]] = defaultdict(list)
        for weekday in WEEK:
            for period in hours.usual(begin, weekday):
                by_period[period].append(BYDAY[weekday])
        valid = {"valid_from": begin.isoformat(), "valid_to": end.isoformat(), "freq": "WEEKLY"}
        schedules += [{**valid, "byday": ",".join(days), **_times(period)} for period, days in by_period.items()]
    exceptions: list[Row] = []
    for day in days_between(first, last):
        periods = hours_on(hours, calendar, day)
        # A day that the calendar marks is always written out, also where it is closed or open as usual: who reads it
        # with our conventions would close a holiday with a Sunday's hours, and open a make-up day that is "off".
        if calendar.mark(day) or periods != hours.usual(day, day.weekday()):
            only = {"start_date": day.isoformat(), "end_date": day.isoformat(), "closed": not periods}
            exceptions += [{**only, **_times(period)} for period in periods] or [only]
    return {"schedules": schedules, "holiday_schedules": exceptions}


def from_hsds(schedules: Iterable[Mapping[str, Any]], exceptions: Iterable[Mapping[str, Any]]) -> Hours:
    """Hours from HSDS rows. A schedule with a validity replaces those without one in its time. Raises ValueError."""
    weeks: dict[tuple[str, str], dict[int, list[Period]]] = defaultdict(lambda: defaultdict(list))
    for row in schedules:
        if row.get("freq", "WEEKLY") != "WEEKLY" or not row.get("byday"):
            raise ValueError("a schedule is weekly and names its days, e.g. byday: MO,TU")
        for name in row["byday"].split(","):
            if name not in BYDAY:
                raise ValueError(f"days not understood: {name!r}; write them as MO,TU")
            weeks[row.get("valid_from", ""), row.get("valid_to", "")][BYDAY.index(name)].append(_period(row))
    rules = [rule for valid, week in sorted(weeks.items()) for rule in _rules(_span(*valid), week)]
    dates: dict[tuple[str, str], list[Period]] = defaultdict(list)
    for row in exceptions:
        dates[row["start_date"], row["end_date"]] += [] if row.get("closed") else [_period(row)]
    rules += [HoursRule(_ordered(periods), None, _span(*valid)) for valid, periods in dates.items()]
    return Hours(tuple(rules))


def _rules(span: Span | None, week: Mapping[int, list[Period]]) -> Iterator[HoursRule]:
    by_hours: dict[DayHours, list[int]] = defaultdict(list)
    for weekday in WEEK:
        by_hours[_ordered(week.get(weekday, []))].append(weekday)
    for periods, days in by_hours.items():
        yield HoursRule(periods, frozenset(days), span)


def _ordered(periods: list[Period]) -> DayHours:
    ordered = tuple(sorted(periods))
    parse_periods(",".join(f"{clock(p.opens)}-{clock(p.closes)}" for p in ordered) or "off")  # refuses what overlaps
    return ordered


def _stretches(hours: Hours, first: date, last: date) -> Iterator[tuple[date, date]]:
    """Stretches of days in which the usual week stays the same."""
    begin = first
    for day in days_between(first + timedelta(days=1), last):
        if any(hours.usual(day, weekday) != hours.usual(begin, weekday) for weekday in WEEK):
            yield begin, day - timedelta(days=1)
            begin = day
    yield begin, last


def _times(period: Period) -> Row:
    times = {"opens_at": clock(period.opens), "closes_at": clock(period.closes)}
    return {**times, "description": EXTENDED} if period.extended else times


def _period(row: Mapping[str, Any]) -> Period:
    [period] = parse_periods(f"{row.get('opens_at')}-{row.get('closes_at')}")
    return period._replace(extended=row.get("description") == EXTENDED)


def _span(first: str, last: str) -> Span | None:
    if not first and not last:
        return None
    begin, end = date.fromisoformat(first or "2000-01-01"), date.fromisoformat(last or "9999-12-31")
    return Span(Day(begin.year, begin.month, begin.day), Day(end.year, end.month, end.day))
