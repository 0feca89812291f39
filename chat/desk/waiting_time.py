"""The expected wait in the queue of a desk, from what was measured there."""

from collections.abc import Sequence
from math import ceil, floor
from statistics import median

DEFAULT_PACE = 4.0
"""Minutes per place in the queue, until a desk has measured its own."""

ENOUGH_SAMPLES = 5

Wait = tuple[float, int]
"""Seconds that somebody waited, and the place they started from."""


def pace(waits: Sequence[Wait]) -> float:
    """Minutes per place: the median of the last waits; a constant until there are enough of them."""
    if len(waits) < ENOUGH_SAMPLES:
        return DEFAULT_PACE
    return median(seconds / place / 60 for seconds, place in waits)


def wait_range(position: int, waits: Sequence[Wait]) -> tuple[int, int]:
    """The expected wait at `position` (1 is next) in minutes, from half of it to one and a half times it."""
    expected = position * pace(waits)
    return floor(expected / 2), max(1, ceil(expected * 1.5))
