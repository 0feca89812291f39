"""The MongoDB database: connection, indexes, transactions, leases, paging, and atomic changes of a single row.

Nothing here, and nothing in a store, calls `findAndModify`: on the embedded store it reads the whole collection.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from uuid import uuid4

from pymongo import IndexModel, MongoClient, timeout
from pymongo.client_session import ClientSession
from pymongo.collection import Collection
from pymongo.errors import (
    ConfigurationError,
    ConnectionFailure,
    DuplicateKeyError,
    ExecutionTimeout,
    InvalidURI,
    NetworkTimeout,
    OperationFailure,
    PyMongoError,
    WTimeoutError,
)

from api.refusals import CannotStart
from api.storage.resending import ResendingCollection

T = TypeVar("T")
Document = dict[str, Any]
Sort = list[tuple[str, int]] | None
Session = ClientSession | None
TIMEOUT_MS = 10_000
"""The longest that one operation may take, with all that the driver tries again."""
TRANSACTION_SECONDS = 15.0
"""The longest that one transaction may take, with all its repeats."""
REACH_SECONDS = 10.0
PROBE_SECONDS = 2.0
CLOSE_SECONDS = 1.0
MOST_CONNECTIONS = 32
IDLE_MS = 10_000
"""An idle connection of the embedded store holds on to the last state it read, which fills the store's cache."""

LEASE_SECONDS = 60
EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)

TAKEN_AS = "taken_as"
"""The field in which a taken row keeps the token of whoever took it last."""
HANDED_OVER = 100
"""The most rows that one step moves from one owner to another."""
MOST_TRIES = 200
"""How often a row is tried to be taken: each failure means that somebody else took it."""

FIRST_WINDOW = timedelta(minutes=10)
FEW, MANY = 200, 1_000
"""Rows in a window of time, by which the next one is made wider or narrower (see `walk_back`)."""
MOST_WALKED = 2_000
TICK = timedelta(milliseconds=1)
"""The smallest difference of two instants in the store."""

NO_SUCH_TRANSACTION = 251
UNKNOWN, TRANSIENT = "UnknownTransactionCommitResult", "TransientTransactionError"
"""Labels that the server puts on errors (MongoDB's specification of driver transactions)."""


class OutcomeUnknown(ConnectionFailure):
    """A transaction was committed or not, and the store does not know which; the caller must read to find out."""


class Contended(ConnectionFailure):
    """Every try to change a row lost to a concurrent change; nothing was changed."""


UNAVAILABLE = (ConnectionFailure, ExecutionTimeout, NetworkTimeout, WTimeoutError)
"""The driver's errors that mean: the store does not answer, try again."""

Index = tuple[str, list[tuple[str, int]], dict[str, Any]]
"""Collection, keys, options. Every store lists its own as INDEXES."""

Seal = Callable[[str, str, str], str]
"""(record, field, text) -> the text encrypted for this record and field."""

Upgrade = tuple[str, Callable[[Document, Seal], Document], tuple[str, ...]]
"""Collection; what is to be set in a document of the version before, given it and `seal` (expand); the fields that are
taken away once no older process reads them (contract). A store lists its own, oldest first, as UPGRADES: see
operations/migration.py."""


class StoreUnfit(CannotStart):
    """The server of MONGODB_URI cannot be used; the message says why and what to do, and holds no password."""


class Database:
    """One MongoDB database. A write returns once a majority has acknowledged and journaled it."""

    def __init__(self, uri: str, name: str, most_connections: int = MOST_CONNECTIONS) -> None:
        try:
            self.client: MongoClient[Document] = MongoClient(
                uri,
                w="majority",
                journal=True,
                readConcernLevel="majority",
                tz_aware=True,
                timeoutMS=TIMEOUT_MS,
                maxPoolSize=most_connections,
                maxIdleTimeMS=IDLE_MS,
            )
        except (ConfigurationError, InvalidURI, ValueError) as error:
            raise StoreUnfit(f"MONGODB_URI cannot be read: {error}") from None
        self.handle = self.client[name]
        self._collection = Collection if self.client.options.retry_writes else ResendingCollection
        self._after_commit: list[Callable[[], None]] = []

    def __getitem__(self, name: str) -> Collection[Document]:
        return self._collection(self.handle, name)

    def require_replica_set(self) -> None:
        """Check that the server answers, accepts our log-in and has transactions (a replica set). Raises StoreUnfit."""
        try:
            with timeout(REACH_SECONDS):
                hello = self.client.admin.command("hello")
        except UNAVAILABLE as error:
            raise StoreUnfit(
                f"No server of MONGODB_URI answers ({type(error).__name__}). Look whether mongod runs, "
                "whether host, port and replicaSet are right, and whether a firewall stands between."
            ) from None
        except OperationFailure as error:
            raise StoreUnfit(
                f"The server of MONGODB_URI refuses us ({error.code}). Look at the user, the password and authSource."
            ) from None
        if "setName" not in hello and hello.get("msg") != "isdbgrid":
            raise StoreUnfit(
                "The server of MONGODB_URI is no replica set, which transactions need. "
                "Start mongod with --replSet and run rs.initiate(); one member is enough."
            )

    def ensure(self, indexes: Iterable[Index]) -> None:
        """Create the indexes that do not exist yet, those of a collection by one command."""
        wanted: dict[str, list[IndexModel]] = {}
        for collection, keys, options in indexes:
            wanted.setdefault(collection, []).append(IndexModel(keys, **options))
        for collection, models in wanted.items():
            self[collection].create_indexes(models)

    def drop_old(self, indexes: Iterable[tuple[str, str]]) -> None:
        """Drop those indexes of earlier releases, each as (collection, name), that are still there."""
        for collection, name in indexes:
            if name in self[collection].index_information():
                with suppress(OperationFailure):  # another process that starts now was first
                    self[collection].drop_index(name)

    def after_commit(self, nudge: Callable[[], None]) -> None:
        """Register `nudge`, to be called after every committed transaction, e.g. to wake the dispatcher."""
        self._after_commit.append(nudge)

    def transact(self, work: Callable[[ClientSession], T]) -> T:
        """Run `work` in one transaction; transient errors run it again, so it must touch only the store.

        Returns what `work` returned. Gives up after TRANSACTION_SECONDS with one of UNAVAILABLE. Raises OutcomeUnknown
        if a restarted store no longer knows the commit; a further run of `work` could then meet its own rows.
        """
        end = time.monotonic() + TRANSACTION_SECONDS
        with timeout(TRANSACTION_SECONDS), self.client.start_session() as session:
            result = _committed(session, work, end)
        for nudge in self._after_commit:
            nudge()
        return result

    def put(self, collection: str, row: Document) -> Document:
        """Insert a row outside of any transaction, and return the row that now has its `_id`: this or an earlier one.

        An insert that the driver sent twice (its answer was lost, the store was restarted) counts as one. Raises
        DuplicateKeyError if another unique key is taken.
        """
        try:
            self[collection].insert_one(row)
        except DuplicateKeyError:
            held = self[collection].find_one({"_id": row["_id"]})
            if held is None:
                raise
            return held
        return row

    def add(self, collection: str, row: Document) -> bool:
        """Insert a row outside of any transaction; False if another row has its `_id`.

        An insert that the driver sent twice counts as one (a token in the row). Raises DuplicateKeyError as `put` does.
        """
        token = uuid4().hex
        return self.put(collection, {**row, TAKEN_AS: token}).get(TAKEN_AS) == token

    def take(
        self, collection: str, wanted: Document, change: Document, *, sort: Sort = None, session: Session = None
    ) -> Document | None:
        """Atomically change the first row, by `sort`, that matches `wanted`; return it changed, None if none matches.

        It does what `findAndModify` does: the row is found through an index, then changed by `_id` if it still matches
        and has not changed meanwhile, so that concurrent callers follow one another. `wanted` must name an indexed
        field. Also None if another caller changed the row again before it was read back. Raises Contended.
        """
        token = uuid4().hex
        before = self._take(collection, wanted, change, token, sort, session)
        return before and self[collection].find_one({"_id": before["_id"], TAKEN_AS: token}, session=session)

    def take_before(
        self, collection: str, wanted: Document, change: Document, *, sort: Sort = None, session: Session = None
    ) -> Document | None:
        """As `take`, but return the row as it was before the change, which saves a read. Raises Contended."""
        return self._take(collection, wanted, change, uuid4().hex, sort, session)

    def take_or_add(self, collection: str, row: Document, change: Document) -> Document | None:
        """Change the row with the `_id` of `row`, or insert `row` if there is none: an upsert outside of transactions.

        Returns the row as it was before, None if it was inserted. Raises Contended.
        """
        for _ in range(MOST_TRIES):
            before = self.take_before(collection, {"_id": row["_id"]}, change)
            if before is not None or self.add(collection, row):
                return before
        raise Contended(collection)

    def newest(self, collection: str, wanted: Document, before: Any, most: int) -> list[Document]:
        """Up to `most` of the rows that match, by `_id` descending from below `before` (None: from the newest).

        Raises ValueError as `oldest` does.
        """
        return self._page(collection, wanted, {"_id": {"$lt": before}} if before else {}, -1, most)

    def oldest(self, collection: str, wanted: Document, after: Any, most: int) -> list[Document]:
        """Up to `most` of the rows that match, by `_id` ascending from above `after` (None: from the oldest).

        `wanted` must narrow a field whose index ends in `_id` (see `narrows`): a range of `_id` alone reads the whole
        collection on the embedded store. Raises ValueError if it does not.
        """
        return self._page(collection, wanted, {"_id": {"$gt": after}} if after else {}, 1, most)

    def walk_back(
        self,
        collection: str,
        streams: Sequence[Document],
        instant: str,
        *,
        begin: datetime,
        end: datetime,
        after: str | None,
        most: int,
        keep: Callable[[Document], bool] = lambda row: True,
        width: timedelta = FIRST_WINDOW,
    ) -> tuple[list[Document], str | None]:
        """One page of rows from `end` back to `begin`, the newest first, and where the next page goes on (or None).

        `instant` is the field with a row's time. Each stream is one equality on a field whose index ends in `instant`,
        or empty where `instant` has an index of its own; a row of any stream that `keep` accepts is listed. Read in
        windows of time that follow the density of rows, since on the embedded store a query costs as much as rows
        match; `width` is the first. A page ends early when MOST_WALKED rows were read: it may be short, or empty, and
        still go on.
        Raises ValueError where `after` is not what an earlier page gave.
        """
        last = _position(after)
        high = last[0] if last else end
        high, kept, walked = min(high, end), list[Document](), 0
        while high >= begin:
            low = max(begin, high - width)
            span = {"$gte": low, "$lte": high}
            rows = {row["_id"]: row for each in streams for row in self[collection].find({**each, instant: span})}
            ordered = sorted(rows.values(), key=lambda row: (row[instant], row["_id"]), reverse=True)
            kept += [row for row in ordered if (last is None or (row[instant], row["_id"]) < last) and keep(row)]
            walked += len(rows)
            if len(kept) > most:
                return kept[:most], f"{kept[most - 1][instant].isoformat()}|{kept[most - 1]['_id']}"
            high = low - TICK
            if walked >= MOST_WALKED and high >= begin:
                return kept, f"{low.isoformat()}|"
            width = width * 4 if len(rows) < FEW else width / 4 if len(rows) > MANY else width
        return kept, None

    def hand_over(self, collection: str, field: str, old: Any, new: Any) -> bool:
        """Set an indexed field from `old` to `new` in up to HANDED_OVER rows; True once no row is left.

        Idempotent, however often it is cut off: a row that was moved is not met again.
        """
        rows = [row["_id"] for row in self[collection].find({field: old}, {"_id": 1}).limit(HANDED_OVER)]
        if rows:
            self[collection].update_many({"_id": {"$in": rows}, field: old}, {"$set": {field: new}})
        return len(rows) < HANDED_OVER

    def claim(self, collection: str, wanted: Document, now: datetime) -> Document | None:
        """Lease the matching row that has been due longest, for LEASE_SECONDS, and return it; None if none is due.

        The row has `due_at`, `attempts` and `lease: {until, fence}`. A lease adds 1 to the fence (a fencing token), and
        the write that ends it must match the fence: a worker whose lease has expired and passed on changes nothing.
        """
        free = {**wanted, "due_at": due_by(now), "lease.until": {"$lte": now}}
        lease = {
            "$set": {"lease.until": now + timedelta(seconds=LEASE_SECONDS)},
            "$inc": {"lease.fence": 1, "attempts": 1},
        }
        return self.take(collection, free, lease, sort=[("due_at", 1)])

    @staticmethod
    def leasable(due_at: datetime) -> Document:
        """The fields that a new row needs for `claim`: due at `due_at`, never leased."""
        return {"due_at": due_at, "attempts": 0, "lease": {"until": due_at, "fence": 0}}

    def _take(
        self, collection: str, wanted: Document, change: Document, token: str, sort: Sort, session: Session
    ) -> Document | None:
        """Change one row as `take` does, and return it as it was before.

        Optimistic locking: each change writes a token of its own, and matches only while the token is the one that was
        read. So no concurrent change is lost; and an update that the driver sent twice, to a store that was restarted
        in between, changes nothing the second time and is recognised by its token.
        """
        table = self[collection]
        taken = {**change, "$set": {**change.get("$set", {}), TAKEN_AS: token}}
        for _ in range(MOST_TRIES):
            row = table.find_one(wanted, sort=sort, session=session)
            if row is None:
                return None
            same = {"_id": row["_id"], **wanted, TAKEN_AS: row.get(TAKEN_AS)}  # the embedded store reads by the first
            if table.update_one(same, taken, session=session).matched_count == 1:
                return row
            if table.find_one({"_id": row["_id"], TAKEN_AS: token}, {"_id": 1}, session=session) is not None:
                return row
        raise Contended(f"{collection}: every try to take a row was lost to somebody else")

    def _page(self, collection: str, wanted: Document, rest: Document, direction: int, most: int) -> list[Document]:
        if not any(narrows(value) for field, value in wanted.items() if field != "_id"):
            raise ValueError(f"a page of {collection} needs an equality on an indexed field")
        return list(self[collection].find({**wanted, **rest}).sort("_id", direction).limit(most))

    def probe(self, seconds: float = PROBE_SECONDS) -> None:
        """Check that the store takes a write within `seconds`. Raises one of UNAVAILABLE."""
        with timeout(seconds):
            self["health"].update_one({"_id": "probe"}, {"$inc": {"n": 1}}, upsert=True)

    def close(self) -> None:
        """Close the connections, within CLOSE_SECONDS if the store is gone (the driver waits to end its sessions)."""
        with timeout(CLOSE_SECONDS):
            self.client.close()


def _position(after: str | None) -> tuple[datetime, str] | None:
    """Where a page of `walk_back` ended: the instant and the id of its last row. Raises ValueError."""
    if not after:
        return None
    instant, _, row_id = after.partition("|")
    try:
        return datetime.fromisoformat(instant).astimezone(UTC), row_id
    except OverflowError as error:  # a year that UTC does not have
        raise ValueError(after) from error


def due_by(now: datetime) -> Document:
    """A filter for instants up to `now`, on an indexed field.

    It has a lower bound, since without one the embedded store reads all rows whose field is null too.
    """
    return {"$gt": EARLIEST, "$lte": now}


def narrows(value: Any) -> bool:
    """Whether a condition on an indexed field reads only the rows that match: equality, `$in`, or a closed range."""
    if not isinstance(value, dict) or not any(str(key).startswith("$") for key in value):
        return True
    return not value.keys().isdisjoint({"$eq", "$in"}) or (
        not value.keys().isdisjoint({"$gt", "$gte"}) and not value.keys().isdisjoint({"$lt", "$lte"})
    )


def _committed(session: ClientSession, work: Callable[[ClientSession], T], end: float) -> T:
    """Run `work` and commit; after a transient error run it again until `end` (monotonic). Returns its result."""
    while True:
        session.start_transaction()
        try:
            result = work(session)
            _commit(session, end)
            return result
        except BaseException as error:
            if session.in_transaction:
                session.abort_transaction()
            again = isinstance(error, PyMongoError) and error.has_error_label(TRANSIENT)
            if not again or time.monotonic() > end:
                raise


def _commit(session: ClientSession, end: float) -> None:
    """Commit, and retry while the outcome is unknown, until `end` (monotonic). Raises OutcomeUnknown."""
    while True:
        try:
            return session.commit_transaction()
        except PyMongoError as error:
            if isinstance(error, OperationFailure) and error.code == NO_SUCH_TRANSACTION:
                raise OutcomeUnknown("the store does not know the transaction any more") from error
            if not error.has_error_label(UNKNOWN) or time.monotonic() > end:
                raise
