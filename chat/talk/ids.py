"""UUIDv7 ids, which sort by time (RFC 9562 §5.7)."""

import os
from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
"""Before every instant that is stored: the lower end of a range, without which an index is read from its nulls on."""


def timed_id(at: datetime) -> str:
    """A new UUIDv7 of this instant: ids sort by time, to the millisecond."""
    chance = int.from_bytes(os.urandom(10))
    return _uuid7(at, chance >> 68, chance & 2**62 - 1)


def first_id(at: datetime) -> str:
    """The lowest UUIDv7 of this instant: it sorts before all others of it and after every earlier one."""
    return _uuid7(at, 0, 0)


def instant_of(uuid: str) -> datetime:
    """The instant of a UUIDv7, to the millisecond; the epoch for the empty string."""
    return EPOCH + timedelta(milliseconds=int(uuid.replace("-", "")[:12] or "0", 16))


def _uuid7(at: datetime, high: int, low: int) -> str:
    milliseconds = (at - EPOCH) // timedelta(milliseconds=1)
    h = f"{milliseconds << 80 | 7 << 76 | high << 64 | 2 << 62 | low:032x}"
    return f"{h[:8]}-{h[8:12]}-{h[12:16]}-{h[16:20]}-{h[20:]}"
