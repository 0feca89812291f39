"""Counts the days of a time limit, without the days on which the clock is stopped (rules 14-16, 24, 25).

Days are counted span by span, from one stop to the next, by the calendar's prefix sums.
"""

from collections.abc import Iterator
from datetime import date, timedelta

from api.calendar.calendar import UnknownYear, WorkingCalendar
from api.cases.clock.facts import Unit
from api.cases.clock.stops import Stops

_ONE_DAY = timedelta(days=1)


class Count:
    """Days of a unit counted from the day after `day0`, without the stopped days; for every limit of that unit."""

    def __init__(self, day0: date, unit: Unit, stops: Stops, calendar: WorkingCalendar) -> None:
        self._day0, self.unit, self._stops, self._calendar = day0, unit, stops, calendar
        self._spans = tuple(_running(stops, day0))
        self._until: dict[date, int] = {}

    def until(self, day: date) -> int:
        """The days counted up to and including `day`. Raises UnknownYear."""
        count = self._until.get(day)
        if count is None:
            count = 0
            for last, stop in self._spans:
                if day < stop:
                    count += self.between(last, day) if last < day else 0
                    break
                whole = self._until.get(stop)
                count = self._until[stop] = count + self.between(last, stop - _ONE_DAY) if whole is None else whole
            self._until[day] = count
        return count

    def between(self, last: date, until: date) -> int:
        """The days of the unit after `last` up to and including `until`, stopped or not. Raises UnknownYear."""
        return (until - last).days if self.unit == "calendar" else self._calendar.working_between(last, until)

    def spans(self, total: int) -> tuple[tuple[date, date], ...]:
        """Where the clock runs: (the day before the first, the day of the next stop or `date.max`).

        A limit of no days may end on day 0 itself.
        """
        return self._spans if total else tuple(_running(self._stops, self._day0 - _ONE_DAY))

    def reached(self, last: date, rest: int, stop: date) -> date | None:
        """The due day where `rest` days remain after `last`, if it comes before a stop. Raises UnknownYear."""
        if self.unit == "working":
            return self._calendar.nth_working(last, max(1, rest), stop)
        end = last + timedelta(days=max(0, rest - 1))
        return self._calendar.nth_working(end, 1, stop) if end < stop else None


class CountedLimit:
    """A time limit: a total of days that are counted."""

    def __init__(self, total: int, count: Count) -> None:
        self.total, self._count = total, count

    def due(self) -> date | None:
        """The due day: the first working day, not stopped, on which the count has reached the total (rule 15).

        None if a stop that is still open comes before it (rule 25). Raises UnknownYear if it needs such a year.
        """
        count, rest = self._count, self.total
        for last, stop in count.spans(self.total):
            due = count.reached(last, rest, stop)
            if due is not None:
                return due
            if stop < date.max:
                rest = max(0, rest - count.between(last, stop - _ONE_DAY))
        return None

    def used(self, until: date) -> int:
        """The days counted up to and including `until`, at most the total (rule 32). Raises UnknownYear."""
        try:
            used = self._count.until(until)
        except UnknownYear:
            # The days after the total is reached may be unknown.
            due = self.due() if self.total else until
            if due and due <= until:
                return self.total
            raise
        return used if used < self.total else self.total

    def left(self, until: date) -> int:
        """The days that remain after `until` (rule 32); 0 on the due day itself, the last one. Raises UnknownYear."""
        return self.total - self.used(until)

    def over(self, due: date, until: date) -> int:
        """The days overdue: days of the unit after the due day, stopped ones included (rule 33). Raises UnknownYear."""
        return self._count.between(due, until)


def _running(stops: Stops, last: date) -> Iterator[tuple[date, date]]:
    """The spans after `last` in which the clock runs."""
    for start, end in stops.spans:
        if start > last + _ONE_DAY:
            yield last, start
        if end == date.max:
            return
        last = max(last, end - _ONE_DAY)
    yield last, date.max
