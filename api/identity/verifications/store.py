"""The collection `verifications`: who bound which account to an identity number or a phone number, where and when."""

from typing import Any

from api.storage.database import Database, Document, Index

INDEXES: list[Index] = [
    ("verifications", [("month", 1), ("_id", -1)], {}),
    ("verifications", [("citizen", 1), ("_id", -1)], {}),
    ("verifications", [("joins", 1), ("_id", -1)], {"sparse": True}),
    ("verifications", [("waits_at", 1), ("_id", -1)], {"sparse": True}),
]

SEALED = [("verifications", ("name", "id_number", "phone", "code"))]
"""All of them are removed when the verification ends; what stays is who confirmed which account, where and when."""

ENDED = dict.fromkeys(("name", "id_number", "phone", "code", "waits_at"), "")


class VerificationStore:
    """Verifications. `waits_at` is the point whose officers may confirm one, while it waits."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def add(self, session: Any, row: Document) -> None:
        """Insert a verification."""
        self._db["verifications"].insert_one(row, session=session)

    def verification(self, verification_id: str) -> Document | None:
        """A verification by id."""
        return self._db["verifications"].find_one({"_id": verification_id})

    def of(self, citizen_id: str, most: int) -> list[Document]:
        """An account's own verifications, newest first."""
        return self._db.newest("verifications", {"citizen": citizen_id}, None, most)

    def joining(self, citizen_id: str, most: int) -> list[Document]:
        """The verifications of other accounts that are to join this one, or were, newest first."""
        return self._db.newest("verifications", {"joins": citizen_id}, None, most)

    def waiting_at(self, point: str, after: str | None, most: int) -> list[Document]:
        """Those that wait at a point, newest first, older than `after`."""
        return self._db.newest("verifications", {"waits_at": point}, after, most)

    def of_month(self, month: str, state: str | None, after: str | None, most: int) -> list[Document]:
        """Those of a month, newest first, older than `after`; all or those in a stored state."""
        wanted = {"month": month, **({"state": state} if state else {})}
        return self._db.newest("verifications", wanted, after, most)

    def take_try(self, verification_id: str, most: int) -> bool:
        """Count one try of the code, atomically; False if it was tried too often or waits no more."""
        live = {"_id": verification_id, "state": "waiting", "tries": {"$lt": most}}
        return self._db.take_before("verifications", live, {"$inc": {"tries": 1}}) is not None

    def end(self, session: Any, verification_id: str, before: str, change: Document) -> bool:
        """End one that is in state `before`, and remove what is sealed in it; False if it is in another state."""
        wanted = {"_id": verification_id, "state": before}
        ended = {"$set": change, "$unset": ENDED}
        return self._db["verifications"].update_one(wanted, ended, session=session).matched_count == 1

    def change(self, session: Any, verification_id: str, change: Document) -> None:
        """Set fields of a verification."""
        self._db["verifications"].update_one({"_id": verification_id}, {"$set": change}, session=session)
