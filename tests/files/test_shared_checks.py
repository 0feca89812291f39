"""Checks are shared by owner: one person's many files hold up neither others' files nor other work."""

from datetime import timedelta

import pytest

from api.files import file as rules
from api.files import run_check
from api.files.run_check import Checked
from tests.files.test_uploads import begin, upload
from tests.show.fair import is_fair, share


@pytest.fixture
def order(monkeypatch, app, clock):
    """The uploads in the order in which they are checked, each by the bytes that it ends with; each takes a second."""
    checked = []

    def check(pieces, keep):
        checked.append(b"".join(pieces)[-2:].decode())
        clock.move(seconds=1)
        return Checked(refused="kind")

    monkeypatch.setattr(run_check, "check", check)
    return checked


def send(caller, *names):
    return [upload(caller, b"x" * 20 + name.encode()) for name in names]


def test_people_take_turns_whoever_came_first(citizen, other_citizen, window, order, drain):
    send(citizen, *(f"A{n}" for n in range(6)))
    send(other_citizen, "B1", "B2")
    send(window, "C1")
    drain()
    assert order == ["A0", "B1", "C1", "A1", "B2", "A2", "A3", "A4", "A5"]


def test_who_comes_late_waits_for_one_file_of_each_other(citizen, other_citizen, order, drain, app, clock):
    send(citizen, *(f"A{n}" for n in range(6)))
    jobs = app.extensions["circle"].jobs
    assert jobs.run_slow_job(clock())
    assert jobs.run_slow_job(clock())
    send(other_citizen, "B1")
    drain()
    assert order == ["A0", "A1", "A2", "B1", "A3", "A4", "A5"]


def test_a_check_that_fails_holds_up_no_later_one(citizen, drain, app, clock, monkeypatch, database):
    begun = []

    def check(pieces, keep):
        begun.append(b"".join(pieces)[-2:])
        if begun[-1] == b"A0":
            raise RuntimeError("the store has lost a part")
        return Checked(refused="kind")

    monkeypatch.setattr(run_check, "check", check)
    first, second = send(citizen, "A0", "A1")
    drain()
    assert begun == [b"A0", b"A1"]
    assert citizen.get(f"/v1/uploads/{first}")["state"] == "checking"
    assert citizen.get(f"/v1/uploads/{second}")["state"] == "refused"


def test_a_next_one_that_nobody_called_is_checked_all_the_same(citizen, order, app, clock, drain, monkeypatch):
    """A process died between the verdict on one upload and calling the next."""
    files = app.extensions["circle"].files
    with monkeypatch.context() as dead:
        dead.setattr(files, "_hasten", lambda *job: None)
        send(citizen, "A0", "A1", "A2")
        drain()
    assert order == ["A0"]
    clock.move(seconds=rules.WAITS_FOR_OWN.total_seconds())
    drain()
    assert order == ["A0", "A1", "A2"]


def test_one_that_is_given_up_holds_up_no_later_one(citizen, order, drain):
    first, _ = send(citizen, "A0", "A1")
    citizen.call("DELETE", f"/v1/uploads/{first}", expect=204)
    drain()
    assert order == ["A1"]


def test_a_slow_check_holds_up_no_other_work(citizen, app, clock, monkeypatch):
    office = app.extensions["circle"]
    send(citizen, "A0")
    office.jobs.enqueue("other", "audit.head", {}, due_at=clock())
    ran = []
    monkeypatch.setitem(office.handlers, "audit.head", ran.append)
    monkeypatch.setattr(run_check, "check", lambda pieces, keep: pytest.fail("not by this loop"))
    while office.jobs.run_job(clock()):
        pass
    assert ran == [{}]


def test_so_many_may_wait_of_one_person_and_no_more(citizen, other_citizen, monkeypatch, order, drain):
    monkeypatch.setattr(rules, "MOST_UNCHECKED", 3)
    send(citizen, "A0", "A1", "A2")
    full = begin(citizen, 10)
    assert (full.status_code, full.get_json()["code"]) == (429, "too_many_unchecked")
    assert int(full.headers["Retry-After"]) > 0
    assert begin(other_citizen, 10).status_code == 201
    drain()
    assert begin(citizen, 10).status_code == 201


def test_the_check_of_an_earlier_release_is_still_done(citizen, order, database, drain, clock):
    """Its jobs lie in the queue of all jobs."""
    send(citizen, "A0")
    row = database["slow_jobs"].find_one()
    database["slow_jobs"].delete_many({})
    database["jobs"].insert_one(row)
    drain()
    assert order == ["A0"]


def test_waiting_for_one_s_turn_is_no_attempt(citizen, order, app, clock, database):
    first, second = send(citizen, "A0", "A1")
    jobs, queue = app.extensions["circle"].jobs, database["slow_jobs"]
    queue.update_one({"_id": f"file:{second}"}, {"$set": {"due_at": clock() - timedelta(1), "lease.until": clock()}})
    assert jobs.run_slow_job(clock())
    row = queue.find_one({"_id": f"file:{second}"})
    assert (order, row["state"], row["attempts"]) == ([], "pending", 0)
    assert row["due_at"] == clock() + rules.WAITS_FOR_OWN
    assert queue.find_one({"_id": f"file:{first}"})["due_at"] <= clock()


@pytest.mark.served
def test_a_greedy_person_holds_up_nobody_else(tmp_path):
    shown = share(seed=3, honest=2, messages=1, folder=tmp_path)
    assert is_fair(shown), shown
