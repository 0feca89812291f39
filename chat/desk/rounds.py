"""The rounds: what happens without anybody's act, such as unanswered conversations that go back to the queue."""

import logging
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta

from chat.desk import presence as presences
from chat.desk import routing
from chat.desk.store import DeskStore
from chat.ports import Ports
from chat.refusals import Refusal
from chat.talk import deadlines, transitions
from chat.talk.conversation import Conversation, Decide, Transition
from chat.talk.store import ConversationStore

log = logging.getLogger("circle.chat")

MOST = 50
SLOW = timedelta(seconds=15)
"""How often the checks run that need not run every second."""


class Rounds:
    """Runs under the lease of the search for unseen messages, so in one process at a time; each check is idempotent."""

    def __init__(
        self,
        store: DeskStore,
        conversations: ConversationStore,
        ports: Ports,
        *,
        move: Callable[[str, Decide], Conversation],
        assign: Callable[[str], None],
        slow_checks: Sequence[Callable[[datetime], None]],
    ) -> None:
        self._store, self._conversations, self._ports = store, conversations, ports
        self._move, self._assign = move, assign
        self._slow_checks = slow_checks
        self._slow_at = datetime.min.replace(tzinfo=UTC)

    def run(self, now: datetime) -> None:
        """Run every check that is due. One that fails does not stop the others."""
        for check in self._due_checks(now):
            try:
                check(now)
            except Exception:
                log.exception("a round of the chat failed")

    def _due_checks(self, now: datetime) -> Iterator[Callable[[datetime], None]]:
        yield self._return_unanswered
        if now - self._slow_at >= SLOW:
            self._slow_at = now
            yield self._return_of_gone
            yield self._assign_left_over
            yield self._end_silent
            yield from self._slow_checks

    # -- officers ------------------------------------------------------------------

    def _return_unanswered(self, now: datetime) -> None:
        """What an officer took and did not answer in time goes back to its place; its citizen sees it."""
        for conversation in self._store.unanswered(now, MOST):
            officer, since = conversation.officer, (conversation.reply_by or now) - deadlines.FIRST_REPLY
            if officer is None or self._conversations.has_spoken(conversation.id, officer.id, since):
                self._store.mark_answered(conversation)
            else:
                self._return(conversation.id, officer.id, "no_reply", now)

    def _return_of_gone(self, now: datetime) -> None:
        """What an officer holds whose lease ended goes back to its place."""
        gone = self._store.gone(now - timedelta(days=1), now - presences.GONE)
        for officer, conversation_id in self._store.held_by(gone) if gone else []:
            self._return(conversation_id, officer, "officer_gone", now)

    def _assign_left_over(self, now: datetime) -> None:
        """What waits although somebody is free is assigned: an earlier occasion was missed."""
        for desk in self._store.assigning_desks(now):
            self._assign(desk)

    def _return(self, conversation_id: str, officer: str, because: str, now: datetime) -> None:
        def decide(conversation: Conversation) -> Transition | None:
            if conversation.officer is None or conversation.officer.id != officer:
                return None
            way_in = routing.way_in_now(self._ports, conversation.desk, now)
            return transitions.returned(conversation, way_in, because)

        self._try(conversation_id, decide)

    def _try(self, conversation_id: str, decide: Decide) -> None:
        try:
            self._move(conversation_id, decide)
        except Refusal as refusal:
            log.warning("the next round tries again: %s", refusal.code)

    # -- silence -------------------------------------------------------------------

    def _end_silent(self, now: datetime) -> None:
        """A citizen who has not answered the officer for long is asked first; later the conversation is closed."""
        for conversation in self._store.perhaps_silent(now, MOST):
            last = self._conversations.last_word(conversation.id)
            if last is None or last["sender"]["kind"] == "citizen":
                self._store.check_later(conversation, now + deadlines.SILENCE)
            elif conversation.warned_at and last["at"] <= conversation.warned_at:
                self._try(conversation.id, lambda newest: transitions.fallen_silent(newest, now))
            elif last["at"] + deadlines.SILENCE > now:
                self._store.check_later(conversation, last["at"] + deadlines.SILENCE)
            else:
                self._try(conversation.id, lambda newest: transitions.warned(newest, now))
