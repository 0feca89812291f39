"""THE table of a case's life: who may do which act in which states under which guards; and the fold by it.

In one file, since it is read, and compared with the tables written by hand, as one table.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from api.calendar.day_words import TwoLanguages
from api.cases.case import ENDED, OPEN, STATES, Action
from api.cases.life import changes, corrections, extensions, holding, inspections, procedures
from api.cases.life import fields as form
from api.cases.life.guards import GUARDS, ActNotAllowed, ActNotYours
from api.cases.life.rule import ActRule, Attempt, rule
from api.cases.life.standing import WORK_OF, CaseStanding
from api.refusals import Refusal

LIVE, KEPT = " ".join(sorted(OPEN)), " ".join(sorted(OPEN | ENDED))
DONE = " ".join(sorted(ENDED))

RULES: dict[str, ActRule] = {
    # -- the applicant, or a window for one without an account
    "supplement": rule(
        ("补交材料", "Documents handed in"),
        "citizen window",
        "supplementing accepted granted",
        event="case.supplemented",
        guards="aided awaited",
        change=changes.supplement,
        fields=form.SUPPLEMENT,
    ),
    "withdraw": rule(
        ("撤回申请", "Withdrawn"),
        "citizen window",
        "submitted supplementing accepted",
        "withdrawn",
        event="case.withdrawn",
        guards="aided",
        fields=form.WITHDRAW,
    ),
    # -- who holds it
    "claim": rule(
        ("认领", "Taken"),
        "window handler",
        LIVE,
        event="case.claimed",
        guards="moves_on free not_mine",
        change=changes.claim,
        visibility="inside",
    ),
    "release": rule(
        ("放回", "Put back"),
        "window handler",
        LIVE,
        event="case.released",
        guards="free claimed",
        change=changes.release,
        visibility="inside",
    ),
    "assign": rule(
        ("指派", "Assigned"),
        "head",
        LIVE,
        event="case.assigned",
        guards="holder_changes",
        change=holding.assign,
        fields=form.ASSIGN,
        visibility="inside",
    ),
    # -- acceptance
    "accept": rule(
        ("受理", "Accepted"),
        "window",
        "submitted",
        "accepted",
        event="case.accepted",
        guards="free deferral_answered",
        fields=form.ACCEPT,
        change=changes.accept,
    ),
    "defer": rule(
        ("容缺受理", "Accepted, some to follow"),
        "window",
        "submitted",
        "accepted",
        event="case.deferred",
        guards="free deferral_chosen",
        fields=form.ACCEPT,
        change=changes.accept,
    ),
    "deem": rule(
        ("逾期未告知，视为受理", "No answer in time: deemed accepted"),
        "system",
        "submitted",
        "accepted",
        event="case.deemed_accepted",
        change=changes.accept,
    ),
    "decline": rule(
        ("不予受理", "Not accepted"),
        "window",
        "submitted supplementing",
        "declined",
        event="case.declined",
        guards="free",
        fields=form.DECLINE,
    ),
    "request_supplement": rule(
        ("一次性告知补正", "Documents asked for"),
        "window handler",
        "submitted accepted granted",
        event="case.supplement_requested",
        guards="in_turn free names_deferred_alone told_once",
        change=changes.request_supplement,
        fields=form.REQUEST_SUPPLEMENT,
    ),
    "transfer": rule(
        ("移交其他部门", "Moved to another department"),
        "window handler",
        "submitted supplementing accepted",
        event="case.transferred",
        guards="free",
        change=changes.transfer,
        fields=form.TRANSFER,
        visibility="act_alone",
    ),
    # -- special procedures and extensions
    "start_procedure": rule(
        ("特别程序开始", "Special procedure begins"),
        "handler",
        "accepted",
        event="case.procedure_started",
        guards="free known_procedure once_at_a_time",
        change=procedures.start_procedure,
        fields=form.START_PROCEDURE,
    ),
    "end_procedure": rule(
        ("特别程序结束", "Special procedure ends"),
        "handler",
        "accepted",
        event="case.procedure_ended",
        guards="free running",
        change=procedures.end_procedure,
        fields=form.END_PROCEDURE,
    ),
    "request_extension": rule(
        ("申请延长期限", "Extension asked for"),
        "handler",
        "accepted",
        event="case.extension_requested",
        guards="free extension_allowed extension_once in_time within_the_most",
        change=extensions.request_extension,
        records=extensions.asked,
        fields=form.REQUEST_EXTENSION,
        visibility="inside",
    ),
    "approve_extension": rule(
        ("批准延长期限", "Time limit extended"),
        "head government_head",
        "accepted",
        event="case.extension_approved",
        guards="right_approver extension_waits not_the_asker in_time",
        change=extensions.approve_extension,
        records=extensions.answered,
        fields=form.ANSWER_EXTENSION,
    ),
    "refuse_extension": rule(
        ("不批准延长期限", "Extension refused"),
        "head government_head",
        "accepted",
        event="case.extension_refused",
        guards="right_approver extension_waits not_the_asker",
        change=extensions.refuse_extension,
        records=extensions.answered,
        fields=form.ANSWER_EXTENSION,
        visibility="inside",
    ),
    # -- before the decision
    "survey": rule(
        ("现场核查", "Survey on the spot"),
        "handler",
        "accepted",
        event="case.surveyed",
        guards="free two_officers",
        change=inspections.survey,
        fields=form.SURVEY,
        visibility="act_alone",
    ),
    "review": rule(
        ("部门审查", "Reviewed by the department"),
        "handler head",
        "accepted",
        event="case.reviewed",
        change=inspections.review,
        fields=form.REVIEW,
        visibility="act_alone",
    ),
    # -- decision and result
    "decide": rule(
        ("作出决定", "Decided"),
        "handler",
        "accepted",
        event="case.decided",
        guards="free",
        change=changes.decide,
        fields=form.DECIDE,
    ),
    "promise": rule(
        ("按告知承诺当场决定", "Decided upon the promise"),
        "window handler",
        "submitted accepted",
        "granted",
        event="case.decided",
        guards="may_decide_at_once promised free",
        change=changes.promise,
        fields=form.PROMISE,
    ),
    "check_promise": rule(
        ("核查承诺", "Promise checked"),
        "handler",
        "granted issued handed_over closed",
        event="case.promise_checked",
        guards="promise_to_check free",
        change=changes.check_promise,
        fields=form.CHECK_PROMISE,
    ),
    "order_rectification": rule(
        ("责令限期整改", "Ordered to be put right"),
        "handler",
        "granted issued handed_over closed",
        event="case.rectification_ordered",
        guards="unsettled no_order_runs free",
        change=changes.order_rectification,
        fields=form.ORDER_RECTIFICATION,
    ),
    "check_rectification": rule(
        ("复查整改", "Checked whether it was put right"),
        "handler",
        "granted issued handed_over closed",
        event="case.rectification_checked",
        guards="order_runs free",
        change=changes.check_rectification,
        fields=form.CHECK_RECTIFICATION,
    ),
    "revoke": rule(
        ("撤销决定", "Decision revoked"),
        "window handler",
        "granted issued handed_over closed",
        "revoked",
        event="case.revoked",
        guards="may_decide_at_once unsettled no_order_runs free",
        change=changes.revoke,
        fields=form.REVOKE,
    ),
    "finish": rule(
        ("当场办结", "Done on the spot"),
        "window handler",
        "submitted accepted",
        event="case.decided",
        guards="delegated free",
        fields=form.FINISH,
    ),
    "issue": rule(
        ("制作证照", "Result made"),
        "window",
        "granted",
        "issued",
        event="case.issued",
        guards="free nothing_to_come",
        change=changes.issue,
        fields=form.ISSUE,
    ),
    "hand_over": rule(
        ("送达", "Handed over"),
        "window system",
        "issued",
        event="case.handed_over",
        guards="free nothing_to_come",
        change=changes.hand_over,
        fields=form.HAND_OVER,
    ),
    "reissue": rule(
        ("重新制作结果", "Result made anew"),
        "window",
        "issued handed_over closed",
        "issued",
        event="case.reissued",
        guards="free made_before",
        change=corrections.reissue,
        fields=form.REISSUE,
    ),
    "correct": rule(
        ("更正", "Corrected"),
        "window handler head",
        " ".join(STATES),
        event="case.corrected",
        guards="corrects_own",
        change=corrections.correct,
        fields=form.CORRECT,
    ),
    "terminate": rule(
        ("终止办理", "Ended without a decision"),
        "window handler system",
        "submitted supplementing accepted granted",
        "terminated",
        event="case.terminated",
        guards="not_yet_granted free cause_fits",
        change=changes.terminate,
        fields=form.TERMINATE,
    ),
    # -- beside the way
    "due_changed": rule(
        ("期限变更", "Time limit changed"),
        "system",
        "submitted accepted granted issued",
        event="case.due_changed",
    ),
    "note": rule(
        ("内部备注", "Staff note"),
        "window handler",
        KEPT,
        event="case.noted",
        fields=form.NOTE,
        visibility="inside",
    ),
    "close": rule(
        ("办结归档", "Closed"),
        "window",
        DONE,
        "closed",
        event="case.closed",
        guards="free",
        change=changes.close,
        fields=form.CLOSE,
    ),
}
"""The rule per act; `submit` has none, since it creates the case. Acts are stored, so they keep their names.

Tables written by hand under tests/cases/ repeat them."""

OFFICERS = frozenset({"window", "handler", "head", "government_head"})
SUBMIT_LABEL = TwoLanguages("提交申请", "Submitted")
SEVERAL = frozenset({"finish"})
"""Acts that stand for several and are stored as these (on_the_spot.py), never themselves."""
EVENTS = {"submit": "case.submitted"} | {act: row.event for act, row in RULES.items()}
"""By act: the type of the event that is announced when it was done."""
PUBLIC = frozenset(act for act, row in RULES.items() if row.visibility != "inside") | {"submit"}
"""Acts that the applicant sees in the timeline; the rest is the office's own."""
INNER_WORDS = frozenset(act for act, row in RULES.items() if row.visibility == "act_alone")
"""Public acts whose words are meant for colleagues: the applicant sees the act, not its words."""
APPLICANTS = frozenset(act for act, row in RULES.items() if "citizen" in row.roles)
"""The applicant's own acts, whoever did them for them."""
OPEN_TO_APPLICANT = frozenset(act for act, row in RULES.items() if row.visibility == "open" and row.roles & OFFICERS)
SEEN = OPEN_TO_APPLICANT - APPLICANTS - {"correct"}
"""The office's acts whose words the applicant sees: what they say may be corrected."""


def fold(actions: Iterable[Action]) -> CaseStanding:
    """Fold the actions of a case, in order, into its standing. The first must be `submit`."""
    standing: CaseStanding | None = None
    for action in actions:
        if action.act == "submit":
            standing = changes.submitted(action)
        else:
            assert standing is not None
            standing = apply(standing, action)
    assert standing is not None
    return standing


def apply(standing: CaseStanding, action: Action) -> CaseStanding:
    """Return the standing after one more action; `action` is not checked here."""
    row = RULES[action.act]
    after = row.change(replace(standing, version=action.seq), action)
    if action.act in SEEN:
        after = replace(after, seen=(*after.seen, {"seq": action.seq, "act": action.act, "role": action.role}))
    after = replace(after, state=row.leads_to or after.state)
    if action.act == "transfer" or WORK_OF.get(after.state) != WORK_OF.get(standing.state):
        after = replace(after, officer=None)  # it is somebody else's turn
    return after if after.state == "accepted" else procedures.all_ended(after, action)


def check(act: str, attempt: Attempt) -> str:
    """Check that an act may be done now, and return the role in which it is done.

    Raises ActNotYours, ActNotAllowed, or the refusal of a guard, each with what the actor may do instead.
    """
    refusal = _hindrance(act, attempt)
    if refusal is not None:
        raise refusal
    return WORK_OF[attempt.standing.state] if act == "claim" else min(RULES[act].roles & attempt.roles)


def allowed(attempt: Attempt) -> list[str]:
    """The acts that this actor may do now."""
    offer = replace(attempt, data=None)
    return [act for act in RULES if _hindrance(act, offer) is None]


def _hindrance(act: str, attempt: Attempt) -> Refusal | None:
    """Why an actor may not do an act now; None if they may."""
    row = RULES[act]
    if not row.roles & attempt.roles:
        return ActNotYours()
    if attempt.standing.state not in row.states:
        return ActNotAllowed()
    return next((why for name in row.guards if (why := GUARDS[name](attempt))), None)


def is_current(actions: Iterable[Action], version: int) -> bool:
    """Whether an applicant who saw a case at this version has seen all that concerns them: only notes and claims since.

    False for a version that the case has not reached.
    """
    later = [action for action in actions if action.seq >= version]
    return bool(later) and later[0].seq == version and PUBLIC.isdisjoint(action.act for action in later[1:])


def act_data(act: str, body: dict[str, Any]) -> dict[str, Any]:
    """Of a body only the fields that an act uses; a `reason` becomes its text in the timeline."""
    used = {field.key: body.get(field.key, field.blank) for field in RULES[act].fields}
    if "reason" in used:
        used["text"] = used.pop("reason")
    return used
