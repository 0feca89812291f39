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
    "start_procedure": {"procedure": "检验", "days": 10},
    "end_procedure": {"procedure": "检验"},
    "survey": {"officers": [ME, COLLEAGUE], "photos": []},
    "assign": {"officer": COLLEAGUE},
    "terminate": {"cause": "object_gone", "text": "房屋已拆除"},
    "correct": {"about": 2, "was": "10", "right": "15", "text": "笔误"},
    "request_extension": {"days": 5, "text": "要等检验结果"},
}
"""The fields of acts whose guards look at them."""


def deferred(state, start="2026-11-24"):
    """A deferral of m1 in a state; `start`: the day of acceptance, None before it."""
    start = None if state in ("asked", "called_in") else start
    terms = {"days": 5, "unit": "working", "text": {}, "matter_version": 2, "accepted_at": ""}
    return {"deferrals": ({"key": "m1", "state": state, **terms, "start": start, "ended_at": None},)}


def promised(**changes):
    """A promise, not decided upon."""
    return {"promise": {"decided_at": None, "check": None, "orders": (), "revoked_at": None, **changes}}


def untrue(*outcomes):
    """A promise that was decided upon and found untrue, and what came of each order to put that right."""
    orders = tuple({"seq": 9, "outcome": outcome} for outcome in outcomes)
    return promised(decided_at="then", check={"outcome": "broken"}, orders=orders)


@cache
def matter(**changes):
    """食品经营许可, with these changes of its entry."""
    return matter_of({**ENTRY, **changes})


def procedure(kind="检验", ended_at=None):
    """A special procedure of a case."""
    return {"seq": 3, "kind": kind, "started_at": 1, "ended_at": ended_at}


def extension(outcome=None, by=COLLEAGUE):
    """An extension of a case."""
    return {"seq": 3, "days": 5, "by": by, "outcome": outcome}


def done(*acts):
    """The acts of the office that the applicant saw: `{seq, act, role}`."""
    return {"seen": tuple(dict(zip(("seq", "act", "role"), row, strict=True)) for row in acts)}


def anew():
    """A result that was made anew."""
    return {"reissues": ({"seq": 9, "serial": "JY2", "handed_over_at": None},)}


STANDINGS = {
    "correct": done((2, "accept", "window"), (3, "decide", "handler")),
    "reissue": {"end": "handed_over"},
    "release": {"officer": ME},
    "end_procedure": {"procedures": (procedure(),)},
    "approve_extension": {"extensions": (extension(),)},
    "refuse_extension": {"extensions": (extension(),)},
    "defer": deferred("asked"),
    "supplement": deferred("open"),
    "request_supplement": deferred("brought"),
    "promise": promised(),
    "check_promise": promised(decided_at="then"),
    "order_rectification": untrue(),
    "check_rectification": untrue(None),
    "revoke": untrue(),
}
"""What there must be before an act, so that nothing hinders it."""
GOVERNMENT, DEPARTMENT = ({"extension_approver": approver} for approver in ("本级人民政府负责人", "本机关负责人"))


def plain(act, role, state):
    """An attempt that no guard hinders; a head of the government has a matter whose extensions they approve."""
    standing = CaseStanding(state, 3, **STANDINGS.get(act, {}))
    terms = matter(
        **(GOVERNMENT if role == "government_head" else DEPARTMENT),
        delegated="审批人员" if role == "handler" else "窗口",
    )
    data = DATA.get(act, {})
    if act == "correct" and role == "handler":
        data = {**data, "about": 3}
    return Attempt(standing, terms, ME, frozenset({role}), data, is_aided=True)


def now(**changes):
    """A situation in which the standing differs."""
    return lambda attempt: replace(attempt, standing=replace(attempt.standing, **changes))


def given(**fields):
    """A situation in which fields of the act differ."""
    return lambda attempt: replace(attempt, data={**attempt.data, **fields})


def terms(**changes):
    """A situation in which the matter's data differ."""
    return lambda attempt: replace(attempt, matter=matter(**changes))


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
    "an account has it": lambda attempt: replace(attempt, is_aided=False),
    "nobody's": now(officer=None),
    "mine": now(officer=ME),
    "a colleague's": now(officer=COLLEAGUE),
    "m1 deferred, not answered": now(**deferred("asked")),
    "m1 deferred and to come": now(**deferred("open")),
    "m1 deferred and there": now(**deferred("brought")),
    "m1 deferred and there, for m4 now": both(now(**deferred("brought")), FOR_M4),
    "m1 deferred and wanted now": now(**deferred("called_in")),
    "m1 called in before acceptance and there": now(**deferred("brought", start=None)),
    "nothing deferred": now(deferrals=()),
    "nothing promised": now(promise=None),
    "promised, m1 deferred, not answered": now(**deferred("asked")),
    "decided by officers alone": lambda attempt: replace(attempt, matter=matter(delegated="审批人员")),
    "checked already": now(**promised(decided_at="then", check={"outcome": "kept"})),
    "not decided upon": now(**promised()),
    "not checked yet": now(**promised(decided_at="then")),
    "found as promised": now(**promised(decided_at="then", check={"outcome": "kept"})),
    "found untrue": now(**untrue()),
    "ordered to be put right": now(**untrue(None)),
    "put right": now(**untrue("not_rectified", "rectified")),
    "not put right": now(**untrue("not_rectified")),
    "a kind that no law knows": given(procedure="算卦"),
    "a visit to the site": given(procedure="现场踏勘"),
    "the same kind runs": now(procedures=(procedure(),)),
    "the same kind has ended": now(procedures=(procedure(ended_at=2),)),
    "another kind runs": now(procedures=(procedure("听证"),)),
    "nothing runs": now(procedures=()),
    "no law extends it": terms(extension_days=None, extension_approver="无"),
    "who approves is not known": terms(extension_approver="未明确"),
    "an extension waits": now(extensions=(extension(),)),
    "an extension was approved": now(extensions=(extension("approved"),)),
    "an extension was refused": now(extensions=(extension("refused"),)),
    "none was asked": now(extensions=()),
    "I asked for it myself": now(extensions=(extension(by=ME),)),
    "the limit has passed": lambda attempt: replace(attempt, is_overdue=True),
    "as many days as the law allows": given(days=5),
    "a day more than the law allows": given(days=6),
    "the government approves": terms(**GOVERNMENT),
    "the department approves": terms(**DEPARTMENT),
    "another colleague's": now(officer="another"),
    "a colleague's, to be put back": both(now(officer=COLLEAGUE), given(officer="")),
    "nobody's, to be put back": both(now(officer=None), given(officer="")),
    "one officer alone": given(officers=[ME]),
    "one officer named twice": given(officers=[ME, ME]),
    "three officers": given(officers=[ME, COLLEAGUE, "another"]),
    "the approval officers decide at once": terms(delegated="审批人员"),
    "the window decides at once": terms(delegated="窗口"),
    "nobody decides at once": terms(delegated="无"),
    "who decides at once is not known": terms(delegated="未明确"),
    "the papers did not come": given(cause="no_supplement"),
    "nothing was done yet": now(**done()),
    "the handler did it": now(**done((3, "decide", "handler"))),
    "the window did it": now(**done((2, "accept", "window"))),
    "an act that is not there": given(about=7),
    "an act of the window": given(about=2),
    "its result was handed over": now(end="handed_over"),
    "it was refused before it was closed": now(end="refused"),
    "it was withdrawn before it was closed": now(end="withdrawn"),
    "a result was made anew": now(**anew()),
    "asked for m1 before, for m1 again": ASKED_M1,
    "asked for m1 before, for m4 now": both(ASKED_M1, FOR_M4),
    "asked for m1 before, for m4 now with a reason": both(ASKED_M1, FOR_M4, given(late_reason="看漏了")),
}
