"""The guards of acts: named pure functions of the standing, the matter's data and the actor, each with its refusal."""

from api.cases.life import aided, corrections, endings, extensions, holding, inspections, on_the_spot, procedures
from api.cases.life.rule import Attempt, Guard
from api.cases.life.standing import WORK_OF, never_asked
from api.cases.promises import guards as promises
from api.cases.promises.deferral import may_be_named_again
from api.refusals import Refusal


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


def free(attempt: Attempt) -> Refusal | None:
    """Nobody else has claimed the case; the system waits for nobody."""
    is_free = attempt.standing.officer in {None, attempt.actor} or "system" in attempt.roles
    return None if is_free else HeldByOther()


def moves_on(attempt: Attempt) -> Refusal | None:
    """The actor has the role that moves the case on from its state."""
    return None if WORK_OF[attempt.standing.state] in attempt.roles else ActNotYours()


def not_mine(attempt: Attempt) -> Refusal | None:
    """The actor does not hold the case already."""
    return ActNotAllowed() if attempt.standing.officer == attempt.actor else None


def claimed(attempt: Attempt) -> Refusal | None:
    """Somebody holds the case."""
    return NotClaimed() if attempt.standing.officer is None else None


def in_turn(attempt: Attempt) -> Refusal | None:
    """Before acceptance the window asks for papers; after it, of what was deferred, the approval officer, and once
    granted either."""
    roles, state = attempt.roles, attempt.standing.state
    if state != "submitted" and not may_be_named_again(attempt.standing.deferrals):
        return ActNotAllowed()
    return None if state == "granted" or WORK_OF[state] in roles else ActNotYours()


def not_yet_granted(attempt: Attempt) -> Refusal | None:
    """What was granted is ended by the system alone, for a material that was deferred and did not come."""
    is_system = "system" in attempt.roles
    return None if attempt.standing.state != "granted" or is_system else ActNotAllowed()


def told_once(attempt: Attempt) -> Refusal | None:
    """A later notice names only what an earlier one named, or says why it names more (行政许可法 第32条)."""
    data = attempt.data if attempt.standing.state == "submitted" else None
    is_late = data is not None and never_asked(attempt.standing, data["items"]) and not data.get("late_reason")
    return ToldOnce() if is_late else None


GUARDS: dict[str, Guard] = {
    guard.__name__: guard
    for guard in (
        *(free, moves_on, not_mine, claimed, in_turn, not_yet_granted, told_once, aided.aided),
        *(procedures.known_procedure, procedures.once_at_a_time, procedures.running),
        *(extensions.extension_allowed, extensions.extension_once, extensions.in_time, extensions.within_the_most),
        *(inspections.two_officers, endings.cause_fits, on_the_spot.delegated, holding.holder_changes),
        *(corrections.corrects_own, corrections.made_before),
        *(extensions.extension_waits, extensions.right_approver, extensions.not_the_asker),
        *promises.GUARDS,
    )
}
"""The guards by name, as the table of acts names them."""
