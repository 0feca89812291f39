"""The deadlines of cases: which there are, when each is reached, and what follows. Each fires once, as a leased job.

A job is keyed by case, kind and due day. A due that moves gets a job of its own, and the old one finds that its day is
no deadline of the case any more and ends; so does one whose case has ended or gone on. A job that runs late still
fires, but for a reminder of a day that is over. What a deadline brings about is an event, which reactions tell.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from api.cases import queues
from api.cases.case import OPEN, Action, Case
from api.cases.clock import dues
from api.cases.clock.due_words import moved_words
from api.cases.clock.ledger import end_of_day
from api.cases.clock.of_case import is_current
from api.cases.ground import CaseGround
from api.cases.life.acts import EVENTS
from api.cases.silence import SYSTEM, Silence
from api.cases.snapshot import acted, queued, sealed_action
from api.cases.sweeps import open_slice, sweep
from api.jobs.job import NotYet
from api.refusals import VersionStale
from api.times import BEIJING

JOB, SWEEP = "cases.deadline", "cases.deadlines"
OF_CALENDAR = "calendar:"
"""What the run of a sweep after a change of the calendar is called, before the calendar's version."""
REMIND_AT = time(9)
"""When a reminder fires on its day, in Beijing."""
TRIES = 5
"""How often a sweep looks at a case that an act comes to meanwhile."""


@dataclass(frozen=True)
class Deadline:
    """One deadline of a case: its kind, the due day (ISO date) that it is about, and when it is reached.

    Kinds: `notice`: silence accepts; `near_due`, `handover_near`: a reminder, `until` the due day is over;
    `overdue_promised`, `overdue_legal`, `overdue_handover`: a limit has passed; `supplement_near`, `supplement_over`:
    the day that a notice gave for handing in what is missing, after which nothing ends by itself; `rectification_near`,
    `rectification_over`: the same of what is to be put right after a promise was found untrue.
    """

    kind: str
    due: str
    at: datetime
    until: datetime | None = None


def deadlines_of(now: dues.Dues) -> list[Deadline]:
    """The deadlines of a case with these dues."""
    days = {name: day for name, day in now.days.items() if day}
    if days.get("promised", "") >= days.get("legal", "x"):
        del days["promised"]  # who is past both limits is told of the law's
    return [
        *(_over(name if name == "notice" else f"overdue_{name}", day) for name, day in days.items()),
        *(_near("near_due", now.act_by, now.near_due) if now.act_by and now.near_due else ()),
        *(_near("handover_near", days["handover"], now.near["handover"]) if "handover" in now.near else ()),
    ]


def _over(kind: str, due: str) -> Deadline:
    return Deadline(kind, due, end_of_day(date.fromisoformat(due)) + timedelta(seconds=1))


def _near(kind: str, due: str, day: str) -> tuple[Deadline]:
    at = datetime.combine(date.fromisoformat(day), REMIND_AT, BEIJING)
    return (Deadline(kind, due, at, end_of_day(date.fromisoformat(due))),)


class Deadlines:
    """Enqueues deadlines, and does what follows when one is reached or a calendar moves one.

    `enqueue(key, kind, payload, due_at=…, again=…)` enqueues a job, idempotent per key (ports.py).
    """

    def __init__(self, ground: CaseGround, silence: Silence, enqueue: Callable[..., None]) -> None:
        self._ground, self._silence, self._enqueue = ground, silence, enqueue

    def plan(self, case_id: str) -> None:
        """Enqueue a job per deadline of a case that was not reached yet, after an act or a move. Idempotent.

        One whose job has run while the day was none, e.g. since a procedure stood open, runs again.
        """
        case, now = self._ground.store.by_id(case_id), self._ground.now()
        reached = (case.reached if case else None) or ()
        for deadline in self._deadlines(case) if case else ():
            if f"{deadline.kind}:{deadline.due}" not in reached and (deadline.until or now) >= now:
                payload = {"case": case_id, "kind": deadline.kind, "due": deadline.due}
                self._enqueue(self._key(case_id, deadline), JOB, payload, due_at=deadline.at, again=deadline.at <= now)

    def reach(self, case_id: str, kind: str, due: str) -> None:
        """A job: what follows when this deadline is reached; nothing if it is none any more, or was before.

        Raises NotYet if it is reached later by now.
        """
        store, now = self._ground.store, self._ground.now()
        self._silence.deem_accepted(case_id)
        case = store.by_id(case_id)
        deadline = next((d for d in self._deadlines(case) if (d.kind, d.due) == (kind, due)), None) if case else None
        if case is None or deadline is None or (deadline.until and deadline.until < now):
            return
        if deadline.at > now:
            raise NotYet(deadline.at)

        def write(session: Any) -> None:
            if store.reach(session, case.id, f"{kind}:{due}"):
                if kind.startswith("overdue"):
                    self._ground.audit.record(SYSTEM.id, "case.overdue", f"case:{case.id}", session=session)
                about = {"number": case.number, "state": case.state, "kind": kind, "due": due}
                self._ground.announce(session, "case.deadline_reached", case.id, **about)

        self._ground.transact(write)

    def review(self, case_id: str) -> None:
        """Record what silence or a calendar has brought about, and enqueue the deadlines. Idempotent.

        Of a case of an earlier release the dues of today are taken as told, once its clock is folded. Raises
        VersionStale if an act came between.
        """
        self._silence.deem_accepted(case_id)
        case = self._ground.store.by_id(case_id)
        if case is None or case.state not in OPEN:
            return
        if is_current(case.clock_facts):
            if "told" not in case.clock_facts:
                self._take_as_told(case)
            if moved := self._moved(case):
                self._write_moved(case, moved)
            else:
                self._queue_again(case)
        self.plan(case_id)

    def sweep(self, payload: Mapping[str, Any]) -> None:
        """A job, daily and after a change of the calendar: `review` of one slice of the open cases.

        `payload` names the run (`run`, or `slot`) and, from the second slice on, where the slice begins: `n`, `state`,
        `after`. The next slice is enqueued first, under a key of run and `n`, so that neither a case that raises nor a
        worker that dies holds it up. A run for a calendar that has changed again ends, as that change has its own.
        Raises SweepIncomplete.
        """
        self._ground.calendar.follow(self._ground.now())
        run = payload.get("run") or payload.get("slot") or self._calendar_run()
        if run.startswith(OF_CALENDAR) and run != self._calendar_run():
            return
        ids, following = open_slice(self._ground, payload.get("state"), payload.get("after"))
        if following:
            n = payload.get("n", 0) + 1
            following |= {"run": run, "n": n}
            self._enqueue(f"{SWEEP}:{run}:{n}", SWEEP, following, due_at=self._ground.now())
        sweep(self._ground, ids, self._review_again)

    # -- inside -----------------------------------------------------------------------

    def _calendar_run(self) -> str:
        return f"{OF_CALENDAR}{self._ground.calendar.version}"

    def _review_again(self, case_id: str) -> None:
        for _ in range(TRIES - 1):
            try:
                return self.review(case_id)
            except VersionStale:
                continue
        return self.review(case_id)

    def _deadlines(self, case: Case) -> list[Deadline]:
        facts = self._ground.facts(case)
        if case.state == "supplementing" and facts.get("supplement_due"):
            return self._given("supplement", facts["supplement_due"])
        ordered = facts.get("rectification_due")
        of_order = self._given("rectification", ordered) if ordered else []
        return [*of_order, *(deadlines_of(self._dues(case)) if case.state in OPEN else ())]

    def _given(self, kind: str, day: str) -> list[Deadline]:
        """The deadlines of a day that the applicant was given for something."""
        near = dues.near_day(day, self._ground.calendar.working)
        return [*(_near(f"{kind}_near", day, near) if near else ()), _over(f"{kind}_over", day)]

    def _dues(self, case: Case) -> dues.Dues:
        return dues.dues(self._ground.facts(case), self._now(), self._ground.calendar.working)

    def _moved(self, case: Case) -> dict[str, tuple[str | None, str]]:
        return dues.moved(case.clock_facts, self._now(), self._ground.calendar.working)

    def _now(self) -> datetime:
        return self._ground.now().astimezone(BEIJING)

    def _key(self, case_id: str, deadline: Deadline) -> str:
        return f"deadline:{case_id}:{deadline.kind}:{deadline.due}"

    def _take_as_told(self, case: Case) -> None:
        told = {"days": self._dues(case).days, "calendar": self._ground.calendar.version}
        if not self._ground.store.take_as_told(case, told):
            raise VersionStale

    def _queue_again(self, case: Case) -> None:
        """Write the queues of a case anew if the calendar gives it other days than those it is listed by."""
        days = queues.times(case, self._ground.calendar.working)
        if any(case.queue.get(name) != days.get(name) for name in ("due", "until", "later_due")):
            after = queued(self._ground.reader.open(case)).record
            if not self._ground.store.requeue(case, after):
                raise VersionStale

    def _write_moved(self, record: Case, moved: dict[str, tuple[str | None, str]]) -> None:
        """Append the act that says which dues have moved and why, in the version that was looked at: so once."""
        ground, today = self._ground, self._now().date()
        first, last = record.submitted_at.astimezone(BEIJING).date(), max(day for _, day in moved.values())
        words = moved_words(moved, ground.calendar.notices(first, date.fromisoformat(last)), today)
        pairs = {name: list(days) for name, days in moved.items()}
        data = {"moved": pairs, "about": words.zh, "about_en": words.en}
        case = ground.reader.open(record)
        done = acted(
            case, Action(record.version + 1, "due_changed", ground.now(), SYSTEM.id, "system", data), ground.calendar
        )
        action = sealed_action(ground.keyring, record.id, done.actions[-1])

        def write(session: Any) -> None:
            if case.standing.version != record.version or not ground.store.append(session, done.record, action):
                raise VersionStale
            about = {"number": record.number, "state": done.record.state, "seq": done.record.version}
            ground.announce(session, EVENTS["due_changed"], record.id, **about)

        ground.transact(write)
