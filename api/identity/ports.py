"""What the use cases of this room are given: its store, keys and time, and the ports that the assembly fills."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from api.identity.citizens.register import Register
from api.identity.citizens.wechat import WeChat
from api.identity.identity import Actor
from api.identity.sealing.keyring import Keyring
from api.identity.store import IdentityStore

Row = dict[str, Any]


class Tell(Protocol):
    """Leave a notice in the outbox, in the caller's transaction."""

    def __call__(self, recipient: str, template: str, values: dict[str, str], *, key: str, session: Any) -> object: ...


class Record(Protocol):
    """Write down that an actor did an act to a subject; a change gives its transaction's session."""

    def __call__(self, actor_id: str, act: str, subject: str, *, session: Any = None) -> object: ...


def unrecorded(actor_id: str, act: str, subject: str, *, session: Any = None) -> None:
    """A Record that keeps nothing."""


@dataclass(frozen=True)
class Policy:
    """What this installation allows: a trial asks for no second factor; limits of codes by day and by hour."""

    trial: bool = False
    codes_a_day: int = 20_000
    codes_an_address: int = 200


@dataclass
class Ports:
    """The ways out of this room. What lies above it is filled in once it stands."""

    audit: Record = unrecorded
    tell: Tell | None = None
    ended: Callable[[str], object] = lambda session: None
    """A log-in has ended: close what is open under it."""

    wechat: WeChat | None = None
    register: Register | None = None
    knows_matter: Callable[[str], bool] = lambda code: True
    departments: Callable[[], list[str]] | None = None
    points: Callable[[], list[str]] | None = None
    """The codes that a post may name; None where nobody has told them yet, and then any will do."""

    owner_of_case: Callable[[str], str | None] = lambda number: None
    open_cases: Callable[[Actor], list[str]] = lambda actor: []
    """The numbers of a citizen's cases that are not closed yet."""

    exporters: dict[str, Callable[[Actor], Any]] = field(default_factory=dict)
    """By section of an export: what a room holds of this citizen."""

    closers: dict[str, Callable[[Actor], object]] = field(default_factory=dict)
    """By room: forget what need not be kept of this citizen."""


@dataclass(frozen=True)
class Ground:
    """What every use case here stands on."""

    store: IdentityStore
    keys: Keyring
    transact: Callable[[Callable[[Any], Any]], Any]
    now: Callable[[], datetime]
    policy: Policy
    ports: Ports
