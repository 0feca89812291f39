"""Working days: Monday to Friday, less the rest days, plus the make-up days (调休), of the yearly notices.

The notices are the State Council's (行政许可法 第82条). For a year without one the calendar raises UnknownYear instead
of guessing, but for the statutory holidays: 全国年节及纪念日放假办法 第二条 fixes them, whatever the notice will add.
"""

import json
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import MAXYEAR, date, timedelta
from functools import cache, cached_property
from importlib import resources
from itertools import accumulate
from typing import Literal, NamedTuple, get_args

Mark = Literal["rest", "work"]

_ONE_DAY = timedelta(days=1)
_BEYOND = date.max.toordinal() + 1
_SATURDAY = 5


class UnknownYear(ValueError):
    """No holiday notice is published for this year, so its working days are not known."""

    def __init__(self, year: int) -> None:
        super().__init__(f"no holiday notice is published for {year}")
        self.year = year


@dataclass(frozen=True)
class WorkingCalendar:
    """The notices as data: rest days and make-up days (`work`) of the `known_years`, and overriding exceptions.

    `statutory` holidays are rest days in the other years: dates, and (month, day) for each year `statutory_since` on.
    """

    known_years: frozenset[int]
    rest: frozenset[date] = frozenset()
    work: frozenset[date] = frozenset()
    statutory: frozenset[date | tuple[int, int]] = frozenset()
    statutory_since: int = MAXYEAR
    exceptions: Mapping[date, Mark] = field(default_factory=dict, hash=False)
    guesses: bool = False
    _runs: list["_Run"] = field(default_factory=list, init=False, repr=False, compare=False)
    """The prefix sums of the years that were asked for so far: one run at most, replaced by a longer one."""

    @cached_property
    def guessing(self) -> "WorkingCalendar":
        """A copy that takes Monday to Friday in unknown years: what it says is provisional, never to be recorded."""
        return replace(self, guesses=True)

    def with_exceptions(self, exceptions: Mapping[date, Mark]) -> "WorkingCalendar":
        """A copy of this calendar with further exceptions, each by official notice; they override everything else.

        Raises ValueError for a mark other than `rest` or `work`.
        """
        for day, mark in exceptions.items():
            if mark not in get_args(Mark):
                raise ValueError(f"{day}: an exception is 'rest' or 'work', not {mark!r}")
        return replace(self, exceptions={**self.exceptions, **exceptions}) if exceptions else self

    def mark(self, day: date) -> Mark | None:
        """`rest` or `work` if an exception, a notice or the law names this day; None for an ordinary day."""
        if day in self.exceptions:
            return self.exceptions[day]
        if day in self.rest or self._is_statutory(day):
            return "rest"
        return "work" if day in self.work else None

    def is_known(self, day: date) -> bool:
        """Whether `is_working` can answer: the year has a notice, the law fixes the day, or it has an exception."""
        return self.guesses or day.year in self.known_years or day in self.exceptions or self._is_statutory(day)

    def _is_statutory(self, day: date) -> bool:
        if day.year in self.known_years or day.year < self.statutory_since:
            return False
        return day in self.statutory or (day.month, day.day) in self.statutory

    def is_working(self, day: date) -> bool:
        """Whether the day is a working day. Raises UnknownYear, for weekends too, which may be make-up days (调休)."""
        if not self.is_known(day):
            raise UnknownYear(day.year)
        return self.provisional(day)

    def provisional(self, day: date) -> bool:
        """As `is_working`, but Monday to Friday in unknown years: to be shown as provisional, never recorded."""
        mark = self.mark(day)
        return day.weekday() < _SATURDAY if mark is None else mark == "work"

    def next_working(self, day: date) -> date:
        """The first working day after `day`. Raises UnknownYear."""
        return self.add_working(day, 1)

    def add_working(self, day: date, n: int) -> date:
        """The n-th working day after `day`, not counting `day` itself; `day` for n = 0. Raises UnknownYear."""
        if n < 0:
            raise ValueError("working days are counted forwards")
        if n == 0:
            return day
        nth = self.nth_working(day, n, date.max)
        assert nth is not None
        return nth

    def nth_working(self, day: date, n: int, before: date) -> date | None:
        """The n-th working day after `day` (n ≥ 1) if it lies before a day, else None.

        Raises UnknownYear if a day that is not known comes earlier than either.
        """
        after, end = day.toordinal(), before.toordinal()
        run = self._run(after, after)
        nth = run.tally[after - run.first + 1] + n - 1
        while nth >= len(run.working) and run.last < end and run.unknown_after(after) > run.last:
            run = self._run(after, run.last + 1)
            nth = run.tally[after - run.first + 1] + n - 1
        wanted = run.working[nth] if nth < len(run.working) else end
        if run.unknown and run.unknown_after(after) < min(wanted, end):
            raise UnknownYear(date.fromordinal(run.unknown_after(after)).year)
        return date.fromordinal(wanted) if wanted < end else None

    def working_before(self, day: date, n: int) -> date:
        """The n-th working day before `day` (n ≥ 1). Raises UnknownYear."""
        until = day.toordinal()
        run = self._run(date(day.year - 1, 1, 1).toordinal(), until)
        nth = run.tally[until - run.first] - n
        if nth < 0 or (run.unknown and run.unknown_after(run.working[nth]) < until):
            raise UnknownYear(day.year - 1)
        return date.fromordinal(run.working[nth])

    def working_between(self, first: date, last: date) -> int:
        """How many working days there are after `first` up to and including `last`. Raises UnknownYear."""
        after, until = first.toordinal(), last.toordinal()
        if until <= after:
            return 0
        run = self._run(after, until)
        if run.unknown and run.unknown_after(after) <= until:
            raise UnknownYear(date.fromordinal(run.unknown_after(after)).year)
        tally, before = run.tally, run.first - 1
        return tally[until - before] - tally[after - before]

    def add_provisional(self, day: date, n: int) -> date:
        """As `add_working`, but Monday to Friday in unknown years: to be shown as provisional, never recorded."""
        while n > 0:
            day += _ONE_DAY
            n -= self.provisional(day)
        return day

    def _run(self, first: int, last: int) -> "_Run":
        """The prefix sums over at least these days, given as ordinals; made when one of their years is first needed."""
        runs = self._runs
        if runs and runs[0].first <= first and last <= runs[0].last:
            return runs[0]
        known = [day for run in runs for day in (run.first, run.last)]
        days = [date.fromordinal(day) for day in (min([first, *known]), max([last, *known]))]
        run = self._counted(date(days[0].year, 1, 1), date(days[1].year, 12, 31))
        runs[:] = [run]
        return run

    def _counted(self, first: date, last: date) -> "_Run":
        days = list(days_between(first, last))
        known = [self.is_known(day) for day in days]
        marks = [is_known and self.provisional(day) for day, is_known in zip(days, known, strict=True)]
        return _Run(
            first=first.toordinal(),
            last=last.toordinal(),
            tally=[0, *accumulate(marks)],
            working=[day.toordinal() for day, is_working in zip(days, marks, strict=True) if is_working],
            unknown=[day.toordinal() for day, is_known in zip(days, known, strict=True) if not is_known],
        )


class _Run(NamedTuple):
    """A run of whole years as prefix sums: `tally[n]` working days among its first n days.

    Days are ordinals (`date.toordinal`): `first`, `last`, all `working` days, all `unknown` ones.
    """

    first: int
    last: int
    tally: list[int]
    working: list[int]
    unknown: list[int]

    def unknown_after(self, day: int) -> int:
        """The first unknown day after one; a number beyond all days if there is none."""
        at = bisect_right(self.unknown, day)
        return self.unknown[at] if at < len(self.unknown) else _BEYOND


@cache
def load_calendar() -> WorkingCalendar:
    """The calendar of the notices that are shipped with the program (`data/holidays.json`)."""
    text = resources.files("api.calendar").joinpath("data/holidays.json").read_text(encoding="utf-8")
    data = json.loads(text)
    years, statutory = data["years"], data["statutory"]
    holidays = [holiday for year in years.values() for holiday in year["holidays"]]
    spans = [(date.fromisoformat(holiday["from"]), date.fromisoformat(holiday["to"])) for holiday in holidays]
    return WorkingCalendar(
        known_years=frozenset(map(int, years)),
        rest=frozenset(day for first, last in spans for day in days_between(first, last)),
        work=frozenset(date.fromisoformat(day) for holiday in holidays for day in holiday["make_up"]),
        statutory=frozenset(
            [(int(day[:2]), int(day[3:])) for day in statutory["every_year"]]
            + [date.fromisoformat(f"{year}-{day}") for year, days in statutory["by_year"].items() for day in days]
        ),
        statutory_since=statutory["since"],
    )


def days_between(first: date, last: date) -> Iterator[date]:
    """Each day from `first` to `last`, both included."""
    return (first + timedelta(days=n) for n in range((last - first).days + 1))
