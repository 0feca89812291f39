"""What this room asks of the rooms above it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from api.identity.actor import Actor


@dataclass(frozen=True, kw_only=True)
class CasesPorts:
    """Filled at assembly (api/ports.py), all of it."""

    conversations_of: Callable[[str, Actor], list[dict[str, Any]]]
    """What the timeline of the case with a number says of its conversations, as the actor may see it."""
