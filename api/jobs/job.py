"""The rules of background work: events, retries of failed work and when it is parked, recurring jobs."""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from api.refusals import Refusal

MAX_ATTEMPTS = 12
FIRST_PAUSE = timedelta(seconds=1)
LONGEST_PAUSE = timedelta(minutes=10)
REASON_LENGTH = 500

LONGEST_RUN = timedelta(minutes=10)
"""As long as a piece of work runs its lease is renewed, but no longer than this: then it counts as stuck."""
MOST_AT_ONCE = 64
"""How many fresh rows are leased at once. The embedded store reads every due row to find the first ones (measured:
90 ms for 2,000), so leasing them one by one costs twenty times as much."""
LONGEST_WAIT = timedelta(seconds=2)
"""How long leased work may wait in a process for its turn; then it goes back to the others."""

KEEP_EVENTS = timedelta(days=400)
KEEP_JOBS = timedelta(days=30)
LONGEST_EVERY = timedelta(days=7)

QUEUES = ("events", "jobs", "slow_jobs")
"""The collections of work to be done."""
SLOW_KINDS = frozenset({"files.check", "cases.fold_clock", "cases.fold_queue", "cases.deadlines"})
"""Kinds of jobs that take seconds or more. They lie in a queue of their own (`slow_jobs`), and hold up no other job."""
SLOW_AT_ONCE = 2
"""How many slow jobs a process runs at a time."""

_MIDNIGHT = datetime(1969, 12, 31, 16, tzinfo=UTC)
"""A midnight in Beijing, from which slots are counted. A slot of seven days begins on a Thursday."""
_LONG_NUMBER = re.compile(r"\d{7,}[\dXx]?")


class NotParked(Refusal):
    """The work is not parked; only parked work is tried again or dropped by staff."""

    code = "job_not_parked"
    zh = "这项任务没有停下，不需要处理。请刷新列表。"
    en = "This work is not parked, so there is nothing to do. Reload the list."


class WorkerLost(Exception):
    """The work was started several times and never ended: each time its process died or its lease ran out."""


class NoHandler(Exception):
    """No handler is registered for this kind of job."""


class NotYet(Exception):
    """Raised by a handler: the job must wait until `due_at`. That is no failure, and counts as no attempt."""

    def __init__(self, due_at: datetime) -> None:
        super().__init__(f"not before {due_at:%Y-%m-%dT%H:%M:%SZ}")
        self.due_at = due_at


def queue_of(kind: str) -> str:
    """The collection that jobs of a kind lie in."""
    return "slow_jobs" if kind in SLOW_KINDS else "jobs"


class Enqueue(Protocol):
    """Enqueue a job for the handler of its kind. Idempotent per `key`. With `session`, in that transaction."""

    def __call__(
        self, key: str, kind: str, payload: dict[str, Any], *, due_at: datetime, session: Any = None
    ) -> None: ...


@dataclass(frozen=True)
class Event:
    """A domain event, named in the past tense and written in the transaction of the change that it reports.

    `subject` is the id of what changed; `data` holds references only, never personal data; `done` names the reactions
    that have run.
    """

    id: str
    type: str
    subject: str
    data: dict[str, Any]
    at: datetime
    done: frozenset[str] = field(default_factory=frozenset)


@dataclass(frozen=True)
class Recurring:
    """A job of `kind` that recurs: enqueued once per slot of length `every`, `after` the slot begins (Beijing time).

    Slots that passed while no process ran are skipped: the job of the present slot does their work too.
    """

    kind: str
    every: timedelta
    after: timedelta = timedelta(0)

    def __post_init__(self) -> None:
        if not timedelta(seconds=1) <= self.every <= LONGEST_EVERY or not timedelta(0) <= self.after < self.every:
            raise ValueError(f"{self.kind}: every is 1 s to 7 days, and after lies within it")

    def slot(self, now: datetime) -> datetime:
        """When the latest job that is due by `now` was due; it names the slot."""
        begun = _MIDNIGHT + self.after
        return begun + self.every * ((now - begun) // self.every)

    def key(self, slot: datetime) -> str:
        """The key of the one job of this slot."""
        return f"{self.kind}@{slot.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def next_try(attempts: int, now: datetime) -> datetime | None:
    """When failed work is retried, with exponential back-off; None after MAX_ATTEMPTS, when it is parked for staff."""
    if attempts >= MAX_ATTEMPTS:
        return None
    return now + min(FIRST_PAUSE * 2 ** (attempts - 1), LONGEST_PAUSE)


def reason(error: Exception) -> str:
    """The reason stored with a failed attempt: class and message of the error, up to REASON_LENGTH characters.

    Staff read it, so every number that could be a phone or an identity number is removed.
    """
    return _LONG_NUMBER.sub("…", f"{type(error).__name__}: {error}")[:REASON_LENGTH]
