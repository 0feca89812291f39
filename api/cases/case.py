"""The rules of a case: its states, who may do what in which, and the fold of its append-only actions."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from api.drafts.draft import MatterVersion
from api.refusals import Refusal

STATES = (
    *("submitted", "supplementing", "accepted", "granted", "refused"),
    *("issued", "handed_over", "declined", "withdrawn", "closed"),
)
"""The states of a case; kinds.py has their words."""
OPEN = frozenset({"submitted", "supplementing", "accepted", "granted", "issued"})
ENDED = frozenset({"refused", "handed_over", "declined", "withdrawn"})

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
    yet. `principal` is the blind index of the principal's number, if an agent applied.
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


@dataclass(frozen=True)
class ActRule:
    """One act: its label, who may do it, in which states, and the state it leads to (None: the same)."""

    label: str
    roles: frozenset[str]
    states: frozenset[str]
    leads_to: str | None = None


def _rule(label: str, roles: str, states: Iterable[str], leads_to: str | None = None) -> ActRule:
    return ActRule(label, frozenset(roles.split()), frozenset(states), leads_to)


RULES: dict[str, ActRule] = {
    "supplement": _rule("补交材料", "citizen", {"supplementing"}, "submitted"),
    "withdraw": _rule("撤回申请", "citizen", {"submitted", "supplementing", "accepted"}, "withdrawn"),
    "claim": _rule("认领", "window handler", OPEN),
    "release": _rule("放回", "window handler", OPEN),
    "accept": _rule("受理", "window", {"submitted"}, "accepted"),
    "deem": _rule("逾期未告知，视为受理", "system", {"submitted"}, "accepted"),
    "decline": _rule("不予受理", "window", {"submitted", "supplementing"}, "declined"),
    "request_supplement": _rule("一次性告知补正", "window", {"submitted"}, "supplementing"),
    "transfer": _rule("移交其他部门", "window handler", {"submitted", "supplementing", "accepted"}),
    "decide": _rule("作出决定", "handler", {"accepted"}),
    "issue": _rule("制作证照", "window", {"granted"}, "issued"),
    "hand_over": _rule("送达", "window system", {"issued"}, "handed_over"),
    "note": _rule("内部备注", "window handler", OPEN | ENDED),
    "close": _rule("办结归档", "window", ENDED, "closed"),
}
"""The rule per act; `submit` has none, since it creates the case. A hand-written table under tests/ repeats them."""

EVENTS = {
    "submit": "case.submitted",
    "supplement": "case.supplemented",
    "withdraw": "case.withdrawn",
    "claim": "case.claimed",
    "release": "case.released",
    "accept": "case.accepted",
    "deem": "case.deemed_accepted",
    "decline": "case.declined",
    "request_supplement": "case.supplement_requested",
    "transfer": "case.transferred",
    "decide": "case.decided",
    "issue": "case.issued",
    "hand_over": "case.handed_over",
    "note": "case.noted",
    "close": "case.closed",
}
"""By act: the type of the event that is announced when it was done. Acts themselves are stored, so they keep their
names."""

PUBLIC = frozenset(RULES) - {"note", "claim", "release"} | {"submit"}
"""Acts that the applicant sees in the timeline; the rest is the office's own."""

INNER_WORDS = frozenset({"transfer"})
"""Public acts whose words are meant for colleagues: the applicant sees the act, not its reason."""

WORK_OF = {
    "submitted": "window",
    "supplementing": "window",
    "accepted": "handler",
    "granted": "window",
    "issued": "window",
}
"""Per open state: the role that moves a case on. It alone may claim, so that nobody holds what they cannot move."""

NEVER_HELD = frozenset({"note", "withdraw", "supplement"})
"""Acts that a claim of somebody else does not hinder."""

SUBMIT_LABEL = "提交申请"
CONVERSATION_LINES = {"opened": "就本办件咨询窗口", "tied": "一段咨询关联到本办件", "closed": "咨询结束"}
"""Lines of the timeline about a conversation, by what became of it."""

APPEAL = "不服本决定的，可以自收到决定之日起 60 日内申请行政复议，或者 6 个月内提起行政诉讼。"
"""行政复议法 第20条; 行政诉讼法 第46条."""


class ActNotAllowed(Refusal):
    """This act is not allowed in the state that the case is in."""

    code = "act_not_allowed"
    zh = "办件现在的状态不能这样做，请刷新后再看。"
    en = "The case is not in a state for this. Reload and look again."


class ActNotYours(Refusal):
    """The actor has none of the roles that may do this act."""

    code = "role_wrong"
    zh = "您的岗位不能做这一步。"
    en = "Your role may not do this."


class HeldByOther(Refusal):
    """A colleague has claimed the case."""

    code = "held_by_other"
    zh = "同事已认领这个办件，请先请对方放回。"
    en = "A colleague has claimed this case. Ask for its release first."


class NotClaimed(Refusal):
    """Nobody has claimed the case, so it cannot be released."""

    code = "not_claimed"
    zh = "没有人认领这个办件，不用放回。"
    en = "Nobody has claimed this case: there is nothing to release."


class ToldOnce(Refusal):
    """A later notice of deficiencies asks for what none before named; all are named at once (行政许可法 第32条)."""

    code = "told_once"
    zh = "补正内容应当一次性告知，不能再要求新的材料。确实漏告知的，请写明理由再发，会记为违规并告诉申请人。"
    en = (
        "All deficiencies are told at once; nothing new may be asked for. If something was forgotten, give the reason: "
        "it is recorded as a breach and shown to the applicant."
    )


@dataclass(frozen=True)
class Action:
    """An action, decrypted. `by` is the actor's id or `system`; `role` is the role in which it was done."""

    seq: int
    act: str
    at: datetime
    by: str
    role: str
    data: dict[str, Any]


@dataclass(frozen=True)
class CaseStanding:
    """The state of a case as the fold of its actions: what its rules need to know."""

    state: str
    version: int
    officer: str | None = None
    supplement: dict[str, Any] | None = None
    asked_before: frozenset[str] = frozenset()
    """The materials that any notice of deficiencies has named."""
    decision: dict[str, Any] | None = None
    result: dict[str, Any] | None = None
    handed_over_at: datetime | None = None
    materials: dict[str, list[str]] | None = None
    department: str | None = None
    """Where it was transferred to; None where it stays with the department of its matter."""
    end: str | None = None
    """The state in which it ended before it was closed."""


def fold(actions: Iterable[Action]) -> CaseStanding:
    """Fold the actions of a case, in order, into its standing. The first must be `submit`."""
    standing: CaseStanding | None = None
    for action in actions:
        if action.act == "submit":
            standing = CaseStanding("submitted", action.seq, materials=dict(action.data["materials"]))
        else:
            assert standing is not None
            standing = apply(standing, action)
    assert standing is not None
    return standing


def apply(standing: CaseStanding, action: Action) -> CaseStanding:
    """Return the standing after one more action; `action` is not checked here."""
    content = {**action.data, "at": action.at}
    after = replace(standing, version=action.seq)
    match action.act:
        case "claim":
            return replace(after, officer=action.by)
        case "release":
            return replace(after, officer=None)
        case "note":
            return after
        case "request_supplement":
            after = replace(after, supplement=content, asked_before=standing.asked_before | keys_of(content["items"]))
        case "supplement":
            after = replace(after, materials={**(standing.materials or {}), **action.data["materials"]})
        case "transfer":
            after = replace(after, department=action.data["department"])
        case "decide":
            after = replace(after, decision=content, state="granted" if action.data["kind"] == "grant" else "refused")
        case "issue":
            after = replace(after, result=content)
        case "hand_over":
            after = replace(after, handed_over_at=action.at)
        case "close":
            after = replace(after, end=standing.state)
    return replace(after, state=RULES[action.act].leads_to or after.state, officer=None)


def check(standing: CaseStanding, act: str, roles: frozenset[str], actor_id: str, data: dict[str, Any]) -> str:
    """Check that an actor with these roles may do an act now, and return the role in which they do it.

    Raises ActNotYours, ActNotAllowed, HeldByOther, NotClaimed or ToldOnce.
    """
    hindrance = _hindrance(standing, act, roles, actor_id)
    if hindrance is not None:
        raise hindrance
    if act == "request_supplement" and never_asked(standing, data["items"]) and not data.get("late_reason"):
        raise ToldOnce
    return WORK_OF[standing.state] if act == "claim" else min(RULES[act].roles & roles)


def allowed(standing: CaseStanding, roles: frozenset[str], actor_id: str) -> list[str]:
    """The acts that this actor may do now."""
    return [act for act in RULES if _hindrance(standing, act, roles, actor_id) is None]


def _hindrance(standing: CaseStanding, act: str, roles: frozenset[str], actor_id: str) -> type[Refusal] | None:
    """Why an actor may not do an act now; None if they may."""
    rule, is_free = RULES[act], standing.officer in {None, actor_id} or act in NEVER_HELD or "system" in roles
    if not rule.roles & roles:
        return ActNotYours
    if standing.state not in rule.states:
        return ActNotAllowed
    if act == "claim" and WORK_OF[standing.state] not in roles:
        return ActNotYours
    if not is_free:
        return HeldByOther
    if act == "claim" and standing.officer == actor_id:
        return ActNotAllowed
    return NotClaimed if act == "release" and standing.officer is None else None


def may_hold(state: str, roles: frozenset[str]) -> bool:
    """Whether somebody with these roles at a case may go on holding it, i.e. could claim it now."""
    return WORK_OF.get(state) in roles


def keys_of(items: Iterable[Mapping[str, Any]]) -> frozenset[str]:
    """The materials that the items of a notice name."""
    return frozenset(item["key"] for item in items)


def never_asked(standing: CaseStanding, items: Iterable[Mapping[str, Any]]) -> list[str]:
    """The materials of a notice that no earlier one named, sorted; none for the first notice, which names all."""
    return sorted(keys_of(items) - standing.asked_before) if standing.asked_before else []


def is_current(actions: Iterable[Action], version: int) -> bool:
    """Whether an applicant who saw a case at this version has seen all that concerns them: only notes and claims since.

    False for a version that the case has not reached.
    """
    later = [action for action in actions if action.seq >= version]
    return bool(later) and later[0].seq == version and PUBLIC.isdisjoint(action.act for action in later[1:])


def uploads(actions: Iterable[Action]) -> list[str]:
    """The ids of all files ever handed in with a case, sorted; those that a supplement replaced included."""
    handed_in = [action.data["materials"] for action in actions if action.act in {"submit", "supplement"}]
    return sorted({upload for materials in handed_in for files in materials.values() for upload in files})


def masked(answers: Mapping[str, Any], mask: Callable[[str], str]) -> dict[str, Any]:
    """Answers of a form with every identity number masked, also in the rows of groups."""

    def masked_value(key: str, value: Any) -> Any:
        if isinstance(value, list):
            return [masked(item, mask) if isinstance(item, Mapping) else item for item in value]
        return mask(value) if key in IDENTITY_NUMBERS else value

    return {key: masked_value(key, value) for key, value in answers.items()}
