"""The collections of the chat: `conversations`, `messages`, `conversation_members`, `desk_presence`, `chat_cursors`,
`chat_promises`, `canned_replies`.

The only file here that speaks pymongo. Unique indexes are the fence of everything: no number of a stream is given
twice, and no client id is stored twice, whichever process writes.
"""

import random
import re
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, fields
from datetime import datetime
from typing import Any, Protocol, TypeVar

import pymongo
from pymongo import ReturnDocument
from pymongo.client_session import ClientSession
from pymongo.collection import Collection
from pymongo.errors import DuplicateKeyError, PyMongoError

from chat.desk.presence import Presence
from chat.ports import Document
from chat.refusals import Unavailable
from chat.replies.reply import Canned
from chat.talk.conversation import WAITING, Closing, Conversation, Person, Rating, Tie

T = TypeVar("T")
Index = tuple[str, list[tuple[str, int]], dict[str, Any]]

INDEXES: list[Index] = [
    ("messages", [("conversation", 1), ("stream", 1), ("seq", 1)], {"unique": True}),
    ("messages", [("client_id", 1), ("conversation", 1), ("sender.id", 1)], {"unique": True}),
    ("messages", [("file.id", 1)], {"sparse": True}),
    ("messages", [("sealed_until", 1)], {"sparse": True}),
    ("messages", [("card.ref", 1)], {"sparse": True}),
    ("conversations", [("case", 1), ("_id", 1)], {}),
    ("conversations", [("citizen.id", 1), ("_id", 1)], {}),
    ("conversations", [("desk", 1), ("state", 1), ("waiting_since", 1)], {}),
    ("conversations", [("officer.id", 1), ("state", 1)], {}),
    ("conversations", [("desk", 1), ("claimed_at", 1)], {}),
    ("conversations", [("desk", 1), ("_id", 1)], {}),
    ("conversations", [("owner.id", 1), ("_id", 1)], {}),
    ("conversations", [("reply_by", 1)], {"sparse": True}),
    ("conversations", [("look_at", 1)], {"sparse": True}),
    ("conversation_members", [("conversation", 1)], {}),
    ("conversation_members", [("seen_at", 1)], {"sparse": True}),
    ("canned_replies", [("desk", 1), ("_id", 1)], {}),
    ("chat_promises", [("state", 1), ("look_at", 1)], {}),
    ("chat_promises", [("desk", 1), ("made_at", 1)], {}),
    ("desk_presence", [("desk", 1), ("until", 1)], {}),
    ("desk_presence", [("until", 1)], {}),
    ("chat_cursors", [("due_at", 1)], {}),
]

SEALED = [("messages", ("sealed",))]
"""For the rotation of keys."""

WRITE_SECONDS = 3.0
"""How long one write of the group commit may take before its outcome is looked up instead."""

MOVE_TRIES = 20
UNREAD_SHOWN = 99
SAMPLES = 20
MOST_SEQ = 2**63 - 1
"""What can be stored; no stream comes so far."""

MOST_CANNED = 500
MOST_TALKS = 500
AWAY = "away"


class Unsettled(Exception):
    """A write that failed, wholly or partly, or whose outcome is not known."""


class Database(Protocol):
    """A MongoDB database whose writes are acknowledged by a majority, with one transaction helper and one lease."""

    def __getitem__(self, name: str) -> Collection[Document]: ...
    def transact(self, work: Callable[[ClientSession], T]) -> T: ...
    def claim(self, collection: str, wanted: Document, now: datetime) -> Document | None: ...
    def leasable(self, due_at: datetime) -> Document: ...


class ChatStore:
    """Conversations, their messages, how far each member has seen, and who is there."""

    def __init__(self, database: Database) -> None:
        self._db = database
        self._messages = database["messages"]
        self._conversations = database["conversations"]
        self._members = database["conversation_members"]
        self._presence = database["desk_presence"]

    # -- conversations -------------------------------------------------------

    def begin(self, conversation: Conversation, tell: Callable[[ClientSession], list[Document]]) -> list[Document]:
        """Keep a new conversation with its first messages; gives them numbered."""

        def work(session: ClientSession) -> list[Document]:
            self._conversations.insert_one(_row(conversation), session=session)
            return self._say(session, conversation.id, tell(session))

        return self._db.transact(work)

    def move(
        self,
        before: Conversation,
        after: Conversation,
        tell: Callable[[ClientSession], list[Document]],
    ) -> list[Document] | None:
        """Put `after` in the place of `before`, with its event, in one transaction; gives the numbered messages.

        None where somebody else moved it first. `tell` may refuse, and then nothing changes. A number taken meanwhile
        by a message makes it try again. Raises Unavailable.
        """

        def work(session: ClientSession) -> list[Document] | None:
            row = _row(after)
            taken = self._conversations.find_one_and_update(
                {"_id": before.id, "version": before.version}, {"$set": row}, {"_id": 1}, session=session
            )
            return None if taken is None else self._say(session, before.id, tell(session))

        for _ in range(MOVE_TRIES):
            try:
                return self._db.transact(work)
            except DuplicateKeyError:
                time.sleep(random.uniform(0.001, 0.02))
        raise Unavailable

    def _say(self, session: ClientSession, conversation: str, rows: list[Document]) -> list[Document]:
        last: dict[str, int] = {}
        for row in rows:
            stream = row["stream"]
            if stream not in last:
                last[stream] = self.last(conversation, stream, session)
            last[stream] += 1
            row["seq"] = last[stream]
        self._messages.insert_many(rows, session=session)
        return rows

    def conversation(self, conversation_id: str) -> Conversation | None:
        """One conversation."""
        row = self._conversations.find_one({"_id": conversation_id})
        return conversation_of(row) if row else None

    def of_citizen(self, citizen: str, before: str | None, limit: int) -> list[Conversation]:
        """A citizen's own, newest first, from before an id on."""
        return self._newest({"citizen.id": citizen}, before, limit)

    def of_case(self, case: str, limit: int) -> list[Conversation]:
        """Those about a case, newest first."""
        return self._newest({"case": case}, None, limit)

    def of_officer(self, officer: str, before: str | None, limit: int) -> list[Conversation]:
        """What an officer holds, newest first, from before an id on."""
        return self._newest({"officer.id": officer, "state": "active"}, before, limit)

    def of_desk(self, desk: str, before: str | None, limit: int) -> list[Conversation]:
        """A desk's, newest first, from before an id on."""
        return self._newest({"desk": desk}, before, limit)

    def waiting(self, desk: str, after: Conversation | None, limit: int) -> list[Conversation]:
        """Who waits for an officer of a desk, longest first, from after one of them on."""
        wanted: Document = {"desk": desk, "state": {"$in": list(WAITING)}}
        if after is not None:
            wanted["$or"] = [
                {"waiting_since": {"$gt": after.waiting_since}},
                {"waiting_since": after.waiting_since, "_id": {"$gt": after.id}},
            ]
        found = self._conversations.find(wanted).sort([("waiting_since", 1), ("_id", 1)]).limit(limit)
        return [conversation_of(row) for row in found]

    def queue(self, desk: str) -> list[tuple[str, str]]:
        """The queue of a desk, next one first, as (conversation, citizen)."""
        found = self._conversations.find({"desk": desk, "state": "queued"}, {"citizen.id": 1})
        return [(row["_id"], row["citizen"]["id"]) for row in found.sort([("waiting_since", 1), ("_id", 1)])]

    def line(self, desk: str, limit: int) -> list[Conversation]:
        """The first of a desk's queue."""
        found = self._conversations.find({"desk": desk, "state": "queued"})
        return [conversation_of(row) for row in found.sort([("waiting_since", 1), ("_id", 1)]).limit(limit)]

    def unanswered(self, now: datetime, limit: int) -> list[Conversation]:
        """In somebody's hands, whose first word is due; longest first."""
        due = {"reply_by": {"$lte": now, "$ne": None}}
        return [conversation_of(row) for row in self._conversations.find(due).sort("reply_by", 1).limit(limit)]

    def replied(self, found: Conversation) -> None:
        """The first word was said: nothing is due any more."""
        due = {"_id": found.id, "reply_by": found.reply_by}
        self._conversations.update_one(due, {"$set": {"reply_by": None}})

    def has_said(self, conversation: str, member: str, since: datetime) -> bool:
        """Whether somebody said something to all in a conversation from an instant on."""
        said = {"conversation": conversation, "stream": "public", "sender.id": member, "at": {"$gte": since}}
        return self._messages.find_one(said, {"_id": 1}, sort=[("seq", -1)]) is not None

    def quiet(self, now: datetime, limit: int) -> list[Conversation]:
        """In somebody's hands, of which it is to be looked whether they fell silent; longest first."""
        due = {"look_at": {"$lte": now, "$ne": None}}
        return [conversation_of(row) for row in self._conversations.find(due).sort("look_at", 1).limit(limit)]

    def look_again(self, found: Conversation, at: datetime) -> None:
        """It is not silent: look later, unless it was moved meanwhile."""
        known = {"_id": found.id, "version": found.version}
        self._conversations.update_one(known, {"$set": {"look_at": at, "warned_at": None}})

    def held_by(self, officers: Sequence[str]) -> list[tuple[str, str]]:
        """What officers have in hand, as (officer, conversation)."""
        wanted = {"officer.id": {"$in": list(officers)}, "state": "active"}
        return [(row["officer"]["id"], row["_id"]) for row in self._conversations.find(wanted, {"officer.id": 1})]

    def last_officer(self, citizen: str, desk: str) -> str | None:
        """Who had this citizen's last conversation at a desk."""
        wanted = {"citizen.id": citizen, "desk": desk, "owner": {"$ne": None}}
        row = self._conversations.find_one(wanted, {"officer": 1, "owner": 1}, sort=[("_id", -1)])
        return (row["officer"] or row["owner"])["id"] if row else None

    def open_at(self, desk: str) -> int:
        """How many conversations of a desk are not closed."""
        return self._conversations.count_documents({"desk": desk, "state": {"$in": [*WAITING, "active"]}})

    def ahead(self, desk: str, since: datetime) -> int:
        """How many of a desk's queue have waited for longer."""
        return self._conversations.count_documents({"desk": desk, "state": "queued", "waiting_since": {"$lt": since}})

    def waits(self, desk: str) -> list[tuple[float, int]]:
        """What the last ones of a desk waited: seconds, and the place they started from."""
        wanted = {"desk": desk, "claimed_at": {"$ne": None}}
        found = self._conversations.find(wanted, {"waited": 1, "place": 1}).sort("claimed_at", -1).limit(SAMPLES)
        return [(row["waited"], row["place"]) for row in found if row["waited"] is not None]

    def held(self, session: ClientSession, officer: str) -> int:
        """How many an officer holds. Two acts that ask for one officer write one row and so run one after the other:
        with snapshots alone both would count the same."""
        self._presence.update_one({"_id": officer}, {"$inc": {"taken": 1}}, upsert=True, session=session)
        return self._conversations.count_documents({"officer.id": officer, "state": "active"}, session=session)

    def _newest(self, wanted: Document, before: str | None, limit: int) -> list[Conversation]:
        if before is not None:
            wanted = {**wanted, "_id": {"$lt": before}}
        return [conversation_of(row) for row in self._conversations.find(wanted).sort("_id", -1).limit(limit)]

    # -- messages ------------------------------------------------------------

    def append(self, rows: Sequence[Document], *, ordered: bool) -> None:
        """Write a batch of numbered messages. Raises Unsettled where it is not known that all of them are stored."""
        try:
            with pymongo.timeout(WRITE_SECONDS):
                self._messages.insert_many(rows, ordered=ordered)
        except PyMongoError as error:
            raise Unsettled from error

    def stored(self, client_ids: Iterable[str]) -> list[Document]:
        """Those messages with one of these client ids that a majority has. Raises Unsettled."""
        try:
            with pymongo.timeout(WRITE_SECONDS):
                return list(self._messages.find({"client_id": {"$in": list(client_ids)}}))
        except PyMongoError as error:
            raise Unsettled from error

    def last_known(self, conversation: str, stream: str) -> int:
        """`last`, for the group commit. Raises Unsettled."""
        try:
            with pymongo.timeout(WRITE_SECONDS):
                return self.last(conversation, stream)
        except PyMongoError as error:
            raise Unsettled from error

    def last(self, conversation: str, stream: str, session: ClientSession | None = None) -> int:
        """The highest number of a stream; 0 where it is empty."""
        wanted = {"conversation": conversation, "stream": stream}
        row = self._messages.find_one(wanted, {"seq": 1}, sort=[("seq", -1)], session=session)
        return row["seq"] if row else 0

    def latest(self, conversation: str) -> Document | None:
        """The last public message."""
        return self._messages.find_one({"conversation": conversation, "stream": "public"}, sort=[("seq", -1)])

    def search(self, wanted: Document, words: str, before: str | None, limit: int) -> list[Document]:
        """Messages that hold these words, newest first, from before an id on."""
        found = {**wanted, "text": {"$regex": re.escape(words), "$options": "i"}}
        if before is not None:
            found["_id"] = {"$lt": before}
        return list(self._messages.find(found).sort("_id", -1).limit(limit))

    def search_talk(self, conversation: str, words: str, before: str | None, limit: int) -> list[Document]:
        """`search` in the public stream of one conversation."""
        return self.search({"conversation": conversation, "stream": "public"}, words, before, limit)

    def search_own(self, officer: str, words: str, before: str | None, limit: int) -> list[Document]:
        """`search` in the public streams of what an officer has or had first, of the last hundreds."""
        wanted = {"$or": [{"officer.id": officer}, {"owner.id": officer}]}
        talks = [row["_id"] for row in self._conversations.find(wanted, {"_id": 1}).sort("_id", -1).limit(MOST_TALKS)]
        return self.search({"conversation": {"$in": talks}, "stream": "public"}, words, before, limit)

    def last_word(self, conversation: str) -> Document | None:
        """The last public message of a person."""
        wanted = {"conversation": conversation, "stream": "public", "kind": {"$ne": "event"}}
        return self._messages.find_one(wanted, sort=[("seq", -1)])

    def message(self, conversation: str, stream: str, seq: int) -> Document | None:
        """One message."""
        if seq > MOST_SEQ:
            return None
        return self._messages.find_one({"conversation": conversation, "stream": stream, "seq": seq})

    def answered_at(self, conversation: str, since: datetime) -> datetime | None:
        """When staff first said something to all, from an instant on."""
        said = {
            "conversation": conversation,
            "stream": "public",
            "kind": {"$ne": "event"},
            "sender.kind": "staff",
            "at": {"$gte": since},
        }
        row = self._messages.find_one(said, {"at": 1}, sort=[("seq", 1)])
        return row["at"] if row else None

    # -- promised answers -----------------------------------------------------

    def promise(self, session: ClientSession, found: Conversation, now: datetime, look_at: datetime) -> None:
        """An answer is promised, in the transaction that makes it a message."""
        row = {
            "_id": f"{found.id}:{found.version}",
            "v": 1,
            "conversation": found.id,
            "desk": found.desk,
            "made_at": now,
            "at": found.promised_at,
            "state": "open",
            "look_at": look_at,
            "told": [],
        }
        self._db["chat_promises"].insert_one(row, session=session)

    def promises_due(self, now: datetime, limit: int) -> list[Document]:
        """Open promises that are to be looked at, longest first."""
        due = {"state": "open", "look_at": {"$lte": now}}
        return list(self._db["chat_promises"].find(due).sort("look_at", 1).limit(limit))

    def settle(self, promise: str, change: Document) -> None:
        """What became of one that is open."""
        self._db["chat_promises"].update_one({"_id": promise, "state": "open"}, {"$set": change})

    def promises(self, desk: str | None, since: datetime) -> list[Document]:
        """What was promised at a desk (None: at all of them) since an instant: {state, at}."""
        wanted: Document = {"made_at": {"$gte": since}, **({"desk": desk} if desk else {})}
        return list(self._db["chat_promises"].find(wanted, {"state": 1, "at": 1}))

    # -- canned replies -------------------------------------------------------

    def canned(self, reply_id: str) -> Canned | None:
        """One reply."""
        row = self._db["canned_replies"].find_one({"_id": reply_id})
        return _canned(row) if row else None

    def canned_of(self, desk: str) -> list[Canned]:
        """All of a desk: some hundreds at most."""
        return [_canned(row) for row in self._db["canned_replies"].find({"desk": desk}).limit(MOST_CANNED)]

    def count_canned(self, desk: str) -> int:
        """How many a desk has."""
        return self._db["canned_replies"].count_documents({"desk": desk})

    def keep_canned(self, reply: Canned, before: int) -> bool:
        """Keep a new one (`before` 0), or a change of version `before`; False where it is another version now."""
        row = {**asdict(reply), "v": 1}
        row["_id"] = row.pop("id")
        if before == 0:
            self._db["canned_replies"].insert_one(row)
            return True
        return self._db["canned_replies"].replace_one({"_id": reply.id, "version": before}, row).modified_count == 1

    def drop_canned(self, reply_id: str, version: int) -> bool:
        """Forget one; False where it is another version now."""
        return self._db["canned_replies"].delete_one({"_id": reply_id, "version": version}).deleted_count == 1

    # -- messages, again ------------------------------------------------------

    def page(self, conversation: str, stream: str, after: int, limit: int) -> list[Document]:
        """Messages of a stream in order, from after a number on."""
        wanted = {"conversation": conversation, "stream": stream, "seq": {"$gt": after}}
        return list(self._messages.find(wanted).sort("seq", 1).limit(limit))

    def ids_between(self, after: str, before: str) -> list[str]:
        """The ids of all messages made between two instants (`first_id`), from the index alone."""
        found = self._messages.find({"_id": {"$gte": after, "$lt": before}}, {"_id": 1}).sort("_id", 1)
        return [row["_id"] for row in found]

    def messages_of(self, ids: Sequence[str]) -> list[Document]:
        """These messages, each stream in its order."""
        if not ids:
            return []
        return list(self._messages.find({"_id": {"$in": list(ids)}}).sort([("conversation", 1), ("seq", 1)]))

    def unread(self, conversation: str, member: str, read: int) -> int:
        """What others have said since a member read last, events not counted; at most 99."""
        wanted = {
            "conversation": conversation,
            "stream": "public",
            "seq": {"$gt": read},
            "kind": {"$ne": "event"},
            "sender.id": {"$ne": member},
        }
        return self._messages.count_documents(wanted, limit=UNREAD_SHOWN)

    def erase(self, conversation: str, member: str, text: str) -> None:
        """Put `text` in the place of all that a citizen said in a conversation, sealed originals included, and drop
        their reason for closing it and the words of their rating."""
        said = {"conversation": conversation, "sender.id": member}
        gone = {
            "$set": {"kind": "text", "text": text},
            "$unset": dict.fromkeys(("file", "card", "location", "sealed", "sealed_until"), ""),
        }
        self._messages.update_many(said, gone)
        closing = {"conversation": conversation, "kind": "event", "event.closed.by": "citizen"}
        self._messages.update_many(closing, {"$set": {"event.closed.reason": None}})
        closed = {"_id": conversation, "closed.by": "citizen"}
        self._conversations.update_one(closed, {"$set": {"closed.reason": None}})
        rated = {"_id": conversation, "rating": {"$ne": None}}
        self._conversations.update_one(rated, {"$set": {"rating.text": None}})

    def forget_originals(self, now: datetime) -> None:
        """Drop the sealed originals whose time is over."""
        over = {"sealed_until": {"$lte": now}}
        self._messages.update_many(over, {"$unset": {"sealed": "", "sealed_until": ""}})

    def conversations_with_file(self, upload: str) -> list[Conversation]:
        """Where a file was sent."""
        ids = {row["conversation"] for row in self._messages.find({"file.id": upload}, {"conversation": 1})}
        return [found for found in map(self.conversation, sorted(ids)) if found]

    def conversations_with_card(self, type: str, ref: str) -> list[Conversation]:
        """Where a citizen sent a card."""
        sent = {"card.ref": ref, "card.type": type, "sender.kind": "citizen"}
        ids = {row["conversation"] for row in self._messages.find(sent, {"conversation": 1})}
        return [found for found in map(self.conversation, sorted(ids)) if found]

    # -- how far each member has seen ------------------------------------------

    def advance(
        self, conversation: str, member: Person, delivered: int, read: int, now: datetime
    ) -> dict[str, int] | None:
        """Raise how far a member has seen; numbers never go back. None where nothing is new."""
        key = {"_id": f"{conversation}:{member.id}"}
        change = {
            "$max": {"delivered_seq": delivered, "read_seq": read},
            "$set": {"seen_at": now},
            "$setOnInsert": {"conversation": conversation, "member": member.id, "kind": member.kind, "told_seq": 0},
        }
        before = self._upsert(self._members, key, change) or {"delivered_seq": 0, "read_seq": 0}
        after = {"delivered_seq": max(before["delivered_seq"], delivered), "read_seq": max(before["read_seq"], read)}
        return None if all(before[name] == after[name] for name in after) else after

    def seen(self, conversation: str) -> list[Document]:
        """Rows {member, kind, delivered_seq, read_seq, told_seq} of a conversation."""
        return list(self._members.find({"conversation": conversation}))

    def seen_between(self, after: datetime, before: datetime) -> list[Document]:
        """As `seen`, of those members of all conversations who have seen something in this time."""
        return list(self._members.find({"seen_at": {"$gte": after, "$lt": before}}))

    def told(self, conversation: str, member: Person, seq: int) -> None:
        """Remember that a member was told by other ways of everything up to `seq`."""
        key = {"_id": f"{conversation}:{member.id}"}
        change = {
            "$max": {"told_seq": seq},
            "$setOnInsert": {
                "conversation": conversation,
                "member": member.id,
                "kind": member.kind,
                "delivered_seq": 0,
                "read_seq": 0,
            },
        }
        self._upsert(self._members, key, change)

    # -- who is there ----------------------------------------------------------

    def presence(self, member: str) -> Presence | None:
        """What an officer said of themselves last."""
        row = self._presence.find_one({"_id": member, "name": {"$exists": True}})
        return _presence(row) if row else None

    def officers(self, desk: str, now: datetime) -> list[Presence]:
        """Who of a desk has given a sign of life."""
        return [_presence(row) for row in self._presence.find({"desk": desk, "until": {"$gt": now}})]

    def giving_desks(self, now: datetime) -> set[str]:
        """The desks at which somebody is given conversations."""
        rows = self._presence.find({"until": {"$gt": now}, "takes": "push"}, {"desk": 1})
        return {row["desk"] for row in rows if row["desk"]}

    def gone(self, after: datetime, before: datetime) -> list[str]:
        """Officers whose lease ended between two instants."""
        return [row["_id"] for row in self._presence.find({"until": {"$gt": after, "$lte": before}}, {"_id": 1})]

    def keep_presence(self, presence: Presence) -> None:
        """Keep it, lease included."""
        change = {key: value for key, value in asdict(presence).items() if key != "member"}
        change["skills"] = list(presence.skills)
        self._upsert(self._presence, {"_id": presence.member}, {"$set": change})

    def renew_presence(self, members: Iterable[str], until: datetime) -> None:
        """A sign of life of connected officers."""
        self._presence.update_many({"_id": {"$in": list(members)}}, {"$set": {"until": until}})

    # -- the search for unseen messages -----------------------------------------

    def claim_search(self, now: datetime) -> Document | None:
        """Lease the search for unseen messages, which goes on after the id `after`; None where it is not due."""
        start = {"$setOnInsert": {"after": "", **self._db.leasable(now)}}
        if self._db["chat_cursors"].find_one({"_id": AWAY}, {"_id": 1}) is None:
            self._upsert(self._db["chat_cursors"], {"_id": AWAY}, start)
        return self._db.claim("chat_cursors", {"_id": AWAY}, now)

    def end_search(self, row: Document, after: str, due_at: datetime) -> None:
        """Give the lease back, having looked at everything up to the id `after`."""
        change = {"after": after, "due_at": due_at, "lease.until": due_at, "attempts": 0}
        self._db["chat_cursors"].update_one({"_id": AWAY, "lease.fence": row["lease"]["fence"]}, {"$set": change})

    def said_between(self, after: str, before: str, limit: int) -> list[Document]:
        """Messages by id, which is by time: {conversation, stream, seq, kind, sender, event: {type}}."""
        fields = {"conversation": 1, "stream": 1, "seq": 1, "kind": 1, "sender": 1, "event.type": 1}
        return list(self._messages.find({"_id": {"$gt": after, "$lt": before}}, fields).sort("_id", 1).limit(limit))

    @staticmethod
    def _upsert(collection: Collection[Document], key: Document, change: Document) -> Document | None:
        """Change a row or make it; gives what was there before. Two that make it at once: the second changes it."""
        try:
            return collection.find_one_and_update(key, change, upsert=True, return_document=ReturnDocument.BEFORE)
        except DuplicateKeyError:
            return collection.find_one_and_update(key, change, return_document=ReturnDocument.BEFORE)


def _canned(row: Document) -> Canned:
    return Canned(**{field.name: row["_id" if field.name == "id" else field.name] for field in fields(Canned)})


def _presence(row: Document) -> Presence:
    known = {field.name: row[field.name] for field in fields(Presence) if field.name in row}
    return Presence(**{**known, "member": row["_id"], "skills": tuple(row.get("skills") or ())})


def _row(conversation: Conversation) -> Document:
    row = asdict(conversation)
    return {"_id": row.pop("id"), "v": 1, **row}


def conversation_of(row: Document) -> Conversation:
    """A conversation from its row."""
    known: Document = {field.name: row.get(field.name) for field in fields(Conversation)} | {"id": row["_id"]}
    for role in ("citizen", "officer", "owner"):
        known[role] = Person(**row[role]) if row[role] else None
    known["closed"] = Closing(**row["closed"]) if row["closed"] else None
    tied = row.get("tied")
    known["tied"] = Tie(tied["at"], Person(**tied["by"])) if tied else None
    known["rating"] = Rating(**row["rating"]) if row.get("rating") else None
    return Conversation(**known)
