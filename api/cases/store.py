"""The collections `cases` (snapshots for reading) and `case_actions` (appended, the truth)."""

from typing import Any

from pymongo.errors import DuplicateKeyError

from api.storage.database import Database, Document, Index

INDEXES: list[Index] = [
    ("cases", [("number", 1)], {"unique": True}),
    ("cases", [("owner", 1), ("_id", -1)], {}),
    ("cases", [("principal", 1), ("_id", -1)], {}),
    ("cases", [("state", 1), ("_id", -1)], {}),
    ("cases", [("desk", 1), ("state", 1), ("_id", -1)], {}),
    ("cases", [("department", 1), ("state", 1), ("_id", -1)], {}),
    ("cases", [("uploads", 1)], {}),
    ("case_actions", [("case", 1), ("seq", 1)], {"unique": True}),
]

SEALED = [("cases", ("answers", "situation", "delivery", "receipt")), ("case_actions", ("data",))]


class NumberTaken(Exception):
    """The random case number exists already: draw another."""


class CaseStore:
    """Cases and their actions."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def add(self, session: Any, case: Document, action: Document) -> None:
        """Keep a new case with its first action. Raises NumberTaken."""
        try:
            self._db["cases"].insert_one(case, session=session)
        except DuplicateKeyError as error:
            if "number" in (error.details or {}).get("keyPattern", {}):
                raise NumberTaken from None
            raise
        self._db["case_actions"].insert_one(action, session=session)

    def append(self, session: Any, action: Document, snapshot: Document) -> bool:
        """Append one action and renew the snapshot; False where somebody appended meanwhile."""
        wanted = {"_id": action["case"], "version": action["seq"] - 1}
        done = self._db["cases"].update_one(wanted, {"$set": {**snapshot, "version": action["seq"]}}, session=session)
        if done.modified_count != 1:
            return False
        self._db["case_actions"].insert_one(action, session=session)
        return True

    def by_number(self, number: str) -> Document | None:
        """A case by its number."""
        return self._db["cases"].find_one({"number": number})

    def by_id(self, case_id: str) -> Document | None:
        """A case by its id."""
        return self._db["cases"].find_one({"_id": case_id})

    def with_file(self, upload: str) -> list[Document]:
        """The cases that a file was handed in with."""
        return list(self._db["cases"].find({"uploads": upload}))

    def unplaced(self, limit: int) -> list[Document]:
        """Cases of a release that knew no places: no desk, no department, no list of files."""
        return list(self._db["cases"].find({"desk": None}).limit(limit))

    def place(self, case_id: str, place: Document) -> None:
        """Say where an unplaced case lies; one that has a place keeps it."""
        self._db["cases"].update_one({"_id": case_id, "desk": None}, {"$set": place})

    def actions(self, case_id: str) -> list[Document]:
        """All actions of a case in their order."""
        return list(self._db["case_actions"].find({"case": case_id}).sort("seq", 1))

    def list(self, wanted: Document, after: str | None, limit: int) -> list[Document]:
        """Cases, newest first, one more than `limit` to tell whether there are more."""
        if after:
            wanted = {**wanted, "_id": {"$lt": after}}
        return list(self._db["cases"].find(wanted).sort("_id", -1).limit(limit + 1))
