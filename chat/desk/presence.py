"""Presence of officers: a lease in the store that an open connection keeps renewing."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from chat.refusals import BadFields

CAPACITY = 5
"""How many conversations an officer holds at once by default."""

MOST_CAPACITY = 20

STATES = ("here", "away")
WAYS = ("pull", "push")
"""Whether an officer takes conversations (pull) or is assigned them (push)."""

MOST_SKILLS = 30
RENEW_SECONDS = 30
LEASE = timedelta(seconds=3 * RENEW_SECONDS)
GONE = timedelta(seconds=60)
"""How long after the end of their lease an officer counts as gone, and what they hold goes back."""


@dataclass(frozen=True)
class Presence:
    """The presence of an officer: state, capacity, how they take conversations, skills; `until` is the lease's end.

    `skills` are named as matters name them (`Ports.skills_of`); none means all.
    """

    member: str
    name: str
    state: str = "here"
    capacity: int = CAPACITY
    until: datetime | None = None
    desk: str | None = None
    takes: str = "pull"
    skills: tuple[str, ...] = ()

    @property
    def as_json(self) -> dict[str, Any]:
        """The part that an officer sets: {state, capacity, takes, skills}."""
        return {"state": self.state, "capacity": self.capacity, "takes": self.takes, "skills": list(self.skills)}

    def is_here(self, now: datetime) -> bool:
        """Whether a conversation may be handed to this officer."""
        return self.state == "here" and self.until is not None and self.until > now


def changed(presence: Presence, change: Mapping[str, object]) -> Presence:
    """The presence after an officer's own change, {state?, capacity?, takes?, skills?}. Raises BadFields."""
    errors = {}
    state, capacity, takes, skills = (change.get(name) for name in ("state", "capacity", "takes", "skills"))
    if state is not None and state not in STATES:
        errors["state"] = ["应为 here 或 away。"]
    if takes is not None and takes not in WAYS:
        errors["takes"] = ["应为 pull 或 push。"]
    if skills is not None and not _are_skills(skills):
        errors["skills"] = [f"应为最多 {MOST_SKILLS} 个词。"]
    whole = isinstance(capacity, int) and not isinstance(capacity, bool)
    if capacity is not None and not (whole and 1 <= int(str(capacity)) <= MOST_CAPACITY):
        errors["capacity"] = [f"应为 1 到 {MOST_CAPACITY} 的整数。"]
    if errors:
        raise BadFields(errors)
    return replace(
        presence,
        state=presence.state if state is None else str(state),
        capacity=presence.capacity if capacity is None else int(str(capacity)),
        takes=presence.takes if takes is None else str(takes),
        skills=tuple(skills) if isinstance(skills, list) else presence.skills,
    )


def _are_skills(value: object) -> bool:
    return (
        isinstance(value, list)
        and len(value) <= MOST_SKILLS
        and all(isinstance(skill, str) and 0 < len(skill) <= 60 and skill.isprintable() for skill in value)
    )
