"""The events of the socket that clients receive, and the rooms that each goes to.

Each is a hint: the store is the truth, and a client that missed one finds it there.

Rooms: a conversation (its public stream), `<conversation>:staff`, `member:<id>` (every device of one person),
`desk:<id>` (the connected staff of one desk). Citizens are never in the second and the last.
"""

from collections.abc import Callable, Sequence
from typing import Protocol

from chat.live import views
from chat.ports import Document
from chat.talk.conversation import Conversation, Participant


class Emit(Protocol):
    """Send an event to everyone in any of the rooms, once each."""

    def __call__(self, event: str, payload: Document, rooms: Sequence[str], *, skip: str | None = None) -> None: ...


class Hints:
    """Emits the events. Until a socket server is attached nobody is connected, and nothing happens."""

    def __init__(self) -> None:
        self.emit: Emit = _nobody
        self.emit_here: Callable[[str, Document, Sequence[str]], None] = lambda event, payload, rooms: None
        """The same, to this process's own connections alone."""

        self.revoke: Callable[[str], None] = lambda session: None
        """Disconnects the connections of a log-in that was ended."""

        self.connected: Callable[[], int] = lambda: 0
        """The number of this process's connections."""

        self.drop_readers: Callable[[Conversation], None] = lambda conversation: None
        """Removes from its rooms whoever may not read a conversation any more, since it went to another desk."""

    def message(self, view: Document, conversation: Conversation) -> None:
        """A new message of either stream."""
        self.emit("message", view, _message_rooms(view, conversation))

    def missed_message(self, view: Document, conversation: Conversation) -> None:
        """A message that this process missed; an event of the conversation is followed by its newest state."""
        self.emit_here("message", view, _message_rooms(view, conversation))
        if view["kind"] == "event":
            rooms = [*public_rooms(conversation), desk_room(conversation.desk)]
            self.emit_here("state", views.facts(conversation), rooms)

    def state(self, conversation: Conversation, left: str) -> None:
        """A conversation moved, perhaps away from the desk `left`.

        {conversation, version, state, desk, case, officer, owner, promised_at, closed}
        """
        self.emit("state", views.facts(conversation), [*public_rooms(conversation), *_desk_rooms(conversation, left)])

    def assigned(self, conversation: Conversation) -> None:
        """An officer has it now: {conversation, officer}."""
        facts = {key: views.facts(conversation)[key] for key in ("conversation", "officer")}
        self.emit("assigned", facts, public_rooms(conversation))

    def receipt(self, conversation: Conversation, member: Participant, seen: dict[str, int]) -> None:
        """Somebody has seen more: {conversation, member: {id, kind}, delivered_seq, read_seq}."""
        self.emit("receipt", _receipt(conversation, member, seen), public_rooms(conversation))

    def missed_receipt(self, conversation: Conversation, member: Participant, seen: dict[str, int]) -> None:
        """A receipt that this process missed."""
        self.emit_here("receipt", _receipt(conversation, member, seen), public_rooms(conversation))

    def typing(self, conversation: Conversation, member: Participant, connection: str | None) -> None:
        """Somebody is typing: {conversation, member: {id, kind, name}}."""
        who = {"id": member.id, "kind": member.kind, "name": member.name}
        self.emit(
            "typing", {"conversation": conversation.id, "member": who}, public_rooms(conversation), skip=connection
        )

    def queue(self, conversation: str, citizen: str, place: Document) -> None:
        """A place in the queue: {conversation, position, wait: [low, high] minutes}."""
        self.emit("queue", {"conversation": conversation, **place}, [conversation, member_room(citizen)])

    def push(self, member: str, payload: Document) -> None:
        """A payload for every device of one person, e.g. that a notice came."""
        self.emit("notice", payload, [member_room(member)])


def member_room(member: str) -> str:
    """The room of one person's connections."""
    return f"member:{member}"


def desk_room(desk: str) -> str:
    """The room of the staff of one desk."""
    return f"desk:{desk}"


def _desk_rooms(conversation: Conversation, left: str) -> list[str]:
    return [desk_room(desk) for desk in dict.fromkeys((left, conversation.desk))]


def staff_room(conversation: str) -> str:
    """The room of those who follow the staff stream."""
    return f"{conversation}:staff"


def public_rooms(conversation: Conversation) -> list[str]:
    """The rooms of the public stream: those who joined, and every device of its citizen and its officer."""
    people = [conversation.citizen, conversation.officer]
    return [conversation.id, *(member_room(person.id) for person in people if person)]


def staff_rooms(conversation: Conversation) -> list[str]:
    """The rooms of the staff stream."""
    officer = [member_room(conversation.officer.id)] if conversation.officer else []
    return [staff_room(conversation.id), *officer]


def _receipt(conversation: Conversation, member: Participant, seen: dict[str, int]) -> Document:
    return {"conversation": conversation.id, "member": {"id": member.id, "kind": member.kind}, **seen}


def _message_rooms(view: Document, conversation: Conversation) -> list[str]:
    return staff_rooms(conversation) if view["stream"] == "staff" else public_rooms(conversation)


def _nobody(event: str, payload: Document, rooms: Sequence[str], *, skip: str | None = None) -> None:
    """No socket server, nobody connected."""
