"""What a process remembers for some seconds, and never more than so many entries."""

import threading
from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime
from typing import Generic, TypeVar

V = TypeVar("V")


class Remembered(Generic[V]):
    """Values by key until an instant, at most `most` of them: what is over or too much is forgotten at each `put`.

    All entries are remembered for equally long, so that the oldest stands first.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._entries: OrderedDict[str, tuple[datetime, V]] = OrderedDict()
        self._lock = threading.Lock()
        self._drops = 0

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def drops(self) -> int:
        """How often `drop` was called: what was read before a drop must not be put after it."""
        return self._drops

    def get(self, key: str, now: datetime) -> V | None:
        """The value, or None if there is none or its time is over."""
        entry = self._entries.get(key)
        return entry[1] if entry and entry[0] > now else None

    def put(self, key: str, value: V, until: datetime, now: datetime, drops: int | None = None) -> None:
        """Remember a value until an instant; not if anything was dropped since `drops` was read."""
        with self._lock:
            if drops is not None and drops != self._drops:
                return
            self._entries[key] = until, value
            self._entries.move_to_end(key)
            while self._entries and (len(self._entries) > self._most or next(iter(self._entries.values()))[0] <= now):
                self._entries.popitem(last=False)

    def drop(self, is_meant: Callable[[V], bool]) -> None:
        """Forget the values that are meant."""
        with self._lock:
            self._drops += 1
            for key in [key for key, (_, value) in self._entries.items() if is_meant(value)]:
                del self._entries[key]
