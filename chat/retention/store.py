"""What goes when a talk is kept no longer, from all collections of the chat.

Its own: `chat_gone` (talks whose rest is still to be swept) and `chat_numbers` (counts by desk and month, which stay).
"""

from collections.abc import Mapping
from datetime import datetime

from pymongo.client_session import ClientSession

from chat.ports import Document
from chat.talk.conversation import Conversation
from chat.talk.store import Database, Index, conversation_of

INDEXES: list[Index] = [
    ("conversations", [("closed.at", 1)], {"sparse": True}),
    ("chat_gone", [("due_at", 1)], {}),
    ("chat_promises", [("conversation", 1)], {}),
]


class RetentionStore:
    """Finds talks whose time is over, and takes them away."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def over(self, before: datetime, limit: int) -> list[Conversation]:
        """Closed before an instant and tied to no case, longest first."""
        wanted = {"closed.at": {"$lte": before}, "case": None}
        found = self._db["conversations"].find(wanted).sort("closed.at", 1).limit(limit)
        return [conversation_of(row) for row in found]

    def tied(self, before: datetime, after: str, limit: int) -> list[Conversation]:
        """Closed before an instant and tied to a case, by id, from after one on."""
        wanted = {"closed.at": {"$lte": before}, "case": {"$ne": None}, "_id": {"$gt": after}}
        return [conversation_of(row) for row in self._db["conversations"].find(wanted).sort("_id", 1).limit(limit)]

    def said(self, conversation: str) -> int:
        """How many messages people sent in it, notes not counted."""
        wanted = {"conversation": conversation, "stream": "public", "kind": {"$ne": "event"}}
        return self._db["messages"].count_documents(wanted)

    def promised(self, conversation: str) -> list[str]:
        """What became of the answers promised in it."""
        return [row["state"] for row in self._db["chat_promises"].find({"conversation": conversation}, {"state": 1})]

    def bury(self, found: Conversation, month: str, numbers: Mapping[str, int], due_at: datetime) -> None:
        """The talk itself goes, is counted, and the rest of it is on the list, all at once; nothing where it was moved
        or is gone already."""

        def work(session: ClientSession) -> None:
            wanted = {"_id": found.id, "version": found.version}
            if not self._db["conversations"].delete_one(wanted, session=session).deleted_count:
                return
            self._db["chat_gone"].insert_one({"_id": found.id, "v": 1, "due_at": due_at}, session=session)
            known = {"$setOnInsert": {"v": 1, "desk": found.desk, "month": month}, "$inc": dict(numbers)}
            self._db["chat_numbers"].update_one({"_id": f"{found.desk}:{month}"}, known, upsert=True, session=session)

        self._db.transact(work)

    def buried(self, now: datetime, limit: int) -> list[str]:
        """Talks whose rest is due, longest first."""
        found = self._db["chat_gone"].find({"due_at": {"$lte": now}}, {"_id": 1}).sort("due_at", 1).limit(limit)
        return [row["_id"] for row in found]

    def drop_messages(self, conversation: str, most: int) -> int:
        """Take away its messages of both streams, sealed originals with them, at most so many; gives how many."""
        found = self._db["messages"].find({"conversation": conversation}, {"_id": 1}).limit(most)
        ids = [row["_id"] for row in found]
        if ids:
            self._db["messages"].delete_many({"_id": {"$in": ids}})
        return len(ids)

    def drop_rest(self, conversation: str) -> None:
        """Its messages are gone: so go its marks and promises, and last its place on the list."""
        of_it: Document = {"conversation": conversation}
        for name in ("conversation_members", "chat_promises"):
            self._db[name].delete_many(of_it)
        self._db["chat_gone"].delete_one({"_id": conversation})
