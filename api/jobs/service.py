"""The use cases of background work: announce events and run their reactions, enqueue jobs and run their handlers."""

import logging
from collections.abc import Callable
from datetime import datetime
from typing import Any

from uuid6 import uuid7

from api.jobs import event_types
from api.jobs.job import MAX_ATTEMPTS, QUEUES, Event, NoHandler, NotParked, NotYet, WorkerLost, next_try, reason
from api.jobs.leases import Leases
from api.jobs.ports import JobsPorts
from api.jobs.store import KEEP, JobStore
from api.refusals import NotFound
from api.storage.database import Document

log = logging.getLogger("circle.jobs")


class Jobs:
    """The event dispatcher and the job runner: each reaction and each job runs at least once, under a lease.

    Events of one subject run in the order in which they were announced; one that waits for a retry, or is parked,
    holds up the later events of its subject and no others. A step (`dispatch`, `run_job` …) does one piece of work, if
    any is due at `now`, and returns whether there was one.
    """

    def __init__(self, store: JobStore, *, now: Callable[[], datetime], ports: JobsPorts) -> None:
        self._store = store
        self._now = now
        self._ports = ports
        self._events, self._jobs = Leases(store, "events"), Leases(store, "jobs")
        self._slow_jobs = Leases(store, "slow_jobs", most=1)
        self._slots: dict[str, datetime] = {}

    def announce(self, session: Any, type: str, subject: str, **data: Any) -> None:
        """Write one event row in the caller's transaction; reactions run after the commit. Raises UnknownEventType."""
        event_types.require_listed(type)
        self._store.add_event(session, Event(str(uuid7()), type, subject, data, self._now()))

    def enqueue(
        self,
        key: str,
        kind: str,
        payload: Document,
        *,
        due_at: datetime,
        session: Any = None,
        again: bool = False,
    ) -> None:
        """Enqueue a job of `kind`. Idempotent per `key`, as long as the job is kept (30 days once it is done).

        With `again`, one that is done becomes due once more.
        """
        if not (again and self._store.do_again(session, key, kind, due_at)):
            self._store.add_job(session, key, kind, payload, due_at)

    def hasten(self, key: str, kind: str) -> None:
        """Make a job due now that was to wait for longer."""
        self._store.hasten(key, kind, self._now())

    # -- steps ------------------------------------------------------------------

    def dispatch(self, now: datetime) -> bool:
        """A step: lease one event and run those of its reactions that have not run yet; a failure is retried later."""
        with self._events.next_row(now) as row:
            if row is None:
                return False
            event_type = event_types.current(row["type"])
            event = Event(row["_id"], event_type, row["subject"], row["data"], row["at"], frozenset(row["done"]))
            try:
                _require_tries_left(row)
                self._react(event, row)
            except Exception as error:
                log.exception("reaction failed", extra={"event": event.id})
                self._fail("events", row, error, now)
            return True

    def run_job(self, now: datetime) -> bool:
        """A step: lease one job and run the handler of its kind; a failure is retried later."""
        return self._run("jobs", self._jobs, now)

    def run_slow_job(self, now: datetime) -> bool:
        """As `run_job`, for the kinds that take seconds."""
        return self._run("slow_jobs", self._slow_jobs, now)

    def keep(self, now: datetime) -> bool:
        """A step with a loop of its own: renew the leases of what runs in this process."""
        self._events.renew(now)
        self._jobs.renew(now)
        self._slow_jobs.renew(now)
        return False

    def schedule(self, now: datetime) -> bool:
        """A step: enqueue the recurring jobs whose slot has begun. One job per slot, whichever process enqueues it."""
        begun = False
        for recurring in self._ports.recurring:
            slot = recurring.slot(now)
            if self._slots.get(recurring.kind) != slot:
                self.enqueue(recurring.key(slot), recurring.kind, {"slot": slot.isoformat()}, due_at=slot)
                self._slots[recurring.kind] = slot
                begun = True
        return begun

    def give_back(self) -> None:
        """At the end of this process: release what it has leased and not begun, so that others may lease it."""
        self._events.give_back(self._now())
        self._jobs.give_back(self._now())
        self._slow_jobs.give_back(self._now())

    # -- for staff and metrics ------------------------------------------------------

    def lag(self, now: datetime) -> dict[str, dict[str, float]]:
        """The backlog of each queue: numbers of `due`, `retrying`, `parked`; `oldest_seconds` of waiting."""
        return {name: self._store.lag(name, now) for name in QUEUES}

    def lag_now(self) -> dict[str, dict[str, float]]:
        """As `lag`, at this moment."""
        return self.lag(self._now())

    def parked(self) -> list[Document]:
        """Events and jobs that failed too often, each with its reason."""
        return self._store.parked()

    def listed(self, state: str, after: str | None, limit: int) -> list[Document]:
        """Up to `limit` events and jobs in a state, those after `after` (a row's `place`)."""
        return [self._as_json(row) for row in self._store.listed(state, after, limit)]

    def retry(self, actor_id: str, key: str) -> Document:
        """Retry a parked event or job, on behalf of a member of staff; audited. Raises NotFound or NotParked."""
        now = self._now()
        return self._unpark(
            actor_id, key, "retry_job", {"state": "pending", "attempts": 0, "due_at": now, "lease.until": now}
        )

    def drop(self, actor_id: str, key: str) -> Document:
        """Drop a parked event or job, so that what waits behind it runs; audited. Raises NotFound or NotParked."""
        return self._unpark(actor_id, key, "drop_job", {"state": "dropped"})

    # -- inside -----------------------------------------------------------------

    def _run(self, queue: str, leases: Leases, now: datetime) -> bool:
        with leases.next_row(now) as row:
            if row is None:
                return False
            try:
                _require_tries_left(row)
                self._handler(row["kind"])(row["payload"])
            except NotYet as wait:
                later = {"due_at": wait.due_at, "attempts": 0, "lease.until": now}
                self._store.mark(queue, row, {"$set": later})
            except Exception as error:
                log.exception("job failed", extra={"job": row["_id"]})
                self._fail(queue, row, error, now)
            else:
                self._done(queue, row, {})
            return True

    def _unpark(self, actor_id: str, key: str, act: str, change: Document) -> Document:
        row, now = self._store.find(key), self._now()
        if row is None:
            raise NotFound
        if change["state"] == "dropped":
            change = {**change, "delete_at": now + KEEP[row["collection"]]}

        def write(session: Any) -> None:
            if not self._store.unpark(session, row, change, now):
                raise NotParked
            self._ports.record(
                actor_id, act, f"{'event' if row['collection'] == 'events' else 'job'}:{key}", session=session
            )

        self._store.database.transact(write)
        return self._as_json({**row, **change})

    def _as_json(self, row: Document) -> Document:
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
        """Run the reactions that have not run yet and mark each as done; the last mark also ends the event."""
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


def _require_tries_left(row: Document) -> None:
    """Raises WorkerLost for work that was started too often without ever succeeding or failing."""
    if row["attempts"] > MAX_ATTEMPTS:
        raise WorkerLost(f"begun {MAX_ATTEMPTS} times, and each time the process died or the work did not end")
