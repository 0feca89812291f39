"""A conversation moved: decided on its newest state, written with all that belongs to it in one transaction, told."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import uuid4

from chat.desk import presence as presences
from chat.desk.assigning import Giving
from chat.desk.rounds import REMIND
from chat.live.broadcast import Telling
from chat.live.memory import Standings
from chat.ports import Document, Ports, Viewer
from chat.refusals import AtCapacity, Unavailable, VersionStale
from chat.talk.conversation import SYSTEM, Conversation, Decide, Move, Person, Post
from chat.talk.message import Rows
from chat.talk.store import ChatStore

TRIES = 5


class Moves:
    """Every change of a conversation goes through here."""

    def __init__(
        self,
        store: ChatStore,
        ports: Ports,
        *,
        rows: Rows,
        standings: Standings,
        telling: Telling,
        now: Callable[[], datetime],
    ) -> None:
        self._store, self._ports, self._rows = store, ports, rows
        self._standings, self._telling, self._now = standings, telling, now
        self.giving = Giving(store, ports, move=self.by_itself, now=now)

    def by_itself(
        self, conversation_id: str, decide: Decide, beside: Callable[[Any], object] | None = None
    ) -> Conversation:
        """As `move`, by nobody: a deadline, a round, a gift."""
        return self.move(SYSTEM, conversation_id, decide, beside=beside)

    def move(
        self,
        actor: Viewer,
        conversation_id: str,
        decide: Decide,
        version: int | None = None,
        beside: Callable[[Any], object] | None = None,
    ) -> Conversation:
        """Decide on the newest state, write if it still is the newest, else decide again. `beside(session)` writes what
        belongs to it in the same transaction.
        """
        for _ in range(TRIES):
            before = self._standings.readable(actor, conversation_id)
            if version is not None and before.version != version:
                raise VersionStale
            move = decide(before)
            if move is None:
                return before
            with self._telling.writer.paused():
                rows = self._store.move(before, move.after, self._written_with(before, move, actor, beside))
                self._telling.said_all(move.after, rows or [], actor)
            if rows is not None:
                self.moved(move.after, before)
                return move.after
        raise Unavailable(retry_after=1)

    def _written_with(
        self, before: Conversation, move: Move, actor: Viewer, beside: Callable[[Any], object] | None
    ) -> Callable[[Any], list[Document]]:
        """What is written with a move, in its transaction: capacity, the office's event, the talk's event, a note."""
        now, after = self._now(), move.after

        def tell(session: Any) -> list[Document]:
            if after.officer and after.state == "active" and after.officer != before.officer:
                self._check_capacity(session, after.officer.id)
            officer = after.officer.id if after.officer else None
            data = {"citizen": after.citizen.id, "officer": officer, "case": after.case, "by": actor.kind}
            self._ports.announce(session, f"conversation.{move.event}", after.id, **data)
            if actor.is_staff:
                self._ports.record(actor.id, f"talk.{move.event}", f"talk:{after.id}", session=session)
            if beside:
                beside(session)
            if after.state == "left_message" and before.state != "left_message":
                self.promise(session, after, now)
            rows = [self._rows.of_move(move, now)]
            if move.note:
                note = Post(str(uuid4()), "note", {"text": move.note})
                rows.append(self._rows.message(after, Person.of(actor), note, now))
            return rows

        return tell

    def promise(self, session: Any, found: Conversation, now: datetime) -> None:
        if found.promised_at:
            self._store.promise(session, found, now, max(now, found.promised_at - REMIND))

    def _check_capacity(self, session: Any, officer: str) -> None:
        known = self._store.presence(officer)
        if self._store.held(session, officer) > (known.capacity if known else presences.CAPACITY):
            raise AtCapacity

    def moved(self, after: Conversation, before: Conversation | None = None) -> None:
        """After a move: tell it, and give on what came free."""
        self._telling.moved(after, before)
        if after.state == "queued":
            self.giving.give(after.desk)
        if before and before.officer and (after.officer != before.officer or after.state == "closed"):
            self.giving.freed(before.officer.id)
