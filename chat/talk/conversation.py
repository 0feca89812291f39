"""A conversation as a record: its states, the people in it, and what one change of it consists of.

queued -> active -> closed; left_message (out of hours, or left by choice) -> active; active -> queued (to a desk, or
back, if the officer does not answer or is gone); closed -> queued.
Two streams of messages: `public` for both sides, `staff` for notes that no citizen ever sees.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from chat.ports import Viewer

Stream = Literal["public", "staff"]
STATES = ("queued", "active", "left_message", "closed")
WAITING = ("queued", "left_message")
"""The states in which nobody has taken it yet."""


@dataclass(frozen=True)
class Participant:
    """Somebody in a conversation. A citizen's name is not stored with it; it is asked for when it is displayed."""

    id: str
    kind: str
    name: str = ""

    @classmethod
    def of(cls, viewer: Viewer) -> "Participant":
        """The participant that an actor is."""
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
        """Always None: where somebody is posted is not stored with a conversation."""
        return None


SYSTEM = Participant("system", "system")


@dataclass(frozen=True)
class Rating:
    """A citizen's rating, in the five levels of GB/T 39046: 5 very satisfied to 1 very dissatisfied (好差评)."""

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
    by: Participant


@dataclass(frozen=True)
class Conversation:
    """One question of one citizen to one desk. `version` counts the transitions, not the messages.

    `officer` answers now; `owner` was the first to take it and stays responsible through every transfer (首问负责).
    `place` is the position at which it entered the queue at `waiting_since`; `waited` the seconds until it was taken.
    `wanted` is the officer that the citizen prefers; until `reply_by` the officer must have answered.
    At `look_at` it is checked for silence; at `warned_at` the citizen was asked whether they are still there.
    `tied` says how it came to its `case`; None if it was opened about it.
    """

    id: str
    version: int
    citizen: Participant
    desk: str
    state: str
    created_at: datetime
    waiting_since: datetime
    matter: str | None = None
    case: str | None = None
    point: str | None = None
    officer: Participant | None = None
    owner: Participant | None = None
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
        """The fields that each of its events carries, so that a reader can follow the state from the stream alone."""
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

    def is_held_by(self, member: str) -> bool:
        """Whether this member of staff has it now, or took it first."""
        return any(officer is not None and officer.id == member for officer in (self.officer, self.owner))


@dataclass(frozen=True)
class Transition:
    """One change of a conversation: its state after it, and the event that everyone in it sees.

    `because` is the reason if it happened by itself (no_reply, officer_gone, silence), `details` more fields of the
    event, `note` a text for the staff stream.
    """

    after: Conversation
    event: str
    note: str | None = None
    because: str | None = None
    details: Mapping[str, Any] = field(default_factory=dict)


Decide = Callable[[Conversation], Transition | None]
"""Decides a transition on the newest state of a conversation; None: nothing changes."""


def _brief(person: Participant | None) -> dict[str, str] | None:
    return {"id": person.id, "name": person.name} if person else None
