"""How much one person may send: a bucket that fills again, in the memory of a process."""

import threading
import time
from collections import OrderedDict
from dataclasses import dataclass
from math import ceil

from chat.refusals import TooOften

REMEMBERED = 20_000


@dataclass(frozen=True)
class Rate:
    """So many at once, and so many a second in the long run."""

    burst: float
    a_second: float


POSTS_A_MINUTE = 60
EVENTS_A_POST = 10
"""Events of a socket for each message: receipts and typing come with it."""


def posts(a_minute: int) -> Rate:
    """Messages of one person: half a minute's at once."""
    return Rate(a_minute / 2, a_minute / 60)


def events(a_minute: int) -> Rate:
    """Everything that one connection sends, at so many messages a minute."""
    return Rate(a_minute * EVENTS_A_POST / 4, a_minute * EVENTS_A_POST / 60)


class Buckets:
    """Who has how much left."""

    def __init__(self, rate: Rate) -> None:
        self.rate = rate
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, who: str) -> None:
        """One more. Raises TooOften with the seconds to wait."""
        now = time.monotonic()
        with self._lock:
            left, at = self._left.get(who, (self.rate.burst, now))
            left = min(self.rate.burst, left + (now - at) * self.rate.a_second)
            self._left[who] = (left - 1 if left >= 1 else left, now)
            self._left.move_to_end(who)
            while len(self._left) > REMEMBERED:
                self._left.popitem(last=False)
        if left < 1:
            raise TooOften(retry_after=ceil((1 - left) / self.rate.a_second))
