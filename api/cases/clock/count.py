"""Counts the days of a time limit, without the days on which the clock is stopped (rules 14-16, 24, 25)."""

from dataclasses import dataclass
from datetime import date, timedelta

from api.calendar.calendar import WorkingCalendar
from api.cases.clock.facts import Unit
from api.cases.clock.stops import Stops

_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class CountedLimit:
    """A time limit: `total` days of a unit, counted from the day after `day0`, without the stopped days."""

    day0: date
    total: int
    unit: Unit
    stops: Stops
    calendar: WorkingCalendar

    def due(self) -> date | None:
        """The due day: the first working day, not stopped, on which the count has reached the total (rule 15).

        None if a stop that is still open comes before it (rule 25). Raises UnknownYear if it needs such a year.
        """
        day, count = self.day0, 0
        while not self.stops.hold_for_good(day):
            count += self._counts(day)
            if count >= self.total and not self.stops.hold(day) and self.calendar.is_working(day):
                return day
            day += _ONE_DAY
        return None

    def used(self, until: date) -> int:
        """The days counted up to and including `until`, at most the total (rule 32). Raises UnknownYear."""
        day, count = self.day0, 0
        while count < self.total and day < until:
            day += _ONE_DAY
            count += self._counts(day)
        return count

    def left(self, until: date) -> int:
        """The days that remain after `until` (rule 32); 0 on the due day itself, the last one. Raises UnknownYear."""
        return self.total - self.used(until)

    def over(self, due: date, until: date) -> int:
        """The days overdue: days of the unit after the due day, stopped ones included (rule 33). Raises UnknownYear."""
        days = range(1, (until - due).days + 1)
        return sum(self._is_of_unit(due + timedelta(days=n)) for n in days)

    def _counts(self, day: date) -> bool:
        """Whether a day counts: after day 0, not stopped, and a day of the unit (rule 14)."""
        return day > self.day0 and not self.stops.hold(day) and self._is_of_unit(day)

    def _is_of_unit(self, day: date) -> bool:
        return self.unit == "calendar" or self.calendar.is_working(day)
