"""Extensions of the time limit (行政许可法 第42条): who may ask, who approves, and what that changes.

Once, in time, at most as many days as the matter's law allows, approved by whom it names (rules 27-30 of the clock);
never by whoever asked.
"""

from dataclasses import replace
from typing import Any

from api.calendar.day_words import number_of_days
from api.cases.case import Action
from api.cases.life.rule import Attempt
from api.cases.life.standing import CaseStanding
from api.matters.catalogue.elements import UNKNOWN
from api.matters.catalogue.matter import Matter
from api.refusals import BadFields, Reason, Refusal

APPROVING_ROLES = {"agency_head": "head", "government_head": "government_head"}
"""By approver, as the clock names them, the role in which it is done."""


class ExtensionNotAllowed(Refusal):
    """No law lets the limit of this matter be extended, or who would approve it is not known."""

    code = "extension_not_allowed"
    zh = "没有法律规定这个事项的期限可以延长。"
    en = "No law lets the time limit of this matter be extended."


class ExtensionOnce(Refusal):
    """The limit was extended before, or an extension waits for its answer."""

    code = "extension_once"
    zh = "期限只能延长一次：已经延长过，或者已有一个延期申请在等批准。"
    en = "A limit is extended once: it was already, or an extension waits for its answer."


class ExtensionLate(Refusal):
    """The limit has passed, so it can no longer be extended (第42条)."""

    code = "extension_late"
    zh = "法定期限已过，不能再延长。"
    en = "The statutory limit has passed: it can no longer be extended."


class ExtensionNotAsked(Refusal):
    """No extension waits for an answer."""

    code = "extension_not_asked"
    zh = "没有等待批准的延期申请。"
    en = "No extension waits for an answer."


class ApproverWrong(Refusal):
    """Another office approves the extensions of this matter."""

    code = "approver_wrong"
    zh = "这个事项的延期由本机关负责人批准。"
    en = "Extensions of this matter are approved by the head of the department."


class NotByTheAsker(Refusal):
    """Whoever asked for an extension does not answer it."""

    code = "not_by_the_asker"
    zh = "延期不能由申请延期的人自己批准。"
    en = "Whoever asked for an extension does not answer it."


def extension_allowed(attempt: Attempt) -> Refusal | None:
    """The matter has a statutory limit, days by which it may be extended, and a known approver."""
    matter = attempt.matter
    if matter.record.get("extension_approver") == UNKNOWN:
        zh = "事项目录没有写明由谁批准延期，请先补全这个事项，再申请。"
        return ExtensionNotAllowed(zh=zh, en="The catalogue does not say who approves an extension of this matter yet.")
    return None if matter.statutory and matter.extension_days and matter.extension_approver else ExtensionNotAllowed()


def extension_once(attempt: Attempt) -> Refusal | None:
    """No extension was approved, and none waits (a refused one may be asked for again)."""
    return ExtensionOnce() if any(row["outcome"] != "refused" for row in attempt.standing.extensions) else None


def in_time(attempt: Attempt) -> Refusal | None:
    """The statutory limit has not passed (rule 28)."""
    return ExtensionLate() if attempt.is_overdue else None


def within_the_most(attempt: Attempt) -> Refusal | None:
    """Not more days than the law allows."""
    most = attempt.matter.extension_days or 0
    if attempt.data is None or attempt.data["days"] <= most:
        return None
    words = number_of_days(most, unit_of(attempt.matter))
    return BadFields({"days": [Reason(f"最多延长 {words.zh}", f"At most {words.en}")]})


def extension_waits(attempt: Attempt) -> Refusal | None:
    """An extension was asked and not answered."""
    return None if attempt.standing.asked_extension else ExtensionNotAsked()


def right_approver(attempt: Attempt) -> Refusal | None:
    """The actor heads what the matter's data names: the department, or the government of the district."""
    approver = attempt.matter.extension_approver
    if approver is None or APPROVING_ROLES[approver] in attempt.roles:
        return None
    if approver == "agency_head":
        return ApproverWrong()
    en = "Extensions of this matter are approved by the head of the government of the district."
    return ApproverWrong(zh="这个事项的延期由本级人民政府负责人批准。", en=en)


def not_the_asker(attempt: Attempt) -> Refusal | None:
    """Somebody else asked."""
    row = attempt.standing.asked_extension
    return NotByTheAsker() if row and row["by"] == attempt.actor else None


def unit_of(matter: Matter) -> str:
    """The unit in which the limit of a matter is extended: that of the limit, `working` or `calendar` days."""
    return matter.statutory.unit if matter.statutory else "working"


def asked(attempt: Attempt) -> dict[str, Any]:
    """What the request for an extension records beside its days and reason: their unit."""
    return {"unit": unit_of(attempt.matter)}


def answered(attempt: Attempt) -> dict[str, Any]:
    """What the answer to the extension that waits records of it: its days, their unit, and who approves by law."""
    row, matter = attempt.standing.asked_extension, attempt.matter
    return {"days": row["days"] if row else None, "unit": unit_of(matter), "approver": matter.extension_approver}


def request_extension(standing: CaseStanding, action: Action) -> CaseStanding:
    """An extension waits for its answer."""
    row = {"seq": action.seq, "days": action.data["days"], "text": action.data["text"], "asked_at": action.at}
    row |= {"by": action.by, "outcome": None, "answered_at": None, "answer": ""}
    return replace(standing, extensions=(*standing.extensions, row))


def approve_extension(standing: CaseStanding, action: Action) -> CaseStanding:
    """The extension that waited counts; its reason is what the applicant is told."""
    return _answered(standing, action, "approved")


def refuse_extension(standing: CaseStanding, action: Action) -> CaseStanding:
    """The extension that waited has no effect at all (rule 30)."""
    return _answered(standing, action, "refused")


def _answered(standing: CaseStanding, action: Action, outcome: str) -> CaseStanding:
    *earlier, last = standing.extensions
    answer = {"outcome": outcome, "answered_at": action.at, "answer": action.data["text"]}
    return replace(standing, extensions=(*earlier, {**last, **answer}))
