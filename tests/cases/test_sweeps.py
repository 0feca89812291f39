"""The look at every open case, in slices: neither a killed worker nor a bad case nor a second change leaves one out."""

import logging

import pytest

from api.cases import sweeps
from api.cases.case import OPEN
from api.cases.deadlines import Deadlines

SLICE = 2
KIND = "cases.deadlines"


@pytest.fixture
def circle(app):
    return app.extensions["circle"]


@pytest.fixture
def rows(database, drain, monkeypatch):
    """Nine open cases in three states, and twenty that are closed; gives the ids of the open ones."""
    drain()  # today's own look at every case comes first
    monkeypatch.setattr(sweeps, "SLICE", SLICE)
    states = ["submitted"] * 4 + ["accepted"] * 4 + ["issued"] + ["closed"] * 20
    cases = [{"_id": f"{n:04}", "v": 3, "number": f"N{n}", "state": state} for n, state in enumerate(states)]
    database["cases"].insert_many(cases)
    return {case["_id"] for case in cases if case["state"] in OPEN}


@pytest.fixture
def looks(circle, monkeypatch):
    """What is looked at, as (version of the calendar, id); `looks.do` maps ids to what happens then."""

    class Looks(list):
        do = {}

    looks = Looks()
    looks.do = {}

    def review(self, case_id):
        looks.append((circle.calendar.version, case_id))
        looks.do.get(case_id, lambda: None)()

    monkeypatch.setattr(Deadlines, "review", review)
    return looks


@pytest.fixture
def change(staff):
    """Change the calendar over HTTP: the next of some days is a rest day."""
    admin, count = staff("admin"), iter(range(9))

    def change():
        n = next(count)
        marks = [{"date": f"2026-12-{n + 1:02}", "kind": "rest", "notice": "国办发明电〔2026〕9号"}]
        admin.patch("/v1/calendar", marks, n)

    return change


def of_calendar(database):
    """The jobs of the runs after changes of the calendar, each as (key, state)."""
    jobs = database["slow_jobs"].find({"kind": KIND, "_id": {"$regex": "calendar"}}).sort("_id")
    return [(job["_id"].removeprefix(f"{KIND}:calendar:"), job["state"]) for job in jobs]


def test_a_change_looks_at_every_open_case_once_slice_by_slice_and_at_no_closed_one(
    rows, looks, change, drain, clock, database
):
    change()
    clock.move(seconds=1)
    drain()
    seen = [case_id for version, case_id in looks if version == 1]
    assert (sorted(seen), len(seen)) == (sorted(rows), len(rows))
    assert of_calendar(database) == [("1", "done"), *((f"1:{n}", "done") for n in range(1, 5))]
    clock.move(days=1)
    looks.clear()
    drain()
    assert sorted(case_id for _, case_id in looks) == sorted(rows), "so does the daily one"


def test_a_worker_that_dies_leaves_the_other_slices_and_its_own_is_done_again(
    rows, looks, change, drain, clock, database
):
    def killed():
        looks.do.clear()
        raise KeyboardInterrupt

    looks.do["0006"] = killed
    change()
    clock.move(seconds=1)
    with pytest.raises(KeyboardInterrupt):
        drain()
    drain()  # another process, while the lease of the dead one still runs
    assert [key for key, state in of_calendar(database) if state != "done"] == ["1"]
    assert {case_id for _, case_id in looks} == rows
    clock.move(minutes=2)
    drain()
    assert {state for _, state in of_calendar(database)} == {"done"}
    assert sum(case_id == "0006" for _, case_id in looks) == 2


def test_a_case_that_always_raises_holds_up_no_slice_and_its_own_ends_with_staff(
    rows, looks, change, drain, clock, database, circle, caplog
):
    def broken():
        raise KeyError("m9")

    looks.do["0007"] = broken
    change()
    clock.move(seconds=1)
    with caplog.at_level(logging.CRITICAL):
        drain()
        assert {case_id for _, case_id in looks} == rows
        for _ in range(12):
            clock.move(minutes=11)
            drain()
    assert [key for key, state in of_calendar(database) if state == "parked"] == ["1"]
    assert any("0007" in job["reason"] for job in circle.jobs.parked())


def test_a_second_change_during_the_walk_looks_at_every_case_by_its_own_calendar(
    rows, looks, change, drain, clock, database
):
    def changed():
        looks.do.clear()
        change()

    looks.do["0002"] = changed
    change()
    for _ in range(2):
        clock.move(seconds=1)
        drain()
    newest = [case_id for version, case_id in looks if version == 2]
    assert rows <= set(newest)
    assert {state for _, state in of_calendar(database)} == {"done"}
    assert len([key for key, _ in of_calendar(database) if key.startswith("2")]) == 5
