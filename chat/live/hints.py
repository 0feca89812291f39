"""What is told to connected people, and to whom. Everything here is a hint: the store is the truth, and a client that
missed one finds it there.

Rooms: a conversation (its public stream), `<conversation>:staff`, `member:<id>` (every device of one person),
`desk:<id>` (the connected staff of one desk). Citizens are never in the second and the last.
"""

from collections.abc import Callable, Sequence
from typing import Protocol

from chat.live import views
from chat.ports import Document
from chat.talk.conversation import Conversation, Person


class Emit(Protocol):
    """Send an event to everyone in any of the rooms, once each."""

    def __call__(self, event: str, payload: Document, rooms: Sequence[str], *, skip: str | None = None) -> None: ...


class Live:
    """Tells connected people. Until a socket server is attached nobody is connected, and nothing happens."""

    def __init__(self) -> None:
        self.emit: Emit = _nobody
        self.emit_here: Callable[[str, Document, Sequence[str]], None] = lambda event, payload, rooms: None
        """The same to this process's own connections alone."""

        self.revoke: Callable[[str], None] = lambda session: None
        """Hang up the connections of a log-in that was ended."""
        self.connected: Callable[[], int] = lambda: 0
        """How many connections this process holds."""

        self.parted: Callable[[Conversation], None] = lambda conversation: None
        """A conversation went to another desk: whoever may not read it any more leaves its rooms."""

    def message(self, shown: Document, conversation: Conversation) -> None:
        """A new message of either stream."""
        self.emit("message", shown, _message_rooms(shown, conversation))

    def found(self, shown: Document, conversation: Conversation) -> None:
        """A message that this process never heard of: an event of the talk is followed by its newest state."""
        self.emit_here("message", shown, _message_rooms(shown, conversation))
        if shown["kind"] == "event":
            rooms = [*public_rooms(conversation), desk_room(conversation.desk)]
            self.emit_here("state", views.facts(conversation), rooms)

    def state(self, conversation: Conversation, left: str) -> None:
        """A conversation moved, perhaps away from the desk `left`.

        {conversation, version, state, desk, case, officer, owner, promised_at, closed}
        """
        self.emit("state", views.facts(conversation), [*public_rooms(conversation), *_desk_rooms(conversation, left)])

    def assigned(self, conversation: Conversation) -> None:
        """An officer has it now: {conversation, officer}."""
        shown = {key: views.facts(conversation)[key] for key in ("conversation", "officer")}
        self.emit("assigned", shown, public_rooms(conversation))

    def receipt(self, conversation: Conversation, member: Person, seen: dict[str, int]) -> None:
        """Somebody has seen more: {conversation, member: {id, kind}, delivered_seq, read_seq}."""
        self.emit("receipt", _receipt(conversation, member, seen), public_rooms(conversation))

    def found_receipt(self, conversation: Conversation, member: Person, seen: dict[str, int]) -> None:
        """A receipt that this process never heard of."""
        self.emit_here("receipt", _receipt(conversation, member, seen), public_rooms(conversation))

    def typing(self, conversation: Conversation, member: Person, connection: str | None) -> None:
        """Somebody writes: {conversation, member: {id, kind, name}}."""
        who = {"id": member.id, "kind": member.kind, "name": member.name}
        shown = {"conversation": conversation.id, "member": who}
        self.emit("typing", shown, public_rooms(conversation), skip=connection)

    def queue(self, conversation: str, citizen: str, place: Document) -> None:
        """A place in the queue: {conversation, position, wait: [low, high] minutes}."""
        self.emit("queue", {"conversation": conversation, **place}, [conversation, member_room(citizen)])

    def push(self, member: str, payload: Document) -> None:
        """A word to every device of one person, e.g. that a notice came."""
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
    """Where the public stream is heard: by those who joined, by its citizen and its officer wherever they are."""
    people = [conversation.citizen, conversation.officer]
    return [conversation.id, *(member_room(person.id) for person in people if person)]


def staff_rooms(conversation: Conversation) -> list[str]:
    """Where the staff stream is heard."""
    officer = [member_room(conversation.officer.id)] if conversation.officer else []
    return [staff_room(conversation.id), *officer]


def _receipt(conversation: Conversation, member: Person, seen: dict[str, int]) -> Document:
    return {"conversation": conversation.id, "member": {"id": member.id, "kind": member.kind}, **seen}


def _message_rooms(shown: Document, conversation: Conversation) -> list[str]:
    return staff_rooms(conversation) if shown["stream"] == "staff" else public_rooms(conversation)


def _nobody(event: str, payload: Document, rooms: Sequence[str], *, skip: str | None = None) -> None:
    """No socket server, nobody connected."""
