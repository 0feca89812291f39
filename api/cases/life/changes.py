"""What each act changes in the standing of a case, beside its state, version and holder; none checks anything."""

from dataclasses import replace
from typing import Any

from api.cases.case import Action
from api.cases.life.standing import CaseStanding, keys_of


def content(action: Action) -> dict[str, Any]:
    """The fields of an act with the instant at which it was done, `at`."""
    return {**action.data, "at": action.at}


def claim(standing: CaseStanding, action: Action) -> CaseStanding:
    """The actor holds the case."""
    return replace(standing, officer=action.by)


def release(standing: CaseStanding, action: Action) -> CaseStanding:
    """Nobody holds the case."""
    return replace(standing, officer=None)


def request_supplement(standing: CaseStanding, action: Action) -> CaseStanding:
    """A new round begins: these materials are asked for, and count as named from now on."""
    notice = content(action)
    begun = {"seq": action.seq, "asked_at": action.at, "answered_at": None, **action.data}
    asked_before = standing.asked_before | keys_of(notice["items"])
    return replace(standing, supplement=notice, asked_before=asked_before, rounds=(*standing.rounds, begun))


def supplement(standing: CaseStanding, action: Action) -> CaseStanding:
    """What came replaces what was there, and answers the last round."""
    materials = {**(standing.materials or {}), **action.data["materials"]}
    *earlier, last = standing.rounds
    return replace(standing, materials=materials, rounds=(*earlier, {**last, "answered_at": action.at}))


def transfer(standing: CaseStanding, action: Action) -> CaseStanding:
    """The case lies with another department."""
    return replace(standing, department=action.data["department"])


def decide(standing: CaseStanding, action: Action) -> CaseStanding:
    """The case is granted or refused."""
    state = "granted" if action.data["kind"] == "grant" else "refused"
    return replace(standing, decision=content(action), state=state)


def issue(standing: CaseStanding, action: Action) -> CaseStanding:
    """There is a result to be handed over."""
    return replace(standing, result=content(action))


def hand_over(standing: CaseStanding, action: Action) -> CaseStanding:
    """The result was handed over, with what was made anew."""
    reissues = tuple({**row, "handed_over_at": row["handed_over_at"] or action.at} for row in standing.reissues)
    return replace(standing, handed_over_at=action.at, reissues=reissues)


def close(standing: CaseStanding, action: Action) -> CaseStanding:
    """The case is filed; what it came to stays known."""
    return replace(standing, end=standing.state)
