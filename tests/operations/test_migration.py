"""Documents are brought forward once, by one process, in two steps; a newer store is refused."""

import threading

import pytest

from api.cases import case as rules
from api.operations.migration import MigrationFailed, NewerStore, Shape
from api.operations.service import Migrations, RestoreUnfinished


def split_name(row):
    return {"family": row["name"][0], "given": row["name"][1:]}


def greet(row):
    return {"greeting": f"您好,{row['family']}{row['given']}"}


OLD = Shape("0.1.0", [], {})
NEW = Shape("0.2.0", [("people", split_name, ("name",))], {})
NEWEST = Shape("0.3.0", [("people", split_name, ("name",)), ("people", greet, ())], {})


@pytest.fixture
def people(elsewhere):
    rows = [{"_id": n, "v": 1, "name": f"王{n}"} for n in range(450)]
    elsewhere["people"].insert_many([*rows, {"_id": "without", "name": "李白"}])
    return elsewhere["people"]


def run(empty, clock, shape):
    return Migrations(empty, shape=shape, now=clock).run()


def test_documents_are_expanded_then_contracted_and_a_second_run_does_nothing(empty, people, clock):
    lines = run(empty, clock, NEW)
    assert lines == ["people: 451 documents brought to version 2", "people: name taken away from 451 documents"]
    assert people.find_one({"_id": "without"}) == {"_id": "without", "v": 2, "family": "李", "given": "白"}
    assert people.count_documents({"v": 2}) == 451
    assert run(empty, clock, NEW) == []


def test_upgrades_of_several_releases_follow_each_other(empty, people, clock):
    run(empty, clock, OLD)
    run(empty, clock, NEWEST)
    assert people.find_one({"_id": 7}) == {"_id": 7, "v": 3, "family": "王", "given": "7", "greeting": "您好,王7"}


def test_old_fields_stay_while_a_process_of_an_older_release_runs(empty, elsewhere, people, clock):
    elsewhere["processes"].insert_one({"_id": "old", "seen_at": clock(), "release": "0.1.0"})
    assert "Old fields stay" in run(empty, clock, NEW)[-1]
    assert people.find_one({"_id": 7})["name"] == "王7"
    people.insert_one({"_id": "late", "v": 1, "name": "赵云"})  # the older process still writes
    clock.move(minutes=1)
    assert run(empty, clock, NEW)[0] == "people: 1 documents brought to version 2"
    assert people.count_documents({"name": {"$exists": True}}) == 0


def test_a_store_of_a_newer_release_is_refused_in_words(empty, people, clock):
    run(empty, clock, NEWEST)
    with pytest.raises(NewerStore, match=r"newer release than this one \(0.2.0\): people"):
        run(empty, clock, NEW)
    with pytest.raises(NewerStore):
        run(empty, clock, OLD)


def test_newer_actions_are_refused_too(empty, clock):
    run(empty, clock, Shape("0.2.0", [], {"case_actions": 2}))
    with pytest.raises(NewerStore, match="case_actions"):
        run(empty, clock, Shape("0.1.0", [], {"case_actions": 1}))


def test_two_processes_at_once_bring_each_document_forward_once(empty, people, clock):
    seen, lines = [], []
    shape = Shape("0.2.0", [("people", lambda row: seen.append(row["_id"]) or split_name(row), ("name",))], {})
    threads = [threading.Thread(target=lambda: lines.append(run(empty, clock, shape))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seen) == 451
    assert sorted(len(one) for one in lines) == [0, 0, 2]


def test_one_that_was_cut_off_is_finished_by_the_next_start(empty, people, clock):
    def stumble(row):
        if row["_id"] == 300:
            raise ValueError("王300")
        return split_name(row)

    with pytest.raises(MigrationFailed, match="people/300") as failed:
        run(empty, clock, Shape("0.2.0", [("people", stumble, ("name",))], {}))
    assert "王" not in str(failed.value)
    run(empty, clock, NEW)
    assert people.count_documents({"v": 2, "name": {"$exists": False}}) == 451


def test_the_lease_of_a_process_that_died_runs_out(empty, people, clock):
    assert empty.lease_schema(clock())
    assert empty.lease_schema(clock()) is None
    clock.move(minutes=2)
    assert run(empty, clock, NEW)


def test_half_a_restore_is_not_started_on(empty, clock):
    empty.begin_restore(clock())
    with pytest.raises(RestoreUnfinished, match="circle restore FILE --force"):
        run(empty, clock, OLD)


def test_every_document_of_a_whole_story_carries_its_version(app, whole, citizen, window, handler, drain):
    from tests.operations.story import told

    told(citizen, window, handler, drain)
    without = {name for name in whole.collections() if whole._db[name].find_one({"v": {"$exists": False}})}
    assert without <= UNVERSIONED, without - UNVERSIONED


UNVERSIONED = {
    *("login_codes", "sessions", "idempotency", "upload_parts", "chat_cursors", "chat_presence"),
    *("catalogue", "circle", "files.files", "files.chunks", "limits", "login_counts"),
}
"""Short-lived, or one row of counters, or GridFS's own."""


def test_an_action_of_an_older_release_is_read_in_todays_shape(app, citizen, window, handler, drain, monkeypatch):
    from tests.way import submitted

    case = submitted(citizen, drain)
    monkeypatch.setattr(rules, "ACTION_VERSION", 3)
    monkeypatch.setitem(rules.UPCASTERS, ("submit", 1), lambda data: {**data, "text": "甲"})
    monkeypatch.setitem(rules.UPCASTERS, ("submit", 2), lambda data: {**data, "text": data["text"] + "乙"})
    [first, *_] = citizen.get(f"/v1/cases/{case['number']}/timeline")["items"]
    assert (first["act"], first["text"]) == ("submit", "甲乙")
