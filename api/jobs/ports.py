"""What this room needs of the rooms above it: the audit, the reactions to events, the handlers of jobs."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from api.jobs.job import Event, Recurring

Reaction = tuple[str, Callable[[Event], None]]
Handler = Callable[[dict[str, Any]], None]


class Record(Protocol):
    """Write an audit row, in the transaction of the act that it records."""

    def __call__(self, actor_id: str, act: str, subject: str, *, session: Any) -> object: ...


@dataclass(frozen=True, kw_only=True)
class JobsPorts:
    """The ports of this room; api/ports.py fills each of them at assembly."""

    record: Record
    reactions: Callable[[], Mapping[str, Sequence[Reaction]]]
    """By event type, its reactions, each with its name."""

    handlers: Callable[[], Mapping[str, Handler]]
    """By kind of job, its handler."""

    recurring: Sequence[Recurring]
    """The jobs that are enqueued at regular times."""
