"""A block: a citizen may not write to one desk for some hours; who may impose it, for how long, and who may lift it.

It stops posting, and opening or reopening a conversation at that desk. It never stops reading, rating, closing a
conversation, other desks, cases, or the ways past the chat (window, post, 12345). It ends by itself.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from chat.live.views import moment
from chat.ports import Document, Viewer
from chat.refusals import BadFields, NotTheOfficer
from chat.talk.access import oversees
from chat.talk.conversation import Conversation, Participant
from chat.talk.message_kinds import read_reason

MOST_HOURS = {"officer": 24, "overseer": 72}
"""For how long at most, by who imposes it."""


@dataclass(frozen=True)
class DeskBlock:
    """One block. `conversation` is the one that it was imposed in."""

    id: str
    desk: str
    citizen: str
    conversation: str
    reason: str
    at: datetime
    until: datetime
    by: Participant
    lifted_at: datetime | None = None
    lifted_by: Participant | None = None

    def holds(self, now: datetime) -> bool:
        """Whether it is in force."""
        return self.lifted_at is None and now < self.until

    @property
    def event_details(self) -> dict[str, Any]:
        """The part that everybody in the conversation sees, as fields of its events."""
        return {"id": self.id, "until": self.until, "reason": self.reason}

    def as_json(self, citizen_name: str) -> Document:
        """The block as staff see it."""
        lifted = self.lifted_at and {"at": moment(self.lifted_at), "by": self.lifted_by and self.lifted_by.name}
        return {
            "id": self.id,
            "desk": self.desk,
            "citizen": {"id": self.citizen, "name": citizen_name},
            "conversation": self.conversation,
            "reason": self.reason,
            "at": moment(self.at),
            "until": moment(self.until),
            "by": {"id": self.by.id, "name": self.by.name},
            "lifted": lifted,
        }


def imposed(
    conversation: Conversation, viewer: Viewer, block_id: str, body: Mapping[str, Any], now: datetime
) -> DeskBlock:
    """A new block from {hours, reason}, by the officer of the conversation or an overseer of its desk.

    Raises NotTheOfficer, BadFields.
    """
    if oversees(viewer, conversation.desk):
        most = MOST_HOURS["overseer"]
    elif conversation.officer and conversation.officer.id == viewer.id:
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
    return DeskBlock(
        id=block_id,
        desk=conversation.desk,
        citizen=conversation.citizen.id,
        conversation=conversation.id,
        reason=reason,
        at=now,
        until=until,
        by=Participant.of(viewer),
    )


def lifted(block: DeskBlock, viewer: Viewer, now: datetime) -> DeskBlock | None:
    """The block ended before its time, by who imposed it or an overseer of the desk; None if it is not in force.

    Raises NotTheOfficer.
    """
    if viewer.id != block.by.id and not oversees(viewer, block.desk):
        raise NotTheOfficer
    return replace(block, lifted_at=now, lifted_by=Participant.of(viewer)) if block.holds(now) else None
