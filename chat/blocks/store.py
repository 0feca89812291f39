"""The collection `chat_blocks`: who may not write to which desk, and until when."""

from dataclasses import asdict, fields
from datetime import datetime

import pymongo
from pymongo.client_session import ClientSession
from pymongo.errors import PyMongoError

from chat.blocks.block import DeskBlock
from chat.ports import Document
from chat.talk.conversation import Participant
from chat.talk.ids import EPOCH
from chat.talk.sealing import OF_BLOCKS, VERSION, WORDS, Sealing, upgrade
from chat.talk.store import ChatDatabase, Index, Unsettled

INDEXES: list[Index] = [("chat_blocks", [("until", 1)], {})]

SEALED = [("chat_blocks", (WORDS,))]

UPGRADES = [("chat_blocks", upgrade(OF_BLOCKS), OF_BLOCKS)]

SMALL = {"chat_blocks": "the blocks of half a year, some hundreds"}

READ_SECONDS = 1.0
"""How long a read may take: somebody's message waits for it."""


class BlockStore:
    """Blocks in force, and for a while those that ended. Their reasons are stored sealed."""

    def __init__(self, database: ChatDatabase, sealing: Sealing) -> None:
        self._sealer = sealing.blocks
        self._blocks = database["chat_blocks"]

    def block(self, block_id: str) -> DeskBlock | None:
        """One block."""
        row = self._blocks.find_one({"_id": block_id})
        return self._block_of(row) if row else None

    def keep(self, block: DeskBlock, session: ClientSession | None = None) -> None:
        """Store a new block, or one that was lifted."""
        row: Document = {**asdict(block), "v": VERSION}
        row["_id"] = row.pop("id")
        self._blocks.replace_one({"_id": block.id}, self._sealer.sealed(row), upsert=True, session=session)

    def in_force(self, now: datetime) -> list[DeskBlock]:
        """All blocks in force, newest first: few at any time."""
        blocks = [self._block_of(row) for row in self._blocks.find({"until": {"$gt": now}})]
        return sorted((block for block in blocks if block.holds(now)), key=lambda block: block.id, reverse=True)

    def in_force_at_once(self, now: datetime) -> list[DeskBlock]:
        """As `in_force`, with a short timeout. Raises Unsettled if the store does not answer."""
        try:
            with pymongo.timeout(READ_SECONDS):
                return self.in_force(now)
        except PyMongoError as error:
            raise Unsettled from error

    def forget(self, before: datetime) -> None:
        """Delete those that ended before an instant."""
        self._blocks.delete_many({"until": {"$gt": EPOCH, "$lt": before}})

    def _block_of(self, row: Document) -> DeskBlock:
        row = self._sealer.opened(row)
        values: Document = {field.name: row.get(field.name) for field in fields(DeskBlock)} | {"id": row["_id"]}
        for role in ("by", "lifted_by"):
            values[role] = Participant(**values[role]) if values[role] else None
        return DeskBlock(**values)
