"""The collections `log_ins` (a log-in on a device, until it ends) and `sessions` (its tokens, one row per refresh).

A token is valid while the log-in of its row lives. So ending a log-in is one write, and a token that another request
was just making for it is dead when it comes.
"""

from datetime import datetime
from typing import Any

from api.storage.database import Database, Document, Index

INDEXES: list[Index] = [
    ("log_ins", [("who", 1), ("ended_at", 1)], {}),
    ("log_ins", [("delete_at", 1)], {"expireAfterSeconds": 0}),
    ("sessions", [("family", 1)], {}),
    ("sessions", [("who", 1)], {}),
    ("sessions", [("refresh", 1)], {"unique": True}),
    ("sessions", [("delete_at", 1)], {"expireAfterSeconds": 0}),
]


class SessionStore:
    """Log-ins and their tokens."""

    def __init__(self, database: Database) -> None:
        self._db = database

    # -- log-ins ------------------------------------------------------------

    def add_log_in(self, row: Document) -> Document:
        """Insert a log-in; returns the row that now has its id, this or an earlier one."""
        return self._db.put("log_ins", row)

    def log_in(self, log_in_id: str) -> Document | None:
        """A log-in by id, ended or not."""
        return self._db["log_ins"].find_one({"_id": log_in_id})

    def live_log_ins(self, who: str, session: Any = None) -> list[Document]:
        """The log-ins of a person that nobody has ended."""
        return list(self._db["log_ins"].find({"who": who, "ended_at": None}, session=session))

    def end_log_in(self, log_in_id: str, now: datetime, session: Any = None) -> bool:
        """End a log-in; False if it had ended."""
        live = {"_id": log_in_id, "ended_at": None}
        return self._db["log_ins"].update_one(live, {"$set": {"ended_at": now}}, session=session).modified_count == 1

    def end_log_ins(self, log_in_ids: list[str], now: datetime, session: Any = None) -> None:
        """End these log-ins, as far as they have not ended."""
        live = {"_id": {"$in": log_in_ids}, "ended_at": None}
        self._db["log_ins"].update_many(live, {"$set": {"ended_at": now}}, session=session)

    def end_unadopted(self, who: str, session: Any = None) -> None:
        """End the tokens of a person that were made before there were log-ins."""
        self._db["sessions"].update_many({"who": who, "ended": False}, {"$set": {"ended": True}}, session=session)

    def raise_instant(self, log_in_id: str, field: str, now: datetime) -> None:
        """Set `acted_at` or `proved_at` of a log-in that lives; it never goes back."""
        self._db["log_ins"].update_one({"_id": log_in_id, "ended_at": None}, {"$max": {field: now}})

    def forget_log_ins(self, who: str, session: Any) -> None:
        """Delete the log-ins of a person; their tokens are dead without them."""
        self._db["log_ins"].delete_many({"who": who}, session=session)

    # -- tokens ---------------------------------------------------------------

    def add_session(self, row: Document) -> None:
        """Insert the tokens of a log-in."""
        self._db.put("sessions", row)

    def session(self, token_digest: str) -> Document | None:
        """The row of a token, by its digest."""
        return self._db["sessions"].find_one({"_id": token_digest})

    def refreshed_by(self, refresh_digest: str) -> Document | None:
        """The row of a refresh token, used or not."""
        return self._db["sessions"].find_one({"refresh": refresh_digest})

    def spend_refresh(self, refresh_digest: str) -> bool:
        """Mark a refresh token as used, atomically; False if it was used before or does not exist."""
        unused: dict[str, Any] = {"refresh": refresh_digest, "refresh_used": False}
        return self._db.take_before("sessions", unused, {"$set": {"refresh_used": True}}) is not None
