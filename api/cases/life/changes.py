"""What each act changes in the standing of a case, beside its state, version and holder; none checks anything."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from api.cases.case import Action
from api.cases.life.standing import CaseStanding, keys_of
from api.cases.promises import deferral
from api.cases.promises import promise as promises


def content(action: Action) -> dict[str, Any]:
    """The fields of an act with the instant at which it was done, `at`; its template is the office's own."""
    return {**{key: value for key, value in action.data.items() if key != "template"}, "at": action.at}


def submitted(action: Action) -> CaseStanding:
    """The standing that a submission begins: what was handed in, deferred and promised."""
    data = action.data
    materials, deferrals, promise = dict(data["materials"]), deferral.chosen(data), promises.given(data)
    return CaseStanding("submitted", action.seq, materials=materials, deferrals=deferrals, promise=promise)


def accept(standing: CaseStanding, action: Action) -> CaseStanding:
    """What the applicant deferred is to come by the day that the acceptance names."""
    return replace(standing, deferrals=deferral.accepted(standing.deferrals, action.data, action.at))


def promise(standing: CaseStanding, action: Action) -> CaseStanding:
    """The case is granted upon the promise, which is to be checked."""
    decided = promises.decided(standing.promise, action.data, action.at)
    return replace(standing, decision=content(action), promise=decided)


def check_promise(standing: CaseStanding, action: Action) -> CaseStanding:
    """The promise was found kept or broken; the decision stands as it is."""
    return replace(standing, promise=promises.checked(standing.promise, action.data, action.at))


def order_rectification(standing: CaseStanding, action: Action) -> CaseStanding:
    """What was not as promised is to be put right within a time; the decision stands."""
    return replace(standing, promise=promises.ordered(standing.promise, action.seq, action.data, action.at))


def check_rectification(standing: CaseStanding, action: Action) -> CaseStanding:
    """It was put right, and the decision stands for good; or it was not."""
    return replace(standing, promise=promises.rectification_checked(standing.promise, action.data, action.at))


def revoke(standing: CaseStanding, action: Action) -> CaseStanding:
    """The decision stands no more."""
    return replace(standing, promise=promises.revoked(standing.promise, action.at), end=None)


def terminate(standing: CaseStanding, action: Action) -> CaseStanding:
    """The case ends; for what was to come and did not, if that is the cause."""
    is_late = action.data.get("cause") == deferral.LATE
    return replace(standing, deferrals=deferral.ended(standing.deferrals, action.at)) if is_late else standing


def claim(standing: CaseStanding, action: Action) -> CaseStanding:
    """The actor holds the case."""
    return replace(standing, officer=action.by)


def release(standing: CaseStanding, action: Action) -> CaseStanding:
    """Nobody holds the case."""
    return replace(standing, officer=None)


def request_supplement(standing: CaseStanding, action: Action) -> CaseStanding:
    """A new round begins: these materials are asked for, and count as named from now on. After acceptance it names only
    deferred materials, and is no round."""
    notice, deferrals = content(action), deferral.named(standing.deferrals, action.data["items"])
    if standing.state != "submitted":
        return replace(standing, deferrals=deferrals)
    begun = {"seq": action.seq, "asked_at": action.at, "answered_at": None, **notice}
    asked_before = standing.asked_before | keys_of(notice["items"])
    rounds = (*standing.rounds, begun)
    return replace(
        standing,
        state="supplementing",
        supplement=notice,
        asked_before=asked_before,
        rounds=rounds,
        deferrals=deferrals,
    )


def supplement(standing: CaseStanding, action: Action) -> CaseStanding:
    """What came replaces what was there, and answers the last round; after acceptance it is what was deferred."""
    materials = {**(standing.materials or {}), **action.data["materials"]}
    deferrals = deferral.handed_in(standing.deferrals, action.data["materials"], action.at)
    if standing.state != "supplementing":
        return replace(standing, materials=materials, deferrals=deferrals)
    *earlier, last = standing.rounds
    rounds = (*earlier, {**last, "answered_at": action.at})
    return replace(standing, state="submitted", materials=materials, rounds=rounds, deferrals=deferrals)


def transfer(standing: CaseStanding, action: Action) -> CaseStanding:
    """The case lies with another department."""
    return replace(standing, department=action.data["department"])


def decide(standing: CaseStanding, action: Action) -> CaseStanding:
    """The case is granted, upon the promise if one was given, or refused."""
    if action.data["kind"] == "grant":
        return replace(promise(standing, action), state="granted")
    return replace(standing, decision=content(action), state="refused")


def issue(standing: CaseStanding, action: Action) -> CaseStanding:
    """There is a result to be handed over."""
    return replace(standing, result={**content(action), "seq": action.seq})


def hand_over(standing: CaseStanding, action: Action) -> CaseStanding:
    """The newest result was handed over; one that an earlier release sent before it (`sent_at`) leaves that waiting."""
    if standing.result and not hands_over_newest(action, standing.result["at"]):
        return replace(standing, state="issued")
    *earlier, last = standing.reissues or (None,)
    reissues = (*filter(None, earlier), {**last, "handed_over_at": action.at}) if last else ()
    return replace(standing, state="handed_over", handed_over_at=action.at, reissues=reissues)


def hands_over_newest(action: Action, made_at: datetime | None) -> bool:
    """Whether a hand-over is of the newest result, made then: an earlier release recorded that of an older one too."""
    sent_at = action.data.get("sent_at")
    return made_at is None or sent_at is None or made_at <= datetime.fromisoformat(sent_at)


def close(standing: CaseStanding, action: Action) -> CaseStanding:
    """The case is filed; what it came to stays known."""
    return replace(standing, end=standing.state)
