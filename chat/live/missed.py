"""What a process has told its connections, so that it can find in the store what it has not."""

import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from datetime import datetime

REMEMBERED = 100_000
RECEIPTS = 20_000


class Unheard:
    """Message ids that were told here, the newest of them, and up to which id the store was looked through."""

    def __init__(self, after: str) -> None:
        self.after = after
        self._told: OrderedDict[str, None] = OrderedDict()
        self._lock = threading.Lock()

    def told(self, ids: Iterable[str]) -> None:
        """These need not be looked for."""
        with self._lock:
            self._told.update(dict.fromkeys(ids))
            while len(self._told) > REMEMBERED:
                self._told.popitem(last=False)

    def among(self, ids: Iterable[str]) -> list[str]:
        """Those of them that nobody here was told."""
        with self._lock:
            return [one for one in ids if one not in self._told]

    def looked(self, until: str) -> None:
        """Everything before `until` is told now; what was remembered of it can go."""
        with self._lock:
            self.after = until
            for one in [one for one in self._told if one < until]:
                del self._told[one]


class UnheardReceipts:
    """How far each member has seen, as this process told its connections; the newest of them. Receipts only rise, so
    that one which is told twice does no harm."""

    def __init__(self, after: datetime) -> None:
        self.after = after
        self._told: OrderedDict[tuple[str, str], tuple[int, int]] = OrderedDict()
        self._lock = threading.Lock()

    def told(self, conversation: str, member: str, seen: Mapping[str, int]) -> None:
        """This needs not be looked for: {delivered_seq, read_seq}."""
        with self._lock:
            self._told[conversation, member] = seen["delivered_seq"], seen["read_seq"]
            self._told.move_to_end((conversation, member))
            while len(self._told) > RECEIPTS:
                self._told.popitem(last=False)

    def is_news(self, conversation: str, member: str, seen: Mapping[str, int]) -> bool:
        """Whether a member has seen more than was told here."""
        with self._lock:
            delivered, read = self._told.get((conversation, member), (0, 0))
        return seen["delivered_seq"] > delivered or seen["read_seq"] > read
