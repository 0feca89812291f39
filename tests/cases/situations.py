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


@cache
def matter(**changes):
    """食品经营许可, with these changes of its entry."""
    return matter_of({**ENTRY, **changes})


def plain(act, role, state):
    """An attempt that no guard hinders: the case is held by the actor where the act ends that, else by nobody."""
    officer = ME if act == "release" else None
    return Attempt(CaseStanding(state, 3, officer=officer), matter(), ME, frozenset({role}), DATA.get(act, {}))


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
    "asked for m1 before, for m1 again": ASKED_M1,
    "asked for m1 before, for m4 now": both(ASKED_M1, FOR_M4),
    "asked for m1 before, for m4 now with a reason": both(ASKED_M1, FOR_M4, given(late_reason="看漏了")),
}
