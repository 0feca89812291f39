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


class NothingToHandOver(Refusal):
    """The result was handed over, and none was made anew since."""

    code = "nothing_to_hand_over"
    zh = "结果已经送达，没有新制作的要送。"
    en = "The result was handed over, and none was made anew since."


class ResultWaits(Refusal):
    """A result that was made anew has not been handed over."""

    code = "result_waits"
    zh = "重新制作的结果还没有送达，送达后才能归档。"
    en = "The result that was made anew has not been handed over yet."


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


def to_hand_over(attempt: Attempt) -> Refusal | None:
    """A result waits: the first, or one that was made anew."""
    standing = attempt.standing
    return NothingToHandOver() if standing.state == "handed_over" and not standing.result_waits else None


def nothing_waits(attempt: Attempt) -> Refusal | None:
    """No result that was made anew waits to be handed over."""
    return ResultWaits() if attempt.standing.result_waits else None


def correct(standing: CaseStanding, action: Action) -> CaseStanding:
    """The correction stands beside the act that it is about."""
    [act] = [row["act"] for row in standing.seen if row["seq"] == action.data["about"]]
    correction = {"seq": action.seq, "act": act, "at": action.at, **action.data}
    return replace(standing, corrections=(*standing.corrections, correction))


def reissue(standing: CaseStanding, action: Action) -> CaseStanding:
    """The new result replaces the one before, whose number stays known; if that was handed over, this one waits."""
    before = standing.result["serial"] if standing.result else ""
    made = {"seq": action.seq, "at": action.at, "before": before, "handed_over_at": None, **action.data}
    result = {**action.data, "at": action.at}
    return replace(standing, result=result, reissues=(*standing.reissues, made))
