"""Events, leased jobs, the dispatcher: at least once, under a fence, parked when it never works."""

import contextlib
import threading
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from api.jobs.job import KEEP_EVENTS, KEEP_JOBS, LONGEST_RUN, MAX_ATTEMPTS, Recurring, next_try, reason
from api.jobs.store import INDEXES, JobStore
from api.jobs.worker import Worker
from api.storage.database import LEASE_SECONDS
from tests.jobs.crew import OpenJobs


@pytest.fixture
def store(database):
    database.ensure(INDEXES)
    return JobStore(database)


@pytest.fixture
def jobs(store, clock):
    return OpenJobs(store, clock)


def test_an_event_is_written_with_the_change_or_not_at_all(jobs, database):
    def fail(session):
        database["things"].insert_one({"_id": 1}, session=session)
        jobs.announce(session, "report.made", "1")
        raise RuntimeError("no")

    with pytest.raises(RuntimeError):
        database.transact(fail)
    assert database["things"].count_documents({}) == 0
    assert database["events"].count_documents({}) == 0


def test_each_reaction_runs_once_though_another_fails(jobs, database, clock):
    seen = []

    def fail_twice(event):
        seen.append("b")
        if seen.count("b") < 3:
            raise RuntimeError("not yet")

    jobs.reactions = {"report.made": (("a", lambda event: seen.append("a")), ("b", fail_twice))}
    database.transact(lambda session: jobs.announce(session, "report.made", "1"))
    for _ in range(5):
        jobs.dispatch(clock())
        clock.move(minutes=1)
    assert seen == ["a", "b", "b", "b"]
    assert database["events"].find_one()["state"] == "done"


def test_a_reaction_is_noted_once_though_the_driver_sent_the_note_twice(jobs, database, clock, monkeypatch):
    collection = type(database["events"])
    genuine = collection.update_one

    def twice(self, *args, session=None, **rest):
        if session is None:
            genuine(self, *args, **rest)  # the answer is lost with the store, which then knows no repeat
        return genuine(self, *args, session=session, **rest)

    jobs.reactions = {"report.made": (("a", lambda event: None), ("b", lambda event: None))}
    database.transact(lambda session: jobs.announce(session, "report.made", "1"))
    monkeypatch.setattr(collection, "update_one", twice)
    jobs.dispatch(clock())
    row = database["events"].find_one()
    assert (row["state"], row["done"]) == ("done", ["a", "b"])


def test_what_never_works_is_parked_with_its_reason_and_the_rest_goes_on(jobs, database, clock):
    done = []
    jobs.handlers = {"bad": lambda payload: 1 / 0, "good": done.append}
    jobs.enqueue("1", "bad", {}, due_at=clock())
    jobs.enqueue("2", "good", {"n": 2}, due_at=clock())
    for _ in range(MAX_ATTEMPTS + 3):
        while jobs.run_job(clock()):
            pass
        clock.move(minutes=11)
    assert done == [{"n": 2}]
    parked = jobs.parked()
    assert [(row["_id"], row["reason"]) for row in parked] == [("1", "ZeroDivisionError: division by zero")]


def test_the_same_key_is_one_job(jobs, clock):
    done = []
    jobs.handlers = {"x": done.append}
    for n in range(3):
        jobs.enqueue("key", "x", {"n": n}, due_at=clock())
    while jobs.run_job(clock()):
        pass
    jobs.enqueue("key", "x", {"n": 9}, due_at=clock())
    assert jobs.run_job(clock()) is False
    assert done == [{"n": 0}]


def test_a_job_is_not_done_before_it_is_due(jobs, clock):
    done = []
    jobs.handlers = {"x": done.append}
    jobs.enqueue("later", "x", {}, due_at=clock() + timedelta(hours=1))
    assert jobs.run_job(clock()) is False
    clock.move(hours=1)
    assert jobs.run_job(clock()) is True


def test_a_worker_thought_dead_comes_back_late_and_changes_nothing(store, jobs, database, clock):
    jobs.enqueue("1", "x", {}, due_at=clock())
    [lost] = store.claim("jobs", clock())
    assert store.claim("jobs", clock()) == []
    clock.move(seconds=61)
    jobs.handlers = {"x": lambda payload: None}
    assert jobs.run_job(clock()) is True
    assert store.mark("jobs", lost, {"$set": {"state": "pending"}}) is False
    assert database["jobs"].find_one()["state"] == "done"


def test_many_workers_share_the_work_and_each_piece_is_done_once(jobs, store, clock):
    done = []
    jobs.handlers = {"x": lambda payload: done.append(payload["n"])}
    for n in range(100):
        jobs.enqueue(str(n), "x", {"n": n}, due_at=clock())

    def work():
        while jobs.run_job(clock()):
            pass

    threads = [threading.Thread(target=work) for _ in range(4)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert sorted(done) == list(range(100))


def test_the_worker_wakes_at_once_and_stops_cleanly(jobs, database, clock, monkeypatch):
    monkeypatch.setattr("api.jobs.worker.SWEEP_SECONDS", 600)
    done = threading.Event()
    jobs.handlers = {"x": lambda payload: done.set()}
    worker = Worker({"jobs": jobs.run_job}, now=clock)
    database.after_commit(worker.nudge)
    worker.start()
    database.transact(lambda session: jobs.enqueue("1", "x", {}, due_at=clock(), session=session))
    assert done.wait(60)
    worker.stop()


def test_a_backlog_is_read_a_few_times_whatever_its_length_and_each_row_is_leased_once(store, clock, monkeypatch):
    free, read, leased = JobStore._free, [], []

    def counted(self, *told):
        rows = free(self, *told)
        read.append(len(rows))
        return rows

    monkeypatch.setattr(JobStore, "_free", counted)
    rows = [{"_id": f"{n:04}", "state": "pending", **store.database.leasable(clock())} for n in range(700)]
    for n, row in enumerate(rows):
        row["due_at"] -= timedelta(seconds=700 - n)
    store.database["jobs"].insert_many(rows)
    while batch := store.claim("jobs", clock(), 16):
        leased += [row["_id"] for row in batch]
        if len(leased) == 320:
            late = {"_id": "late", "state": "pending", **store.database.leasable(clock())}
            store.database["jobs"].insert_one({**late, "due_at": clock() - timedelta(days=1)})
            assert store.claim("jobs", clock(), 1)[0]["_id"] == "late"
    assert leased == [row["_id"] for row in rows]
    assert sum(read) < 7 * 700, "44 claims, of which each would have read all"


def test_a_commit_wakes_the_loops_alone_that_it_may_have_given_work(database, clock, monkeypatch):
    monkeypatch.setattr("api.jobs.worker.SWEEP_SECONDS", 600)
    looks, begun, woken = Counter(), threading.Barrier(3), threading.Event()

    def look(name):
        def step(now):
            looks[name] += 1
            if looks[name] == 1:
                begun.wait(60)
            elif name == "queue":
                woken.set()
            return False

        return step

    worker = Worker({"queue": look("queue"), "round": look("round")}, now=clock, woken=["queue"])
    database.after_commit(worker.nudge)
    worker.start()
    begun.wait(60)
    database.transact(lambda session: None)
    assert woken.wait(60)
    assert looks == {"queue": 2, "round": 1}
    worker.stop()


# -- the order of a subject's events ---------------------------------------------------


def announce(database, jobs, *subjects):
    def write(session):
        for n, subject in enumerate(subjects):
            jobs.announce(session, "report.made", subject, n=n)

    database.transact(write)


def test_an_event_never_overtakes_an_earlier_one_of_its_subject_that_waits_for_its_next_try(jobs, database, clock):
    seen, broken = [], {0}

    def react(event):
        if event.data["n"] in broken:
            raise RuntimeError("not yet")
        seen.append((event.subject, event.data["n"]))

    jobs.reactions = {"report.made": (("a", react),)}
    announce(database, jobs, "x", "x", "y", "x", "y")
    while jobs.dispatch(clock()):
        pass
    assert seen == [("y", 2), ("y", 4)], "the rest goes on"
    broken.clear()
    clock.move(seconds=2)
    while jobs.dispatch(clock()):
        pass
    assert seen[2:] == [("x", 0), ("x", 1), ("x", 3)]


def test_nor_one_that_another_worker_has_in_hand(jobs, store, database, clock):
    announce(database, jobs, "x", "x")
    [first] = store.claim("events", clock())
    assert store.claim("events", clock()) == []
    store.mark("events", first, {"$set": {"state": "done"}})
    assert [row["data"]["n"] for row in store.claim("events", clock())] == [1]


def test_a_parked_event_holds_up_its_subject_until_staff_retry_it_however_many_wait(jobs, database, clock, monkeypatch):
    monkeypatch.setattr("api.jobs.store.WINDOW", 8)
    seen, broken = [], True

    def react(event):
        if broken and (event.subject, event.data["n"]) == ("x", 0):
            raise RuntimeError("never")
        seen.append((event.subject, event.data["n"]))

    jobs.reactions = {"report.made": (("a", react),)}
    announce(database, jobs, *["x"] * (40), "y")
    for _ in range(MAX_ATTEMPTS + 1):
        while jobs.dispatch(clock()):
            pass
        clock.move(minutes=11)
    [parked] = jobs.listed("parked", None, 10)
    assert (parked["subject"], parked["behind"]) == ("x", 39)
    assert seen == [("y", 40)]
    broken = False
    jobs.retry("staff-1", parked["id"])
    while jobs.dispatch(clock()):
        pass
    assert seen[1:] == [("x", n) for n in range(40)]


def test_a_dropped_event_lets_its_subject_go_on(jobs, database, clock):
    seen = []
    jobs.reactions = {"report.made": (("a", lambda event: seen.append(event.data["n"]) if event.data["n"] else 1 / 0),)}
    announce(database, jobs, "x", "x")
    for _ in range(MAX_ATTEMPTS + 1):
        while jobs.dispatch(clock()):
            pass
        clock.move(minutes=11)
    [parked] = jobs.listed("parked", None, 10)
    jobs.drop("staff-1", parked["id"])
    while jobs.dispatch(clock()):
        pass
    assert seen == [1]


# -- leases ----------------------------------------------------------------------------


def test_a_long_job_keeps_its_lease_while_it_runs(jobs, store, clock):
    def long(payload):
        for _ in range(9):
            clock.move(seconds=55)
            jobs.keep(clock())
            assert store.claim("jobs", clock()) == []

    jobs.handlers = {"x": long}
    jobs.enqueue("1", "x", {}, due_at=clock())
    jobs.run_job(clock())
    assert store.find("1")["state"] == "done"


def test_a_stuck_job_is_given_to_another_worker_and_parked_when_it_sticks_again_and_again(jobs, store, clock):
    runs = []

    def stuck(payload):
        runs.append(clock())
        if len(runs) > MAX_ATTEMPTS:
            return
        begun = clock()
        while clock() - begun < LONGEST_RUN:
            clock.move(seconds=20)
            jobs.keep(clock())
        clock.move(seconds=LEASE_SECONDS)
        jobs.keep(clock())
        jobs.run_job(clock())  # what another worker would do now

    jobs.handlers = {"x": stuck}
    jobs.enqueue("1", "x", {}, due_at=clock())
    jobs.run_job(clock())
    assert len(runs) == MAX_ATTEMPTS
    [parked] = jobs.parked()
    assert parked["reason"].startswith("WorkerLost: begun 12 times")


def test_work_that_kills_its_process_takes_others_along_once_and_is_parked(store, database, clock):
    def process():
        """A worker process of its own, as far as memory goes."""
        return OpenJobs(store, clock)

    process().enqueue("killer", "x", {"kill": True}, due_at=clock())
    for n in range(5):
        process().enqueue(f"innocent-{n}", "x", {}, due_at=clock() + timedelta(milliseconds=n + 1))

    class Killed(BaseException):
        """SIGKILL: nothing after it runs."""

    def handle(payload):
        if payload.get("kill"):
            raise Killed

    for _ in range(MAX_ATTEMPTS + 2):
        jobs = process()
        jobs.handlers = {"x": handle}
        clock.move(seconds=LEASE_SECONDS + 1)
        with contextlib.suppress(Killed):
            while jobs.run_job(clock()):
                pass
    states = {row["_id"]: (row["state"], row["attempts"]) for row in database["jobs"].find()}
    assert states.pop("killer") == ("parked", MAX_ATTEMPTS + 1)
    assert set(states.values()) == {("done", 2)}


def test_what_waits_behind_slow_work_goes_to_others_after_a_while(jobs, store, clock):
    taken = []

    def slow(payload):
        if payload["n"] == 0:
            jobs.keep(clock())
            assert store.claim("jobs", clock()) == []
            clock.move(seconds=3)
            jobs.keep(clock())
            taken.extend(row["payload"]["n"] for row in store.claim("jobs", clock()))

    jobs.handlers = {"x": slow}
    for n in range(3):
        jobs.enqueue(str(n), "x", {"n": n}, due_at=clock())
    jobs.run_job(clock())
    assert sorted(taken) == [1, 2]
    assert {row["attempts"] for row in store.database["jobs"].find()} == {1}, "waiting is no try"


def test_a_process_that_ends_gives_back_what_it_did_not_begin(jobs, store, clock):
    jobs.handlers = {"x": lambda payload: None}
    for n in range(3):
        jobs.enqueue(str(n), "x", {}, due_at=clock())
    jobs.run_job(clock())
    assert store.claim("jobs", clock()) == []
    jobs.give_back()
    assert len(store.claim("jobs", clock())) == 2


def test_a_job_that_nobody_knows_is_parked_in_words(jobs, clock):
    jobs.enqueue("1", "unheard.of", {}, due_at=clock())
    for _ in range(MAX_ATTEMPTS):
        jobs.run_job(clock())
        clock.move(minutes=11)
    assert [row["reason"] for row in jobs.parked()] == ["NoHandler: nobody does unheard.of"]


def test_the_reason_kept_holds_no_phone_and_no_identity_number():
    told = reason(ValueError("13800138000 of 61010219430305002X, try 3 of 12"))
    assert told == "ValueError: … of …, try 3 of 12"


# -- keeping, lag, schedule --------------------------------------------------------------


def test_done_work_is_kept_for_a_time_and_parked_work_for_ever(jobs, database, clock):
    jobs.handlers = {"x": lambda payload: None, "bad": lambda payload: 1 / 0}
    jobs.enqueue("1", "x", {}, due_at=clock())
    jobs.enqueue("2", "bad", {}, due_at=clock())
    announce(database, jobs, "x")
    for _ in range(MAX_ATTEMPTS + 1):
        while jobs.run_job(clock()) or jobs.dispatch(clock()):
            pass
        clock.move(minutes=11)
    begin = datetime(2026, 11, 24, 2, tzinfo=UTC)
    assert database["jobs"].find_one({"_id": "1"})["delete_at"] == begin + KEEP_JOBS
    assert database["events"].find_one()["delete_at"] == begin + KEEP_EVENTS
    assert "delete_at" not in database["jobs"].find_one({"_id": "2"})


def test_the_lag_is_told_in_numbers(jobs, clock):
    jobs.handlers = {"bad": lambda payload: 1 / 0}
    jobs.enqueue("1", "bad", {}, due_at=clock())
    jobs.enqueue("2", "x", {}, due_at=clock() + timedelta(hours=1))
    assert jobs.lag(clock())["jobs"] == {"due": 1, "retrying": 0, "parked": 0, "oldest_seconds": 0.0}
    jobs.run_job(clock())
    clock.move(hours=1, seconds=7)
    assert jobs.lag(clock())["jobs"] == {"due": 2, "retrying": 1, "parked": 0, "oldest_seconds": 3606.0}
    assert jobs.lag(clock())["events"]["due"] == 0


HOURLY = Recurring("sweep", every=timedelta(hours=1), after=timedelta(minutes=10))


def test_a_recurring_job_runs_once_a_slot_whoever_enqueues_it(store, database, clock):
    ran, crew = [], [OpenJobs(store, clock) for _ in range(3)]
    for jobs in crew:
        jobs.recurring, jobs.handlers = (HOURLY,), {"sweep": lambda payload: ran.append(payload["slot"])}
    for _ in range(12):
        for jobs in crew:
            jobs.schedule(clock())
            while jobs.run_job(clock()):
                pass
        clock.move(minutes=10)
    assert ran == [f"2026-11-24T0{hour}:10:00+00:00" for hour in (1, 2, 3)]


def test_slots_that_passed_while_nothing_ran_are_not_made_up_for(jobs, clock):
    ran = []
    jobs.recurring, jobs.handlers = (HOURLY,), {"sweep": ran.append}
    for pause in (0, 30):
        clock.move(hours=pause)
        jobs.schedule(clock())
        while jobs.run_job(clock()):
            pass
    assert len(ran) == 2


def test_a_day_begins_at_midnight_in_beijing():
    daily = Recurring("x", every=timedelta(days=1), after=timedelta(seconds=10))
    assert daily.slot(datetime(2026, 11, 24, 2, tzinfo=UTC)) == datetime(2026, 11, 23, 16, 0, 10, tzinfo=UTC)
    assert daily.slot(datetime(2026, 11, 23, 16, 0, 9, tzinfo=UTC)) == datetime(2026, 11, 22, 16, 0, 10, tzinfo=UTC)


@pytest.mark.parametrize("days", [0, 8])
def test_what_recurs_too_seldom_for_its_key_to_be_kept_is_refused(days):
    with pytest.raises(ValueError, match="every is"):
        Recurring("x", every=timedelta(days=days))


def test_pauses_double_and_end():
    now = datetime(2026, 1, 1, tzinfo=UTC)
    pauses = [(next_try(n, now) - now).total_seconds() for n in range(1, MAX_ATTEMPTS)]
    assert pauses == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 600]
    assert next_try(MAX_ATTEMPTS, now) is None


def test_a_key_is_ours_where_the_driver_wrote_it_twice_and_anothers_otherwise(store, clock):
    now = clock()
    assert store.begin_key("k", "print", "ref-1", now) is None
    assert store.begin_key("k", "print", "ref-1", now) is None, "the answer to the first insert was lost"
    held = store.begin_key("k", "print", "ref-2", now)
    assert (held["ref"], held["state"]) == ("ref-1", "in_flight")
