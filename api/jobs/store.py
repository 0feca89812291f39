"""The collections `events`, `jobs` and `idempotency`."""

from datetime import datetime, timedelta
from typing import Any

from pymongo import ReturnDocument
from pymongo.errors import DuplicateKeyError

from api.database import Database, Document, Index
from api.jobs.job import Event

KEEP_KEYS = timedelta(days=30)
IN_FLIGHT = timedelta(seconds=30)
RENEWED = timedelta(seconds=5)

INDEXES: list[Index] = [
    ("events", [("state", 1), ("due_at", 1)], {}),
    ("events", [("subject", 1), ("_id", 1)], {}),
    ("jobs", [("state", 1), ("due_at", 1)], {}),
    ("idempotency", [("expires_at", 1)], {"expireAfterSeconds": 0}),
]


class JobStore:
    """Rows of background work. An event or job is `pending`, `done` or `parked`."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def add_event(self, session: Any, event: Event) -> None:
        """Write one event row in the caller's transaction."""
        row = {
            "_id": event.id,
            "v": 1,
            "type": event.type,
            "subject": event.subject,
            "data": event.data,
            "at": event.at,
            "state": "pending",
            "done": [],
            **self.database.leasable(event.at),
        }
        self.database["events"].insert_one(row, session=session)

    def add_job(self, session: Any, key: str, kind: str, payload: Document, due_at: datetime) -> None:
        """Write one job; a key that is known already changes nothing."""
        row = {"v": 1, "kind": kind, "payload": payload, "state": "pending", **self.database.leasable(due_at)}
        self.database["jobs"].update_one({"_id": key}, {"$setOnInsert": row}, upsert=True, session=session)

    def claim(self, collection: str, now: datetime) -> Document | None:
        """Lease the pending row that is due longest."""
        return self.database.claim(collection, {"state": "pending"}, now)

    def mark(self, collection: str, row: Document, change: Document) -> bool:
        """Change a leased row; False where another worker holds a newer fence."""
        mine = {"_id": row["_id"], "lease.fence": row["lease"]["fence"]}
        return self.database[collection].update_one(mine, change).matched_count == 1

    def parked(self) -> list[Document]:
        """Events and jobs that failed too often, each with its reason."""
        return [
            {"collection": name, **row}
            for name in ("events", "jobs")
            for row in self.database[name].find({"state": "parked"}).sort("_id", 1).limit(100)
        ]

    def put_process(self, row: Document) -> None:
        """A process begins."""
        self.database["processes"].insert_one(row)

    def renew_process(self, process_id: str, now: datetime) -> None:
        """A process still lives; written at most every RENEWED."""
        stale = {"_id": process_id, "seen_at": {"$lte": now - RENEWED}}
        self.database["processes"].update_one(stale, {"$set": {"seen_at": now}})

    def drop_process(self, process_id: str) -> None:
        """A process ends."""
        self.database["processes"].delete_one({"_id": process_id})

    def processes(self, now: datetime) -> list[Document]:
        """The processes that were seen lately."""
        return list(self.database["processes"].find({"seen_at": {"$gt": now - 4 * RENEWED}}))

    def begin_key(self, key: str, fingerprint: str, ref: str, now: datetime) -> Document | None:
        """Take an idempotency key. None: it is ours now; else the row that holds it."""
        row = {
            "_id": key,
            "fingerprint": fingerprint,
            "ref": ref,
            "state": "in_flight",
            "until": now + IN_FLIGHT,
            "expires_at": now + KEEP_KEYS,
        }
        try:
            self.database["idempotency"].insert_one(row)
        except DuplicateKeyError:
            return self.database["idempotency"].find_one({"_id": key})
        return None

    def retake_key(self, key: str, now: datetime) -> bool:
        """Take over a key whose first request never ended; False where it is still in flight."""
        stale = {"_id": key, "state": "in_flight", "until": {"$lte": now}}
        renewed = {"$set": {"until": now + IN_FLIGHT}}
        return (
            self.database["idempotency"].find_one_and_update(stale, renewed, return_document=ReturnDocument.AFTER)
            is not None
        )

    def end_key(self, key: str) -> None:
        """The request under this key succeeded."""
        self.database["idempotency"].update_one({"_id": key}, {"$set": {"state": "done"}})

    def expire_key(self, key: str, now: datetime) -> None:
        """The outcome under this key is unknown: the next request may take it over at once."""
        self.database["idempotency"].update_one({"_id": key}, {"$set": {"until": now}})

    def drop_key(self, key: str) -> None:
        """The request was refused and changed nothing: the key may be used again."""
        self.database["idempotency"].delete_one({"_id": key})
