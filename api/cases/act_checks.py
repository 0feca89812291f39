"""What an act's fields must agree with beyond its guards: materials, departments, staff and files as they are now."""

from datetime import date
from typing import Any

from api.calendar.day_words import day_words
from api.cases import scope
from api.cases.case import Case
from api.cases.ground import CaseGround
from api.cases.life.standing import may_hold, never_asked
from api.cases.open_case import OpenCase
from api.cases.promises.promise import NOT_RECTIFIED, open_order
from api.drafts.aid import wrong_files
from api.drafts.draft import CONSENT
from api.identity.actor import Actor
from api.refusals import BadFields, Reason
from api.texts import listed
from api.times import BEIJING

Data = dict[str, Any]

APPLICANT = "applicant"
"""Whom a result is handed to, where the applicant comes in person; anybody else is named, and proves their right."""
MOST_PHOTOS = 20
MOST_DAYS_GIVEN = 60
"""The most working days that a notice may give for handing in what is missing."""
LEAST_DAYS_WAITED = 10
"""The working days after a notice that gives no day, before a case may be ended since nothing came."""
CLAIM_ENDED = "原认领人已不在岗，或者长期没有办理，原认领已失效。"
"""What staff read in the timeline where somebody claims a case whose earlier claim had ended."""


class ActChecks:
    """Checks the fields of an act of staff, and completes what is recorded of it. Each raises BadFields."""

    def __init__(self, ground: CaseGround) -> None:
        self._ground = ground

    def recorded(self, actor: Actor, case: OpenCase, act: str, data: Data) -> Data:
        """The fields as they are recorded. Raises BadFields, TemplateRetired."""
        used = data.pop("template", None)
        recorded = self._recorded(actor, case, act, data)
        if used is None:
            return recorded
        return {**recorded, "template": self._ground.templates.named(used, case.record, act, data)}

    def _recorded(self, actor: Actor, case: OpenCase, act: str, data: Data) -> Data:
        match act:
            case "request_supplement":
                return {**_checked_notice(case, data), **self._day_given(data.get("days"))}
            case "hand_over":
                _check_receiver(case, data)
            case "claim" if case.standing.officer:  # whose claim has ended
                return {**data, "instead_of": case.standing.officer, "text": CLAIM_ENDED}
            case "finish":
                _check_spot(case, data)
            case "transfer":
                self._check_department(case.record, data["department"])
            case "assign" if data["officer"]:
                self._check_claimant(case.record, data["officer"])
            case "supplement" | "withdraw" if actor.is_staff:
                self._check_signed(actor, data)
            case "survey":
                return self._checked_survey(actor, case.record, data)
            case "terminate" if data["cause"] == "no_supplement":
                self._check_papers_late(case)
            case "order_rectification":
                return {**data, **self._day_given(data["days"])}
            case "check_rectification" if data["outcome"] == NOT_RECTIFIED:
                self._check_time_over(case)
        return data

    def claimants(self, case: Case) -> list[Actor]:
        """The members of staff who could claim a case now, by name."""
        officers = self._ground.identity.officers_at(case.desk or "", case.department or "")
        return [officer for officer in officers if may_hold(case.state, scope.roles_at(officer, case))]

    def surveyors(self, case: Case) -> list[Actor]:
        """The members of staff who may be named for a survey: those of the desk and the department, by name."""
        officers = self._ground.identity.officers_at(case.desk or "", case.department or "")
        return [officer for officer in officers if scope.handles(officer, case)]

    def _day_given(self, days: int | None) -> Data:
        """The last day that a notice gives for handing in what is missing, if it gives one: its days, and its date."""
        if not days:
            return {}
        if not 1 <= days <= MOST_DAYS_GIVEN:
            zh, en = f"补齐的时间是 1 到 {MOST_DAYS_GIVEN} 个工作日", f"Give 1 to {MOST_DAYS_GIVEN} working days"
            raise BadFields({"days": [Reason(zh, en)]})
        due = self._ground.calendar.due(days, "working", self._ground.now().astimezone(BEIJING).date())
        return {"days": days, "due": due and due.isoformat()}

    def _check_papers_late(self, case: OpenCase) -> None:
        notice = case.standing.supplement
        assert notice is not None
        asked, days = notice["at"].astimezone(BEIJING).date(), notice.get("days") or LEAST_DAYS_WAITED
        told = date.fromisoformat(notice["due"]) if notice.get("due") else None
        due = told or self._ground.calendar.working.guessing.add_working(asked, days)
        if self._ground.now().astimezone(BEIJING).date() <= due:
            zh, en = day_words(due, None)
            raise BadFields(
                {"cause": [Reason(f"补正要等到 {zh}，现在还不能以此终止", f"The papers may still come until {en}")]}
            )

    def _check_time_over(self, case: OpenCase) -> None:
        """Raises BadFields while the time runs in which something is to be put right; it may be found so before."""
        order = open_order(case.standing.promise)
        assert order is not None
        ordered, told = order["at"].astimezone(BEIJING).date(), order["due"]
        guessing = self._ground.calendar.working.guessing
        due = date.fromisoformat(told) if told else guessing.add_working(ordered, order["days"])
        if self._ground.now().astimezone(BEIJING).date() <= due:
            zh, en = day_words(due, None)
            words = Reason(f"整改期限到 {zh}，到期以前不能认定没有整改", f"It may still be put right until {en}")
            raise BadFields({"outcome": [words]})

    def _check_department(self, case: Case, code: str) -> None:
        if code not in self._ground.matters.departments:
            raise BadFields({"department": ["没有这个部门，请从部门目录中选择。"]})
        if code == case.department:
            raise BadFields({"department": ["办件已经在这个部门。"]})

    def _check_claimant(self, case: Case, officer_id: str) -> None:
        officer = self._ground.identity.officer(officer_id)
        if officer is None or not may_hold(case.state, scope.roles_at(officer, case)):
            zh, en = "这位同事现在不能认领这个办件", "This colleague could not claim the case now"
            raise BadFields({"officer": [Reason(zh, en)]})

    def _check_signed(self, actor: Actor, data: Data) -> None:
        """Raises BadFields unless the scans are checked, this act's alone, and what was signed stands by itself."""
        scans = {**data.get("materials", {}), CONSENT: data[CONSENT]}
        errors = wrong_files(scans, scans, self._is_elsewhere)
        if not all(self._ground.files.accepted(actor.id, upload) for upload in data[CONSENT]):
            errors[f"materials.{CONSENT}"] = ["文件还没有通过检查，请稍候或重新上传。"]
        if errors:
            own = errors.pop(f"materials.{CONSENT}", None)
            raise BadFields({**errors, **({CONSENT: own} if own else {})})

    def _is_elsewhere(self, upload: str) -> bool:
        return self._ground.in_draft(upload) or bool(self._ground.store.with_file(upload))

    def _checked_survey(self, actor: Actor, case: Case, data: Data) -> Data:
        officers = list(dict.fromkeys(data["officers"]))
        if not {officer.id for officer in self.surveyors(case)}.issuperset(officers):
            zh, en = "有人不是这个窗口或部门的在岗人员", "One of them is not on the staff of this desk or department"
            raise BadFields({"officers": [Reason(zh, en)]})
        photos = list(dict.fromkeys(data["photos"]))
        if len(photos) > MOST_PHOTOS:
            zh, en = f"最多 {MOST_PHOTOS} 张照片", f"At most {MOST_PHOTOS} photographs"
            raise BadFields({"photos": [Reason(zh, en)]})
        files = [self._ground.files.accepted(actor.id, photo) for photo in photos]
        if not all(files):
            raise BadFields({"photos": ["文件还没有通过检查，请稍候或重新上传。"]})
        if not all(file["type"].startswith("image/") for file in files if file):
            raise BadFields({"photos": [Reason("现场照片只收图片", "Photographs are pictures alone")]})
        return {**data, "officers": officers, "photos": photos}


def _checked_notice(case: OpenCase, notice: Data) -> Data:
    """The notice as it is recorded: with the materials that are told too late (`late`), and why. Raises BadFields."""
    _check_items(case, notice["items"])
    is_accepted = case.standing.state != "submitted"  # then it names deferred materials alone, which is no breach
    late = [] if is_accepted else never_asked(case.standing, notice["items"])
    if notice["late_reason"] and not late:
        raise BadFields({"late_reason": ["这次没有要求新的材料，不用写漏告知的理由。"]})
    kept = {name: notice[name] for name in ("items", "text")}
    return {**kept, "late": late, "late_reason": notice["late_reason"]} if notice["late_reason"] else kept


def _check_items(case: OpenCase, items: list[Data]) -> None:
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


def _check_receiver(case: OpenCase, data: Data) -> None:
    """Raises BadFields where the result goes to somebody else than the applicant without a proof of their right."""
    is_applicant = data["to"].strip() in {APPLICANT, str(case.answers["applicant_name"]).strip()}
    if not is_applicant and not data["proof"].strip():
        raise BadFields({"proof": ["代领的请写明凭证，例如委托书和代领人的身份证。"]})


def _check_spot(case: OpenCase, data: Data) -> None:
    """Raises BadFields where a refusal has a result, or something is handed over that was not made."""
    if data["kind"] == "refuse" and (data["serial"] or data["to"]):
        zh, en = "不同意办理的，没有结果可以交给申请人", "Of what is refused there is no result"
        raise BadFields({"serial": [Reason(zh, en)]})
    if data["to"] and not data["serial"]:
        zh, en = "当场交给申请人的，请填结果编号", "Give the number of what is handed over"
        raise BadFields({"serial": [Reason(zh, en)]})
    if data["to"]:
        _check_receiver(case, data)
