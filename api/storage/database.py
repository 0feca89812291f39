"""MongoDB opened; its indexes, transactions and leases, and the one way to take a row and to page.

Nothing here, and nothing in a store, calls `findAndModify`: on the embedded store it reads the whole collection.
"""

import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from uuid import uuid4

from pymongo import MongoClient, timeout
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
MOST_TRIES = 200
"""How often a row is tried to be taken: each failure means that somebody else took it."""

NO_SUCH_TRANSACTION = 251
UNKNOWN, TRANSIENT = "UnknownTransactionCommitResult", "TransientTransactionError"
"""Labels that the server puts on errors (MongoDB's specification of driver transactions)."""


class OutcomeUnknown(ConnectionFailure):
    """All of a transaction is in the store or nothing of it; which of the two is for the caller's next look."""


class Contended(ConnectionFailure):
    """So many want the same row that this one never got it; nothing was changed."""


UNAVAILABLE = (ConnectionFailure, ExecutionTimeout, NetworkTimeout, WTimeoutError)
"""The driver's errors that mean: the store does not answer, try again."""

Index = tuple[str, list[tuple[str, int]], dict[str, Any]]
"""Collection, keys, options. Every store lists its own as INDEXES."""

Upgrade = tuple[str, Callable[[Document], Document], tuple[str, ...]]
"""Collection; what is to be set in a document of the version before (expand); the fields that are taken away once no
older process reads them (contract). A store lists its own, oldest first, as UPGRADES: see operations/migration.py."""


class StoreUnfit(CannotStart):
    """The server of MONGODB_URI cannot be used; the message says why and what to do, and holds no password."""


class Database:
    """One MongoDB database. Writes are acknowledged by a majority and journaled before anyone is told."""

    def __init__(self, uri: str, name: str, most_connections: int = MOST_CONNECTIONS) -> None:
        try:
            self.client: MongoClient[Document] = MongoClient(
                uri,
                w="majority",
                journal=True,
                readConcernLevel="majority",
                retryWrites=True,
                tz_aware=True,
                timeoutMS=TIMEOUT_MS,
                maxPoolSize=most_connections,
                maxIdleTimeMS=IDLE_MS,
            )
        except (ConfigurationError, InvalidURI, ValueError) as error:
            raise StoreUnfit(f"MONGODB_URI cannot be read: {error}") from None
        self.handle = self.client[name]
        self._after_commit: list[Callable[[], None]] = []

    def __getitem__(self, name: str) -> Collection[Document]:
        return self.handle[name]

    def require_replica_set(self) -> None:
        """Look, before anything else, whether the server can do what is asked of it. Raises StoreUnfit."""
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
        """Make the indexes that are not there yet."""
        for collection, keys, options in indexes:
            self[collection].create_index(keys, **options)

    def after_commit(self, nudge: Callable[[], None]) -> None:
        """Call `nudge` after every committed transaction, e.g. to wake the dispatcher."""
        self._after_commit.append(nudge)

    def transact(self, work: Callable[[ClientSession], T]) -> T:
        """Run `work` in one transaction; transient errors run it again, so it must touch only the store.

        Gives up after TRANSACTION_SECONDS with one of UNAVAILABLE. Raises OutcomeUnknown where a store that was
        started again no longer knows the commit; running `work` once more would then meet its own rows.
        """
        end = time.monotonic() + TRANSACTION_SECONDS
        with timeout(TRANSACTION_SECONDS), self.client.start_session() as session:
            result = _committed(session, work, end)
        for nudge in self._after_commit:
            nudge()
        return result

    def put(self, collection: str, row: Document) -> Document:
        """Insert a row outside of any transaction, and give what lies under its `_id`: this row, or who came first.

        The driver repeats an insert whose answer was lost, and a store that died meanwhile does not know the repeat for
        one: it then meets the row that it has just written. Raises DuplicateKeyError where another unique key is taken.
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

        An insert that the driver sent twice is recognised by its token. Raises DuplicateKeyError as `put` does.
        """
        token = uuid4().hex
        return self.put(collection, {**row, TAKEN_AS: token}).get(TAKEN_AS) == token

    def take(
        self, collection: str, wanted: Document, change: Document, *, sort: Sort = None, session: Session = None
    ) -> Document | None:
        """Change one row that matches `wanted`, the first by `sort`, and return it as it is then; None if none matches.

        Several who want one row take it one after the other, as with `findAndModify`: the row is found through an
        index, then changed by `_id` if it still matches and nobody else took it. `wanted` must name an indexed field.
        None, too, if somebody else took this very row again before it was read. Raises Contended.
        """
        token = uuid4().hex
        before = self._take(collection, wanted, change, token, sort, session)
        return before and self[collection].find_one({"_id": before["_id"], TAKEN_AS: token}, session=session)

    def take_before(
        self, collection: str, wanted: Document, change: Document, *, sort: Sort = None, session: Session = None
    ) -> Document | None:
        """As `take`, but return the row as it was before the change. One read less. Raises Contended."""
        return self._take(collection, wanted, change, uuid4().hex, sort, session)

    def take_or_add(self, collection: str, row: Document, change: Document) -> Document | None:
        """Change the row with the `_id` of `row` and return it as it was before; if there is none, insert `row`: None.

        An upsert for use outside of a transaction. Raises Contended.
        """
        for _ in range(MOST_TRIES):
            before = self.take_before(collection, {"_id": row["_id"]}, change)
            if before is not None or self.add(collection, row):
                return before
        raise Contended(collection)

    def newest(self, collection: str, wanted: Document, before: Any, most: int) -> list[Document]:
        """Up to `most` of the rows that match, by `_id` descending from below `before` (None: from the newest).

        Raises ValueError if `wanted` has no equality: see `oldest`.
        """
        return self._page(collection, wanted, {"_id": {"$lt": before}} if before else {}, -1, most)

    def oldest(self, collection: str, wanted: Document, after: Any, most: int) -> list[Document]:
        """Up to `most` of the rows that match, by `_id` ascending from above `after` (None: from the oldest).

        `wanted` must hold an equality on a field whose index ends in `_id`: a range of `_id` alone reads the whole
        collection on the embedded store. Raises ValueError if it holds none.
        """
        return self._page(collection, wanted, {"_id": {"$gt": after}} if after else {}, 1, most)

    def claim(self, collection: str, wanted: Document, now: datetime) -> Document | None:
        """Lease the row that is due longest, or return None.

        The row carries `due_at`, `attempts` and `lease: {until, fence}`. Who finishes must name the fence that the row
        had when it was leased: a worker that was taken for dead and comes back late finds a higher one and changes
        nothing.
        """
        free = {**wanted, "due_at": due_by(now), "lease.until": {"$lte": now}}
        lease = {
            "$set": {"lease.until": now + timedelta(seconds=LEASE_SECONDS)},
            "$inc": {"lease.fence": 1, "attempts": 1},
        }
        return self.take(collection, free, lease, sort=[("due_at", 1)])

    @staticmethod
    def leasable(due_at: datetime) -> Document:
        """The fields of a new row that `claim` can lease."""
        return {"due_at": due_at, "attempts": 0, "lease": {"until": due_at, "fence": 0}}

    def _take(
        self, collection: str, wanted: Document, change: Document, token: str, sort: Sort, session: Session
    ) -> Document | None:
        """The row as it was before.

        Whoever takes a row leaves a token in it and takes only what still bears the token that it found. So no change
        by another falls between, and an update that the driver sent twice, to a store that was started again and does
        not know the repeat for one, changes nothing the second time and is recognised by its own token.
        """
        table = self[collection]
        taken = {**change, "$set": {**change.get("$set", {}), TAKEN_AS: token}}
        for _ in range(MOST_TRIES):
            row = table.find_one(wanted, sort=sort, session=session)
            if row is None:
                return None
            same = {**wanted, "_id": row["_id"], TAKEN_AS: row.get(TAKEN_AS)}
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
        """Whether the store takes a write within `seconds`; raises one of UNAVAILABLE where it does not."""
        with timeout(seconds):
            self["health"].update_one({"_id": "probe"}, {"$inc": {"n": 1}}, upsert=True)

    def close(self) -> None:
        """Close the connections, soon too where the store is gone: it would be looked for to end its sessions."""
        with timeout(CLOSE_SECONDS):
            self.client.close()


def due_by(now: datetime) -> Document:
    """The range of instants up to `now`, for a filter on an indexed field.

    It has a lower end since the embedded store reads a range from its end: without one, all rows whose field is null.
    """
    return {"$gt": EARLIEST, "$lte": now}


def narrows(value: Any) -> bool:
    """Whether a condition on an indexed field finds its rows without reading the others: an equality, `$in`, or a range
    with both ends."""
    if not isinstance(value, dict) or not any(str(key).startswith("$") for key in value):
        return True
    return not value.keys().isdisjoint({"$eq", "$in"}) or (
        not value.keys().isdisjoint({"$gt", "$gte"}) and not value.keys().isdisjoint({"$lt", "$lte"})
    )


def _committed(session: ClientSession, work: Callable[[ClientSession], T], end: float) -> T:
    """What `work` gave, committed; all of it again after a transient error."""
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
    """Commit, asking again as long as the outcome is unknown."""
    while True:
        try:
            return session.commit_transaction()
        except PyMongoError as error:
            if isinstance(error, OperationFailure) and error.code == NO_SUCH_TRANSACTION:
                raise OutcomeUnknown("the store does not know the transaction any more") from error
            if not error.has_error_label(UNKNOWN) or time.monotonic() > end:
                raise
