"""Counts the days of a time limit, without the days on which the clock is stopped (rules 14-16, 20-22, 24, 25)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from api.calendar.calendar import WorkingCalendar
from api.cases.clock.facts import Procedure, Unit

# 行政许可法 第45条: these and nothing else; a site visit or a public notice is not among them.
STOPPING_KINDS = frozenset(("听证", "招标", "拍卖", "检验", "检测", "检疫", "鉴定", "专家评审"))

_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Stops:
    """The days on which the clock is stopped: the union of half-open spans [start, end); end None: still open."""

    spans: tuple[tuple[date, date | None], ...] = ()

    @classmethod
    def of(cls, procedures: Iterable[Procedure]) -> "Stops":
        """The stops of these procedures: the day of the stop is not counted, that of the resumption is (rule 21)."""
        return cls(tuple((p.start.date(), p.end.date() if p.end else None) for p in procedures))

    def hold(self, day: date) -> bool:
        """Whether the clock is stopped on this day; overlapping stops count once (rule 22)."""
        return any(start <= day and (end is None or day < end) for start, end in self.spans)

    def hold_for_good(self, day: date) -> bool:
        """Whether the clock is stopped on this day by a stop that is still open (rule 25)."""
        return any(start <= day and end is None for start, end in self.spans)


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
