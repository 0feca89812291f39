"""The collections `alarms` (which rang, by act and ten minutes) and `installation_state` (what it was like last)."""

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

    def ring(self, alarm_id: str, act: str, count: int, now: datetime) -> bool:
        """Record an alarm; False if some process has recorded it already."""
        row = {"_id": alarm_id, "v": 1, "act": act, "count": count, "at": now, "delete_at": now + KEPT}
        return self._db.add("alarms", row)

    def has_rung(self, alarm_id: str) -> bool:
        """Whether this alarm was recorded."""
        return self._db["alarms"].find_one({"_id": alarm_id}, {"_id": 1}) is not None

    def installation(self) -> Document:
        """By name: what the installation was like when it was last looked at."""
        return self._db["installation_state"].find_one({"_id": "installation"}) or {}

    def set_installation(self, state: dict[str, Any], now: datetime) -> None:
        """Record what the installation is like now."""
        change = {"$set": {"v": 1, "at": now, **state}}
        self._db["installation_state"].update_one({"_id": "installation"}, change, upsert=True)
