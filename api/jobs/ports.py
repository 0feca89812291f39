"""What this room asks of the rooms above it: who records, who reacts to an event, who does a job."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from api.jobs.job import Event, Recurring

Reaction = tuple[str, Callable[[Event], None]]
Handler = Callable[[dict[str, Any]], None]


class Record(Protocol):
    """Write into the audit, in the transaction of what it tells of."""

    def __call__(self, actor_id: str, act: str, subject: str, *, session: Any) -> object: ...


@dataclass(frozen=True, kw_only=True)
class JobsPorts:
    """Filled at assembly (api/ports.py), all of it."""

    record: Record
    reactions: Callable[[], Mapping[str, Sequence[Reaction]]]
    """By event type: what follows, each under its name."""

    handlers: Callable[[], Mapping[str, Handler]]
    """By kind of job: who does it."""

    recurring: Sequence[Recurring]
    """The jobs that come back by themselves."""
