"""Makes the input of the working-day clock (the facts for `reckoning.reckon`) from a case's actions and matter."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Protocol

from api.cases.case import Action


class LimitLike(Protocol):
    """A limit in days; unit `working` or `calendar`."""

    @property
    def days(self) -> int: ...
    @property
    def unit(self) -> str: ...


class MatterLike(Protocol):
    """What the clock needs to know of a matter."""

    @property
    def kind(self) -> str: ...
    @property
    def statutory(self) -> LimitLike | None: ...
    @property
    def promised(self) -> LimitLike | None: ...
    @property
    def extension_days(self) -> int | None: ...
    @property
    def clock_stops(self) -> tuple[str, ...]: ...


TIMES = {"accept": "accepted_at", "request_supplement": "notice_at", "supplement": "supplement_at"}
TIMES |= {"decline": "refused_at", "hand_over": "handed_over_at"}


def clock_facts(matter: MatterLike, actions: Iterable[Action]) -> dict[str, Any]:
    """The input of the clock for a case, as JSON without `as_of`.

    Silence accepts permits (行政许可) only (行政许可法 第32条). A withdrawal after acceptance ends the count.
    """
    facts: dict[str, Any] = {"deemed_acceptance": matter.kind == "行政许可"}
    if matter.statutory:
        facts["legal"] = {"days": matter.statutory.days, "unit": matter.statutory.unit}
    if matter.promised:
        facts["promised_days"] = matter.promised.days
    if matter.extension_days and matter.statutory:
        facts["extension_rule"] = {"max_days": matter.extension_days}
    if matter.clock_stops:
        facts["matter_stops"] = list(matter.clock_stops)
    begun = False
    for action in actions:
        begun = begun or action.act in {"accept", "deem"}
        if action.act == "submit":
            facts["received_at"] = _iso(action.at)
        elif action.act in TIMES:
            facts[TIMES[action.act]] = _iso(action.at)
        elif action.act == "decide":
            facts["decision"] = {"at": _iso(action.at), "kind": action.data["kind"]}
        elif action.act == "withdraw" and begun:
            facts["decision"] = {"at": _iso(action.at), "kind": "end"}
    return facts


def _iso(at: datetime) -> str:
    return at.isoformat()
