"""The rule of scope: which staff a case is there for, by department and point. Pure; the store asks with what it gives.

A case lies at one desk (the point whose window accepts it) and with one department (which decides). The window accepts
for every department (一窗受理), so it is bound to its point alone; who decides is bound to the department alone.
"""

from typing import Any, Protocol

BOUND_BY = {"window": ("desk", "point"), "handler": ("department", "department"), "head": ("department", "department")}
"""By role: the field of a case, and what of the member of staff must equal it."""

EVERYWHERE = frozenset({"supervisor"})
"""Who reads every case. An administrator is in neither table: who runs the machines has no business with a case."""


class Placed(Protocol):
    """A case or what follows it, e.g. a parcel; "" is a place that nobody is posted to."""

    @property
    def owner(self) -> str: ...
    @property
    def desk(self) -> str | None: ...
    @property
    def department(self) -> str | None: ...


def roles_at(actor: Any, case: Placed) -> frozenset[str]:
    """The roles in which an actor may act on a case; empty where the case is not there for them."""
    if actor.kind == "system":
        return frozenset(actor.roles)
    if not actor.is_staff:
        return frozenset(actor.roles) if actor.id == case.owner else frozenset()
    bound = {role for role, (field, value) in reach(actor).items() if getattr(case, field) == value}
    return frozenset(bound | (actor.roles & EVERYWHERE))


def handles(actor: Any, case: Placed) -> bool:
    """Whether a member of staff works on a case, not only watches over it: nobody else opens its papers."""
    return actor.is_staff and bool(roles_at(actor, case) - EVERYWHERE)


def may_see(actor: Any, case: Placed) -> bool:
    """Whether a case is there for somebody at all."""
    return bool(roles_at(actor, case))


def reach(actor: Any) -> dict[str, tuple[str, str]]:
    """By bound role of a member of staff: the field of a case and the value it must have. No post, no cases."""
    posts = {role: (field, getattr(actor, own)) for role, (field, own) in BOUND_BY.items() if role in actor.roles}
    return {role: (field, value) for role, (field, value) in posts.items() if value}


def within(actor: Any) -> list[dict[str, str]]:
    """The filters of a list, of which one must match, so that it gives just what `may_see` lets through.

    `[{}]` is everything, `[]` nothing.
    """
    if actor.roles & EVERYWHERE:
        return [{}]
    return [{field: value} for field, value in sorted(set(reach(actor).values()))]
