"""The ports of the chat: what assembly hands in, such as log-ins, desks, opening hours, cards, files and notices."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from chat.refusals import CaseNumberSlip

Document = dict[str, Any]


class Viewer(Protocol):
    """The person for whom something is read or resolved: a citizen, or a member of staff posted to a `point`."""

    @property
    def id(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def roles(self) -> frozenset[str]: ...
    @property
    def is_staff(self) -> bool: ...
    @property
    def point(self) -> str | None: ...


class DeskHours(Protocol):
    """Whether a desk is open, and when it opens next (None: not known)."""

    @property
    def open(self) -> bool: ...
    @property
    def next_opens_at(self) -> datetime | None: ...


class Announce(Protocol):
    """Write one event row in the caller's transaction."""

    def __call__(self, session: Any, type: str, subject: str, **data: Any) -> None: ...


class RecordAct(Protocol):
    """Write to the audit that somebody did `act` to `subject`; a change passes the session of its transaction.

    A list that was read says its filter (`detail`) and how many rows it gave (`count`).
    """

    def __call__(
        self,
        actor_id: str,
        act: str,
        subject: str,
        *,
        session: Any = None,
        detail: str = "",
        count: int | None = None,
    ) -> None: ...


class RouteGuard(Protocol):
    """The decorators and helpers of HTTP routes: roles, idempotency, versions."""

    def allow(self, *roles: str) -> Callable[[Any], Any]: ...
    def create_once(self, load: Callable[[Any, str], Any]) -> Callable[[Any], Any]: ...
    def wanted_version(self) -> int: ...
    def etag(self, version: int) -> dict[str, str]: ...


Row = tuple[str, str, str]


@dataclass(frozen=True)
class Transcript:
    """The content of a printed conversation: facts as (name, value), and rows of (time, who, text)."""

    title: str
    facts: tuple[tuple[str, str], ...]
    rows: tuple[Row, ...]
    foot: str


@dataclass(frozen=True, kw_only=True)
class Ports:
    """What the chat needs of the rest of the office. None has a default, so that a forgotten one fails at the start.

    `desk_for(matter, point)` gives a desk id, None if nobody takes it. `desk_open(desk, at)` gives its hours.
    `card(type, ref, viewer)` resolves a case, guide, parcel or point, None if the viewer may not see it; that of a case
    names its number as `ref`, and may name its `matter` and `point`, which then choose the desk.
    `has_slip(number)` says whether the check digits of a case number do not fit; see `card_of`.
    `file(upload, viewer)` gives {id, name, type, size} of the viewer's own upload, or None.
    `name_of(citizen)` is the name of a citizen.
    `seal(record, field, text)` and `open_sealed(record, field, sealed)` encrypt and decrypt a field.
    `remind(desk, conversation, promised_at, what)` tells the staff of a desk that a promised answer is `due`, and
    their overseers that it is `overdue`; it must be idempotent.
    `printed(compose, reader)` renders as PDF what `compose()` returns, once it is the turn of this reader (an id).
    `case_kept(number)` says whether the office still keeps a case, and so the conversations tied to it.
    `skills_of(matter)` are the skills of which an officer needs one to answer; empty if everybody may.
    `away(recipient, conversation, seq)` leaves a notice for `citizen:<id>` or `staff:<id>` that `seq` is the first
    message they have not seen; it must be idempotent by these three.
    """

    desk_for: Callable[[str | None, str | None], str | None]
    desk_open: Callable[[str, datetime], DeskHours]
    card: Callable[[str, str, Viewer], Document | None]
    has_slip: Callable[[str], bool]
    file: Callable[[str, Viewer], Document | None]
    name_of: Callable[[str], str]
    away: Callable[[str, str, int], object]
    announce: Announce
    record: RecordAct
    seal: Callable[[str, str, str], str]
    open_sealed: Callable[[str, str, str], str]
    remind: Callable[[str, str, datetime, str], object]
    printed: Callable[[Callable[[], Transcript], str], bytes]
    case_kept: Callable[[str], bool]
    skills_of: Callable[[str], Collection[str]]

    def card_of(self, type: str, ref: str, viewer: Viewer) -> Document | None:
        """As `card`, of what somebody typed or chose. Raises CaseNumberSlip for a case number that has a slip."""
        card = self.card(type, ref, viewer)
        if card is None and type == "case" and self.has_slip(ref):
            raise CaseNumberSlip
        return card
