"""Blocks: decided, told, listed, lifted; asked about at every word of a citizen, so the few that hold are in memory."""

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from chat.blocks import block as rules
from chat.blocks.block import Block
from chat.blocks.store import BlockStore
from chat.live import views
from chat.live.memory import Standings
from chat.moves import Moves
from chat.ports import Document, Ports, Viewer
from chat.refusals import AlreadyBlocked, BadCursor, Blocked, NotFound
from chat.talk import masking
from chat.talk.conversation import Conversation, Move, check_staff, said_again
from chat.talk.store import Unsettled

SECONDS = 2.0
"""How old this process's memory may be: another one may have blocked or lifted meanwhile."""

KEPT = timedelta(days=180)
"""How long the record of a block stays after its end, for complaints about it."""


class Blocks:
    """Who may not write where."""

    def __init__(
        self,
        store: BlockStore,
        ports: Ports,
        *,
        moves: Moves,
        standings: Standings,
        now: Callable[[], datetime],
    ) -> None:
        self._store, self._ports, self._moves, self._standings, self._now = store, ports, moves, standings, now
        self._lock = threading.Lock()
        self._known: dict[tuple[str, str], Block] = {}
        self._looked = self._changed = float("-inf")

    def of(self, citizen: str, desk: str) -> Block | None:
        """The block that holds for a citizen at a desk."""
        with self._lock:
            fresh = self._looked > self._changed and time.monotonic() - self._looked < SECONDS
        if not fresh:
            with suppress(Unsettled):  # what is known holds on: a word is not lost because the store is away
                self._look()
        found = self._known.get((citizen, desk))
        return found if found and found.holds(self._now()) else None

    def check(self, actor: Viewer, desk: str) -> None:
        """Raises Blocked where this citizen may not write to a desk now."""
        if not actor.is_staff and self.of(actor.id, desk):
            raise Blocked

    def made(self, actor: Viewer, block_id: str) -> Document | None:
        """A block that an earlier request made, or None."""
        found = self._store.block(block_id)
        return self._shown(found) if found and found.by.id == actor.id else None

    def block(self, actor: Viewer, new_id: str, conversation_id: str, body: Document) -> Document:
        """Stop the words of a talk's citizen to its desk: {hours, reason}. Raises AlreadyBlocked, NotTheOfficer."""
        check_staff(actor)
        found = self._standings.readable(actor, conversation_id)
        decided = rules.decided(found, actor, new_id, _masked(body), self._now())
        self._forget()
        if self.of(found.citizen.id, found.desk):
            raise AlreadyBlocked

        def decide(talk: Conversation) -> Move:
            return said_again(talk, "blocked", {"block": decided.told})

        self._moves.move(actor, found.id, decide, beside=lambda session: self._store.keep(decided, session))
        self._forget()
        return self._shown(decided)

    def lift(self, actor: Viewer, block_id: str) -> Document:
        """End a block before its time; one that holds no more stays as it is. Raises NotFound, NotTheOfficer."""
        check_staff(actor)
        found = self._store.block(block_id)
        if found is None or not (actor.id == found.by.id or actor.point in {None, found.desk}):
            raise NotFound
        after = rules.lifted(found, actor, self._now())
        if after is None:
            return self._shown(found)

        def decide(talk: Conversation) -> Move | None:
            now_kept = self._store.block(block_id)
            if now_kept is None or now_kept.lifted_at:
                return None
            return said_again(talk, "unblocked", {"block": after.told})

        self._moves.by_itself(
            found.conversation,
            decide,
            beside=lambda session: self._lifted(after, actor, session),
        )
        self._forget()
        return self._shown(self._store.block(block_id) or after)

    def _lifted(self, after: Block, actor: Viewer, session: Any) -> None:
        self._store.keep(after, session)
        self._ports.record(actor.id, "talk.unblocked", f"talk:{after.conversation}", session=session)

    def at_desk(self, actor: Viewer, cursor: str | None, limit: int) -> Document:
        """Those that hold at one's desk, or at all of them for who is posted nowhere; newest first."""
        check_staff(actor)
        if cursor and self._store.block(cursor) is None:
            raise BadCursor
        found = self._store.at_desk(actor.point, self._now(), cursor or None, limit + 1)
        return views.page([self._shown(one) for one in found[:limit]], len(found) > limit)

    def forget_old(self, now: datetime) -> None:
        """Drop the records whose time is over."""
        self._store.forget(now - KEPT)

    def _forget(self) -> None:
        """Something was changed here: only a look that begins after this counts."""
        with self._lock:
            self._changed = time.monotonic()

    def _look(self) -> None:
        """Read them anew. A look counts from its beginning on, and never undoes one that began later."""
        at = time.monotonic()
        known = self._known
        try:
            known = {(one.citizen, one.desk): one for one in self._store.holding(self._now())}
        finally:
            with self._lock:
                if at > max(self._looked, self._changed):
                    self._known, self._looked = known, at

    def _shown(self, block: Block) -> Document:
        return views.block(block, self._ports.name_of(block.citizen))


def _masked(body: Document) -> Document:
    """The reason goes to many: no personal number in it."""
    reason = body.get("reason")
    return {**body, "reason": masking.mask(reason) if isinstance(reason, str) else reason}
