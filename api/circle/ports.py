"""What this room asks of the rooms above it and beside it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class CirclePorts:
    """Filled at assembly (api/ports.py), all of it."""

    hangs_on: Callable[[str], Mapping[str, int]]
    """What hangs on a point, with its number, e.g. `{"staff": 2}`: then it cannot be deleted."""
