"""The one working-time function of the house: working days, opening hours, due dates."""

from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

from api.calendar.calendar import UnknownYear, WorkingCalendar, load_calendar
from api.calendar.hours import Opening, WeeklyHours, opening_at, parse_hours
from api.calendar.store import CalendarStore

Row = dict[str, Any]


class Calendar:
    """The published calendar with this district's dated exceptions."""

    def __init__(self, store: CalendarStore) -> None:
        marks: dict[date, Any] = {date.fromisoformat(day): kind for day, kind in store.exceptions().items()}
        self.working: WorkingCalendar = load_calendar().with_exceptions(marks)

    def opening(self, hours: str, at: datetime) -> Opening:
        """Whether a place with these weekly hours (`Mo-Fr 09:00-12:00,13:00-17:00`) is open at `at`."""
        return opening_at(_parsed(hours), self.working, at)

    def due(self, days: int, unit: str, start: date) -> date | None:
        """The last day of a limit of `days` (`working` or `calendar`) that starts on `start`; None in unknown years.

        The day of the start is not counted; a limit in calendar days that ends on a rest day ends on the next
        working day (民法典 第201、203条).
        """
        try:
            if unit == "working":
                return self.working.add_working(start, days)
            end = start + timedelta(days=days)
            return end if self.working.is_working(end) else self.working.next_working(end)
        except UnknownYear:
            return None

    def days(self, first: date, last: date) -> list[Row]:
        """Each day with whether it is a working day; `provisional` where the year has no notice yet."""
        span = (first + timedelta(days=n) for n in range((last - first).days + 1))
        return [
            {
                "date": day,
                "working": self.working.is_working(day) if known else self.working.provisional(day),
                "provisional": not known,
            }
            for day in span
            for known in [self.working.is_known(day)]
        ]


@lru_cache(maxsize=512)
def _parsed(hours: str) -> WeeklyHours:
    return parse_hours(hours)
