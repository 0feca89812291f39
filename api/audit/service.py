"""The use cases of the audit: record who read or changed what, seal rows in batches, list them, verify the chain."""

import logging
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from uuid6 import uuid7

from api.audit.audit import MOST_ROWS, PAUSE, ChainFault, Head, faults_of_batch, numbered, seal
from api.audit.store import AuditStore, LeaseLost
from api.times import BEIJING

log = logging.getLogger("circle.audit")

NEVER = datetime.min.replace(tzinfo=UTC)
Row = dict[str, Any]


@dataclass(frozen=True)
class ChainReport:
    """The result of a verification: the head, the faults, the number of unsealed rows and the time of the oldest."""

    head: Head
    faults: tuple[ChainFault, ...]
    unsealed: int
    unsealed_since: datetime | None


class Audit:
    """The audit log."""

    def __init__(self, store: AuditStore, *, now: Callable[[], datetime]) -> None:
        self._store = store
        self._now = now
        self._looked = NEVER

    def record(self, actor_id: str, act: str, subject: str, *, session: Any = None) -> None:
        """Record that `actor_id` did `act` (e.g. `read_unmasked`) to `subject` (e.g. `case:<id>`); no personal data.

        A change passes its `session`, so that the change and this row are written together or not at all.
        """
        row = {
            "_id": str(uuid7()),
            "v": 1,
            "actor": actor_id,
            "act": act,
            "subject": subject,
            "at": self._now(),
        }
        self._store.append(row, session)

    def seal(self, now: datetime) -> bool:
        """A periodic step: seal waiting rows into the next batch, under a lease. True if more are waiting."""
        if self._looked <= now < self._looked + PAUSE:
            return False
        self._looked = now
        lease = self._store.lease(now) if self._store.unsealed(1) else None
        if lease is None:
            return False
        head = self._store.head()
        rows = numbered(head, self._store.unsealed(MOST_ROWS))
        more = len(rows) == MOST_ROWS
        try:
            self._store.put_batch(lease, seal(head, rows, now), rows, now if more else now + PAUSE)
        except LeaseLost:
            return False
        if more:
            self._looked = NEVER
        return more

    def head(self) -> Head:
        """The head of the chain; a copy kept outside the store proves that nothing before it was changed."""
        return self._store.head()

    def log_head(self) -> None:
        """Write the head of the chain to the log, which is kept apart from the store."""
        log.info("audit head", extra=asdict(self._store.head()))

    def verify(self, anchor: Head | None = None) -> ChainReport:
        """Verify the whole chain; if `anchor` is given, the chain must have passed through it."""
        head, faults, passed = Head(), list[ChainFault](), anchor in (None, Head())
        while True:
            begun = head
            for batch in self._store.batches(head.batch):
                faults += faults_of_batch(head, batch, self._store.rows(batch.first, batch.last))
                head = batch.head
                passed = passed or head == anchor
            beyond = self._store.beyond(head.seq)
            if not beyond or head == begun:  # else a batch was sealed while we looked: go on with it
                break
        strays = [*beyond, *self._store.below()]
        faults += [ChainFault("row_inserted", head.batch, row["seq"], "no batch gave this number") for row in strays]
        if not passed:
            faults.append(
                ChainFault("head_unknown", head.batch, None, "the chain does not pass through the head given")
            )
        return ChainReport(head, tuple(faults), *self._store.tail())

    def listed(self, reader_id: str, wanted: Row, after: str | None, limit: int) -> list[Row]:
        """Up to `limit` rows by `subject`, `actor` or `day` (in Beijing), newest first; the read itself is recorded."""
        asked = " ".join(f"{key}={value}" for key, value in wanted.items())
        self.record(reader_id, "read_audit", f"audit:{asked}")
        query = {key: value for key, value in wanted.items() if key != "day"}
        if "day" in wanted:
            query["at"] = _day(wanted["day"])
        rows = self._store.listed(query, after, limit) if query else self._store.newest(after, limit, self._now())
        return [{**row, "id": row["_id"], "sealed": bool(row.get("seq"))} for row in rows]


def _day(day: date) -> Row:
    begun = datetime.combine(day, time.min, BEIJING)
    return {"$gte": begun, "$lt": begun + timedelta(days=1)}
