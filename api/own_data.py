"""A citizen's own data in all rooms: its export, its erasure with the account, its move to another.

个人信息保护法 第45条 (a copy of everything), 第47条 (erasure; what other laws keep longer stays, here the archives of
cases, 档案法).
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol

from api.cases.service import Cases
from api.drafts.service import Drafts
from api.files.service import Files
from api.identity.actor import Actor
from api.identity.service import Identity
from api.parcels.service import Parcels
from api.reports.service import Reports
from chat import Chat
from notifications import Notifications

PAGE = 50
Row = dict[str, Any]


class HandOver(Protocol):
    """The part of the database that moves rows from one owner to another, some at a time."""

    def hand_over(self, collection: str, field: str, old: Any, new: Any) -> bool: ...


class Rooms(Protocol):
    """The rooms that hold personal data."""

    @property
    def database(self) -> HandOver: ...

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
    """A section of the export: where its data lies, how it is read, and how it is erased with the account."""

    name: str
    holds: tuple[str, ...]
    """The fields with the citizen's id, as `collection.path`: a test finds those that no section names."""

    export: Callable[[Rooms, Any], list[Row]]
    forget: Callable[[Rooms, Any], object] | None
    join: Callable[[Rooms, str, str], bool]
    """Move some of it from one citizen's id to another's, when the accounts are joined; True once none is left.

    It may come twice and be cut off anywhere. See `moved`.
    """

    kept: str = ""
    """Why it stays where `forget` is None."""

    stays: dict[str, str] = field(default_factory=dict)
    """Fields of `holds` that `join` leaves with the id of the account that ended: why."""


def export(rooms: Rooms, actor: Any) -> dict[str, list[Row]]:
    """All data that the rooms hold of a citizen, by section."""
    return {section.name: section.export(rooms, actor) for section in SECTIONS}


def forget(rooms: Rooms, actor: Any) -> None:
    """Erase the data of a citizen that need not be kept, section by section: users of a file before the file."""
    for section in SECTIONS:
        if section.forget:
            section.forget(rooms, actor)


def names() -> list[str]:
    """The names of the sections."""
    return [section.name for section in SECTIONS]


def join(rooms: Rooms, name: str, old: str, new: str) -> bool:
    """Move some of what a section holds from one citizen to another; True once none is left.

    A section that an older release planned and that is gone has nothing left.
    """
    section = next((section for section in SECTIONS if section.name == name), None)
    return section is None or section.join(rooms, old, new)


def holds_nothing(rooms: Rooms, citizen_id: str) -> bool:
    """Whether no section but the office's own words holds anything of a citizen."""
    anybody = Actor(citizen_id, "citizen", "", frozenset({"citizen"}), "", datetime.max.replace(tzinfo=UTC))
    return not any(section.export(rooms, anybody) for section in SECTIONS if section.name not in OFFICE_WORDS)


def moved(*fields: str, prefix: str = "") -> Callable[[Rooms, str, str], bool]:
    """A `join` that sets indexed fields, each `collection.path`, from the one id to the other."""

    def move(rooms: Rooms, old: str, new: str) -> bool:
        places = [path.split(".", 1) for path in fields]
        ids = f"{prefix}{old}", f"{prefix}{new}"
        return all(rooms.database.hand_over(collection, path, *ids) for collection, path in places)

    return move


def _stays(rooms: Rooms, old: str, new: str) -> bool:
    """A `join` that moves nothing."""
    return True


def _join_conversations(rooms: Rooms, old: str, new: str) -> bool:
    return rooms.database.hand_over("chat_blocks", "citizen", old, new) and rooms.chat.hand_over(old, new)


def my_cases(rooms: Rooms, actor: Any) -> list[Row]:
    """Every case of a citizen."""
    rows, after = rooms.cases.mine.page(actor, None, PAGE)
    while after:
        more, after = rooms.cases.mine.page(actor, after, PAGE)
        rows += more
    return rows


def _my_drafts(rooms: Rooms, actor: Any) -> list[Row]:
    return _all(lambda after: rooms.drafts.mine(actor, after, PAGE))


def _forget_drafts(rooms: Rooms, actor: Any) -> None:
    rooms.drafts.forget(actor)


def _my_conversations(rooms: Rooms, actor: Any) -> list[Row]:
    return _items(lambda cursor: rooms.chat.mine(actor, cursor, PAGE))


def _conversations_in_full(rooms: Rooms, actor: Any) -> list[Row]:
    return [_with_messages(rooms.chat, actor, conversation) for conversation in _my_conversations(rooms, actor)]


def _forget_conversations(rooms: Rooms, actor: Any) -> None:
    for conversation in _my_conversations(rooms, actor):
        if conversation["state"] != "closed":
            rooms.chat.handling.end(actor, conversation["id"], None)
    rooms.chat.forget(actor)


def _my_notices(rooms: Rooms, actor: Any) -> list[Row]:
    return _items(lambda cursor: rooms.notices.inbox(actor, cursor, PAGE, "zh"))


SECTIONS = (
    Section(
        name="mandates",
        holds=("mandates.by", "mandates.ended_by"),
        export=lambda rooms, actor: rooms.identity.mandates.mine(actor),
        forget=None,
        join=_stays,
        stays=dict.fromkeys(("mandates.by", "mandates.ended_by"), "who gave or ended it; its sides are numbers"),
        kept="They end with the account; what was done under them must stay provable.",
    ),
    Section(
        name="drafts",
        holds=("drafts.owner",),
        export=_my_drafts,
        forget=_forget_drafts,
        join=moved("drafts.owner"),
    ),
    Section(
        name="cases",
        holds=("cases.owner", "case_actions.by"),
        export=lambda rooms, actor: [rooms.cases.copy(actor, row["number"]) for row in my_cases(rooms, actor)],
        forget=None,
        join=moved("cases.owner"),
        stays={"case_actions.by": "who did it, in the archive of the case, which is never rewritten"},
        kept="The archive of a closed case (档案法).",
    ),
    Section(
        name="broken_promises",
        holds=("broken_promises.citizen",),
        export=lambda rooms, actor: _all(lambda after: rooms.cases.broken_promises.of(actor, after, PAGE)),
        forget=None,
        join=moved("broken_promises.citizen"),
        kept="Part of the archive of their case (档案法).",
    ),
    Section(
        name="parcels",
        holds=("parcels.owner",),
        export=lambda rooms, actor: [
            parcel for row in my_cases(rooms, actor) for parcel in rooms.parcels.of_case(actor, row["number"])
        ],
        forget=None,
        join=moved("parcels.owner"),
        kept="Part of the archive of their case (档案法).",
    ),
    Section(
        name="conversations",
        holds=("conversations.citizen.id", "conversations.tied.by.id", "messages.sender.id", "chat_blocks.citizen")
        + ("conversation_members.member",),
        export=_conversations_in_full,
        forget=_forget_conversations,
        join=_join_conversations,
    ),
    Section(
        name="uploads",
        holds=("uploads.owner", "upload_days._id"),
        export=lambda rooms, actor: rooms.files.mine(actor),
        forget=lambda rooms, actor: rooms.files.forget(actor),
        join=moved("uploads.owner"),
        stays={"upload_days._id": "the count of a day, gone soon after"},
    ),
    Section(
        name="reports",
        holds=("reports.by",),
        export=lambda rooms, actor: rooms.reports.of(actor),
        forget=lambda rooms, actor: rooms.reports.forget(actor),
        join=moved("reports.by", prefix="citizen:"),
    ),
    Section(
        name="notices",
        holds=("notices.recipient",),
        export=_my_notices,
        # the rest stays, as the proof that the office told somebody: values are sealed, and the id leads to nobody
        forget=lambda rooms, actor: rooms.notices.forget_phones(actor),
        join=moved("notices.recipient", prefix="citizen:"),
    ),
    Section(
        name="verifications",
        holds=(
            "verifications.citizen",
            "verifications.confirmed_by",
            "verifications.stopped_by",
            "verifications.joins",
        ),
        export=lambda rooms, actor: rooms.identity.verifications.mine(actor),
        forget=None,
        join=_stays,
        stays=dict.fromkeys(
            ("verifications.citizen", "verifications.confirmed_by", "verifications.stopped_by", "verifications.joins"),
            "which account was verified, and which it joined",
        ),
        kept="The proof of who bound which account; names and numbers are gone once it ends.",
    ),
)
"""The sections, in the order of erasure: users of a file before the file."""

OFFICE_WORDS = ("notices", "verifications")
"""The sections that hold what the office wrote of its own accord."""

OWN = (
    "citizens._id",
    "consents.citizen",
    "log_ins.who",
    "sessions.who",
    "wechat_accounts.citizen",
    "devices.citizen",
    "citizens.joined",
    "citizens.verified.by",
)
"""What the identity room holds of a citizen: it exports and removes that itself (`Citizens.export`, `.close`), and
moves it when accounts are joined (`IdentityStore.hand_over`)."""

ELSEWHERE = {
    "audit.actor": "the proof of who did what",
    "audit.subject": "the proof of who did what",
    "audit.detail": "the proof of who did what",
    "events.data.citizen": "an id that leads to nobody once the account is closed; gone after 400 days",
    "login_counts._id": "a count of tries; gone after a day",
    "idempotency._id": "an id before a key of the client's; gone after 30 days",
}
"""Where else the id of a citizen stands, and why it is neither exported nor removed."""


def undeclared(fields: Iterable[str]) -> list[str]:
    """Those of these fields (`collection.path`, each holding a citizen's id) that no section names."""
    named = {*OWN, *ELSEWHERE, *(field for section in SECTIONS for field in section.holds)}
    return sorted(set(fields) - named)


def _all(read: Callable[[str | None], list[Row]]) -> list[Row]:
    """Every row of a list that `read` pages through by the id of the last row."""
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
