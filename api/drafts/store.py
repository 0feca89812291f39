"""The collection `drafts`: a stored document is read into a `Draft` here and nowhere else."""

from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from api.drafts.draft import Draft, MatterVersion, uploads
from api.storage.database import Database, Document, Index, Upgrade

INDEXES: list[Index] = [
    ("drafts", [("owner", 1), ("_id", -1)], {}),
    ("drafts", [("uploads", 1)], {}),
    ("drafts", [("without_end", 1)], {}),
]

SEALED = [("drafts", ("answers", "situation", "delivery"))]

UPGRADES: list[Upgrade] = [
    ("drafts", lambda draft, seal: {"uploads": uploads(draft["materials"])}, ()),
    ("drafts", lambda draft, seal: {} if draft["case"] else {"without_end": True}, ()),
]
"""Version 3: a draft ends. Those of earlier releases had no end: `DraftKeeping.keep_older` gives them one."""
VERSION = 1 + len(UPGRADES)


class DraftStore:
    """Drafts. Each has a version, which a change must match."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def add(self, session: Any, draft: Draft) -> None:
        """Insert a new draft."""
        self._db["drafts"].insert_one({"_id": draft.id, "v": VERSION, **_document(draft)}, session=session)

    def draft(self, draft_id: str) -> Draft | None:
        """A draft by id."""
        row = self._db["drafts"].find_one({"_id": draft_id})
        return _record(row) if row else None

    def of(self, owner: str, after: str | None, limit: int) -> list[Draft]:
        """A person's unsubmitted drafts, newest first, up to `limit`."""
        wanted = {"owner": owner, "case": None}
        return [_record(row) for row in self._db.newest("drafts", wanted, after, limit)]

    def change(self, before: Draft, after: Draft, session: Any = None) -> Draft | None:
        """Write the fields that differ between the two, add 1 to the version, and return the draft as stored.

        With a new end its reminders are written too, since one of the old end may be noted meanwhile. None if the draft
        has been submitted, or its version is not that of `before`.
        """
        earlier, later = _document(before), _document(after)
        change = {field: value for field, value in later.items() if field not in earlier or earlier[field] != value}
        if "kept_until" in change:
            change["reminded"] = later["reminded"]
        wanted = {"_id": before.id, "version": before.version, "case": None}
        update = {"$inc": {"version": 1}, **({"$set": change} if change else {})}
        written = self._db["drafts"].update_one(wanted, update, session=session)
        return replace(after, version=before.version + 1) if written.modified_count == 1 else None

    def uses(self, upload: str, other_than: str | None = None) -> bool:
        """Whether an upload is bound to an unsubmitted draft, `other_than` that of this id."""
        rows = self._db["drafts"].find({"uploads": upload, "case": None}, {"_id": 1}).limit(2)
        return any(row["_id"] != other_than for row in rows)

    def drop(self, draft: Draft) -> bool:
        """Delete a draft; False if it was changed, submitted or deleted meanwhile."""
        return self._db["drafts"].delete_one(_same(draft)).deleted_count == 1

    def without_end(self, limit: int) -> list[Draft]:
        """Up to `limit` unsubmitted drafts of earlier releases that have no end yet."""
        return [_record(row) for row in self._db["drafts"].find({"without_end": True}).limit(limit)]

    def give_end(self, draft_id: str, end: datetime) -> None:
        """Set the end of a draft of an earlier release, unless a change has set one."""
        older = {"_id": draft_id, "kept_until": None}
        self._db["drafts"].update_one(older, {"$set": {"kept_until": end, "reminded": []}})
        self._db["drafts"].update_one({"_id": draft_id}, {"$unset": {"without_end": ""}})

    def keep_longer(self, draft: Draft, end: datetime) -> None:
        """Move the end of a draft that nobody has changed meanwhile. No version is added: nothing of it is changed."""
        self._db["drafts"].update_one(_same(draft), {"$set": {"kept_until": end, "reminded": []}})

    def reminded(self, draft: Draft, days: int) -> None:
        """Note that its owner was reminded of the end that it has, so many days before."""
        self._db["drafts"].update_one(_same(draft), {"$set": {"reminded": [*draft.reminded, days]}})

    def drop_of(self, owner: str) -> None:
        """Delete all unsubmitted drafts of a person."""
        self._db["drafts"].delete_many({"owner": owner, "case": None})


def _same(draft: Draft) -> Document:
    """The filter for a draft that was neither changed nor submitted since it was read."""
    return {"_id": draft.id, "version": draft.version, "case": None}


def _record(row: Document) -> Draft:
    """A draft from its document. Earlier releases wrote no mandate, conversation, situation, deferral or promise."""
    return Draft(
        id=row["_id"],
        version=row["version"],
        owner=row["owner"],
        matter=MatterVersion(row["matter"]["code"], row["matter"]["name"], row["matter"]["version"]),
        answers=row["answers"],
        situation=row.get("situation"),
        delivery=row["delivery"],
        materials=row["materials"],
        case=row["case"],
        mandate=row.get("mandate"),
        talk=row.get("talk"),
        moved=row.get("moved"),
        deferral=row.get("deferral"),
        promise=row.get("promise"),
        created_at=row["created_at"],
        updated_at=row["updated_at"],
        kept_until=row.get("kept_until"),
        reminded=tuple(row.get("reminded", ())),
        taken=tuple(row.get("taken", ())),
        aided=row.get("aided"),
    )


def _document(draft: Draft) -> Document:
    """The stored fields without `_id` and `v`; `moved` only where there is something to say."""
    document = asdict(draft)
    del document["id"]
    document.update(reminded=list(draft.reminded), taken=list(draft.taken))
    if draft.moved is None:
        del document["moved"]
    return {**document, "uploads": uploads(draft.materials)}
