"""Assigns waiting conversations to free officers: first come first served, by skill and load."""

import logging
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime

from chat.desk import routing
from chat.desk.presence import Presence
from chat.desk.queue import Turns
from chat.desk.store import DeskStore
from chat.ports import Ports
from chat.refusals import AlreadyClaimed, AtCapacity, ConversationClosed
from chat.talk import transitions
from chat.talk.conversation import Conversation, Decide, Participant, Transition

log = logging.getLogger("circle.chat")

LOOKED_THROUGH = 50
"""How far the queue of a desk is looked through for a conversation that a free officer has the skill for."""


class Assigning:
    """Assigns the queue of a desk to those of its officers whose presence says `takes: push`."""

    def __init__(
        self,
        store: DeskStore,
        ports: Ports,
        *,
        move: Callable[[str, Decide], Conversation],
        now: Callable[[], datetime],
    ) -> None:
        self._store, self._ports, self._move, self._now = store, ports, move, now
        self._turns = Turns()

    def assign_waiting(self, desk: str) -> None:
        """Assign what waits at a desk to its free officers, first come first served.

        One thread at a time does it per desk; a call meanwhile makes that thread look once more. A failure is logged,
        and the next call or round tries again.
        """
        try:
            self._turns.take(desk, lambda: self._assign_first(desk))
        except Exception:
            log.exception("nobody was assigned a conversation")

    def assign_to_freed(self, officer: str) -> None:
        """Assign what waits at the desk of an officer who holds one conversation less now, if they take push."""
        presence = self._store.presence(officer)
        if presence and presence.desk and presence.takes == "push":
            self.assign_waiting(presence.desk)

    def _assign_first(self, desk: str) -> bool:
        """Assign the first conversation that somebody can take; False if there is none. Others do the same meanwhile,
        so each look reads anew."""
        now = self._now()
        queue = self._store.first_queued(desk, LOOKED_THROUGH)
        if not queue:
            return False
        officers = self._store.officers(desk, now)
        held = Counter(officer for officer, _ in self._store.held_by([officer.member for officer in officers]))
        loads = [routing.OfficerLoad(officer, held.get(officer.member, 0)) for officer in officers]
        for conversation in queue:
            skills = self._ports.skills_of(conversation.matter) if conversation.matter else ()
            chosen = routing.choose(loads, skills, conversation.wanted, now)
            if chosen is not None:
                self._assign(chosen, conversation.id, now)
                return True
        return False

    def _assign(self, officer: Presence, conversation_id: str, now: datetime) -> None:
        """Assign it, unless it was taken or the officer reached their capacity meanwhile."""
        participant = Participant(officer.member, "staff", officer.name)

        def decide(conversation: Conversation) -> Transition | None:
            return transitions.claimed(conversation, participant, now) if conversation.state == "queued" else None

        with suppress(AlreadyClaimed, AtCapacity, ConversationClosed):
            self._move(conversation_id, decide)
