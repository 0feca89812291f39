"""The collections `citizens`, `staff`, `login_codes` and `sessions`."""

from datetime import datetime
from typing import Any

from pymongo import ReturnDocument
from pymongo.errors import DuplicateKeyError

from api.database import Database, Document, Index

INDEXES: list[Index] = [
    ("citizens", [("phone_index", 1)], {"unique": True}),
    ("staff", [("username", 1)], {"unique": True}),
    ("login_codes", [("phone_index", 1), ("created_at", -1)], {}),
    ("login_codes", [("delete_at", 1)], {"expireAfterSeconds": 0}),
    ("sessions", [("family", 1)], {}),
    ("sessions", [("refresh", 1)], {"unique": True}),
    ("sessions", [("delete_at", 1)], {"expireAfterSeconds": 0}),
]


class IdentityStore:
    """People and their log-ins."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def add_code(self, session: Any, row: Document) -> None:
        """Keep one sent code."""
        self._db["login_codes"].insert_one(row, session=session)

    def latest_code(self, phone_index: str) -> Document | None:
        """The code that counts: the one sent last."""
        return self._db["login_codes"].find_one({"phone_index": phone_index}, sort=[("created_at", -1)])

    def code(self, code_id: str) -> Document | None:
        """A code by its id."""
        return self._db["login_codes"].find_one({"_id": code_id})

    def take_try(self, code_id: str, most: int, now: datetime) -> Document | None:
        """Count one try, atomically; None where the code is used, over, or tried too often."""
        live = {"_id": code_id, "used": False, "tries": {"$lt": most}, "expires_at": {"$gt": now}}
        return self._db["login_codes"].find_one_and_update(live, {"$inc": {"tries": 1}})

    def use_code(self, code_id: str) -> bool:
        """Spend a code; False where it was spent already."""
        return (
            self._db["login_codes"].update_one({"_id": code_id, "used": False}, {"$set": {"used": True}}).modified_count
            == 1
        )

    def citizen_of_phone(self, row: Document) -> Document:
        """The citizen with this phone, made from `row` where there is none yet. Two at once make one."""
        wanted = {"phone_index": row["phone_index"]}
        try:
            found = self._db["citizens"].find_one_and_update(
                wanted, {"$setOnInsert": row}, upsert=True, return_document=ReturnDocument.AFTER
            )
        except DuplicateKeyError:
            found = self._db["citizens"].find_one(wanted)
        assert found is not None
        return found

    def citizen(self, citizen_id: str) -> Document | None:
        """A citizen by id."""
        return self._db["citizens"].find_one({"_id": citizen_id})

    def change_citizen(self, citizen_id: str, change: Document) -> None:
        """Set fields of a citizen."""
        self._db["citizens"].update_one({"_id": citizen_id}, {"$set": change})

    def add_staff(self, row: Document) -> bool:
        """Keep a new member of staff; False where the user name is taken."""
        try:
            self._db["staff"].insert_one(row)
        except DuplicateKeyError:
            return False
        return True

    def staff_named(self, username: str) -> Document | None:
        """A member of staff by user name."""
        return self._db["staff"].find_one({"username": username})

    def staff(self, staff_id: str) -> Document | None:
        """A member of staff by id."""
        return self._db["staff"].find_one({"_id": staff_id})

    def any_staff(self) -> bool:
        """Whether there is staff at all."""
        return self._db["staff"].find_one({}, {"_id": 1}) is not None

    def add_session(self, row: Document) -> None:
        """Keep a log-in."""
        self._db["sessions"].insert_one(row)

    def session(self, token_digest: str) -> Document | None:
        """A log-in by the digest of its token."""
        return self._db["sessions"].find_one({"_id": token_digest})

    def spend_refresh(self, refresh_digest: str) -> Document | None:
        """Mark a refresh token as used and give the log-in as it was before."""
        return self._db["sessions"].find_one_and_update({"refresh": refresh_digest}, {"$set": {"refresh_used": True}})

    def end_family(self, family: str) -> list[str]:
        """End every log-in of a family and give their ids."""
        ended = [row["_id"] for row in self._db["sessions"].find({"family": family}, {"_id": 1})]
        self._db["sessions"].update_many({"family": family}, {"$set": {"ended": True}})
        return ended
