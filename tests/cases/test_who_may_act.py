"""Who may do what in which state, against a table written by hand: it says what must be, not what is."""

import pytest

from api.cases.case import ActNotAllowed, ActNotYours, CaseStanding, HeldByOther, allowed, check

C, W, H, S = "citizen", "window", "handler", "system"
MUST: dict[str, dict[str, set[str]]] = {
    "submitted": {
        C: {"withdraw"},
        W: {"claim", "release", "accept", "decline", "request_supplement", "transfer", "note"},
        H: {"claim", "release", "transfer", "note"},
        S: {"deem"},
    },
    "supplementing": {
        C: {"supplement", "withdraw"},
        W: {"claim", "release", "decline", "transfer", "note"},
        H: {"claim", "release", "transfer", "note"},
        S: set(),
    },
    "accepted": {
        C: {"withdraw"},
        W: {"claim", "release", "transfer", "note"},
        H: {"claim", "release", "decide", "transfer", "note"},
        S: set(),
    },
    "granted": {C: set(), W: {"claim", "release", "issue", "note"}, H: {"claim", "release", "note"}, S: set()},
    "refused": {C: set(), W: {"note", "close"}, H: {"note"}, S: set()},
    "issued": {
        C: set(),
        W: {"claim", "release", "hand_over", "note"},
        H: {"claim", "release", "note"},
        S: {"hand_over"},
    },
    "handed_over": {C: set(), W: {"note", "close"}, H: {"note"}, S: set()},
    "declined": {C: set(), W: {"note", "close"}, H: {"note"}, S: set()},
    "withdrawn": {C: set(), W: {"note", "close"}, H: {"note"}, S: set()},
    "closed": {C: set(), W: set(), H: set(), S: set()},
}
ACTS = {"supplement", "withdraw", "claim", "release", "accept", "deem", "decline", "request_supplement", "decide"}
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
    assert offered == MUST[state][role] - {"release"}


def test_who_holds_a_case_may_release_it_and_others_may_only_note():
    held = CaseStanding("submitted", 3, officer="me")
    assert "release" in allowed(held, frozenset({W}), "me")
    assert "claim" not in allowed(held, frozenset({W}), "me")
    assert allowed(held, frozenset({W}), "you") == ["note"]
    with pytest.raises(HeldByOther):
        check(held, "accept", frozenset({W}), "you", DATA)
