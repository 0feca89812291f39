"""What this room needs of the rooms above it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from api.identity.actor import Actor


@dataclass(frozen=True, kw_only=True)
class CasesPorts:
    """The ports of this room; api/ports.py fills each of them at assembly."""

    conversations_of: Callable[[str, Actor], list[dict[str, Any]]]
    """The lines about conversations in the timeline of the case with this number, as the actor may see them."""

    enqueue: Callable[..., None]
    """Enqueue a job: (key, kind, payload, due_at=…, again=…), idempotent per key. With `again` one that is done runs
    once more."""

    on_its_way: Callable[[str, Mapping[str, Any]], bool]
    """Whether a parcel with this result of the case with this number is on its way to the applicant."""
