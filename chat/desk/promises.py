"""Promised answers: made when a message is left out of hours, kept or missed, reminded of, and counted."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from chat.desk.store import DeskStore
from chat.ports import Document, Ports, Viewer
from chat.talk.conversation import Conversation
from chat.talk.store import ConversationStore

MOST = 50
REMIND = timedelta(minutes=30)
OVERDUE_AGAIN = timedelta(hours=1)
STATES = ("open", "overdue", "kept", "missed", "withdrawn")


class Promises:
    """Promises of an answer until a certain time."""

    def __init__(
        self, store: DeskStore, conversations: ConversationStore, ports: Ports, *, now: Callable[[], datetime]
    ) -> None:
        self._store, self._conversations, self._ports, self._now = store, conversations, ports, now

    def add(self, session: Any, conversation: Conversation) -> None:
        """Insert the promise of an answer by `promised_at`, in the caller's transaction; nothing if that is None."""
        if conversation.promised_at:
            now = self._now()
            self._store.add_promise(session, conversation, now, max(now, conversation.promised_at - REMIND))

    def report(self, actor: Viewer, days: int) -> Document:
        """Promises of the last days at one's desk (at all for overseers posted nowhere): {days, one count per state,
        percent_kept}."""
        now = self._now()
        rows = self._store.promises(actor.point, now - timedelta(days=days))
        by_state = Counter("overdue" if _is_overdue(row, now) else row["state"] for row in rows)
        counts = {state: by_state[state] for state in STATES}
        due = counts["kept"] + counts["missed"] + counts["overdue"]
        return {"days": days, **counts, "percent_kept": round(100 * counts["kept"] / due, 1) if due else None}

    def settle_due(self, now: datetime) -> None:
        """Settle the promises that are due as kept, missed or withdrawn; if none holds yet, send the reminders.

        Staff are reminded half an hour before the promised time, overseers after it, each once.
        """
        for row in self._store.promises_due(now, MOST):
            self._store.settle_promise(row["_id"], self._outcome(row, now))

    def _outcome(self, row: Document, now: datetime) -> Document:
        answered_at = self._conversations.answered_at(row["conversation"], row["made_at"])
        if answered_at is not None:
            return {"state": "kept" if answered_at <= row["at"] else "missed", "answered_at": answered_at}
        conversation = self._conversations.conversation(row["conversation"])
        if conversation is None or conversation.state == "closed":
            return {"state": "withdrawn"}
        what, again = ("due", row["at"]) if now < row["at"] else ("overdue", now + OVERDUE_AGAIN)
        if what not in row["told"]:
            self._ports.remind(conversation.desk, conversation.id, row["at"], what)
        return {"look_at": again, "told": [*{*row["told"], what}]}


def _is_overdue(promise: Document, now: datetime) -> bool:
    return bool(promise["state"] == "open" and promise["at"] < now)
