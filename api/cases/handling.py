"""Handling: every act on a case after its submission; checks it, appends the action and announces the event."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from api.cases.act_checks import APPLICANT, ActChecks
from api.cases.case import Action, Case
from api.cases.ground import CaseGround
from api.cases.kinds import act_label
from api.cases.life import on_the_spot
from api.cases.life.acts import EVENTS, RULES, SEVERAL, allowed, check, is_current
from api.cases.life.aided import is_for_applicant
from api.cases.life.rule import Attempt
from api.cases.life.standing import CaseStanding
from api.cases.open_case import OpenCase
from api.cases.promises import deferral
from api.cases.promises.acts import PromiseActs
from api.cases.silence import SYSTEM, Silence
from api.cases.snapshot import acted, sealed_action
from api.drafts.draft import MOST_FILES
from api.identity.actor import Actor
from api.refusals import BadFields, Refusal, VersionStale


class CaseHandling:
    """Acts of the applicant, of staff, and of the system when a limit has passed."""

    def __init__(self, ground: CaseGround) -> None:
        self._ground = ground
        self.silence = Silence(ground)
        self.promises = PromiseActs(ground)
        self._checks = ActChecks(ground)

    # -- the applicant --------------------------------------------------------------

    def supplement(
        self, actor: Actor, record: Case, version: int, materials: dict[str, list[str]], text: str
    ) -> OpenCase:
        """Hand in all materials that were asked for, and no other. Raises BadFields, MandateEnded, and what `act` does.

        `version` is one after which nothing happened that the applicant may see; the same in `withdraw`.
        """
        case = self._ground.reader.open(record)
        if not is_current(case.actions, version):
            raise VersionStale
        return self._do_as_applicant(actor, case, version, "supplement", {"materials": materials, "text": text})

    def withdraw(self, actor: Actor, record: Case, version: int, reason: str) -> OpenCase:
        """Withdraw the application, before the decision. Raises what `act` raises, and MandateEnded."""
        return self._do_as_applicant(actor, self._ground.reader.open(record), version, "withdraw", {"text": reason})

    # -- staff ------------------------------------------------------------------------

    def act(self, actor: Actor, record: Case, version: int, act: str, data: dict[str, Any]) -> OpenCase:
        """An act of staff. Raises what `case.check` raises, VersionStale and BadFields."""
        return self._do(actor, self._ground.reader.open(record), version, act, data)

    # -- the system -------------------------------------------------------------------

    def hand_over(self, case_id: str, proof: str, is_held: Callable[[Mapping[str, Any]], bool]) -> None:
        """Mark an issued case as handed over, by the applicant's own confirmation; `proof` says how. Idempotent.

        Nothing follows unless `is_held`, whether the parcel holds a result: what was made anew since still waits.
        """
        record = self._ground.store.by_id(case_id)
        case = self._ground.reader.open(record) if record else None
        result = case.standing.waiting_result if case else None
        if case and result and is_held(result):
            self._do(SYSTEM, case, case.standing.version, "hand_over", {"to": APPLICANT, "proof": proof})

    def end_when_late(self, case_id: str) -> None:
        """A job: end a case if what was to follow has not come in time. Raises NotYet until its last day is over."""
        self.promises.require_late(case_id)
        self.end_if_late(case_id)

    def end_if_late(self, case_id: str) -> None:
        """End a case whose deferred material did not come in time, and record the broken promise. Idempotent."""
        record = self._ground.store.by_id(case_id)
        case = self._ground.reader.open(record) if record else None
        if case and self.promises.is_late(case.standing):
            data = {"cause": deferral.LATE, "text": deferral.LATE_WORDS}
            self._do(SYSTEM, case, case.standing.version, "terminate", data)

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
        if act != "terminate" and self.promises.is_late(case.standing):  # the end comes first, as silence does
            self.end_if_late(case.record.id)
            raise VersionStale
        ground = self._ground
        deemed = self.silence.applied(case)  # silence comes first (rule 40)
        attempt = ground.attempt(actor, deemed, data)
        try:
            role = check(act, attempt)
            if act == "supplement":
                self._check_handed_in(actor, deemed.standing, data["materials"])
            data = self._checks.recorded(actor, deemed, act, {**data, **RULES[act].records(attempt)})
            data = self.promises.prepared(deemed, act, data)
            acted = self._acted(deemed, attempt, act, role, data)
        except Refusal as refusal:
            self.silence.keep(case)
            if not isinstance(refusal, BadFields):
                refusal.more = {"allowed": self._allowed(case.record, attempt)}
            raise

        def write(session: Any) -> None:
            ground.access.hold_mandate(session, actor, case.record)
            self.silence.write(session, case, deemed)
            for step in acted:
                is_last = step is acted[-1]
                self._write(session, actor, step, {"spot": "last" if is_last else "step"} if act in SEVERAL else {})
            if act in SEVERAL:
                ground.audit.record(actor.id, f"case.{act}", f"case:{case.record.id}", session=session)

        ground.transact(write)
        return acted[-1]

    def _acted(self, case: OpenCase, attempt: Attempt, act: str, role: str, data: dict[str, Any]) -> list[OpenCase]:
        """The case after the act; where that stands for several, after each of them, which its guards let pass."""
        if act not in SEVERAL:
            return [self._after(case, attempt.actor, act, role, data)]
        role, cases = on_the_spot.role_of(attempt), list[OpenCase]()
        for step, fields in on_the_spot.steps(case.standing.state, data):
            last = cases[-1] if cases else case
            standing = last.standing if cases else attempt.standing
            check(step, replace(attempt, standing=standing, roles=RULES[step].roles, data=fields))
            cases.append(self._after(last, attempt.actor, step, role, fields))
        return cases

    def _after(self, case: OpenCase, actor_id: str, act: str, role: str, data: dict[str, Any]) -> OpenCase:
        action = Action(case.standing.version + 1, act, self._ground.now(), actor_id, role, data)
        return acted(case, action, self._ground.calendar)

    def _write(self, session: Any, actor: Actor, case: OpenCase, more: dict[str, str]) -> None:
        """Store the last action of a case, its event and its row in the audit. Raises VersionStale."""
        ground, record, action = self._ground, case.record, case.actions[-1]
        if not ground.store.append(session, record, sealed_action(ground.keyring, record.id, action)):
            raise VersionStale
        self.promises.written(session, record, action.act, action.data)
        if action.act == "supplement":
            ground.files.keep(session, action.data["materials"])
        for field in {"photos", "consent"} & set(action.data):
            ground.files.keep(session, {field: action.data[field]})
        if actor.is_staff:
            act = f"case.{action.act}" + ("_for" if is_for_applicant(action) else "")
            ground.audit.record(actor.id, act, f"case:{record.id}", session=session)
        if action.data.get("late"):
            ground.audit.record(actor.id, "case.told_late", f"case:{record.id}", session=session)
        about = {"number": record.number, "state": record.state, "seq": record.version, **more}
        ground.announce(session, EVENTS[action.act], record.id, **about)

    def _allowed(self, case: Case, attempt: Attempt) -> list[dict[str, str]]:
        """What the actor of an attempt may do instead: `{act, label, label_en}`."""
        kind = self._ground.kind(case)
        return [{"act": act, **act_label(kind, act)} for act in allowed(attempt)]

    def _check_handed_in(self, actor: Actor, standing: CaseStanding, materials: dict[str, list[str]]) -> None:
        """Raises BadFields unless these are all that a notice asked for, or, after acceptance, of what is to come."""
        asked = deferral.wanted(standing)
        self._check_supplement(actor, asked, materials, asked if standing.state == "supplementing" else frozenset())

    def _check_supplement(
        self,
        actor: Actor,
        asked: frozenset[str],
        materials: dict[str, list[str]],
        needed: frozenset[str] = frozenset(),
    ) -> None:
        """Raises BadFields unless there are checked files for materials that are asked for, and for all needed ones."""
        errors = {f"materials.{key}": ["请补交这项材料。"] for key in needed - set(materials)}
        for key, uploads in materials.items():
            if key not in asked:
                errors[f"materials.{key}"] = ["这次没有要求补这项材料。"]
            elif len(uploads) > MOST_FILES:
                errors[f"materials.{key}"] = [f"一项材料最多 {MOST_FILES} 个文件。"]
            elif not uploads or not all(self._ground.files.accepted(actor.id, upload) for upload in uploads):
                errors[f"materials.{key}"] = ["文件还没有通过检查，请稍候或重新上传。"]
        if errors:
            raise BadFields(errors)
