"""Retention: how long conversations are kept; then they are deleted in bounded batches, and their counts stay.

| what | kept | why |
| --- | --- | --- |
| a closed conversation | `CHAT_KEPT_DAYS` after it was closed | 个人信息保护法 第19条, 第47条: no longer than needed |
| one tied to a case | as long as the case | it is part of the case's record (档案法) |
| one that is not closed | always | somebody still waits for an answer |
| sealed originals | `masking.KEPT` | for the officer who answers, no longer |
| a block that ended | `blocks.service.KEPT` | for complaints about it |
| counts by desk and month | always | nobody is in them |

No law names a number of days for conversations with an office; the office sets it.
"""

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta

from chat.live.views import BEIJING
from chat.ports import Viewer
from chat.retention.store import RetentionStore
from chat.talk.conversation import Conversation
from chat.talk.deadlines import REOPEN
from chat.talk.store import ConversationStore

KEPT = timedelta(days=730)
PAUSE = timedelta(minutes=1)
"""How long after a conversation was deleted its messages are: by then no process's cache takes a message for it."""

TIED_AGAIN = timedelta(hours=1)
"""How often the conversations tied to a case are listed anew, to see whose case is gone."""

MOST_CONVERSATIONS = 20
MOST_ROWS = 1_000
"""The most messages deleted in one round."""

MOST_ERASED = 50
MOST_HANDED_OVER = 10


class Retention:
    """Deletes conversations whose time is over. Each step is idempotent and may be interrupted anywhere: a conversation
    is counted in the transaction that deletes it, and stands on a list until its messages are deleted too.
    """

    def __init__(
        self,
        store: RetentionStore,
        conversations: ConversationStore,
        *,
        case_kept: Callable[[str], bool],
        kept: timedelta,
    ) -> None:
        self._store, self._conversations, self._case_kept = store, conversations, case_kept
        self._kept = max(kept, REOPEN)
        self._tied: list[tuple[str, str]] = []
        self._tied_due_at: datetime | None = None

    def run(self, now: datetime) -> None:
        """Delete the next conversations whose time is over, and messages of deleted ones; in one process at a time."""
        before = now - self._kept
        for conversation in [*self._store.closed_before(before, MOST_CONVERSATIONS), *self._case_gone(before, now)]:
            self._store.bury(conversation, month_of(conversation), self._counts(conversation), now + PAUSE)
        self._sweep(now)

    def forget_originals(self, now: datetime) -> None:
        """Delete the sealed originals whose time is over."""
        self._store.forget_originals(now)

    def erase(self, citizen: Viewer) -> None:
        """Erase what a citizen wrote, whose account is closed; idempotent. Numbers and times stay, so that no stream
        has a gap, and so does what the office wrote."""
        before: str | None = None
        while page := self._conversations.of_citizen(citizen.id, before, MOST_ERASED):
            for conversation in page:
                self._store.erase(conversation.id, citizen.id)
            before = page[-1].id

    def hand_over(self, citizen: str, heir: str) -> list[Conversation]:
        """Make another account the citizen of the next few conversations, and give these as they are then.

        Idempotent: a conversation moves last, after its messages, so that one that was cut off is met again.
        """
        page = self._conversations.of_citizen(citizen, None, MOST_HANDED_OVER)
        for conversation in page:
            self._store.hand_over(conversation.id, citizen, heir)
        newest = (self._conversations.conversation(conversation.id) for conversation in page)
        return [conversation for conversation in newest if conversation]

    def _case_gone(self, before: datetime, now: datetime) -> list[Conversation]:
        """Of the conversations tied to a case the next few, as far as their case is gone."""
        if not self._tied and (self._tied_due_at is None or now >= self._tied_due_at):
            self._tied, self._tied_due_at = self._store.tied(before), now + TIED_AGAIN
        batch, self._tied = self._tied[:MOST_CONVERSATIONS], self._tied[MOST_CONVERSATIONS:]
        gone = (self._conversations.conversation(tied) for tied, case in batch if not self._case_kept(case))
        return [conversation for conversation in gone if conversation and self._is_over(conversation, before)]

    @staticmethod
    def _is_over(conversation: Conversation, before: datetime) -> bool:
        return conversation.closed is not None and conversation.closed.at <= before

    def _sweep(self, now: datetime) -> None:
        left = MOST_ROWS
        for conversation_id in self._store.buried(now, MOST_CONVERSATIONS):
            left -= self._store.drop_messages(conversation_id, left)
            if left <= 0:
                return
            self._store.drop_rest(conversation_id)

    def _counts(self, conversation: Conversation) -> Counter[str]:
        """The numbers that stay of it."""
        messages = self._store.count_messages(conversation.id)
        counts = Counter(talks=1, answered=int(conversation.owner is not None), messages=messages)
        if conversation.rating:
            counts.update(rated=1, score=conversation.rating.score)
        counts.update(f"promises_{state}" for state in self._store.promises_of(conversation.id))
        return counts


def month_of(conversation: Conversation) -> str:
    """`2026-11`: the month when it was closed, in Beijing's time."""
    at = conversation.closed.at if conversation.closed else conversation.created_at
    return f"{at.astimezone(BEIJING):%Y-%m}"
