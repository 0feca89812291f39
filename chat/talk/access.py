"""Who may read a conversation, speak in it, oversee its desk, and send which event of the socket."""

from chat.ports import Viewer
from chat.refusals import BadFields, ClaimFirst, ConversationClosed, NotFound, NotTheOfficer, RoleWrong
from chat.talk.conversation import Conversation, Stream

DESK_ROLES = frozenset({"window", "handler"})
OVERSEERS = frozenset({"head", "supervisor"})
"""They read along unseen, write notes to the officer, and take over; each of these is audited."""

CITIZEN_OR_DESK = DESK_ROLES | {"citizen"}
EVERYBODY = CITIZEN_OR_DESK | OVERSEERS
EVENT_ROLES: dict[str, frozenset[str]] = {
    "join": EVERYBODY,
    "leave": EVERYBODY,
    "post": EVERYBODY,
    "delivered": EVERYBODY,
    "read": EVERYBODY,
    "typing": EVERYBODY,
    "refresh": EVERYBODY | {"staff"},
    "presence": DESK_ROLES,
    "claim": DESK_ROLES,
    "transfer": DESK_ROLES | OVERSEERS,
    "takeover": OVERSEERS,
    "close": EVERYBODY,
}
"""Roles that may send each event of the socket; about which conversation, the service checks."""

PERSON_EVENTS = frozenset({"post", "typing", "claim", "transfer", "takeover", "close"})
"""The events that a person causes. The others are sent by an open page by itself, and keep nobody logged in."""


def serves(viewer: Viewer) -> bool:
    """Whether this person works at the desks."""
    return viewer.is_staff and bool(viewer.roles & DESK_ROLES)


def check_serves(viewer: Viewer) -> None:
    """Raises RoleWrong unless this person works at the desks."""
    if not serves(viewer):
        raise RoleWrong


def oversees(viewer: Viewer, desk: str) -> bool:
    """Whether this person is head or supervisor of a desk; of all desks if posted nowhere."""
    return viewer.is_staff and bool(viewer.roles & OVERSEERS) and viewer.point in {None, desk}


def check_staff(viewer: Viewer) -> None:
    """Raises RoleWrong unless this person works at the desks or oversees them."""
    if not serves(viewer) and not (viewer.is_staff and viewer.roles & OVERSEERS):
        raise RoleWrong


def check_oversees(viewer: Viewer, desk: str) -> None:
    """Raises RoleWrong unless this person oversees a desk."""
    if not oversees(viewer, desk):
        raise RoleWrong


def reads(conversation: Conversation, viewer: Viewer) -> bool:
    """Whether this person may read a conversation: its citizen, the staff and overseers of its desk, and the officer
    who holds it or took it first, at whichever desk it is now."""
    if not viewer.is_staff:
        return viewer.id == conversation.citizen.id
    if oversees(viewer, conversation.desk):
        return True
    works = viewer.roles & (DESK_ROLES | OVERSEERS)
    at_its_desk = serves(viewer) and viewer.point == conversation.desk
    return bool(works) and (at_its_desk or conversation.is_held_by(viewer.id))


def check_reader(conversation: Conversation, viewer: Viewer) -> None:
    """Raises NotFound unless this person may read it, as if it did not exist."""
    if not reads(conversation, viewer):
        raise NotFound(subject=f"talk:{conversation.id}")


def check_speaker(conversation: Conversation, viewer: Viewer, stream: Stream) -> None:
    """Check that a reader may write to this stream now.

    Raises RoleWrong, ConversationClosed, ClaimFirst, NotTheOfficer.
    """
    if stream == "staff":
        if not viewer.is_staff:
            raise RoleWrong
        return
    if conversation.state == "closed":
        raise ConversationClosed
    if viewer.is_staff:
        check_officer(conversation, viewer)


def check_officer(conversation: Conversation, viewer: Viewer) -> None:
    """Raises ClaimFirst if nobody has it, NotTheOfficer if somebody else has."""
    if conversation.officer is None:
        raise ClaimFirst
    if conversation.officer.id != viewer.id:
        raise NotTheOfficer


def check_stream(viewer: Viewer, stream: str) -> Stream:
    """The stream that a reader asked for; the staff stream is not there for citizens. Raises NotFound, BadFields."""
    if stream == "public":
        return "public"
    if stream != "staff":
        raise BadFields({"stream": ["应为 public 或 staff。"]})
    if not viewer.is_staff:
        raise NotFound
    return "staff"


def check_original(viewer: Viewer, conversation: Conversation) -> None:
    """The unmasked text of a message is for the officer who has the conversation, or took it first. Raises NotFound."""
    if not conversation.is_held_by(viewer.id):
        raise NotFound(subject=f"talk:{conversation.id}")
