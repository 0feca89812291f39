"""The collection `chat_cursors` (how far the search for unseen messages is), and what the search reads and notes."""

from datetime import datetime

from chat.ports import Document
from chat.talk.conversation import Participant
from chat.talk.ids import instant_of
from chat.talk.store import SEEN, ChatDatabase, Index, following, member_fields, upsert

INDEXES: list[Index] = [("chat_cursors", [("due_at", 1)], {})]

SMALL = {"chat_cursors": "one row"}

SEARCH = "away"


class AwayStore:
    """The search for unseen messages, under a lease."""

    def __init__(self, database: ChatDatabase) -> None:
        self._db = database
        self._cursors = database["chat_cursors"]

    def claim_search(self, now: datetime) -> Document | None:
        """Lease the search; None if it is not due."""
        if self._cursors.find_one({"_id": SEARCH}, {"_id": 1}) is None:
            upsert(self._cursors, SEARCH, {"$setOnInsert": {"after": "", **self._db.leasable(now)}})
        return self._db.claim("chat_cursors", {"_id": SEARCH}, now)

    def unsearched(self, search: Document, before: datetime, limit: int) -> list[Document]:
        """The next public messages in order of time, from where the search stands, up to an instant.

        {conversation, seq, kind, sender, event: {type}, at}; a few more than `limit` if they are of one millisecond.
        """
        at = search.get("after_at") or instant_of(search["after"])
        fields = {"conversation": 1, "seq": 1, "kind": 1, "sender": 1, "event.type": 1, "at": 1}
        position = at, search["after"]
        return following(self._db["messages"], {"stream": "public"}, "at", position, limit, before, fields)

    def end_search(self, search: Document, last: Document | None, due_at: datetime) -> None:
        """Give the lease back, having searched up to the message `last` (None: there was none)."""
        reached = {"after": last["_id"], "after_at": last["at"]} if last else {}
        change = {**reached, "due_at": due_at, "lease.until": due_at, "attempts": 0}
        leased = {"_id": SEARCH, "lease.fence": search["lease"]["fence"]}
        self._cursors.update_one(leased, {"$set": change})

    def mark_notified(self, conversation: str, member: Participant, seq: int) -> None:
        """Remember that a notice was left for a member about everything up to `seq`, as `told_seq`; it only rises."""
        first = {**dict.fromkeys(SEEN, 0), **member_fields(conversation, member)}
        upsert(
            self._db["conversation_members"],
            f"{conversation}:{member.id}",
            {"$max": {"told_seq": seq}, "$setOnInsert": first},
        )
