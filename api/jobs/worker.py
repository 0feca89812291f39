"""The worker: runs the background work of a process, a loop in a thread per step."""

import logging
import threading
from collections.abc import Callable, Collection, Mapping
from datetime import datetime

log = logging.getLogger("circle.jobs")

Step = Callable[[datetime], bool]
"""Does at most one piece of due work; True if there may be more."""

SWEEP_SECONDS = 1.0
"""The longest pause between two looks for work; a commit wakes those loops at once that it may have given work."""

STOP_SECONDS = 10.0


class Worker:
    """Runs each step in a loop of its own, so that a slow one does not hold up the others.

    A step takes the present time and returns whether it found work. An idle loop sleeps SWEEP_SECONDS; `nudge` wakes
    those in `woken`, or all: each costs the store a query or more, so what only looks round periodically is none.
    """

    def __init__(
        self, steps: Mapping[str, Step], *, now: Callable[[], datetime], woken: Collection[str] | None = None
    ) -> None:
        self._steps = steps
        self._now = now
        self._stopping = threading.Event()
        self._wake = {name: threading.Event() for name in steps}
        self._woken = [self._wake[name] for name in (steps if woken is None else woken)]
        self._threads: list[threading.Thread] = []

    def nudge(self) -> None:
        """Wake the loops that a commit may have given work."""
        for wake in self._woken:
            wake.set()

    def start(self) -> None:
        """Start the loops."""
        for name in self._steps:
            thread = threading.Thread(target=self._loop, args=(name,), name=f"worker-{name}", daemon=True)
            thread.start()
            self._threads.append(thread)

    def halt(self) -> None:
        """Have no further step begin."""
        self._stopping.set()
        for wake in self._wake.values():
            wake.set()

    def stop(self) -> None:
        """Stop the loops, each after its current step; waits up to STOP_SECONDS for each, then cuts the step off."""
        self.halt()
        for thread in self._threads:
            thread.join(timeout=STOP_SECONDS)

    def drain(self, rounds: int = 1000) -> None:
        """Run all steps here until none has work left; for tests and commands. Raises RuntimeError after `rounds`."""
        for _ in range(rounds):
            if sum(step(self._now()) for step in self._steps.values()) == 0:
                return
        raise RuntimeError("the work does not end")

    def _loop(self, name: str) -> None:
        step, wake = self._steps[name], self._wake[name]
        while not self._stopping.is_set():
            try:
                busy = step(self._now())
            except Exception as error:
                if self._stopping.is_set():  # the store was closed on it; what it had begun is due again
                    log.warning("a step was cut off by the end", extra={"step": name, "error": type(error).__name__})
                    return
                log.exception("step failed", extra={"step": name})
                busy = False
            if not busy:
                wake.wait(SWEEP_SECONDS)
                wake.clear()
