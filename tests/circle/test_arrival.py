"""Arriving at lunch, at midnight, in the last minute, on holidays and make-up days: 2026 read a second time."""

from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.circle.arrival import SERVE
from api.times import BEIJING
from tests.circle.places import made
from tests.circle.test_circle import asked

# 国办发明电〔2025〕7号, copied by hand: first and last day off; Saturdays and Sundays worked instead.
OFF = [("01-01", "01-03"), ("02-15", "02-23"), ("04-04", "04-06"), ("05-01", "05-05"), ("06-19", "06-21")]
OFF += [("09-25", "09-27"), ("10-01", "10-07")]
MAKE_UP = {date.fromisoformat(f"2026-{day}") for day in ("01-04", "02-14", "02-28", "05-09", "09-20", "10-10")}
HOLIDAYS = {
    date.fromisoformat(f"2026-{first}") + timedelta(days=n)
    for first, last in OFF
    for n in range((date.fromisoformat(f"2026-{last}") - date.fromisoformat(f"2026-{first}")).days + 1)
}
PERIODS = [(time(9), time(12)), (time(13), time(17))]
YEAR = [date(2026, 1, 1) + timedelta(days=n) for n in range(330)]
"""Until November: what follows leans on a year that is not announced yet."""
DAYS = {
    "an ordinary day": [day for day in YEAR if day.weekday() < 5 and day not in HOLIDAYS],
    "a weekend": [day for day in YEAR if day.weekday() > 4 and day not in HOLIDAYS | MAKE_UP],
    "a holiday": [day for day in YEAR if day in HOLIDAYS],
    "a make-up day": [day for day in YEAR if day in MAKE_UP],
}
EDGES = {
    "lunch": [time(12), time(12, 30), time(13)],
    "midnight": [time(0)],
    "the last minute": [time(11, 59), time(16, 59), time(17)],
    "the first minute": [time(8, 59), time(9)],
}


def spans(day: date) -> list[tuple[datetime, datetime]]:
    """When a place with the usual hours is open on a day."""
    works = day in MAKE_UP or (day.weekday() < 5 and day not in HOLIDAYS)
    return [(at(day, opens), at(day, closes)) for opens, closes in PERIODS] if works else []


def at(day: date, clock: time) -> datetime:
    """An instant in Beijing."""
    return datetime.combine(day, clock, BEIJING)


def read_again(arrival: datetime) -> tuple[datetime | None, datetime]:
    """Until when it is open on arrival, None where it is not; and when it opens next."""
    day = arrival.date()
    coming = [span for n in range(14) for span in spans(day + timedelta(days=n))]
    closes = next((closes for opens, closes in coming if opens <= arrival < closes), None)
    return closes, next(opens for opens, _ in coming if opens > arrival)


@pytest.mark.parametrize("edge", EDGES)
@pytest.mark.parametrize("kind", DAYS)
@settings(max_examples=40)
@given(
    data=st.data(),
    off=st.integers(-900, 900).map(lambda tenths: timedelta(seconds=tenths / 10)),
    seconds=st.integers(0, 36_000).map(lambda tenths: tenths / 10),
)
def test_who_is_open_on_arrival_until_when_and_when_next(
    kind: str, edge: str, data: st.DataObject, off: timedelta, seconds: float
) -> None:
    arrival = at(data.draw(st.sampled_from(DAYS[kind])), data.draw(st.sampled_from(EDGES[edge]))) + off
    sets_out = arrival - timedelta(seconds=seconds)
    closes, opens = read_again(arrival)
    place = (made("P", 108.95, 34.26, hours_basis="asked there"), seconds)
    assert bool(asked(place, at=sets_out, minutes=60).inside) is (closes is not None)
    found = asked(place, at=sets_out, minutes=60, when="any")
    assert (found.inside[0].opening.open, found.inside[0].opening.closes_at) == (closes is not None, closes)
    assert found.inside[0].opening.next_opens_at == opens
    is_soon = closes is not None and closes - arrival < SERVE
    is_break = closes is not None and opens is not None and closes.date() == opens.date()
    assert ("时间很紧" in found.why.zh, "关门" in found.why.zh) == (is_soon and not is_break, bool(closes) > is_break)
    assert ("午休" in found.why.zh, "赶不上" in found.why.zh) == (is_break, is_soon and is_break)
    assert ("不开放" in found.why.zh) is (closes is None)
