"""Counts the days of a limit past the stops of the clock (rules 14-16, 24, 25)."""

from dataclasses import dataclass
from datetime import date, timedelta

from api.calendar.calendar import WorkingCalendar
from api.cases.clock.facts import Unit
from api.cases.clock.stops import Stops

_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class CountedLimit:
    """`total` days of a unit, counted after `day0` and past the stops."""

    day0: date
    total: int
    unit: Unit
    stops: Stops
    calendar: WorkingCalendar

    def due(self) -> date | None:
        """Rule 15: the first day that is worked, not stopped, and on which the count has reached the total.

        None while an open stop stands before it (rule 25). Raises UnknownYear where it needs such a year.
        """
        day, count = self.day0, 0
        while not self.stops.hold_for_good(day):
            count += self._counts(day)
            if count >= self.total and not self.stops.hold(day) and self.calendar.is_working(day):
                return day
            day += _ONE_DAY
        return None

    def used(self, until: date) -> int:
        """Rule 32: the days counted up to and including `until`, at most the total. Raises UnknownYear."""
        day, count = self.day0, 0
        while count < self.total and day < until:
            day += _ONE_DAY
            count += self._counts(day)
        return count

    def left(self, until: date) -> int:
        """Rule 32: what remains; 0 on the due day means that it is the last."""
        return self.total - self.used(until)

    def over(self, due: date, until: date) -> int:
        """Rule 33: the days of the unit after the due day; stops do not shorten it. Raises UnknownYear."""
        days = range(1, (until - due).days + 1)
        return sum(self._is_of_unit(due + timedelta(days=n)) for n in days)

    def _counts(self, day: date) -> bool:
        """Rule 14: a day of the unit, after day 0, that is not stopped; a stopped one needs no calendar."""
        return day > self.day0 and not self.stops.hold(day) and self._is_of_unit(day)

    def _is_of_unit(self, day: date) -> bool:
        return self.unit == "calendar" or self.calendar.is_working(day)
