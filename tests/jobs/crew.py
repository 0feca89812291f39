"""Workers as processes of their own on one store, for tests that count what they do or kill them."""

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
    """Jobs whose reactions, handlers and recurring jobs a test may set at any time; the audit gets nothing."""

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
        """The jobs that run again and again by a schedule."""
        return self._ports.recurring

    @recurring.setter
    def recurring(self, recurring: Sequence[Recurring]) -> None:
        self._ports = replace(self._ports, recurring=recurring)


def opened(uri: str, name: str) -> tuple[Database, Jobs]:
    """Open a database and the jobs on it."""
    database = Database(uri, name)
    database.ensure(INDEXES)
    return database, OpenJobs(JobStore(database), now)


def fill(database: Database, jobs: Jobs, count: int, each: int = 1) -> None:
    """Write `count` events, `each` per subject, and as many jobs, all due."""
    for begin in range(0, count, 100):
        part = range(begin, min(begin + 100, count))

        def write(session: Any, part: range = part) -> None:
            for n in part:
                jobs.announce(session, "report.made", f"thing-{n // each}", n=n)

        database.transact(write)
    row = {"v": 1, "kind": "x", "state": "pending", **database.leasable(now())}
    database["jobs"].insert_many({"_id": f"job-{n}", "payload": {"n": n}, **row} for n in range(count))


def noting(database: Database, worker: int) -> tuple[Callable[[Any], None], Callable[[dict], None]]:
    """A reaction and a handler that insert a row into `ran` each time they run."""

    def react(event: Any) -> None:
        told = {"of": event.id, "subject": event.subject, "n": event.data["n"], "worker": worker, "at": time.time_ns()}
        database["ran"].insert_one({"_id": str(uuid4()), **told})

    def handle(payload: dict) -> None:
        database["ran"].insert_one({"_id": str(uuid4()), "of": f"job-{payload['n']}", "worker": worker})

    return react, handle


def work(uri: str, name: str, worker: int, work_ms: int | None, line: Connection) -> None:
    """Process all events, then all jobs, each after a message on the line; send (CPU seconds, pieces) of each.

    A piece waits for `work_ms`, or notes that it ran (`noting`) if that is None.
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
    """Run a function in a process: (process, line to it). It is killed when the block ends."""
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
    """The next message of the process; fails if none comes within a minute."""
    assert line.poll(PATIENCE), "the process says nothing"
    return line.recv()


def later(seconds: float) -> datetime:
    """The real time in so many seconds."""
    return now() + timedelta(seconds=seconds)


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime
