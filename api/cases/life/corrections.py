"""Mistakes are mended by acts that the applicant sees: a correction of an earlier act, a result made anew.

Neither changes what is stored of the earlier act.
"""

from dataclasses import replace

from api.cases.case import Action
from api.cases.life.rule import Attempt
from api.cases.life.standing import CaseStanding, Row
from api.refusals import BadFields, Reason, Refusal

HEADS = frozenset({"head"})


class NothingToCorrect(Refusal):
    """No act of this actor's side is there that could be corrected."""

    code = "nothing_to_correct"
    zh = "没有您的岗位作出、可以更正的步骤。"
    en = "There is no step of your role that could be corrected."


class NothingToReissue(Refusal):
    """A closed case whose result was never handed over has none that could be made anew."""

    code = "nothing_to_reissue"
    zh = "这个办件没有送达过结果，没有可以重新制作的。"
    en = "No result of this case was handed over: there is none to be made anew."


def correctable(attempt: Attempt) -> tuple[Row, ...]:
    """The earlier acts that this actor may correct: those of their role, for a head all."""
    own = (row for row in attempt.standing.seen if row["role"] in attempt.roles or HEADS & attempt.roles)
    return tuple(own)


def corrects_own(attempt: Attempt) -> Refusal | None:
    """What is corrected is an earlier act that the applicant saw, by the role in which it was done, or by a head."""
    acts = {row["seq"] for row in correctable(attempt)}
    if not acts:
        return NothingToCorrect()
    if attempt.data is None or attempt.data["about"] in acts:
        return None
    zh, en = "没有这一步，或者它不由您的岗位更正", "There is no such step, or your role does not correct it"
    return BadFields({"about": [Reason(zh, en)]})


def made_before(attempt: Attempt) -> Refusal | None:
    """There is a result: of a closed case, one that was handed over."""
    standing = attempt.standing
    has_none = standing.state == "closed" and standing.end != "handed_over"
    return NothingToReissue() if has_none else None


def correct(standing: CaseStanding, action: Action) -> CaseStanding:
    """The correction stands beside the act that it is about."""
    [act] = [row["act"] for row in standing.seen if row["seq"] == action.data["about"]]
    correction = {"seq": action.seq, "act": act, "at": action.at, **action.data}
    return replace(standing, corrections=(*standing.corrections, correction))


def reissue(standing: CaseStanding, action: Action) -> CaseStanding:
    """The new result replaces the one before, whose number stays known, and waits to be handed over whatever became of
    that; a closed case is open again."""
    before = standing.result["serial"] if standing.result else ""
    made = {"seq": action.seq, "at": action.at, "before": before, "handed_over_at": None, **action.data}
    result = {**action.data, "seq": action.seq, "at": action.at}
    reissues = (*standing.reissues, made)
    return replace(standing, result=result, handed_over_at=None, reissues=reissues, end=None)
