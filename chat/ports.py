"""What assembly hands to the chat: who acts, desks, hours, cards, files, names, notices."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from chat.transcript import Transcript

Document = dict[str, Any]


class Viewer(Protocol):
    """For whom something is resolved or shown."""

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


class Opening(Protocol):
    """Whether a desk is open, and when it opens next (None: nothing known)."""

    @property
    def open(self) -> bool: ...
    @property
    def next_opens_at(self) -> datetime | None: ...


class Announce(Protocol):
    """Write one event row in the caller's transaction."""

    def __call__(self, session: Any, type: str, subject: str, **data: Any) -> None: ...


class Record(Protocol):
    """Write down in the audit that somebody did `act` to `subject`; a change passes its session."""

    def __call__(self, actor_id: str, act: str, subject: str, *, session: Any = None) -> None: ...


class Http(Protocol):
    """The mechanisms that routes are decorated with."""

    def allow(self, *roles: str) -> Callable[[Any], Any]: ...
    def create_once(self, load: Callable[[Any, str], Any]) -> Callable[[Any], Any]: ...
    def wanted_version(self) -> int: ...
    def etag(self, version: int) -> dict[str, str]: ...


@dataclass(frozen=True)
class Ports:
    """The rest of the office, as the chat sees it.

    `desk_for(matter, point)` gives a desk id, None where nobody takes it. `card(type, ref, viewer)` resolves a case,
    guide, parcel or point, None where the viewer may not see it; that of a case may name its `matter` and `point`,
    which then choose the desk. `file(upload, viewer)` gives {id, name, type, size} of the viewer's own upload, or None.
    `seal(record, field, text)` and `open_sealed(record, field, sealed)` keep what is masked.
    `remind(desk, conversation, promised_at, what)` tells the staff of a desk that a promised answer is `due`, and
    whoever oversees them that it is `overdue`; a repeat must change nothing.
    `printed(transcript)` is it as PDF.
    `case_kept(number)` says whether the office still keeps a case, and so the talks tied to it.
    `skills_of(matter)` is what an officer must know one of to answer, empty where everybody does.
    `away(recipient, conversation, seq)` leaves a notice for `citizen:<id>` or `staff:<id>` that `seq` is the first
    message they have not seen; it may be called again with the same three and must then leave no second one.
    """

    desk_for: Callable[[str | None, str | None], str | None]
    desk_open: Callable[[str, datetime], Opening]
    card: Callable[[str, str, Viewer], Document | None]
    file: Callable[[str, Viewer], Document | None]
    name_of: Callable[[str], str]
    away: Callable[[str, str, int], object]
    announce: Announce
    record: Record
    seal: Callable[[str, str, str], str]
    open_sealed: Callable[[str, str, str], str]
    remind: Callable[[str, str, datetime, str], object]
    printed: Callable[["Transcript"], bytes]
    case_kept: Callable[[str], bool]
    skills_of: Callable[[str], Collection[str]]
