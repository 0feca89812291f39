"""The collection `case_numbers`: a counter per series, the number of each desk as an office, and the last restore."""

from datetime import datetime
from functools import cached_property

from api.storage.database import Database, Index

INDEXES: list[Index] = [("case_numbers", [("office", 1)], {})]
RESTORED = "restored"


class SerialStore:
    """Counters of the numbers of cases and documents."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def next(self, series: str) -> int:
        """Count one more under this key, from 1, and return the count. No two callers are given the same, ever.

        A count may be lost with a caller that dies: serials have gaps, and none is given twice.
        """
        before = self._db.take_or_add("case_numbers", {"_id": series, "v": 1, "n": 1}, {"$inc": {"n": 1}})
        return before["n"] + 1 if before else 1

    def office(self, desk: str) -> int:
        """The number of a desk as an office, given out when it first has a case; 0 for no desk."""
        if not desk:
            return 0
        key = f"office:{desk}"
        row = self._db["case_numbers"].find_one({"_id": key})
        if row is None:
            row = self._db.put("case_numbers", {"_id": key, "v": 1, "office": self.next("offices")})
        return int(row["office"])

    @cached_property
    def restored_at(self) -> datetime | None:
        """When this store was restored last. Read once, since no process runs while that is done."""
        row = self._db["case_numbers"].find_one({"_id": RESTORED})
        return row["at"] if row else None

    def note_restore(self, at: datetime) -> None:
        """Note that the store was restored at this instant, so that no number given since its backup is given again."""
        self._db["case_numbers"].update_one({"_id": RESTORED}, {"$set": {"v": 1, "at": at}}, upsert=True)
