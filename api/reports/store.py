"""The collection `reports`."""

from datetime import datetime
from typing import Any

from api.storage.database import Database, Document, Index

INDEXES: list[Index] = [
    ("reports", [("state", 1), ("_id", 1)], {}),
    ("reports", [("origin", 1), ("at", 1)], {}),
    ("reports", [("by", 1), ("_id", 1)], {}),
]
BLIND = [("reports", "origin")]
SEALED = [("reports", ("text",))]


class ReportStore:
    """Reports. `origin` is a blind index of the reporter, kept while a report is open; `by` gets the notice."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def add(self, session: Any, row: Document) -> None:
        """Insert a report."""
        self._db["reports"].insert_one(row, session=session)

    def report(self, report_id: str) -> Document | None:
        """A report by id."""
        return self._db["reports"].find_one({"_id": report_id})

    def count_since(self, origin: str, since: datetime) -> int:
        """How many reports this origin has sent since an instant."""
        return self._db["reports"].count_documents({"origin": origin, "at": {"$gt": since}})

    def listed(self, state: str, after: str | None, most: int) -> list[Document]:
        """Up to `most` reports in a state, the oldest first, that come after `after`."""
        return self._db.oldest("reports", {"state": state}, after, most)

    def open(self) -> list[Document]:
        """All open reports, the oldest first."""
        return list(self._db["reports"].find({"state": "open"}, {"about": 1, "at": 1}).sort("_id", 1))

    def of(self, by: str) -> list[Document]:
        """All reports of a person, the oldest first."""
        return list(self._db["reports"].find({"by": by}).sort("_id", 1))

    def settle(self, session: Any, report_id: str, settlement: Document) -> Document | None:
        """Settle an open report and return it as it was; None if it is not open."""
        change = {"$set": {"state": "settled", **settlement}}
        return self._db.take_before("reports", {"_id": report_id, "state": "open"}, change, session=session)

    def forget(self, by: str) -> None:
        """Remove reporter and origin from all reports of a person."""
        self._db["reports"].update_many({"by": by}, {"$set": {"by": None, "origin": None}})
