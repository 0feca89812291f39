"""Live consultation: a citizen and the window's own staff, in which nothing is lost, doubled or reordered.

Stands alone: who acts, desks, opening hours, cards and notices are handed in at assembly (`Ports`).
"""

from chat import block_store, retention_store, store
from chat.asyncapi import describe
from chat.namespace import attach
from chat.ports import Ports
from chat.refusals import Refusal
from chat.routes import blueprint
from chat.service import Chat
from chat.transcript import Transcript

INDEXES = [*store.INDEXES, *block_store.INDEXES, *retention_store.INDEXES]
SEALED = store.SEALED

__all__ = ["INDEXES", "SEALED", "Chat", "Ports", "Refusal", "Transcript", "attach", "blueprint", "describe"]
