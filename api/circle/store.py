"""The collections `points` and `networks`, and `circle`, whose one row says what is current."""

from collections.abc import Iterable
from typing import Any

from pymongo import ReplaceOne

from api.database import Database, Document, Index

INDEXES: list[Index] = []
"""None: points and networks are few, always read whole, and found by `_id`."""


class CircleStore:
    """Points and networks as rows. Every change raises the revision that all processes follow."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def current(self) -> Document:
        """`{revision, generation}`: 0 and None before anything was loaded."""
        return {"revision": 0, "generation": None, **(self._db["circle"].find_one({"_id": "current"}) or {})}

    def points(self, session: Any = None) -> list[Document]:
        """All points, by id."""
        return list(self._db["points"].find({}, session=session).sort("_id", 1))

    def put_points(self, session: Any, rows: Iterable[Document]) -> None:
        """Write points whole, each under its `_id`."""
        self._db["points"].bulk_write([ReplaceOne({"_id": r["_id"]}, r, upsert=True) for r in rows], session=session)

    def networks(self) -> list[Document]:
        """All generations that were built, the newest first."""
        return list(self._db["networks"].find({}).sort("_id", -1))

    def add_network(self, session: Any, row: Document) -> None:
        """Keep what a generation was built from."""
        self._db["networks"].insert_one(row, session=session)

    def change(self, session: Any, **current: Any) -> None:
        """Raise the revision, and set e.g. `generation`."""
        change: Document = {"$inc": {"revision": 1}}
        if current:
            change["$set"] = current
        self._db["circle"].update_one({"_id": "current"}, change, upsert=True, session=session)
