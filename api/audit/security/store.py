"""The collections `alarms` (when each act rang last) and `installation_state` (what it was like last)."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from api.storage.database import Database, Document, Index

INDEXES: list[Index] = [
    ("alarms", [("at", 1)], {}),
    ("alarms", [("delete_at", 1)], {"expireAfterSeconds": 0}),
    ("installation_state", [("at", 1)], {}),
]

SMALL = {"installation_state": "one row"}

KEPT = timedelta(days=400)


class AlarmStore:
    """The alarms that rang; and the state of the installation, to notice its changes."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def last_rings(self, acts: Iterable[str]) -> dict[str, datetime]:
        """By act: when it rang last, for those that did."""
        rows = self._db["alarms"].find({"_id": {"$in": list(acts)}}, {"at": 1})
        return {row["_id"]: row["at"] for row in rows}

    def ring(self, act: str, count: int, last: datetime | None, now: datetime) -> bool:
        """Record that an act rings now which rang at `last`, or never; False if some process has recorded it before."""
        row = {"v": 1, "act": act, "count": count, "at": now, "delete_at": now + KEPT}
        if last is None:
            return self._db.add("alarms", {"_id": act, **row})
        return self._db["alarms"].update_one({"_id": act, "at": last}, {"$set": row}).modified_count == 1

    def installation(self) -> Document:
        """By name: what the installation was like when it was last looked at."""
        return self._db["installation_state"].find_one({"_id": "installation"}) or {}

    def set_installation(self, state: dict[str, Any], now: datetime) -> None:
        """Record what the installation is like now."""
        change = {"$set": {"v": 1, "at": now, **state}}
        self._db["installation_state"].update_one({"_id": "installation"}, change, upsert=True)
