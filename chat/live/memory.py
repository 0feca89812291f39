"""A process's cache of conversations, so that not every message asks the store who is in one."""

import threading
import time
from collections import OrderedDict

from chat.ports import Viewer
from chat.refusals import NotFound
from chat.talk import access
from chat.talk.conversation import SYSTEM, Conversation
from chat.talk.store import ConversationStore

REMEMBERED = 10_000
SECONDS = 60.0
"""How long an entry is fresh, if this process alone moves conversations and so learns of every change at once."""

SHARED_SECONDS = 2.0
"""How long it is fresh if others move them too: their events say so at once (`forget`), but Redis may lose one."""


class Memory:
    """A cache of the newest version of each conversation that this process has read or written, at most 10,000."""

    def __init__(self, store: ConversationStore) -> None:
        self._store = store
        self._entries: OrderedDict[str, tuple[float, Conversation]] = OrderedDict()
        self._seconds = SECONDS
        self._lock = threading.Lock()

    def share(self) -> None:
        """Trust entries for a short time only from now on, since other processes move conversations too."""
        self._seconds = SHARED_SECONDS

    def forget(self, conversation_id: str) -> None:
        """Have it read from the store next time: another process moved it."""
        with self._lock:
            self._entries.pop(conversation_id, None)

    def newest(self, conversation: Conversation) -> Conversation:
        """The newest version known of it."""
        with self._lock:
            entry = self._entries.get(conversation.id)
        return entry[1] if entry and entry[1].version > conversation.version else conversation

    def readable(self, actor: Viewer, conversation_id: str) -> Conversation:
        """A conversation from the store. Raises NotFound if the actor may not read it."""
        conversation = self._store.conversation(conversation_id)
        if conversation is None:
            raise NotFound
        if actor is not SYSTEM:
            access.check_reader(conversation, actor)
        self.remember(conversation)
        return conversation

    def readable_cached(self, actor: Viewer, conversation_id: object) -> Conversation:
        """As `readable`, from the cache if the entry is fresh: members change rarely, and messages come often."""
        if not isinstance(conversation_id, str):
            raise NotFound
        with self._lock:
            at, conversation = self._entries.get(conversation_id, (0.0, None))
        if conversation is None or time.monotonic() - at > self._seconds:
            return self.readable(actor, conversation_id)
        access.check_reader(conversation, actor)
        return conversation

    def remember(self, conversation: Conversation) -> None:
        """Cache it, unless a newer version is cached."""
        with self._lock:
            entry = self._entries.get(conversation.id)
            if entry is None or entry[1].version <= conversation.version:
                self._entries[conversation.id] = (time.monotonic(), conversation)
                self._entries.move_to_end(conversation.id)
            while len(self._entries) > REMEMBERED:
                self._entries.popitem(last=False)
