"""Working days: the notices, make-up days, exceptions, and years that nobody has announced."""

import random
from datetime import date, timedelta

import chinese_calendar
import pytest

from api.calendar.calendar import UnknownYear, WorkingCalendar, load_calendar


@pytest.fixture
def calendar() -> WorkingCalendar:
    return load_calendar()


def test_every_day_of_the_announced_years_agrees_with_an_independent_source(calendar):
    day, last = date(2024, 1, 1), date(2026, 12, 31)
    compared = 0
    while day <= last:
        assert calendar.is_working(day) == chinese_calendar.is_workday(day), day
        day, compared = day + timedelta(days=1), compared + 1
    assert compared == 1096


def test_a_make_up_sunday_is_a_working_day(calendar):
    assert calendar.is_working(date(2025, 9, 28))
    assert calendar.mark(date(2025, 9, 28)) == "work"


def test_an_ordinary_weekend_is_not_worked_and_bears_no_mark(calendar):
    assert not calendar.is_working(date(2025, 3, 8))
    assert calendar.mark(date(2025, 3, 8)) is None


def test_a_half_day_holiday_for_some_is_a_working_day(calendar):
    assert calendar.is_working(date(2024, 3, 8))
    assert calendar.is_working(date(2026, 3, 9))


@pytest.mark.parametrize("day", [date(2027, 1, 5), date(2027, 1, 2), date(2027, 1, 4), date(2023, 12, 29)])
def test_every_day_of_an_unannounced_year_is_unknown_and_so_are_its_weekends(calendar, day):
    assert not calendar.is_known(day)
    with pytest.raises(UnknownYear) as refused:
        calendar.is_working(day)
    assert refused.value.year == day.year


def test_an_exception_wins_over_the_calendar_either_way(calendar):
    changed = calendar.with_exceptions({date(2025, 3, 5): "rest", date(2025, 10, 1): "work"})
    assert not changed.is_working(date(2025, 3, 5))
    assert changed.is_working(date(2025, 10, 1))
    assert calendar.is_working(date(2025, 3, 5)), "the original is not touched"


def test_an_exception_makes_its_own_day_known_and_no_other(calendar):
    changed = calendar.with_exceptions({date(2027, 1, 4): "work"})
    assert changed.is_working(date(2027, 1, 4))
    with pytest.raises(UnknownYear):
        changed.is_working(date(2027, 1, 5))


def test_later_exceptions_are_added_to_earlier_ones(calendar):
    once = calendar.with_exceptions({date(2025, 3, 5): "rest"})
    twice = once.with_exceptions({date(2025, 3, 6): "rest"})
    assert not twice.is_working(date(2025, 3, 5))
    assert not twice.is_working(date(2025, 3, 6))


def test_an_exception_that_is_neither_rest_nor_work_is_refused(calendar):
    with pytest.raises(ValueError, match="'rest' or 'work'"):
        calendar.with_exceptions({date(2025, 3, 5): "half"})


def test_the_next_working_day_after_a_friday_is_a_monday_unless_sunday_is_made_up(calendar):
    assert calendar.next_working(date(2025, 3, 7)) == date(2025, 3, 10)
    assert calendar.next_working(date(2025, 9, 26)) == date(2025, 9, 28)
    assert calendar.next_working(date(2025, 9, 30)) == date(2025, 10, 9)


def test_working_days_are_added_without_the_first_day(calendar):
    assert calendar.add_working(date(2025, 3, 3), 5) == date(2025, 3, 10)
    assert calendar.add_working(date(2025, 3, 8), 1) == date(2025, 3, 10)
    assert calendar.add_working(date(2025, 3, 8), 0) == date(2025, 3, 8)


def test_working_days_are_not_added_backwards(calendar):
    with pytest.raises(ValueError, match="forwards"):
        calendar.add_working(date(2025, 3, 8), -1)


def test_adding_into_an_unannounced_year_says_which(calendar):
    with pytest.raises(UnknownYear) as refused:
        calendar.add_working(date(2026, 12, 31), 1)
    assert refused.value.year == 2027


def test_a_provisional_day_goes_by_weekday_only_where_the_year_is_unknown(calendar):
    assert calendar.provisional(date(2027, 1, 4))
    assert not calendar.provisional(date(2027, 1, 1)), "a statutory holiday"
    assert not calendar.provisional(date(2027, 1, 2))
    assert not calendar.provisional(date(2025, 10, 1))
    assert calendar.provisional(date(2025, 10, 11))


@pytest.mark.parametrize("day", ["2027-01-01", "2027-05-02", "2028-10-03", "2027-02-07", "2029-09-22"])
def test_the_statutory_holidays_of_an_unannounced_year_are_known(calendar, day):
    holiday = date.fromisoformat(day)
    assert calendar.is_known(holiday)
    assert not calendar.is_working(holiday)
    assert calendar.mark(holiday) == "rest"


def test_statutory_holidays_are_rest_days_of_every_notice_under_the_same_rule(calendar):
    notices = load_calendar()
    for year in (2025, 2026):
        for day in ("01-01", "05-01", "05-02", "10-01", "10-02", "10-03"):
            assert notices.mark(date.fromisoformat(f"{year}-{day}")) == "rest"


def test_a_year_before_the_rule_is_not_told_by_it(calendar):
    assert not calendar.is_known(date(2023, 5, 2))


def test_the_prefix_sums_count_as_one_counts_day_by_day():
    calendar = load_calendar().with_exceptions({date(2026, 3, 3): "rest", date(2026, 3, 7): "work"})
    rng = random.Random(5)
    for _ in range(400):
        first = date(2024, 1, 1) + timedelta(days=rng.randrange(1000))
        last = first + timedelta(days=rng.randrange(60))
        if last < date(2027, 1, 1):
            days = [first + timedelta(days=n) for n in range(1, (last - first).days + 1)]
            count = sum(map(calendar.is_working, days))
            assert calendar.working_between(first, last) == count
            if count and calendar.is_working(last):
                assert calendar.add_working(first, count) == last
    assert calendar.add_working(date(2026, 12, 31), 0) == date(2026, 12, 31)
    with pytest.raises(UnknownYear):
        calendar.working_between(date(2026, 12, 30), date(2027, 1, 4))
