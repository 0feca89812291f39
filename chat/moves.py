"""Every change of a conversation: decided on its newest state, stored with its event in one transaction, then
broadcast."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import uuid4

from chat.desk import presence as presences
from chat.desk.assigning import Assigning
from chat.desk.promises import Promises
from chat.desk.store import DeskStore
from chat.live.broadcast import Broadcast
from chat.live.memory import Memory
from chat.live.writer import MessageWriter
from chat.ports import Document, Ports, Viewer
from chat.refusals import AtCapacity, Unavailable, VersionStale
from chat.talk.conversation import SYSTEM, Conversation, Decide, Participant, Transition
from chat.talk.message import MessageFactory
from chat.talk.message_kinds import Post
from chat.talk.store import ConversationStore

TRIES = 5
Beside = Callable[[Any], object]
"""Writes what belongs to a change in its transaction; is given the session."""


class Moves:
    """Changes conversations by transitions; methods raise the refusals of chat.refusals."""

    def __init__(
        self,
        store: ConversationStore,
        desks: DeskStore,
        ports: Ports,
        *,
        messages: MessageFactory,
        memory: Memory,
        writer: MessageWriter,
        broadcast: Broadcast,
        promises: Promises,
        now: Callable[[], datetime],
    ) -> None:
        self._store, self._desks, self._ports = store, desks, ports
        self._messages, self._memory, self._writer, self._broadcast = messages, memory, writer, broadcast
        self._promises, self._now = promises, now
        self.assigning = Assigning(desks, ports, move=self.move_by_system, now=now)

    def begin(self, actor: Viewer, conversation: Conversation, posts: list[Post]) -> None:
        """Store a new conversation with its first messages, then broadcast it."""
        now = self._now()

        def write_beside(session: Any) -> list[Document]:
            data = {"citizen": actor.id, "desk": conversation.desk}
            self._ports.announce(session, "conversation.opened", conversation.id, **data)
            if conversation.state == "left_message":
                self._promises.add(session, conversation)
            first = [self._messages.message(conversation, conversation.citizen, post, now) for post in posts]
            return [self._messages.event(conversation, "opened", now), *first]

        rows = self._store.begin(conversation, write_beside)
        self._writer.number_after(rows)
        self._broadcast.stored(conversation, rows, actor)
        self._follow_up(conversation)

    def move_by_system(self, conversation_id: str, decide: Decide, beside: Beside | None = None) -> Conversation:
        """As `move`, without an actor: for deadlines, rounds and assignment."""
        return self.move(SYSTEM, conversation_id, decide, beside=beside)

    def move(
        self,
        actor: Viewer,
        conversation_id: str,
        decide: Decide,
        version: int | None = None,
        beside: Beside | None = None,
    ) -> Conversation:
        """Apply a transition under optimistic locking: decided on the newest state, stored if nobody was faster.

        Else it is decided again, at most TRIES times. `decide` gives None if nothing changes. Gives the conversation
        afterwards. Raises NotFound, VersionStale, AtCapacity, Unavailable, and what `decide` raises.
        """
        for _ in range(TRIES):
            before = self._memory.readable(actor, conversation_id)
            if version is not None and before.version != version:
                raise VersionStale
            transition = decide(before)
            if transition is None:
                return before
            with self._writer.paused():
                rows = self._store.move(before, transition.after, self._beside(before, transition, actor, beside))
                self._writer.number_after(rows or [])
                if rows is not None:
                    self._broadcast.stored(transition.after, rows, actor, before)
            if rows is not None:
                self._follow_up(transition.after, before)
                return transition.after
        raise Unavailable(retry_after=1)

    def _beside(
        self, before: Conversation, transition: Transition, actor: Viewer, beside: Beside | None
    ) -> Callable[[Any], list[Document]]:
        """What is written with a transition: the check of capacity, the office's event, the audit, the messages."""
        now, after = self._now(), transition.after

        def write_beside(session: Any) -> list[Document]:
            if after.officer and after.state == "active" and after.officer != before.officer:
                self._check_capacity(session, after.officer.id)
            officer = after.officer.id if after.officer else None
            data = {"citizen": after.citizen.id, "officer": officer, "case": after.case, "by": actor.kind}
            self._ports.announce(session, f"conversation.{transition.event}", after.id, **data)
            if actor.is_staff:
                self._ports.record(actor.id, f"conversation.{transition.event}", f"talk:{after.id}", session=session)
            if beside:
                beside(session)
            if after.state == "left_message" and before.state != "left_message":
                self._promises.add(session, after)
            rows = [self._messages.of_transition(transition, now)]
            if transition.note:
                note = Post(str(uuid4()), "note", {"text": transition.note})
                rows.append(self._messages.message(after, Participant.of(actor), note, now))
            return rows

        return write_beside

    def _check_capacity(self, session: Any, officer: str) -> None:
        presence = self._desks.presence(officer)
        if self._desks.count_held(session, officer) > (presence.capacity if presence else presences.CAPACITY):
            raise AtCapacity

    def _follow_up(self, after: Conversation, before: Conversation | None = None) -> None:
        """After a change: send it, and assign what waits to whoever became free."""
        self._memory.remember(after)
        self._broadcast.moved(after, before)
        if after.state == "queued":
            self.assigning.assign_waiting(after.desk)
        if before and before.officer and (after.officer != before.officer or after.state == "closed"):
            self.assigning.assign_to_freed(before.officer.id)
