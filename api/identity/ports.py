"""What the use cases of this room depend on: store, keys, time, policy, and the ports to other rooms."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from api.identity.actor import Actor
from api.identity.citizens.notice import Notice
from api.identity.citizens.register import Register
from api.identity.citizens.wechat import WeChat
from api.identity.sealing.keyring import Keyring
from api.identity.sessions.store import SessionStore
from api.identity.store import IdentityStore
from api.jobs.job import Enqueue

Row = dict[str, Any]


class Tell(Protocol):
    """Leave a notice in the outbox, in the caller's transaction."""

    def __call__(
        self,
        recipient: str,
        template: str,
        values: dict[str, str],
        *,
        key: str,
        link: str | None = None,
        language: str = "",
        session: Any,
    ) -> object: ...


class Record(Protocol):
    """Write an audit row: an actor did an act to a subject. With `session`, in that transaction."""

    def __call__(self, actor_id: str, act: str, subject: str, *, session: Any = None, detail: str = "") -> object: ...


class NoteAtOnce(Protocol):
    """Note an event of a known person; it is in the store when this returns, unless it comes again and again."""

    def __call__(self, act: str, *, actor: str, subject: str, detail: str = "") -> object: ...


@dataclass(frozen=True, kw_only=True)
class Policy:
    """The policy of this installation: a `trial` requires no second factor; codes per day, and per address and hour;
    how long a log-in of staff and of citizens may last."""

    trial: bool = False
    codes_a_day: int = 20_000
    codes_an_address: int = 200
    staff_hours: int = 12
    citizen_days: int = 180
    notice: Notice = Notice()


@dataclass(frozen=True, kw_only=True)
class IdentityPorts:
    """The ports of this room: the audit, notices, outside providers and the rooms above it.

    api/ports.py fills each of them at assembly. `wechat` and `register` are None where the installation has none.
    """

    audit: Record
    note_at_once: NoteAtOnce
    tell: Tell
    wechat: WeChat | None
    register: Register | None
    end_connections: Callable[[str], object]
    """Close what is open under a log-in that has ended."""

    knows_matter: Callable[[str], bool]
    departments: Callable[[], list[str]]
    points: Callable[[], list[str]]
    """The codes that a post may name."""

    owner_of_case: Callable[[str], str | None]
    """The citizen who submitted the case with this number."""

    works_under: Callable[[Actor, str], bool]
    """Whether a member of staff works on a case under the mandate with this id."""

    open_cases: Callable[[Actor], list[str]]
    """The numbers of a citizen's cases that have not ended yet, or whose promise is not settled."""

    export: Callable[[Actor], dict[str, Any]]
    """By section: what the other rooms hold of a citizen."""

    forget: Callable[[Actor], None]
    """Have the other rooms remove what need not be kept of a citizen."""

    sections: Callable[[], list[str]]
    """The names of what the other rooms hold of a citizen, as in the export."""

    join: Callable[[str, str, str], bool]
    """By section: move some of what is one citizen's to another; True once none is left."""

    holds_nothing: Callable[[str], bool]
    """Whether the other rooms hold nothing of a citizen."""

    enqueue: Enqueue


@dataclass(frozen=True, kw_only=True)
class Dependencies:
    """What the use cases of this room depend on."""

    store: IdentityStore
    sessions: SessionStore
    keys: Keyring
    transact: Callable[[Callable[[Any], Any]], Any]
    now: Callable[[], datetime]
    policy: Policy
    ports: IdentityPorts
