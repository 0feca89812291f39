"""How long talks are kept, and their end: gone in bounded batches, the numbers stay.

| what | kept | why |
| --- | --- | --- |
| a closed talk | `CHAT_KEPT_DAYS` after it was closed | 个人信息保护法 第19条, 第47条: no longer than needed |
| a talk tied to a case | as long as the case | it is part of the case's record (档案法) |
| a talk that is not closed | always | somebody still waits for an answer |
| sealed originals | `privacy.KEPT` | for the officer who answers, no longer |
| a block that ended | `blocks.KEPT` | for complaints about it |
| counts by desk and month | always | nobody is in them |

No law names a number of days for talks with an office; the office sets it.
"""

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta

from chat.live.views import BEIJING
from chat.retention.store import RetentionStore
from chat.talk.conversation import REOPEN, Conversation

KEPT = timedelta(days=730)
PAUSE = timedelta(minutes=1)
"""What is left of a talk is swept so long after it went: by then nobody's memory of it takes a word any more."""

MOST_TALKS = 20
MOST_ROWS = 1_000
"""In one round."""


class Retention:
    """Each step may be cut short anywhere and come again: a talk is counted exactly when it goes, in one transaction,
    and what is left of it stands on a list until none is left.
    """

    def __init__(self, store: RetentionStore, *, case_kept: Callable[[str], bool], kept: timedelta) -> None:
        self._store, self._case_kept = store, case_kept
        self._kept = max(kept, REOPEN)
        self._looked_to = ""

    def look(self, now: datetime) -> None:
        """One round, in one process at a time."""
        before = now - self._kept
        for found in [*self._store.over(before, MOST_TALKS), *self._over_with_case(before)]:
            self._store.bury(found, month_of(found), self._numbers(found), now + PAUSE)
        self._sweep(now)

    def _over_with_case(self, before: datetime) -> list[Conversation]:
        """Of the talks tied to a case the next few, round and round, as far as the case is gone."""
        tied = self._store.tied(before, self._looked_to, MOST_TALKS)
        self._looked_to = tied[-1].id if len(tied) == MOST_TALKS else ""
        return [found for found in tied if found.case and not self._case_kept(found.case)]

    def _sweep(self, now: datetime) -> None:
        left = MOST_ROWS
        for conversation in self._store.buried(now, MOST_TALKS):
            left -= self._store.drop_messages(conversation, left)
            if left <= 0:
                return
            self._store.drop_rest(conversation)

    def _numbers(self, found: Conversation) -> Counter[str]:
        """What stays of it."""
        numbers = Counter(talks=1, answered=int(found.owner is not None), messages=self._store.said(found.id))
        if found.rating:
            numbers.update(rated=1, score=found.rating.score)
        numbers.update(f"promises_{state}" for state in self._store.promised(found.id))
        return numbers


def month_of(found: Conversation) -> str:
    """`2026-11`: when it was closed, in Shanghai's time."""
    at = found.closed.at if found.closed else found.created_at
    return f"{at.astimezone(BEIJING):%Y-%m}"
