"""Reads the rows of a queue page by page, soonest due first, in windows of days that follow how densely they lie.

On the embedded store a query costs as much as rows match, however short the page, so none may ask for a whole queue.
"""

import re
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
FEW, MANY = 30, 120
"""Rows in a window, by which the next one is made wider or narrower."""
WHOLE = (CEILING - FLOOR).days
UNKNOWN_PACE = ((-730, 60), (-120, 14), (-14, 2))
"""Where nothing is known of a queue: from so many days before today, windows begin with so many days."""
MOST_KEPT = 4_096
FORM = re.compile(r"([px]?)(\d{4}-\d\d-\d\d)\|(.{1,60})")


@dataclass
class QueueMemory:
    """What a process remembers of a queue, so that it begins where its rows lie. A wrong one costs time alone."""

    first: dict[str, date | None] = field(default_factory=dict)
    """By group: the first day with a row at the last look; None if there was none."""
    width: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class QueueDays:
    """The days of a queue: all, or those of the known dues that lie in a range, both ends included."""

    low: date = FLOOR
    high: date = CEILING
    groups: tuple[str, ...] = GROUPS


class QueueWalk:
    """Walks through queues; one per process, shared by its threads."""

    def __init__(self) -> None:
        self._paces: dict[object, QueueMemory] = {}

    def page(
        self,
        name: object,
        read: Read,
        span: QueueDays,
        today: date,
        after: str | None,
        most: int,
        keep: Callable[[Any], bool],
    ) -> tuple[list[Any], str | None]:
        """Up to `most` rows after the place `after` that are kept, and the place where the next page goes on, or None.

        Rows of one queue have one `name`. Raises ValueError where `after` is not what an earlier page gave.
        """
        kept: list[Row] = []
        for row in self._rows(name, read, span, today, _place(after)):
            if keep(row[2]):
                if len(kept) == most:
                    due, row_id, _ = kept[-1]
                    return [each for _, _, each in kept], f"{due}|{row_id}"
                kept.append(row)
        return [each for _, _, each in kept], None

    def _rows(
        self, name: object, read: Read, span: QueueDays, today: date, after: tuple[str, date, str] | None
    ) -> Iterator[Row]:
        pace = self._pace(name)
        for group in span.groups:
            low, behind = span.low, ("", "")
            if after is not None:
                if GROUPS.index(group) < GROUPS.index(after[0]):
                    continue
                if group == after[0]:
                    low, behind = max(low, after[1]), (f"{group}{after[1]}", after[2])
            zones = _zones(pace, group, low, span, today)
            first = None
            for rows in _windows(read, group, low, span.high, zones, pace):
                if first is None and rows:
                    first = date.fromisoformat(rows[0][0].removeprefix(group))
                    if low == span.low:
                        pace.first[group] = first
                yield from (row for row in rows if (row[0], row[1]) > behind)
            if first is None and low == span.low:
                pace.first[group] = None

    def _pace(self, name: object) -> QueueMemory:
        if len(self._paces) > MOST_KEPT:
            self._paces.clear()
        return self._paces.setdefault(name, QueueMemory())


def _windows(
    read: Read, group: str, low: date, end: date, zones: list[tuple[date, int]], pace: QueueMemory
) -> Iterator[list[Row]]:
    """The rows of each window from `low` to `end`, in their order; a zone begins on a day, with windows that wide."""
    width = WHOLE
    while low <= end:
        if zones and zones[0][0] <= low:
            width = zones.pop(0)[1]
        high = min(end, low + timedelta(days=min(width, WHOLE) - 1))
        if zones:
            high = min(high, zones[0][0] - timedelta(days=1))
        rows = sorted(read(f"{group}{low}", f"{group}{high}"), key=lambda row: row[:2])
        if rows:
            pace.width[group] = width
        width = width * 4 if len(rows) < FEW else max(1, width // 4) if len(rows) > MANY else width
        low = high + timedelta(days=1)
        yield rows


def _zones(pace: QueueMemory, group: str, low: date, span: QueueDays, today: date) -> list[tuple[date, int]]:
    width = pace.width.get(group, 1)
    if low > span.low:
        return [(low, width)]
    if group not in pace.first:
        return [(zone, wide) for ago, wide in UNKNOWN_PACE if (zone := today + timedelta(days=ago)) > low]
    first = pace.first[group]
    return [(first, width)] if first else []


def _place(after: str | None) -> tuple[str, date, str] | None:
    """Where a page ended: the group, the day and the id of its last row. Raises ValueError."""
    if after is None:
        return None
    form = FORM.fullmatch(after)
    if form is None:
        raise ValueError(after)
    return form[1], date.fromisoformat(form[2]), form[3]
