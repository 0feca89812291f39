"""The processes that run on this store, each with a sign of life; a second one needs a message queue beside it."""

import os
from collections.abc import Callable
from datetime import datetime
from socket import gethostname
from typing import Any

from uuid6 import uuid7

from api import release
from api.jobs.store import JobStore


class SecondProcess(Exception):
    """Another process runs on this store, and no message queue connects the two."""


class Processes:
    """Registers this process. Two need a message queue, or what happens in one is not broadcast by the other."""

    def __init__(self, store: JobStore, *, now: Callable[[], datetime]) -> None:
        self._store = store
        self._now = now
        self._me = str(uuid7())
        self._entered = False

    def enter(self, joined: bool) -> None:
        """Register this process. Raises SecondProcess if another one lives and they are not `joined` by a queue."""
        row = {"_id": self._me, "host": gethostname(), "pid": os.getpid(), "seen_at": self._now(), "release": release()}
        self._store.put_process(row)
        self._entered = True
        others = [other for other in self._store.processes(self._now()) if other["_id"] != self._me and _lives(other)]
        if others and not joined:
            self.leave()
            raise SecondProcess(
                "Another process runs on this store. Set REDIS_URL, the same for all, so that they hear each other."
            )

    def renew(self, now: datetime) -> bool:
        """A step: give a sign of life of this process."""
        if self._entered:
            self._store.renew_process(self._me, now)
        return False

    def leave(self) -> None:
        """Take this process off the list."""
        if self._entered:
            self._store.drop_process(self._me)
            self._entered = False


def _lives(row: dict[str, Any]) -> bool:
    """Whether a process still runs: looked up on this host; of other hosts only the sign of life tells."""
    if row["host"] != gethostname():
        return True
    try:
        os.kill(row["pid"], 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
