"""The collection `chat_blocks`: who may not write to which desk, and until when."""

from dataclasses import asdict, fields
from datetime import datetime
from typing import Any

import pymongo
from pymongo.client_session import ClientSession
from pymongo.errors import PyMongoError

from chat.blocks.block import Block
from chat.ports import Document
from chat.talk.conversation import Person
from chat.talk.store import Database, Index, Unsettled

INDEXES: list[Index] = [("chat_blocks", [("until", 1)], {}), ("chat_blocks", [("desk", 1), ("_id", 1)], {})]


LOOK_SECONDS = 1.0
"""Somebody's word waits for it."""


class BlockStore:
    """Blocks, those that ended included for a while."""

    def __init__(self, database: Database) -> None:
        self._blocks = database["chat_blocks"]

    def block(self, block_id: str) -> Block | None:
        """One block."""
        row = self._blocks.find_one({"_id": block_id})
        return _block(row) if row else None

    def keep(self, block: Block, session: ClientSession | None = None) -> None:
        """Keep a new one, or one that was lifted."""
        row: Document = {**asdict(block), "v": 1}
        row["_id"] = row.pop("id")
        self._blocks.replace_one({"_id": block.id}, row, upsert=True, session=session)

    def holding(self, now: datetime) -> list[Block]:
        """All that hold: few at any time. Raises Unsettled, soon, where the store does not answer."""
        try:
            with pymongo.timeout(LOOK_SECONDS):
                return [_block(row) for row in self._blocks.find(_holding(now))]
        except PyMongoError as error:
            raise Unsettled from error

    def at_desk(self, desk: str | None, now: datetime, before: str | None, limit: int) -> list[Block]:
        """Those that hold at a desk (None: at all of them), newest first, from before an id on."""
        wanted: Document = {**_holding(now), **({"desk": desk} if desk else {})}
        if before is not None:
            wanted["_id"] = {"$lt": before}
        return [_block(row) for row in self._blocks.find(wanted).sort("_id", -1).limit(limit)]

    def forget(self, before: datetime) -> None:
        """Drop those that ended before an instant."""
        self._blocks.delete_many({"until": {"$lt": before}})


def _holding(now: datetime) -> Document:
    return {"until": {"$gt": now}, "lifted_at": None}


def _block(row: dict[str, Any]) -> Block:
    known: Document = {field.name: row.get(field.name) for field in fields(Block)} | {"id": row["_id"]}
    for role in ("by", "lifted_by"):
        known[role] = Person(**known[role]) if known[role] else None
    return Block(**known)
