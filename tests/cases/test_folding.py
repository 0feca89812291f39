"""The clocks of cases of an older release: folded by a job, at a linear cost, without moving a day that was told."""

import logging

import pytest

from api.cases import sweeps
from api.cases.silence import Silence
from api.cases.sweeps import SweepIncomplete, sweep
from tests.cases.test_case_clock import acts, seen, send, supplemented
from tests.shapes import Shapes
from tests.way import accepted_upload, act, submitted

PHONE = "13800138000"
OLD = {"received_at": "2026-11-24T10:00:00+08:00", "deemed_acceptance": True}


@pytest.fixture
def office(app):
    return app.extensions["circle"]


@pytest.fixture
def reads(monkeypatch):
    """The collections of the reads that are sent, in order."""
    sent, really = [], Shapes.started

    def started(self, event):
        if event.command_name == "find":
            sent.append(event.command["find"])
        really(self, event)

    monkeypatch.setattr(Shapes, "started", started)
    return sent


def aged(database):
    """Make every case one of an older release, as the upgrade leaves it."""
    database["cases"].update_many({}, {"$set": {"clock_facts": OLD, "old_clock": True}})


def left(database):
    return database["cases"].count_documents({"old_clock": True})


def test_a_start_folds_no_clock_and_a_job_does_it_once(citizen, drain, clock, office, database):
    submitted(citizen, drain)
    aged(database)
    office.cases.start()
    assert left(database) == 1
    clock.move(days=1)
    drain()
    assert left(database) == 0
    [job] = database["slow_jobs"].find({"kind": "cases.fold_clock", "_id": {"$regex": "@2026-11-24T16"}})
    assert (job["state"], job["attempts"]) == ("done", 1)


def test_folding_reads_a_case_a_fixed_number_of_times(citizen, drain, office, database, reads):
    counts = []
    for _ in range(3):
        submitted(citizen, drain)
        aged(database)
        reads.clear()
        office.cases.folding.run()
        counts.append(len(reads))
    assert counts[1] - counts[0] == counts[2] - counts[1] > 0
    assert left(database) == 0


def test_a_sweep_asks_once_which_cases_there_are(app, office, database, reads):
    rows = [{"_id": f"{n:04}", "v": 2, "number": f"N{n}", "state": "submitted"} for n in range(250)]
    database["cases"].insert_many(rows)
    swept, ground = [], office.cases.handling.silence.ground
    sweep(ground, office.cases._store.ids({"state": "submitted"}), swept.append)
    assert (len(swept), len(set(swept)), reads) == (250, 250, ["cases"])


def test_pages_of_ids_leave_out_none(app, office, database, monkeypatch):
    rows = [{"_id": f"{n:04}", "v": 2, "number": f"N{n}", "state": "submitted"} for n in range(7)]
    database["cases"].insert_many(rows)
    for most in (1, 2, 7, 8):
        monkeypatch.setattr("api.cases.store.IDS", most)
        assert list(office.cases._store.ids({"state": "submitted"})) == [row["_id"] for row in reversed(rows)]


def test_a_case_that_does_not_open_is_said_and_holds_up_no_other(citizen, drain, clock, office, database, caplog):
    cases = [submitted(citizen, drain) for _ in range(2)]
    aged(database)
    database["cases"].update_one({"number": cases[1]["number"]}, {"$set": {"receipt": "broken"}})
    with caplog.at_level(logging.CRITICAL), pytest.raises(SweepIncomplete, match="1 cases raised"):
        office.cases.folding.run()
    [row] = database["cases"].find({"old_clock": True})
    assert row["number"] == cases[1]["number"]


def test_a_long_run_and_a_killed_one_are_gone_on_with(citizen, drain, clock, office, database, monkeypatch):
    for _ in range(3):
        submitted(citizen, drain)
    aged(database)
    monkeypatch.setattr(sweeps.ClockFolding, "_fold", _killed_after_one(sweeps.ClockFolding._fold))
    with pytest.raises(KeyboardInterrupt):
        office.cases.folding.run()
    monkeypatch.undo()
    assert left(database) == 2
    monkeypatch.setattr(sweeps, "FOLD_SECONDS", -1)
    clock.move(days=2)
    drain()
    assert left(database) == 0


def _killed_after_one(really):
    done = []

    def fold(self, case_id):
        if done:
            raise KeyboardInterrupt
        done.append(case_id)
        really(self, case_id)

    return fold


# -- days that were told ----------------------------------------------------------------------------------------------


@pytest.fixture
def older(monkeypatch):
    """Acts are done as an older release did them: what the law has deemed is not recorded before."""

    def start():
        monkeypatch.setattr(Silence, "applied", lambda self, case: case)
        monkeypatch.setattr(Silence, "deem_accepted", lambda self, case_id: None)

    return start, monkeypatch.undo


def test_a_late_acceptance_of_an_older_release_keeps_the_day_that_was_told(
    citizen, staff, drain, clock, app, office, database, older
):
    begin, end = older
    case = submitted(citizen, drain)
    begin()
    clock.move(days=8)  # Wednesday 2 December: the limit ended on the 1st
    case = act(staff("window"), case, "accept")
    end()
    aged(database)
    before = seen(staff("window"), case)["clock"]
    assert (before["accept_basis"], before["day0"], before["legal_due"][:10]) == ("deemed", "2026-11-24", "2026-12-08")
    office.cases.folding.run()
    assert left(database) == 0
    assert seen(staff("window"), case)["clock"] == before
    clock.move(days=7)  # Wednesday 9 December: a day late
    case = act(staff("handler"), case, "decide", kind="grant", text="符合条件，准予许可。")
    assert (case["clock"]["overdue"], case["clock"]["overdue_days"], case["clock"]["day0"]) == (True, 1, "2026-11-24")
    case = act(staff("window"), case, "issue", serial="JY1")
    assert case["clock"]["legal_due"][:10] == "2026-12-08"
    assert acts(app, case) == ["submit", "accept", "decide", "issue"]


def test_an_act_before_the_fold_keeps_the_day_too(citizen, staff, drain, clock, office, database, older):
    begin, end = older
    case = submitted(citizen, drain)
    begin()
    clock.move(days=8)
    case = act(staff("window"), case, "accept")
    end()
    aged(database)
    case = act(staff("handler"), case, "decide", kind="grant", text="符合条件，准予许可。")
    office.cases.folding.run()
    assert seen(staff("window"), case)["clock"]["day0"] == "2026-11-24"


def test_a_late_notice_of_an_older_release_changes_nothing(
    citizen, log_in, staff, drain, clock, office, database, older
):
    begin, end = older
    case, upload = submitted(citizen, drain), accepted_upload(citizen, drain)
    begin()
    clock.move(days=8)
    citizen = log_in(PHONE)
    case = act(staff("window"), case, "request_supplement", items=[{"key": "m1", "why": "没有签名"}])
    case = send(citizen, case, "supplement", {"materials": {"m1": [upload]}, "text": ""})
    case = act(staff("window"), case, "accept")
    end()
    aged(database)
    office.cases.folding.run()
    clock_now = seen(citizen, case)["clock"]
    assert (clock_now["accept_basis"], clock_now["day0"]) == ("deemed", "2026-11-24")


def test_what_an_older_release_did_in_time_stays_as_it_was(citizen, staff, drain, clock, office, database, older):
    begin, end = older
    in_time = supplemented(citizen, staff("window"), drain, submitted(citizen, drain))
    late = submitted(citizen, drain)
    begin()
    clock.move(days=6)
    in_time = act(staff("window"), in_time, "accept")
    clock.move(days=2)
    late = act(staff("window"), late, "decline", reason="不属于本机关")
    end()
    aged(database)
    office.cases.folding.run()
    window = staff("window")
    accepted, declined = seen(window, in_time)["clock"], seen(window, late)["clock"]
    assert (accepted["accept_basis"], accepted["day0"], accepted["warnings"]) == ("accepted", "2026-11-30", [])
    assert (declined["state"], declined["accept_basis"], declined["legal_due"]) == ("ended", None, None)
