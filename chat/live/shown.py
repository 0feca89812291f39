"""Conversations and messages as one of their readers sees them, with what others hand in: names, cards, places."""

from collections.abc import Callable, Iterable

from chat.blocks.block import Block
from chat.desk import routing as desks
from chat.desk.queue import Queues
from chat.live import views
from chat.ports import Document, Ports, Viewer
from chat.talk.conversation import Conversation, Person
from chat.talk.store import ChatStore


class Showing:
    """Reads, and changes nothing."""

    def __init__(self, store: ChatStore, ports: Ports, queues: Queues) -> None:
        self._store, self._ports, self._queues = store, ports, queues
        self.block_of: Callable[[str, str], Block | None] = lambda citizen, desk: None
        """The block that holds for a citizen at a desk; told once blocks are there."""

    def messages(
        self, rows: list[Document], found: Conversation, viewer: Viewer, citizen_name: str | None = None
    ) -> list[Document]:
        """Messages for a reader. What goes to many is shown as to the citizen: the least that each of them may see."""
        cards: dict[tuple[str, str], Document | None] = {}
        if citizen_name is None:
            citizen_name = self._ports.name_of(found.citizen.id) if any(map(by_citizen, rows)) else ""
        shown = []
        for row in rows:
            who = row["sender"]
            sender = Person(who["id"], who["kind"], citizen_name if by_citizen(row) else who["name"])
            card = None
            if "card" in row:
                key = (row["card"]["type"], row["card"]["ref"])
                if key not in cards:
                    cards[key] = self._ports.card(*key, viewer)
                card = cards[key]
            shown.append(views.message(row, sender, card))
        return shown

    def conversation(self, found: Conversation, viewer: Viewer) -> Document:
        """A conversation with how far both sides have seen."""
        seen = self._store.seen(found.id)
        mine = _furthest(row for row in seen if row["member"] == viewer.id)
        last = self._store.last(found.id, "public")
        return views.conversation(
            found,
            last_seq=last,
            unread=self._store.unread(found.id, viewer.id, mine["read_seq"]) if last > mine["read_seq"] else 0,
            mine=mine,
            peer=_furthest(row for row in seen if row["kind"] != viewer.kind),
            queue=self._queue_of(found),
            block=self.block_of(found.citizen.id, found.desk),
        )

    def at_desk(self, found: Conversation, viewer: Viewer) -> Document:
        """As `conversation`, with what staff see in a list: who asks, since when, what was said last."""
        latest = self._store.latest(found.id)
        return {
            **self.conversation(found, viewer),
            "citizen": {"id": found.citizen.id, "name": self._ports.name_of(found.citizen.id)},
            "waiting_since": views.moment(found.waiting_since),
            "wanted": found.wanted,
            "last": self.messages([latest], found, viewer)[0] if latest else None,
        }

    def _queue_of(self, found: Conversation) -> Document | None:
        if found.state != "queued":
            return None
        position = self._store.ahead(found.desk, found.waiting_since) + 1
        waits = self._queues.waits(found.desk)
        if waits is None:
            waits = self._queues.remember_waits(found.desk, self._store.waits(found.desk))
        return place_in(position, waits)


def by_citizen(row: Document) -> bool:
    """Whether a citizen sent it."""
    return bool(row["sender"]["kind"] == "citizen")


def place_in(position: int, waits: list[tuple[float, int]]) -> Document:
    """A place in a queue: {position, wait: [low, high] minutes}."""
    return {"position": position, "wait": list(desks.wait_range(position, waits))}


def _furthest(rows: Iterable[Document]) -> dict[str, int]:
    """How far one side has seen: the furthest of its members."""
    known = list(rows)
    return {name: max((row[name] for row in known), default=0) for name in ("delivered_seq", "read_seq")}
