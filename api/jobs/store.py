"""The collections `events`, `jobs`, `slow_jobs`, `processes` and `idempotency`."""

from collections import deque
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from api.jobs.job import KEEP_EVENTS, KEEP_JOBS, MOST_AT_ONCE, QUEUES, Event, queue_of
from api.storage.database import LEASE_SECONDS, Database, Document, Index

KEEP_KEYS = timedelta(days=30)
IN_FLIGHT = timedelta(seconds=30)
RENEWED = timedelta(seconds=5)
KEEP = {"events": KEEP_EVENTS, "jobs": KEEP_JOBS, "slow_jobs": KEEP_JOBS}
"""How long done rows are kept, and with them the keys of jobs."""

WINDOW, BACKLOG = 128, 8_192
"""How many due rows are read for one batch, and how many of a backlog at once."""
BEHIND, HELD = timedelta(seconds=5), timedelta(hours=1)
"""How long events that wait for an earlier one of their subject, running or parked, are put off if they fill a whole
window. Retrying or dropping the parked one makes them due at once."""
HEAD = {"subject": 1, "attempts": 1, "state": 1, "due_at": 1, "lease.until": 1}
UNFINISHED = {"$in": ["pending", "parked"]}

INDEXES: list[Index] = [
    ("events", [("state", 1), ("due_at", 1)], {}),
    ("events", [("subject", 1), ("_id", 1)], {}),
    ("events", [("delete_at", 1)], {"expireAfterSeconds": 0}),
    ("jobs", [("state", 1), ("due_at", 1)], {}),
    ("jobs", [("delete_at", 1)], {"expireAfterSeconds": 0}),
    ("slow_jobs", [("state", 1), ("due_at", 1)], {}),
    ("slow_jobs", [("delete_at", 1)], {"expireAfterSeconds": 0}),
    ("idempotency", [("expires_at", 1)], {"expireAfterSeconds": 0}),
]

SMALL = {"processes": "the processes that run now"}


class JobStore:
    """Rows of background work. An event or job is `pending`, `done`, `parked` (failed too often) or `dropped`."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self._cuts: dict[str, deque[datetime]] = {}

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
        """Write one job. Idempotent: if the key exists already, nothing changes."""
        row = {"v": 1, "kind": kind, "payload": payload, "state": "pending", **self.database.leasable(due_at)}
        self.database[queue_of(kind)].update_one({"_id": key}, {"$setOnInsert": row}, upsert=True, session=session)

    def do_again(self, session: Any, key: str, kind: str, due_at: datetime) -> bool:
        """Make a job that is done due once more; False if there is none."""
        change = {"state": "pending", "attempts": 0, "due_at": due_at, "lease.until": due_at}
        update = {"$set": change, "$unset": {"delete_at": ""}}
        done = {"_id": key, "state": "done"}
        return self.database[queue_of(kind)].update_one(done, update, session=session).matched_count == 1

    def hasten(self, key: str, kind: str, now: datetime) -> None:
        """Make a job that waits due now. What is due later is leased by nobody."""
        later = {"_id": key, "state": "pending", "due_at": {"$gt": now}}
        self.database[queue_of(kind)].update_one(later, {"$set": {"due_at": now, "lease.until": now}})

    # -- leases -----------------------------------------------------------------

    def claim(self, collection: str, now: datetime, most: int = MOST_AT_ONCE) -> list[Document]:
        """Lease the rows that have been due longest: up to `most` that were never tried, or a single one that was.

        A row that was tried is leased alone, so that work which kills its process fails no other more than once. Of
        events only the earliest unfinished one per subject is leased: a later one never overtakes it.
        """
        free = {"state": "pending", "due_at": {"$lte": now}, "lease.until": {"$lte": now}}
        while rows := self._due(collection, now):
            first = self._first_of(rows) if collection == "events" else {}
            may = self._in_order(rows, first, free) if collection == "events" else rows
            if may:
                fresh = [row["_id"] for row in may if row["attempts"] == 0]
                wanted = [may[0]["_id"]] if may[0]["attempts"] else fresh[:most]
                if leased := self._lease(collection, free, wanted, now):
                    return leased
            elif len(rows) < WINDOW:
                if not self._cuts.pop(collection, None):
                    break
            else:
                self._put_off(first, free, now)
        return []

    def _due(self, collection: str, now: datetime) -> list[Document]:
        """The rows that have been due longest and that nobody has leased: WINDOW of them, if there are so many.

        A claim in a backlog would cost the whole of it, however few rows are asked for. So where a look has found one,
        it is remembered by which instants each WINDOW of its rows was due, and those are read one after the other.
        """
        cuts = self._cuts.setdefault(collection, deque())
        while cuts:
            if rows := self._free(collection, min(cuts[0], now), now):
                return rows[:WINDOW]
            cuts.popleft()
        rows = self._free(collection, now, now)
        cuts.extend(row["due_at"] for row in rows[WINDOW - 1 :: WINDOW])
        return rows[:WINDOW]

    def _free(self, collection: str, until: datetime, now: datetime) -> list[Document]:
        """Of the first BACKLOG rows that are due by an instant, those that nobody has leased.

        `lease.until` is looked at here: beside two ranges the embedded store makes no use of an index on the second,
        and would read every row that waits for a later day.
        """
        due = {"state": "pending", "due_at": {"$lte": until}}
        rows = self.database[collection].find(due, HEAD).sort("due_at", 1).limit(BACKLOG)
        return [row for row in rows if row["lease"]["until"] <= now]

    def _first_of(self, rows: list[Document]) -> dict[str, Document]:
        """The earliest unfinished event per subject of these events."""
        before = {
            "subject": {"$in": list({row["subject"] for row in rows})},
            "_id": {"$lte": max(row["_id"] for row in rows)},
            "state": UNFINISHED,
        }
        first: dict[str, Document] = {}
        for row in self.database["events"].find(before, HEAD):
            if row["_id"] <= first.get(row["subject"], row)["_id"]:
                first[row["subject"]] = row
        return first

    def _in_order(self, rows: list[Document], first: dict[str, Document], free: Document) -> list[Document]:
        """Those of these events that are the first of their subject; if none is, those first events that are due."""
        ids = [row["_id"] for row in first.values()]
        among = [row for row in rows if row["_id"] in ids]
        return among or list(self.database["events"].find({"_id": {"$in": ids}, **free}, HEAD))

    def _put_off(self, first: dict[str, Document], free: Document, now: datetime) -> None:
        """Postpone the due events of these subjects, which fill the whole window, so that other subjects are read."""
        for subject, head in first.items():
            until = now + HELD if head["state"] == "parked" else max(head["due_at"], now + BEHIND)
            self.database["events"].update_many({"subject": subject, **free}, {"$set": {"due_at": until}})

    def _lease(self, collection: str, free: Document, ids: list[str], now: datetime) -> list[Document]:
        """Lease those of these rows that nobody else has leased meanwhile, and return them in the given order.

        One update leases them all, and its token marks those it got, also if the driver sent it twice.
        """
        mark = str(uuid4())
        lease = {"lease.until": now + timedelta(seconds=LEASE_SECONDS), "lease.by": mark}
        taken = {"$set": lease, "$inc": {"lease.fence": 1, "attempts": 1}}
        table = self.database[collection]
        table.update_many({"_id": {"$in": ids}, **free}, taken)
        leased = {row["_id"]: row for row in table.find({"_id": {"$in": ids}, "lease.by": mark})}
        return [leased[row_id] for row_id in ids if row_id in leased]

    def renew(self, collection: str, row: Document, until: datetime) -> bool:
        """Extend a lease; False if another worker holds a newer fence."""
        return self.mark(collection, row, {"$set": {"lease.until": until}})

    def give_back(self, collection: str, rows: list[Document], now: datetime) -> None:
        """Release leased rows that were not begun; their count of attempts is reduced again."""
        untouched = {"lease.by": rows[0]["lease"]["by"], "_id": {"$in": [row["_id"] for row in rows]}}
        self.database[collection].update_many(untouched, {"$set": {"lease.until": now}, "$inc": {"attempts": -1}})

    def mark(self, collection: str, row: Document, change: Document) -> bool:
        """Change a leased row; False if another worker holds a newer fence."""
        mine = {"_id": row["_id"], "lease.fence": row["lease"]["fence"]}
        return self.database[collection].update_one(mine, change).matched_count == 1

    # -- for staff ----------------------------------------------------------------

    def parked(self) -> list[Document]:
        """Events and jobs that failed too often, each with its reason."""
        return self.listed("parked", None, 200)

    def listed(self, state: str, after: str | None, limit: int) -> list[Document]:
        """Up to `limit` events, then jobs, in this state, each with its `place`, the position that `after` names."""
        begin, _, last = (after or "events ").partition(" ")
        rows: list[Document] = []
        for name in QUEUES[QUEUES.index(begin) if begin in QUEUES else 0 :]:
            page = self.database.oldest(name, {"state": state}, last if name == begin else None, limit - len(rows))
            rows += [{**row, "collection": name, "place": f"{name} {row['_id']}"} for row in page]
            if len(rows) >= limit:
                break
        return rows

    def find(self, key: str) -> Document | None:
        """The event or job of this id."""
        for name in QUEUES:
            if row := self.database[name].find_one({"_id": key}):
                return {**row, "collection": name}
        return None

    def behind(self, subject: str) -> int:
        """How many unfinished events of a subject wait behind its first one."""
        return max(0, self.database["events"].count_documents({"subject": subject, "state": UNFINISHED}) - 1)

    def unpark(self, session: Any, row: Document, change: Document, now: datetime) -> bool:
        """Change a parked row and make what waits behind it due at once; False if it is not parked any more."""
        table = self.database[row["collection"]]
        done = table.update_one({"_id": row["_id"], "state": "parked"}, {"$set": change}, session=session)
        if done.modified_count == 1 and "subject" in row:
            held = {"subject": row["subject"], "state": "pending", "due_at": {"$gt": now}, "attempts": 0}
            table.update_many(held, {"$set": {"due_at": now}}, session=session)
        return done.modified_count == 1

    def lag(self, collection: str, now: datetime) -> dict[str, float]:
        """The counts of rows that are due, failed before and parked, and how many seconds the oldest has been due."""
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
        """Register a process."""
        self.database.put("processes", row)

    def renew_process(self, process_id: str, now: datetime, index_keys: int) -> None:
        """Write the heartbeat of a process and how many index keys it has, at most once per RENEWED."""
        stale = {"_id": process_id, "seen_at": {"$lte": now - RENEWED}}
        self.database["processes"].update_one(stale, {"$set": {"seen_at": now, "index_keys": index_keys}})

    def drop_process(self, process_id: str) -> None:
        """Remove a process from the registry."""
        self.database["processes"].delete_one({"_id": process_id})

    def processes(self, now: datetime) -> list[Document]:
        """The processes whose last heartbeat is less than 4 × RENEWED old (20 s)."""
        return list(self.database["processes"].find({"seen_at": {"$gt": now - 4 * RENEWED}}))

    # -- idempotency keys -----------------------------------------------------------

    def begin_key(self, key: str, fingerprint: str, ref: str, now: datetime) -> Document | None:
        """Take an idempotency key for a request. Returns None, or the row of the earlier request that has it."""
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
        """Take over a key whose request was lost, in flight for too long; False if it was not, or another was first."""
        stale = {"_id": key, "state": "in_flight", "until": {"$lte": now}}
        return self.database.take_before("idempotency", stale, {"$set": {"until": now + IN_FLIGHT}}) is not None

    def end_key(self, key: str) -> None:
        """Mark a key as done: its request succeeded."""
        self.database["idempotency"].update_one({"_id": key}, {"$set": {"state": "done"}})

    def expire_key(self, key: str, now: datetime) -> None:
        """Let the next request take over a key at once, since the outcome of this request is unknown."""
        self.database["idempotency"].update_one({"_id": key}, {"$set": {"until": now}})

    def drop_key(self, key: str) -> None:
        """Free a key: its request was refused and changed nothing."""
        self.database["idempotency"].delete_one({"_id": key})
