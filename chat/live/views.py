"""The JSON of conversations and messages, the same over HTTP and over the socket."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from chat.ports import Document
from chat.talk.conversation import Conversation, Participant

BEIJING = ZoneInfo("Asia/Shanghai")


def moment(at: datetime) -> str:
    """An instant in ISO 8601 with +08:00, to the millisecond, as the store keeps it."""
    return at.astimezone(BEIJING).isoformat(timespec="milliseconds")


def plain(value: Any) -> Any:
    """A value with its instants, also those inside of dicts, as text in ISO 8601."""
    if isinstance(value, datetime):
        return moment(value)
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return value


def facts(conversation: Conversation) -> Document:
    """The part of a conversation that is the same for all its readers."""
    return {"conversation": conversation.id, **plain(conversation.facts)}


def message(row: Document, sender: Participant, card: Document | None = None) -> Document:
    """A message. `card` is its card as resolved for the reader; if None, the bare type is given."""
    view = {
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
            view[name] = plain(row[name])
    if "sealed" in row:  # as long as its officer may see the original
        view["masked"] = True
    if "card" in row:
        view["card"] = {"type": row["card"]["type"]} if card is None else {**row["card"], **plain(card)}
    return view


def conversation(
    conversation: Conversation,
    *,
    last_seq: int,
    unread: int,
    own: dict[str, int],
    peer: dict[str, int],
    queue: Document | None,
    blocked: Document | None,
) -> Document:
    """A conversation as one of its readers sees it."""
    return {
        "id": conversation.id,
        **{key: value for key, value in facts(conversation).items() if key != "conversation"},
        "matter": conversation.matter,
        "point": conversation.point,
        "queue": queue,
        "blocked": blocked,
        "last_seq": last_seq,
        **own,
        "peer": peer,
        "unread": unread,
        "created_at": moment(conversation.created_at),
        "rating": conversation.rating and plain(vars(conversation.rating)),
    }


def page(items: list[Document], more: bool) -> Document:
    """A page of a list: {items, next}, the cursor None at the end."""
    return {"items": items, "next": items[-1]["id"] if items and more else None}
