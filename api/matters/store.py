"""The collections `matters` (a row per published version), `matter_drafts`, and `catalogue`, whose one row holds the
revision: how often the published versions were changed.
"""

from collections.abc import Iterable
from typing import Any

from pymongo import UpdateOne
from pymongo.errors import DuplicateKeyError

from api.matters.catalogue.elements import lacking
from api.storage.database import Database, Document, Index, Upgrade

INDEXES: list[Index] = []
"""None: the versions are few, always read whole, and found by `_id`."""

UPGRADES: list[Upgrade] = [
    ("matters", lambda row, seal: lacking(row), ()),
    ("matter_drafts", lambda row, seal: {"entry": {**row["entry"], **lacking(row["entry"])}}, ()),
]
VERSION = 2

SMALL = {
    "matters": "the published versions of a district's catalogue, read whole when it changes",
    "matter_drafts": "what editors have in hand",
}


class MatterStore:
    """Versions of matters as rows. Every change adds 1 to the revision, by which processes know to reload."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def revision(self) -> int:
        """The revision: how often the catalogue was changed; 0 before anything was loaded."""
        row = self._db["catalogue"].find_one({"_id": "current"})
        return row["revision"] if row else 0

    def versions(self, session: Any = None, code: str | None = None) -> list[Document]:
        """Every version of every matter, or of one, by code and version."""
        wanted = {} if code is None else {"code": code}
        return list(self._db["matters"].find(wanted, session=session).sort([("code", 1), ("version", 1)]))

    def version(self, version_id: str, session: Any = None) -> Document | None:
        """One published version, by `code/version`."""
        return self._db["matters"].find_one({"_id": version_id}, session=session)

    def add(self, records: Iterable[Document], session: Any = None) -> int:
        """Add the versions that do not exist yet, and return their number. Existing ones are never changed."""
        writes = [
            UpdateOne({"_id": _id(record)}, {"$setOnInsert": {"v": VERSION, **record}}, upsert=True)
            for record in records
        ]
        added = self._db["matters"].bulk_write(writes, session=session).upserted_count
        if added:
            self._db["catalogue"].update_one(
                {"_id": "current"}, {"$inc": {"revision": 1}}, upsert=True, session=session
            )
        return added

    def drafts(self, session: Any = None) -> list[Document]:
        """Every draft, by code: `{_id, code, version, edit, entry, by, at, ref}`."""
        return list(self._db["matter_drafts"].find({}, session=session).sort("code", 1))

    def draft(self, draft_id: str, session: Any = None) -> Document | None:
        """One draft, by `code/version`."""
        return self._db["matter_drafts"].find_one({"_id": draft_id}, session=session)

    def add_draft(self, session: Any, row: Document) -> bool:
        """Add a draft; False if there is one of the same matter and number."""
        try:
            self._db["matter_drafts"].insert_one(row, session=session)
        except DuplicateKeyError:
            return False
        return True

    def change_draft(self, session: Any, draft_id: str, edit: int, fields: Document) -> None:
        """Set fields of a draft if its edit number is still `edit`."""
        self._db["matter_drafts"].update_one({"_id": draft_id, "edit": edit}, {"$set": fields}, session=session)

    def remove_draft(self, session: Any, draft_id: str) -> None:
        """Delete a draft."""
        self._db["matter_drafts"].delete_one({"_id": draft_id}, session=session)


def _id(record: Document) -> str:
    return f"{record['code']}/{record['version']}"
