"""Opening hours as text: parsed and formatted, in a subset of OpenStreetMap's opening_hours.

Mo-Fr 09:00-12:00,13:00-17:00; Sa off              a week
Jun 01-Sep 30 Mo-Fr 09:00-12:00,14:30-18:00        a season, every year; with years (2026 Jun 01-2026 Sep 30) once
Mo-Fr 09:00-17:00, Mo-Fr 17:00-19:00 "延时"        extended hours beside the regular ones
PH 10:00-16:00                                     on the rest days of a notice; without it closed on them
2026 Feb 16 off                                    a dated exception, which wins over all others
24/7                                               always, holidays too
"""

import re
from itertools import groupby, pairwise

from api.calendar.schedule import HOLIDAY, MIDNIGHT, WEEK, Day, DayHours, Hours, HoursRule, Period, Span
from api.texts import shortened

_WEEKDAYS = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_LENGTHS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_PERIOD = re.compile(r"(\d\d):(\d\d)-(\d\d):(\d\d)")
_DATE = rf"(?:(\d{{4}}) )?({'|'.join(_MONTHS)}) (\d\d)"
_SPAN = re.compile(rf"{_DATE}(?:\s*-\s*{_DATE})?(?:\s+|$)")
_NOTE = re.compile(r'\s*"([^"]*)"$')
_EXTENDED = ("延时", "延时服务", "extended")
_ALWAYS = Hours((HoursRule((Period(0, MIDNIGHT),), frozenset((*WEEK, HOLIDAY))),))


def parse_hours(text: str) -> Hours:
    """Parse opening hours. A later rule replaces an earlier one for the same day; one after a comma adds to it.

    Raises ValueError naming what it cannot read.
    """
    if text.strip() == "24/7":
        return _ALWAYS
    rules = []
    for group in re.sub(r"\s*,\s*", ",", text).split(";"):
        first, *more = re.split(r'(?<=[\d"]),(?=[A-Z])', group.strip())
        rules += [_rule(first, adds=False), *(_rule(part, adds=True) for part in more)]
    return Hours(tuple(rules))


def format_hours(hours: Hours) -> str:
    """The text that `parse_hours` reads as these hours."""
    if hours == _ALWAYS:
        return "24/7"
    parts = [(", " if rule.adds else "; ") + _written(rule) for rule in hours.rules]
    return "".join(parts)[2:]


def parse_periods(text: str) -> DayHours:
    """Parse the hours of one day: `09:00-12:00,13:00-17:00`, or `off`. Raises ValueError."""
    if text.strip() in ("off", "closed"):
        return ()
    periods = tuple(_parse_period(part.strip()) for part in text.split(","))
    if any(later.opens < earlier.closes for earlier, later in pairwise(periods)):
        raise ValueError(f"时段先后颠倒或重叠：{shortened(text)}")
    return periods


def _rule(text: str, *, adds: bool) -> HoursRule:
    note = _NOTE.search(text)
    if note and note[1] not in _EXTENDED:
        raise ValueError(f"看不懂这个备注：{shortened(note[1])}，只能写 extended 或不写")
    rest = text[: note.start()] if note else text
    dates = _SPAN.match(rest)
    span = _span(dates) if dates else None
    rest = rest[dates.end() :] if dates else rest
    is_dated = span is not None and (rest in ("off", "closed") or rest[:1].isdigit())
    names, _, times = ("", "", rest) if is_dated else rest.partition(" ")
    days = None if is_dated else frozenset(_parse_days(names))
    periods = tuple(period._replace(extended=bool(note)) for period in parse_periods(times))
    return HoursRule(periods, days, span, adds)


def _span(dates: re.Match[str]) -> Span:
    year, month, day, last_year, last_month, last_day = dates.groups()
    first = _day(year, month, day)
    last = _day(last_year, last_month, last_day) if last_month else first
    if bool(first.year) != bool(last.year) or (first.year and last < first):
        raise ValueError(f"看不懂这段日期：{dates[0].strip()}，年份要么都写，要么都不写，先写早的")
    return Span(first, last)


def _day(year: str | None, month: str, day: str) -> Day:
    number = _MONTHS.index(month) + 1
    if not 1 <= int(day) <= _LENGTHS[number - 1]:
        raise ValueError(f"没有这一天：{month} {day}")
    return Day(int(year or 0), number, int(day))


def _parse_days(text: str) -> list[int]:
    return [weekday for part in text.split(",") for weekday in _parse_day_range(part)]


def _parse_day_range(text: str) -> list[int]:
    """Parse `PH`, `Mo`, `Mo-Fr`, or a range across Sunday such as `Sa-Mo`."""
    if text == "PH":
        return [HOLIDAY]
    first, dash, last = text.partition("-")
    if first not in _WEEKDAYS or (dash and last not in _WEEKDAYS):
        raise ValueError(f"看不懂是星期几：{shortened(text)}，要写成 Mo-Fr 或 Sa,Su")
    start = _WEEKDAYS.index(first)
    length = (_WEEKDAYS.index(last) - start) % 7 if dash else 0
    return [(start + n) % 7 for n in range(length + 1)]


def _parse_period(text: str) -> Period:
    match = _PERIOD.fullmatch(text)
    if not match:
        raise ValueError(f"看不懂这个时间：{shortened(text)}，要写成 09:00-12:00")
    open_hour, open_minute, close_hour, close_minute = map(int, match.groups())
    period = Period(open_hour * 60 + open_minute, close_hour * 60 + close_minute)
    if max(open_minute, close_minute) > 59 or period.closes > MIDNIGHT:
        raise ValueError(f"没有这个钟点：{text}")
    if period.opens >= period.closes:
        raise ValueError(f"关门早于开门：{text}，过夜的分成两天写，到 24:00 和从 00:00")
    return period


def _written(rule: HoursRule) -> str:
    times = ",".join(f"{clock(p.opens)}-{clock(p.closes)}" for p in rule.periods) or "off"
    note = ' "延时"' if any(period.extended for period in rule.periods) else ""
    return " ".join(filter(None, (_written_span(rule.span), _written_days(rule.days), times))) + note


def clock(minutes: int) -> str:
    """A time of day as HH:MM, 00:00 to 24:00, from minutes after 00:00."""
    return f"{minutes // 60:02}:{minutes % 60:02}"


def _written_span(span: Span | None) -> str:
    if span is None:
        return ""
    first, last = (
        (f"{d.year:04} " if d.year else "") + f"{_MONTHS[d.month - 1]} {d.day:02}" for d in (span.first, span.last)
    )
    return first if first == last else f"{first}-{last}"


def _written_days(days: frozenset[int] | None) -> str:
    """Days as text, e.g. `Mo-Fr,Su,PH`."""
    week = sorted((days or frozenset()) - {HOLIDAY})
    runs = [[day for _, day in run] for _, run in groupby(enumerate(week), lambda pair: pair[1] - pair[0])]
    names = [_WEEKDAYS[run[0]] + (f"-{_WEEKDAYS[run[-1]]}" if len(run) > 1 else "") for run in runs]
    return ",".join([*names, *(["PH"] if days and HOLIDAY in days else [])])
