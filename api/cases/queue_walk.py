"""Reads the rows of a queue page by page, soonest due first, in windows of days that follow how densely they lie.

On the embedded store a query costs as much as rows match, however short the page, so none may ask for a whole queue.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from api.cases.queues import NONE, PROVISIONAL

Row = tuple[str, str, Any]
"""A row with its place in the order: due, id."""
Read = Callable[[str, str], list[Row]]
"""The rows whose due lies between these two, both included."""

GROUPS = ("", PROVISIONAL, NONE)
"""The dues in their order: known days, provisional ones, none."""
FLOOR, CEILING = date(1970, 1, 1), date(2150, 1, 1)
ONE_DAY = timedelta(days=1)
AIM = 60
"""Rows that a window of remembered days holds, if one day has no more."""
FEW, MANY = 30, 120
"""Rows in a window of unknown days, by which the next one is made wider or narrower."""
ZONES = ((-730, 60), (-120, 14), (-14, 2))
"""Unknown days: from so many before today, windows begin with so many days; before that, one window."""
MOST_QUEUES, MOST_DAYS = 4_096, 2_000
"""Queues that are remembered, and days of each."""
FORM = re.compile(r"([px]?)(\d{4}-\d\d-\d\d)\|(.{1,60})")


@dataclass
class QueueMemory:
    """How many rows lay on each day of an unbroken span when it was read last. A wrong memory costs time alone."""

    low: date | None = None
    high: date = FLOOR
    rows: Counter[date] = field(default_factory=Counter)

    def end_of_window(self, low: date, end: date) -> date | None:
        """The last day of the window that begins at `low`; None where nothing is remembered of that day."""
        if self.low is None or not self.low <= low <= self.high:
            return None
        count = 0
        for day in sorted(day for day in self.rows if day >= low):
            if count and count + self.rows[day] > AIM:
                return day - ONE_DAY
            count += self.rows[day]
        return min(end, self.high)

    def learn(self, low: date, high: date, days: Counter[date]) -> None:
        """Keep what a window held, if it lies in the span that is remembered, or right behind it."""
        if self.low is None or low < self.low or len(self.rows) > MOST_DAYS:
            self.low, self.high, self.rows = low, high, Counter()
        if self.low <= low <= self.high + ONE_DAY:
            outside = {day: count for day, count in self.rows.items() if not low <= day <= high}
            self.rows, self.high = Counter(outside) + days, max(self.high, high)


@dataclass(frozen=True)
class QueueDays:
    """The days of a queue: all, or those of the known dues that lie in a range, both ends included."""

    low: date = FLOOR
    high: date = CEILING
    groups: tuple[str, ...] = GROUPS


class QueueWalk:
    """Walks through queues; one per process, shared by its threads."""

    def __init__(self) -> None:
        self._memories: dict[object, QueueMemory] = {}

    def page(
        self,
        name: object,
        read: Read,
        days: QueueDays,
        today: date,
        after: str | None,
        most: int,
        keep: Callable[[Any], bool],
    ) -> tuple[list[Any], str | None]:
        """Up to `most` rows after the place `after` that are kept, and the place where the next page goes on, or None.

        Rows of one queue have one `name`. Raises ValueError where `after` is not what an earlier page gave.
        """
        kept: list[Row] = []
        for row in self._rows(name, read, days, today, _place(after)):
            if keep(row[2]):
                if len(kept) == most:
                    due, row_id, _ = kept[-1]
                    return [each for _, _, each in kept], f"{due}|{row_id}"
                kept.append(row)
        return [each for _, _, each in kept], None

    def _rows(
        self, name: object, read: Read, days: QueueDays, today: date, after: tuple[str, date, str] | None
    ) -> Iterator[Row]:
        for group in days.groups:
            low, behind = days.low, ("", "")
            if after is not None:
                if GROUPS.index(group) < GROUPS.index(after[0]):
                    continue
                if group == after[0]:
                    low, behind = max(low, after[1]), (f"{group}{after[1]}", after[2])
            for rows in _windows(read, group, (low, days.high), today, self._memory((name, group))):
                yield from (row for row in rows if row[:2] > behind)

    def _memory(self, name: object) -> QueueMemory:
        if len(self._memories) > MOST_QUEUES:
            self._memories.clear()
        return self._memories.setdefault(name, QueueMemory())


def _windows(read: Read, group: str, span: tuple[date, date], today: date, memory: QueueMemory) -> Iterator[list[Row]]:
    """The rows of each window of a span of days, in their order."""
    low, end = span
    zones = [(today + timedelta(days=ago), width) for ago, width in ZONES]
    width = (CEILING - FLOOR).days if low < zones[0][0] else 1
    while low <= end:
        while zones and zones[0][0] <= low:
            width = zones.pop(0)[1]
        high = memory.end_of_window(low, end)
        is_known = high is not None
        if high is None:
            high = min(end, low + timedelta(days=min(width, (end - low).days)))
            high = min(high, zones[0][0] - ONE_DAY) if zones else high
        rows = sorted(read(f"{group}{low}", f"{group}{high}"), key=lambda row: row[:2])
        memory.learn(low, high, Counter(date.fromisoformat(row[0].removeprefix(group)) for row in rows))
        if not is_known:
            width = width * 4 if len(rows) < FEW else max(1, width // 4) if len(rows) > MANY else width
        low = high + ONE_DAY
        yield rows


def _place(after: str | None) -> tuple[str, date, str] | None:
    """Where a page ended: the group, the day and the id of its last row. Raises ValueError."""
    if after is None:
        return None
    form = FORM.fullmatch(after)
    if form is None:
        raise ValueError(after)
    return form[1], date.fromisoformat(form[2]), form[3]
