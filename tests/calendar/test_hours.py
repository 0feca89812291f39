"""Opening hours at an instant: lunch, weekends, holidays, make-up days, dated exceptions, unannounced years."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import islice

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from api.calendar.calendar import WorkingCalendar, load_calendar
from api.calendar.hours import (
    Opening,
    Period,
    format_hours,
    open_for,
    opening_at,
    parse_hours,
    parse_periods,
)
from api.calendar.hsds import from_hsds, to_hsds
from api.calendar.schedule import DayHours, Hours, hours_on
from api.times import BEIJING

WEEKDAYS_WITH_LUNCH = "Mo-Fr 09:00-12:00,13:00-17:00"
EVERY_DAY = "Mo-Fr 09:00-12:00,13:00-17:00; Sa-Su 10:00-16:00"


def beijing(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BEIJING)


def opening(hours: str, at: str, **exceptions: str) -> Opening:
    """`exceptions` are written `d20250305="off"`."""
    dated = {date.fromisoformat(day[1:]): parse_periods(text) for day, text in exceptions.items()}
    return opening_at(parse_hours(hours), load_calendar(), beijing(at), dated)


def test_open_in_the_morning_until_lunch_and_again_after_it():
    morning = opening(WEEKDAYS_WITH_LUNCH, "2025-03-03 09:00")
    assert morning == Opening(True, beijing("2025-03-03 12:00"), beijing("2025-03-03 13:00"), False)


def test_closed_from_the_very_minute_of_closing():
    noon = opening(WEEKDAYS_WITH_LUNCH, "2025-03-03 12:00:00")
    assert noon == Opening(False, None, beijing("2025-03-03 13:00"), False)
    assert opening(WEEKDAYS_WITH_LUNCH, "2025-03-03 11:59:59").open


def test_closed_on_friday_evening_until_monday():
    assert opening(WEEKDAYS_WITH_LUNCH, "2025-03-07 17:00").next_opens_at == beijing("2025-03-10 09:00")


def test_an_ordinary_weekend_goes_by_the_hours():
    assert opening(EVERY_DAY, "2025-03-08 11:00").closes_at == beijing("2025-03-08 16:00")
    assert not opening(WEEKDAYS_WITH_LUNCH, "2025-03-08 11:00").open


def test_closed_through_a_statutory_holiday_and_its_weekend():
    saturday_of_the_holiday = opening(EVERY_DAY, "2025-10-04 11:00")
    assert saturday_of_the_holiday == Opening(False, None, beijing("2025-10-09 09:00"), False)


def test_a_make_up_sunday_has_the_hours_of_a_monday():
    assert opening(WEEKDAYS_WITH_LUNCH, "2025-09-28 16:30").closes_at == beijing("2025-09-28 17:00")
    assert opening(EVERY_DAY, "2025-09-28 16:30").open


def test_a_make_up_sunday_has_its_own_hours_where_the_place_has_none_on_mondays():
    assert opening("Tu-Su 10:00-16:00", "2025-09-28 11:00").closes_at == beijing("2025-09-28 16:00")


def test_a_dated_exception_opens_a_holiday_and_closes_a_working_day():
    assert opening(WEEKDAYS_WITH_LUNCH, "2025-10-01 11:00", d20251001="10:00-12:00").open
    closed = opening(WEEKDAYS_WITH_LUNCH, "2025-03-05 10:00", d20250305="off")
    assert closed == Opening(False, None, beijing("2025-03-06 09:00"), False)


def test_an_official_rest_day_in_the_exceptions_of_the_calendar_closes_the_place():
    calendar = load_calendar().with_exceptions({date(2025, 3, 5): "rest"})
    assert not opening_at(parse_hours(WEEKDAYS_WITH_LUNCH), calendar, beijing("2025-03-05 10:00")).open


def test_an_unannounced_year_goes_by_weekday_and_says_that_it_is_provisional():
    assert opening(WEEKDAYS_WITH_LUNCH, "2027-01-04 10:00") == Opening(
        True, beijing("2027-01-04 12:00"), beijing("2027-01-04 13:00"), True, provisional_today=True
    )


@pytest.mark.parametrize("day", ["2027-01-01", "2027-05-01", "2027-05-02", "2027-10-01", "2028-10-03", "2031-01-01"])
def test_a_statutory_holiday_closes_whatever_is_announced(day: str):
    answer = opening(EVERY_DAY, f"{day} 11:00")
    assert (answer.open, answer.provisional_today) == (False, False)


@pytest.mark.parametrize("day", ["2027-02-05", "2027-02-08", "2027-04-05", "2027-06-09", "2027-09-15", "2040-02-12"])
def test_so_does_one_of_the_lunar_calendar(day: str):
    assert not opening(EVERY_DAY, f"{day} 11:00").open


@pytest.mark.parametrize("hours", ["24/7", "Mo-Su,PH 00:00-24:00", "Mo-Su,PH 09:00-17:00"])
@pytest.mark.parametrize("at", ["2027-01-01 10:00", "2027-01-02 10:00", "2027-02-12 10:00"])
def test_hours_that_no_notice_can_change_are_never_provisional(hours: str, at: str):
    answer = opening(hours, at)
    assert (answer.open, answer.provisional, answer.provisional_today) == (True, False, False)


def test_an_answer_that_leans_on_an_unannounced_year_is_provisional():
    new_years_eve = opening(WEEKDAYS_WITH_LUNCH, "2026-12-31 18:00")
    assert new_years_eve == Opening(False, None, beijing("2027-01-04 09:00"), True)
    assert not opening(WEEKDAYS_WITH_LUNCH, "2026-12-31 10:00").provisional


def test_a_place_that_never_closes_has_no_time_of_closing():
    assert opening("24/7", "2025-03-03 03:00") == Opening(True, None, None, False)


def test_a_night_through_midnight_is_one_period():
    shop = opening("Mo-Fr 18:00-24:00; Tu-Sa 00:00-02:00,18:00-24:00; Su off", "2025-03-03 23:00")
    assert shop.closes_at == beijing("2025-03-04 02:00")
    assert shop.next_opens_at == beijing("2025-03-04 18:00")


def test_nothing_is_promised_beyond_thirty_days():
    assert opening("Mo off", "2025-03-03 10:00") == Opening(False, None, None, False)


@given(
    st.integers(0, 390 * 86_400_000),
    st.sampled_from(["Mo-Fr 09:00-12:00,13:00-17:00", "24/7", "Sa-Su 09:30-16:45"]),
)
def test_an_answer_holds_for_its_whole_minute(milliseconds: int, hours: str):
    at = datetime(2025, 12, 1, tzinfo=UTC) + timedelta(milliseconds=milliseconds)
    calendar, read = load_calendar(), parse_hours(hours)
    assert opening_at(read, calendar, at) == opening_at(read, calendar, at.replace(second=0, microsecond=0))


def test_any_offset_is_turned_into_beijing_time():
    at = datetime(2025, 3, 3, 1, 30, tzinfo=UTC)
    assert opening_at(parse_hours(WEEKDAYS_WITH_LUNCH), load_calendar(), at).open


def test_an_instant_without_an_offset_is_refused():
    with pytest.raises(ValueError, match="offset"):
        opening_at(parse_hours(WEEKDAYS_WITH_LUNCH), load_calendar(), datetime(2025, 3, 3, 9))  # noqa: DTZ001


def on(text: str, weekday: int, day: str = "2025-03-03") -> DayHours:
    """What these hours have on a day of the week."""
    return parse_hours(text).usual(date.fromisoformat(day), weekday)


def test_hours_are_read_day_by_day():
    text = "Mo,We 09:00-12:00 , 13:00-17:00; Sa-Su 10:00-16:00; Su off"
    assert on(text, 0) == on(text, 2) == (Period(540, 720), Period(780, 1020))
    assert on(text, 5) == (Period(600, 960),)
    assert on(text, 1) == on(text, 6) == ()


def test_a_range_of_days_may_pass_over_the_end_of_the_week():
    week = [on("Sa-Mo 10:00-16:00", weekday) for weekday in range(7)]
    assert [bool(day) for day in week] == [True, False, False, False, False, True, True]


SUMMER = "Mo-Fr 09:00-12:00,13:00-17:00; Jun 01-Sep 30 Mo-Fr 09:00-12:00,14:30-18:00"


def test_a_season_has_its_own_lunch_and_comes_back_every_year():
    assert opening(SUMMER, "2025-05-30 13:30").open
    assert not opening(SUMMER, "2025-06-02 13:30").open, "a holiday"
    assert not opening(SUMMER, "2025-06-03 13:30").open
    assert opening(SUMMER, "2026-06-03 17:30").open
    assert not opening(SUMMER, "2026-10-09 17:30").open


def test_a_season_may_pass_over_the_turn_of_the_year():
    winter = "Mo-Su 09:00-18:00; Nov 15-Mar 14 Mo-Su 09:30-17:30"
    assert [
        opening(winter, f"{day} 09:10").open for day in ("2025-11-14", "2025-11-15", "2025-02-28", "2025-03-14")
    ] == [
        True,
        False,
        False,
        False,
    ]
    assert opening(winter, "2025-03-15 09:10").open


def test_a_season_with_years_comes_once():
    trial = "Mo-Fr 09:00-17:00; 2025 Nov 24-2026 Feb 28 Sa-Su 10:00-16:00"
    assert opening(trial, "2025-11-29 11:00").open
    assert not opening(trial, "2026-11-28 11:00").open


def test_extended_hours_stand_beside_the_regular_ones_and_are_named():
    text = 'Mo-Fr 09:00-12:00,13:00-17:00, Mo-Fr 17:00-19:00 "延时"; Sa 09:00-12:00 "延时服务"'
    evening = opening(text, "2025-03-03 18:00")
    assert (evening.open, evening.extended, evening.closes_at) == (True, True, beijing("2025-03-03 19:00"))
    regular = opening(text, "2025-03-03 16:00")
    assert (regular.extended, regular.closes_at) == (False, beijing("2025-03-03 19:00"))
    assert opening(text, "2025-03-08 10:00").extended


def test_extended_hours_that_overlap_the_regular_ones_are_extended_only_outside_of_them():
    text = 'Mo-Fr 09:00-12:00,13:00-17:00, Mo-Fr 08:00-19:00 "延时"'
    assert on(text, 0) == (
        Period(480, 540, extended=True),
        Period(540, 720),
        Period(720, 780, extended=True),
        Period(780, 1020),
        Period(1020, 1140, extended=True),
    )


def test_an_open_saturday_is_no_working_day():
    assert opening("Mo-Su 09:00-17:00", "2025-03-08 10:00").open
    assert not load_calendar().is_working(date(2025, 3, 8))


def test_a_place_may_have_hours_for_holidays():
    text = "Mo-Fr 09:00-17:00; PH 10:00-16:00"
    assert opening(text, "2025-10-04 11:00").closes_at == beijing("2025-10-04 16:00")
    assert not opening(text, "2025-03-08 11:00").open, "an ordinary Saturday is no holiday"


def test_a_machine_that_never_closes_is_open_on_the_national_day_too():
    assert opening("24/7", "2025-10-01 03:00").open


def test_a_dated_exception_in_the_text_wins_over_everything():
    text = "Mo-Fr 09:00-17:00; 2025 Oct 01 10:00-12:00; 2025 Mar 10-2025 Mar 14 off; Dec 31 09:00-12:00"
    assert opening(text, "2025-10-01 11:00").open
    assert opening(text, "2025-03-07 18:00").next_opens_at == beijing("2025-03-17 09:00")
    assert [opening(text, f"{year}-12-31 13:00").open for year in (2024, 2025, 2026)] == [False] * 3


@pytest.mark.parametrize(
    "text",
    [
        "24/7",
        "Mo-Fr 09:00-12:00,13:00-17:00",
        "Mo,We,Fr-Sa 09:00-12:00; PH off",
        'Mo-Fr 09:00-17:00, Mo-Fr 17:00-19:00 "延时"; Sa 09:00-12:00 "延时"',
        "Mo-Fr 09:00-17:00; Jun 01-Sep 30 Mo-Fr 09:00-18:00; 2026 Feb 16-2026 Feb 20 off; Dec 31 09:00-12:00",
        "2025 Nov 24-2026 Feb 28 Sa-Su,PH 10:00-16:00",
    ],
)
def test_hours_are_written_as_they_are_read(text):
    assert format_hours(parse_hours(text)) == text


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "看不懂是星期几"),
        ("Mo-Fr", "看不懂这个时间"),
        ("Monday 09:00-12:00", "看不懂是星期几"),
        ("Mo-Xx 09:00-12:00", "看不懂是星期几"),
        ("Mo-Fr 9-12", "看不懂这个时间"),
        ("Mo-Fr 09:00-12:75", "没有这个钟点"),
        ("Mo-Fr 09:00-24:30", "没有这个钟点"),
        ("Mo-Fr 17:00-09:00", "关门早于开门"),
        ("Mo-Fr 13:00-17:00,09:00-12:00", "先后颠倒"),
        ("Mo-Fr 09:00-13:00,12:00-17:00", "重叠"),
        ("Mo-Fr 09:00-12:00;", "看不懂是星期几"),
        ("SH off", "看不懂是星期几"),
        ('Mo-Fr 09:00-12:00 "by appointment"', "看不懂这个备注"),
        ("Feb 30 off", "没有这一天"),
        ("Jun 01-2026 Sep 30 off", "年份要么都写"),
        ("2026 Sep 30-2026 Jun 01 off", "先写早的"),
    ],
)
def test_hours_that_cannot_be_read_are_refused_with_the_part_that_cannot(text, reason):
    with pytest.raises(ValueError, match=reason):
        parse_hours(text)


# An oracle that knows nothing of periods: whether each single minute is open, by the words of the rules.

_CLOCK_TIMES = st.integers(min_value=0, max_value=24 * 4).map(lambda quarter: quarter * 15)
_NAMES = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
_HOLIDAYS = {date(2025, 10, n) for n in range(1, 9)}
_MADE_UP = {date(2025, 9, 28), date(2025, 10, 11)}
_FIRST, _LAST = date(2025, 9, 8), date(2025, 10, 20)
Pairs = list[tuple[int, int]]


@st.composite
def some_periods(draw: st.DrawFn) -> Pairs:
    """Up to two periods of a day, as minutes; they may meet."""
    edges = sorted(draw(st.sets(_CLOCK_TIMES, max_size=4)))
    return [(edges[i], edges[i + 1]) for i in range(0, len(edges) - 1, 2)]


_WEEK = st.lists(some_periods(), min_size=7, max_size=7)


@dataclass
class Place:
    """What a place has: a week, a season with a week of its own, more hours beside, holidays, dates."""

    week: list[Pairs]
    season: tuple[date, date, list[Pairs]]
    every_year: bool
    beside: Pairs
    holiday: Pairs
    dated: dict[date, Pairs]

    def text(self) -> str:
        """The hours as written."""
        first, last, week = self.season
        year = "" if self.every_year else "%Y "
        span = f"{first:{year}%b %d}-{last:{year}%b %d} "
        rules = [f"{name} {_times(p)}" for name, p in zip(_NAMES, self.week, strict=True)]
        rules += [f"{span}{name} {_times(p)}" for name, p in zip(_NAMES, week, strict=True)]
        if self.beside:
            rules[-1] += f' , Mo-Fr {_times(self.beside)} "延时"' if rules[-1][-1].isdigit() else ""
        self.beside = self.beside if rules[-1].endswith('"') else []
        rules += [f"PH {_times(self.holiday)}"] + [f"{day:%Y %b %d} {_times(p)}" for day, p in self.dated.items()]
        return "; ".join(rules)

    def pairs(self, day: date) -> Pairs:
        """When it is open on this day; what is extended may overlap the rest."""
        if day in self.dated:
            return self.dated[day]
        if day in _HOLIDAYS:
            return self.holiday
        usual = self._usual(day, day.weekday())
        return self._usual(day, 0) or usual if day in _MADE_UP else usual

    def _usual(self, day: date, weekday: int) -> Pairs:
        first, last, season = self.season
        if self.every_year:
            here, begin, end = (f"{one:%m%d}" for one in (day, first, last))
            inside = begin <= here <= end if begin <= end else here >= begin or here <= end
        else:
            inside = first <= day <= last
        return (season if inside else self.week)[weekday] + (self.beside if weekday < 5 else [])


def _times(periods: Pairs) -> str:
    return ",".join(f"{a // 60:02}:{a % 60:02}-{b // 60:02}:{b % 60:02}" for a, b in periods) or "off"


@st.composite
def a_place(draw: st.DrawFn) -> Place:
    """A place with a season that touches the autumn of 2025."""
    every_year = draw(st.booleans())
    edges = st.dates(date(2025, 8, 1), date(2025, 12, 31))
    first, last = draw(edges), draw(edges)
    if not every_year:
        first, last = min(first, last), max(first, last)
    dates = st.dictionaries(st.dates(_FIRST, date(2025, 11, 20)), some_periods(), max_size=4)
    return Place(
        draw(_WEEK), (first, last, draw(_WEEK)), every_year, draw(some_periods()), draw(some_periods()), draw(dates)
    )


def _minutes(place: Place, first: date) -> list[bool]:
    """For each minute of the 31 days from `first`."""
    return [
        any(a <= minute < b for a, b in pairs)
        for n in range(31)
        for pairs in [place.pairs(first + timedelta(days=n))]
        for minute in range(1440)
    ]


_MINUTE = st.integers(min_value=0, max_value=1439)


@settings(max_examples=40)
@given(place=a_place(), minute=_MINUTE, first=st.dates(_FIRST, _LAST))
def test_opening_agrees_with_a_walk_from_minute_to_minute(place, minute, first):
    at = datetime(first.year, first.month, first.day, tzinfo=BEIJING) + timedelta(minutes=minute)
    answer = opening_at(parse_hours(place.text()), load_calendar(), at)

    minutes = _minutes(place, first)
    is_open = minutes[minute]
    rest = range(minute + 1, len(minutes))
    closing = next((m for m in rest if not minutes[m]), None) if is_open else None
    opens = next((m for m in rest if minutes[m] and not minutes[m - 1]), None)

    start = at - timedelta(minutes=minute)
    assert answer.open == is_open
    assert answer.closes_at == (closing and start + timedelta(minutes=closing))
    assert answer.next_opens_at == (opens and start + timedelta(minutes=opens))
    assert not answer.provisional


@settings(max_examples=25)
@given(place=a_place(), minute=_MINUTE, first=st.dates(_FIRST, _LAST), length=st.integers(1, 6000))
def test_a_promise_in_hours_of_opening_agrees_with_a_walk_from_minute_to_minute(place, minute, first, length):
    start = datetime(first.year, first.month, first.day, tzinfo=BEIJING)
    answer = open_for(
        parse_hours(place.text()), load_calendar(), start + timedelta(minutes=minute), timedelta(minutes=length)
    )

    walked = (m for m, is_open in enumerate(_minutes(place, first)) if is_open and m >= minute)
    last = next(islice(walked, length - 1, None), None)
    assert answer == (None if last is None else start + timedelta(minutes=last + 1))


@settings(max_examples=25)
@given(place=a_place())
def test_hours_written_and_read_again_are_the_same(place):
    hours = parse_hours(place.text())
    again = parse_hours(format_hours(hours))
    days = [_FIRST + timedelta(days=n) for n in range(120)]
    assert [hours_on(again, load_calendar(), day) for day in days] == [
        hours_on(hours, load_calendar(), day) for day in days
    ]


@settings(max_examples=25)
@example(place=Place([[]] * 6 + [[(0, 15)]], (_FIRST, _FIRST, [[]] * 7), False, [], [(0, 15)], {}))
@given(place=a_place())
def test_schedules_in_the_open_referral_form_say_the_same_hours_to_whoever_adds_them_up(place):
    hours, days = parse_hours(place.text()), [_FIRST + timedelta(days=n) for n in range(90)]
    told = to_hsds(hours, load_calendar(), days[0], days[-1])

    def added_up(day: date) -> set[tuple[str, str]]:
        iso, name = day.isoformat(), _NAMES[day.weekday()].upper()
        dated = [row for row in told["holiday_schedules"] if row["start_date"] <= iso <= row["end_date"]]
        weekly = [
            row
            for row in told["schedules"]
            if row["valid_from"] <= iso <= row["valid_to"] and name in row["byday"].split(",")
        ]
        return {(row["opens_at"], row["closes_at"]) for row in dated or weekly if not row.get("closed")}

    again = from_hsds(told["schedules"], told["holiday_schedules"])
    for day in days:
        ours = hours_on(hours, load_calendar(), day)
        assert added_up(day) == {(_times([p[:2]])[:5], _times([p[:2]])[6:]) for p in ours}
        assert hours_on(again, load_calendar(), day) == ours


def read_again(hours: str, calendar: WorkingCalendar, first: date, last: date) -> Hours:
    """The hours as a reader of their Open Referral form has them."""
    rows = to_hsds(parse_hours(hours), calendar, first, last)
    return from_hsds(rows["schedules"], rows["holiday_schedules"])


@pytest.mark.parametrize(
    ("hours", "day"),
    [
        ('Mo-Fr 00:00-00:15 "延时"; 2025 Oct 11 off', "2025-10-11"),
        ("Mo-Fr 09:00-17:00; 2025 Sep 28 off", "2025-09-28"),
        ("Mo-Fr 09:00-17:00; Sa 09:00-12:00; 2025 Oct 11 off; Sa off", "2025-10-11"),
        ("Mo-Fr 09:00-17:00; Jan 26 off", "2025-01-26"),
    ],
)
def test_closed_on_a_make_up_day_is_still_closed_when_read_again(hours, day):
    made_up = date.fromisoformat(day)
    again = read_again(hours, load_calendar(), made_up - timedelta(days=7), made_up + timedelta(days=7))
    assert hours_on(again, load_calendar(), made_up) == ()


_WEEKS = (
    "Mo-Fr 09:00-12:00,13:00-17:00",
    EVERY_DAY,
    "Tu-Su 09:00-17:00; PH 10:00-16:00",
    "Sa-Su 10:00-16:00; PH off",
    'Mo-Fr 09:00-17:00, Mo-Fr 17:00-19:00 "延时"; Oct 01-Oct 20 Mo-Sa 10:00-15:00',
    "Mo-Su,PH 00:00-24:00",
)
_EXCEPTIONS = ("off", "09:00-12:00,13:00-17:00", "10:00-16:00", '09:00-17:00 "延时"', "00:00-24:00")


@pytest.mark.parametrize("exception", [None, *_EXCEPTIONS])
@pytest.mark.parametrize("week", _WEEKS)
def test_every_kind_of_day_with_every_kind_of_exception_says_the_same_when_read_again(week, exception):
    """From 2025-09-20 to 2025-10-26: a notice's holiday and make-up days, and two days that the office marked."""
    calendar = load_calendar().with_exceptions({date(2025, 10, 14): "rest", date(2025, 10, 18): "work"})
    days = [date(2025, 9, 20) + timedelta(days=n) for n in range(37)]
    for hours in [f"{week}; {day:%Y %b %d} {exception}" for day in days] if exception else [week]:
        again = read_again(hours, calendar, days[0], days[-1])
        assert [hours_on(again, calendar, day) for day in days] == [
            hours_on(parse_hours(hours), calendar, day) for day in days
        ], hours


def test_a_promise_of_two_hours_made_before_lunch_ends_after_it_and_over_a_weekend_on_monday():
    hours, two = parse_hours(WEEKDAYS_WITH_LUNCH), timedelta(hours=2)
    assert open_for(hours, load_calendar(), beijing("2025-03-03 11:30"), two) == beijing("2025-03-03 14:30")
    assert open_for(hours, load_calendar(), beijing("2025-03-07 16:00"), two) == beijing("2025-03-10 10:00")
    assert open_for(parse_hours("Mo off"), load_calendar(), beijing("2025-03-07 16:00"), two) is None


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"freq": "MONTHLY", "byday": "MO"}, "weekly"),
        ({"byday": "MO,XX", "opens_at": "09:00", "closes_at": "12:00"}, "days not understood"),
        ({"byday": "MO", "opens_at": "9", "closes_at": "12:00"}, "看不懂这个时间"),
    ],
)
def test_a_schedule_that_cannot_be_read_is_refused(row, reason):
    with pytest.raises(ValueError, match=reason):
        from_hsds([row], [])
