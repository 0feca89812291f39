"""Handling: every act on a case after its submission; checks it, appends the action and announces the event."""

from typing import Any

from api.cases.case import Action, Case
from api.cases.ground import CaseGround
from api.cases.kinds import act_label
from api.cases.life.acts import EVENTS, RULES, allowed, check, is_current
from api.cases.life.rule import Attempt
from api.cases.life.standing import keys_of, never_asked
from api.cases.open_case import OpenCase
from api.cases.silence import SYSTEM, Silence
from api.cases.snapshot import after, sealed_action
from api.drafts.draft import MOST_FILES
from api.identity.actor import Actor
from api.refusals import BadFields, Reason, Refusal, VersionStale
from api.texts import listed

APPLICANT = "applicant"
"""Whom a result is handed to, where the applicant comes in person; anybody else is named, and proves their right."""

CLAIM_ENDED = "原认领人已不在岗，或者长期没有办理，原认领已失效。"
"""What staff read in the timeline where somebody claims a case whose earlier claim had ended."""


class CaseHandling:
    """Acts of the applicant, of staff, and of the system when a limit has passed."""

    def __init__(self, ground: CaseGround) -> None:
        self._ground = ground
        self.silence = Silence(ground)

    # -- the applicant --------------------------------------------------------------

    def supplement(
        self, actor: Actor, record: Case, version: int, materials: dict[str, list[str]], text: str
    ) -> OpenCase:
        """Hand in all materials that were asked for, and no other. Raises BadFields, MandateEnded, and what `act` does.

        `version` is one after which nothing happened that the applicant may see; the same in `withdraw`.
        """
        case = self._ground.reader.open(record)
        asked = case.standing.supplement
        if asked and case.standing.state == "supplementing" and is_current(case.actions, version):
            self._check_supplement(actor, keys_of(asked["items"]), materials)
        return self._do_as_applicant(actor, case, version, "supplement", {"materials": materials, "text": text})

    def withdraw(self, actor: Actor, record: Case, version: int, reason: str) -> OpenCase:
        """Withdraw the application, before the decision. Raises what `act` raises, and MandateEnded."""
        return self._do_as_applicant(actor, self._ground.reader.open(record), version, "withdraw", {"text": reason})

    # -- staff ------------------------------------------------------------------------

    def act(self, actor: Actor, record: Case, version: int, act: str, data: dict[str, Any]) -> OpenCase:
        """An act of staff. Raises what `case.check` raises, VersionStale and BadFields."""
        case = self._ground.reader.open(record)
        if act == "request_supplement":
            data = _checked_notice(case, data)
        if act == "hand_over":
            _check_receiver(case, data)
        if act == "transfer":
            self._check_department(record, data["department"])
        return self._do(actor, case, version, act, data)

    # -- the system -------------------------------------------------------------------

    def hand_over(self, case_id: str, proof: str) -> None:
        """Mark an issued case as handed over, by the applicant's own confirmation; `proof` says how. Idempotent."""
        case = self._ground.store.by_id(case_id)
        if case and case.state == "issued":
            data = {"to": APPLICANT, "proof": proof}
            self._do(SYSTEM, self._ground.reader.open(case), case.version, "hand_over", data)

    # -- decide, write, announce ------------------------------------------------------

    def _do_as_applicant(self, actor: Actor, case: OpenCase, version: int, act: str, data: dict[str, Any]) -> OpenCase:
        """As `_do`, but what the office alone sees makes no version stale, also while this is being written."""
        while is_current(case.actions, version):
            try:
                return self._do(actor, case, case.standing.version, act, data)
            except VersionStale:
                record = self._ground.store.by_id(case.record.id)
                assert record is not None
                case = self._ground.reader.open(record)
        raise VersionStale

    def _do(self, actor: Actor, case: OpenCase, version: int, act: str, data: dict[str, Any]) -> OpenCase:
        if case.standing.version != version:
            raise VersionStale
        ground = self._ground
        deemed = self.silence.applied(case)  # silence comes first (rule 40)
        attempt = ground.attempt(actor, deemed, data)
        try:
            role = check(act, attempt)
        except Refusal as refusal:
            self.silence.keep(case)
            refusal.more = {"allowed": self._allowed(case.record, attempt)}
            raise
        data = {**data, **RULES[act].records(attempt)}
        if act == "claim" and deemed.standing.officer:  # whose claim has ended
            data = {**data, "instead_of": deemed.standing.officer, "text": CLAIM_ENDED}
        acted = after(deemed, Action(deemed.standing.version + 1, act, ground.now(), actor.id, role, data))
        record = acted.record
        action = sealed_action(ground.keyring, record.id, acted.actions[-1])

        def write(session: Any) -> None:
            ground.access.hold_mandate(session, actor, record)
            self.silence.write(session, case, deemed)
            if not ground.store.append(session, record, action):
                raise VersionStale
            if act == "supplement":
                ground.files.keep(session, data["materials"])
            if actor.is_staff:
                ground.audit.record(actor.id, f"case.{act}", f"case:{record.id}", session=session)
            if data.get("late"):
                ground.audit.record(actor.id, "case.told_late", f"case:{record.id}", session=session)
            about = {"number": record.number, "state": record.state, "seq": record.version}
            ground.announce(session, EVENTS[act], record.id, **about)

        ground.transact(write)
        return acted

    def _allowed(self, case: Case, attempt: Attempt) -> list[dict[str, str]]:
        """What the actor of an attempt may do instead: `{act, label, label_en}`."""
        kind = self._ground.kind(case)
        return [{"act": act, **act_label(kind, act)} for act in allowed(attempt)]

    def _check_department(self, case: Case, code: str) -> None:
        if code not in self._ground.matters.departments:
            raise BadFields({"department": ["没有这个部门，请从部门目录中选择。"]})
        if code == case.department:
            raise BadFields({"department": ["办件已经在这个部门。"]})

    def _check_supplement(self, actor: Actor, asked: frozenset[str], materials: dict[str, list[str]]) -> None:
        """Raises BadFields unless there are checked files for just the materials that the last notice asked for."""
        errors = {f"materials.{key}": ["请补交这项材料。"] for key in asked - set(materials)}
        for key, uploads in materials.items():
            if key not in asked:
                errors[f"materials.{key}"] = ["这次没有要求补这项材料。"]
            elif len(uploads) > MOST_FILES:
                errors[f"materials.{key}"] = [f"一项材料最多 {MOST_FILES} 个文件。"]
            elif not uploads or not all(self._ground.files.accepted(actor.id, upload) for upload in uploads):
                errors[f"materials.{key}"] = ["文件还没有通过检查，请稍候或重新上传。"]
        if errors:
            raise BadFields(errors)


def _checked_notice(case: OpenCase, notice: dict[str, Any]) -> dict[str, Any]:
    """The notice as it is recorded: with the materials that are told too late (`late`), and why. Raises BadFields."""
    _check_items(case, notice["items"])
    late = never_asked(case.standing, notice["items"])
    if notice["late_reason"] and not late:
        raise BadFields({"late_reason": ["这次没有要求新的材料，不用写漏告知的理由。"]})
    kept = {name: notice[name] for name in ("items", "text")}
    return {**kept, "late": late, "late_reason": notice["late_reason"]} if notice["late_reason"] else kept


def _check_items(case: OpenCase, items: list[dict[str, Any]]) -> None:
    """What is asked for must be a material of the case, each named once, and none that the state holds,
    unless the applicant handed one in. Raises BadFields."""
    known, given = {material.key: material for material in case.papers}, case.standing.materials or {}
    keys = [item["key"] for item in items]
    if unknown := [key for key in keys if key not in known]:
        raise BadFields({"items": [f"没有这项材料：{listed(unknown)}"]})
    if twice := [known[key].name for key in dict.fromkeys(keys) if keys.count(key) > 1]:
        zh = f"一项材料只能要求一次，请合并成一条：{listed(twice)}"
        raise BadFields({"items": [Reason(zh, f"Ask for each paper once, with all that is wrong: {listed(twice)}")]})
    if held := [known[key].name for key in keys if known[key].held_by_state and not given.get(key)]:
        raise BadFields({"items": [f"政府已有，不能要求申请人再交：{listed(held)}"]})


def _check_receiver(case: OpenCase, data: dict[str, Any]) -> None:
    """Raises BadFields where the result goes to somebody else than the applicant without a proof of their right."""
    is_applicant = data["to"].strip() in {APPLICANT, str(case.answers["applicant_name"]).strip()}
    if not is_applicant and not data["proof"].strip():
        raise BadFields({"proof": ["代领的请写明凭证，例如委托书和代领人的身份证。"]})
