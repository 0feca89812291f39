"""A case and its append-only actions as they are stored and read, and its states; life/ has what is done to it."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from api.drafts.draft import MatterVersion

STATES = (
    *("submitted", "supplementing", "accepted", "granted", "refused"),
    *("issued", "handed_over", "declined", "withdrawn", "terminated", "revoked", "closed"),
)
"""The states of a case; kinds.py has their words."""
OPEN = frozenset({"submitted", "supplementing", "accepted", "granted", "issued"})
ENDED = frozenset({"refused", "handed_over", "declined", "withdrawn", "terminated", "revoked"})

IDENTITY_NUMBERS = frozenset({"id_number", "payee_id"})
"""The fields of forms that hold somebody's identity number."""

ACTION_VERSION = 1
UPCASTERS: dict[tuple[str, int], Callable[[dict[str, Any]], dict[str, Any]]] = {}
"""Per (act, version), a function that converts its data to the next version. Stored actions are never rewritten."""


def upcast(act: str, version: int, data: dict[str, Any]) -> dict[str, Any]:
    """Convert the data of an action from the shape of an older version to the current one."""
    for older in range(version, ACTION_VERSION):
        data = UPCASTERS.get((act, older), dict)(data)
    return data


@dataclass(frozen=True)
class Case:
    """A case as it is stored: the snapshot of its actions, for reading.

    `answers`, `situation`, `delivery` and `receipt` are sealed (encrypted). `desk` (a service point) and `department`
    are where it is handled: "" if there is none, None in a case of an older release that `Cases.start` has not placed
    yet. `principal` is the blind index of the principal's number, if an agent applied. Of a case that an officer filled
    in for somebody at a window `owner` is "", `principal` the applicant's number, and `aided` their language.
    """

    id: str
    version: int
    number: str
    receipt: str
    receipt_index: str | list[str]
    owner: str
    mandate: str | None
    principal: str | list[str] | None
    matter: MatterVersion
    answers: str
    situation: str | None
    delivery: str
    submitted_at: datetime
    desk: str | None
    department: str | None
    state: str
    officer: str | None
    uploads: list[str]
    clock_facts: dict[str, Any]
    updated_at: datetime
    end: str | None = None
    """The state in which it ended before it was closed."""
    queue: dict[str, Any] = field(default_factory=dict)
    """Where it stands in the queues of the desk (queues.py)."""
    is_sent: bool = False
    """Whether its result is on its way with a courier."""
    held_since: datetime | None = None
    """When its officer did something last."""
    masked_name: str | None = None
    """The masked name of the applicant, sealed: what every list shows. None if an earlier release stored the case."""
    name_index: str | list[str] | None = None
    phone_index: str | list[str] | None = None
    """The blind indexes of the applicant's name and telephone, by which staff search."""
    aided: str | None = None
    untold_at: datetime | None = None
    """Since when there is news that the counter must tell the applicant itself."""
    told_at: datetime | None = None
    """The `untold_at` of the last news that the counter told."""
    reached: list[str] | None = None
    """The deadlines that were reached, each as `kind:due` (deadlines.py)."""


@dataclass(frozen=True)
class SealedAction:
    """An action as it is stored: `data` is sealed, in the shape of version `v`; `seq` counts from 1 in its case."""

    id: str
    v: int
    case: str
    seq: int
    act: str
    at: datetime
    by: str
    role: str
    data: str


CONVERSATION_LINES = {"opened": "就本办件咨询窗口", "tied": "一段咨询关联到本办件", "closed": "咨询结束"}
"""Lines of the timeline about a conversation, by what became of it."""

APPEAL = "不服本决定的，可以自收到决定之日起 60 日内申请行政复议，或者 6 个月内提起行政诉讼。"
"""行政复议法 第20条; 行政诉讼法 第46条."""


@dataclass(frozen=True)
class Action:
    """An action, decrypted. `by` is the actor's id or `system`; `role` is the role in which it was done."""

    seq: int
    act: str
    at: datetime
    by: str
    role: str
    data: dict[str, Any]


def photographs(actions: Iterable[Action]) -> set[str]:
    """The ids of the photographs of surveys."""
    return {upload for action in actions if action.act == "survey" for upload in action.data["photos"]}


def uploads(actions: Iterable[Action]) -> list[str]:
    """The ids of all files of a case, sorted: all that were ever handed in or signed, and photographs of surveys."""
    acts = list(actions)
    handed_in = [action.data["materials"] for action in acts if action.act in {"submit", "supplement"}]
    signed = {upload for action in acts for upload in action.data.get("consent", ())}
    papers = {upload for materials in handed_in for files in materials.values() for upload in files}
    return sorted(papers | signed | photographs(acts))


def masked(answers: Mapping[str, Any], mask: Callable[[str], str]) -> dict[str, Any]:
    """Answers of a form with every identity number masked, also in the rows of groups."""

    def masked_value(key: str, value: Any) -> Any:
        if isinstance(value, list):
            return [masked(item, mask) if isinstance(item, Mapping) else item for item in value]
        return mask(value) if key in IDENTITY_NUMBERS else value

    return {key: masked_value(key, value) for key, value in answers.items()}
