"""The collections `events`, `jobs` and `idempotency`."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from api.jobs.job import KEEP_EVENTS, KEEP_JOBS, MOST_AT_ONCE, Event
from api.storage.database import LEASE_SECONDS, Database, Document, Index

KEEP_KEYS = timedelta(days=30)
IN_FLIGHT = timedelta(seconds=30)
RENEWED = timedelta(seconds=5)
KEEP = {"events": KEEP_EVENTS, "jobs": KEEP_JOBS}
"""How long done rows are kept. So long a job's key is taken."""

WINDOW = 128
"""How many due rows are looked at for such a batch."""
BEHIND, HELD = timedelta(seconds=5), timedelta(hours=1)
"""When events that wait for an earlier one of their subject, running or parked, are looked at again, where they fill a
whole window. A person who settles the parked one makes them due at once."""
SHOWN = {"subject": 1, "attempts": 1, "state": 1, "due_at": 1}
UNFINISHED = {"$in": ["pending", "parked"]}

INDEXES: list[Index] = [
    ("events", [("state", 1), ("due_at", 1)], {}),
    ("events", [("subject", 1), ("_id", 1)], {}),
    ("events", [("delete_at", 1)], {"expireAfterSeconds": 0}),
    ("jobs", [("state", 1), ("due_at", 1)], {}),
    ("jobs", [("delete_at", 1)], {"expireAfterSeconds": 0}),
    ("idempotency", [("expires_at", 1)], {"expireAfterSeconds": 0}),
]

SMALL = {"processes": "the processes that run now"}


class JobStore:
    """Rows of background work. An event or job is `pending`, `done`, `parked` (failed too often) or `dropped`."""

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

    # -- leases -----------------------------------------------------------------

    def claim(self, collection: str, now: datetime, most: int = MOST_AT_ONCE) -> list[Document]:
        """Lease what is due longest: up to `most` fresh rows; one that was tried before alone.

        A piece of work that kills its process so takes others along once at most. Of events only the earliest
        unfinished of each subject may be leased: a later one never overtakes it.
        """
        free = {"state": "pending", "due_at": {"$lte": now}, "lease.until": {"$lte": now}}
        while rows := self._due(collection, free):
            first = {} if collection == "jobs" else self._first_of(rows)
            may = rows if collection == "jobs" else self._in_order(rows, first, free)
            if may:
                fresh = [row["_id"] for row in may if row["attempts"] == 0]
                wanted = [may[0]["_id"]] if may[0]["attempts"] else fresh[:most]
                if leased := self._lease(collection, free, wanted, now):
                    return leased
            elif len(rows) < WINDOW:
                break
            else:
                self._put_off(first, free, now)
        return []

    def _due(self, collection: str, free: Document) -> list[Document]:
        return list(self.database[collection].find(free, SHOWN).sort("due_at", 1).limit(WINDOW))

    def _first_of(self, rows: list[Document]) -> dict[str, Document]:
        """The earliest unfinished event of each subject of these."""
        before = {
            "subject": {"$in": list({row["subject"] for row in rows})},
            "_id": {"$lte": max(row["_id"] for row in rows)},
            "state": UNFINISHED,
        }
        first: dict[str, Document] = {}
        for row in self.database["events"].find(before, SHOWN):
            if row["_id"] <= first.get(row["subject"], row)["_id"]:
                first[row["subject"]] = row
        return first

    def _in_order(self, rows: list[Document], first: dict[str, Document], free: Document) -> list[Document]:
        """Those of these events that are first of their subject; else the first ones themselves, where they are due."""
        ids = [row["_id"] for row in first.values()]
        among = [row for row in rows if row["_id"] in ids]
        return among or list(self.database["events"].find({"_id": {"$in": ids}, **free}, SHOWN))

    def _put_off(self, first: dict[str, Document], free: Document, now: datetime) -> None:
        """What waits for these fills a whole window: let others come to the front of the queue."""
        for subject, head in first.items():
            until = now + HELD if head["state"] == "parked" else max(head["due_at"], now + BEHIND)
            self.database["events"].update_many({"subject": subject, **free}, {"$set": {"due_at": until}})

    def _lease(self, collection: str, free: Document, ids: list[str], now: datetime) -> list[Document]:
        """Lease those of these rows that nobody else leased meanwhile, in the order given.

        One update leases them all, and its token tells which of them it got, also if the driver sent it twice.
        """
        mark = str(uuid4())
        lease = {"lease.until": now + timedelta(seconds=LEASE_SECONDS), "lease.by": mark}
        taken = {"$set": lease, "$inc": {"lease.fence": 1, "attempts": 1}}
        table = self.database[collection]
        table.update_many({"_id": {"$in": ids}, **free}, taken)
        leased = {row["_id"]: row for row in table.find({"_id": {"$in": ids}, "lease.by": mark})}
        return [leased[row_id] for row_id in ids if row_id in leased]

    def renew(self, collection: str, row: Document, until: datetime) -> bool:
        """Hold a lease for longer; False where another worker holds a newer fence."""
        return self.mark(collection, row, {"$set": {"lease.until": until}})

    def give_back(self, collection: str, rows: list[Document], now: datetime) -> None:
        """Leased rows that nobody began: free at once, and this was no try."""
        untouched = {"lease.by": rows[0]["lease"]["by"], "_id": {"$in": [row["_id"] for row in rows]}}
        self.database[collection].update_many(untouched, {"$set": {"lease.until": now}, "$inc": {"attempts": -1}})

    def mark(self, collection: str, row: Document, change: Document) -> bool:
        """Change a leased row; False where another worker holds a newer fence."""
        mine = {"_id": row["_id"], "lease.fence": row["lease"]["fence"]}
        return self.database[collection].update_one(mine, change).matched_count == 1

    # -- for staff ----------------------------------------------------------------

    def parked(self) -> list[Document]:
        """Events and jobs that failed too often, each with its reason."""
        return self.listed("parked", None, 200)

    def listed(self, state: str, after: str | None, limit: int) -> list[Document]:
        """Events, then jobs, in this state, each with `place`, after which the next page goes on."""
        begin, _, last = (after or "events ").partition(" ")
        rows: list[Document] = []
        for name in ("events", "jobs")[begin == "jobs" :]:
            wanted = {"state": state, "_id": {"$gt": last}} if name == begin else {"state": state}
            page = self.database[name].find(wanted).sort("_id", 1).limit(limit - len(rows))
            rows += [{**row, "collection": name, "place": f"{name} {row['_id']}"} for row in page]
            if len(rows) >= limit:
                break
        return rows

    def find(self, key: str) -> Document | None:
        """The event or job of this id."""
        for name in ("events", "jobs"):
            if row := self.database[name].find_one({"_id": key}):
                return {**row, "collection": name}
        return None

    def behind(self, subject: str) -> int:
        """How many events of a subject are unfinished after its first one."""
        return max(0, self.database["events"].count_documents({"subject": subject, "state": UNFINISHED}) - 1)

    def unpark(self, session: Any, row: Document, change: Document, now: datetime) -> bool:
        """A parked row goes on; what waited behind it is due at once. False where somebody was faster."""
        table = self.database[row["collection"]]
        done = table.update_one({"_id": row["_id"], "state": "parked"}, {"$set": change}, session=session)
        if done.modified_count == 1 and "subject" in row:
            held = {"subject": row["subject"], "state": "pending", "due_at": {"$gt": now}, "attempts": 0}
            table.update_many(held, {"$set": {"due_at": now}}, session=session)
        return done.modified_count == 1

    def lag(self, collection: str, now: datetime) -> dict[str, float]:
        """How much is due, failed before, parked; and for how many seconds the oldest that is due has waited."""
        table, due = self.database[collection], {"state": "pending", "due_at": {"$lte": now}}
        oldest = table.find_one(due, {"due_at": 1}, sort=[("due_at", 1)])
        return {
            "due": table.count_documents(due),
            "retrying": table.count_documents(
                {"state": "pending", "attempts": {"$gt": 0}, "reason": {"$exists": True}}
            ),
            "parked": table.count_documents({"state": "parked"}),
            "oldest_seconds": max(0.0, (now - oldest["due_at"]).total_seconds()) if oldest else 0.0,
        }

    # -- processes ------------------------------------------------------------------

    def put_process(self, row: Document) -> None:
        """A process begins."""
        self.database.put("processes", row)

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

    # -- idempotency keys -----------------------------------------------------------

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
        held = self.database.put("idempotency", row)
        return None if held["ref"] == ref else held

    def retake_key(self, key: str, now: datetime) -> bool:
        """Take over a key whose first request never ended; False where it is still in flight."""
        stale = {"_id": key, "state": "in_flight", "until": {"$lte": now}}
        return self.database.take_before("idempotency", stale, {"$set": {"until": now + IN_FLIGHT}}) is not None

    def end_key(self, key: str) -> None:
        """The request under this key succeeded."""
        self.database["idempotency"].update_one({"_id": key}, {"$set": {"state": "done"}})

    def expire_key(self, key: str, now: datetime) -> None:
        """The outcome under this key is unknown: the next request may take it over at once."""
        self.database["idempotency"].update_one({"_id": key}, {"$set": {"until": now}})

    def drop_key(self, key: str) -> None:
        """The request was refused and changed nothing: the key may be used again."""
        self.database["idempotency"].delete_one({"_id": key})
