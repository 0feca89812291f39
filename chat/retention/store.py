"""Deletes conversations from all collections of the chat, and erases what one citizen wrote.

Its own collections: `chat_gone` (conversations whose messages are still to be deleted) and `chat_numbers` (counts by
desk and month, which stay).
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from pymongo.client_session import ClientSession
from pymongo.collection import Collection

from chat.ports import Document
from chat.refusals import Unavailable
from chat.talk.conversation import Conversation
from chat.talk.ids import EPOCH
from chat.talk.sealing import WORDS, Sealer, Sealing
from chat.talk.store import TRIES, ChatDatabase, Index, conversation_of

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

    def __init__(self, database: ChatDatabase, sealing: Sealing) -> None:
        self._db, self._sealing = database, sealing
        self._messages = database["messages"]
        self._conversations = database["conversations"]

    def closed_before(self, before: datetime, limit: int) -> list[Conversation]:
        """Closed before an instant and tied to no case, longest first."""
        wanted = {"case": None, "closed.at": {"$gt": EPOCH, "$lte": before}}
        rows = self._conversations.find(wanted).sort("closed.at", 1).limit(limit)
        return [conversation_of(row, self._sealing) for row in rows]

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

    def erase(self, conversation: str, member: str) -> None:
        """Erase all that a citizen wrote in a conversation: messages, sealed originals, the reason of their closing and
        the text of their rating. Raises Unavailable if others keep changing it."""
        written = {"conversation": conversation, "sender.id": member}
        gone = dict.fromkeys(("text", "file", "card", "location", WORDS, "sealed", "sealed_until"), "")
        self._messages.update_many(written, {"$set": {"kind": "text", "erased": True}, "$unset": gone})
        closings = {"conversation": conversation, "kind": "event", "event.closed.by": "citizen"}
        for row in self._messages.find(closings):
            self._store_without(self._messages, row, self._sealing.messages, ("event",))
        for _ in range(TRIES):
            talk = self._conversations.find_one({"_id": conversation})
            if talk is None or self._store_without(
                self._conversations, talk, self._sealing.conversations, ("closed", "rating")
            ):
                return
        raise Unavailable(retry_after=1)

    def _store_without(
        self, collection: Collection[Document], row: Document, sealer: Sealer, parts: Sequence[str]
    ) -> bool:
        """Store a row without the words that its citizen gave with the closing and the rating; False if somebody else
        changed it meanwhile. `parts` are its fields in which such words are."""
        known = {"_id": row["_id"], WORDS: row.get(WORDS)}
        if "version" in row:
            known["version"] = row["version"]
        after = sealer.opened(row)
        closed = after.get("event", after).get("closed")
        if closed and closed["by"] == "citizen":
            closed["reason"] = None
        if after.get("rating"):
            after["rating"]["text"] = None
        stored = {WORDS: None, **sealer.sealed(after)}
        change = {name: stored[name] for name in (*parts, WORDS)}
        return collection.update_one(known, {"$set": change}).matched_count == 1

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
