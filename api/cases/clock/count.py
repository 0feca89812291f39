"""Counts the days of a time limit, without the days on which the clock is stopped (rules 14-16, 24, 25)."""

from dataclasses import dataclass
from datetime import date, timedelta

from api.calendar.calendar import UnknownYear, WorkingCalendar
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
        if not self.stops.spans and self.total and self.unit == "working":
            return self.calendar.add_working(self.day0, self.total)
        if not self.stops.spans and self.total:
            end = self.day0 + timedelta(days=self.total)
            return end if self.calendar.is_working(end) else self.calendar.next_working(end)
        day, count = self.day0, 0
        while not self.stops.hold_for_good(day):
            count += self._counts(day)
            if count >= self.total and not self.stops.hold(day) and self.calendar.is_working(day):
                return day
            day += _ONE_DAY
        return None

    def used(self, until: date) -> int:
        """The days counted up to and including `until`, at most the total (rule 32). Raises UnknownYear."""
        if until <= self.day0:
            return 0
        if not self.stops.spans and self.unit == "calendar":
            return min(self.total, (until - self.day0).days)
        if not self.stops.spans:
            return self._used_working(until)
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
        return (until - due).days if self.unit == "calendar" else self.calendar.working_between(due, until)

    def _used_working(self, until: date) -> int:
        """The working days used where nothing stops the clock: days after the total is reached may be unknown."""
        try:
            return min(self.total, self.calendar.working_between(self.day0, until))
        except UnknownYear:
            if self.total == 0 or self.calendar.add_working(self.day0, self.total) <= until:
                return self.total
            raise

    def _counts(self, day: date) -> bool:
        """Whether a day counts: after day 0, not stopped, and a day of the unit (rule 14)."""
        return day > self.day0 and not self.stops.hold(day) and self._is_of_unit(day)

    def _is_of_unit(self, day: date) -> bool:
        return self.unit == "calendar" or self.calendar.is_working(day)
