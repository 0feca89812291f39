"""The guards of acts that have to do with promises: what was deferred, and what was promised."""

from api.cases.life.on_the_spot import NotDelegated
from api.cases.life.rule import Attempt, Guard
from api.cases.promises import deferral, promise
from api.matters.catalogue.elements import DELEGATES
from api.refusals import Refusal


class ResultHeld(Refusal):
    """The result waits for a material that follows later."""

    code = "result_held"
    zh = "容缺后补的材料还没有交来，结果要等材料补齐才能制发。"
    en = "A material that follows later has not come: the result is held until it has."


class DeferralAsked(Refusal):
    """The applicant asked that materials may follow; a plain acceptance would leave that unanswered."""

    code = "deferral_asked"
    zh = "申请人选择了容缺后补：同意的请用“容缺受理”，不同意的请一次性告知要补的材料。"
    en = "The applicant chose that materials follow later: accept with `defer`, or ask for them by a notice."


class NothingDeferred(Refusal):
    """Nothing was deferred that this act is about; nobody chooses a deferral for the applicant."""

    code = "nothing_deferred"
    zh = "没有申请人选择后补、现在还要交的材料。"
    en = "There is no material that the applicant chose to bring later and that is awaited now."


class DeferralOver(Refusal):
    """After acceptance only a deferred material that came may be asked for again, within its days."""

    code = "deferral_over"
    zh = "受理以后，只能在期限内就容缺后补的材料再要求补正。"
    en = "After acceptance only materials that followed later may be asked for again, within their days."


class NotPromised(Refusal):
    """The applicant gave no promise that the matter could be decided upon, or it was checked already."""

    code = "not_promised"
    zh = "申请人没有作出告知承诺，或者承诺已经核查过，不能这样做。"
    en = "The applicant gave no promise, or it has been checked already."


class PromiseBroken(Refusal):
    """The applicant broke a promise before, and no supervisor has lifted it."""

    code = "promise_broken"
    zh = "申请人以前的承诺没有兑现，还没有修复，不能容缺受理，也不能告知承诺。请一次性告知要补的材料。"
    en = (
        "The applicant broke an earlier promise that has not been lifted: nothing may follow later or be promised. "
        "Ask for what is missing by a notice."
    )


class NotBroken(Refusal):
    """No promise of this case was found untrue that is still to be settled."""

    code = "not_broken"
    zh = "没有核查不实、还要处置的承诺。"
    en = "No promise was found untrue here that is still to be settled."


class RectificationRuns(Refusal):
    """What was ordered to be put right is looked at first."""

    code = "rectification_runs"
    zh = "已经责令限期整改，请先复查整改结果。"
    en = "It was ordered to be put right: check first what came of that."


class RectificationNotOrdered(Refusal):
    """Nothing was ordered to be put right, or that was checked already."""

    code = "rectification_not_ordered"
    zh = "没有等待复查的限期整改。"
    en = "Nothing was ordered to be put right that waits for its check."


def deferral_answered(attempt: Attempt) -> Refusal | None:
    """The applicant chose no deferral that a plain acceptance would leave unanswered."""
    return DeferralAsked() if deferral.is_asked(attempt.standing.deferrals) else None


def deferral_chosen(attempt: Attempt) -> Refusal | None:
    """The applicant chose that materials follow later."""
    return None if deferral.is_asked(attempt.standing.deferrals) else NothingDeferred()


def nothing_to_come(attempt: Attempt) -> Refusal | None:
    """Every deferred material has come."""
    return ResultHeld() if deferral.to_come(attempt.standing.deferrals) else None


def awaited(attempt: Attempt) -> Refusal | None:
    """Before acceptance a notice waits for its answer; after it a deferred material is still to come."""
    standing = attempt.standing
    waits = standing.state == "supplementing" or deferral.to_come(standing.deferrals)
    return None if waits else NothingDeferred()


def names_deferred_alone(attempt: Attempt) -> Refusal | None:
    """After acceptance a notice names nothing but deferred materials; their days are looked at in `promises.acts`."""
    standing = attempt.standing
    if standing.state == "submitted":
        return None
    again = deferral.may_be_named_again(standing.deferrals)
    names = again if attempt.data is None else {item["key"] for item in attempt.data["items"]}
    return None if names and again.issuperset(names) else DeferralOver()


def promised(attempt: Attempt) -> Refusal | None:
    """The applicant gave the promise (告知承诺), and nothing that they deferred waits for an answer."""
    standing = attempt.standing
    if standing.promise is None:
        return NotPromised()
    return DeferralAsked() if deferral.is_asked(standing.deferrals) else None


def may_decide_at_once(attempt: Attempt) -> Refusal | None:
    """Approval officers decide; the window where the matter's data lets it decide on the spot (`delegated`)."""
    is_delegated = DELEGATES.get(attempt.matter.record.get("delegated") or "") in attempt.roles
    if "handler" in attempt.roles or is_delegated:
        return None
    return NotDelegated(zh="这个事项由审批人员决定。", en="Approval officers decide this matter.")


def promise_to_check(attempt: Attempt) -> Refusal | None:
    """It was decided upon a promise that nobody has checked yet."""
    standing = attempt.standing
    waits = promise.waits_for_check(standing.promise, standing.end or standing.state)
    return None if waits else NotPromised()


def unsettled(attempt: Attempt) -> Refusal | None:
    """The promise was found untrue, and that is neither put right nor the decision revoked."""
    return None if promise.is_unsettled(attempt.standing.promise) else NotBroken()


def no_order_runs(attempt: Attempt) -> Refusal | None:
    """Nothing that was ordered to be put right waits for its check."""
    return RectificationRuns() if promise.open_order(attempt.standing.promise) else None


def order_runs(attempt: Attempt) -> Refusal | None:
    """Something was ordered to be put right, and waits for its check."""
    return None if promise.open_order(attempt.standing.promise) else RectificationNotOrdered()


GUARDS: tuple[Guard, ...] = (
    *(deferral_answered, deferral_chosen, nothing_to_come, awaited, names_deferred_alone),
    *(promised, may_decide_at_once, promise_to_check, unsettled, no_order_runs, order_runs),
)
"""The guards; the table of acts names each by its name."""
