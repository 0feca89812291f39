"""Live consultation: a citizen and the window's own staff, in which nothing is lost, doubled or reordered.

Stands alone: who acts, desks, opening hours, cards and notices are handed in at assembly (`Ports`).
"""

from chat.asyncapi import describe
from chat.blocks import store as blocks_store
from chat.namespace import attach
from chat.ports import Ports
from chat.refusals import Refusal
from chat.retention import store as retention_store
from chat.routes import blueprint
from chat.service import Chat
from chat.talk import store as talk_store
from chat.transcript import Transcript

INDEXES = [*talk_store.INDEXES, *blocks_store.INDEXES, *retention_store.INDEXES]
SEALED = talk_store.SEALED

__all__ = ["INDEXES", "SEALED", "Chat", "Ports", "Refusal", "Transcript", "attach", "blueprint", "describe"]
