"""The transitions of a conversation: claimed, handed over, closed, reopened, tied and the rest; each a pure function.

Each gives the state after it and its event, None if there is nothing to change, and raises the refusal that says why it
is not allowed now.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from chat.ports import Viewer
from chat.refusals import (
    AlreadyClaimed,
    AlreadyRated,
    BadFields,
    ConversationClosed,
    ReopenTooLate,
    WrongState,
)
from chat.talk.access import check_officer, check_speaker
from chat.talk.conversation import SYSTEM, Closing, Conversation, Participant, Rating, Tie, Transition
from chat.talk.deadlines import FIRST_REPLY, REOPEN, SILENCE


def claimed(conversation: Conversation, officer: Participant, now: datetime) -> Transition | None:
    """An officer takes it; None if they have it already. Raises AlreadyClaimed, ConversationClosed."""
    if conversation.state == "closed":
        raise ConversationClosed
    if conversation.officer is not None:
        if conversation.officer.id == officer.id:
            return None
        raise AlreadyClaimed
    after = replace(
        conversation,
        version=conversation.version + 1,
        state="active",
        officer=officer,
        owner=conversation.owner or officer,
        waited=_waited(conversation, now),
        claimed_at=now,
        promised_at=None,
        reply_by=now + FIRST_REPLY,
        look_at=now + SILENCE,
        warned_at=None,
    )
    return Transition(after, "assigned")


def _waited(conversation: Conversation, now: datetime) -> float | None:
    """Seconds in the queue if it was there for the first time; None if it came back, or never queued."""
    first = conversation.state == "queued" and conversation.claimed_at is None
    return (now - conversation.waiting_since).total_seconds() if first else None


def handed_over(
    conversation: Conversation, viewer: Viewer, to: Participant, reason: str | None, now: datetime
) -> Transition | None:
    """The officer transfers it to a colleague; the owner stays.

    Raises ClaimFirst, NotTheOfficer, ConversationClosed.
    """
    check_speaker(conversation, viewer, "public")
    if to.id == viewer.id:
        return None
    after = replace(conversation, version=conversation.version + 1, officer=to, reply_by=now + FIRST_REPLY)
    return Transition(after, "transferred", reason)


def sent_to_desk(
    conversation: Conversation,
    viewer: Viewer,
    desk: str,
    way_in: tuple[str, datetime | None],
    reason: str | None,
) -> Transition:
    """The officer transfers it to a desk, where it queues by its first waiting time. Raises as `handed_over`."""
    check_speaker(conversation, viewer, "public")
    return Transition(replace(_waiting_again(conversation, way_in), desk=desk, wanted=None), "queued", reason)


def taken_over(
    conversation: Conversation, officer: Participant, reason: str | None, now: datetime
) -> Transition | None:
    """An overseer of the desk replaces the officer; the owner stays. None if they have it already.

    Raises ConversationClosed.
    """
    if conversation.state == "closed":
        raise ConversationClosed
    if conversation.officer is None:
        taking = claimed(conversation, officer, now)
        return taking and replace(taking, event="taken_over", note=reason)
    if conversation.officer.id == officer.id:
        return None
    after = replace(conversation, version=conversation.version + 1, officer=officer, reply_by=now + FIRST_REPLY)
    return Transition(after, "taken_over", reason)


def announced(conversation: Conversation, event: str, details: Mapping[str, Any]) -> Transition:
    """An event in its stream that changes nothing of the conversation itself but its version."""
    return Transition(replace(conversation, version=conversation.version + 1), event, details=details)


def returned(conversation: Conversation, way_in: tuple[str, datetime | None], because: str) -> Transition | None:
    """Back to its old place in the queue, since its officer does not answer or is gone; None if nobody has it."""
    if conversation.state != "active":
        return None
    return Transition(replace(_waiting_again(conversation, way_in), wanted=None), "returned", because=because)


def left(conversation: Conversation, promised_at: datetime | None) -> Transition:
    """Its citizen leaves the queue and waits for an answer as to a message. Raises WrongState."""
    if conversation.state != "queued":
        raise WrongState
    return Transition(_waiting_again(conversation, ("left_message", promised_at)), "left")


def _waiting_again(conversation: Conversation, way_in: tuple[str, datetime | None]) -> Conversation:
    state, promised_at = way_in
    return replace(
        conversation,
        version=conversation.version + 1,
        state=state,
        officer=None,
        promised_at=promised_at,
        reply_by=None,
        look_at=None,
        warned_at=None,
    )


def closed(conversation: Conversation, viewer: Viewer, reason: str | None, now: datetime) -> Transition | None:
    """Its citizen or its officer closes it; None if it is closed. Raises ClaimFirst, NotTheOfficer."""
    if conversation.state == "closed":
        return None
    if viewer.is_staff:
        check_officer(conversation, viewer)
    after = replace(
        conversation,
        version=conversation.version + 1,
        state="closed",
        promised_at=None,
        reply_by=None,
        look_at=None,
        warned_at=None,
        closed=Closing(now, viewer.kind, reason),
    )
    return Transition(after, "closed")


def warned(conversation: Conversation, now: datetime) -> Transition | None:
    """Its citizen is asked whether they are still there; None if nobody has it."""
    if conversation.state != "active":
        return None
    after = replace(conversation, version=conversation.version + 1, warned_at=now, look_at=now + SILENCE)
    return Transition(after, "warned", because="silence")


def fallen_silent(conversation: Conversation, now: datetime) -> Transition | None:
    """It is closed because its citizen has been silent for long; None if nobody has it."""
    if conversation.state != "active":
        return None
    ended = closed(conversation, SYSTEM, "长时间没有回复，咨询已自动结束。", now)
    return ended and replace(ended, because="silence")


def rated(conversation: Conversation, score: object, text: str | None, now: datetime) -> Transition:
    """Its citizen rates it, once. Raises WrongState, AlreadyRated, BadFields."""
    if not isinstance(score, int) or isinstance(score, bool) or not 1 <= score <= 5:
        raise BadFields({"score": ["请选 1 到 5。"]})
    if conversation.rating is not None:
        raise AlreadyRated
    if conversation.state != "closed" or conversation.owner is None:
        raise WrongState
    after = replace(conversation, version=conversation.version + 1, rating=Rating(score, text, now))
    return Transition(after, "rated")


def reopened(conversation: Conversation, way_in: tuple[str, datetime | None], place: int, now: datetime) -> Transition:
    """It is opened again, at the end of its desk's queue. Raises WrongState, ReopenTooLate."""
    if conversation.closed is None:
        raise WrongState
    if now - conversation.closed.at > REOPEN:
        raise ReopenTooLate
    state, promised_at = way_in
    after = replace(
        conversation,
        version=conversation.version + 1,
        state=state,
        officer=None,
        waiting_since=now,
        place=place,
        waited=None,
        claimed_at=None,
        promised_at=promised_at,
        closed=None,
    )
    return Transition(after, "reopened")


def tied_to(conversation: Conversation, viewer: Viewer, case: str, now: datetime) -> Transition | None:
    """Its citizen or its officer ties it to a case; None if it is tied to this one.

    Also after its closing, since a case often follows a conversation. Raises ClaimFirst, NotTheOfficer.
    """
    if viewer.is_staff:
        check_officer(conversation, viewer)
    if conversation.case == case:
        return None
    by = Participant(viewer.id, viewer.kind, viewer.name if viewer.is_staff else "")
    return Transition(replace(conversation, version=conversation.version + 1, case=case, tied=Tie(now, by)), "tied")
