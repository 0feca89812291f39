"""A process's memory of the desks' queues: counted at most once a second, and only changed places are sent."""

import threading
import time
from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import Any, TypeVar

from chat.desk.waiting_time import Wait
from chat.ports import Document

Who = TypeVar("Who", bound=Hashable)

PAUSE_SECONDS = 1.0


class Queues:
    """Which queues have changed, when the places of each were sent last, and which places they were."""

    def __init__(self) -> None:
        self.pause = PAUSE_SECONDS
        self._changed: set[str] = set()
        self._sent_at: dict[str, float] = {}
        self._places: dict[str, Mapping[Any, Document]] = {}
        self._waits: dict[str, tuple[float, list[Wait]]] = {}
        self._lock = threading.Lock()

    def changed(self, desks: Iterable[str]) -> None:
        """The queues of these desks have changed."""
        with self._lock:
            self._changed.update(desks)

    def due(self) -> list[str]:
        """The changed desks whose places were not sent within the last second; each is given to one caller only."""
        now = time.monotonic()
        with self._lock:
            due = [desk for desk in self._changed if now - self._sent_at.get(desk, -self.pause) >= self.pause]
            self._changed.difference_update(due)
            self._sent_at.update(dict.fromkeys(due, now))
        return due

    def changed_places(self, desk: str, places: Mapping[Who, Document]) -> list[tuple[Who, Document]]:
        """The places that differ from those sent last."""
        with self._lock:
            before, self._places[desk] = self._places.get(desk, {}), {**places}
        return [(who, place) for who, place in places.items() if before.get(who) != place]

    def waits(self, desk: str) -> list[Wait] | None:
        """The waits measured at a desk, if that was within the last second."""
        at, waits = self._waits.get(desk, (-self.pause, []))
        return waits if time.monotonic() - at < self.pause else None

    def remember_waits(self, desk: str, waits: list[Wait]) -> list[Wait]:
        """Keep measured waits for a second."""
        self._waits[desk] = (time.monotonic(), waits)
        return waits


class Turns:
    """Runs work under a name in one thread at a time; a call meanwhile makes that thread run it once more."""

    MOST = 1_000

    def __init__(self) -> None:
        self._wanted: set[str] = set()
        self._busy: set[str] = set()
        self._lock = threading.Lock()

    def take(self, name: str, work: Callable[[], bool]) -> None:
        """Repeat `work` until it gives False, unless another thread does: then that one repeats it after this call."""
        with self._lock:
            self._wanted.add(name)
            if name in self._busy:
                return
            self._busy.add(name)
        try:
            while self._again(name):
                for _ in range(self.MOST):
                    if not work():
                        break
        except BaseException:
            with self._lock:
                self._busy.discard(name)
            raise

    def _again(self, name: str) -> bool:
        """Whether somebody called since the last run; if not, the turn is over, in the same instant."""
        with self._lock:
            if name in self._wanted:
                self._wanted.discard(name)
                return True
            self._busy.discard(name)
            return False
