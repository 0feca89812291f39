"""What a process has told its connections, so that it can find in the store what it has not."""

import threading
from collections import OrderedDict
from collections.abc import Iterable

REMEMBERED = 100_000


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
