"""The collections `points`, `point_versions`, `networks`, `network_builds` (what is being built), `circle` (what is
current), and GridFS `network_sources`.
"""

from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

from gridfs import GridFS
from pymongo import ReplaceOne

from api.storage.database import Database, Document, Index

PIECE_BYTES = 256 * 1024

INDEXES: list[Index] = [
    ("point_versions", [("point", 1), ("version", -1)], {}),
    ("point_versions", [("ref", 1)], {"sparse": True}),
    ("network_sources.files", [("filename", 1), ("uploadDate", 1)], {}),
    ("network_sources.chunks", [("files_id", 1), ("n", 1)], {"unique": True}),
]
"""None for points and networks: they are few, always read whole, and found by `_id`."""

SMALL = {
    "points": "the circle's service points, some hundreds, always read whole",
    "networks": "a street network per season",
    "network_builds": "what is being built at this moment",
}
WHOLE = {"put_source": "a street file per season; the driver's GridFS asks for any row before it makes its indexes"}


class CircleStore:
    """Points and networks as rows. Every change adds 1 to the revision, by which processes know to reload."""

    def __init__(self, database: Database) -> None:
        self._db = database
        self._sources = GridFS(database.handle, "network_sources")

    def current(self) -> Document:
        """`{revision, generation}`: 0 and None before anything was loaded."""
        return {"revision": 0, "generation": None, **(self._db["circle"].find_one({"_id": "current"}) or {})}

    def points(self, session: Any = None) -> list[Document]:
        """All points, by id."""
        return list(self._db["points"].find({}, session=session).sort("_id", 1))

    def put_points(self, session: Any, rows: Iterable[Document]) -> None:
        """Write points whole, each under its `_id`."""
        if writes := [ReplaceOne({"_id": row["_id"]}, row, upsert=True) for row in rows]:
            self._db["points"].bulk_write(writes, session=session)

    def remove_point(self, session: Any, point_id: str) -> None:
        """Delete a point; its versions stay."""
        self._db["points"].delete_one({"_id": point_id}, session=session)

    def add_versions(self, session: Any, rows: Iterable[Document]) -> None:
        """Add versions of points: `{_id, point, version, at, by, act, row}`."""
        self._db["point_versions"].insert_many(list(rows), session=session)

    def versions(self, point_id: str, before: int | None, most: int) -> list[Document]:
        """The versions of a point, the newest first: up to `most` of those before `before`."""
        wanted: Document = {"point": point_id}
        if before is not None:
            wanted["version"] = {"$lt": before}
        return list(self._db["point_versions"].find(wanted).sort("version", -1).limit(most))

    def last_versions(self, points: list[str], session: Any) -> dict[str, int]:
        """The number of the last version per point, deleted points included."""
        rows = self._db["point_versions"].find({"point": {"$in": points}}, {"point": 1, "version": 1}, session=session)
        return {row["point"]: row["version"] for row in rows.sort("version", 1)}

    def made_as(self, ref: str) -> str | None:
        """The id of the point that the request with this id added; None if it added none."""
        version = self._db["point_versions"].find_one({"ref": ref})
        return version["point"] if version else None

    def networks(self) -> list[Document]:
        """All generations that were built, the newest first."""
        return list(self._db["networks"].find({}).sort("_id", -1))

    def add_network(self, session: Any, row: Document) -> None:
        """Add the row of a generation that was built."""
        self._db["networks"].insert_one(row, session=session)

    def builds(self) -> list[Document]:
        """The builds that run or failed, the newest first."""
        return list(self._db["network_builds"].find({}).sort("_id", -1))

    def put_build(self, row: Document) -> None:
        """Write the progress of a build: `{_id, v, generation, file, host, state, began_at, at, …}`."""
        self._db["network_builds"].replace_one({"_id": row["_id"]}, row, upsert=True)

    def end_build(self, build_id: str) -> None:
        """Delete a build that has succeeded."""
        self._db["network_builds"].delete_one({"_id": build_id})

    def forget_builds(self, host: str, before: datetime) -> None:
        """Delete the builds of a host that failed, or whose last heartbeat was before an instant."""
        self._db["network_builds"].delete_many({"host": host, "$or": [{"state": "failed"}, {"at": {"$lt": before}}]})

    def put_source(self, digest: str, file: Path) -> None:
        """Store a street file for other hosts, under its SHA-256. Idempotent."""
        if self._sources.find_one({"filename": digest}) is None:
            with file.open("rb") as content:
                self._sources.put(content, filename=digest)

    def has_source(self, digest: str) -> bool:
        """Whether the street file with this SHA-256 is stored."""
        return self._sources.find_one({"filename": digest}) is not None

    def fetch_source(self, digest: str, to: Path, check: Callable[[], None] = lambda: None) -> bool:
        """Write a stored street file to a path; False if there is none. `check` is called at each piece, to raise."""
        kept = self._sources.find_one({"filename": digest})
        if kept is None:
            return False
        with to.open("wb") as file:
            while piece := kept.read(PIECE_BYTES):
                check()
                file.write(piece)
        return True

    def change(self, session: Any, **current: Any) -> None:
        """Add 1 to the revision, and set fields such as `generation`."""
        change: Document = {"$inc": {"revision": 1}}
        if current:
            change["$set"] = current
        self._db["circle"].update_one({"_id": "current"}, change, upsert=True, session=session)
