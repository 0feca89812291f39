"""What is looked after by itself: who does not answer, who is gone, talks that fell silent, promises that are due."""

import logging
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta

from chat.desk import presence as presences
from chat.ports import Document, Ports
from chat.refusals import Refusal
from chat.talk import conversation as rules
from chat.talk.conversation import Conversation, Decide, Move
from chat.talk.store import ChatStore

log = logging.getLogger("circle.chat")

MOST = 50
SLOW = timedelta(seconds=15)
"""How often it is looked for what need not be noticed at once."""

REMIND = timedelta(minutes=30)
OVERDUE_AGAIN = timedelta(hours=1)


class Rounds:
    """Goes round under the lease of the chat's search, so in one process at a time; everything may come twice."""

    def __init__(
        self,
        store: ChatStore,
        ports: Ports,
        *,
        move: Callable[[str, Decide], Conversation],
        way_in: Callable[[str, datetime], tuple[str, datetime | None]],
        give: Callable[[str], None],
        tidy: Sequence[Callable[[datetime], None]],
    ) -> None:
        self._store, self._ports = store, ports
        self._move, self._way_in, self._give, self._tidy = move, way_in, give, tidy
        self._slow_at = datetime.min.replace(tzinfo=UTC)

    def go(self, now: datetime) -> None:
        """Look at everything that is due. What fails does not keep the rest from being looked at."""
        for look in self._looks(now):
            try:
                look(now)
            except Exception:
                log.exception("a round of the chat failed")

    def _looks(self, now: datetime) -> Iterator[Callable[[datetime], None]]:
        yield self._unanswered
        if now - self._slow_at >= SLOW:
            self._slow_at = now
            yield self._gone
            yield self._left_over
            yield self._silent
            yield self._promises
            yield from self._tidy

    # -- officers ------------------------------------------------------------------

    def _unanswered(self, now: datetime) -> None:
        """What an officer took and never answered goes back to its place; its citizen sees it."""
        for found in self._store.unanswered(now, MOST):
            officer, since = found.officer, (found.reply_by or now) - rules.FIRST_REPLY
            if officer is None or self._store.has_said(found.id, officer.id, since):
                self._store.replied(found)
            else:
                self._return(found.id, officer.id, "no_reply", now)

    def _gone(self, now: datetime) -> None:
        """So does what an officer left behind."""
        gone = self._store.gone(now - timedelta(days=1), now - presences.GONE)
        for officer, conversation in self._store.held_by(gone) if gone else []:
            self._return(conversation, officer, "officer_gone", now)

    def _left_over(self, now: datetime) -> None:
        """What waits although somebody is free: an occasion to give was missed."""
        for desk in self._store.giving_desks(now):
            self._give(desk)

    def _return(self, conversation: str, officer: str, because: str, now: datetime) -> None:
        def decide(found: Conversation) -> Move | None:
            if found.officer is None or found.officer.id != officer:
                return None
            return rules.returned(found, self._way_in(found.desk, now), because)

        self._try(conversation, decide)

    def _try(self, conversation: str, decide: Decide) -> Conversation | None:
        try:
            return self._move(conversation, decide)
        except Refusal as refusal:
            log.warning("the next round tries again: %s", refusal.code)
            return None

    # -- silence -------------------------------------------------------------------

    def _silent(self, now: datetime) -> None:
        """Where the citizen has not answered the officer for long: first a word, later the end."""
        for found in self._store.quiet(now, MOST):
            last = self._store.last_word(found.id)
            if last is None or last["sender"]["kind"] == "citizen":
                self._store.look_again(found, now + rules.SILENCE)
            elif found.warned_at and last["at"] <= found.warned_at:
                self._try(found.id, lambda talk: rules.fallen_silent(talk, now))
            elif last["at"] + rules.SILENCE > now:
                self._store.look_again(found, last["at"] + rules.SILENCE)
            else:
                self._try(found.id, lambda talk: rules.warned(talk, now))

    # -- promises ------------------------------------------------------------------

    def _promises(self, now: datetime) -> None:
        """Kept or not; staff are reminded before, whoever oversees them is told after."""
        for row in self._store.promises_due(now, MOST):
            self._store.settle(row["_id"], self._outcome(row, now))

    def _outcome(self, row: Document, now: datetime) -> Document:
        answered_at = self._store.answered_at(row["conversation"], row["made_at"])
        if answered_at is not None:
            return {"state": "kept" if answered_at <= row["at"] else "missed", "answered_at": answered_at}
        found = self._store.conversation(row["conversation"])
        if found is None or found.state == "closed":
            return {"state": "withdrawn"}
        what, again = ("due", row["at"]) if now < row["at"] else ("overdue", now + OVERDUE_AGAIN)
        if what not in row["told"]:
            self._ports.remind(found.desk, found.id, row["at"], what)
        return {"look_at": again, "told": [*{*row["told"], what}]}
