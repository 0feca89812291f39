"""Opening hours at an instant: lunch, weekends, holidays, make-up days, dated exceptions, unannounced years."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.calendar.calendar import load_calendar
from api.calendar.hours import SHANGHAI, Opening, Period, opening_at, parse_hours, parse_periods

WEEKDAYS_WITH_LUNCH = "Mo-Fr 09:00-12:00,13:00-17:00"
EVERY_DAY = "Mo-Fr 09:00-12:00,13:00-17:00; Sa-Su 10:00-16:00"


def beijing(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


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
    assert opening(WEEKDAYS_WITH_LUNCH, "2027-01-01 10:00") == Opening(
        True, beijing("2027-01-01 12:00"), beijing("2027-01-01 13:00"), True
    )


def test_an_answer_that_leans_on_an_unannounced_year_is_provisional():
    new_years_eve = opening(WEEKDAYS_WITH_LUNCH, "2026-12-31 18:00")
    assert new_years_eve == Opening(False, None, beijing("2027-01-01 09:00"), True)
    assert not opening(WEEKDAYS_WITH_LUNCH, "2026-12-31 10:00").provisional


def test_a_place_that_never_closes_has_no_time_of_closing():
    assert opening("24/7", "2025-03-03 03:00") == Opening(True, None, None, False)


def test_a_night_through_midnight_is_one_period():
    shop = opening("Mo-Fr 18:00-24:00; Tu-Sa 00:00-02:00,18:00-24:00; Su off", "2025-03-03 23:00")
    assert shop.closes_at == beijing("2025-03-04 02:00")
    assert shop.next_opens_at == beijing("2025-03-04 18:00")


def test_nothing_is_promised_beyond_thirty_days():
    assert opening("Mo off", "2025-03-03 10:00") == Opening(False, None, None, False)


def test_any_offset_is_turned_into_beijing_time():
    at = datetime(2025, 3, 3, 1, 30, tzinfo=UTC)
    assert opening_at(parse_hours(WEEKDAYS_WITH_LUNCH), load_calendar(), at).open


def test_an_instant_without_an_offset_is_refused():
    with pytest.raises(ValueError, match="offset"):
        opening_at(parse_hours(WEEKDAYS_WITH_LUNCH), load_calendar(), datetime(2025, 3, 3, 9))  # noqa: DTZ001


def test_hours_are_read_day_by_day():
    week = parse_hours("Mo,We 09:00-12:00 , 13:00-17:00; Sa-Su 10:00-16:00; Su off").days
    assert week[0] == week[2] == (Period(540, 720), Period(780, 1020))
    assert week[5] == (Period(600, 960),)
    assert week[1] == week[6] == ()


def test_a_range_of_days_may_pass_over_the_end_of_the_week():
    week = parse_hours("Sa-Mo 10:00-16:00").days
    assert [bool(day) for day in week] == [True, False, False, False, False, True, True]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "days not understood"),
        ("Mo-Fr", "time not understood"),
        ("Monday 09:00-12:00", "days not understood"),
        ("Mo-Xx 09:00-12:00", "days not understood"),
        ("Mo-Fr 9-12", "time not understood"),
        ("Mo-Fr 09:00-12:75", "no such time of day"),
        ("Mo-Fr 09:00-24:30", "no such time of day"),
        ("Mo-Fr 17:00-09:00", "closes before it opens"),
        ("Mo-Fr 13:00-17:00,09:00-12:00", "out of order"),
        ("Mo-Fr 09:00-13:00,12:00-17:00", "overlapping"),
        ("Mo-Fr 09:00-12:00;", "days not understood"),
        ("PH off", "days not understood"),
    ],
)
def test_hours_that_cannot_be_read_are_refused_with_the_part_that_cannot(text, reason):
    with pytest.raises(ValueError, match=reason):
        parse_hours(text)


# An oracle that knows nothing of periods: a set of the open minutes of 32 days, looked up one by one.

_CLOCK_TIMES = st.integers(min_value=0, max_value=24 * 4).map(lambda quarter: quarter * 15)


@st.composite
def a_week(draw: st.DrawFn) -> list[list[tuple[int, int]]]:
    """Seven days of up to two periods, as minutes; they may meet."""
    week = []
    for _ in range(7):
        edges = sorted(draw(st.sets(_CLOCK_TIMES, min_size=0, max_size=4)))
        week.append([(edges[i], edges[i + 1]) for i in range(0, len(edges) - 1, 2)])
    return week


def _written(week: list[list[tuple[int, int]]]) -> str:
    def clock(minutes: int) -> str:
        return f"{minutes // 60:02}:{minutes % 60:02}"

    return "; ".join(
        f"{name} " + (",".join(f"{clock(a)}-{clock(b)}" for a, b in periods) or "off")
        for name, periods in zip(("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su"), week, strict=True)
    )


def _open_minutes(week: list[list[tuple[int, int]]], first: date, closed: set[date]) -> list[bool]:
    """For each minute of the 31 days from `first`, by the table of make-up Sundays and holidays of autumn 2025."""
    holidays = {date(2025, 10, n) for n in range(1, 9)}
    made_up = {date(2025, 9, 28), date(2025, 10, 11)}
    minutes: list[bool] = []
    for n in range(31):
        day = first + timedelta(days=n)
        periods = week[day.weekday()]
        if day in made_up and week[0]:
            periods = week[0]
        if day in holidays or day in closed:
            periods = []
        minutes += [any(a <= minute < b for a, b in periods) for minute in range(1440)]
    return minutes


@settings(max_examples=60, deadline=None)
@given(
    week=a_week(),
    minute=st.integers(min_value=0, max_value=1439),
    first=st.dates(date(2025, 9, 8), date(2025, 10, 20)),
    closed=st.sets(st.dates(date(2025, 9, 8), date(2025, 11, 20)), max_size=3),
)
def test_opening_agrees_with_a_walk_from_minute_to_minute(week, minute, first, closed):
    at = datetime(first.year, first.month, first.day, tzinfo=SHANGHAI) + timedelta(minutes=minute)
    answer = opening_at(parse_hours(_written(week)), load_calendar(), at, dict.fromkeys(closed, ()))

    minutes = _open_minutes(week, first, closed)
    is_open = minutes[minute]
    rest = range(minute + 1, len(minutes))
    closing = next((m for m in rest if not minutes[m]), None) if is_open else None
    opens = next((m for m in rest if minutes[m] and not minutes[m - 1]), None)

    start = at - timedelta(minutes=minute)
    assert answer.open == is_open
    assert answer.closes_at == (closing and start + timedelta(minutes=closing))
    assert answer.next_opens_at == (opens and start + timedelta(minutes=opens))
    assert not answer.provisional
