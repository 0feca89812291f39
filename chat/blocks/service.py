"""The use cases of blocks: impose, lift, list."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from chat.blocks import block as rules
from chat.blocks.block import DeskBlock
from chat.blocks.in_force import BlocksInForce
from chat.blocks.store import BlockStore
from chat.live import views
from chat.live.memory import Memory
from chat.moves import Moves
from chat.ports import Document, Ports, Viewer
from chat.refusals import AlreadyBlocked, BadCursor, NotFound
from chat.talk import masking
from chat.talk.access import check_staff
from chat.talk.conversation import Conversation, Transition
from chat.talk.transitions import announced

KEPT = timedelta(days=180)
"""How long the record of a block stays after its end, for complaints about it."""


class Blocks:
    """Blocks of citizens at desks."""

    def __init__(
        self,
        store: BlockStore,
        ports: Ports,
        *,
        in_force: BlocksInForce,
        moves: Moves,
        memory: Memory,
        now: Callable[[], datetime],
    ) -> None:
        self._store, self._ports, self._moves, self._memory, self._now = store, ports, moves, memory, now
        self.in_force = in_force

    def created(self, actor: Viewer, block_id: str) -> Document | None:
        """A block that an earlier request of this actor created, or None."""
        block = self._store.block(block_id)
        return self._view(block) if block and block.by.id == actor.id else None

    def block(self, actor: Viewer, new_id: str, conversation_id: str, body: Document) -> Document:
        """Block a conversation's citizen at its desk: {hours, reason}. Raises AlreadyBlocked, NotTheOfficer."""
        check_staff(actor)
        conversation = self._memory.readable(actor, conversation_id)
        block = rules.imposed(conversation, actor, new_id, _masked(body), self._now())
        self.in_force.expire()
        if self.in_force.of(conversation.citizen.id, conversation.desk):
            raise AlreadyBlocked

        def decide(newest: Conversation) -> Transition:
            return announced(newest, "blocked", {"block": block.event_details})

        self._moves.move(actor, conversation.id, decide, beside=lambda session: self._store.add(block, session))
        self.in_force.expire()
        return self._view(block)

    def lift(self, actor: Viewer, block_id: str) -> Document:
        """End a block before its time; idempotent. Raises NotFound, NotTheOfficer."""
        check_staff(actor)
        block = self._store.block(block_id)
        if block is None or not (actor.id == block.by.id or actor.point in {None, block.desk}):
            raise NotFound
        after = rules.lifted(block, actor, self._now())
        if after is None:
            return self._view(block)

        def decide(newest: Conversation) -> Transition | None:
            stored = self._store.block(block_id)
            if stored is None or stored.lifted_at:
                return None
            return announced(newest, "unblocked", {"block": after.event_details})

        def keep(session: Any) -> None:
            self._store.lift(after, session)
            self._ports.record(actor.id, "conversation.unblocked", f"talk:{after.conversation}", session=session)

        self._moves.move_by_system(block.conversation, decide, beside=keep)
        self.in_force.expire()
        return self._view(self._store.block(block_id) or after)

    def at_desk(self, actor: Viewer, cursor: str | None, limit: int) -> Document:
        """The blocks in force at one's desk, or at all desks for staff posted nowhere; newest first."""
        check_staff(actor)
        if cursor and self._store.block(cursor) is None:
            raise BadCursor
        blocks = [
            block
            for block in self._store.in_force(self._now())
            if actor.point in {None, block.desk} and (not cursor or block.id < cursor)
        ]
        items = [self._view(block) for block in blocks[:limit]]
        detail = f"desk={actor.point}" if actor.point else ""
        self._ports.record(actor.id, "read_list", "list:blocks", detail=detail, count=len(items))
        return views.page(items, len(blocks) > limit)

    def forget_old(self, now: datetime) -> None:
        """Delete the records of blocks that ended long ago."""
        self._store.forget(now - KEPT)

    def _view(self, block: DeskBlock) -> Document:
        return block.as_json(self._ports.name_of(block.citizen))


def _masked(body: Document) -> Document:
    """The body with personal numbers masked in its reason, which many see."""
    reason = body.get("reason")
    return {**body, "reason": masking.mask(reason) if isinstance(reason, str) else reason}
