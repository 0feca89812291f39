"""The acts that move a conversation: claim, transfer, take over, close, reopen, rate, leave as a message."""

from collections.abc import Callable
from datetime import datetime

from chat.blocks.in_force import BlocksInForce
from chat.desk import routing
from chat.desk.officers import OfficerPresence
from chat.desk.store import DeskStore
from chat.live.memory import Memory
from chat.live.reader_views import ReaderViews
from chat.moves import Moves
from chat.ports import Document, Ports, Viewer
from chat.refusals import BadFields
from chat.talk import access, masking, transitions
from chat.talk.conversation import Conversation, Decide, Participant, Transition
from chat.talk.message_kinds import read_reason


class ConversationHandling:
    """The acts that move a conversation; each gives the conversation as its actor sees it afterwards.

    With a `version`, an act raises VersionStale if the conversation has another one.
    """

    def __init__(
        self,
        desks: DeskStore,
        ports: Ports,
        *,
        moves: Moves,
        memory: Memory,
        views: ReaderViews,
        officers: OfficerPresence,
        blocks: BlocksInForce,
        now: Callable[[], datetime],
    ) -> None:
        self._desks, self._ports, self._now = desks, ports, now
        self._moves, self._memory, self._views = moves, memory, views
        self._officers, self._blocks = officers, blocks

    def claim(self, actor: Viewer, conversation_id: str) -> Document:
        """An officer takes a waiting conversation. Raises AlreadyClaimed, AtCapacity, ConversationClosed, RoleWrong."""
        access.check_serves(actor)
        now, officer = self._now(), Participant.of(actor)
        return self._move(actor, conversation_id, lambda newest: transitions.claimed(newest, officer, now))

    def transfer(self, actor: Viewer, conversation_id: str, to: object, reason: object) -> Document:
        """Hand over to a present officer {officer: id}, or to a desk {desk: id}; the reason becomes a note for staff.

        Raises BadFields, OfficerAway, AtCapacity, ClaimFirst, NotTheOfficer, ConversationClosed.
        """
        access.check_staff(actor)
        return self._move(actor, conversation_id, self._transfer(actor, to, read_reason(reason)))

    def _transfer(self, actor: Viewer, to: object, reason: str | None) -> Decide:
        target, now = to if isinstance(to, dict) else {}, self._now()
        officer, point = target.get("officer"), target.get("desk")
        if isinstance(officer, str) and point is None:
            colleague = self._officers.present(officer)
            return lambda newest: transitions.handed_over(newest, actor, colleague, reason, now)
        desk = self._ports.desk_for(None, point) if isinstance(point, str) and officer is None else None
        if desk is None:
            raise BadFields({"to": ["请选择一位同事或一个窗口。"]})
        way_in = routing.way_in_now(self._ports, desk, now)
        return lambda newest: transitions.sent_to_desk(newest, actor, desk, way_in, reason)

    def take_over(self, actor: Viewer, conversation_id: str, reason: object) -> Document:
        """An overseer of its desk replaces the officer: everybody sees it, the reason is a note, the owner stays.

        If their connection ends, the conversation returns to the queue as from any officer.
        """
        why, now, officer = read_reason(reason), self._now(), Participant.of(actor)

        def decide(newest: Conversation) -> Transition | None:
            access.check_oversees(actor, newest.desk)
            return transitions.taken_over(newest, officer, why, now)

        if not access.serves(actor):
            self._officers.lease_overseer(actor)
        return self._move(actor, conversation_id, decide)

    def end(self, actor: Viewer, conversation_id: str, reason: object, version: int | None = None) -> Document:
        """Close it, by its citizen or its officer."""
        why, now = read_reason(reason), self._now()
        masked = why and masking.mask(why, masking.tests_of(actor))
        return self._move(
            actor, conversation_id, lambda newest: transitions.closed(newest, actor, masked, now), version
        )

    def reopen(self, actor: Viewer, conversation_id: str, version: int | None = None) -> Document:
        """Open a closed conversation again, within 7 days."""
        now = self._now()

        def decide(newest: Conversation) -> Transition:
            self._blocks.check(actor, newest.desk)
            place = self._desks.ahead(newest.desk, now) + 1
            return transitions.reopened(newest, routing.way_in_now(self._ports, newest.desk, now), place, now)

        return self._move(actor, conversation_id, decide, version)

    def rate(self, actor: Viewer, conversation_id: str, body: Document, version: int | None = None) -> Document:
        """A citizen rates it once, in five levels: {score, text?}."""
        now, text = self._now(), read_reason(body.get("text"))
        masked = text and masking.mask(text)

        def decide(newest: Conversation) -> Transition:
            return transitions.rated(newest, body.get("score"), masked, now)

        return self._move(actor, conversation_id, decide, version)

    def leave_message(self, actor: Viewer, conversation_id: str, version: int | None = None) -> Document:
        """A citizen leaves the queue and is answered in writing within the promised time. Raises WrongState."""

        def decide(newest: Conversation) -> Transition:
            now = self._now()
            return transitions.left(newest, routing.promised_at(self._ports.desk_open(newest.desk, now), now))

        return self._move(actor, conversation_id, decide, version)

    def _move(self, actor: Viewer, conversation_id: str, decide: Decide, version: int | None = None) -> Document:
        after = self._moves.move(actor, conversation_id, decide, version)
        return self._views.conversation(self._memory.newest(after), actor)
