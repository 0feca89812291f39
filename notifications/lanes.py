"""The lanes of the outbox: what is due in each, read many rows at a time and leased in batches.

A lane is a channel, or the secrets of a channel, so that a provider that hangs delays nobody else and no notice a code.
To look for what is due costs as much as there is due: each look is used for up to WINDOW rows.
"""

from collections import deque
from datetime import datetime

from notifications.store import NoticeStore, Row

WINDOW = 2_000
"""How many due rows one look finds at most."""
FEW, MANY = 4, 32
"""How many rows are leased at once: at first, and while none of them is left lying for longer than its lease."""


class Lane:
    """The rows of one lane, or the receipts, that this process has leased; for one loop alone."""

    def __init__(self, store: NoticeStore, collection: str, wanted: Row) -> None:
        self._store, self._collection, self._wanted = store, collection, wanted
        self._due = deque[str]()
        self._leased = deque[Row]()
        self._batch = FEW

    def next_row(self, now: datetime) -> Row | None:
        """The row that is due longest, leased; None if none is due."""
        while self._leased and self._leased[0]["lease"]["until"] <= now:
            self._leased.popleft()
            self._batch = max(1, self._batch // 2)
        while not self._leased:
            if not self._due:
                self._due.extend(self._store.due(self._collection, self._wanted, now, WINDOW))
            if not self._due:
                return None
            ids = [self._due.popleft() for _ in range(min(self._batch, len(self._due)))]
            self._leased.extend(self._store.lease(self._collection, ids, now))
            self._batch = min(2 * self._batch, MANY)
        return self._leased.popleft()

    def give_back(self, now: datetime) -> None:
        """Release what is leased and was not begun."""
        rows, self._leased = list(self._leased), deque()
        if rows:
            self._store.give_back(self._collection, rows, now)
