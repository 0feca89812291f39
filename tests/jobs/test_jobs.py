"""Events, leased jobs, the dispatcher: at least once, under a fence, parked when it never works."""

import threading
from datetime import timedelta

import pytest

from api.jobs.job import MAX_ATTEMPTS, next_try
from api.jobs.service import Jobs, Worker
from api.jobs.store import INDEXES, JobStore


@pytest.fixture
def store(database):
    database.ensure(INDEXES)
    return JobStore(database)


@pytest.fixture
def jobs(store, clock):
    return Jobs(store, clock)


def test_an_event_is_written_with_the_change_or_not_at_all(jobs, database):
    def fail(session):
        database["things"].insert_one({"_id": 1}, session=session)
        jobs.announce(session, "thing.made", "1")
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

    jobs.reactions = {"thing.made": (("a", lambda event: seen.append("a")), ("b", fail_twice))}
    database.transact(lambda session: jobs.announce(session, "thing.made", "1"))
    for _ in range(5):
        jobs.dispatch(clock())
        clock.move(minutes=1)
    assert seen == ["a", "b", "b", "b"]
    assert database["events"].find_one()["state"] == "done"


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
    lost = store.claim("jobs", clock())
    assert store.claim("jobs", clock()) is None
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


def test_the_worker_wakes_at_once_and_stops_cleanly(jobs, database, clock):
    done = threading.Event()
    jobs.handlers = {"x": lambda payload: done.set()}
    worker = Worker({"jobs": jobs.run_job}, clock)
    database.after_commit(worker.nudge)
    worker.start()
    database.transact(lambda session: jobs.enqueue("1", "x", {}, due_at=clock(), session=session))
    assert done.wait(5)
    worker.stop()


def test_pauses_double_and_end():
    from datetime import UTC, datetime

    now = datetime(2026, 1, 1, tzinfo=UTC)
    pauses = [(next_try(n, now) - now).total_seconds() for n in range(1, MAX_ATTEMPTS)]
    assert pauses == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 600]
    assert next_try(MAX_ATTEMPTS, now) is None
