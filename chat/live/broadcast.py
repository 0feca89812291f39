"""Broadcasts what was stored to those who follow it: to this process's connections, through Redis to the others', and
from the store what Redis lost."""

from collections.abc import Callable, Iterable
from datetime import datetime

from chat.desk.queue import Queues
from chat.desk.store import DeskStore
from chat.live.hints import Hints
from chat.live.missed import LOST, SentMessages, SentReceipts
from chat.live.reader_views import ReaderViews, queue_place
from chat.live.writer import PendingMessage
from chat.ports import Document, Viewer
from chat.talk.conversation import Conversation, Participant
from chat.talk.ids import first_id
from chat.talk.store import SEEN, ConversationStore


class Broadcast:
    """Broadcasts messages, receipts, queue places and changes of conversations, as hints."""

    def __init__(
        self,
        store: ConversationStore,
        desks: DeskStore,
        *,
        views: ReaderViews,
        queues: Queues,
        now: Callable[[], datetime],
    ) -> None:
        self._store, self._desks, self._views, self._queues, self._now = store, desks, views, queues, now
        self.hints = Hints()
        self._messages: SentMessages | None = None
        self._receipts: SentReceipts | None = None
        self._caught_up_to = now()

    # -- messages and receipts -------------------------------------------------------

    def committed(self, pending: list[PendingMessage]) -> None:
        """Send what the writer has just stored, in order."""
        for message in pending:
            self._send(message.row, message.conversation, message.sender.name)

    def stored(
        self, conversation: Conversation, rows: list[Document], actor: Viewer, before: Conversation | None = None
    ) -> None:
        """Send the messages that a transition stored; who may not read it any more since then does not hear them."""
        if before and before.desk != conversation.desk:
            self.hints.drop_readers(conversation)
        for row in rows:
            self._send(row, conversation, actor.name)

    def receipt(self, conversation: Conversation, member: Participant, seen: dict[str, int]) -> None:
        """Send that somebody has seen more."""
        if self._receipts:
            self._receipts.add(conversation.id, member.id, seen)
        self.hints.receipt(conversation, member, seen)

    def _send(self, row: Document, conversation: Conversation, citizen_name: str) -> None:
        if self._messages:
            self._messages.add([row["_id"]])
        view, staff_view = self._views.for_both_sides(row, conversation, citizen_name)
        self.hints.message(view, conversation, staff_view)

    # -- conversations and queues ------------------------------------------------------

    def moved(self, after: Conversation, before: Conversation | None = None) -> None:
        """Send that a conversation changed, and the queue places that changed with it."""
        left = before.desk if before else after.desk
        self.hints.state(after, left)
        if after.officer and (before is None or before.officer != after.officer):
            self.hints.assigned(after)
        self._queues.changed({after.desk, left})
        self.tell_queues()

    def tell_queues(self) -> None:
        """Send the queue places that changed; each desk is counted at most once a second."""
        for desk in self._queues.due():
            waiting = self._desks.queue(desk)
            waits = self._queues.remember_waits(desk, self._desks.waits(desk, self._now())) if waiting else []
            places = {entry: queue_place(position, waits) for position, entry in enumerate(waiting, 1)}
            for (conversation_id, citizen), place in self._queues.changed_places(desk, places):
                self.hints.queue(conversation_id, citizen, place)

    # -- several processes ---------------------------------------------------------------

    def share(self) -> None:
        """Several processes write: remember what was sent, so that `catch_up` finds in the store what Redis lost."""
        self._messages, self._receipts = SentMessages(), SentReceipts()
        self.begin_catching_up()

    def begin_catching_up(self) -> None:
        """Have `catch_up` begin with what may still be on its way: nobody was connected before.

        Without this the first connection after hours would have read everything that was stored since the start.
        """
        self._caught_up_to = self._now() - LOST

    def heard_messages(self, views: Iterable[Document]) -> None:
        """Note messages that another process broadcast, also to this one's connections."""
        if self._messages:
            self._messages.add(view["id"] for view in views)

    def heard_receipt(self, view: Document) -> None:
        """Note a receipt that another process broadcast, also to this one's connections."""
        if self._receipts:
            self._receipts.add(view["conversation"], view["member"]["id"], view)

    def catch_up(self) -> list[Document]:
        """Send this process's connections the stored messages and receipts that it missed; gives those messages."""
        if self._messages is None:
            return []
        after, until = self._caught_up_to, self._now() - LOST
        rows = self._store.messages_of(self._messages.missing(self._store.ids_between(after, until)))
        for row in rows:
            conversation = self._store.conversation(row["conversation"])
            if conversation is not None:
                view, staff_view = self._views.for_both_sides(row, conversation)
                self.hints.missed_message(view, conversation, staff_view)
        self._messages.forget_before(first_id(until))
        self._catch_up_receipts(after, until)
        self._caught_up_to = until
        return rows

    def _catch_up_receipts(self, after: datetime, until: datetime) -> None:
        assert self._receipts is not None
        for row in self._store.seen_between(after, until):
            conversation_id, member = row["conversation"], Participant(row["member"], row["kind"])
            seen = {name: row[name] for name in SEEN}
            if not self._receipts.is_missing(conversation_id, member.id, seen):
                continue
            conversation = self._store.conversation(conversation_id)
            if conversation is not None:
                self._receipts.add(conversation_id, member.id, seen)
                self.hints.missed_receipt(conversation, member, seen)
