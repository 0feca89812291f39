"""Live consultation between a citizen and the staff of a desk; no message is lost, doubled or reordered.

Stands alone: log-ins, desks, opening hours, cards and notices are handed in at assembly (`Ports`).
"""

from chat.asyncapi import describe
from chat.away import store as away_store
from chat.blocks import store as blocks_store
from chat.desk import store as desk_store
from chat.limits import LineLimits
from chat.lines import ENDPOINT
from chat.ports import Ports, RecordAct, Transcript
from chat.refusals import Refusal
from chat.replies import store as replies_store
from chat.retention import store as retention_store
from chat.routes import blueprint
from chat.service import Chat
from chat.sockets import attach
from chat.talk import store as talk_store

STORES = (talk_store, desk_store, away_store, blocks_store, replies_store, retention_store)
INDEXES = [index for store in STORES for index in store.INDEXES]
SEALED = [*talk_store.SEALED, *blocks_store.SEALED]
UPGRADES = [*talk_store.UPGRADES, *blocks_store.UPGRADES]

__all__ = [
    "ENDPOINT",
    "INDEXES",
    "SEALED",
    "Chat",
    "LineLimits",
    "Ports",
    "RecordAct",
    "Refusal",
    "Transcript",
    "UPGRADES",
    "attach",
    "blueprint",
    "describe",
]
