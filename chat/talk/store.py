"""The collections `conversations`, `messages` and `conversation_members`.

Unique indexes guarantee, whichever process writes, that no number of a stream is given twice, and that no sender's
client id is stored twice in a conversation.
"""

import random
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, fields
from datetime import datetime
from typing import Any, Protocol, TypeVar

import pymongo
from pymongo.client_session import ClientSession
from pymongo.collection import Collection
from pymongo.errors import DuplicateKeyError, PyMongoError

from chat.ports import Document
from chat.refusals import Unavailable
from chat.talk.conversation import Closing, Conversation, Participant, Rating, Tie
from chat.talk.sealing import OF_CONVERSATIONS, OF_MESSAGES, VERSION, WORDS, Sealing, upgrade

T = TypeVar("T")
Index = tuple[str, list[tuple[str, int]], dict[str, Any]]
WriteBeside = Callable[[ClientSession], list[Document]]
"""Writes what belongs to a change in its transaction, and gives the messages to be stored with it."""

INDEXES: list[Index] = [
    ("messages", [("conversation", 1), ("stream", 1), ("seq", 1)], {"unique": True}),
    ("messages", [("client_id", 1), ("conversation", 1), ("sender.id", 1)], {"unique": True}),
    ("messages", [("stream", 1), ("at", 1)], {}),
    ("messages", [("file.id", 1)], {"sparse": True}),
    ("messages", [("card.ref", 1)], {"sparse": True}),
    ("conversations", [("case", 1), ("_id", 1)], {}),
    ("conversations", [("citizen.id", 1), ("_id", 1)], {}),
    ("conversations", [("officer.id", 1), ("_id", 1)], {}),
    ("conversations", [("owner.id", 1), ("_id", 1)], {}),
    ("conversation_members", [("conversation", 1)], {}),
    ("conversation_members", [("seen_at", 1)], {"sparse": True}),
]

SEALED = [("messages", ("sealed", WORDS)), ("conversations", (WORDS,))]
"""The sealed fields by collection, for the rotation of keys."""

UPGRADES = [
    ("messages", upgrade(OF_MESSAGES), OF_MESSAGES),
    ("conversations", upgrade(OF_CONVERSATIONS), OF_CONVERSATIONS),
]

WRITE_SECONDS = 3.0
"""How long one write of the group commit may take before its outcome is looked up instead."""

TRIES = 20
"""How often a write that lost a race is tried again."""

UNREAD_SHOWN = 99
MOST_SEQ = 2**63 - 1
"""The highest number that can be stored; no stream comes so far."""

STREAMS = ("public", "staff")
SEEN = ("delivered_seq", "read_seq")


class Unsettled(Exception):
    """The store failed or timed out: a read has no result, or it is not known what of a write is stored."""


class ChatDatabase(Protocol):
    """A MongoDB database whose writes are acknowledged by a majority, with one transaction helper and one lease."""

    def __getitem__(self, name: str) -> Collection[Document]: ...
    def transact(self, work: Callable[[ClientSession], T]) -> T: ...
    def claim(self, collection: str, wanted: Document, now: datetime) -> Document | None: ...
    def leasable(self, due_at: datetime) -> Document: ...


class ConversationStore:
    """Conversations, their messages, and how far each member has seen. What people wrote is stored sealed."""

    def __init__(self, database: ChatDatabase, sealing: Sealing) -> None:
        self._db, self._sealing = database, sealing
        self._messages = database["messages"]
        self._conversations = database["conversations"]
        self._members = database["conversation_members"]

    # -- conversations -------------------------------------------------------

    def begin(self, conversation: Conversation, write_beside: WriteBeside) -> list[Document]:
        """Insert a new conversation with its first messages; gives them numbered."""

        def work(session: ClientSession) -> list[Document]:
            row = self._sealing.conversations.sealed(_row_of(conversation))
            self._conversations.insert_one(row, session=session)
            return self._insert_numbered(session, conversation.id, write_beside(session))

        return self._db.transact(work)

    def move(self, before: Conversation, after: Conversation, write_beside: WriteBeside) -> list[Document] | None:
        """Replace `before` by `after` and insert its messages, in one transaction; gives them numbered.

        None if somebody else moved it first. `write_beside` may refuse, and then nothing changes. A number taken
        meanwhile by a message makes it try again. Raises Unavailable.
        """

        def work(session: ClientSession) -> list[Document] | None:
            known = {"_id": before.id, "version": before.version}
            change = {WORDS: None, **self._sealing.conversations.sealed(_row_of(after))}
            if not self._conversations.update_one(known, {"$set": change}, session=session).matched_count:
                return None
            return self._insert_numbered(session, before.id, write_beside(session))

        for _ in range(TRIES):
            try:
                return self._db.transact(work)
            except DuplicateKeyError:
                _pause()
        raise Unavailable

    def _insert_numbered(self, session: ClientSession, conversation: str, rows: list[Document]) -> list[Document]:
        last: dict[str, int] = {}
        for row in rows:
            stream = row["stream"]
            if stream not in last:
                last[stream] = self.last(conversation, stream, session)
            last[stream] += 1
            row["seq"] = last[stream]
        self._messages.insert_many([self._sealing.messages.sealed(row) for row in rows], session=session)
        return rows

    def conversation(self, conversation_id: str) -> Conversation | None:
        """One conversation."""
        row = self._conversations.find_one({"_id": conversation_id})
        return conversation_of(row, self._sealing) if row else None

    def of_citizen(self, citizen: str, before: str | None, limit: int) -> list[Conversation]:
        """A citizen's own, newest first, from before an id on."""
        return newest(self._conversations, {"citizen.id": citizen}, before, limit, self._sealing)

    def of_case(self, case: str, limit: int) -> list[Conversation]:
        """Those tied to a case, newest first."""
        return newest(self._conversations, {"case": case}, None, limit, self._sealing)

    def last_of_officer(self, officer: str, most: int) -> list[str]:
        """The ids of the last `most` that an officer has or took first, newest first."""
        ids: set[str] = set()
        for role in ("officer.id", "owner.id"):
            rows = self._conversations.find({role: officer}, {"_id": 1}).sort("_id", -1).limit(most)
            ids.update(row["_id"] for row in rows)
        return sorted(ids, reverse=True)[:most]

    def with_file(self, upload: str) -> list[Conversation]:
        """Those in which a file was sent."""
        return self._of_messages({"file.id": upload})

    def with_card(self, type: str, ref: str) -> list[Conversation]:
        """Those in which a citizen sent a card."""
        return self._of_messages({"card.ref": ref, "card.type": type, "sender.kind": "citizen"})

    def _of_messages(self, wanted: Document) -> list[Conversation]:
        ids = {row["conversation"] for row in self._messages.find(wanted, {"conversation": 1})}
        return [conversation for conversation in map(self.conversation, sorted(ids)) if conversation]

    # -- messages ------------------------------------------------------------

    def append(self, rows: Sequence[Document], *, ordered: bool) -> None:
        """Write a batch of numbered messages. Raises Unsettled if it is not known that all of them are stored."""
        try:
            with pymongo.timeout(WRITE_SECONDS):
                self._messages.insert_many([self._sealing.messages.sealed(row) for row in rows], ordered=ordered)
        except PyMongoError as error:
            raise Unsettled from error

    def stored(self, client_ids: Iterable[str]) -> list[Document]:
        """The messages with one of these client ids that a majority has. Raises Unsettled."""
        try:
            with pymongo.timeout(WRITE_SECONDS):
                return self._opened(self._messages.find({"client_id": {"$in": list(client_ids)}}))
        except PyMongoError as error:
            raise Unsettled from error

    def last_known(self, conversation: str, stream: str) -> int:
        """As `last`, with a timeout, for the group commit. Raises Unsettled."""
        try:
            with pymongo.timeout(WRITE_SECONDS):
                return self.last(conversation, stream)
        except PyMongoError as error:
            raise Unsettled from error

    def last(self, conversation: str, stream: str, session: ClientSession | None = None) -> int:
        """The highest number of a stream; 0 if it is empty."""
        wanted = {"conversation": conversation, "stream": stream}
        row = self._messages.find_one(wanted, {"seq": 1}, sort=[("seq", -1)], session=session)
        return row["seq"] if row else 0

    def latest(self, conversation: str) -> Document | None:
        """The last public message."""
        wanted = {"conversation": conversation, "stream": "public"}
        return self._opened_one(self._messages.find_one(wanted, sort=[("seq", -1)]))

    def last_word(self, conversation: str) -> Document | None:
        """The last public message that a person sent, events not counted."""
        wanted = {"conversation": conversation, "stream": "public", "kind": {"$ne": "event"}}
        return self._opened_one(self._messages.find_one(wanted, sort=[("seq", -1)]))

    def message(self, conversation: str, stream: str, seq: int) -> Document | None:
        """One message by its number."""
        if seq > MOST_SEQ:
            return None
        wanted = {"conversation": conversation, "stream": stream, "seq": seq}
        return self._opened_one(self._messages.find_one(wanted))

    def page(self, conversation: str, stream: str, after: int, limit: int) -> list[Document]:
        """Messages of a stream in order, from after a number on."""
        wanted = {"conversation": conversation, "stream": stream, "seq": {"$gt": after}}
        return self._opened(self._messages.find(wanted).sort("seq", 1).limit(limit))

    def page_before(self, conversation: str, before: int, limit: int) -> list[Document]:
        """The public messages before a number, newest first."""
        wanted = {"conversation": conversation, "stream": "public", "seq": {"$gte": before - limit, "$lt": before}}
        return self._opened(self._messages.find(wanted).sort("seq", -1))

    def has_spoken(self, conversation: str, member: str, since: datetime) -> bool:
        """Whether somebody sent a public message from an instant on."""
        wanted = {"conversation": conversation, "stream": "public", "sender.id": member, "at": {"$gte": since}}
        return self._messages.find_one(wanted, {"_id": 1}, sort=[("seq", -1)]) is not None

    def answered_at(self, conversation: str, since: datetime) -> datetime | None:
        """When staff first sent a public message, from an instant on."""
        wanted = {
            "conversation": conversation,
            "stream": "public",
            "kind": {"$ne": "event"},
            "sender.kind": "staff",
            "at": {"$gte": since},
        }
        row = self._messages.find_one(wanted, {"at": 1}, sort=[("seq", 1)])
        return row["at"] if row else None

    def ids_between(self, after: datetime, before: datetime) -> list[str]:
        """The ids of all messages made from one instant on, before another."""
        span = {"$gte": after, "$lt": before}
        rows = (self._messages.find({"stream": stream, "at": span}, {"_id": 1}).sort("at", 1) for stream in STREAMS)
        return [row["_id"] for of_stream in rows for row in of_stream]

    def messages_of(self, ids: Sequence[str]) -> list[Document]:
        """The messages with these ids, each stream in its order."""
        rows = self._opened(self._messages.find({"_id": {"$in": list(ids)}})) if ids else ()
        return sorted(rows, key=lambda row: (row["conversation"], row["seq"]))

    def _opened(self, rows: Iterable[Document]) -> list[Document]:
        return [self._sealing.messages.opened(row) for row in rows]

    def _opened_one(self, row: Document | None) -> Document | None:
        return row and self._sealing.messages.opened(row)

    def unread(self, conversation: str, member: str, read: int) -> int:
        """How many messages of others a member has not read, events not counted; at most 99."""
        wanted = {
            "conversation": conversation,
            "stream": "public",
            "seq": {"$gt": read},
            "kind": {"$ne": "event"},
            "sender.id": {"$ne": member},
        }
        return self._messages.count_documents(wanted, limit=UNREAD_SHOWN)

    # -- how far each member has seen ------------------------------------------

    def advance(
        self, conversation: str, member: Participant, delivered: int, read: int, now: datetime
    ) -> dict[str, int] | None:
        """Raise how far a member has seen, {delivered_seq, read_seq}; numbers never go back. None if nothing is new.

        Raises Unavailable if others keep changing the same row.
        """
        key = f"{conversation}:{member.id}"
        for _ in range(TRIES):
            row = self._members.find_one({"_id": key})
            before = {name: row[name] if row else 0 for name in SEEN}
            after = {name: max(before[name], seq) for name, seq in zip(SEEN, (delivered, read), strict=True)}
            if after == before:
                return None
            if self._replace_seen(key, before if row else None, {**after, "seen_at": now}, conversation, member):
                return after
            _pause()
        raise Unavailable(retry_after=1)

    def _replace_seen(
        self, key: str, before: dict[str, int] | None, change: Document, conversation: str, member: Participant
    ) -> bool:
        """Update a member's row if it is still as it was read, or insert the first; False if somebody was faster."""
        if before is not None:
            return self._members.update_one({"_id": key, **before}, {"$set": change}).matched_count == 1
        try:
            self._members.insert_one({"_id": key, **member_fields(conversation, member), "told_seq": 0, **change})
        except DuplicateKeyError:
            return False
        return True

    def seen(self, conversation: str) -> list[Document]:
        """Rows {member, kind, delivered_seq, read_seq, told_seq} of a conversation."""
        return list(self._members.find({"conversation": conversation}))

    def seen_between(self, after: datetime, before: datetime) -> list[Document]:
        """As `seen`, for the members of all conversations who have seen something in this time."""
        return list(self._members.find({"seen_at": {"$gte": after, "$lt": before}}))


def newest(
    collection: Collection[Document], wanted: Document, before: str | None, limit: int, sealing: Sealing
) -> list[Conversation]:
    """The newest conversations that match, from before an id on; `wanted` holds an equality on an indexed field."""
    if before is not None:
        wanted = {**wanted, "_id": {"$lt": before, **wanted.get("_id", {})}}
    return [conversation_of(row, sealing) for row in collection.find(wanted).sort("_id", -1).limit(limit)]


def following(
    collection: Collection[Document],
    equal: Document,
    by: str,
    position: tuple[datetime, str] | None,
    limit: int,
    before: datetime | None = None,
    projection: Document | None = None,
) -> list[Document]:
    """The next rows after a position, in the order of the instant `by` and the id; the instant stays below `before`.

    `equal` are equalities on the fields that lie before `by` in an index. Rows of the position's own instant are read
    by equality and beside the limit: a range of `_id`, or `$or`, reads the whole collection on the embedded store.
    """
    beside: list[Document] = []
    span: Document = {} if before is None else {"$lt": before}
    if position is not None:
        at, after = position
        of_instant = collection.find({**equal, by: at}, projection)
        beside = sorted((row for row in of_instant if row["_id"] > after), key=lambda row: row["_id"])
        span["$gt"] = at
    wanted = {**equal, by: span} if span else equal
    return [*beside, *collection.find(wanted, projection).sort([(by, 1), ("_id", 1)]).limit(limit)]


def upsert(collection: Collection[Document], key: str, change: Document) -> None:
    """Change a row, or insert it. If two insert it at once, the second changes it."""
    try:
        collection.update_one({"_id": key}, change, upsert=True)
    except DuplicateKeyError:
        collection.update_one({"_id": key}, change, upsert=True)


def conversation_of(row: Document, sealing: Sealing) -> Conversation:
    """A conversation from its row."""
    row = sealing.conversations.opened(row)
    values: Document = {field.name: row.get(field.name) for field in fields(Conversation)} | {"id": row["_id"]}
    for role in ("citizen", "officer", "owner"):
        values[role] = Participant(**row[role]) if row[role] else None
    values["closed"] = Closing(**row["closed"]) if row["closed"] else None
    tied = row.get("tied")
    values["tied"] = Tie(tied["at"], Participant(**tied["by"])) if tied else None
    values["rating"] = Rating(**row["rating"]) if row.get("rating") else None
    return Conversation(**values)


def _row_of(conversation: Conversation) -> Document:
    fields_of = asdict(conversation)
    return {"_id": fields_of.pop("id"), "v": VERSION, **fields_of}


def member_fields(conversation: str, member: Participant) -> Document:
    """The fields of a member's row that name the conversation and the member."""
    return {"conversation": conversation, "member": member.id, "kind": member.kind}


def _pause() -> None:
    """Let the one who was faster finish."""
    time.sleep(random.uniform(0.001, 0.02))
