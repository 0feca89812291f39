"""The collection `canned_replies`."""

from dataclasses import asdict, fields

from chat.ports import Document
from chat.replies.reply import CannedReply
from chat.talk.store import ChatDatabase, Index

INDEXES: list[Index] = [("canned_replies", [("desk", 1), ("_id", 1)], {})]

MOST_CANNED = 500
"""The most replies that one desk may have."""


class ReplyStore:
    """Canned replies per desk."""

    def __init__(self, database: ChatDatabase) -> None:
        self._replies = database["canned_replies"]

    def reply(self, reply_id: str) -> CannedReply | None:
        """One reply."""
        row = self._replies.find_one({"_id": reply_id})
        return _reply_of(row) if row else None

    def of_desk(self, desk: str) -> list[CannedReply]:
        """All replies of a desk."""
        return [_reply_of(row) for row in self._replies.find({"desk": desk}).limit(MOST_CANNED)]

    def count(self, desk: str) -> int:
        """How many replies a desk has."""
        return self._replies.count_documents({"desk": desk})

    def keep(self, reply: CannedReply, before: int) -> bool:
        """Insert a new one (`before` 0), or replace version `before`; False if it is another version now."""
        row = {**asdict(reply), "v": 1}
        row["_id"] = row.pop("id")
        if before == 0:
            self._replies.insert_one(row)
            return True
        return self._replies.replace_one({"_id": reply.id, "version": before}, row).modified_count == 1

    def delete(self, reply_id: str, version: int) -> bool:
        """Delete one; False if it is another version now."""
        return self._replies.delete_one({"_id": reply_id, "version": version}).deleted_count == 1


def _reply_of(row: Document) -> CannedReply:
    return CannedReply(
        **{field.name: row["_id" if field.name == "id" else field.name] for field in fields(CannedReply)}
    )
