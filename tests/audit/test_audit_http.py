"""The audit's face: for administrators, page by page, and itself written down; what is audited; the command line."""

import json
from contextlib import contextmanager

import pytest
from click.testing import CliRunner

from api import cli
from tests.way import accepted_upload, act, submitted


@pytest.fixture
def admin(staff):
    return staff("admin")


@pytest.fixture
def audit(app):
    return app.extensions["circle"].audit


def test_unmasked_reads_and_acts_of_staff_are_in_it_and_a_citizens_own_reading_is_not(
    admin, citizen, window, drain, database
):
    case = submitted(citizen, drain)
    case_id = database["cases"].find_one({"number": case["number"]})["_id"]
    citizen.get(f"/v1/cases/{case['number']}")
    window.get(f"/v1/cases/{case['number']}")
    act(window, window.get(f"/v1/cases/{case['number']}"), "accept")
    rows = admin.get(f"/v1/audit?subject=case:{case_id}")["items"]
    assert [row["act"] for row in rows] == ["case.accept", "read_unmasked", "read_unmasked"]
    assert {row["actor"] for row in rows} == {window.person["id"]}


def test_an_opened_file_of_somebody_else_is_in_it(admin, citizen, window, drain):
    case = submitted(citizen, drain)
    seen = window.get(f"/v1/cases/{case['number']}")
    upload = next(file["id"] for material in seen["materials"] for file in material["files"])
    window.get(f"/v1/files/{upload}")
    accepted_upload(citizen, drain)
    assert [row["act"] for row in admin.get(f"/v1/audit?subject=file:{upload}")["items"]] == ["read_file"]


def test_reading_the_audit_is_itself_in_it(admin):
    admin.get("/v1/audit?actor=nobody")
    rows = admin.get(f"/v1/audit?actor={admin.person['id']}")["items"]
    assert [row["subject"] for row in rows if row["act"] == "read_audit"] == [
        f"audit:actor={admin.person['id']}",
        "audit:actor=nobody",
    ]


def test_it_is_read_page_by_page_and_by_day_and_actor(staff, audit, clock):
    for n in range(5):
        audit.record("somebody", "read_unmasked", f"case:{n}")
    clock.move(days=1)
    audit.record("somebody", "read_unmasked", "case:next")
    admin = staff("admin")
    query, seen, cursor = "/v1/audit?actor=somebody&day=2026-11-24&limit=2", [], ""
    while cursor is not None:
        page = admin.get(f"{query}&cursor={cursor}" if cursor else query)
        seen += [row["subject"] for row in page["items"]]
        cursor = page["next"]
    assert seen == [f"case:{n}" for n in (4, 3, 2, 1, 0)]
    assert len(admin.get("/v1/audit?actor=somebody&day=2026-11-25")["items"]) == 1


def test_a_day_is_a_day_in_beijing(staff, audit, clock):
    clock.move(hours=13, minutes=59)
    audit.record("somebody", "read_unmasked", "case:late")
    clock.move(minutes=1)
    audit.record("somebody", "read_unmasked", "case:early")
    [late] = staff("admin").get("/v1/audit?actor=somebody&day=2026-11-24")["items"]
    assert (late["subject"], late["at"]) == ("case:late", "2026-11-24T23:59:00+08:00")


def test_only_administrators_and_supervisors_read_it(window, citizen, anyone, staff):
    staff("supervisor").get("/v1/audit")
    assert window.get("/v1/audit", expect=403)["code"] == "role_wrong"
    assert citizen.get("/v1/audit", expect=403)["code"] == "role_wrong"
    anyone.get("/v1/audit", expect=401)


def test_the_worker_seals_what_is_written(admin, audit, drain, clock):
    audit.record("somebody", "read_unmasked", "case:1")
    clock.move(seconds=6)
    drain()
    assert audit.verify().unsealed == 0
    [row] = admin.get("/v1/audit?actor=somebody")["items"]
    assert row["sealed"]
    assert row["seq"] > 0


@pytest.fixture
def circle(app, monkeypatch):
    """Run a `circle audit …` command on the app's own store."""

    @contextmanager
    def office():
        yield app.extensions["circle"]

    monkeypatch.setattr("api.cli.audit.opened_office", office)
    return lambda *words: CliRunner().invoke(cli.main, ["audit", *map(str, words)])


def test_the_command_line_gives_the_head_and_checks_the_chain_against_it(circle, audit, clock, database, tmp_path):
    audit.record("a", "b", "c")
    clock.move(minutes=5)
    audit.seal(clock())
    head = tmp_path / "head.json"
    circle("head", "--out", head)
    assert json.loads(circle("head").output) == json.loads(head.read_text())
    audit.record("a", "b", "d")
    whole = circle("verify", "--head", head)
    assert whole.exit_code == 0
    assert "1 not sealed yet" in whole.output
    database["audit"].update_one({"subject": "c"}, {"$set": {"actor": "z"}})
    broken = circle("verify")
    assert broken.exit_code == 1
    assert "row 1: row_edited" in broken.output


def test_a_file_that_is_no_head_is_refused_in_words(circle, tmp_path):
    (tmp_path / "x").write_text("{}x")
    answer = circle("verify", "--head", tmp_path / "x")
    assert answer.exit_code == 1
    assert "is no head" in answer.output


def test_without_a_filter_the_newest_come_first_page_by_page_however_old(staff, audit, clock):
    for age in (400, 40, 2, 0):
        clock.move(days=-age)
        audit.record("somebody", "read_unmasked", f"case:{age}")
        clock.move(days=age)
    admin, seen, query = staff("admin"), [], "/v1/audit?limit=2"
    while query:
        page = admin.get(query)
        seen += [row["subject"] for row in page["items"] if row["actor"] == "somebody"]
        query = page["next"] and f"/v1/audit?limit=2&cursor={page['next']}"
    assert seen == ["case:0", "case:2", "case:40", "case:400"]
