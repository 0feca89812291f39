"""Who gets a conversation: the way in (queue, or a message out of hours), the expected wait, an officer's capacity."""

from collections.abc import Sequence
from datetime import datetime
from math import ceil, floor
from statistics import median

from chat.ports import Opening

CAPACITY = 5
"""Conversations that one officer holds at once, where they have not said otherwise."""

MOST_CAPACITY = 20

DEFAULT_PACE = 4.0
"""Minutes a place in the queue, until a desk has measured its own."""

ENOUGH_SAMPLES = 5

Wait = tuple[float, int]
"""Seconds that somebody waited, and the place they started from."""


def way_in(hours: Opening, now: datetime) -> tuple[str, datetime | None]:
    """The state in which a question enters a desk, and until when an answer is promised where nobody is there."""
    if hours.open:
        return "queued", None
    return "left_message", hours.next_opens_at


def pace(waits: Sequence[Wait]) -> float:
    """Minutes a place, as the median of what the last ones waited; a constant until there are enough of them."""
    if len(waits) < ENOUGH_SAMPLES:
        return DEFAULT_PACE
    return median(seconds / place / 60 for seconds, place in waits)


def wait_range(position: int, waits: Sequence[Wait]) -> tuple[int, int]:
    """Between how many minutes the one at `position` (1 is next) will probably wait: half to one and a half."""
    expected = position * pace(waits)
    return floor(expected / 2), max(1, ceil(expected * 1.5))
