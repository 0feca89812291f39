"""The states: forward only, the first final one stays."""

import itertools
from functools import reduce

import pytest

from notifications import notice
from notifications.notice import COMES_FROM, FINAL, STATES, may_follow

RANK = {"held": 0, "queued": 1, "submitting": 2, "unknown": 2, "accepted": 3, "sent": 4}


def test_the_final_states() -> None:
    assert {"delivered", "displayed", "unseen", "undelivered", "failed", "canceled", "expired", "suppressed"} == FINAL
    assert notice.FAILED < FINAL


@pytest.mark.parametrize("final", sorted(FINAL))
@pytest.mark.parametrize("new", sorted(COMES_FROM))
def test_nothing_follows_a_final_state(new: str, final: str) -> None:
    assert not may_follow(new, final)


@pytest.mark.parametrize("final", ["delivered", "undelivered", "failed", "canceled"])
@pytest.mark.parametrize("start", ["queued", "submitting", "unknown", "accepted"])
def test_every_order_and_number_of_callbacks_comes_to_the_same_end(start: str, final: str) -> None:
    said = ["accepted", "accepted", "sent", "sent", final, final]
    ends = {
        reduce(lambda old, new: new if may_follow(new, old) else old, order, start)
        for order in set(itertools.permutations(said))
    }
    assert ends == {final}


def test_only_what_was_not_taken_goes_back_to_the_queue() -> None:
    backward = {
        (old, new) for new in COMES_FROM for old in COMES_FROM[new] if new not in FINAL and RANK[new] < RANK[old]
    }
    assert backward == {("submitting", "queued"), ("unknown", "queued")}


def test_every_state_but_the_first_can_be_reached() -> None:
    assert STATES - set(COMES_FROM) == {"held"}


@pytest.mark.parametrize(("address", "masked"), [("+8613800138000", "138****8000"), ("+4915112345678", "****5678")])
def test_an_address_is_masked(address: str, masked: str) -> None:
    assert notice.mask(address) == masked
