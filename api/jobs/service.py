"""The dispatcher of events, the runner of leased jobs, idempotency keys, and the worker's loops."""

import logging
import os
import threading
from collections.abc import Callable, Mapping
from datetime import datetime
from socket import gethostname
from typing import Any

from uuid6 import uuid7

from api import release
from api.jobs import event_types
from api.jobs.job import MAX_ATTEMPTS, Event, NoHandler, NotParked, WorkerLost, next_try, reason
from api.jobs.leased import Hand
from api.jobs.ports import JobsPorts
from api.jobs.store import KEEP, JobStore
from api.refusals import NotFound, Refusal
from api.storage.database import Document

log = logging.getLogger("circle.jobs")

Step = Callable[[datetime], bool]
"""Does at most one piece of due work; True when it did one."""

SWEEP_SECONDS = 1.0


class KeyReused(Refusal):
    """One Idempotency-Key, two different requests."""

    code = "key_reused"
    zh = "这个 Idempotency-Key 已用于另一份内容，请换一个新的。"
    en = "This Idempotency-Key was used for another request. Use a new one."


class KeyInFlight(Refusal):
    """The first request under this key is still running."""

    code = "key_in_flight"
    zh = "同一个请求正在处理，请稍候再试。"
    en = "The same request is still being handled. Try again shortly."


class Jobs:
    """Announce events, react to them, run jobs. Everything here happens at least once, under a lease.

    Events of one subject are worked off in the order in which they were announced; one that waits for its next try,
    or is parked, holds up the later ones of its subject and no others.
    """

    def __init__(self, store: JobStore, *, now: Callable[[], datetime], ports: JobsPorts) -> None:
        self._store = store
        self._now = now
        self._ports = ports
        self._events, self._jobs = Hand(store, "events"), Hand(store, "jobs")
        self._slots: dict[str, datetime] = {}

    def announce(self, session: Any, type: str, subject: str, **data: Any) -> None:
        """Write one event row in the caller's transaction; reactions run after the commit. Raises UnknownEventType."""
        event_types.require_listed(type)
        self._store.add_event(session, Event(str(uuid7()), type, subject, data, self._now()))

    def enqueue(self, key: str, kind: str, payload: Document, *, due_at: datetime, session: Any = None) -> None:
        """Leave a job of `kind` for its handler; the same key is one job, as long as it is kept (30 days when done)."""
        self._store.add_job(session, key, kind, payload, due_at)

    # -- steps ------------------------------------------------------------------

    def dispatch(self, now: datetime) -> bool:
        """One event: run those of its reactions that have not run."""
        with self._events.taken(now) as row:
            if row is None:
                return False
            event_type = event_types.current(row["type"])
            event = Event(row["_id"], event_type, row["subject"], row["data"], row["at"], frozenset(row["done"]))
            try:
                _began(row)
                self._react(event, row)
            except Exception as error:
                log.exception("reaction failed", extra={"event": event.id})
                self._fail("events", row, error, now)
            return True

    def run_job(self, now: datetime) -> bool:
        """One job: hand it to the handler of its kind."""
        with self._jobs.taken(now) as row:
            if row is None:
                return False
            try:
                _began(row)
                self._handler(row["kind"])(row["payload"])
            except Exception as error:
                log.exception("job failed", extra={"job": row["_id"]})
                self._fail("jobs", row, error, now)
            else:
                self._done("jobs", row, {})
            return True

    def keep(self, now: datetime) -> bool:
        """Renew the leases of what runs in this process. A step with a loop of its own."""
        self._events.keep(now)
        self._jobs.keep(now)
        return False

    def schedule(self, now: datetime) -> bool:
        """Enqueue the recurring jobs whose slot has begun; every process may try, one job a slot comes of it."""
        begun = [
            (recurring, slot)
            for recurring in self._ports.recurring
            for slot in [recurring.slot(now)]
            if self._slots.get(recurring.kind) != slot
        ]
        for recurring, slot in begun:
            self.enqueue(recurring.key(slot), recurring.kind, {"slot": slot.isoformat()}, due_at=slot)
            self._slots[recurring.kind] = slot
        return bool(begun)

    def give_back(self) -> None:
        """This process ends: what it leased and did not begin is free for others."""
        self._events.give_back(self._now())
        self._jobs.give_back(self._now())

    # -- for staff and metrics ------------------------------------------------------

    def lag(self, now: datetime) -> dict[str, dict[str, float]]:
        """By `events` and `jobs`: how many are `due`, `retrying`, `parked`; `oldest_seconds` that one has waited."""
        return {name: self._store.lag(name, now) for name in ("events", "jobs")}

    def lag_now(self) -> dict[str, dict[str, float]]:
        """As `lag`, at this moment."""
        return self.lag(self._now())

    def parked(self) -> list[Document]:
        """What failed too often, with its reason."""
        return self._store.parked()

    def listed(self, state: str, after: str | None, limit: int) -> list[Document]:
        """Background work in a state, up to `limit` pieces after a place."""
        return [self._face(row) for row in self._store.listed(state, after, limit)]

    def retry(self, actor_id: str, key: str) -> Document:
        """Somebody looked into it: parked work is tried anew. Raises NotFound or NotParked."""
        now = self._now()
        return self._unpark(
            actor_id, key, "retry_job", {"state": "pending", "attempts": 0, "due_at": now, "lease.until": now}
        )

    def drop(self, actor_id: str, key: str) -> Document:
        """It will never work and is not needed: what waits behind it goes on. Raises NotFound or NotParked."""
        return self._unpark(actor_id, key, "drop_job", {"state": "dropped"})

    # -- inside -----------------------------------------------------------------

    def _unpark(self, actor_id: str, key: str, act: str, change: Document) -> Document:
        row, now = self._store.find(key), self._now()
        if row is None:
            raise NotFound
        if change["state"] == "dropped":
            change = {**change, "delete_at": now + KEEP[row["collection"]]}

        def write(session: Any) -> None:
            if not self._store.unpark(session, row, change, now):
                raise NotParked
            self._ports.record(actor_id, act, f"{row['collection'].removesuffix('s')}:{key}", session=session)

        self._store.database.transact(write)
        return self._face({**row, **change})

    def _face(self, row: Document) -> Document:
        is_event = row["collection"] == "events"
        return {
            "id": row["_id"],
            "of": "event" if is_event else "job",
            "kind": row["type"] if is_event else row["kind"],
            "subject": row.get("subject"),
            "state": row["state"],
            "attempts": row["attempts"],
            "reason": row.get("reason", ""),
            "due_at": row["due_at"],
            "behind": self._store.behind(row["subject"]) if is_event and row["state"] == "parked" else 0,
            "place": row.get("place", ""),
        }

    def _react(self, event: Event, row: Document) -> None:
        """Each reaction is noted as it is done, the last one together with the end of the event."""
        reactions = self._ports.reactions().get(event.type, ())
        due = [(name, react) for name, react in reactions if name not in event.done]
        for left, (name, react) in zip(range(len(due) - 1, -1, -1), due, strict=True):
            react(event)
            if left:
                self._store.mark("events", row, {"$addToSet": {"done": name}})
        self._done("events", row, {"$addToSet": {"done": due[-1][0]}} if due else {})

    def _handler(self, kind: str) -> Callable[[Document], None]:
        handler = self._ports.handlers().get(kind)
        if handler is None:
            raise NoHandler(f"nobody does {kind}")
        return handler

    def _done(self, collection: str, row: Document, change: Document) -> None:
        ended = {"state": "done", "delete_at": self._now() + KEEP[collection]}
        self._store.mark(collection, row, {"$set": ended, **change})

    def _fail(self, collection: str, row: Document, error: Exception, now: datetime) -> None:
        due_at = next_try(row["attempts"], now)
        change = {"reason": reason(error), "lease.until": now}
        change |= {"state": "parked"} if due_at is None else {"due_at": due_at}
        self._store.mark(collection, row, {"$set": change})


def _began(row: Document) -> None:
    """Raises WorkerLost for work that was begun too often and never came to any end."""
    if row["attempts"] > MAX_ATTEMPTS:
        raise WorkerLost(f"begun {MAX_ATTEMPTS} times, and each time the process died or the work did not end")


class Idempotency:
    """One effect a key: a repeat finds the reference of the first result, never a second effect.

    After draft-ietf-httpapi-idempotency-key-header: no key 400, same key and other content 422, in flight 409.
    """

    def __init__(self, store: JobStore, *, now: Callable[[], datetime]) -> None:
        self._store = store
        self._now = now

    def run(self, key: str, fingerprint: str, create: Callable[[str], Any], load: Callable[[str], Any | None]) -> Any:
        """The result of `create(ref)`, made once; `load(ref)` finds one that an earlier request made.

        The id of what is created is fixed before the first try, so that a try whose outcome nobody
        knows (a crash after the commit) is found by the next one.
        """
        ref = str(uuid7())
        held = self._store.begin_key(key, fingerprint, ref, self._now())
        if held is None:
            return self._create(key, ref, create)
        if held["fingerprint"] != fingerprint:
            raise KeyReused
        if held["state"] == "in_flight" and not self._store.retake_key(key, self._now()):
            raise KeyInFlight(retry_after=2)
        earlier = load(held["ref"])
        if earlier is not None:
            self._store.end_key(key)
            return earlier
        return self._create(key, held["ref"], create)

    def _create(self, key: str, ref: str, create: Callable[[str], Any]) -> Any:
        try:
            created = create(ref)
        except Refusal:
            self._store.drop_key(key)
            raise
        except BaseException:
            self._store.expire_key(key, self._now())
            raise
        self._store.end_key(key)
        return created


class SecondProcess(Exception):
    """Another process runs on this store, and nothing carries word between them."""


class Processes:
    """Who runs on this store. Two processes must hear each other, or the talks of one stay silent in the other."""

    def __init__(self, store: JobStore, *, now: Callable[[], datetime]) -> None:
        self._store = store
        self._now = now
        self._me = str(uuid7())
        self._entered = False

    def enter(self, joined: bool) -> None:
        """Register this process. Raises SecondProcess where another lives and there is no message queue (REDIS_URL)."""
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
        """A step: say that this process still lives."""
        if self._entered:
            self._store.renew_process(self._me, now)
        return False

    def leave(self) -> None:
        """This process ends."""
        if self._entered:
            self._store.drop_process(self._me)
            self._entered = False


def _lives(row: Document) -> bool:
    """Whether a process of this host still runs; of other hosts only the time tells."""
    if row["host"] != gethostname():
        return True
    try:
        os.kill(row["pid"], 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


class Worker:
    """Runs each step in a loop of its own, so that a slow provider holds up nobody else."""

    def __init__(self, steps: Mapping[str, Step], *, now: Callable[[], datetime]) -> None:
        self._steps = steps
        self._now = now
        self._stopping = threading.Event()
        self._wake = {name: threading.Event() for name in steps}
        self._threads: list[threading.Thread] = []

    def nudge(self) -> None:
        """Something was committed: look at once instead of at the next sweep."""
        for wake in self._wake.values():
            wake.set()

    def start(self) -> None:
        """Start the loops."""
        for name in self._steps:
            thread = threading.Thread(target=self._loop, args=(name,), name=f"worker-{name}", daemon=True)
            thread.start()
            self._threads.append(thread)

    def stop(self) -> None:
        """Let each loop finish what it has in hand, then end."""
        self._stopping.set()
        self.nudge()
        for thread in self._threads:
            thread.join(timeout=10)

    def drain(self, rounds: int = 1000) -> None:
        """Run all steps until none has work left; for tests and for commands."""
        for _ in range(rounds):
            if sum(step(self._now()) for step in self._steps.values()) == 0:
                return
        raise RuntimeError("the work does not end")

    def _loop(self, name: str) -> None:
        step, wake = self._steps[name], self._wake[name]
        while not self._stopping.is_set():
            try:
                busy = step(self._now())
            except Exception:
                log.exception("step failed", extra={"step": name})
                busy = False
            if not busy:
                wake.wait(SWEEP_SECONDS)
                wake.clear()
