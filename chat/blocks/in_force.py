"""A process's cache of the blocks in force, against which each message of a citizen is checked."""

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime

from chat.blocks.block import DeskBlock
from chat.blocks.store import BlockStore
from chat.live.views import moment
from chat.ports import Document, Viewer
from chat.refusals import Blocked
from chat.talk.store import Unsettled

SECONDS = 2.0
"""How old the cache may be: another process may have blocked or lifted meanwhile."""


class BlocksInForce:
    """A cache of the few blocks in force, at most 2 s old; it serves stale entries while the store does not answer."""

    def __init__(self, store: BlockStore, now: Callable[[], datetime]) -> None:
        self._store, self._now = store, now
        self._lock = threading.Lock()
        self._blocks: dict[tuple[str, str], DeskBlock] = {}
        self._read_at = self._changed_at = float("-inf")

    def of(self, citizen: str, desk: str) -> DeskBlock | None:
        """The block in force for a citizen at a desk."""
        with self._lock:
            fresh = self._read_at > self._changed_at and time.monotonic() - self._read_at < SECONDS
        if not fresh:
            with suppress(Unsettled):  # what is known holds on: a message is not lost because the store is away
                self._read()
        block = self._blocks.get((citizen, desk))
        return block if block and block.holds(self._now()) else None

    def check(self, actor: Viewer, desk: str) -> None:
        """Raises Blocked if this citizen may not write to a desk now."""
        if not actor.is_staff and self.of(actor.id, desk):
            raise Blocked

    def summary(self, citizen: str, desk: str) -> Document | None:
        """The block in force as the people of a conversation see it, {until, reason}, or None."""
        block = self.of(citizen, desk)
        return {"until": moment(block.until), "reason": block.reason} if block else None

    def expire(self) -> None:
        """Invalidate the cache after a change by this process: only a read that begins after this counts."""
        with self._lock:
            self._changed_at = time.monotonic()

    def _read(self) -> None:
        """Read them anew. A read counts from its beginning on, and never undoes one that began later; one that fails
        counts too, so that not every message waits for a store that is away."""
        at = time.monotonic()
        blocks = self._blocks
        try:
            blocks = {(block.citizen, block.desk): block for block in self._store.in_force_at_once(self._now())}
        finally:
            with self._lock:
                if at > max(self._read_at, self._changed_at):
                    self._blocks, self._read_at = blocks, at
