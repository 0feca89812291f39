"""The group commit: one writer per process takes all that was posted while its last write ran, and writes it at once.

Numbers are optimistic: last + 1, from memory. What keeps them gap-free and in order, whoever else writes:

- number s is inserted only once s-1 is stored, or directly after it in the same ordered batch;
- a process whose memory is stale hits the unique index (conversation, stream, seq), never an empty place;
- every failure is handled in one way: look up by client id what is stored, forget the numbers, number the rest again.

A message is broadcast and acknowledged only after a majority has stored it.
"""

import logging
import queue
import random
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol

from chat.ports import Document
from chat.refusals import Unavailable
from chat.talk.conversation import Conversation, Participant
from chat.talk.store import Unsettled

log = logging.getLogger("circle.chat")

MOST_ROWS = 200
MOST_BYTES = 256 * 1024
ROW_BYTES = 300
"""The size of a message beside its text, roughly."""

DEADLINE_SECONDS = 6.0
"""How long a post is tried; then it is refused as Unavailable. Below away.away.UNSEEN, so that no message is stored
after the search for unseen ones has passed its place."""

REMEMBERED = 20_000

Key = tuple[str, str, str]
Stream = tuple[str, str]


class MessageStore(Protocol):
    """The part of the store that the writer needs; each method raises Unsettled."""

    def append(self, rows: Sequence[Document], *, ordered: bool) -> None: ...
    def stored(self, client_ids: Sequence[str]) -> list[Document]: ...
    def last_known(self, conversation: str, stream: str) -> int: ...


class PendingMessage:
    """One message on its way: its row without a number, its conversation and sender, and the thread that waits for it.

    A Future in its place cost a tenth of the CPU of a message.
    """

    def __init__(self, row: Document, conversation: Conversation, sender: Participant) -> None:
        self.row = row
        self.conversation = conversation
        self.sender = sender
        self.deadline = time.monotonic() + DEADLINE_SECONDS
        self.is_over = False
        self.error: Exception | None = None
        self._over = threading.Lock()
        self._over.acquire()

    def wait(self) -> Document:
        """Wait until it is stored; gives its row. Raises what it was refused with. For one thread, once."""
        self._over.acquire()
        if self.error is not None:
            raise self.error
        return self.row

    def settle(self, row: Document) -> None:
        """It is stored as this row: wake the thread that waits."""
        self.row, self.is_over = row, True
        self._over.release()

    def refuse(self, error: Exception) -> None:
        """It is not stored, or that is not known: wake the thread that waits."""
        self.error, self.is_over = error, True
        self._over.release()

    @property
    def key(self) -> Key:
        """The idempotency key: (conversation, sender, client id)."""
        return key_of(self.row)

    @property
    def stream(self) -> Stream:
        """The stream in which it is numbered."""
        return self.row["conversation"], self.row["stream"]

    @property
    def weight(self) -> int:
        """Its size in bytes, roughly."""
        return ROW_BYTES + 3 * len(self.row.get("text", ""))


class WriterPause:
    """An entry of the queue at which the writer stops (`reached`) and waits until `over` is set."""

    def __init__(self) -> None:
        self.reached = threading.Event()
        self.over = threading.Event()


END = WriterPause()
Committed = Callable[[list[PendingMessage]], None]


def key_of(row: Document) -> Key:
    """(conversation, sender, client id) of a message."""
    return row["conversation"], row["sender"]["id"], row["client_id"]


class MessageWriter:
    """Takes messages from any thread, and writes them in one of its own. `committed` is called in their order."""

    def __init__(self, store: MessageStore, committed: Committed) -> None:
        self._store = store
        self._committed = committed
        self._queue: queue.SimpleQueue[PendingMessage | WriterPause] = queue.SimpleQueue()
        self._next: WriterPause | None = None
        self._last: OrderedDict[Stream, int] = OrderedDict()
        self._recent: OrderedDict[Key, Document] = OrderedDict()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._closed = False

    def post(self, row: Document, conversation: Conversation, sender: Participant) -> Document:
        """Store a message; gives its row with its number once a majority has it. Idempotent by `key_of`.

        Raises Unavailable.
        """
        entry = PendingMessage(row, conversation, sender)
        with self._lock:
            known = self._recent.get(entry.key)
        if known is not None:
            return known
        self._put(entry)
        return entry.wait()

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Pause the writer for the block, so that an act in a busy conversation finds its number free.

        Raises Unavailable.
        """
        pause = WriterPause()
        self._put(pause)
        pause.reached.wait()
        try:
            yield
        finally:
            pause.over.set()

    def number_after(self, rows: Sequence[Document]) -> None:
        """Number after these messages, which somebody else stored."""
        with self._lock:
            for row in rows:
                stream = row["conversation"], row["stream"]
                if stream in self._last:
                    self._last[stream] = max(self._last[stream], row["seq"])

    def close(self) -> None:
        """Write what was posted, then end the thread. What comes later is refused as Unavailable."""
        with self._lock:
            self._closed = True
            if self._thread is None:
                return
            self._queue.put(END)
        self._thread.join()

    # -- the writer's own thread -------------------------------------------------

    def _put(self, entry: PendingMessage | WriterPause) -> None:
        """Queue an entry. The first starts the thread, and nothing does before: a server may fork in between."""
        with self._lock:
            if self._closed:
                raise Unavailable(retry_after=1)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="chat-writer", daemon=True)
                self._thread.start()
            self._queue.put(entry)

    def _run(self) -> None:
        while (batch := self._take()) is not None:
            try:
                self._commit(batch)
            except Exception:
                log.exception("group commit failed")
                self._give_up(batch)

    def _take(self) -> list[PendingMessage] | None:
        """Wait for a message, then take what else is there; None at the end."""
        item = self._next or self._queue.get()
        self._next = None
        while isinstance(item, WriterPause):
            if item is END:
                return None
            item.reached.set()
            item.over.wait()
            item = self._queue.get()
        batch, weight = [item], item.weight
        while len(batch) < MOST_ROWS and weight < MOST_BYTES:
            try:
                item = self._queue.get_nowait()
            except queue.Empty:
                break
            if isinstance(item, WriterPause):
                self._next = item
                break
            batch.append(item)
            weight += item.weight
        return batch

    def _commit(self, batch: list[PendingMessage]) -> None:
        pending, repeats = _once_each(batch)
        pending = self._not_known(pending)
        tries = 0
        while pending:
            try:
                if tries:
                    pending = self._look_up(pending)
                self._number(pending)
                self._append(pending)
            except Unsettled:
                tries += 1
                pending = self._expire(pending)
                time.sleep(random.uniform(0, min(0.2, 0.002 * 2**tries)))
            else:
                self._settle(pending)
                pending = []
        for repeat, first in repeats:
            _follow(repeat, first)

    def _not_known(self, entries: list[PendingMessage]) -> list[PendingMessage]:
        """Answer repeats of what was stored while they waited; give the others."""
        with self._lock:
            known = [(entry, self._recent.get(entry.key)) for entry in entries]
        for entry, row in known:
            if row is not None:
                entry.settle(row)
        return [entry for entry, row in known if row is None]

    def _number(self, pending: list[PendingMessage]) -> None:
        """Give each the next number of its stream. The memory is raised before the write, and forgotten if it fails."""
        for entry in pending:
            with self._lock:
                last = self._last.get(entry.stream)
            if last is None:
                last = self._store.last_known(*entry.stream)
            entry.row["seq"] = last + 1
            with self._lock:
                self._last[entry.stream] = last + 1
                self._last.move_to_end(entry.stream)
                while len(self._last) > REMEMBERED:
                    self._last.popitem(last=False)

    def _append(self, pending: list[PendingMessage]) -> None:
        if not pending:
            return
        streams = {entry.stream for entry in pending}
        self._store.append([entry.row for entry in pending], ordered=len(streams) < len(pending))

    def _look_up(self, pending: list[PendingMessage]) -> list[PendingMessage]:
        """The way back: acknowledge those that are stored after all, forget the numbers, give the rest."""
        with self._lock:
            for entry in pending:
                self._last.pop(entry.stream, None)
        stored = {key_of(row): row for row in self._store.stored([entry.row["client_id"] for entry in pending])}
        settled = [entry for entry in pending if entry.key in stored]
        for entry in settled:
            entry.row = stored[entry.key]
        self._settle(settled)
        return [entry for entry in pending if entry.key not in stored]

    def _settle(self, entries: list[PendingMessage]) -> None:
        """Stored by a majority: emit, remember, acknowledge."""
        if not entries:
            return
        with self._lock:
            for entry in entries:
                self._recent[entry.key] = entry.row
            while len(self._recent) > REMEMBERED:
                self._recent.popitem(last=False)
        try:
            self._committed(entries)
        except Exception:
            log.exception("emit failed")  # a hint was lost, the messages were not
        for entry in entries:
            entry.settle(entry.row)

    def _expire(self, pending: list[PendingMessage]) -> list[PendingMessage]:
        """Tell those whose time is over that the outcome is not known; give the others."""
        now = time.monotonic()
        late = [entry for entry in pending if entry.deadline <= now]
        self._give_up(late)
        return [entry for entry in pending if entry.deadline > now]

    def _give_up(self, entries: list[PendingMessage]) -> None:
        with self._lock:
            for entry in entries:
                self._last.pop(entry.stream, None)
        for entry in entries:
            if not entry.is_over:
                entry.refuse(Unavailable(retry_after=1))


def _once_each(batch: list[PendingMessage]) -> tuple[list[PendingMessage], list[tuple[PendingMessage, PendingMessage]]]:
    """The batch without repeats within it, and each repeat with the entry that it repeats."""
    first: dict[Key, PendingMessage] = {}
    repeats = []
    for entry in batch:
        known = first.setdefault(entry.key, entry)
        if known is not entry:
            repeats.append((entry, known))
    return list(first.values()), repeats


def _follow(repeat: PendingMessage, first: PendingMessage) -> None:
    if first.error is not None:
        repeat.refuse(first.error)
    else:
        repeat.settle(first.row)
