"""Opens MongoDB; collections, indexes, the one transaction helper and the one lease."""

import time
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any, TypeVar

from pymongo import MongoClient, ReturnDocument, timeout
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

NO_SUCH_TRANSACTION = 251
UNKNOWN, TRANSIENT = "UnknownTransactionCommitResult", "TransientTransactionError"
"""Labels that the server puts on errors (MongoDB's specification of driver transactions)."""


class OutcomeUnknown(ConnectionFailure):
    """All of a transaction is in the store or nothing of it; which of the two is for the caller's next look."""


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

    def claim(self, collection: str, wanted: Document, now: datetime) -> Document | None:
        """Lease the one that is due longest, or None.

        The row carries `due_at`, `attempts` and `lease: {until, fence}`. Who finishes must name the fence it was
        given: a worker that was thought dead and comes back late finds a higher one and changes nothing.
        """
        free = {**wanted, "due_at": {"$lte": now}, "lease.until": {"$lte": now}}
        taken = {
            "$set": {"lease.until": now + timedelta(seconds=LEASE_SECONDS)},
            "$inc": {"lease.fence": 1, "attempts": 1},
        }
        return self[collection].find_one_and_update(
            free, taken, sort=[("due_at", 1)], return_document=ReturnDocument.AFTER
        )

    @staticmethod
    def leasable(due_at: datetime) -> Document:
        """The fields of a new row that `claim` can lease."""
        return {"due_at": due_at, "attempts": 0, "lease": {"until": due_at, "fence": 0}}

    def probe(self, seconds: float = PROBE_SECONDS) -> None:
        """Whether the store takes a write within `seconds`; raises one of UNAVAILABLE where it does not."""
        with timeout(seconds):
            self["health"].update_one({"_id": "probe"}, {"$inc": {"n": 1}}, upsert=True)

    def close(self) -> None:
        """Close the connections, soon too where the store is gone: it would be looked for to end its sessions."""
        with timeout(CLOSE_SECONDS):
            self.client.close()


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
