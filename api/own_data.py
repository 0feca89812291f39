"""What the rooms hold of one citizen: for their export, and for what goes when they close their account.

个人信息保护法 第45条 (a copy of everything), 第47条 (erasure; what other laws keep longer stays, here the archives of
cases, 档案法).
"""

from collections.abc import Callable
from typing import Any, Protocol

from api.cases.case import OPEN
from api.cases.service import Cases
from api.drafts.service import Drafts
from api.files.service import Files
from api.identity.ports import Ports
from api.identity.service import Identity
from api.matters.service import Matters
from api.parcels.service import Parcels
from api.refusals import NotFound
from api.reports.service import Reports

PAGE = 50
Row = dict[str, Any]


class Rooms(Protocol):
    """The rooms that are asked. `chat` and `notices` are the packages' own use cases."""

    identity: Identity
    matters: Matters
    files: Files
    drafts: Drafts
    cases: Cases
    parcels: Parcels
    reports: Reports
    notices: Any
    chat: Any


def tell(ports: Ports, rooms: Rooms) -> None:
    """Fill the identity room's ports with what the rooms above it know of a citizen."""
    drafts, cases, parcels, files = rooms.drafts, rooms.cases, rooms.parcels, rooms.files

    def my_cases(actor: Any) -> list[Row]:
        return _all(lambda after: cases.mine(actor, after, PAGE))

    def my_talks(actor: Any) -> list[Row]:
        return _items(lambda cursor: rooms.chat.mine(actor, cursor, PAGE))

    def owner_of_case(number: str) -> str | None:
        shipment = cases.shipment(number)
        return shipment.owner if shipment else None

    def knows_matter(code: str) -> bool:
        try:
            return rooms.matters.matter(code) is not None
        except NotFound:
            return False

    def forget_drafts(actor: Any) -> None:
        for row in _all(lambda after: drafts.mine(actor, after, PAGE)):
            drafts.drop(actor, row["id"])

    def forget_talks(actor: Any) -> None:
        for talk in my_talks(actor):
            if talk["state"] != "closed":
                rooms.chat.end(actor, talk["id"], None)
        rooms.chat.forget(actor)

    ports.knows_matter, ports.owner_of_case = knows_matter, owner_of_case
    ports.open_cases = lambda actor: [row["number"] for row in my_cases(actor) if row["state"] in OPEN]
    ports.closers |= {"drafts": forget_drafts, "talks": forget_talks, "files": files.forget}  # in this order
    ports.closers["reports"] = rooms.reports.forget
    ports.exporters |= {
        "mandates": rooms.identity.mandates.mine,
        "drafts": lambda actor: _all(lambda after: drafts.mine(actor, after, PAGE)),
        "cases": lambda actor: [cases.copy(actor, row["number"]) for row in my_cases(actor)],
        "parcels": lambda actor: [one for row in my_cases(actor) for one in parcels.of_case(actor, row["number"])],
        "uploads": files.mine,
        "conversations": lambda actor: [_with_messages(rooms.chat, actor, talk) for talk in my_talks(actor)],
        "reports": rooms.reports.of,
        "notices": lambda actor: _items(lambda cursor: rooms.notices.inbox(actor, cursor, PAGE, "zh")),
    }


def _all(read: Callable[[str | None], list[Row]]) -> list[Row]:
    """Every row of a list that is read page by page, each page one row longer where there is more."""
    rows: list[Row] = []
    while True:
        found = read(rows[-1]["id"] if rows else None)
        rows += found[:PAGE]
        if len(found) <= PAGE:
            return rows


def _items(read: Callable[[str | None], Row]) -> list[Row]:
    """Every item of a list that is read by cursor."""
    items: list[Row] = []
    cursor: str | None = None
    while True:
        found = read(cursor)
        items += found["items"]
        cursor = found["next"]
        if not cursor:
            return items


def _with_messages(chat: Any, actor: Any, talk: Row) -> Row:
    """A conversation with what was said in it."""
    said: list[Row] = []
    while batch := chat.messages(actor, talk["id"], "public", said[-1]["seq"] if said else 0, PAGE)["items"]:
        said += batch
    return {**talk, "messages": said}
