"""The collections `desk_presence` and `chat_promises`, and `conversations` as a desk reads them: queues and loads."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, fields
from datetime import datetime, timedelta

from pymongo.client_session import ClientSession

from chat.desk.presence import Presence
from chat.ports import Document
from chat.talk.conversation import STATES, WAITING, Conversation
from chat.talk.ids import EPOCH, first_id
from chat.talk.sealing import Sealing
from chat.talk.store import ChatDatabase, Index, conversation_of, following, newest, upsert

INDEXES: list[Index] = [
    ("conversations", [("desk", 1), ("state", 1), ("waiting_since", 1)], {}),
    ("conversations", [("desk", 1), ("claimed_at", 1)], {}),
    ("conversations", [("desk", 1), ("_id", 1)], {}),
    ("conversations", [("officer.id", 1), ("state", 1)], {}),
    ("conversations", [("state", 1), ("reply_by", 1)], {}),
    ("conversations", [("state", 1), ("look_at", 1)], {}),
    ("chat_promises", [("state", 1), ("look_at", 1)], {}),
    ("chat_promises", [("desk", 1), ("made_at", 1)], {}),
    ("chat_promises", [("made_at", 1)], {}),
    ("desk_presence", [("desk", 1), ("until", 1)], {}),
    ("desk_presence", [("until", 1)], {}),
]

SMALL = {"desk_presence": "a row per officer"}

SAMPLES = 20
OPEN = tuple(state for state in STATES if state != "closed")
SPANS = (timedelta(hours=1), timedelta(days=1), timedelta(days=30))
"""How far back the newest are looked for, one span after the other until there are enough: on the embedded store a
query costs as much as rows match, however few are asked for."""

LAST_WAITS = timedelta(days=365)
"""How old a measured wait may be."""


class DeskStore:
    """The queues of desks, the presence and load of officers, and promised answers."""

    def __init__(self, database: ChatDatabase, sealing: Sealing) -> None:
        self._sealing = sealing
        self._conversations = database["conversations"]
        self._presence = database["desk_presence"]
        self._promises = database["chat_promises"]

    # -- lists and queues --------------------------------------------------------

    def of_officer(self, officer: str, before: str | None, limit: int) -> list[Conversation]:
        """What an officer holds, newest first, from before an id on."""
        return newest(self._conversations, {"officer.id": officer, "state": "active"}, before, limit, self._sealing)

    def of_desk(self, desk: str, before: Conversation | None, now: datetime, limit: int) -> list[Conversation]:
        """A desk's conversations, newest first, from before one of them on."""
        last, at = (before.id, before.created_at) if before else (None, now)
        for span in (*SPANS, None):
            wanted = {"desk": desk, **({"_id": {"$gte": first_id(at - span)}} if span else {})}
            page = newest(self._conversations, wanted, last, limit, self._sealing)
            if len(page) == limit:
                break
        return page

    def waiting(self, desk: str, after: Conversation | None, limit: int) -> list[Conversation]:
        """The conversations that wait for an officer of a desk, longest first, from after one of them on."""
        position = (after.waiting_since, after.id) if after else None
        rows: list[Document] = []
        for state in WAITING:
            equal = {"desk": desk, "state": state}
            rows += following(self._conversations, equal, "waiting_since", position, limit)
        return [
            conversation_of(row, self._sealing)
            for row in sorted(rows, key=lambda row: (row["waiting_since"], row["_id"]))[:limit]
        ]

    def queue(self, desk: str) -> list[tuple[str, str]]:
        """The queue of a desk, next one first, as (conversation, citizen)."""
        rows = self._conversations.find({"desk": desk, "state": "queued"}, {"citizen.id": 1})
        return [(row["_id"], row["citizen"]["id"]) for row in rows.sort([("waiting_since", 1), ("_id", 1)])]

    def first_queued(self, desk: str, limit: int) -> list[Conversation]:
        """The first of a desk's queue."""
        rows = self._conversations.find({"desk": desk, "state": "queued"})
        return [
            conversation_of(row, self._sealing) for row in rows.sort([("waiting_since", 1), ("_id", 1)]).limit(limit)
        ]

    def ahead(self, desk: str, since: datetime) -> int:
        """How many conversations in a desk's queue have waited since before an instant."""
        return self._conversations.count_documents({"desk": desk, "state": "queued", "waiting_since": {"$lt": since}})

    def waits(self, desk: str, now: datetime) -> list[tuple[float, int]]:
        """The last waits at a desk, at most 20 and a year old: (seconds, the place in the queue at its start)."""
        for span in (*SPANS, LAST_WAITS):
            wanted = {"desk": desk, "claimed_at": {"$gt": now - span}}
            rows = self._conversations.find(wanted, {"waited": 1, "place": 1})
            samples = list(rows.sort("claimed_at", -1).limit(SAMPLES))
            if len(samples) == SAMPLES:
                break
        return [(row["waited"], row["place"]) for row in samples if row["waited"] is not None]

    def open_at(self, desk: str) -> int:
        """How many conversations of a desk are not closed."""
        return sum(self._conversations.count_documents({"desk": desk, "state": state}) for state in OPEN)

    # -- officers ----------------------------------------------------------------

    def held_by(self, officers: Sequence[str]) -> list[tuple[str, str]]:
        """What officers hold, as (officer, conversation)."""
        wanted = {"officer.id": {"$in": list(officers)}, "state": "active"}
        return [(row["officer"]["id"], row["_id"]) for row in self._conversations.find(wanted, {"officer.id": 1})]

    def count_held(self, session: ClientSession, officer: str) -> int:
        """How many conversations an officer holds, counted in a transaction.

        It writes a row of the officer, so that two such transactions conflict and run one after the other: under
        snapshot isolation alone both would count the same.
        """
        self._presence.update_one({"_id": officer}, {"$inc": {"taken": 1}}, upsert=True, session=session)
        return self._conversations.count_documents({"officer.id": officer, "state": "active"}, session=session)

    def last_officer(self, citizen: str, desk: str) -> str | None:
        """Who had this citizen's last conversation at a desk."""
        wanted = {"citizen.id": citizen, "desk": desk, "owner": {"$ne": None}}
        row = self._conversations.find_one(wanted, {"officer": 1, "owner": 1}, sort=[("_id", -1)])
        return (row["officer"] or row["owner"])["id"] if row else None

    def unanswered(self, now: datetime, limit: int) -> list[Conversation]:
        """Those in which the officer's first answer is due; longest first."""
        due = {"state": "active", "reply_by": {"$gt": EPOCH, "$lte": now}}
        return [
            conversation_of(row, self._sealing)
            for row in self._conversations.find(due).sort("reply_by", 1).limit(limit)
        ]

    def mark_answered(self, conversation: Conversation) -> None:
        """Note that the first answer was given, so that none is due any more."""
        due = {"_id": conversation.id, "reply_by": conversation.reply_by}
        self._conversations.update_one(due, {"$set": {"reply_by": None}})

    def perhaps_silent(self, now: datetime, limit: int) -> list[Conversation]:
        """Those that are due to be checked for silence; longest first."""
        due = {"state": "active", "look_at": {"$gt": EPOCH, "$lte": now}}
        return [
            conversation_of(row, self._sealing) for row in self._conversations.find(due).sort("look_at", 1).limit(limit)
        ]

    def check_later(self, conversation: Conversation, at: datetime) -> None:
        """Postpone the check for silence to `at`, unless the conversation was moved meanwhile."""
        known = {"_id": conversation.id, "version": conversation.version}
        self._conversations.update_one(known, {"$set": {"look_at": at, "warned_at": None}})

    # -- presence ------------------------------------------------------------------

    def presence(self, member: str) -> Presence | None:
        """The presence of an officer."""
        row = self._presence.find_one({"_id": member, "name": {"$exists": True}})
        return _presence_of(row) if row else None

    def officers(self, desk: str, now: datetime) -> list[Presence]:
        """The officers of a desk whose lease holds."""
        return [_presence_of(row) for row in self._presence.find({"desk": desk, "until": {"$gt": now}})]

    def assigning_desks(self, now: datetime) -> set[str]:
        """The desks at which somebody is assigned conversations."""
        rows = self._presence.find({"until": {"$gt": now}, "takes": "push"}, {"desk": 1})
        return {row["desk"] for row in rows if row["desk"]}

    def gone(self, after: datetime, before: datetime) -> list[str]:
        """Officers whose lease ended between two instants."""
        return [row["_id"] for row in self._presence.find({"until": {"$gt": after, "$lte": before}}, {"_id": 1})]

    def keep_presence(self, presence: Presence) -> None:
        """Store a presence, lease included."""
        change = {key: value for key, value in asdict(presence).items() if key != "member"}
        change["skills"] = list(presence.skills)
        upsert(self._presence, presence.member, {"$set": change})

    def renew_presence(self, members: Iterable[str], until: datetime) -> None:
        """Renew the leases of connected officers."""
        self._presence.update_many({"_id": {"$in": list(members)}}, {"$set": {"until": until}})

    # -- promised answers -----------------------------------------------------------

    def add_promise(self, session: ClientSession, conversation: Conversation, now: datetime, look_at: datetime) -> None:
        """Insert the promise of an answer, in the transaction that makes the conversation a message."""
        row = {
            "_id": f"{conversation.id}:{conversation.version}",
            "v": 1,
            "conversation": conversation.id,
            "desk": conversation.desk,
            "made_at": now,
            "at": conversation.promised_at,
            "state": "open",
            "look_at": look_at,
            "told": [],
        }
        self._promises.insert_one(row, session=session)

    def promises_due(self, now: datetime, limit: int) -> list[Document]:
        """Open promises that are due to be checked, longest first."""
        due = {"state": "open", "look_at": {"$lte": now}}
        return list(self._promises.find(due).sort("look_at", 1).limit(limit))

    def settle_promise(self, promise: str, change: Document) -> None:
        """Change a promise that is open."""
        self._promises.update_one({"_id": promise, "state": "open"}, {"$set": change})

    def promises(self, desk: str | None, since: datetime) -> list[Document]:
        """The promises made at a desk (None: at all of them) since an instant: {state, at}."""
        wanted: Document = {"made_at": {"$gte": since}, **({"desk": desk} if desk else {})}
        return list(self._promises.find(wanted, {"state": 1, "at": 1}))


def _presence_of(row: Document) -> Presence:
    values = {field.name: row[field.name] for field in fields(Presence) if field.name in row}
    return Presence(**{**values, "member": row["_id"], "skills": tuple(row.get("skills") or ())})
