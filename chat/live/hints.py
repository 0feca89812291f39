"""The events of the socket that clients receive, and the rooms that each goes to.

Each is a hint: the store is the truth, and a client that missed one finds it there. Nobody is sent more than they may
read over HTTP.

Rooms: `<conversation>:staff` (the staff who follow it), `member:<id>` (every device of one person), `officer:<id>`
(those of one who answers or oversees), `desk:<id>` (the same people of one desk). Citizens are in their `member` room
alone, which hears all of their conversations.
"""

from collections.abc import Callable, Sequence
from typing import Protocol

from chat.live import views
from chat.ports import Document, Viewer
from chat.talk.access import DESK_ROLES, OVERSEERS
from chat.talk.conversation import Conversation, Participant

AT_ITS_DESK = ("conversation", "version", "state")
"""What the staff of a desk who do not follow a conversation are sent of its state."""

EmitHere = Callable[[str, Document, Sequence[str]], None]


class Emit(Protocol):
    """Send an event to everyone in any of the rooms, once each."""

    def __call__(self, event: str, payload: Document, rooms: Sequence[str], *, skip: str | None = None) -> None: ...


class Hints:
    """Emits the events. Until a socket server is attached nobody is connected, and nothing happens."""

    def __init__(self) -> None:
        self.emit: Emit = _nobody
        self.emit_here: EmitHere = lambda event, payload, rooms: None
        """The same, to this process's own connections alone."""

        self.revoke: Callable[[str], None] = lambda session: None
        """Disconnects the connections of a log-in that was ended."""

        self.connected: Callable[[], int] = lambda: 0
        """The number of this process's connections."""

        self.drop_readers: Callable[[Conversation], None] = lambda conversation: None
        """Removes from its rooms whoever may not read a conversation any more, since it went to another desk."""

        self.end: Callable[[], None] = lambda: None
        """Ends the threads that serve connections from the store."""

    def message(self, view: Document, conversation: Conversation, staff_view: Document | None = None) -> None:
        """A new message of either stream. `staff_view` is the message as any reader among the staff may see it."""
        self._message(self.emit, view, conversation, staff_view)

    def missed_message(self, view: Document, conversation: Conversation, staff_view: Document | None = None) -> None:
        """A message that this process missed; an event of the conversation is followed by its newest state."""
        self._message(self.emit_here, view, conversation, staff_view)
        if view["kind"] == "event":
            self._state(self.emit_here, conversation, conversation.desk)

    def state(self, conversation: Conversation, left: str) -> None:
        """A conversation moved, perhaps away from the desk `left`.

        {conversation, version, state, desk, case, officer, owner, promised_at, closed} for its people and the staff who
        follow it; {conversation, version, state} for the others of its desk, who look at their lists again;
        {conversation} for the desk that it left, which may not read it any more.
        """
        self._state(self.emit, conversation, left)

    def assigned(self, conversation: Conversation) -> None:
        """An officer has it now: {conversation, officer}."""
        facts = {key: views.facts(conversation)[key] for key in ("conversation", "officer")}
        self.emit("assigned", facts, public_rooms(conversation))

    def receipt(self, conversation: Conversation, member: Participant, seen: dict[str, int]) -> None:
        """Somebody has seen more: {conversation, member: {id, kind}, delivered_seq, read_seq}."""
        self.emit("receipt", _receipt(conversation, member, seen), _receipt_rooms(conversation, member))

    def missed_receipt(self, conversation: Conversation, member: Participant, seen: dict[str, int]) -> None:
        """A receipt that this process missed."""
        self.emit_here("receipt", _receipt(conversation, member, seen), _receipt_rooms(conversation, member))

    def typing(self, conversation: Conversation, member: Participant, connection: str | None) -> None:
        """Somebody is typing: {conversation, member: {id, kind, name}}."""
        who = {"id": member.id, "kind": member.kind, "name": member.name}
        self.emit(
            "typing", {"conversation": conversation.id, "member": who}, public_rooms(conversation), skip=connection
        )

    def queue(self, conversation: str, citizen: str, place: Document) -> None:
        """A place in the queue: {conversation, position, wait: [low, high] minutes}."""
        self.emit("queue", {"conversation": conversation, **place}, [member_room(citizen), staff_room(conversation)])

    def push(self, member: str, payload: Document) -> None:
        """A payload for every device of one person, e.g. that a notice came."""
        self.emit("notice", payload, [member_room(member)])

    @staticmethod
    def _message(emit: EmitHere, view: Document, conversation: Conversation, staff_view: Document | None) -> None:
        if view["stream"] == "staff":
            emit("message", view, staff_rooms(conversation))
        elif staff_view is None or staff_view == view:
            emit("message", view, public_rooms(conversation))
        else:
            emit("message", view, [member_room(conversation.citizen.id)])
            emit("message", staff_view, staff_rooms(conversation))

    @staticmethod
    def _state(emit: EmitHere, conversation: Conversation, left: str) -> None:
        facts = views.facts(conversation)
        emit("state", facts, public_rooms(conversation))
        emit("state", {name: facts[name] for name in AT_ITS_DESK}, [desk_room(conversation.desk)])
        if left != conversation.desk:
            emit("state", {"conversation": conversation.id}, [desk_room(left)])


def rooms_of(viewer: Viewer) -> list[str]:
    """The rooms that a person's connections enter by themselves.

    Staff who may not work yet (a first password, a second factor) are in none; who neither answers nor oversees hears
    their own notices alone.
    """
    if not viewer.is_staff:
        return [member_room(viewer.id)]
    if "staff" not in viewer.roles:
        return []
    rooms = [member_room(viewer.id)]
    if viewer.roles & (DESK_ROLES | OVERSEERS):
        rooms += [officer_room(viewer.id), *([desk_room(viewer.point)] if viewer.point else [])]
    return rooms


def member_room(member: str) -> str:
    """The room of one person's connections."""
    return f"member:{member}"


def officer_room(member: str) -> str:
    """The room of the connections of one who answers or oversees: it hears the conversations that they have."""
    return f"officer:{member}"


def desk_room(desk: str) -> str:
    """The room of the staff of one desk who answer or oversee."""
    return f"desk:{desk}"


def staff_room(conversation: str) -> str:
    """The room of the staff who follow a conversation, both streams."""
    return f"{conversation}:staff"


def public_rooms(conversation: Conversation) -> list[str]:
    """The rooms of the public stream: every device of its citizen, and those of the staff stream."""
    return [member_room(conversation.citizen.id), *staff_rooms(conversation)]


def staff_rooms(conversation: Conversation) -> list[str]:
    """The rooms of the staff stream: the staff who follow it, and every device of its officer."""
    officer = [officer_room(conversation.officer.id)] if conversation.officer else []
    return [staff_room(conversation.id), *officer]


def _receipt(conversation: Conversation, member: Participant, seen: dict[str, int]) -> Document:
    return {"conversation": conversation.id, "member": {"id": member.id, "kind": member.kind}, **seen}


def _receipt_rooms(conversation: Conversation, member: Participant) -> list[str]:
    """A citizen's receipt is for all readers; an officer's for the citizen and their own devices, as over HTTP."""
    if not member.is_staff:
        return public_rooms(conversation)
    return [member_room(conversation.citizen.id), officer_room(member.id)]


def _nobody(event: str, payload: Document, rooms: Sequence[str], *, skip: str | None = None) -> None:
    """No socket server, nobody connected."""
