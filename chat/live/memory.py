"""What a process remembers of conversations: who is in them, so that not every message asks the store."""

import threading
import time
from collections import OrderedDict

from chat.ports import Viewer
from chat.refusals import NotFound
from chat.talk import conversation as rules
from chat.talk.conversation import SYSTEM, Conversation
from chat.talk.store import ChatStore

REMEMBERED = 10_000
SECONDS = 60.0
"""How long it is remembered who is in a conversation, where this process alone moves them and so knows at once."""


class Standings:
    """The newest of each conversation that this process saw."""

    def __init__(self, store: ChatStore) -> None:
        self._store = store
        self._known: OrderedDict[str, tuple[float, Conversation]] = OrderedDict()
        self._seconds = SECONDS
        self._lock = threading.Lock()

    def share(self) -> None:
        """Other processes move conversations too: look each time."""
        self._seconds = 0.0

    def newest(self, found: Conversation) -> Conversation:
        """The newest that this process knows of it."""
        with self._lock:
            known = self._known.get(found.id)
        return known[1] if known and known[1].version > found.version else found

    def readable(self, actor: Viewer, conversation_id: str) -> Conversation:
        """A conversation from the store. Raises NotFound where this is not theirs to read."""
        found = self._store.conversation(conversation_id)
        if found is None:
            raise NotFound
        if actor is not SYSTEM:
            rules.check_reader(found, actor)
        self.remember(found)
        return found

    def standing(self, actor: Viewer, conversation_id: object) -> Conversation:
        """As `readable`, from memory where it is fresh: who may speak changes rarely, and messages come often."""
        if not isinstance(conversation_id, str):
            raise NotFound
        with self._lock:
            at, found = self._known.get(conversation_id, (0.0, None))
        if found is None or time.monotonic() - at > self._seconds:
            return self.readable(actor, conversation_id)
        rules.check_reader(found, actor)
        return found

    def remember(self, found: Conversation) -> None:
        """Keep it, unless a newer one is known."""
        with self._lock:
            known = self._known.get(found.id)
            if known is None or known[1].version <= found.version:
                self._known[found.id] = (time.monotonic(), found)
                self._known.move_to_end(found.id)
            while len(self._known) > REMEMBERED:
                self._known.popitem(last=False)
