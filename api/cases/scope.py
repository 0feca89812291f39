"""The rule of scope: which staff may see and handle a case, by their point or department.

A case has one desk (the point whose window accepts it) and one department (which decides). Window staff accept for
every department (一窗受理), so they see the cases of their point; those who decide see the cases of their department.
Pure functions; `within` gives the same rule as filters for a store.
"""

from typing import Any, Protocol

BOUND_BY = {"window": ("desk", "point"), "handler": ("department", "department"), "head": ("department", "department")}
"""Per role: the field of a case, and the attribute of the member of staff that must equal it."""

EVERYWHERE = frozenset({"supervisor"})
"""The roles that see every case. `admin` is in neither table: operating the system gives no access to cases."""


class Placed(Protocol):
    """A case, or something that belongs to one, e.g. a parcel. A desk or department "" is nobody's."""

    @property
    def owner(self) -> str: ...
    @property
    def desk(self) -> str | None: ...
    @property
    def department(self) -> str | None: ...


def roles_at(actor: Any, case: Placed) -> frozenset[str]:
    """The roles in which an actor may act on a case; empty if they may not see it."""
    if actor.kind == "system":
        return frozenset(actor.roles)
    if not actor.is_staff:
        return frozenset(actor.roles) if actor.id == case.owner else frozenset()
    bound = {role for role, (field, value) in reach(actor).items() if getattr(case, field) == value}
    return frozenset(bound | (actor.roles & EVERYWHERE))


def handles(actor: Any, case: Placed) -> bool:
    """Whether a member of staff handles a case, and so may open its files; a supervisor only oversees it."""
    return actor.is_staff and bool(roles_at(actor, case) - EVERYWHERE)


def opens_papers(actor: Any, case: Placed) -> bool:
    """Whether somebody who sees a case is given its documents, which name the applicant in full."""
    return not actor.is_staff or handles(actor, case)


def may_see(actor: Any, case: Placed) -> bool:
    """Whether somebody may see a case at all."""
    return bool(roles_at(actor, case))


def reach(actor: Any) -> dict[str, tuple[str, str]]:
    """Per role that is bound to a post: the field of a case and the value it must have. Without a post, none."""
    posts = {role: (field, getattr(actor, own)) for role, (field, own) in BOUND_BY.items() if role in actor.roles}
    return {role: (field, value) for role, (field, value) in posts.items() if value}


def within(actor: Any) -> list[dict[str, str]]:
    """The filters of a list for staff, one of which must match; they select just the cases that `may_see` allows.

    `[{}]` selects all, `[]` none.
    """
    if actor.roles & EVERYWHERE:
        return [{}]
    return [{field: value} for field, value in sorted(set(reach(actor).values()))]
