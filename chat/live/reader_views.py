"""Conversations and messages as one reader sees them: names and cards resolved, queue place, unread count."""

from collections.abc import Callable, Iterable
from datetime import datetime

from chat.desk.queue import Queues
from chat.desk.store import DeskStore
from chat.desk.waiting_time import wait_range
from chat.live import views
from chat.ports import Document, Ports, Viewer
from chat.talk.conversation import Conversation, Participant
from chat.talk.store import SEEN, ConversationStore

ANYBODY = Participant("", "citizen")
"""A viewer to whom nothing belongs: what they may see, everybody may."""


class ReaderViews:
    """Makes the JSON of conversations and messages for one reader; it changes nothing.

    `blocked(citizen, desk)` is the block in force as its reader sees it, or None.
    """

    def __init__(
        self,
        store: ConversationStore,
        desks: DeskStore,
        ports: Ports,
        *,
        queues: Queues,
        blocked: Callable[[str, str], Document | None],
        now: Callable[[], datetime],
    ) -> None:
        self._store, self._desks, self._ports, self._queues = store, desks, ports, queues
        self._blocked, self._now = blocked, now

    def for_both_sides(
        self, row: Document, conversation: Conversation, citizen_name: str | None = None
    ) -> tuple[Document, Document]:
        """A message to be broadcast: for its citizen, and for whoever of the staff follows it.

        They differ in a card that not everybody may see: the staff are sent its bare type, and look it up.
        """
        [view] = self.messages([row], conversation, conversation.citizen, citizen_name)
        if "card" not in row:
            return view, view
        [staff_view] = self.messages([row], conversation, ANYBODY, view["sender"]["name"])
        return view, staff_view

    def messages(
        self, rows: list[Document], conversation: Conversation, viewer: Viewer, citizen_name: str | None = None
    ) -> list[Document]:
        """Messages for a reader."""
        cards: dict[tuple[str, str], Document | None] = {}
        if citizen_name is None:
            citizen_name = self._ports.name_of(conversation.citizen.id) if any(map(by_citizen, rows)) else ""
        messages = []
        for row in rows:
            who = row["sender"]
            sender = Participant(who["id"], who["kind"], citizen_name if by_citizen(row) else who["name"])
            card = None
            if "card" in row:
                key = (row["card"]["type"], row["card"]["ref"])
                if key not in cards:
                    cards[key] = self._ports.card(*key, viewer)
                card = cards[key]
            messages.append(views.message(row, sender, card))
        return messages

    def conversation(self, conversation: Conversation, viewer: Viewer) -> Document:
        """A conversation for a reader, with how far both sides have seen, unread messages, queue place and block."""
        seen = self._store.seen(conversation.id)
        own = _furthest(row for row in seen if row["member"] == viewer.id)
        last, read = self._store.last(conversation.id, "public"), own["read_seq"]
        return views.conversation(
            conversation,
            last_seq=last,
            unread=self._store.unread(conversation.id, viewer.id, read) if last > read else 0,
            own=own,
            peer=_furthest(row for row in seen if row["kind"] != viewer.kind),
            queue=self._queue_place(conversation),
            blocked=self._blocked(conversation.citizen.id, conversation.desk),
        )

    def desk_conversation(self, conversation: Conversation, viewer: Viewer) -> Document:
        """As `conversation`, with what staff see in a list: the citizen, the waiting time, the last message."""
        latest = self._store.latest(conversation.id)
        return {
            **self.conversation(conversation, viewer),
            "citizen": {"id": conversation.citizen.id, "name": self._ports.name_of(conversation.citizen.id)},
            "waiting_since": views.moment(conversation.waiting_since),
            "wanted": conversation.wanted,
            "last": self.messages([latest], conversation, viewer)[0] if latest else None,
        }

    def _queue_place(self, conversation: Conversation) -> Document | None:
        if conversation.state != "queued":
            return None
        position = self._desks.ahead(conversation.desk, conversation.waiting_since) + 1
        waits = self._queues.waits(conversation.desk)
        if waits is None:
            waits = self._queues.remember_waits(conversation.desk, self._desks.waits(conversation.desk, self._now()))
        return queue_place(position, waits)


def by_citizen(row: Document) -> bool:
    """Whether a citizen sent this message."""
    return bool(row["sender"]["kind"] == "citizen")


def queue_place(position: int, waits: list[tuple[float, int]]) -> Document:
    """A place in a queue: {position, wait: [low, high] minutes}."""
    return {"position": position, "wait": list(wait_range(position, waits))}


def _furthest(rows: Iterable[Document]) -> dict[str, int]:
    """How far one side has seen: the furthest of its members."""
    side = list(rows)
    return {name: max((row[name] for row in side), default=0) for name in SEEN}
