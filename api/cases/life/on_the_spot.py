"""Matters done on the spot (即办件): accepted, decided and handed over in one call, by whom the matter's data names."""

from collections.abc import Mapping
from typing import Any

from api.cases.life.rule import Attempt
from api.matters.catalogue.elements import DELEGATES, UNKNOWN
from api.refusals import Refusal

Step = tuple[str, dict[str, Any]]
DECISION = ("kind", "text", "ground", "check_due", "template")


class NotDelegated(Refusal):
    """The matter is not done on the spot, or not by this role, or who does it is not known."""

    code = "not_delegated"
    zh = "这个事项不是即办件，不能当场办结。"
    en = "This matter is not one that is done on the spot."


def delegated(attempt: Attempt) -> Refusal | None:
    """The matter's data lets a role of the actor decide it on the spot."""
    who = attempt.matter.record.get("delegated")
    if who == UNKNOWN:
        zh = "事项目录没有写明谁可以当场决定，请先补全这个事项。"
        return NotDelegated(zh=zh, en="The catalogue does not say yet who decides this matter on the spot.")
    role = DELEGATES.get(str(who))
    if role is None:
        return NotDelegated()
    if role in attempt.roles:
        return None
    return NotDelegated(zh=f"这个事项由{who}当场决定。", en=f"This matter is decided on the spot by the {role}.")


def role_of(attempt: Attempt) -> str:
    """The role in which the matter is decided on the spot."""
    return DELEGATES[str(attempt.matter.record["delegated"])]


def steps(state: str, data: Mapping[str, Any]) -> list[Step]:
    """The acts that one call stands for, in order: what the fields ask for, from the state of the case on."""
    rows: list[tuple[bool, Step]] = [
        (state == "submitted", ("accept", {"text": ""})),
        (True, ("decide", {name: data[name] for name in DECISION if name in data})),
        (bool(data["serial"]), ("issue", {"serial": data["serial"]})),
        (bool(data["to"]), ("hand_over", {name: data[name] for name in ("to", "proof")})),
    ]
    return [step for is_asked, step in rows if is_asked]
