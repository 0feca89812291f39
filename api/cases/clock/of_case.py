"""The clock of a case: its input made of the case's actions and matter (rules 39-43), and its answer at a moment."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any, Protocol

from api.calendar.calendar import WorkingCalendar
from api.cases.case import Action
from api.cases.clock.reckoning import reckon
from api.cases.kinds import PERMIT, kind_of
from api.cases.life.changes import hands_over_newest
from api.times import BEIJING

DUES = ("notice_due", "promised_due", "legal_due", "handover_due")


class LimitLike(Protocol):
    """A limit in days; unit `working` or `calendar`."""

    @property
    def days(self) -> int: ...
    @property
    def unit(self) -> str: ...


class MatterLike(Protocol):
    """What the clock needs to know of a matter."""

    @property
    def name(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def statutory(self) -> LimitLike | None: ...
    @property
    def promised(self) -> LimitLike | None: ...
    @property
    def extension_days(self) -> int | None: ...
    @property
    def extension_approver(self) -> str | None: ...
    @property
    def clock_stops(self) -> tuple[str, ...]: ...


ENDS = frozenset({"decline", "withdraw", "terminate", "revoke"})
"""The acts that end a case before a decision, or before its result was handed over."""


def clock_facts(matter: MatterLike, actions: Iterable[Action]) -> dict[str, Any]:
    """The input of the clock for a case, as JSON without `as_of`.

    Only the last round of supplement counts (rule 39). Notice limit, silence and hand-over limit are of permits
    (行政许可法 第32、44条; rule 43).
    """
    facts: dict[str, Any] = {"recorded": True, **_limits(matter)}
    arrived, made_at = None, None
    for action in actions:
        at = action.at.isoformat()
        _tell(facts, at, action)
        match action.act:
            case "submit":
                facts["received_at"] = arrived = at
            case "request_supplement" | "supplement" if "accepted_at" in facts or "deemed" in facts:
                continue  # what follows later stops nothing (rules 11, 20)
            case "request_supplement":
                facts.pop("supplement_at", None)
                facts["supplement_due"] = action.data.get("due")
                facts |= {"received_at": arrived, "notice_at": at}
            case "supplement":
                facts["supplement_at"] = arrived = at
                facts.pop("supplement_due", None)
            case "accept" | "defer":
                facts["accepted_at"] = at
            case "promise":
                if "deemed" not in facts:
                    facts.setdefault("accepted_at", at)
                facts["decision"] = {"at": at, "kind": "grant"}
            case "deem":
                facts["deemed"] = {"at": at, **silence(action.data, str(arrived))}
            case "start_procedure":
                begun = {"kind": action.data["procedure"], "start": at, "end": None, "told": True}
                facts["procedures"] = [*facts.get("procedures", ()), begun]
            case "end_procedure":
                facts["procedures"] = _ended(facts["procedures"], action.data["procedure"], at)
            case "approve_extension":
                granted = {"days": action.data["days"], "approved_at": at, "approver": action.data["approver"]}
                facts["extensions"] = [*facts.get("extensions", ()), granted]
            case "decide":
                facts["decision"] = {"at": at, "kind": action.data["kind"]}
            case "issue" | "reissue" | "hand_over":
                made_at = _tell_result(facts, action, made_at)
            case "order_rectification" | "check_rectification":
                facts["rectification_due"] = action.data.get("due")
            case act if act in ENDS and not (act == "revoke" and "handed_over_at" in facts):  # then no time ran
                facts["ended_at"] = at
    return facts


def _tell_result(facts: dict[str, Any], action: Action, made_at: datetime | None) -> datetime:
    """Add to the facts what became of the results of a case, and return when the newest was made.

    The limit of the hand-over is that of the newest: made anew after a hand-over, it has one of its own, and the
    earlier hand-over stays among the `reissues`.
    """
    at = action.at.isoformat()
    if action.act != "hand_over":
        if earlier := facts.pop("handed_over_at", None):
            facts["reissues"] = [*facts.get("reissues", ()), {"handed_over_at": earlier, "at": at}]
        return action.at
    if hands_over_newest(action, made_at):
        facts["handed_over_at"] = at
    return made_at or action.at


def _tell(facts: dict[str, Any], at: str, action: Action) -> None:
    """Add to the facts the dues that an act told: `told`, the last ones, and `telling`, each that differed."""
    days = action.data.get("dues")
    if days is None:
        return
    if days != (facts.get("told") or {}).get("days"):
        row = {"at": at, "act": action.act, "days": days}
        row |= {key: action.data[key] for key in ("about", "about_en") if action.act == "due_changed"}
        facts["telling"] = [*facts.get("telling", ()), row]
    facts["told"] = {"days": days, "calendar": action.data.get("calendar")}


def _ended(procedures: Sequence[Mapping[str, Any]], kind: str, at: str) -> list[Mapping[str, Any]]:
    """The procedures with the open one of this kind ended at an instant."""
    return [{**row, "end": at} if row["kind"] == kind and row["end"] is None else row for row in procedures]


def folded_facts(matter: MatterLike, actions: Sequence[Action], calendar: WorkingCalendar) -> dict[str, Any]:
    """`clock_facts` of a case of a release that recorded no acceptance by silence, which its clock told all the same.

    Where an act came after the notice limit had passed, day 0 stays the arrival (rules 10, 40): `deemed` says so,
    marked `folded`, as no action does. Of what was declined or withdrawn without acceptance nothing is deemed.
    """
    facts = clock_facts(matter, actions)
    if "deemed" in facts or ("ended_at" in facts and "accepted_at" not in facts):
        return facts
    for count, act in enumerate(actions[1:], 1):
        earlier = clock_facts(matter, actions[:count])
        if "accepted_at" in earlier:
            break
        answer = reckon({**earlier, "recorded": False, "as_of": act.at.isoformat()}, calendar)
        if answer.get("accept_basis") == "deemed":
            limit = date.fromisoformat(answer["notice_due"][:10])
            at = datetime.combine(limit + timedelta(days=1), time.min, BEIJING).isoformat()
            deemed = {"at": at, "day0": answer["day0"], "notice_due": limit.isoformat(), "folded": True}
            return {**facts, "deemed": deemed}
    return facts


def carried(facts: dict[str, Any], before: Mapping[str, Any]) -> dict[str, Any]:
    """Facts made anew of the actions, with what stands in no action of an earlier release: the acceptance by silence
    that `folded_facts` put into those before, and the dues that were taken as told."""
    deemed, told = before.get("deemed") or {}, before.get("told")
    facts = {**facts, "deemed": deemed} if deemed.get("folded") and "deemed" not in facts else facts
    return {**facts, "told": told} if told and "told" not in facts else facts


def silence(recorded: Mapping[str, Any], arrived: str) -> dict[str, Any]:
    """Day 0 and the notice limit of an acceptance by silence, as recorded; releases that recorded none had day 0 on the
    day of arrival."""
    day0 = recorded.get("day0") or datetime.fromisoformat(arrived).astimezone(BEIJING).date().isoformat()
    return {"day0": day0, "notice_due": recorded.get("notice_due")}


def is_current(facts: Mapping[str, Any]) -> bool:
    """Whether the facts of a stored case were made by this release, rather than by one that mixed up its rounds."""
    return facts.get("recorded") is True


def reckon_case(facts: Mapping[str, Any], at: datetime, calendar: WorkingCalendar) -> dict[str, Any]:
    """The clock's answer for a case at a moment, as JSON: `reckoning.Reckoning`, and

    `law` (permit, other), `unit` of the legal limit (working, calendar; None without one), `promised_total`,
    `provisional`: each due day that needs a year without a calendar, counted Monday to Friday (rule 44); `telling`: the
    dues that the applicant was told, as they changed: `{at, act, days}`; `handed_over`: whether the newest result was.
    """
    asked = {**facts, "as_of": at.isoformat()}
    answer = reckon(asked, calendar)
    legal = facts.get("legal")
    answer |= {"law": facts["law"], "unit": legal and legal["unit"], "promised_total": facts.get("promised_days")}
    needs_year = any(warning.startswith("calendar_unknown") for warning in answer.get("warnings", ()))
    guess = reckon(asked, calendar.guessing) if needs_year else {}
    # By a guess nobody is deemed to have accepted.
    dues = DUES if guess.get("accept_basis") == answer.get("accept_basis") else DUES[:1]
    answer["handed_over"] = "handed_over_at" in facts
    answer["supplement_due"] = facts.get("supplement_due")
    answer["telling"] = [row for row in facts.get("telling", ()) if datetime.fromisoformat(row["at"]) <= at]
    answer["provisional"] = {due: guess[due] for due in dues if guess.get(due) and not answer[due]}
    return answer


def _limits(matter: MatterLike) -> dict[str, Any]:
    is_permit = kind_of(matter.kind, matter.name) == PERMIT
    limits: dict[str, Any] = {"law": "permit" if is_permit else "other", "deemed_acceptance": is_permit}
    if matter.statutory:
        limits["legal"] = {"days": matter.statutory.days, "unit": matter.statutory.unit}
    if matter.promised:
        limits["promised_days"] = matter.promised.days
    if matter.extension_days and matter.extension_approver and matter.statutory:
        limits["extension_rule"] = {"max_days": matter.extension_days, "approver": matter.extension_approver}
    if matter.clock_stops:
        limits["matter_stops"] = list(matter.clock_stops)
    return limits
