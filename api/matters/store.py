"""The collections `matters`, one row a version, and `catalogue`, whose one row says how often it was changed."""

from collections.abc import Iterable
from typing import Any

from pymongo import UpdateOne

from api.database import Database, Document, Index

INDEXES: list[Index] = []
"""None: the versions are few, always read whole, and found by `_id`."""


class MatterStore:
    """Versions of matters as rows. Every change raises the revision that all processes follow."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def revision(self) -> int:
        """How often the catalogue was changed; 0 before anything was loaded."""
        row = self._db["catalogue"].find_one({"_id": "current"})
        return row["revision"] if row else 0

    def versions(self) -> list[Document]:
        """Every version of every matter, by code and version."""
        return list(self._db["matters"].find({}).sort([("code", 1), ("version", 1)]))

    def add(self, records: Iterable[Document], session: Any = None) -> int:
        """Add versions that are not there yet, and say how many those were. One that is there is never changed."""
        writes = [
            UpdateOne({"_id": _id(record)}, {"$setOnInsert": {"v": 1, **record}}, upsert=True) for record in records
        ]
        added = self._db["matters"].bulk_write(writes, session=session).upserted_count
        if added:
            self._db["catalogue"].update_one(
                {"_id": "current"}, {"$inc": {"revision": 1}}, upsert=True, session=session
            )
        return added


def _id(record: Document) -> str:
    return f"{record['code']}/{record['version']}"
