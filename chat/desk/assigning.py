"""Conversations given to those who are free: first come first served, by skill and load."""

import logging
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime

from chat.desk import routing as desks
from chat.desk.presence import Presence
from chat.desk.queue import Turns
from chat.ports import Ports
from chat.refusals import AlreadyClaimed, AtCapacity, ConversationClosed
from chat.talk import conversation as rules
from chat.talk.conversation import Conversation, Decide, Move, Person
from chat.talk.store import ChatStore

log = logging.getLogger("circle.chat")

LINE = 50
"""How far the queue of a desk is looked through for somebody whom a free officer knows to answer."""


class Giving:
    """Gives what waits."""

    def __init__(
        self,
        store: ChatStore,
        ports: Ports,
        *,
        move: Callable[[str, Decide], Conversation],
        now: Callable[[], datetime],
    ) -> None:
        self._store, self._ports, self._move, self._now = store, ports, move, now
        self._given = Turns()

    def give(self, desk: str) -> None:
        """Give what waits at a desk to those who are free, first come first served. One thread at a time does it; who
        comes meanwhile is sure that it looks once more. What fails is done at the next occasion or round."""
        try:
            self._given.turn(desk, lambda: self._give_first(desk))
        except Exception:
            log.exception("nobody was given a conversation")

    def freed(self, officer: str) -> None:
        """An officer has one less in hand."""
        known = self._store.presence(officer)
        if known and known.desk and known.takes == "push":
            self.give(known.desk)

    def _give_first(self, desk: str) -> bool:
        """Give away the first that somebody can take; whether there was one. Then look anew: others are at it too."""
        now = self._now()
        line = self._store.line(desk, LINE)
        officers = self._store.officers(desk, now) if line else []
        held = Counter(officer for officer, _ in self._store.held_by([one.member for one in officers])) if line else {}
        hands = [desks.Hand(one, held.get(one.member, 0)) for one in officers]
        for found in line:
            skills = self._ports.skills_of(found.matter) if found.matter else ()
            officer = desks.choose(hands, skills, found.wanted, now)
            if officer is not None:
                self._give_to(officer, found.id, now)
                return True
        return False

    def _give_to(self, officer: Presence, conversation_id: str, now: datetime) -> None:
        """Unless it was taken, or the officer's hands were filled, in this very moment."""
        to = Person(officer.member, "staff", officer.name)

        def decide(found: Conversation) -> Move | None:
            return rules.claimed(found, to, now) if found.state == "queued" else None

        with suppress(AlreadyClaimed, AtCapacity, ConversationClosed):
            self._move(conversation_id, decide)
