"""What the rooms hold of one citizen: for their export, and for what goes when they close their account.

个人信息保护法 第45条 (a copy of everything), 第47条 (erasure; what other laws keep longer stays, here the archives of
cases, 档案法).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from api.cases.service import Cases
from api.drafts.service import Drafts
from api.files.service import Files
from api.identity.service import Identity
from api.parcels.service import Parcels
from api.reports.service import Reports
from chat import Chat
from notifications import Notifications

PAGE = 50
Row = dict[str, Any]


class Rooms(Protocol):
    """The rooms that are asked."""

    identity: Identity
    files: Files
    drafts: Drafts
    cases: Cases
    parcels: Parcels
    reports: Reports
    chat: Chat
    notices: Notifications


@dataclass(frozen=True, kw_only=True)
class Section:
    """A section of the export: what is read for it, and what is removed with the account, None where it is kept."""

    name: str
    export: Callable[[Rooms, Any], list[Row]]
    forget: Callable[[Rooms, Any], object] | None


def export(rooms: Rooms, actor: Any) -> dict[str, list[Row]]:
    """By section: all that the rooms hold of a citizen."""
    return {section.name: section.export(rooms, actor) for section in SECTIONS}


def forget(rooms: Rooms, actor: Any) -> None:
    """Remove what need not be kept of a citizen, section by section: what rests on a file goes before the file."""
    for section in SECTIONS:
        if section.forget:
            section.forget(rooms, actor)


def my_cases(rooms: Rooms, actor: Any) -> list[Row]:
    """Every case of a citizen."""
    return _all(lambda after: rooms.cases.mine(actor, after, PAGE))


def _my_drafts(rooms: Rooms, actor: Any) -> list[Row]:
    return _all(lambda after: rooms.drafts.mine(actor, after, PAGE))


def _forget_drafts(rooms: Rooms, actor: Any) -> None:
    for draft in _my_drafts(rooms, actor):
        rooms.drafts.drop(actor, draft["id"])


def _my_conversations(rooms: Rooms, actor: Any) -> list[Row]:
    return _items(lambda cursor: rooms.chat.mine(actor, cursor, PAGE))


def _conversations_in_full(rooms: Rooms, actor: Any) -> list[Row]:
    return [_with_messages(rooms.chat, actor, conversation) for conversation in _my_conversations(rooms, actor)]


def _forget_conversations(rooms: Rooms, actor: Any) -> None:
    for conversation in _my_conversations(rooms, actor):
        if conversation["state"] != "closed":
            rooms.chat.end(actor, conversation["id"], None)
    rooms.chat.forget(actor)


def _my_notices(rooms: Rooms, actor: Any) -> list[Row]:
    return _items(lambda cursor: rooms.notices.inbox(actor, cursor, PAGE, "zh"))


SECTIONS = (
    Section(name="mandates", export=lambda rooms, actor: rooms.identity.mandates.mine(actor), forget=None),
    Section(name="drafts", export=_my_drafts, forget=_forget_drafts),
    Section(
        name="cases",
        export=lambda rooms, actor: [rooms.cases.copy(actor, row["number"]) for row in my_cases(rooms, actor)],
        forget=None,
    ),
    Section(
        name="parcels",
        export=lambda rooms, actor: [
            parcel for row in my_cases(rooms, actor) for parcel in rooms.parcels.of_case(actor, row["number"])
        ],
        forget=None,
    ),
    Section(name="conversations", export=_conversations_in_full, forget=_forget_conversations),
    Section(
        name="uploads",
        export=lambda rooms, actor: rooms.files.mine(actor),
        forget=lambda rooms, actor: rooms.files.forget(actor),
    ),
    Section(
        name="reports",
        export=lambda rooms, actor: rooms.reports.of(actor),
        forget=lambda rooms, actor: rooms.reports.forget(actor),
    ),
    Section(name="notices", export=_my_notices, forget=None),
)


def _all(read: Callable[[str | None], list[Row]]) -> list[Row]:
    """Every row of a list that is read from one row's id to the next, until nothing comes."""
    rows: list[Row] = []
    while batch := read(rows[-1]["id"] if rows else None):
        rows += batch
    return rows


def _items(read: Callable[[str | None], Row]) -> list[Row]:
    """Every item of a list that is read by cursor."""
    items: list[Row] = []
    cursor: str | None = None
    while True:
        page = read(cursor)
        items += page["items"]
        cursor = page["next"]
        if not cursor:
            return items


def _with_messages(chat: Chat, actor: Any, conversation: Row) -> Row:
    """A conversation with all its messages."""
    messages: list[Row] = []
    while batch := chat.messages(actor, conversation["id"], "public", messages[-1]["seq"] if messages else 0, PAGE)[
        "items"
    ]:
        messages += batch
    return {**conversation, "messages": messages}
