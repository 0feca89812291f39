"""All collections as raw documents, and `installation`, whose rows say what state the store as a whole is in.

Its rows: `schema` (the version of each collection) and `keys` (which keys the store was sealed with).
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

import bson
from bson.codec_options import CodecOptions
from bson.errors import InvalidBSON
from bson.raw_bson import RawBSONDocument
from pymongo import UpdateOne, timeout
from pymongo.errors import BulkWriteError, OperationFailure, PyMongoError

from api.jobs.job import QUEUES
from api.operations.migration import MigrationStep
from api.storage.database import LEASE_SECONDS, UNAVAILABLE, Database, Document

LEFT_OUT = frozenset(
    {
        *("health", "processes", "desk_presence", "alarms", "lookups", "same_texts"),
        *("sessions", "log_ins", "login_codes", "login_counts", "recoveries"),
    }
)
"""Collections that no backup holds and no restore brings back: what is true for the moment alone, and what lets people
in. A log-in or code of an older day must not come to life again, least of all one that was ended since."""
LONG_SECONDS = 24 * 3600.0
BATCH_DOCUMENTS = 200
BATCH_BYTES = 8_000_000
SEEN_LATELY = timedelta(seconds=20)
SMALL = {"installation": "a row per thing to know about the store as a whole"}
WHOLE = {
    "documents": "a backup holds every document",
    "empty": "only an empty store is restored into",
    "behind": "a migration goes through its whole collection",
    "contract": "a migration goes through its whole collection",
}
RAW: CodecOptions[Any] = CodecOptions(document_class=RawBSONDocument)


class OperationsStore:
    """The whole store, collection by collection, whatever room they belong to."""

    def __init__(self, database: Database) -> None:
        self._db = self.database = database
        self._rows = database["installation"]

    # -- whole collections --------------------------------------------------

    def collections(self) -> list[str]:
        """The names of the collections that belong in a backup."""
        names = self._db.handle.list_collection_names()
        return sorted(name for name in names if name not in LEFT_OUT and not name.startswith("system."))

    def documents(self, collection: str, session: Any = None) -> Iterator[bytes]:
        """Every document of a collection as BSON, in order of `_id`."""
        rows: Any = self._db.handle.get_collection(collection, codec_options=RAW)
        for row in rows.find({}, session=session).sort("_id", 1):
            yield row.raw

    @contextmanager
    def one_moment(self) -> Iterator[Any]:
        """A session in which all reads see the same snapshot of the store.

        On MongoDB it is a snapshot session, valid for `minSnapshotHistoryWindowInSeconds`. The embedded store accepts
        those without honouring them (tried), so there it is a transaction.
        """
        with self.patiently():
            embedded = self._db.client.admin.command("hello").get("setName") == "secantus"
            if not embedded:
                with self._db.client.start_session(snapshot=True) as session:
                    yield session
                return
            with self._db.client.start_session() as session, session.start_transaction():
                yield session

    @staticmethod
    def patiently() -> Any:
        """Lift the time limit of operations within a `with` block, for those that read or write everything."""
        return timeout(LONG_SECONDS)

    def empty(self) -> bool:
        """Whether no collection has a document."""
        return all(self._db[name].find_one({}, {"_id": 1}) is None for name in self.collections())

    def clear(self) -> None:
        """Drop every collection."""
        for name in self._db.handle.list_collection_names():
            if not name.startswith("system."):
                self._db[name].drop()

    def put(self, collection: str, documents: Iterable[bytes]) -> None:
        """Insert documents (BSON) unchanged. Raises ValueError for one that is no BSON, or that the store refuses."""
        rows = self._db.handle.get_collection(collection, codec_options=RAW)
        batch: list[Any] = []
        size = 0
        try:
            for document in documents:
                if batch and (len(batch) == BATCH_DOCUMENTS or size + len(document) > BATCH_BYTES):
                    rows.insert_many(batch)
                    batch, size = [], 0
                bson.decode(document)
                batch.append(RawBSONDocument(document))
                size += len(document)
            if batch:
                rows.insert_many(batch)
        except (InvalidBSON, BulkWriteError) as error:
            raise ValueError(f"{type(error).__name__}: {error}"[:200]) from None

    # -- installation ---------------------------------------------------------

    def row(self, name: str) -> Document | None:
        """One row of `installation`."""
        return self._rows.find_one({"_id": name})

    def set_row(self, name: str, **fields: Any) -> None:
        """Insert or change a row."""
        self._rows.update_one({"_id": name}, {"$set": {"v": 1, **fields}}, upsert=True)

    def begin_restore(self, now: datetime) -> None:
        """Mark the store as incomplete while a restore runs."""
        self._db["health"].update_one({"_id": "restore"}, {"$set": {"at": now}}, upsert=True)

    def end_restore(self) -> None:
        """Remove the mark of `begin_restore`."""
        self._db["health"].delete_one({"_id": "restore"})

    def restoring(self) -> bool:
        """Whether a restore has begun and not ended."""
        return self._db["health"].find_one({"_id": "restore"}) is not None

    def others(self, now: datetime, release: str) -> int:
        """How many processes of another release were seen lately."""
        return self._db["processes"].count_documents(
            {"seen_at": {"$gt": now - SEEN_LATELY}, "release": {"$ne": release}}
        )

    def processes(self, now: datetime) -> int:
        """How many processes were seen lately."""
        return self._db["processes"].count_documents({"seen_at": {"$gt": now - SEEN_LATELY}})

    # -- bringing documents forward -------------------------------------------

    def lease_schema(self, now: datetime) -> Document | None:
        """Lease the row `schema`, creating it if needed; None if another process has the lease."""
        first = {"v": 1, "versions": {}, "settled": False, **self._db.leasable(now)}
        self._rows.update_one({"_id": "schema"}, {"$setOnInsert": first}, upsert=True)
        return self._db.claim("installation", {"_id": "schema"}, now)

    def renew_schema(self, lease: Document, now: datetime) -> bool:
        """Extend the lease; False if another process has it by now."""
        until = {"$set": {"lease.until": now + timedelta(seconds=LEASE_SECONDS)}}
        return self._rows.update_one(_held(lease), until).matched_count == 1

    def end_schema(self, lease: Document, now: datetime, **fields: Any) -> None:
        """Release the lease and write the result."""
        self._rows.update_one(_held(lease), {"$set": {"lease.until": now, **fields}})

    def behind(self, step: MigrationStep) -> Iterator[list[Document]]:
        """The documents that are at the version before this step, in batches, read in one pass."""
        rows = self._db[step.collection].find({"v": _before(step)}, batch_size=BATCH_DOCUMENTS)
        while batch := list(islice(rows, BATCH_DOCUMENTS)):
            yield batch

    def expand(self, step: MigrationStep, fields: Mapping[Any, Document]) -> None:
        """Set the new fields and version of documents, by `_id`; skips those that another process has migrated."""
        changes = [
            UpdateOne({"_id": key, "v": _before(step)}, {"$set": {**added, "v": step.to}})
            for key, added in fields.items()
        ]
        self._db[step.collection].bulk_write(changes, ordered=False)

    def contract(self, step: MigrationStep) -> int:
        """Remove the old fields of a step, batch by batch; returns how many documents had any."""
        if not step.drop:
            return 0
        rows = self._db[step.collection]
        had: Document = {"$or": [{field: {"$exists": True}} for field in step.drop]}
        gone = {"$unset": dict.fromkeys(step.drop, "")}
        having, count = rows.find(had, {"_id": 1}, batch_size=BATCH_DOCUMENTS), 0
        while ids := [row["_id"] for row in islice(having, BATCH_DOCUMENTS)]:
            count += rows.update_many({"_id": {"$in": ids}}, gone).modified_count
        return count

    # -- how it stands ----------------------------------------------------------

    def state(self) -> Document:
        """The state of the store for `circle doctor`, or `{"error": …}` if it does not answer or takes no write."""
        try:
            self._db.probe(5.0)
            hello = self._db.client.admin.command("hello", codec_options=self._db.handle.codec_options)
            rows = {row["_id"]: row for row in self._rows.find()}
            return {
                "replica_set": "setName" in hello or hello.get("msg") == "isdbgrid",
                "time": hello["localTime"],
                "schema": rows.get("schema"),
                "keys": rows.get("keys"),
                "restoring": self.restoring(),
                "staff": self._db["staff"].count_documents({}),
                "parked": {name: self._db[name].count_documents({"state": "parked"}) for name in QUEUES},
                "unconfirmed": self._db["points"].count_documents({"confirmed": False}),
                "points": list(self._db["points"].find({})),
                "staff_at": Counter(row["point"] for row in self._db["staff"].find({"active": True}, {"point": 1})),
                "generation": (self._db["circle"].find_one({"_id": "current"}) or {}).get("generation"),
            }
        except (*UNAVAILABLE, OperationFailure, PyMongoError) as error:
            return {"error": f"{type(error).__name__}: {error}"[:200]}


def _held(lease: Document) -> Document:
    return {"_id": "schema", "lease.fence": lease["lease"]["fence"]}


def _before(step: MigrationStep) -> Any:
    """A filter for the version before a step; a document without a version counts as version 1."""
    return {"$in": [1, None]} if step.to == 2 else step.to - 1
