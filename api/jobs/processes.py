"""The registry of the processes that run on this store, with heartbeats; more than one needs Redis between them."""

import os
from collections.abc import Callable
from datetime import datetime
from socket import gethostname
from typing import Any

from uuid6 import uuid7

from api import release
from api.jobs.store import JobStore


class SecondProcess(Exception):
    """Another process runs on this store, and no message queue (Redis) connects the two."""


class Processes:
    """Registers this process. Two processes need a message queue, so that each broadcasts what happens in the other."""

    def __init__(self, store: JobStore, *, now: Callable[[], datetime], index_keys: Callable[[], int]) -> None:
        """`index_keys()` is how many index keys this process has."""
        self._store = store
        self._now = now
        self._index_keys = index_keys
        self._me = str(uuid7())
        self._entered = False

    def enter(self, joined: bool) -> None:
        """Register this process. Raises SecondProcess if another one runs and `joined` is false (no message queue)."""
        row = {"_id": self._me, "host": gethostname(), "pid": os.getpid(), "seen_at": self._now(), "release": release()}
        self._store.put_process({**row, "index_keys": self._index_keys()})
        self._entered = True
        others = [other for other in self._store.processes(self._now()) if other["_id"] != self._me and _lives(other)]
        if others and not joined:
            self.leave()
            raise SecondProcess(
                "Another process runs on this store. Set REDIS_URL, the same for all, so that they hear each other."
            )

    def renew(self, now: datetime) -> bool:
        """A step of the worker: write the heartbeat of this process."""
        if self._entered:
            self._store.renew_process(self._me, now, self._index_keys())
        return False

    def lacking(self, stage: int) -> list[str]:
        """The hosts of processes that do not have the index key of this stage yet."""
        rows = self._store.processes(self._now())
        return sorted({row["host"] for row in rows if row.get("index_keys", 1) < stage})

    def leave(self) -> None:
        """Remove this process from the registry."""
        if self._entered:
            self._store.drop_process(self._me)
            self._entered = False


def _lives(row: dict[str, Any]) -> bool:
    """Whether a registered process still runs: by its pid on this host; on another host its heartbeat suffices."""
    if row["host"] != gethostname():
        return True
    try:
        os.kill(row["pid"], 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
