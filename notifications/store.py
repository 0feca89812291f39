"""The collections `notices`, `deliveries`, `receipts` and `same_texts`: the only file here that speaks pymongo.

A notice holds what is said, its values sealed, as is the phone where it keeps one. A delivery is one try by one channel
and what leases are taken on; a further try is a further row, and the earlier one is then marked `superseded`. A receipt
is one callback of a provider, kept for ever and processed later. `due_at` is None if nothing is to be done. The values
of a secret are removed in the transaction that writes that it was sent.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol, TypeVar
from uuid import uuid4

from pymongo import ASCENDING, DESCENDING
from pymongo.collection import Collection
from pymongo.errors import DuplicateKeyError

from notifications.notice import COMES_FROM, FINAL, SECRET, UNSENT
from notifications.upgrades import UPGRADES, VERSIONS, Row

__all__ = ["INDEXES", "SEALED", "UPGRADES", "NoticeStore", "Row", "Store", "is_in"]

T = TypeVar("T")
LEASE = timedelta(seconds=60)
"""How long a row that was taken up is nobody else's."""
FIRST = datetime(2020, 1, 1, tzinfo=UTC)
"""Before any notice."""

INDEXES: list[tuple[str, list[tuple[str, int]], dict[str, Any]]] = [
    ("notices", [("key", ASCENDING)], {"unique": True}),
    ("notices", [("recipient", ASCENDING), ("_id", DESCENDING)], {}),
    (
        "deliveries",
        [("notice", ASCENDING), ("channel", ASCENDING), ("number", ASCENDING)],
        {"unique": True},
    ),
    ("deliveries", [("lane", ASCENDING), ("due_at", ASCENDING)], {}),
    ("deliveries", [("state", ASCENDING), ("created_at", ASCENDING)], {}),
    ("deliveries", [("group", ASCENDING), ("created_at", ASCENDING)], {}),
    ("deliveries", [("desk", ASCENDING), ("created_at", ASCENDING)], {}),
    ("deliveries", [("department", ASCENDING), ("created_at", ASCENDING)], {}),
    ("deliveries", [("about", ASCENDING)], {"sparse": True}),
    ("notices", [("about", ASCENDING)], {"sparse": True}),
    ("deliveries", [("ref", ASCENDING)], {"sparse": True}),
    ("notices", [("delete_at", ASCENDING)], {"expireAfterSeconds": 0}),
    ("deliveries", [("delete_at", ASCENDING)], {"expireAfterSeconds": 0}),
    ("same_texts", [("delete_at", ASCENDING)], {"expireAfterSeconds": 0}),
    ("receipts", [("due_at", ASCENDING)], {}),
    ("receipts", [("delivery", ASCENDING)], {}),
]

SEALED = [("notices", ("values.*", "phone"))]

WHOLE = {"counts": "a measurement: how many deliveries are in each state"}
"""Functions that are meant to read a whole collection, each with the reason."""


class Store(Protocol):
    """The part of the database that this package uses: collections, transactions, leases."""

    def __getitem__(self, name: str) -> Collection[Row]: ...

    def transact(self, work: Callable[[Any], T]) -> T: ...

    def walk_back(
        self,
        collection: str,
        streams: Sequence[Row],
        instant: str,
        *,
        begin: datetime,
        end: datetime,
        after: str | None,
        most: int,
        keep: Callable[[Row], bool],
    ) -> tuple[list[Row], str | None]: ...

    def leasable(self, due_at: datetime) -> Row: ...


def is_in(scope: Sequence[Row], row: Row) -> bool:
    """Whether a notice or a delivery meets one of these equalities, and staff may see it at all."""
    return row.get("group") != SECRET and any(
        row.get(field) == value for each in scope for field, value in each.items()
    )


class NoticeStore:
    """Notices, their deliveries, and the callbacks of providers."""

    def __init__(self, database: Store) -> None:
        self._db = database
        self.transact = database.transact

    # -- notices ----------------------------------------------------------

    def id_of_key(self, key: str, session: Any) -> str | None:
        """The id of the notice that was created under this key, or None."""
        row = self._db["notices"].find_one({"key": key}, {"_id": 1}, session=session)
        return row["_id"] if row else None

    def add(self, session: Any, notice: Row, deliveries: list[Row]) -> None:
        """Insert a notice with its first deliveries."""
        self._db["notices"].insert_one({"v": VERSIONS["notices"], **notice}, session=session)
        self._db["deliveries"].insert_many([self._new_delivery(row) for row in deliveries], session=session)

    def notice(self, notice_id: str) -> Row | None:
        """A notice by id, whoever its recipient is; for delivery and staff, never for an inbox."""
        return self._db["notices"].find_one({"_id": notice_id})

    def notices(self, ids: Iterable[str]) -> dict[str, Row]:
        """Several notices by id."""
        return {row["_id"]: row for row in self._db["notices"].find({"_id": {"$in": list(ids)}})}

    def inbox(self, recipient: str, before: str | None, limit: int) -> list[Row]:
        """One recipient's own notices, newest first."""
        mine: Row = {"recipient": recipient, "inbox": True}
        if before is not None:
            mine["_id"] = {"$lt": before}
        return list(self._db["notices"].find(mine).sort("_id", DESCENDING).limit(limit))

    def mark_read(self, recipient: str, notice_id: str, now: datetime) -> bool:
        """Mark as read and shown; idempotent, the first time stays. False if this recipient has no such notice."""
        mine = {"_id": notice_id, "recipient": recipient, "inbox": True}
        if self._db["notices"].find_one(mine, {"_id": 1}) is None:
            return False
        self._db["notices"].update_one({**mine, "read_at": None}, {"$set": {"read_at": now}})
        self.mark_shown(recipient, [notice_id], now)
        return True

    def mark_shown(self, recipient: str, notice_ids: Sequence[str], now: datetime) -> None:
        """Mark those of these notices that are this recipient's as shown, and their deliveries by the inbox as
        displayed; idempotent, the first time stays."""
        mine = {"_id": {"$in": list(notice_ids)}, "recipient": recipient, "inbox": True, "shown_at": None}
        fresh = [row["_id"] for row in self._db["notices"].find(mine, {"_id": 1})]
        by_inbox = {"notice": {"$in": fresh}, "channel": "in_app", "superseded": False}
        for row in self._db["deliveries"].find(by_inbox) if fresh else ():
            self._move({}, row, "displayed", now, {})
        self._db["notices"].update_many({**mine, "_id": {"$in": fresh}}, {"$set": {"shown_at": now}})

    def forget_phones(self, recipient: str) -> None:
        """Remove the phones kept with one recipient's notices."""
        self._db["notices"].update_many({"recipient": recipient}, {"$unset": {"phone": ""}})

    # -- deliveries -------------------------------------------------------

    def delivery(self, delivery_id: str) -> Row | None:
        """A delivery by id."""
        return self._db["deliveries"].find_one({"_id": delivery_id})

    def delivery_of_ref(self, ref: str) -> Row | None:
        """The delivery that a provider knows by this reference."""
        return self._db["deliveries"].find_one({"ref": ref})

    def refs_known(self, refs: Iterable[str]) -> set[str]:
        """Those of a provider's references that belong to a delivery already."""
        return {row["ref"] for row in self._db["deliveries"].find({"ref": {"$in": list(refs)}}, {"ref": 1})}

    def current(self, notice_ids: Iterable[str]) -> dict[str, list[Row]]:
        """The latest delivery by each channel, of each of these notices."""
        by_notice: dict[str, list[Row]] = {}
        wanted = {"notice": {"$in": list(notice_ids)}, "superseded": False}
        for row in self._db["deliveries"].find(wanted).sort("channel", ASCENDING):
            by_notice.setdefault(row["notice"], []).append(row)
        return by_notice

    def desk(
        self, scope: Sequence[Row], state: str | None, after: str | None, most: int, now: datetime
    ) -> tuple[list[Row], str | None]:
        """The latest deliveries in a scope, in one state or all, newest first, and where the next page goes on.

        `scope` are equalities of which a delivery must meet one; without any there is none. Raises ValueError for an
        `after` that no page gave.
        """
        if not scope:
            return [], None

        def keep(row: Row) -> bool:
            return not row["superseded"] and is_in(scope, row)

        streams = [{"state": state}] if state else scope
        return self._db.walk_back(
            "deliveries", streams, "created_at", begin=FIRST, end=now, after=after, most=most, keep=keep
        )

    def move(self, about: str, desk: str, department: str) -> None:
        """Set the place of every notice about a case."""
        for collection in ("notices", "deliveries"):
            self._db[collection].update_many({"about": about}, {"$set": {"desk": desk, "department": department}})

    def unplaced(self, most: int) -> list[Row]:
        """Deliveries of a release that knew no places."""
        return list(self._db["deliveries"].find({"group": None}).limit(most))

    def place(self, notice_id: str, place: Row) -> None:
        """Set the place of a notice that has none, and of its deliveries."""
        self._db["notices"].update_one({"_id": notice_id}, {"$set": place})
        self._db["deliveries"].update_many({"notice": notice_id}, {"$set": place})

    def postpone(self, row: Row, due_at: datetime, now: datetime, **changes: Any) -> bool:
        """Give a leased delivery back, unchanged in state; False if another process has leased it since."""
        mine = {"_id": row["_id"], "lease.fence": row["lease"]["fence"]}
        change = {"due_at": due_at, "lease.until": now, **changes}
        return self._db["deliveries"].update_one(mine, {"$set": change}).matched_count == 1

    def pass_on(self, row: Row, further: Row, due_at: datetime, now: datetime) -> None:
        """Insert the delivery of the next step, whose time has come; the one before goes on, next due at `due_at`."""

        def work(session: Any) -> None:
            if self._may_follow(row, further, session):
                self._add_delivery(further, session)
            mine = {"_id": row["_id"], "lease.fence": row["lease"]["fence"]}
            change = {"$set": {"next_at": None, "due_at": due_at, "lease.until": now}}
            self._db["deliveries"].update_one(mine, change, session=session)

        self._db.transact(work)

    def begin(self, row: Row, now: datetime) -> bool:
        """Write `submitting`, keeping the lease. False if another process has leased it since, or a report moved it."""
        return self._move({"lease.fence": row["lease"]["fence"]}, row, "submitting", now, {"submitted_at": now})

    def finish(self, row: Row, state: str, now: datetime, changes: Row, further: Row | None = None) -> bool:
        """Move a leased delivery to a state and give the lease back, inserting a further try if there is one.

        False if another process has leased it since, or `state` may not follow its state now.
        """
        fence = {"lease.fence": row["lease"]["fence"]}
        return self._conclude(fence, row, state, now, {**changes, "lease.until": now}, further)

    def learn(self, row: Row, state: str, now: datetime, changes: Row, further: Row | None = None) -> bool:
        """Move a delivery by a provider's report, whoever holds its lease; False if `state` may not follow its own."""
        return self._conclude({}, row, state, now, changes, further)

    def resend(self, row: Row, further: Row, tell: Callable[[Any], None]) -> bool:
        """Insert a further try after a failed one, in one transaction with what `tell` writes; False if somebody else
        was faster."""

        def work(session: Any) -> bool:
            last = {"_id": row["_id"], "superseded": False}
            change = {"$set": {"superseded": True}}
            if self._db["deliveries"].update_one(last, change, session=session).matched_count == 0:
                return False
            self._add_delivery(further, session)
            tell(session)
            return True

        return self._db.transact(work)

    def counts(self) -> dict[str, int]:
        """How many current deliveries are in each state."""
        rows = self._db["deliveries"].aggregate(
            [{"$match": {"superseded": False}}, {"$group": {"_id": "$state", "n": {"$sum": 1}}}]
        )
        return {row["_id"]: row["n"] for row in rows}

    def doubt_unsent(self, now: datetime) -> None:
        """After a restore: whatever waits to go out by SMS may have gone out since the backup, and is looked up at the
        provider's before it is sent."""
        for row in self._db["deliveries"].find({"channel": "sms", "state": {"$in": sorted(UNSENT)}}):
            since = row.get("submitted_at") or row["created_at"]
            change = {"state": "unknown", "at": now, "submitted_at": since, "looks": 0, "due_at": now}
            step = {"state": "unknown", "at": now, "error": "restored"}
            self._db["deliveries"].update_one({"_id": row["_id"]}, {"$set": change, "$push": {"history": step}})

    # -- same texts -------------------------------------------------------

    def count_same(self, digest: str, delivery_id: str, most: int, within: timedelta, now: datetime) -> bool:
        """Count that a delivery sends the text to the number that `digest` stands for; False if `most` others did so
        within that time. Idempotent per delivery."""
        while True:
            row = self._db["same_texts"].find_one({"_id": digest})
            others = [
                each for each in (row or {}).get("sent", ()) if each["at"] > now - within and each["by"] != delivery_id
            ]
            if len(others) >= most:
                return False
            sent = [*others, {"by": delivery_id, "at": now}]
            if self._write_same(digest, row, {"sent": sent, "delete_at": now + within}):
                return True

    def _write_same(self, digest: str, before: Row | None, change: Row) -> bool:
        if before is not None:
            same = {"_id": digest, "sent": before["sent"]}
            return self._db["same_texts"].update_one(same, {"$set": change}).matched_count == 1
        try:
            self._db["same_texts"].insert_one({"_id": digest, "v": 1, **change})
        except DuplicateKeyError:
            return False
        return True

    # -- leases -----------------------------------------------------------

    def due(self, collection: str, wanted: Row, now: datetime, most: int) -> list[str]:
        """The ids of the rows that match, are due and leased by nobody, those longest due first, and of those
        due at one moment what was created first. Costs as much as are.

        `lease.until` is looked at here: beside two ranges the embedded store makes no use of the index on `due_at`.
        """
        due = {**wanted, "due_at": {"$gt": FIRST, "$lte": now}}
        fields = {"lease.until": 1, "due_at": 1}
        rows = self._db[collection].find(due, fields).sort("due_at", ASCENDING).limit(most)
        free = [row for row in rows if row["lease"]["until"] <= now]
        return [row["_id"] for row in sorted(free, key=lambda row: (row["due_at"], row["_id"]))]

    def lease(self, collection: str, ids: Sequence[str], now: datetime) -> list[Row]:
        """Lease those of these rows that are still due and nobody else has leased, and return them in this order.

        One update leases them all, and its mark tells which it got, also if the driver sent it twice. A lease adds 1 to
        the fence, which the write that ends it must match.
        """
        mark, table = str(uuid4()), self._db[collection]
        free = {"_id": {"$in": list(ids)}, "due_at": {"$gt": FIRST, "$lte": now}, "lease.until": {"$lte": now}}
        lease = {"lease.until": now + LEASE, "lease.by": mark}
        table.update_many(free, {"$set": lease, "$inc": {"lease.fence": 1, "attempts": 1}})
        rows = {row["_id"]: row for row in table.find({"_id": {"$in": list(ids)}, "lease.by": mark})}
        return [rows[row_id] for row_id in ids if row_id in rows]

    def give_back(self, collection: str, rows: Sequence[Row], now: datetime) -> None:
        """Release leased rows that were not begun."""
        for mark in {row["lease"]["by"] for row in rows}:
            mine = {"_id": {"$in": [row["_id"] for row in rows]}, "lease.by": mark}
            self._db[collection].update_many(mine, {"$set": {"lease.until": now}, "$inc": {"attempts": -1}})

    # -- receipts ---------------------------------------------------------

    def keep_receipt(self, receipt: Row, now: datetime) -> None:
        """Store a provider's callback; a repeat is only counted."""

        def work(session: Any) -> None:
            first = {**receipt, "v": VERSIONS["receipts"], "at": now, **self._db.leasable(now)}
            first.pop("_id")
            change = {"$setOnInsert": first, "$inc": {"times": 1}}
            self._db["receipts"].update_one({"_id": receipt["_id"]}, change, upsert=True, session=session)

        self._db.transact(work)

    def end_receipt(self, row: Row, outcome: str) -> None:
        """Mark a receipt as processed; `outcome` says with what result."""
        self._db["receipts"].update_one({"_id": row["_id"]}, {"$set": {"due_at": None, "outcome": outcome}})

    # -- inside -----------------------------------------------------------

    def _conclude(self, also: Row, row: Row, state: str, now: datetime, changes: Row, further: Row | None) -> bool:
        is_spent = row.get("group") == SECRET and state not in UNSENT
        if further is None and not is_spent:
            return self._move(also, row, state, now, changes)
        superseded = {"superseded": True} if further and further["channel"] == row["channel"] else {}

        def work(session: Any) -> bool:
            if not self._move(also, row, state, now, {**changes, **superseded}, session):
                return False
            if further and self._may_follow(row, further, session):
                self._add_delivery(further, session)
            if is_spent:
                self._db["notices"].update_one({"_id": row["notice"]}, {"$set": {"values": {}}}, session=session)
            return True

        return self._db.transact(work)

    def _may_follow(self, row: Row, further: Row, session: Any) -> bool:
        """Whether a further delivery is still to be made: the next step's is made once, whoever is first (of two at the
        same moment one meets the unique index, and comes back)."""
        if further["channel"] == row["channel"]:
            return True
        its_step = {"notice": further["notice"], "channel": further["channel"]}
        return self._db["deliveries"].find_one(its_step, {"_id": 1}, session=session) is None

    def _move(self, also: Row, row: Row, state: str, now: datetime, changes: Row, session: Any = None) -> bool:
        """But for a restore the one place where a state is written: only from one that it may follow, each kept."""
        here = {"_id": row["_id"], "state": {"$in": sorted(COMES_FROM[state])}, **also}
        change = {"state": state, "at": now, **changes}
        if state in FINAL:
            change["due_at"] = None
        step = {"state": state, "at": now, "error": changes.get("error")}
        done = self._db["deliveries"].update_one(here, {"$set": change, "$push": {"history": step}}, session=session)
        return done.matched_count == 1

    def _add_delivery(self, row: Row, session: Any) -> None:
        self._db["deliveries"].insert_one(self._new_delivery(row), session=session)

    def _new_delivery(self, row: Row) -> Row:
        return {"v": VERSIONS["deliveries"], **row, **self._db.leasable(row["due_at"])}
