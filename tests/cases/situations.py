"""The situations that `guards.csv` names: each changes an attempt for which nothing is in the way."""

from dataclasses import replace
from functools import cache

from api.cases.life.rule import Attempt
from api.cases.life.standing import CaseStanding
from api.matters.catalogue.matter import matter_of
from tests.matters.starter import RECORDS

[ENTRY] = [entry for entry in RECORDS if entry["code"] == "XC-行政许可-001"]
ME, COLLEAGUE = "me", "colleague"
DATA = {
    "request_supplement": {"items": [{"key": "m1", "why": "没有签名"}], "late_reason": ""},
}
"""The fields of acts whose guards look at them."""


def deferred(state):
    """A deferral of m1 in a state."""
    terms = {"days": 5, "unit": "working", "text": {}, "matter_version": 2, "accepted_at": ""}
    return {"deferrals": ({"key": "m1", "state": state, **terms, "ended_at": None},)}


def promised(**changes):
    """A promise, not decided upon."""
    return {"promise": {"decided_at": None, "check": None, **changes}}


STANDING = {
    "defer": deferred("asked"),
    "supplement": deferred("open"),
    "request_supplement": deferred("brought"),
    "promise": promised(),
    "check_promise": promised(decided_at="then"),
}
"""What of the standing acts need beyond the state."""


@cache
def matter(**changes):
    """食品经营许可, with these changes of its entry."""
    return matter_of({**ENTRY, **changes})


def plain(act, role, state):
    """An attempt that no guard hinders: the case is held by the actor where the act ends that, else by nobody."""
    officer = ME if act == "release" else None
    standing = CaseStanding(state, 3, officer=officer, **STANDING.get(act, {}))
    return Attempt(standing, matter(delegated="窗口"), ME, frozenset({role}), DATA.get(act, {}))


def now(**changes):
    """A situation in which the standing differs."""
    return lambda attempt: replace(attempt, standing=replace(attempt.standing, **changes))


def given(**fields):
    """A situation in which fields of the act differ."""
    return lambda attempt: replace(attempt, data={**attempt.data, **fields})


def both(*situations):
    """Several situations at once."""

    def change(attempt):
        for situation in situations:
            attempt = situation(attempt)
        return attempt

    return change


ASKED_M1 = now(asked_before=frozenset({"m1"}))
FOR_M4 = given(items=[{"key": "m4", "why": "缺图"}])

SITUATIONS = {
    "nobody's": now(officer=None),
    "mine": now(officer=ME),
    "a colleague's": now(officer=COLLEAGUE),
    "m1 deferred, not answered": now(**deferred("asked")),
    "m1 deferred and to come": now(**deferred("open")),
    "m1 deferred and there": now(**deferred("brought")),
    "m1 deferred and there, for m4 now": both(now(**deferred("brought")), FOR_M4),
    "m1 deferred and wanted now": now(**deferred("called_in")),
    "nothing deferred": now(deferrals=()),
    "nothing promised": now(promise=None),
    "promised, m1 deferred, not answered": now(**deferred("asked")),
    "decided by officers alone": lambda attempt: replace(attempt, matter=matter(delegated="审批人员")),
    "checked already": now(**promised(decided_at="then", check={"outcome": "kept"})),
    "not decided upon": now(**promised()),
    "asked for m1 before, for m1 again": ASKED_M1,
    "asked for m1 before, for m4 now": both(ASKED_M1, FOR_M4),
    "asked for m1 before, for m4 now with a reason": both(ASKED_M1, FOR_M4, given(late_reason="看漏了")),
}
