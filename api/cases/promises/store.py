"""The collection `broken_promises`: promises that were broken in our own cases, each until a supervisor lifts it."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from api.storage.database import Database, Document, Index

INDEXES: list[Index] = [
    ("broken_promises", [("citizen", 1), ("_id", -1)], {}),
    ("broken_promises", [("person", 1), ("_id", -1)], {}),
    ("broken_promises", [("state", 1), ("_id", -1)], {}),
]
BLIND = [("broken_promises", "person")]
SEALED = [("broken_promises", ("lifted_for",))]


@dataclass(frozen=True)
class BrokenPromise:
    """A promise that was not kept: of which case and kind (deferral, promise), and whether it stands or was lifted.

    `citizen` is the account of who promised for themselves, `person` the blind index of the person's number if that was
    verified; of an agent's case only the principal's. `lifted_for` is the reason, sealed.
    """

    id: str
    citizen: str | None
    person: str | list[str] | None
    case: str
    number: str
    kind: str
    at: datetime
    state: str = "standing"
    lifted_at: datetime | None = None
    lifted_by: str | None = None
    lifted_for: str | None = None


class BrokenPromiseStore:
    """Broken promises; the id is that of the case and the kind, so that one is written once."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def add(self, session: Any, promise: BrokenPromise) -> None:
        """Insert a broken promise, in the transaction of what broke it."""
        row = asdict(promise)
        self._db["broken_promises"].insert_one({"_id": row.pop("id"), "v": 1, **row}, session=session)

    def by_id(self, promise_id: str) -> BrokenPromise | None:
        """A broken promise by its id."""
        row = self._db["broken_promises"].find_one({"_id": promise_id})
        return _record(row) if row else None

    def stands(self, field: str, value: str) -> bool:
        """Whether one with this `citizen` or `person` has not been lifted."""
        wanted = {field: value, "state": "standing"}
        return self._db["broken_promises"].find_one(wanted, {"_id": 1}) is not None

    def listed(self, state: str, before: str | None, most: int) -> list[BrokenPromise]:
        """Up to `most` in a state, the newest first."""
        return [_record(row) for row in self._db.newest("broken_promises", {"state": state}, before, most)]

    def of(self, citizen: str, before: str | None, most: int) -> list[BrokenPromise]:
        """Up to `most` of an account, the newest first."""
        return [_record(row) for row in self._db.newest("broken_promises", {"citizen": citizen}, before, most)]

    def lift(self, session: Any, promise_id: str, change: Document) -> bool:
        """Lift a standing one; False if it was lifted before."""
        wanted = {"_id": promise_id, "state": "standing"}
        change = {"$set": {"state": "lifted", **change}}
        return self._db["broken_promises"].update_one(wanted, change, session=session).modified_count == 1


def _record(row: Document) -> BrokenPromise:
    fields = {name: row[name] for name in row if name not in {"_id", "v"}}
    return BrokenPromise(id=row["_id"], **fields)
