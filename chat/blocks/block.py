"""Somebody may not write to a desk for some hours: who decides it, for how long at most, and what it never touches.

A block stops words to one desk: posting, and opening or reopening a talk there. It never stops reading, rating, ending
a talk, other desks, cases, or the ways past the chat (window, post, 12345). It ends by itself.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from chat.ports import Viewer
from chat.refusals import BadFields, NotTheOfficer
from chat.talk.conversation import Conversation, Person, oversees, read_reason

MOST_HOURS = {"officer": 24, "overseer": 72}
"""For how long at most, by who decides it."""


@dataclass(frozen=True)
class Block:
    """One decision. `conversation` is the talk that it came from."""

    id: str
    desk: str
    citizen: str
    conversation: str
    reason: str
    at: datetime
    until: datetime
    by: Person
    lifted_at: datetime | None = None
    lifted_by: Person | None = None

    def holds(self, now: datetime) -> bool:
        """Whether it still stops anything."""
        return self.lifted_at is None and now < self.until

    @property
    def told(self) -> dict[str, Any]:
        """What everybody in the talk sees of it."""
        return {"id": self.id, "until": self.until, "reason": self.reason}


def decided(found: Conversation, viewer: Viewer, block_id: str, body: Mapping[str, Any], now: datetime) -> Block:
    """A block from {hours, reason}, by the officer of the talk or who oversees its desk.

    Raises NotTheOfficer, BadFields.
    """
    if oversees(viewer, found.desk):
        most = MOST_HOURS["overseer"]
    elif found.officer and found.officer.id == viewer.id:
        most = MOST_HOURS["officer"]
    else:
        raise NotTheOfficer
    hours, reason = body.get("hours"), read_reason(body.get("reason"))
    errors = {}
    if not isinstance(hours, int) or isinstance(hours, bool) or not 1 <= hours <= most:
        errors["hours"] = [f"应为 1 到 {most} 小时。"]
    if reason is None:
        errors["reason"] = ["请写明原因，对方会看到。"]
    if errors or reason is None or not isinstance(hours, int):
        raise BadFields(errors)
    until = now + timedelta(hours=hours)
    return Block(block_id, found.desk, found.citizen.id, found.id, reason, now, until, Person.of(viewer))


def lifted(block: Block, viewer: Viewer, now: datetime) -> Block | None:
    """Ended before its time, by who decided it or who oversees the desk; None where it holds no more.

    Raises NotTheOfficer.
    """
    if viewer.id != block.by.id and not oversees(viewer, block.desk):
        raise NotTheOfficer
    return replace(block, lifted_at=now, lifted_by=Person.of(viewer)) if block.holds(now) else None
