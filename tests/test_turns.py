"""Turns are shared fairly: by house in turn, by person within a house; bounded for each and for all."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from api.turns import FairTurns, NoTurn, Owner, Shares, ShareUsedUp

SHARES = Shares(at_once=1, person=3, house=5, everybody=8, seconds=30)
Started = Callable[[str], threading.Thread]


class Line:
    """Requests that wait behind one that holds the only turn; `order` is that of their turns."""

    def __init__(self, turns: FairTurns) -> None:
        self.turns, self.order, self.refused = turns, list[str](), list[str]()
        self._threads: list[threading.Thread] = []

    def joins(self, *names: str) -> None:
        """`who` or `who@network`, one after another."""
        for name in names:
            person, _, network = name.partition("@")
            owner = Owner(network, person) if network else Owner(person)
            before = len(self.turns._line) + len(self.refused)
            thread = threading.Thread(target=self._wait, args=(name, owner))
            thread.start()
            self._threads.append(thread)
            until(lambda before=before: len(self.turns._line) + len(self.refused) > before)

    def ends(self) -> list[str]:
        """The order of the turns, once all are over."""
        for thread in self._threads:
            thread.join(30)
        return self.order

    def _wait(self, name: str, owner: Owner) -> None:
        try:
            with self.turns.turn(owner):
                self.order.append(name)
        except (NoTurn, ShareUsedUp):
            self.refused.append(name)


def until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.001)


@contextmanager
def held(shares: Shares = SHARES) -> Iterator[Line]:
    turns = FairTurns(shares)
    with turns.turn(Owner("first")):
        line = Line(turns)
        yield line


@pytest.mark.parametrize(
    ("arrive", "served"),
    [
        ("A A A B", "A B A A"),
        ("A A A B C B", "A B C A B A"),
        ("A A A B@n B@n C@n D", "A B@n D A C@n A B@n"),
        ("B@n B@n B@n C@n", "B@n C@n B@n B@n"),
        ("A B C", "A B C"),
    ],
)
def test_houses_take_turns_and_so_do_the_people_of_a_house(arrive: str, served: str) -> None:
    with held() as line:
        line.joins(*arrive.split())
    assert line.ends() == served.split()


def test_who_comes_late_waits_for_one_turn_of_each_other() -> None:
    turns = FairTurns(SHARES)
    with turns.turn(Owner("A")):
        line = Line(turns)
        line.joins("A", "A", "A", "B", "B", "C")
    assert line.ends() == ["A", "B", "C", "A", "B", "A"]


def test_a_person_and_a_network_have_bounds_of_their_own() -> None:
    with held() as line:
        line.joins(*["A"] * 4, *["B@n"] * 3, *["C@n"] * 3)
        assert line.refused == ["A", "C@n"], "three of a person, five of a network"
    line.ends()


def test_where_all_places_are_taken_who_has_least_gets_one_of_who_has_most() -> None:
    with held() as line:
        line.joins("A", "A", "A", "B", "B", "B", "C", "C")
        for newcomer, sent_away in (("D", "A"), ("E", "B"), ("F", "A"), ("C", "C")):
            line.joins(newcomer)
            until(lambda: len(line.turns._line) == SHARES.everybody)
            assert line.refused[-1] == sent_away
    line.ends()


def test_one_house_leaves_a_turn_to_the_others() -> None:
    turns = FairTurns(Shares(at_once=2, person=9, house=9, everybody=9, seconds=0.05))
    with turns.turn(Owner("A")):
        with pytest.raises(NoTurn), turns.turn(Owner("A")):
            pass
        with turns.turn(Owner("B")):
            pass


def test_who_waits_in_vain_leaves_no_trace() -> None:
    turns = FairTurns(Shares(at_once=1, person=9, house=9, everybody=9, seconds=0.01))
    with turns.turn(Owner("A")):
        for _ in range(20):
            with pytest.raises(NoTurn), turns.turn(Owner("B")):
                pass
    assert (turns._line, turns._running, turns._last) == ([], [], {})
    with turns.turn(Owner("B")):
        pass


def test_a_turn_that_fails_is_given_back() -> None:
    turns = FairTurns(SHARES)
    for _ in range(3):
        with pytest.raises(ZeroDivisionError), turns.turn(Owner("A")):
            raise ZeroDivisionError
    assert turns._running == []
