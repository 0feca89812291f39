"""The collection `drafts`."""

from typing import Any

from api.drafts.draft import uploads
from api.storage.database import Database, Document, Index, Upgrade

INDEXES: list[Index] = [("drafts", [("owner", 1), ("_id", -1)], {}), ("drafts", [("uploads", 1)], {})]

SEALED = [("drafts", ("answers", "situation", "delivery"))]

UPGRADES: list[Upgrade] = [("drafts", lambda draft: {"uploads": uploads(draft["materials"])}, ())]


class DraftStore:
    """Drafts, each with the version that a change must name."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def add(self, row: Document) -> None:
        """Keep a new draft."""
        self._db.put("drafts", row)

    def draft(self, draft_id: str) -> Document | None:
        """A draft by id."""
        return self._db["drafts"].find_one({"_id": draft_id})

    def of(self, owner: str, after: str | None, limit: int) -> list[Document]:
        """A person's unsubmitted drafts, newest first, one more than `limit` to tell whether there are more."""
        wanted: Document = {"owner": owner, "case": None}
        if after:
            wanted["_id"] = {"$lt": after}
        return list(self._db["drafts"].find(wanted).sort("_id", -1).limit(limit + 1))

    def change(self, draft_id: str, version: int, change: Document, session: Any = None) -> bool:
        """Change an unsubmitted draft that still has `version`; False where it has not."""
        wanted = {"_id": draft_id, "version": version, "case": None}
        done = self._db["drafts"].update_one(wanted, {"$set": change, "$inc": {"version": 1}}, session=session)
        return done.modified_count == 1

    def uses(self, upload: str) -> bool:
        """Whether an upload is bound to an unsubmitted draft."""
        return self._db["drafts"].find_one({"uploads": upload, "case": None}, {"_id": 1}) is not None

    def drop(self, draft_id: str) -> bool:
        """Forget an unsubmitted draft."""
        return self._db["drafts"].delete_one({"_id": draft_id, "case": None}).deleted_count == 1
