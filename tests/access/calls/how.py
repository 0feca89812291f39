"""Builders of calls: dicts of `at` (ids in the path), `json`, `data`, `headers`, `query`, `path` and `caller`."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.access.world import World
else:
    World = Any

CITIZENS = {"owner": "13800138000", "other": "13900139000"}
"""The actors who are citizens, with their phones."""

STRANGER = {"name": "李强", "number": "610102199003072978"}
"""Somebody who has no account."""

Call = dict[str, Any]
Calls = dict[tuple[str, str], Callable[[World, str], Call]]
"""By method and rule: how an actor of the world calls it so that whoever may is let through."""


def body(**fields: Any) -> Callable[[World, str], Call]:
    """A call with these fields as its JSON body."""
    return lambda world, actor: {"json": fields}


def query(text: str) -> Callable[[World, str], Call]:
    """A call with this query, e.g. `?q=1`."""
    return lambda world, actor: {"query": text}


def oneself(world: World, actor: str) -> Call:
    """A call by somebody new with the actor's role and post, for routes that change the caller's own account."""
    return {"caller": world.like(actor)}
