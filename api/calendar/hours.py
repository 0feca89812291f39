"""Whether a place is open at an instant, until when, when it opens next; and how long it has been open since."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from api.calendar.calendar import WorkingCalendar
from api.calendar.hours_text import format_hours, parse_hours, parse_periods
from api.calendar.schedule import MIDNIGHT, DayHours, Hours, Period, hours_on, is_same_on_any_mark
from api.times import BEIJING

__all__ = ["Opening", "Period", "format_hours", "opening_at", "open_for", "parse_hours", "parse_periods"]

LOOK_AHEAD_DAYS = 30


@dataclass(frozen=True)
class Opening:
    """Whether a place is open at an instant, and what comes next; times are aware, in Beijing time.

    `closes_at` ends the current period, so a lunch break closes; `next_opens_at` begins the next one. Either is
    None if there is none within 30 days. `provisional`: the answer depends on a day whose hours a notice that is still
    to be published may change; `provisional_today`: the day of the instant is one. `extended`: open beyond the regular
    hours (延时服务).
    """

    open: bool
    closes_at: datetime | None
    next_opens_at: datetime | None
    provisional: bool
    extended: bool = False
    provisional_today: bool = False


def opening_at(
    hours: Hours,
    calendar: WorkingCalendar,
    at: datetime,
    exceptions: Mapping[date, DayHours] | None = None,
) -> Opening:
    """Whether the place is open at the instant, until when, and when it opens next. `at` must be aware."""
    local = _local(at)
    dated = exceptions or {}
    days = [local.date() + timedelta(days=n) for n in range(LOOK_AHEAD_DAYS + 1)]
    closes, opens = _around(local, _spans(hours, calendar, iter(days), dated))
    horizon = _instant(days[-1], MIDNIGHT)
    last = opens.date() if opens else days[-1]
    now = local.hour * 60 + local.minute
    return Opening(
        open=closes is not None,
        closes_at=None if closes == horizon else closes,
        next_opens_at=opens,
        provisional=any(d <= last and d not in dated and not _sure(hours, calendar, d) for d in days),
        extended=any(p.extended and p.opens <= now < p.closes for p in hours_on(hours, calendar, days[0], dated)),
        provisional_today=days[0] not in dated and not _sure(hours, calendar, days[0]),
    )


def open_for(hours: Hours, calendar: WorkingCalendar, since: datetime, length: timedelta) -> datetime | None:
    """The instant at which the place has been open for `length` since `since`: lunch, nights and holidays do not count.

    None where that lies more than 30 days ahead. E.g. for "an answer within two hours of opening".
    """
    local = _local(since)
    days = (local.date() + timedelta(days=n) for n in range(LOOK_AHEAD_DAYS + 1))
    left = length
    for opens, closes in _spans(hours, calendar, days, {}):
        begun = max(opens, local)
        if closes <= begun:
            continue
        if left <= closes - begun:
            return begun + left
        left -= closes - begun
    return None


def _local(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise ValueError("an instant needs its offset")
    return at.astimezone(BEIJING)


def _sure(hours: Hours, calendar: WorkingCalendar, day: date) -> bool:
    """Whether the hours of this day are certain: no notice that is still to be published can change them."""
    return calendar.is_known(day) or hours.dated(day) is not None or is_same_on_any_mark(hours, day)


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
    hours: Hours,
    calendar: WorkingCalendar,
    days: Iterator[date],
    exceptions: Mapping[date, DayHours],
) -> Iterator[tuple[datetime, datetime]]:
    """The open periods as (start, end), in order; adjoining ones, also across midnight, are merged."""
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
    return datetime.combine(day, time.min, BEIJING) + timedelta(minutes=minutes)
