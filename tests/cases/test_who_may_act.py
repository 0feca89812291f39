"""Who may do what in which state, against a table written by hand: it says what must be, not what is."""

import pytest

from api.cases.case import ActNotAllowed, ActNotYours, CaseStanding, HeldByOther, NotClaimed, allowed, check

C, W, H, S = "citizen", "window", "handler", "system"
MUST: dict[str, dict[str, set[str]]] = {
    "submitted": {
        C: {"withdraw"},
        W: {"claim", "accept", "decline", "request_supplement", "transfer", "note"},
        H: {"transfer", "note"},
        S: {"deem"},
    },
    "supplementing": {
        C: {"supplement", "withdraw"},
        W: {"claim", "decline", "transfer", "note"},
        H: {"transfer", "note"},
        S: set(),
    },
    "accepted": {
        C: {"withdraw"},
        W: {"transfer", "note"},
        H: {"claim", "decide", "transfer", "note"},
        S: set(),
    },
    "granted": {C: set(), W: {"claim", "issue", "note"}, H: {"note"}, S: set()},
    "refused": {C: set(), W: {"note", "close"}, H: {"note"}, S: set()},
    "issued": {
        C: set(),
        W: {"claim", "hand_over", "note"},
        H: {"note"},
        S: {"hand_over"},
    },
    "handed_over": {C: set(), W: {"note", "close"}, H: {"note"}, S: set()},
    "declined": {C: set(), W: {"note", "close"}, H: {"note"}, S: set()},
    "withdrawn": {C: set(), W: {"note", "close"}, H: {"note"}, S: set()},
    "closed": {C: set(), W: set(), H: set(), S: set()},
}
ACTS = {"supplement", "withdraw", "claim", "accept", "deem", "decline", "request_supplement", "decide"}
ACTS |= {"issue", "hand_over", "note", "transfer", "close"}
DATA = {"items": [], "kind": "grant", "department": "RSJ"}


@pytest.mark.parametrize("state", MUST)
@pytest.mark.parametrize("role", [C, W, H, S])
@pytest.mark.parametrize("act", sorted(ACTS))
def test_each_role_may_do_just_this(state, role, act):
    standing = CaseStanding(state, 3)
    if act in MUST[state][role]:
        assert check(standing, act, frozenset({role}), "me", DATA) == role
    else:
        with pytest.raises((ActNotAllowed, ActNotYours)):
            check(standing, act, frozenset({role}), "me", DATA)


@pytest.mark.parametrize("state", MUST)
@pytest.mark.parametrize("role", [C, W, H])
def test_what_is_offered_is_what_is_allowed(state, role):
    offered = set(allowed(CaseStanding(state, 3), frozenset({role}), "me"))
    assert offered == MUST[state][role]


OPEN = ["submitted", "supplementing", "accepted", "granted", "issued"]


@pytest.mark.parametrize("state", OPEN)
@pytest.mark.parametrize("role", [W, H])
def test_what_nobody_holds_is_not_released_and_what_one_holds_not_claimed_again(state, role):
    with pytest.raises(NotClaimed):
        check(CaseStanding(state, 3), "release", frozenset({role}), "me", DATA)
    mine = CaseStanding(state, 3, officer="me")
    assert check(mine, "release", frozenset({role}), "me", DATA) == role
    with pytest.raises((ActNotAllowed, ActNotYours)):
        check(mine, "claim", frozenset({role}), "me", DATA)


def test_who_holds_a_case_may_release_it_and_others_may_only_note():
    held = CaseStanding("submitted", 3, officer="me")
    assert "release" in allowed(held, frozenset({W}), "me")
    assert "claim" not in allowed(held, frozenset({W}), "me")
    assert allowed(held, frozenset({W}), "you") == ["note"]
    with pytest.raises(HeldByOther):
        check(held, "accept", frozenset({W}), "you", DATA)
