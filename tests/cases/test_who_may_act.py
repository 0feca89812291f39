"""Who may do which act in which state under which guard, against two tables written by hand: they say what must be.

`acts.csv`: per act and role, for each state `yes`, `-` (409: not in this state) or `no` (403: not in this state by this
role); a role without a row may never do the act (403). `guards.csv`: what else hinders an act, by situation; each guard
of the table of acts stands there.
"""

import csv
from dataclasses import replace
from pathlib import Path

import pytest

from api.cases.case import STATES
from api.cases.life.acts import RULES, allowed, check
from api.cases.life.guards import GUARDS
from api.cases.life.rule import Attempt
from api.refusals import Refusal
from tests.cases.situations import SITUATIONS, plain

ROLES = ["citizen", "window", "handler", "head", "government_head", "supervisor", "admin", "system"]
ANSWERS = {"yes": "yes", "-": "act_not_allowed", "no": "role_wrong"}


def table(name):
    with (Path(__file__).parent / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


MUST = {(row["act"], row["role"]): row for row in table("acts.csv")}
GUARDED = table("guards.csv")


def answer(act, attempt):
    """`yes` if the act may be done, else the code of its refusal."""
    try:
        check(act, attempt)
    except Refusal as refusal:
        return refusal.code
    return "yes"


def wanted(act, role, state):
    row = MUST.get((act, role))
    return ANSWERS[row[state]] if row else "role_wrong"


def test_the_table_names_every_act_and_state_and_no_other():
    assert {act for act, _ in MUST} == set(RULES)
    assert list(table("acts.csv")[0]) == ["act", "role", *STATES]


@pytest.mark.parametrize("act", sorted(RULES))
def test_each_role_may_do_an_act_in_just_these_states(act):
    wrong = []
    for role in ROLES:
        for state in STATES:
            attempt = plain(act, role, state)
            if (given := answer(act, attempt)) != wanted(act, role, state):
                wrong.append((role, state, given))
            offered = act in allowed(attempt)
            assert offered == (given == "yes"), (role, state)
    assert wrong == []


@pytest.mark.parametrize("row", GUARDED, ids=lambda row: f"{row['act']} {row['situation']}")
def test_each_guard_answers_as_the_table_says(row):
    act, role, state = row["act"], row["role"], row["state"]
    assert wanted(act, role, state) == "yes", "a guard is asked where role and state would let the act pass"
    assert answer(act, SITUATIONS[row["situation"]](plain(act, role, state))) == row["answer"]


def test_every_guard_of_every_act_is_tried_both_ways(monkeypatch):
    refused = set()
    for name, guard in GUARDS.items():
        monkeypatch.setitem(GUARDS, name, lambda attempt, guard=guard, name=name: spoken(refused, name, guard(attempt)))
    for row in GUARDED:
        answer(row["act"], SITUATIONS[row["situation"]](plain(row["act"], row["role"], row["state"])))
    for act, role in MUST:
        for state in STATES:
            answer(act, plain(act, role, state))
    assert {name for row in RULES.values() for name in row.guards} == set(GUARDS)
    assert sorted(set(GUARDS) - refused) == []


def spoken(refused, name, why):
    if why is not None:
        refused.add(name)
    return why


def test_an_offer_asks_nothing_of_the_fields():
    for act in RULES:
        for state in STATES:
            attempt = replace(plain(act, "window", state), data=None)
            assert isinstance(allowed(attempt), list)
            assert isinstance(attempt, Attempt)
