"""What the world sees of a conversation and its messages: plain JSON, the same over HTTP and over the socket."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from chat.blocks.block import Block
from chat.ports import Document
from chat.replies.reply import Canned
from chat.talk.conversation import Conversation, Person

BEIJING = ZoneInfo("Asia/Shanghai")
STREAMS = ("public", "staff")


def moment(at: datetime) -> str:
    """An instant in ISO 8601 with +08:00, to the millisecond, as the store keeps it."""
    return at.astimezone(BEIJING).isoformat(timespec="milliseconds")


def plain(value: Any) -> Any:
    """Instants inside a structure as text."""
    if isinstance(value, datetime):
        return moment(value)
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return value


def facts(conversation: Conversation) -> Document:
    """The part of a conversation that is the same for everybody who may read it."""
    return {"conversation": conversation.id, **plain(conversation.facts)}


def message(row: Document, sender: Person, card: Document | None = None) -> Document:
    """A message. `card` is its card as resolved for the reader; unresolved it is the bare type."""
    shown = {
        "conversation": row["conversation"],
        "stream": row["stream"],
        "seq": row["seq"],
        "id": row["_id"],
        "client_id": row["client_id"],
        "kind": row["kind"],
        "sender": {"id": sender.id, "kind": sender.kind, "name": sender.name},
        "at": moment(row["at"]),
    }
    for name in ("text", "file", "location", "event"):
        if name in row:
            shown[name] = plain(row[name])
    if "sealed" in row:  # while its officer may still see the original
        shown["masked"] = True
    if "card" in row:
        shown["card"] = {"type": row["card"]["type"]} if card is None else {**row["card"], **plain(card)}
    return shown


def canned(reply: Canned, known: Mapping[str, str]) -> Document:
    """A canned reply: as it is kept, and `filled` with what is known of a talk."""
    return {
        "id": reply.id,
        "version": reply.version,
        "title": reply.title,
        "text": reply.text,
        "filled": reply.filled(known),
        "matter": reply.matter,
        "at": moment(reply.at),
    }


def conversation(
    found: Conversation,
    *,
    last_seq: int,
    unread: int,
    mine: dict[str, int],
    peer: dict[str, int],
    queue: Document | None,
    block: Block | None,
) -> Document:
    """A conversation as one of its readers sees it."""
    return {
        "id": found.id,
        **{key: value for key, value in facts(found).items() if key != "conversation"},
        "matter": found.matter,
        "point": found.point,
        "queue": queue,
        "blocked": block and {"until": moment(block.until), "reason": block.reason},
        "last_seq": last_seq,
        **mine,
        "peer": peer,
        "unread": unread,
        "created_at": moment(found.created_at),
        "rating": found.rating and plain(vars(found.rating)),
    }


def block(found: Block, citizen_name: str) -> Document:
    """A block as staff see it."""
    lifted = found.lifted_at and {"at": moment(found.lifted_at), "by": found.lifted_by and found.lifted_by.name}
    return {
        "id": found.id,
        "desk": found.desk,
        "citizen": {"id": found.citizen, "name": citizen_name},
        "conversation": found.conversation,
        "reason": found.reason,
        "at": moment(found.at),
        "until": moment(found.until),
        "by": {"id": found.by.id, "name": found.by.name},
        "lifted": lifted,
    }


def page(items: list[Document], more: bool) -> Document:
    """A part of a list, and where it goes on."""
    return {"items": items, "next": items[-1]["id"] if items and more else None}
