"""Workers as processes of their own on one store, for counting and for killing."""

import multiprocessing
import resource
import time
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection
from typing import Any
from uuid import uuid4

from api.jobs.job import Recurring
from api.jobs.ports import JobsPorts
from api.jobs.service import Jobs
from api.jobs.store import INDEXES, JobStore
from api.storage.database import Database

SPAWN = multiprocessing.get_context("spawn")
PATIENCE = 60


def now() -> datetime:
    """The real time, as the store keeps it."""
    at = datetime.now(UTC)
    return at.replace(microsecond=at.microsecond // 1000 * 1000)


class OpenJobs(Jobs):
    """Jobs whose reactions, handlers and recurring jobs a test sets as it goes; nothing is recorded."""

    def __init__(self, store: JobStore, now: Callable[[], datetime]) -> None:
        self.reactions: dict[str, Any] = {}
        self.handlers: dict[str, Any] = {}
        ports = JobsPorts(
            record=lambda *words, session: None,
            reactions=lambda: self.reactions,
            handlers=lambda: self.handlers,
            recurring=(),
        )
        super().__init__(store, now=now, ports=ports)

    @property
    def recurring(self) -> Sequence[Recurring]:
        """The jobs that come back by themselves."""
        return self._ports.recurring

    @recurring.setter
    def recurring(self, recurring: Sequence[Recurring]) -> None:
        self._ports = replace(self._ports, recurring=recurring)


def opened(uri: str, name: str) -> tuple[Database, Jobs]:
    """The jobs of one process on one store."""
    database = Database(uri, name)
    database.ensure(INDEXES)
    return database, OpenJobs(JobStore(database), now)


def fill(database: Database, jobs: Jobs, count: int, each: int = 1) -> None:
    """`count` events, `each` of one subject, and as many jobs, all due."""
    for begin in range(0, count, 100):
        part = range(begin, min(begin + 100, count))

        def write(session: Any, part: range = part) -> None:
            for n in part:
                jobs.announce(session, "report.made", f"thing-{n // each}", n=n)

        database.transact(write)
    row = {"v": 1, "kind": "x", "state": "pending", **database.leasable(now())}
    database["jobs"].insert_many({"_id": f"job-{n}", "payload": {"n": n}, **row} for n in range(count))


def noting(database: Database, worker: int) -> tuple[Callable[[Any], None], Callable[[dict], None]]:
    """A reaction and a handler that write down each time they run."""

    def react(event: Any) -> None:
        told = {"of": event.id, "subject": event.subject, "n": event.data["n"], "worker": worker, "at": time.time_ns()}
        database["ran"].insert_one({"_id": str(uuid4()), **told})

    def handle(payload: dict) -> None:
        database["ran"].insert_one({"_id": str(uuid4()), "of": f"job-{payload['n']}", "worker": worker})

    return react, handle


def work(uri: str, name: str, worker: int, work_ms: int | None, line: Connection) -> None:
    """Work off all events, then all jobs, each when told; tell CPU seconds and pieces of each.

    A piece takes `work_ms` of waiting, or writes down that it ran where that is None.
    """
    database, jobs = opened(uri, name)
    react, handle = noting(database, worker) if work_ms is None else (_wait(work_ms), _wait(work_ms))
    jobs.reactions, jobs.handlers = {"report.made": (("a", react),)}, {"x": handle}
    line.send("ready")
    for collection, step in (("events", jobs.dispatch), ("jobs", jobs.run_job)):
        line.recv()
        cpu, pieces = _cpu(), 0
        while True:
            jobs.keep(now())
            if step(now()):
                pieces += 1
            elif database[collection].find_one({"state": "pending"}, {"_id": 1}) is None:
                break
        line.send((_cpu() - cpu, pieces))
    database.close()


def _wait(work_ms: int) -> Callable[[Any], None]:
    return lambda piece: time.sleep(work_ms / 1000)


def die_between(uri: str, name: str, line: Connection) -> None:
    """Run the first of two reactions, then hang in the second, waiting for SIGKILL."""
    database, jobs = opened(uri, name)
    react, _ = noting(database, 0)

    def hang(event: Any) -> None:
        line.send("hanging")
        line.recv()

    jobs.reactions = {"report.made": (("a", react), ("b", hang))}
    jobs.dispatch(now())


@contextmanager
def process(target: Callable[..., None], *arguments: Any) -> Any:
    """A process and the line to it; it is gone when the block ends."""
    ours, theirs = SPAWN.Pipe()
    child = SPAWN.Process(target=target, args=(*arguments, theirs), daemon=True)
    child.start()
    try:
        yield child, ours
    finally:
        child.kill()
        child.join()
        child.close()
        ours.close()
        theirs.close()


def told(line: Connection) -> Any:
    """What the process says next."""
    assert line.poll(PATIENCE), "the process says nothing"
    return line.recv()


def later(seconds: float) -> datetime:
    """The time in so many seconds."""
    return now() + timedelta(seconds=seconds)


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime
