"""Each finding of the doctor, from what the store says of itself."""

import pytest

from api.operations.doctor import machine, store, table
from api.settings import read

WELL = {
    "replica_set": True,
    "schema": {"versions": {}, "settled": True},
    "keys": None,
    "restoring": False,
    "staff": 3,
    "parked": {"events": 0, "jobs": 0},
    "unconfirmed": 0,
    "generation": None,
    "points": [{"_id": "H1", "kind": "hall", "name": "大厅", "hours": "Mo-Fr 09:00-17:00"}],
    "staff_at": {"H1": 3},
}
CLOSED = [{**WELL["points"][0], "built": "no"}]
MOVED = [*WELL["points"], {**WELL["points"][0], "_id": "H2", "accepts_from": "2025-11-24"}]


@pytest.fixture
def settings(tmp_path):
    return read({"CIRCLE_VAR": str(tmp_path / "var"), "CIRCLE_KEYS": str(tmp_path / "keys")})


@pytest.fixture
def look(settings, clock):
    def look(**changed):
        state = {**WELL, "time": clock(), **changed}
        return {finding.name: finding for finding in store(state, settings, {}, clock())}

    return look


def test_a_healthy_store_has_nothing_to_mend(look):
    assert {finding.state for finding in look().values()} <= {"ok", "note"}


@pytest.mark.parametrize(
    ("changed", "name", "todo"),
    [
        ({"error": "NetworkTimeout"}, "store", "store.log"),
        ({"replica_set": False}, "store", "rs.initiate"),
        ({"restoring": True}, "documents", "restore FILE --force"),
        ({"schema": {"versions": {"cases": 2}, "settled": True}}, "documents", "Install that release"),
        ({"keys": {"mark": "x"}}, "sealing", "CIRCLE_KEYS"),
        ({"parked": {"events": 0, "jobs": 2}}, "work", "reasons"),
        ({"generation": "20261124"}, "network", "network add"),
        ({"points": CLOSED}, "desks", "Open a hall"),
        ({"points": [*CLOSED, {**CLOSED[0], "_id": "H2", "built": "yes"}]}, "desks", "Post them"),
        ({"points": MOVED}, "desks", "circle check"),
    ],
)
def test_what_is_wrong_is_said_with_what_to_do(look, changed, name, todo):
    finding = look(**changed)[name]
    assert finding.state == "fail"
    assert todo in finding.todo


def test_clocks_that_differ_are_told(look, clock):
    before = clock()
    clock.move(seconds=9)
    assert look(time=before)["clock"].words == "this machine and the store differ by 9.0 s"


def test_documents_of_an_older_release_are_a_note(look):
    assert look(schema=None)["documents"].todo == "circle migrate"


REAL = {"MONGODB_URI": "mongodb://db/?replicaSet=rs", "PUBLIC_BASE": "https://circle.example.cn"} | {
    f"TWILIO_{name}": "secret" for name in ("ACCOUNT_SID", "AUTH_TOKEN", "MESSAGING_SERVICE_SID")
}


@pytest.mark.parametrize(
    ("environ", "state", "words"),
    [
        ({}, "note", "identity number"),
        ({**REAL, "CIRCLE_DEV": "1"}, "note", "others may reach it: PUBLIC_BASE is https://circle.example.cn"),
        (REAL, "ok", "real use"),
    ],
    ids=["pocket", "CIRCLE_DEV", "real"],
)
def test_whether_it_is_a_trial_is_told(tmp_path, environ, state, words):
    settings = read({"CIRCLE_VAR": str(tmp_path / "var"), "CIRCLE_KEYS": str(tmp_path / "keys"), **environ})
    trial = next(finding for finding in machine(settings) if finding.name == "trial")
    assert (trial.state, words in trial.words, "secret" in trial.words) == (state, True, False)


def test_pages_that_were_not_built_are_told(settings, tmp_path):
    pages = next(finding for finding in machine(settings, tmp_path) if finding.name == "pages")
    assert (pages.state, "make pages" in pages.todo) == ("fail", True)


def test_what_to_do_stands_under_what_is_wrong(look):
    lines = table(list(look(parked={"events": 1, "jobs": 0}).values())).splitlines()
    wrong = next(n for n, line in enumerate(lines) if line.startswith("FAIL"))
    assert "failed for good: 1 events" in lines[wrong]
    assert lines[wrong + 1].strip().startswith("→")
