"""Who gets a conversation: the way in (queue, or a message out of hours), the expected wait, whom it is given to."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil, floor
from statistics import median

from chat.desk.presence import Presence
from chat.ports import Opening

DEFAULT_PACE = 4.0
"""Minutes a place in the queue, until a desk has measured its own."""

ENOUGH_SAMPLES = 5

ANSWER = timedelta(hours=2)
"""Within what time of opening a message that was left is answered."""

Wait = tuple[float, int]
"""Seconds that somebody waited, and the place they started from."""


def way_in(hours: Opening, now: datetime) -> tuple[str, datetime | None]:
    """The state in which a question enters a desk, and until when an answer is promised where nobody is there."""
    if hours.open:
        return "queued", None
    return "left_message", promise(hours, now)


def promise(hours: Opening, now: datetime) -> datetime | None:
    """Until when a message is answered: within so long of now, or of the next opening; None where it is not known."""
    start = now if hours.open else hours.next_opens_at
    return start and start + ANSWER


@dataclass(frozen=True)
class Hand:
    """An officer of a desk, and how many conversations they hold."""

    presence: Presence
    held: int

    def takes(self, skills: Collection[str], now: datetime) -> bool:
        """Whether they may be given one about this."""
        known = self.presence
        knows = not skills or not known.skills or not set(skills).isdisjoint(known.skills)
        return known.takes == "push" and known.is_here(now) and self.held < known.capacity and knows


def choose(hands: Iterable[Hand], skills: Collection[str], wanted: str | None, now: datetime) -> Presence | None:
    """Who is given a conversation: whom the citizen wants, else who has the smallest part of their capacity in hand."""
    free = [hand for hand in hands if hand.takes(skills, now)]
    first = min(free, key=lambda hand: _order(hand, wanted), default=None)
    return first.presence if first else None


def _order(hand: Hand, wanted: str | None) -> tuple[bool, float, str]:
    return hand.presence.member != wanted, hand.held / hand.presence.capacity, hand.presence.member


def pace(waits: Sequence[Wait]) -> float:
    """Minutes a place, as the median of what the last ones waited; a constant until there are enough of them."""
    if len(waits) < ENOUGH_SAMPLES:
        return DEFAULT_PACE
    return median(seconds / place / 60 for seconds, place in waits)


def wait_range(position: int, waits: Sequence[Wait]) -> tuple[int, int]:
    """Between how many minutes the one at `position` (1 is next) will probably wait: half to one and a half."""
    expected = position * pace(waits)
    return floor(expected / 2), max(1, ceil(expected * 1.5))
