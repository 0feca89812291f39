"""What was stored is shown to those who listen: here, in other processes, and after Redis lost it."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from chat.desk.queue import Queues
from chat.live.hints import Live
from chat.live.memory import Standings
from chat.live.missed import Unheard, UnheardReceipts
from chat.live.shown import Showing, place_in
from chat.live.writer import DEADLINE_SECONDS, Entry, Writer
from chat.ports import Document, Viewer
from chat.talk import conversation as rules
from chat.talk.conversation import Conversation, Person
from chat.talk.store import ChatStore

LOST = timedelta(seconds=DEADLINE_SECONDS + 2)
"""What another process stored and Redis did not bring within this is looked for. Not earlier than any write can end,
nor closer than clocks agree."""


class Telling:
    """Owns the writer, because what it committed is told at once and in its order."""

    def __init__(
        self,
        store: ChatStore,
        *,
        showing: Showing,
        standings: Standings,
        queues: Queues,
        now: Callable[[], datetime],
    ) -> None:
        self._store, self._showing, self._standings = store, showing, standings
        self._queues, self._now = queues, now
        self.live = Live()
        self.writer = Writer(store, self._committed)
        self._unheard: Unheard | None = None
        self._receipts: UnheardReceipts | None = None

    def share(self) -> None:
        """Other processes write too: look now and then in the store for what was lost on the way between them."""
        self._unheard = Unheard(rules.first_id(self._now() - LOST))
        self._receipts = UnheardReceipts(self._now() - LOST)

    def heard(self, messages: Iterable[Document]) -> None:
        """Another process told these messages, as they are shown, to everybody."""
        shown = list(messages)
        self.writer.heard(shown)
        if self._unheard:
            self._unheard.told(one["id"] for one in shown)

    def beat(self) -> int:
        """Tell this process's connections what was stored and never heard of here; how many messages that were."""
        if self._unheard is None:
            return 0
        until = rules.first_id(self._now() - LOST)
        ids = self._unheard.among(self._store.ids_between(self._unheard.after, until))
        for row in self._store.messages_of(ids):
            found = self._store.conversation(row["conversation"])
            if found is not None:
                self.writer.heard([row])
                self.live.found(self._showing.messages([row], found, found.citizen)[0], found)
        self._unheard.looked(until)
        self._tell_receipts(self._now() - LOST)
        return len(ids)

    def _tell_receipts(self, until: datetime) -> None:
        assert self._receipts is not None
        for row in self._store.seen_between(self._receipts.after, until):
            where, who = row["conversation"], Person(row["member"], row["kind"])
            seen = {name: row[name] for name in ("delivered_seq", "read_seq")}
            found = self._store.conversation(where) if self._receipts.is_news(where, who.id, seen) else None
            if found is not None:
                self._receipts.told(where, who.id, seen)
                self.live.found_receipt(found, who, seen)
        self._receipts.after = until

    def receipt(self, found: Conversation, member: Person, seen: dict[str, int]) -> None:
        """Somebody has seen more."""
        if self._receipts:
            self._receipts.told(found.id, member.id, seen)
        self.live.receipt(found, member, seen)

    def heard_receipt(self, shown: Document) -> None:
        """Another process told this receipt to everybody."""
        if self._receipts:
            self._receipts.told(shown["conversation"], shown["member"]["id"], shown)

    def _committed(self, entries: list[Entry]) -> None:
        """From the writer, in order: show what was stored to those who listen."""
        for entry in entries:
            shown = self._showing.messages(
                [entry.row], entry.conversation, entry.conversation.citizen, entry.sender.name
            )
            self._tell(shown[0], entry.conversation)

    def said_all(self, found: Conversation, rows: list[Document], actor: Viewer) -> None:
        """What an act stored: number on after it, and show it to those who listen."""
        self.writer.heard(rows)
        for shown in self._showing.messages(rows, found, found.citizen, actor.name):
            self._tell(shown, found)

    def _tell(self, shown: Document, found: Conversation) -> None:
        if self._unheard:
            self._unheard.told([shown["id"]])
        self.live.message(shown, found)

    def queues(self) -> None:
        """Tell those whose place has changed; a desk is counted through at most once a second."""
        for desk in self._queues.due():
            waiting = self._store.queue(desk)
            waits = self._queues.remember_waits(desk, self._store.waits(desk)) if waiting else []
            places = {who: place_in(position, waits) for position, who in enumerate(waiting, 1)}
            for (conversation_id, citizen), place in self._queues.news(desk, places):
                self.live.queue(conversation_id, citizen, place)

    def moved(self, after: Conversation, before: Conversation | None = None) -> None:
        """After a move: remember it, and tell those who follow states and queues."""
        self._standings.remember(after)
        left = before.desk if before else after.desk
        if left != after.desk:
            self.live.parted(after)
        self.live.state(after, left)
        if after.officer and (before is None or before.officer != after.officer):
            self.live.assigned(after)
        self._queues.changed({after.desk, left})
        self.queues()
