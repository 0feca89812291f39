"""Turns at something scarce, shared fairly: whoever asks for much waits behind their own requests, not before others'.

A house is a person who is logged in, or the network of people who are not; inside it each browser counts for itself.
Houses take turns (round robin), and so do the people of a house: before each request of one at most one of each other.
"""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import NamedTuple


class Owner(NamedTuple):
    """Whose request it is: the house, and the person in it if the house is a network."""

    house: str
    person: str = ""


class NoTurn(Exception):
    """No turn came in time, or too many others wait."""


class ShareUsedUp(Exception):
    """As many requests of this person, or of this network, wait as may wait at once."""


@dataclass(frozen=True)
class Shares:
    """How many run `at_once`, how many may wait (of a person, of a house, of all), and for how many seconds.

    A house runs at most `at_once` - 1 at a time (but always 1), so that the next one need not wait for its work to end.
    """

    at_once: int
    person: int
    house: int
    everybody: int
    seconds: float


@dataclass(eq=False)
class _Request:
    owner: Owner
    number: int
    """Its place in the order in which requests came and turns began."""
    called: threading.Event = field(default_factory=threading.Event)


class FairTurns:
    """The turns of one process. `turn` is a `with` block that begins when it is the owner's turn."""

    def __init__(self, shares: Shares) -> None:
        self._shares = shares
        self._lock = threading.Lock()
        self._line: list[_Request] = []
        self._running: list[_Request] = []
        self._last: dict[Owner, int] = {}
        """The number of the last turn of a house (an owner without person), and of a person in it, while one waits."""
        self._number = 0

    @contextmanager
    def turn(self, owner: Owner) -> Iterator[None]:
        """Wait for a turn, and hold it for the block. Raises ShareUsedUp at once, NoTurn at once or after `seconds`."""
        request = self._join(owner)
        try:
            request.called.wait(self._shares.seconds)
            with self._lock:
                if request not in self._running:
                    raise NoTurn
            yield
        finally:
            self._leave(request)

    def _join(self, owner: Owner) -> _Request:
        with self._lock:
            persons = Counter(request.owner for request in self._line)
            houses = Counter(request.owner.house for request in self._line)
            if persons[owner] >= self._shares.person or houses[owner.house] >= self._shares.house:
                raise ShareUsedUp
            if len(self._line) >= self._shares.everybody:
                self._make_room(houses, owner.house)
            request = _Request(owner, self._next_number())
            self._line.append(request)
            self._call()
            return request

    def _make_room(self, houses: Counter[str], house: str) -> None:
        """Send away the latest request of the house with the most. Raises NoTurn if it would have no more than this."""
        largest, count = houses.most_common(1)[0]
        if count <= houses[house] + 1:
            raise NoTurn
        last = [request for request in self._line if request.owner.house == largest][-1]
        self._line.remove(last)
        last.called.set()

    def _leave(self, request: _Request) -> None:
        with self._lock:
            for group in (self._line, self._running):
                if request in group:
                    group.remove(request)
            self._call()

    def _call(self) -> None:
        """Begin as many turns as may run now."""
        while len(self._running) < self._shares.at_once and (free := self._free()):
            request = self._first(free)
            self._line.remove(request)
            self._running.append(request)
            self._last[Owner(request.owner.house)] = self._last[request.owner] = self._next_number()
            request.called.set()
        waiting = {request.owner.house for request in self._line}
        self._last = {owner: number for owner, number in self._last.items() if owner.house in waiting}

    def _free(self) -> list[_Request]:
        """The waiting requests, in order, of houses that run fewer than they may."""
        most = max(1, self._shares.at_once - 1)
        running = Counter(request.owner.house for request in self._running)
        return [request for request in self._line if running[request.owner.house] < most]

    def _first(self, free: list[_Request]) -> _Request:
        """The request whose house, and in it whose person, has waited longest: since it came or had its last turn."""
        house = self._longest({Owner(request.owner.house): request for request in reversed(free)}).owner.house
        return self._longest({request.owner: request for request in reversed(free) if request.owner.house == house})

    def _longest(self, first: dict[Owner, _Request]) -> _Request:
        return min(first.items(), key=lambda each: max(each[1].number, self._last.get(each[0], 0)))[1]

    def _next_number(self) -> int:
        self._number += 1
        return self._number
