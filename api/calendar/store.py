"""The collections `calendar_exceptions` (what holds), `calendar_changes` (what was changed, by whom) and `calendar`."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from pymongo.errors import DuplicateKeyError

from api.storage.database import Database, Document, Index

INDEXES: list[Index] = []
CALENDAR = "calendar"

SMALL = {"calendar_exceptions": "some ten days a year"}


class CalendarStore:
    """Dated exceptions to the published calendar, by official notice only; all of them share one version."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def version(self) -> int:
        """The version of the exceptions: the number of changes so far."""
        row = self._db["calendar"].find_one({"_id": CALENDAR})
        return row["version"] if row else 0

    def exceptions(self) -> dict[str, Document]:
        """All exceptions, by ISO date: `kind` (rest, work) and `notice`."""
        return {row["_id"]: row for row in self._db["calendar_exceptions"].find()}

    def change(self, session: Any, version: int, items: Iterable[Document], by: str, at: datetime) -> bool:
        """Set exceptions, or remove those without a `kind`; False if the version has changed."""
        listed = list(items)
        wanted, next_version = {"_id": CALENDAR, "version": version}, {"$set": {"version": version + 1, "v": 1}}
        try:
            done = self._db["calendar"].update_one(wanted, next_version, upsert=version == 0, session=session)
        except DuplicateKeyError:
            return False
        if not (done.matched_count or done.upserted_id):
            return False
        for item in listed:
            where = {"_id": item["date"]}
            if item["kind"] is None:
                self._db["calendar_exceptions"].delete_one(where, session=session)
                continue
            row = {"v": 1, "kind": item["kind"], "notice": item["notice"], "by": by, "at": at}
            self._db["calendar_exceptions"].update_one(where, {"$set": row}, upsert=True, session=session)
        change = {"_id": version + 1, "v": 1, "items": listed, "by": by, "at": at}
        self._db["calendar_changes"].insert_one(change, session=session)
        return True
