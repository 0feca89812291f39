"""The rows of one collection that this process has leased: those that run, and those that wait to run."""

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from api.jobs.job import LONGEST_RUN, LONGEST_WAIT, MOST_AT_ONCE
from api.jobs.store import JobStore
from api.storage.database import LEASE_SECONDS, Document

LEASE = timedelta(seconds=LEASE_SECONDS)


class Leases:
    """The leased rows, shared by the loops of a process. Rows are leased in batches, larger while the work is quick."""

    def __init__(self, store: JobStore, collection: str, most: int = MOST_AT_ONCE) -> None:
        """`most` is the largest batch."""
        self._store = store
        self._collection = collection
        self._lock = threading.Lock()
        self._waiting: deque[Document] = deque()
        self._leased_at: datetime | None = None
        self._most, self._batch = most, min(4, most)
        self._running: dict[str, tuple[Document, datetime]] = {}

    @contextmanager
    def next_row(self, now: datetime) -> Iterator[Document | None]:
        """The next leased row, for the caller alone while the `with` block lasts; None if nothing is due."""
        row = self._next(now)
        try:
            yield row
        finally:
            if row is not None:
                with self._lock:
                    self._running.pop(row["_id"], None)

    def renew(self, now: datetime) -> None:
        """Renew the leases of the rows that run (LONGEST_RUN at most), and release those that have waited too long."""
        with self._lock:
            running = [
                row
                for row, begun in self._running.values()
                if row["lease"]["until"] - now < LEASE / 2 and now - begun < LONGEST_RUN
            ]
            late = self._leased_at is not None and now - self._leased_at >= LONGEST_WAIT
        for row in running:
            if self._store.renew(self._collection, row, now + LEASE):
                row["lease"]["until"] = now + LEASE
        if late and self.give_back(now):
            self._batch = max(1, self._batch // 4)

    def give_back(self, now: datetime) -> int:
        """Release the rows that have not begun, so that other processes may lease them; returns their number."""
        with self._lock:
            rows, self._waiting = list(self._waiting), deque()
        if rows:
            self._store.give_back(self._collection, rows, now)
        return len(rows)

    def _next(self, now: datetime) -> Document | None:
        with self._lock:
            while self._waiting and self._waiting[0]["lease"]["until"] <= now:
                self._waiting.popleft()
            if not self._waiting:
                self._batch = min(2 * self._batch, self._most)
                self._waiting.extend(self._store.claim(self._collection, now, self._batch))
                self._leased_at = now
            if not self._waiting:
                return None
            row = self._waiting.popleft()
            self._running[row["_id"]] = (row, now)
            return row
