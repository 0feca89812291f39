"""What this room needs of the rooms above it, and of the web."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple


class RequestOrigin(NamedTuple):
    """Where the present request comes from: a keyed digest of its address, the network that is in, the route."""

    address: str = ""
    network: str = ""
    route: str = ""


@dataclass(frozen=True, kw_only=True)
class SecurityPorts:
    """What this needs of the rooms above it and of the web."""

    origin: Callable[[], RequestOrigin]
    """Where the present request comes from; empty outside of a request."""

    alarm: Callable[[str, int, str], object]
    """(act, count, key): tell those who watch over the office; idempotent by key."""

    state: Callable[[], Mapping[str, Iterable[str]]]
    """What this installation is like: `keys`, the ids of its sealing keys; `weak`, the settings that weaken it."""


@dataclass(frozen=True, kw_only=True)
class AuditPorts:
    """What the list needs of the rooms above: names of staff, and what an officer types as the audit writes it."""

    names: Callable[[Iterable[str]], dict[str, str]]
    """By id: the names of those who are members of staff."""

    person: Callable[[str], str]
    """A user name as an id; anything else as it is."""

    record: Callable[[str], str]
    """A case's number as its subject; anything else as it is."""

    address: Callable[[str], str]
    """An address as its digest."""
