"""The use cases of the audit: record who read or changed what, seal rows in batches, list them, verify the chain."""

import logging
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from uuid6 import uuid7

from api.audit.acts import kind_of
from api.audit.audit import MOST_ROWS, PAUSE, ChainFault, Head, faults_of_batch, numbered, seal
from api.audit.store import AuditStore, LeaseLost
from api.times import BEIJING

log = logging.getLogger("circle.audit")

NARROWEST_FIRST = ("subject", "address", "actor", "act", "kind")
CLOCKS_DIFFER = timedelta(minutes=1)
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

    def record(
        self,
        actor_id: str,
        act: str,
        subject: str,
        *,
        session: Any = None,
        detail: str = "",
        count: int | None = None,
    ) -> None:
        """Record that `actor_id` did `act` (e.g. `read_unmasked`) to `subject` (e.g. `case:<id>`); no personal data.

        A change passes its `session`, so that the change and this row are written together or not at all. `detail` says
        more in words of ours, e.g. a filter; `count` is how many rows of a list were given.
        """
        more = {**({"detail": detail} if detail else {}), **({} if count is None else {"count": count})}
        row = {
            "_id": str(uuid7()),
            "v": 1,
            "actor": actor_id,
            "act": act,
            "kind": kind_of(act),
            "subject": subject,
            "at": self._now(),
            **more,
        }
        self._store.append(row, session)

    def append(self, row: Row) -> None:
        """Append a whole row, as security/counted.py makes them; one that is there already stays."""
        self._store.append(row)

    def times(self, act: str, since: datetime, until: datetime) -> int:
        """How often an act was recorded in a short span; a row may stand for several."""
        return sum(row.get("times", 1) for row in self._store.acts(act, since, until))

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

    def listed(self, reader_id: str, wanted: Row, after: str | None, most: int) -> tuple[list[Row], str | None]:
        """Up to `most` rows, newest first, and where the next page goes on; the read itself is recorded.

        `wanted` narrows them by `actor`, `subject`, `person` (either), `act`, `kind` (acts.py; rows of earlier releases
        bear none), `address` (a digest) or `day` (in Beijing). A page may be short, or empty, and still go on. Raises
        ValueError for an `after` that no page gave.
        """
        asked = " ".join(f"{key}={value}" for key, value in wanted.items())
        self.record(reader_id, "read_audit", f"audit:{asked}")
        begin, end = _span(wanted.get("day"), self._now())
        streams, keep = _streams(wanted)
        rows, following = self._store.listed(streams, keep, begin=begin, end=end, after=after, most=most)
        items = [{**row, "id": row["_id"], "kind": kind_of(row["act"]), "sealed": bool(row.get("seq"))} for row in rows]
        return items, following


def _span(day: date | None, now: datetime) -> tuple[datetime | None, datetime]:
    """The instants of a day in Beijing; without one, everything up to now, by other hosts' clocks too."""
    if day is None:
        return None, now + CLOCKS_DIFFER
    begun = datetime.combine(day, time.min, BEIJING)
    return begun, begun + timedelta(days=1) - timedelta(milliseconds=1)


def _streams(wanted: Row) -> tuple[list[Row], Callable[[Row], bool]]:
    """What is read: the narrowest equality, twice for a person; and what is listed of that: where all else holds.

    On the embedded store two equalities with a range cost more than one and a look at each row.
    """
    narrow = {key: wanted[key] for key in NARROWEST_FIRST if key in wanted}
    person = wanted.get("person")
    accounts = {f"{kind}:{person}" for kind in ("staff", "citizen")}

    def keep(row: Row) -> bool:
        about = person is None or row["actor"] == person or row["subject"] in accounts
        return about and all(row.get(key) == value for key, value in narrow.items())

    if "subject" in narrow or person is None:
        return [dict(list(narrow.items())[:1])], keep
    return [{"actor": person}, *({"subject": account} for account in sorted(accounts))], keep
