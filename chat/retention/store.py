"""Deletes conversations from all collections of the chat, and erases what one citizen wrote.

Its own collections: `chat_gone` (conversations whose messages are still to be deleted) and `chat_numbers` (counts by
desk and month, which stay).
"""

from collections.abc import Mapping
from datetime import datetime

from pymongo.client_session import ClientSession

from chat.ports import Document
from chat.talk.conversation import Conversation
from chat.talk.ids import EPOCH
from chat.talk.store import ChatDatabase, Index, conversation_of

INDEXES: list[Index] = [
    ("conversations", [("case", 1), ("closed.at", 1)], {}),
    ("conversations", [("state", 1), ("closed.at", 1)], {}),
    ("chat_gone", [("due_at", 1)], {}),
    ("chat_promises", [("conversation", 1)], {}),
    ("messages", [("sealed_until", 1)], {"sparse": True}),
]

SMALL = {"chat_gone": "what was deleted in the last minutes"}


class RetentionStore:
    """Finds conversations whose time is over, deletes them, and erases what one citizen wrote."""

    def __init__(self, database: ChatDatabase) -> None:
        self._db = database
        self._messages = database["messages"]
        self._conversations = database["conversations"]

    def closed_before(self, before: datetime, limit: int) -> list[Conversation]:
        """Closed before an instant and tied to no case, longest first."""
        wanted = {"case": None, "closed.at": {"$gt": EPOCH, "$lte": before}}
        rows = self._conversations.find(wanted).sort("closed.at", 1).limit(limit)
        return [conversation_of(row) for row in rows]

    def tied(self, before: datetime) -> list[tuple[str, str]]:
        """All closed before an instant and tied to a case, as (conversation, case)."""
        wanted = {"state": "closed", "closed.at": {"$gt": EPOCH, "$lte": before}}
        rows = self._conversations.find(wanted, {"case": 1})
        return [(row["_id"], row["case"]) for row in rows if row.get("case")]

    def count_messages(self, conversation: str) -> int:
        """How many messages people sent in it, notes not counted."""
        wanted = {"conversation": conversation, "stream": "public", "kind": {"$ne": "event"}}
        return self._messages.count_documents(wanted)

    def promises_of(self, conversation: str) -> list[str]:
        """The outcomes of the answers promised in it."""
        return [row["state"] for row in self._db["chat_promises"].find({"conversation": conversation}, {"state": 1})]

    def bury(self, conversation: Conversation, month: str, counts: Mapping[str, int], due_at: datetime) -> None:
        """Delete the conversation, count it, and list its messages for deletion, in one transaction; nothing if it was
        moved or is deleted already."""

        def work(session: ClientSession) -> None:
            known = {"_id": conversation.id, "version": conversation.version}
            if not self._conversations.delete_one(known, session=session).deleted_count:
                return
            self._db["chat_gone"].insert_one({"_id": conversation.id, "v": 1, "due_at": due_at}, session=session)
            first = {"v": 1, "desk": conversation.desk, "month": month}
            change = {"$setOnInsert": first, "$inc": dict(counts)}
            key = {"_id": f"{conversation.desk}:{month}"}
            self._db["chat_numbers"].update_one(key, change, upsert=True, session=session)

        self._db.transact(work)

    def buried(self, now: datetime, limit: int) -> list[str]:
        """Deleted conversations whose messages are due for deletion."""
        rows = self._db["chat_gone"].find({"due_at": {"$gt": EPOCH, "$lte": now}}, {"_id": 1}).limit(limit)
        return [row["_id"] for row in rows]

    def drop_messages(self, conversation: str, most: int) -> int:
        """Delete its messages of both streams, sealed originals included, at most so many; gives how many."""
        rows = self._messages.find({"conversation": conversation}, {"_id": 1}).limit(most)
        ids = [row["_id"] for row in rows]
        if ids:
            self._messages.delete_many({"_id": {"$in": ids}})
        return len(ids)

    def drop_rest(self, conversation: str) -> None:
        """Delete its members' rows and promises, and last its place on the list; its messages must be gone."""
        of_it: Document = {"conversation": conversation}
        for name in ("conversation_members", "chat_promises"):
            self._db[name].delete_many(of_it)
        self._db["chat_gone"].delete_one({"_id": conversation})

    def erase(self, conversation: str, member: str, text: str) -> None:
        """Replace all that a citizen wrote in a conversation by `text`, and delete the sealed originals, the reason
        of their closing and the text of their rating."""
        written = {"conversation": conversation, "sender.id": member}
        change = {
            "$set": {"kind": "text", "text": text},
            "$unset": dict.fromkeys(("file", "card", "location", "sealed", "sealed_until"), ""),
        }
        self._messages.update_many(written, change)
        closing = {"conversation": conversation, "kind": "event", "event.closed.by": "citizen"}
        self._messages.update_many(closing, {"$set": {"event.closed.reason": None}})
        closed = {"_id": conversation, "closed.by": "citizen"}
        self._conversations.update_one(closed, {"$set": {"closed.reason": None}})
        rated = {"_id": conversation, "rating": {"$ne": None}}
        self._conversations.update_one(rated, {"$set": {"rating.text": None}})

    def hand_over(self, conversation: str, citizen: str, heir: str) -> None:
        """Put `heir` in the place of a citizen: as sender, as member, and last in the conversation itself."""
        sent: Document = {"conversation": conversation, "sender.id": citizen}
        self._messages.update_many(sent, {"$set": {"sender.id": heir}})
        members = self._db["conversation_members"]
        if row := members.find_one({"_id": f"{conversation}:{citizen}"}):
            seen = {name: value for name, value in row.items() if name not in ("_id", "member")}
            members.replace_one({"_id": f"{conversation}:{heir}"}, {**seen, "member": heir}, upsert=True)
            members.delete_one({"_id": row["_id"]})
        tied: Document = {"_id": conversation, "tied.by.id": citizen}
        self._conversations.update_one(tied, {"$set": {"tied.by.id": heir}})
        own: Document = {"_id": conversation, "citizen.id": citizen}
        self._conversations.update_one(own, {"$set": {"citizen.id": heir}, "$inc": {"version": 1}})

    def forget_originals(self, now: datetime) -> None:
        """Delete the sealed originals whose time is over."""
        over = {"sealed_until": {"$gt": EPOCH, "$lte": now}}
        self._messages.update_many(over, {"$unset": {"sealed": "", "sealed_until": ""}})
