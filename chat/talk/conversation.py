"""The rules of a conversation: who may read and speak, what a post may hold, its states and the moves between them.

queued -> active -> closed; left_message (out of hours, or left by choice) -> active; active -> queued (to a desk, or
back, where the officer does not answer or is gone); closed -> queued.
Two streams: `public` is the talk, `staff` holds notes that no citizen ever sees.
"""

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from math import isfinite
from typing import Any, Literal

from chat.ports import Viewer
from chat.refusals import (
    AlreadyClaimed,
    AlreadyRated,
    BadFields,
    ClaimFirst,
    ConversationClosed,
    NotFound,
    NotTheOfficer,
    ReopenTooLate,
    RoleWrong,
    WrongState,
)

Stream = Literal["public", "staff"]
STATES = ("queued", "active", "left_message", "closed")
WAITING = ("queued", "left_message")
KINDS = ("text", "image", "file", "card", "location", "note")
CARDS = ("case", "guide", "parcel", "point", "apply", "draft", "material")
"""`apply` invites to begin a draft for a matter, `draft` shows how far one is, `material` asks for one of a matter."""

DESK_ROLES = frozenset({"window", "handler"})
OVERSEERS = frozenset({"head", "supervisor"})
"""They read along unseen, put a word in the officer's ear, and take over: each of it is written down."""

CITIZEN_OR_DESK = DESK_ROLES | {"citizen"}
EVERYBODY = CITIZEN_OR_DESK | OVERSEERS
EVENTS: dict[str, frozenset[str]] = {
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
"""Who may send each event of the socket; which conversation it may be about, the acts themselves decide."""

TELLING = frozenset({"returned", "warned", "blocked", "unblocked"})
"""Events of which a citizen who is away is told as of a message."""

UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
MOST_TEXT = 2_000
MOST_REASON = 200
REOPEN = timedelta(days=7)
FIRST_REPLY = timedelta(minutes=3)
"""How long an officer who has it may be silent at first; then it goes back to its place in the queue."""

SILENCE = timedelta(minutes=30)
"""After so long without a word of the citizen they are asked; after as long again it is closed."""

UNSEEN = timedelta(seconds=10)
"""How long a message may stay undelivered before its reader is told by other ways."""


@dataclass(frozen=True)
class Person:
    """Somebody in a conversation. A citizen's name is not kept with the talk; it is asked for when shown."""

    id: str
    kind: str
    name: str = ""

    @classmethod
    def of(cls, viewer: Viewer) -> "Person":
        """An actor as one of a conversation."""
        return cls(viewer.id, viewer.kind, viewer.name)

    @property
    def is_staff(self) -> bool:
        """Whether a member of staff."""
        return self.kind == "staff"

    @property
    def roles(self) -> frozenset[str]:
        """The one role that the kind gives."""
        return frozenset({self.kind})

    @property
    def point(self) -> str | None:
        """None: a person of a talk, as kept with it, is posted nowhere."""
        return None


SYSTEM = Person("system", "system")


@dataclass(frozen=True)
class Rating:
    """What a citizen thought of it, in the five levels of GB/T 39046: 5 very content to 1 very discontent (好差评)."""

    score: int
    text: str | None
    at: datetime


@dataclass(frozen=True)
class Closing:
    """When a conversation was closed, by which side (citizen, staff or system), and why."""

    at: datetime
    by: str
    reason: str | None


@dataclass(frozen=True)
class Tie:
    """When a conversation that had begun was tied to its case, and by whom."""

    at: datetime
    by: Person


@dataclass(frozen=True)
class Conversation:
    """One question of one citizen to one desk. `version` counts the moves, not the messages.

    `officer` answers now; `owner` was the first to take it and stays responsible through every transfer (首问负责).
    `place` is the position at which it entered the queue at `waiting_since`; `waited` the seconds until it was taken.
    `wanted` is the officer that the citizen would like best; until `reply_by` the one who has it must say something.
    At `look_at` it is looked whether it fell silent; `warned_at` the citizen was asked about it.
    `tied` says how it came to its `case`; None where it was opened about it.
    """

    id: str
    version: int
    citizen: Person
    desk: str
    state: str
    created_at: datetime
    waiting_since: datetime
    matter: str | None = None
    case: str | None = None
    point: str | None = None
    officer: Person | None = None
    owner: Person | None = None
    place: int = 1
    waited: float | None = None
    claimed_at: datetime | None = None
    promised_at: datetime | None = None
    closed: Closing | None = None
    wanted: str | None = None
    reply_by: datetime | None = None
    look_at: datetime | None = None
    warned_at: datetime | None = None
    rating: Rating | None = None
    tied: Tie | None = None

    @property
    def facts(self) -> dict[str, Any]:
        """What its events carry, so that a reader can follow the state from the stream alone."""
        return {
            "version": self.version,
            "state": self.state,
            "desk": self.desk,
            "case": self.case,
            "officer": _brief(self.officer),
            "owner": _brief(self.owner),
            "promised_at": self.promised_at,
            "closed": self.closed and vars(self.closed),
        }


@dataclass(frozen=True)
class Move:
    """A change of a conversation: what it becomes, the event that everyone sees, perhaps with a reason of ours
    (`because`: no_reply, officer_gone, silence) or what else it tells (`told`), and a note for the staff alone."""

    after: Conversation
    event: str
    note: str | None = None
    because: str | None = None
    told: Mapping[str, Any] = field(default_factory=dict)


Decide = Callable[[Conversation], Move | None]
"""What becomes of a conversation as it is now; None: nothing."""


@dataclass(frozen=True)
class Post:
    """What somebody wants to say: `content` is {text} | {file: upload id} | {card: {type, ref}} | {location: {…}}."""

    client_id: str
    kind: str
    content: dict[str, Any]

    @property
    def stream(self) -> Stream:
        """Notes go to the staff stream, all else is public."""
        return "staff" if self.kind == "note" else "public"


# -- who may -------------------------------------------------------------------


def serves(viewer: Viewer) -> bool:
    """Whether this person works at the desks."""
    return viewer.is_staff and bool(viewer.roles & DESK_ROLES)


def check_serves(viewer: Viewer) -> None:
    """Raises RoleWrong for who does not work at the desks."""
    if not serves(viewer):
        raise RoleWrong


def oversees(viewer: Viewer, desk: str) -> bool:
    """Whether this person is head or supervisor of a desk; who is posted nowhere, of all of them."""
    return viewer.is_staff and bool(viewer.roles & OVERSEERS) and viewer.point in {None, desk}


def check_staff(viewer: Viewer) -> None:
    """Raises RoleWrong for who neither works at the desks nor oversees them."""
    if not serves(viewer) and not (viewer.is_staff and viewer.roles & OVERSEERS):
        raise RoleWrong


def check_oversees(viewer: Viewer, desk: str) -> None:
    """Raises RoleWrong for who does not oversee a desk."""
    if not oversees(viewer, desk):
        raise RoleWrong


def reads(conversation: Conversation, viewer: Viewer) -> bool:
    """Whether it is there for this person: its citizen, the staff of its desk and who oversees it, and who took it,
    wherever it went."""
    if not viewer.is_staff:
        return viewer.id == conversation.citizen.id
    if oversees(viewer, conversation.desk):
        return True
    mine = viewer.id in {one.id for one in (conversation.officer, conversation.owner) if one}
    works = viewer.roles & (DESK_ROLES | OVERSEERS)
    return bool(works) and (mine or (serves(viewer) and viewer.point == conversation.desk))


def check_reader(conversation: Conversation, viewer: Viewer) -> None:
    """For who may not read it, it is not there. Raises NotFound."""
    if not reads(conversation, viewer):
        raise NotFound


def check_speaker(conversation: Conversation, viewer: Viewer, stream: Stream) -> None:
    """Whether a reader may say something in this stream now.

    Raises RoleWrong, ConversationClosed, ClaimFirst, NotTheOfficer.
    """
    if stream == "staff":
        if not viewer.is_staff:
            raise RoleWrong
        return
    if conversation.state == "closed":
        raise ConversationClosed
    if viewer.is_staff:
        _check_officer(conversation, viewer)


def check_stream(viewer: Viewer, stream: str) -> Stream:
    """The stream that a reader asked for; the staff stream is not there for citizens. Raises NotFound, BadFields."""
    if stream == "public":
        return "public"
    if stream != "staff":
        raise BadFields({"stream": ["应为 public 或 staff。"]})
    if not viewer.is_staff:
        raise NotFound
    return "staff"


# -- what may be said ------------------------------------------------------------


def read_post(body: Mapping[str, Any]) -> Post:
    """A post from what a client sent. Raises BadFields with the reason for each field."""
    errors: dict[str, list[str]] = {}
    client_id, kind = body.get("client_id"), body.get("kind")
    if not _is_uuid(client_id):
        errors["client_id"] = ["应为 UUID，重发时不变。"]
    content: dict[str, Any] = {}
    if kind not in KINDS:
        errors["kind"] = [f"应为 {'、'.join(KINDS)} 之一。"]
    else:
        field, read = _CONTENT[str(kind)]
        try:
            content = {field: read(body.get(field))}
        except ValueError as error:
            errors[field] = [str(error)]
    if errors:
        raise BadFields(errors)
    return Post(str(client_id), str(kind), content)


def read_text(value: object) -> str:
    """A text as typed, 1 to 2,000 characters. Raises ValueError."""
    if not isinstance(value, str) or not value.strip():
        raise ValueError("请写点内容再发送。")
    if len(value) > MOST_TEXT:
        raise ValueError(f"一次最多 {MOST_TEXT} 个字，请分几次发送。")
    return _storable(value)


def read_reason(value: object) -> str | None:
    """Why something is done, in at most 200 characters; nothing said is None. Raises BadFields."""
    if value is None or value == "":
        return None
    if not isinstance(value, str) or len(value) > MOST_REASON:
        raise BadFields({"reason": [f"请写原因，不超过 {MOST_REASON} 个字。"]})
    try:
        return _storable(value.strip()) or None
    except ValueError as error:
        raise BadFields({"reason": [str(error)]}) from None


def _storable(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:  # half of an emoji, cut off by a length limit somewhere
        raise ValueError("有一个字符不完整，请删掉后再发。") from None
    return text


def _reference(value: object) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= 100 or not value.isprintable():
        raise ValueError("请选择要发送的内容。")
    return _storable(value)


def _card(value: object) -> dict[str, str]:
    if not isinstance(value, Mapping) or value.get("type") not in CARDS:
        raise ValueError(f"卡片类型应为 {'、'.join(CARDS)} 之一。")
    return {"type": value["type"], "ref": _reference(value.get("ref"))}


def _location(value: object) -> dict[str, Any]:
    """A place in WGS-84: {lon, lat, name}."""
    place = value if isinstance(value, Mapping) else {}
    lon, lat, name = place.get("lon"), place.get("lat"), place.get("name", "")
    if not (_within(lon, 180) and _within(lat, 90) and isinstance(name, str) and len(name) <= 100):
        raise ValueError("位置不对，请重新选择。")
    return {"lon": lon, "lat": lat, "name": _storable(name)}


def _within(value: object, limit: int) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value) and abs(value) <= limit


def _is_uuid(value: object) -> bool:
    return isinstance(value, str) and UUID.fullmatch(value) is not None


_CONTENT: dict[str, tuple[str, Any]] = {
    "text": ("text", read_text),
    "note": ("text", read_text),
    "image": ("file", _reference),
    "file": ("file", _reference),
    "card": ("card", _card),
    "location": ("location", _location),
}


# -- moves ---------------------------------------------------------------------


def claimed(conversation: Conversation, officer: Person, now: datetime) -> Move | None:
    """An officer takes it; None where it is theirs already. Raises AlreadyClaimed, ConversationClosed."""
    if conversation.state == "closed":
        raise ConversationClosed
    if conversation.officer is not None:
        if conversation.officer.id == officer.id:
            return None
        raise AlreadyClaimed
    after = replace(
        conversation,
        version=conversation.version + 1,
        state="active",
        officer=officer,
        owner=conversation.owner or officer,
        waited=_waited(conversation, now),
        claimed_at=now,
        promised_at=None,
        reply_by=now + FIRST_REPLY,
        look_at=now + SILENCE,
        warned_at=None,
    )
    return Move(after, "assigned")


def _waited(conversation: Conversation, now: datetime) -> float | None:
    """Seconds in the queue, where it was there for the first time: what came back has waited for another reason."""
    first = conversation.state == "queued" and conversation.claimed_at is None
    return (now - conversation.waiting_since).total_seconds() if first else None


def handed_over(
    conversation: Conversation, viewer: Viewer, to: Person, reason: str | None, now: datetime
) -> Move | None:
    """The officer gives it to a colleague; the owner stays. Raises ClaimFirst, NotTheOfficer, ConversationClosed."""
    check_speaker(conversation, viewer, "public")
    if to.id == viewer.id:
        return None
    after = replace(conversation, version=conversation.version + 1, officer=to, reply_by=now + FIRST_REPLY)
    return Move(after, "transferred", reason)


def sent_to_desk(
    conversation: Conversation,
    viewer: Viewer,
    desk: str,
    way_in: tuple[str, datetime | None],
    reason: str | None,
) -> Move:
    """The officer gives it to a desk, where it keeps the place of its first waiting. Raises as `handed_over`."""
    check_speaker(conversation, viewer, "public")
    return Move(replace(_waiting_again(conversation, way_in), desk=desk, wanted=None), "queued", reason)


def taken_over(conversation: Conversation, officer: Person, reason: str | None, now: datetime) -> Move | None:
    """Who oversees the desk goes on in the officer's place, who stays written as owner; None where they have it.

    Raises ConversationClosed.
    """
    if conversation.state == "closed":
        raise ConversationClosed
    if conversation.officer is None:
        move = claimed(conversation, officer, now)
        return move and replace(move, event="taken_over", note=reason)
    if conversation.officer.id == officer.id:
        return None
    after = replace(conversation, version=conversation.version + 1, officer=officer, reply_by=now + FIRST_REPLY)
    return Move(after, "taken_over", reason)


def said_again(conversation: Conversation, event: str, told: Mapping[str, Any]) -> Move:
    """Nothing about the talk itself changes, but its stream tells something."""
    return Move(replace(conversation, version=conversation.version + 1), event, told=told)


def returned(conversation: Conversation, way_in: tuple[str, datetime | None], because: str) -> Move | None:
    """Its officer does not answer or is gone: back to its old place; None where it is not in anybody's hands."""
    if conversation.state != "active":
        return None
    return Move(replace(_waiting_again(conversation, way_in), wanted=None), "returned", because=because)


def left(conversation: Conversation, promised_at: datetime | None) -> Move:
    """Its citizen waits no longer and leaves it as a message. Raises WrongState."""
    if conversation.state != "queued":
        raise WrongState
    return Move(_waiting_again(conversation, ("left_message", promised_at)), "left")


def _waiting_again(conversation: Conversation, way_in: tuple[str, datetime | None]) -> Conversation:
    state, promised_at = way_in
    return replace(
        conversation,
        version=conversation.version + 1,
        state=state,
        officer=None,
        promised_at=promised_at,
        reply_by=None,
        look_at=None,
        warned_at=None,
    )


def closed(conversation: Conversation, viewer: Viewer, reason: str | None, now: datetime) -> Move | None:
    """Its citizen or its officer ends it; None where it is closed. Raises ClaimFirst, NotTheOfficer."""
    if conversation.state == "closed":
        return None
    if viewer.is_staff:
        _check_officer(conversation, viewer)
    after = replace(
        conversation,
        version=conversation.version + 1,
        state="closed",
        promised_at=None,
        reply_by=None,
        look_at=None,
        warned_at=None,
        closed=Closing(now, viewer.kind, reason),
    )
    return Move(after, "closed")


def warned(conversation: Conversation, now: datetime) -> Move | None:
    """Its citizen is asked whether they are still there; None where it is in nobody's hands."""
    if conversation.state != "active":
        return None
    after = replace(conversation, version=conversation.version + 1, warned_at=now, look_at=now + SILENCE)
    return Move(after, "warned", because="silence")


def fallen_silent(conversation: Conversation, now: datetime) -> Move | None:
    """It ends by silence; None where it is in nobody's hands."""
    if conversation.state != "active":
        return None
    ended = closed(conversation, SYSTEM, "长时间没有回复，咨询已自动结束。", now)
    return ended and replace(ended, because="silence")


def rated(conversation: Conversation, score: object, text: str | None, now: datetime) -> Move:
    """Its citizen says once what they thought of it. Raises WrongState, AlreadyRated, BadFields."""
    if not isinstance(score, int) or isinstance(score, bool) or not 1 <= score <= 5:
        raise BadFields({"score": ["请选 1 到 5。"]})
    if conversation.rating is not None:
        raise AlreadyRated
    if conversation.state != "closed" or conversation.owner is None:
        raise WrongState
    after = replace(conversation, version=conversation.version + 1, rating=Rating(score, text, now))
    return Move(after, "rated")


def reopened(conversation: Conversation, way_in: tuple[str, datetime | None], place: int, now: datetime) -> Move:
    """It goes on where it was, from the end of its desk's queue. Raises WrongState, ReopenTooLate."""
    if conversation.closed is None:
        raise WrongState
    if now - conversation.closed.at > REOPEN:
        raise ReopenTooLate
    state, promised_at = way_in
    after = replace(
        conversation,
        version=conversation.version + 1,
        state=state,
        officer=None,
        waiting_since=now,
        place=place,
        waited=None,
        claimed_at=None,
        promised_at=promised_at,
        closed=None,
    )
    return Move(after, "reopened")


def tied_to(conversation: Conversation, viewer: Viewer, case: str, now: datetime) -> Move | None:
    """Its citizen or its officer says which case it is about, also after its end, since a case often follows a talk;
    None where it is about this case. Raises ClaimFirst, NotTheOfficer.
    """
    if viewer.is_staff:
        _check_officer(conversation, viewer)
    if conversation.case == case:
        return None
    by = Person(viewer.id, viewer.kind, viewer.name if viewer.is_staff else "")
    return Move(replace(conversation, version=conversation.version + 1, case=case, tied=Tie(now, by)), "tied")


def _check_officer(conversation: Conversation, viewer: Viewer) -> None:
    if conversation.officer is None:
        raise ClaimFirst
    if conversation.officer.id != viewer.id:
        raise NotTheOfficer


def _brief(person: Person | None) -> dict[str, str] | None:
    return {"id": person.id, "name": person.name} if person else None


# -- ids -----------------------------------------------------------------------


def timed_id(at: datetime) -> str:
    """A UUIDv7 (RFC 9562 §5.7) of this instant: ids sort by time, to the millisecond."""
    chance = int.from_bytes(os.urandom(10))
    return _uuid7(at, chance >> 68, chance & 2**62 - 1)


def first_id(at: datetime) -> str:
    """What sorts before every id of this instant and after every earlier one."""
    return _uuid7(at, 0, 0)


def _uuid7(at: datetime, high: int, low: int) -> str:
    h = f"{int(at.timestamp() * 1000) << 80 | 7 << 76 | high << 64 | 2 << 62 | low:032x}"
    return f"{h[:8]}-{h[8:12]}-{h[12:16]}-{h[16:20]}-{h[20:]}"
