"""Reads the rows of a queue page by page, soonest due first, in windows of time that follow how densely they lie.

On the embedded store a query costs as much as rows match, however short the page, so none may ask for a whole queue.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from api.cases.queues import NONE, PROVISIONAL

Row = tuple[str, str, Any]
"""A row with its place in the order: due, id."""
Read = Callable[[str, str], list[Row]]
"""The rows whose due lies between these two, both included."""

GROUPS = ("", PROVISIONAL, NONE)
"""The dues in their order: known days, provisional ones, none."""
HOURS = 24
"""A spot in the order of a queue is a number of hours: a due has its day, and the hour of submission."""
FLOOR, CEILING = date(1970, 1, 1).toordinal() * HOURS, date(2150, 1, 1).toordinal() * HOURS - 1
FEW, MANY = 30, 120
"""Rows in a window of unknown spots, by which the next one is made wider or narrower."""
ZONES = ((-730, 60), (-120, 14), (-14, 2))
"""Unknown spots: from so many days before today, windows begin with so many days; before that, one window."""
MOST_QUEUES, MOST_SPOTS = 4_096, 2_000
"""Queues that are remembered, and spots of each."""
FORM = re.compile(r"([px]?)(\d{4}-\d\d-\d\dT\d\d)\|(.{1,60})")


@dataclass
class QueueMemory:
    """How many rows lay at each spot of an unbroken span when it was read last. A wrong memory costs time alone."""

    low: int = CEILING
    high: int = FLOOR
    rows: Counter[int] = field(default_factory=Counter)

    def end_of_window(self, low: int, end: int, aim: int) -> int | None:
        """The last spot of the window that begins at `low` and holds `aim` rows, or all that are remembered; None where
        nothing is remembered of that spot."""
        if not self.low <= low <= self.high:
            return None
        count = 0
        for spot in sorted(spot for spot in self.rows if low <= spot <= end):
            count += self.rows[spot]
            if count >= aim:
                return spot
        return min(end, self.high)

    def learn(self, low: int, high: int, spots: Counter[int]) -> None:
        """Keep what a window held, if it lies in the span that is remembered, or right behind it."""
        if low < self.low or len(self.rows) > MOST_SPOTS:
            self.low, self.high, self.rows = low, high, Counter()
        if low <= self.high + 1:
            outside = {spot: count for spot, count in self.rows.items() if not low <= spot <= high}
            self.rows, self.high = Counter(outside) + spots, max(self.high, high)


@dataclass(frozen=True)
class QueueDays:
    """The days of a queue: all, or those of the known dues that lie in a range, both ends included."""

    low: date = date.min
    high: date = date.max
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
        for row in self._rows(name, read, days, today, _place(after), most + 1):
            if keep(row[2]):
                if len(kept) == most:
                    due, row_id, _ = kept[-1]
                    return [each for _, _, each in kept], f"{due}|{row_id}"
                kept.append(row)
        return [each for _, _, each in kept], None

    def _rows(
        self, name: object, read: Read, days: QueueDays, today: date, after: tuple[str, str, str] | None, aim: int
    ) -> Iterator[Row]:
        span = max(FLOOR, days.low.toordinal() * HOURS), min(CEILING, (days.high.toordinal() + 1) * HOURS - 1)
        for group in days.groups:
            low, behind = span[0], ("", "")
            if after is not None:
                if GROUPS.index(group) < GROUPS.index(after[0]):
                    continue
                if group == after[0]:
                    low, behind = max(low, _spot(after[1])), (group + after[1], after[2])
            for rows in _windows(read, group, (low, span[1]), today, self._memory((name, group)), aim):
                yield from (row for row in rows if row[:2] > behind)

    def _memory(self, name: object) -> QueueMemory:
        if len(self._memories) > MOST_QUEUES:
            self._memories.clear()
        return self._memories.setdefault(name, QueueMemory())


def _windows(
    read: Read, group: str, span: tuple[int, int], today: date, memory: QueueMemory, aim: int
) -> Iterator[list[Row]]:
    """The rows of each window of a span, in their order; where it is remembered how they lie, `aim` rows in each."""
    low, end = span
    zones = [((today.toordinal() + ago) * HOURS, width * HOURS) for ago, width in ZONES]
    width = CEILING - FLOOR if low < zones[0][0] else HOURS
    while low <= end:
        while zones and zones[0][0] <= low:
            width = zones.pop(0)[1]
        known = memory.end_of_window(low, end, aim)
        high = min(end, low + width - 1, *(zone - 1 for zone, _ in zones)) if known is None else known
        rows = sorted(read(group + _text(low), group + _text(high)), key=lambda row: row[:2])
        memory.learn(low, high, Counter(_spot(row[0].removeprefix(group)) for row in rows))
        if known is None:
            width = width * 4 if len(rows) < FEW else max(1, width // 4) if len(rows) > MANY else width
        low = high + 1
        yield rows


def _text(spot: int) -> str:
    return f"{date.fromordinal(spot // HOURS)}T{spot % HOURS:02}"


def _spot(text: str) -> int:
    day, _, hour = text.partition("T")
    return date.fromisoformat(day).toordinal() * HOURS + int(hour)


def _place(after: str | None) -> tuple[str, str, str] | None:
    """Where a page ended: the group, the due within it and the id of its last row. Raises ValueError."""
    if after is None:
        return None
    form = FORM.fullmatch(after)
    if form is None or not FLOOR <= _spot(form[2]) <= CEILING:
        raise ValueError(after)
    return form[1], form[2], form[3]
