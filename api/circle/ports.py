"""What this room needs of the rooms above it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class CirclePorts:
    """The ports of this room; api/ports.py fills each of them at assembly."""

    hangs_on: Callable[[str], Mapping[str, int]]
    """How many of what belong to a point, e.g. `{"staff": 2}`; a point with any cannot be deleted."""
