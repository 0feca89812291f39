"""Limits of the socket: lines per address and person, and rates of a person's messages and of a connection's events.

Rates are token buckets in the memory of a process; each process counts for itself.
"""

import threading
import time
from collections import OrderedDict
from dataclasses import dataclass
from math import ceil

from chat.refusals import TooOften

REMEMBERED = 20_000


@dataclass(frozen=True)
class SendRate:
    """The rate of a token bucket: how many it holds (`burst`), and how many come back per second."""

    burst: float
    a_second: float


@dataclass(frozen=True)
class LineLimits:
    """How many websockets a process holds: in all, from one network address (an IPv6 /64 is one), of one person.

    An address of a mobile carrier, or of the hall's own wifi, stands for many people: its limit is high, and what
    guards against one attacker is that few of its lines may be there without a log-in.
    """

    in_all: int = 4_000
    an_address: int = 1_000
    a_person: int = 20

    @property
    def outside(self) -> int:
        """How many may be there without a log-in; with one more, the oldest of them gives way."""
        return max(1, self.in_all // 4)

    @property
    def outside_an_address(self) -> int:
        """How many of one address may be there without a log-in; with one more, the oldest of them gives way."""
        return max(1, self.an_address // 10)


POSTS_A_MINUTE = 60
EVENTS_A_POST = 10
"""Events per message that a connection may send: receipts and typing come with it."""

MOST_BYTES = 32 * 1024
"""The most bytes of one event on the socket."""

MOST_UNSENT = 500
"""The most packets that may wait for one slow connection; with one more it is closed."""


def posts(a_minute: int) -> SendRate:
    """The rate of one person's messages; the burst is that of half a minute."""
    return SendRate(a_minute / 2, a_minute / 60)


def events(a_minute: int) -> SendRate:
    """The rate of one connection's events, from the messages per minute."""
    return SendRate(a_minute * EVENTS_A_POST / 4, a_minute * EVENTS_A_POST / 60)


class RateBuckets:
    """One token bucket per key (a person or a connection)."""

    def __init__(self, rate: SendRate) -> None:
        self.rate = rate
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, key: str) -> None:
        """Take one token. Raises TooOften with the seconds to wait."""
        now = time.monotonic()
        with self._lock:
            left, at = self._left.get(key, (self.rate.burst, now))
            left = min(self.rate.burst, left + (now - at) * self.rate.a_second)
            self._left[key] = (left - 1 if left >= 1 else left, now)
            self._left.move_to_end(key)
            while len(self._left) > REMEMBERED:
                self._left.popitem(last=False)
        if left < 1:
            raise TooOften(retry_after=ceil((1 - left) / self.rate.a_second))
