"""Notices to members who are away: who has not received a message after 10 s gets one notice, until they look again."""

from datetime import datetime, timedelta

from chat.away.store import AwayStore
from chat.ports import Document, Ports
from chat.talk.store import ConversationStore

UNSEEN = timedelta(seconds=10)
"""How long a message may stay undelivered before a notice tells of it."""

SEARCH_ROWS = 200
SEARCH_PAUSE = timedelta(seconds=1)
NOTIFYING = frozenset({"returned", "warned", "blocked", "unblocked"})
"""Events of which a notice is left as of a message."""


class Away:
    """Searches new messages for members who have not received them, and leaves notices for these."""

    def __init__(self, store: AwayStore, conversations: ConversationStore, ports: Ports) -> None:
        self._store, self._conversations, self._ports = store, conversations, ports

    def claim_search(self, now: datetime) -> Document | None:
        """Lease the search for unseen messages; None if it is not due."""
        return self._store.claim_search(now)

    def notify(self, search: Document, now: datetime) -> bool:
        """Search the next messages, leave notices for members who have not received them, and give the lease back.

        Gives whether there were messages. Each is searched at least once; a member gets one notice, and another only
        after they have received what the first was about.
        """
        rows = self._store.unsearched(search, now - UNSEEN, SEARCH_ROWS)
        conversations: dict[str, dict[str, int]] = {}
        for row in rows:
            if row["kind"] != "event" or row["event"]["type"] in NOTIFYING:
                conversations.setdefault(row["conversation"], {})[row["sender"]["id"]] = row["seq"]
        for conversation_id, last_of in conversations.items():
            self._notify_members(conversation_id, last_of)
        due_at = now if len(rows) >= SEARCH_ROWS else now + SEARCH_PAUSE
        self._store.end_search(search, rows[-1] if rows else None, due_at)
        return bool(rows)

    def _notify_members(self, conversation_id: str, last_of: dict[str, int]) -> None:
        """Leave notices for members who have not seen others' messages; `last_of` is the last number per sender."""
        conversation = self._conversations.conversation(conversation_id)
        if conversation is None:
            return
        seen = {row["member"]: row for row in self._conversations.seen(conversation_id)}
        for member in filter(None, (conversation.citizen, conversation.officer)):
            row = seen.get(member.id, {"delivered_seq": 0, "told_seq": 0})
            seq = max((last for sender, last in last_of.items() if sender != member.id), default=0)
            if row["told_seq"] <= row["delivered_seq"] < seq:
                self._ports.away(f"{member.kind}:{member.id}", conversation_id, row["delivered_seq"] + 1)
                self._store.mark_notified(conversation_id, member, seq)
