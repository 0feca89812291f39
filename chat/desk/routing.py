"""Routing: which desk a question goes to, in which state it enters, and which officer gets it."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from chat.desk.presence import Presence
from chat.ports import DeskHours, Document, Ports, Viewer
from chat.refusals import BadFields
from chat.talk.deadlines import ANSWER


def desk_of(ports: Ports, body: Document, actor: Viewer) -> str:
    """The desk for a question {matter?, case?, point?}, which must be public or the citizen's own. Raises BadFields,
    CaseNumberSlip."""
    types = {"matter": "guide", "case": "case", "point": "point"}
    cards = {name: ports.card_of(type, body[name], actor) for name, type in types.items() if body.get(name) is not None}
    errors = {name: ["没有找到，请重新选择。"] for name, card in cards.items() if card is None}
    case = cards.get("case") or {}
    matter, point = (body.get(name) or case.get(name) for name in ("matter", "point"))
    desk = None if errors else ports.desk_for(matter, point)
    if desk is None:
        raise BadFields(errors or {"point": ["请选择要咨询的办事地点。"]})
    return desk


def case_of(ports: Ports, body: Document, actor: Viewer) -> str | None:
    """The number of the case that a question is about as the office writes it, however it was typed; else None."""
    number = body.get("case")
    card = ports.card("case", number, actor) if number is not None else None
    return str(card["ref"]) if card else None


def way_in(hours: DeskHours, now: datetime) -> tuple[str, datetime | None]:
    """The state in which a question enters a desk, and until when an answer is promised if it is closed."""
    if hours.open:
        return "queued", None
    return "left_message", promised_at(hours, now)


def way_in_now(ports: Ports, desk: str, now: datetime) -> tuple[str, datetime | None]:
    """As `way_in`, by the desk's hours."""
    return way_in(ports.desk_open(desk, now), now)


def promised_at(hours: DeskHours, now: datetime) -> datetime | None:
    """By when a message is answered: two hours after now, or after the next opening; None if that is not known."""
    start = now if hours.open else hours.next_opens_at
    return start and start + ANSWER


@dataclass(frozen=True)
class OfficerLoad:
    """An officer of a desk, and how many conversations they hold."""

    presence: Presence
    held: int

    def can_take(self, skills: Collection[str], now: datetime) -> bool:
        """Whether they may be assigned a conversation that needs one of these skills."""
        presence = self.presence
        has_skill = not skills or not presence.skills or not set(skills).isdisjoint(presence.skills)
        return presence.takes == "push" and presence.is_here(now) and self.held < presence.capacity and has_skill


def choose(loads: Iterable[OfficerLoad], skills: Collection[str], wanted: str | None, now: datetime) -> Presence | None:
    """The officer to be assigned a conversation: whom the citizen wants, else the one with the smallest share of their
    capacity in use; None if nobody can take it."""
    free = [load for load in loads if load.can_take(skills, now)]
    first = min(free, key=lambda load: _order(load, wanted), default=None)
    return first.presence if first else None


def _order(load: OfficerLoad, wanted: str | None) -> tuple[bool, float, str]:
    return load.presence.member != wanted, load.held / load.presence.capacity, load.presence.member
