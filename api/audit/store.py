"""The collections `audit` (appended rows), `audit_batches` (the hash chain), `audit_sealer` (the sealer's lease)."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from api.audit.audit import Batch, Head
from api.storage.database import EARLIEST, Database, Document, Index

SEALER = "sealer"
UNSEALED = {"seq": {"$in": [0, None]}}
"""Rows of the first release bear no number at all."""

INDEXES: list[Index] = [
    ("audit", [("subject", 1), ("at", 1)], {}),
    ("audit", [("actor", 1), ("at", 1)], {}),
    ("audit", [("act", 1), ("at", 1)], {}),
    ("audit", [("kind", 1), ("at", 1)], {}),
    ("audit", [("address", 1), ("at", 1)], {"sparse": True}),
    ("audit", [("at", 1)], {}),
    ("audit", [("seq", 1)], {}),
]

MOST_COUNTED = 2_000
"""Rows of one act in a short span that are read to count it: more than any alarm asks for."""

WHOLE = {
    "batches": "the whole chain is verified",
    "_highest": "once per store, and if its last batch was taken away",
}
LEAST, MOST = -(2**63), 2**63 - 1
"""The least and the greatest number that a row can bear: ranges have both ends (see `due_by`)."""


class LeaseLost(Exception):
    """The lease went to another sealer."""


class AuditStore:
    """The audit rows, append-only, and the batches. A row gets its sequence number when it is sealed."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def append(self, row: Document, session: Any = None) -> None:
        """Append a row, without any lock."""
        unsealed = {**row, "seq": 0}
        if session is None:
            self._db.put("audit", unsealed)
        else:
            self._db["audit"].insert_one(unsealed, session=session)

    # -- sealing ----------------------------------------------------------------

    def unsealed(self, limit: int) -> list[Document]:
        """Rows not sealed yet, oldest first."""
        return list(self._db["audit"].find(UNSEALED).sort("_id", 1).limit(limit))

    def tail(self) -> tuple[int, datetime | None]:
        """How many rows are not sealed yet, and the time of the oldest."""
        rows = self.unsealed(1)
        return self._db["audit"].count_documents(UNSEALED), rows[0]["at"] if rows else None

    def lease(self, now: datetime) -> Document | None:
        """Lease the sealing; None if another process has the lease, or the next batch is not due yet."""
        lease = {"$setOnInsert": self._db.leasable(now)}
        self._db["audit_sealer"].update_one({"_id": SEALER}, lease, upsert=True)
        return self._db.claim("audit_sealer", {"_id": SEALER}, now)

    def put_batch(self, lease: Document, batch: Batch, rows: Iterable[Document], next_at: datetime) -> None:
        """Number the rows, add the batch and end the lease, in one transaction. Raises LeaseLost, changing nothing.

        The next batch is sealed at `next_at` or later.
        """
        numbers = [(row["_id"], row["seq"]) for row in rows]

        def write(session: Any) -> None:
            mine = {"_id": SEALER, "lease.fence": lease["lease"]["fence"]}
            ended = {"$set": {"lease.until": next_at, "due_at": next_at, "batch": batch.batch}}
            if self._db["audit_sealer"].update_one(mine, ended, session=session).matched_count != 1:
                raise LeaseLost
            for row_id, seq in numbers:
                self._db["audit"].update_one({"_id": row_id, **UNSEALED}, {"$set": {"seq": seq}}, session=session)
            row = {"_id": batch.batch, "v": 1, **{k: v for k, v in vars(batch).items() if k != "batch"}}
            self._db["audit_batches"].insert_one({**row, "rows": list(batch.rows)}, session=session)

        self._db.transact(write)

    # -- reading ------------------------------------------------------------------

    def head(self) -> Head:
        """The head of the chain: the batch that was added last or, if it is gone, the one with the highest number."""
        sealer = self._db["audit_sealer"].find_one({"_id": SEALER, "batch": {"$exists": True}})
        last = self._db["audit_batches"].find_one({"_id": sealer["batch"]}) if sealer else None
        last = last or self._highest()
        return _batch(last).head if last else Head()

    def _highest(self) -> Document | None:
        """The batch with the highest number, for a store whose sealer named none or whose last batch was taken away."""
        return self._db["audit_batches"].find_one(sort=[("_id", -1)])

    def batches(self, after: int) -> Iterator[Batch]:
        """The batches after a number, in order."""
        for row in self._db["audit_batches"].find({"_id": {"$gt": after}}).sort("_id", 1):
            yield _batch(row)

    def rows(self, first: int, last: int) -> list[Document]:
        """The rows with the sequence numbers `first` to `last`, in order."""
        return list(self._db["audit"].find({"seq": {"$gte": first, "$lte": last}}).sort("seq", 1))

    def beyond(self, last: int) -> list[Document]:
        """Up to 100 rows with a sequence number above `last`, the last sealed one: no batch gave it to them."""
        return list(self._db["audit"].find({"seq": {"$gt": last, "$lte": MOST}}).sort("seq", 1).limit(100))

    def below(self) -> list[Document]:
        """Up to 100 rows with a negative sequence number, which no batch ever gives."""
        return list(self._db["audit"].find({"seq": {"$gte": LEAST, "$lt": 0}}).limit(100))

    def acts(self, act: str, since: datetime, until: datetime) -> list[Document]:
        """The rows of an act in a span, at most MOST_COUNTED, with `times` alone."""
        wanted = {"act": act, "at": {"$gte": since, "$lte": until}}
        return list(self._db["audit"].find(wanted, {"times": 1}).limit(MOST_COUNTED))

    def listed(
        self,
        streams: Sequence[Document],
        keep: Callable[[Document], bool],
        *,
        begin: datetime | None,
        end: datetime,
        after: str | None,
        most: int,
    ) -> tuple[list[Document], str | None]:
        """Up to `most` rows of these streams that `keep` accepts, newest first, and where the next page goes on.

        A stream is one equality, on subject, actor, act, kind or address, or {}. Raises ValueError for a wrong `after`.
        """
        return self._db.walk_back(
            "audit", streams, "at", begin=begin or EARLIEST, end=end, after=after, most=most, keep=keep
        )


def _batch(row: Document) -> Batch:
    fields = {key: row[key] for key in ("first", "last", "previous", "at", "hash")}
    return Batch(batch=row["_id"], rows=tuple(row["rows"]), **fields)
