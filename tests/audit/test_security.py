"""Security events: a table of deeds and of the row that each leaves; floods; alarms; who reads them."""

import json
import re
import threading
from contextlib import contextmanager
from uuid import uuid4

import pytest
from click.testing import CliRunner

from api import cli, settings
from api.audit import acts
from api.audit.ports import RequestOrigin, SecurityPorts
from api.audit.security.counted import PEOPLE, STRANGERS, SecurityEvent
from api.audit.security.service import SecurityEvents
from api.operations.store import OperationsStore
from chat.refusals import TooManyLines, TooOften
from tests.conftest import PASSWORD, Caller, database_of_its_own
from tests.identity.test_verifications import bound, confirmed, opened, texts
from tests.way import FOOD, ID_NUMBER, act, issued, submitted


class People:
    """Who takes part, and what there is of them."""

    def __init__(self, app, citizen, other_citizen, staff, anyone, log_in, drain, sent):
        self.app, self.office = app, app.extensions["circle"]
        self.citizen, self.other, self.anyone, self.log_in = citizen, other_citizen, anyone, log_in
        self.window, self.admin, self.second, self.supervisor = (
            staff(role) for role in ("window", "admin", "admin", "supervisor")
        )
        self.handler, self.staff, self.drain, self.sent = staff("handler"), staff, drain, sent

    def id(self, name):
        return getattr(self, name).person["id"]

    def username(self, name):
        return self.office.identity.staff.member(self.id(name))["username"]


@pytest.fixture
def people(app, citizen, other_citizen, staff, anyone, log_in, drain, sent):
    return People(app, citizen, other_citizen, staff, anyone, log_in, drain, sent)


def log_in_as(people, username, password, **more):
    return people.anyone.raw("POST", "/v1/staff/sessions", json={"username": username, "password": password, **more})


def wrong_password(people):
    assert log_in_as(people, people.username("window"), "not-the-password").status_code == 401
    return "", f"staff:{people.id('window')}"


def wrong_old_password(people):
    people.window.post("/v1/staff/password", {"old": "not-it", "new": "another-good-one"}, expect=401)
    return people.id("window"), f"staff:{people.id('window')}"


def unknown_name(people):
    assert log_in_as(people, "my-password-by-mistake", "x" * 12).status_code == 401
    return "", f"username:{people.office.keyring.index('username', 'my-password-by-mistake')[:16]}"


def wrong_totp(people):
    secret = people.window.post("/v1/staff/totp")["secret"]
    people.window.post("/v1/staff/totp/confirmation", {"code": "000000" if secret else ""}, expect=401)
    return people.id("window"), f"staff:{people.id('window')}"


def locked_out(people):
    for _ in range(6):
        answer = log_in_as(people, people.username("window"), "not-the-password")
    assert answer.status_code == 429
    return "", f"staff:{people.id('window')}"


def wrong_code(people):
    people.anyone.post("/v1/sessions", {"phone": "13800138000", "code": "000000"}, expect=401)
    return "", f"citizen:{people.id('citizen')}"


def wrong_code_of_nobody(people):
    people.anyone.post("/v1/sessions", {"phone": "13500135000", "code": "000000"}, expect=401)
    return "", f"phone:{people.office.keyring.index('phone', '+8613500135000')[:16]}"


def citizen_in(people):
    caller = people.log_in("13300133000")
    return caller.person["id"], f"citizen:{caller.person['id']}"


def staff_in(people):
    assert log_in_as(people, people.username("window"), PASSWORD).status_code == 201
    return people.id("window"), f"staff:{people.id('window')}"


def staff_out(people):
    people.window.call("DELETE", "/v1/sessions/current", expect=204)
    return people.id("window"), f"staff:{people.id('window')}"


def citizen_out(people):
    people.citizen.call("DELETE", "/v1/sessions/current", expect=204)
    return people.id("citizen"), f"citizen:{people.id('citizen')}"


def reuse(people):
    token = {"refresh_token": people.citizen.tokens["refresh_token"]}
    people.anyone.post("/v1/sessions/refresh", token)
    people.anyone.post("/v1/sessions/refresh", token, expect=401)
    return people.id("citizen"), f"citizen:{people.id('citizen')}"


def wrong_role(people):
    people.window.get("/v1/staff", expect=403)
    return people.id("window"), ""


def citizens_wrong_role(people):
    people.citizen.get("/v1/desk/cases", expect=403)
    return people.id("citizen"), ""


def wrong_role_in_an_act(people):
    case = submitted(people.citizen, people.drain)
    act(people.window, act(people.window, case, "accept"), "decide", kind="grant", text="准予", expect=403)
    return people.id("window"), ""


def not_verified(people):
    agent = {"name": "王小明", "number": ID_NUMBER}
    body = {"kind": "agent", "agent": agent, "matters": [FOOD], "valid_until": "2026-12-31"}
    people.citizen.post("/v1/mandates", body, expect=403)
    return people.id("citizen"), ""


def anothers_case(people):
    case = submitted(people.citizen, people.drain)
    people.other.get(f"/v1/cases/{case['number']}", expect=404)
    return people.id("other"), people.office.cases.subject_of(case["number"])


def anothers_draft(people):
    draft = people.citizen.post("/v1/drafts", {"matter": "XC-行政许可-001"})["id"]
    people.other.get(f"/v1/drafts/{draft}", expect=404)
    return people.id("other"), f"draft:{draft}"


def anothers_file(people):
    case = submitted(people.citizen, people.drain)
    seen = people.citizen.get(f"/v1/cases/{case['number']}")
    upload = next(line["files"][0]["id"] for line in seen["materials"] if line["files"])
    people.other.get(f"/v1/files/{upload}", expect=404)
    return people.id("other"), f"file:{upload}"


def anothers_parcel(people):
    parcel = send_parcel(people)["id"]
    people.other.get(f"/v1/parcels/{parcel}", expect=404)
    return people.id("other"), f"parcel:{parcel}"


def anothers_talk(people):
    talk = people.citizen.post("/v1/conversations", {"text": "在吗？"})["id"]
    people.other.get(f"/v1/conversations/{talk}/messages", expect=404)
    return people.id("other"), f"talk:{talk}"


def anothers_notice(people):
    submitted(people.citizen, people.drain)
    notice = people.citizen.get("/v1/notices")["items"][0]["id"]
    people.admin.post(f"/v1/desk/notices/{notice}/resend", {}, expect=404)
    return people.id("admin"), f"notice:{notice}"


def verify(people):
    bound(people.window, people.citizen)
    return people.id("window"), f"citizen:{people.id('citizen')}"


def rebind(people):
    for account in (people.citizen, people.other):
        bound(people.window, account)
    return people.id("window"), f"citizen:{people.id('citizen')}"


def change_phone(people):
    """A number changed at a window: nobody had the phone before."""
    bound(people.window, people.citizen)
    people.anyone.post("/v1/sessions/codes", {"phone": "13700137000"}, expect=202)
    people.drain()
    code = re.findall(r"\d{6}", texts(people.sent, "13700137000")[-1])[0]
    body = {"phone": "13700137000", "code": code, "id_number": ID_NUMBER}
    opening = people.window.post(f"/v1/staff/verifications/{people.id('citizen')}/phone", body)["verification"]
    second = people.staff("window")
    confirmed(second, opening)
    return second.person["id"], f"citizen:{people.id('citizen')}"


def change_roles(people):
    path = f"/v1/staff/{people.id('window')}"
    people.admin.patch(path, {"roles": ["window", "handler"]}, people.admin.get(path)["version"])
    return people.id("admin"), f"staff:{people.id('window')}"


def recover(people):
    path = f"/v1/staff/{people.id('window')}/recovery"
    people.admin.post(path)
    people.second.post(f"{path}/confirmation", expect=200)
    return people.id("second"), f"staff:{people.id('window')}"


def rotate(people):
    people.office.keyring.add()
    people.office.security.note_installation()
    return "system", f"key:{people.office.keyring.current}"


def forged_callback(people):
    people.office.security.note_refusal("signature_bad", 403, "", "")
    return "", ""


def send_parcel(people):
    case = issued(people.citizen, people.window, people.handler, people.drain)
    body = {"direction": "to_citizen", "carrier": "console"}
    return people.window.post(f"/v1/cases/{case['number']}/parcels", body)


EVENTS = {
    # deed: the act it leaves, and in what kind
    wrong_password: ("log_in.failed", "log_in"),
    wrong_old_password: ("log_in.failed", "log_in"),
    unknown_name: ("log_in.failed", "log_in"),
    wrong_totp: ("log_in.failed", "log_in"),
    locked_out: ("log_in.locked", "log_in"),
    wrong_code: ("log_in.failed", "log_in"),
    wrong_code_of_nobody: ("log_in.failed", "log_in"),
    citizen_in: ("log_in", "log_in"),
    staff_in: ("log_in", "log_in"),
    staff_out: ("log_out", "log_in"),
    citizen_out: ("log_out", "log_in"),
    reuse: ("refresh.reused", "log_in"),
    wrong_role: ("refused.role", "refused"),
    citizens_wrong_role: ("refused.role", "refused"),
    wrong_role_in_an_act: ("refused.role", "refused"),
    not_verified: ("refused.rule", "refused"),
    anothers_case: ("refused.record", "refused"),
    anothers_draft: ("refused.record", "refused"),
    anothers_file: ("refused.record", "refused"),
    anothers_parcel: ("refused.record", "refused"),
    anothers_talk: ("refused.record", "refused"),
    anothers_notice: ("refused.record", "refused"),
    forged_callback: ("refused.signature", "refused"),
    verify: ("verify_by_window", "account"),
    rebind: ("account.rebound", "account"),
    change_phone: ("account.rebound", "account"),
    change_roles: ("staff.change", "account"),
    recover: ("staff.recover", "account"),
    rotate: ("keys.new", "operation"),
}


@pytest.mark.parametrize("deed", EVENTS, ids=lambda deed: deed.__name__)
def test_a_deed_leaves_its_row_which_a_supervisor_reads(deed, people):
    people.office.security.note_installation()
    actor, subject = deed(people)
    name, kind = EVENTS[deed]
    rows = people.supervisor.get(f"/v1/audit?kind={kind}&limit=100")["items"]
    lines = [row for row in rows if (row["act"], row["actor"], row["subject"]) == (name, actor, subject)]
    assert lines, [(row["act"], row["actor"], row["subject"]) for row in rows]
    assert {row["kind"] for row in lines} == {kind}
    if name.startswith(("log_in", "refused")) and deed is not forged_callback:
        assert lines[0]["network"] == "127.0.0.0/24"
        assert lines[0]["route"].split()[1].startswith("/v1/")


def test_a_change_of_roles_says_from_what_to_what(people):
    change_roles(people)
    [row] = people.supervisor.get("/v1/audit?act=staff.change")["items"]
    assert row["detail"] == "roles: window -> handler,window"


def test_a_line_too_many_and_words_too_fast_are_noted_with_their_address(people, database, monkeypatch):
    def full(*_):
        raise TooManyLines(retry_after=10)

    def fast(*_):
        raise TooOften(retry_after=10)

    monkeypatch.setattr("chat.lines.OpenLines.open", full)
    monkeypatch.setattr(people.office.chat.posts, "take", fast)
    talk = people.citizen.post("/v1/conversations", {"text": "在吗？"})["id"]
    words = {"client_id": str(uuid4()), "kind": "text", "text": "在？"}
    people.citizen.post(f"/v1/conversations/{talk}/messages", words, expect=429)
    answer = people.anyone.raw("GET", "/socket.io/?EIO=4&transport=websocket", headers={"Accept-Language": "en"})
    assert (answer.status_code, answer.get_json()["detail"][:16]) == (429, "Too many windows")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    people.office.security.write(people.office.now())
    rows = list(database["audit"].find({"act": "refused.limit"}).sort("_id", 1))
    noted = [(row["actor"], row["detail"], row["network"]) for row in rows]
    assert noted == [
        (people.id("citizen"), "too_often", "127.0.0.0/24"),
        ("", "too_many_lines", "127.0.0.0/24"),
    ]
    assert rows[0]["address"] == rows[1]["address"] != ""


def test_nothing_of_what_a_stranger_sends_is_in_it(people, database):
    words = ["my-password-by-mistake", "13500135000", "<script>", "secret" * 20]
    for word in words:
        log_in_as(people, word, word)
        people.anyone.raw("POST", "/v1/sessions", json={"phone": word, "code": "123456"})
        people.anyone.raw("POST", "/v1/lookups", json={"number": word[:40], "code": word[:40]})
        people.window.raw("GET", f"/v1/staff/{word}", headers={"X-Forwarded-For": word, "User-Agent": word})
    people.office.security.write(people.office.now(), everything=True)
    text = str(list(database["audit"].find()))
    assert [word for word in words if word in text] == []


# -- floods --------------------------------------------------------------------------------------------------------


def flood(people, times, addresses, start=0):
    """Wrong passwords for as many names, from so many addresses."""
    for n in range(start, start + times):
        body = {"username": f"nobody-{n}", "password": "x" * 12}
        address = f"127.0.{n % addresses // 200}.{n % addresses % 200}"  # no limit of requests holds here
        people.anyone.raw("POST", "/v1/staff/sessions", json=body, environ_overrides={"REMOTE_ADDR": address})


def failed(database):
    return list(database["audit"].find({"act": "log_in.failed"}))


@pytest.mark.parametrize("addresses", [1, 300])
def test_a_flood_makes_few_rows_and_everything_is_counted(people, database, clock, addresses):
    flood(people, 300, addresses)
    clock.move(seconds=3)
    people.drain()
    bound = STRANGERS.of_one if addresses == 1 else STRANGERS.a_minute
    assert len(failed(database)) == bound
    clock.move(minutes=1)
    people.drain()
    rows = failed(database)
    assert len(rows) == bound + 1
    assert sum(row.get("times", 1) for row in rows) == 300
    [counted] = [row for row in rows if row.get("times")]
    assert counted["times"] == 300 - bound
    assert (counted.get("network", "") != "") == (addresses == 1)


def test_a_flood_of_hours_is_bounded_by_the_hour(people, database, clock):
    security = people.office.security
    for minute in range(30):
        for n in range(100):
            security._events.take(SecurityEvent("log_in.failed", address=f"{minute}-{n}"), clock())
        clock.move(minutes=1)
        security.write(clock())
    rows = failed(database)
    assert len(rows) <= STRANGERS.an_hour + 30
    assert sum(row.get("times", 1) for row in rows) == 3_000


def test_one_who_is_logged_in_is_bounded_and_stays_named(people, database, clock):
    for _ in range(PEOPLE.of_one + 30):
        people.citizen.get("/v1/desk/cases", expect=403)
    people.drain()
    clock.move(minutes=1)
    people.drain()
    rows = list(database["audit"].find({"act": "refused.role"}))
    assert len(rows) == PEOPLE.of_one + 1
    assert {row["actor"] for row in rows} == {people.id("citizen")}
    assert sum(row.get("times", 1) for row in rows) == PEOPLE.of_one + 30


def test_no_flood_of_refusals_takes_the_row_of_a_log_in(people, database, clock):
    for n in range(PEOPLE.an_hour):
        people.office.security._events.take(SecurityEvent("refused.role", actor=f"citizen-{n}"), clock())
        if n % PEOPLE.a_minute == 0:
            clock.move(minutes=1)
    who = {"act": "log_in", "actor": people.id("admin")}
    before = database["audit"].count_documents(who)
    assert log_in_as(people, people.username("admin"), PASSWORD).status_code == 201
    assert database["audit"].count_documents(who) == before + 1
    people.office.security._events.due(clock(), everything=True)  # taken, so that no later test waits for their writing


def test_log_ins_of_one_person_are_bounded_and_never_those_of_others(people, database, clock):
    for n in range(PEOPLE.an_hour // 10):
        people.office.security.note_at_once("log_in", actor=f"officer-{n % 10}", subject="")
    clock.move(minutes=1)
    people.office.security.write(clock())
    rows = list(database["audit"].find({"act": "log_in", "actor": "officer-7"}).sort("_id", 1))
    assert [row.get("times", 1) for row in rows] == [1] * PEOPLE.of_one + [30 - PEOPLE.of_one]
    people.office.security.note("refused.role", actor="officer-7")
    people.office.security.write(clock())
    assert [row["actor"] for row in database["audit"].find({"act": "refused.role"})] == ["officer-7"]


def test_while_the_store_is_down_a_refusal_is_answered_and_its_row_comes_later(people, database, monkeypatch):
    security = people.office.security
    with monkeypatch.context() as patch:
        patch.setattr(people.office.audit, "append", lambda row: (_ for _ in ()).throw(RuntimeError("down")))
        assert people.window.raw("GET", "/v1/staff").status_code == 403
        with pytest.raises(RuntimeError):
            security.write(people.office.now())
    security.write(people.office.now())
    [row] = database["audit"].find({"act": "refused.role"})
    assert row["actor"] == people.id("window")


def test_at_a_clean_end_nothing_is_lost(people, database):
    flood(people, 20, 1)
    people.office.security.close()
    assert sum(row.get("times", 1) for row in failed(database)) == 20


def test_a_log_in_without_its_row_is_none(people, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(people.office.audit, "append", lambda row: (_ for _ in ()).throw(RuntimeError("down")))
        assert log_in_as(people, people.username("window"), PASSWORD).status_code == 500
    assert log_in_as(people, people.username("window"), PASSWORD).status_code == 201


def test_many_at_once_are_all_counted(people, database):
    threads = [threading.Thread(target=flood, args=(people, 25, 1, 25 * n)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    people.office.security.write(people.office.now(), everything=True)
    assert sum(row.get("times", 1) for row in failed(database)) == 100


# -- looks ---------------------------------------------------------------------------------------------------------


def test_a_list_is_written_down_with_its_filter_and_count_and_an_open_page_does_not_fill_the_audit(
    people, database, clock
):
    submitted(people.citizen, people.drain)
    for _ in range(20):
        people.window.get("/v1/desk/cases?queue=to_accept")
        clock.move(seconds=30)
        people.drain()
    who = {"actor": people.id("window"), "subject": "list:cases"}
    [row] = database["audit"].find(who)
    assert (row["act"], row["detail"], row["count"]) == ("read_list", "queue=to_accept", 1)
    submitted(people.citizen, people.drain)
    people.window.get("/v1/desk/cases?queue=to_accept")
    people.window.get("/v1/desk/cases?queue=all")
    clock.move(minutes=31)
    people.drain()
    rows = list(database["audit"].find(who).sort("_id", 1))
    shown = [(row["detail"], row["count"], row.get("times", 1)) for row in rows]
    assert shown == [
        ("queue=to_accept", 1, 1),
        ("queue=all", 2, 1),
        ("queue=to_accept", 2, 20),
    ]


def test_a_list_whose_length_drifts_is_the_same_look(people, database, clock):
    look = people.office.security.look
    for count in (3, 4, 5, 4, 6):
        look("officer", "read_list", "list:cases", detail="queue=all", count=count)
    assert [row["count"] for row in database["audit"].find({"actor": "officer"})] == [3]
    clock.move(minutes=31)
    people.office.security.write(clock())
    rows = database["audit"].find({"actor": "officer"}).sort("_id", 1)
    assert [(row["count"], row.get("times", 1)) for row in rows] == [(3, 1), (6, 4)]


def test_a_case_its_timeline_its_clock_its_parcels_are_looks_of_their_own(people, database):
    parcel = send_parcel(people)
    number = parcel["case"]
    subject = people.office.cases.subject_of(number)
    for path in ("", "/timeline", "/clock", "/parcels", "/receipt.pdf"):
        people.handler.raw("GET", f"/v1/cases/{number}{path}").close()
    people.handler.get(f"/v1/parcels/{parcel['id']}")
    people.handler.get(f"/v1/parcels/{parcel['id']}/events")
    rows = people.supervisor.get(f"/v1/audit?person={people.id('handler')}&kind=look")["items"]
    seen = [(row["act"], row["subject"]) for row in reversed(rows) if "read_list" not in row["act"]]
    assert seen == [
        ("read_unmasked", subject),
        ("read_timeline", subject),
        ("read_clock", subject),
        ("read_parcel", subject),
        ("read_unmasked", subject),
        ("read_parcel", f"parcel:{parcel['id']}"),
        ("read_parcel", f"parcel:{parcel['id']}"),
    ]
    people.citizen.get(f"/v1/cases/{number}/timeline")
    assert database["audit"].count_documents({"actor": people.id("citizen"), "kind": "look"}) == 0


# -- reading -------------------------------------------------------------------------------------------------------


def test_it_is_read_by_person_record_kind_and_day(people, clock):
    case = submitted(people.citizen, people.drain)
    people.window.get(f"/v1/cases/{case['number']}")
    wrong_password(people)
    clock.move(days=1)
    people.window.get(f"/v1/cases/{case['number']}/clock", expect=401)  # idle
    window = Caller(people.app.test_client(), log_in_as(people, people.username("window"), PASSWORD).get_json())
    window.get(f"/v1/cases/{case['number']}/clock")
    supervisor = Caller(people.app.test_client(), log_in_as(people, people.username("supervisor"), PASSWORD).get_json())

    def shown(query):
        return [row["act"] for row in supervisor.get(f"/v1/audit?{query}")["items"]]

    name, number = people.username("window"), case["number"]
    assert shown(f"subject={number}") == ["read_clock", "read_unmasked"]
    assert shown(f"person={name}") == [
        *("read_clock", "log_in", "log_in.failed", "read_unmasked", "log_in", "staff.add")
    ]
    assert shown(f"person={name}&kind=look") == ["read_clock", "read_unmasked"]
    assert shown(f"person={name}&day=2026-11-24") == [*("log_in.failed", "read_unmasked", "log_in", "staff.add")]
    assert shown(f"person={name}&subject={number}&day=2026-11-25") == ["read_clock"]
    assert shown("address=127.0.0.1&act=log_in.failed") == ["log_in.failed"]
    assert shown("address=127.0.0.2&act=log_in.failed") == []
    assert supervisor.get(f"/v1/audit?person={name}")["items"][0]["actor_name"] == "王窗口"
    assert supervisor.get("/v1/audit?kind=other", expect=422)["code"] == "bad_fields"
    assert supervisor.get("/v1/audit?cursor=%21%21", expect=400)["code"] == "bad_cursor"


def test_pages_go_on_without_gap_or_repeat_however_rows_lie_in_time(people, clock):
    ages = [*range(50), *range(60, 4_000, 400), 90_000, 90_000, 90_000, 3_000_000, 50_000_000]
    for n in sorted(ages, reverse=True):
        clock.move(seconds=-n)
        people.office.audit.record("somebody", "read_unmasked", f"case:{n}")
        clock.move(seconds=n)
    for query in ("actor=somebody", "person=somebody", "actor=somebody&kind=look", "act=read_unmasked"):
        seen, cursor = [], ""
        while cursor is not None:
            page = people.admin.get(f"/v1/audit?{query}&limit=7{cursor}")
            seen += [row["subject"] for row in page["items"]]
            cursor = page["next"] and f"&cursor={page['next']}"
        assert seen == [f"case:{n}" for n in sorted(ages)], query


# -- alarms --------------------------------------------------------------------------------------------------------


def alarms(caller):
    return [notice for notice in caller.get("/v1/notices")["items"] if notice["kind"] == "security_alarm"]


def test_many_failures_ring_once_for_supervisors_and_administrators(people, clock, caplog):
    bound, rung = acts.ALARMS["log_in.failed"].bound, people.office.security.rung["log_in.failed"]
    flood(people, bound - 1, 1)
    clock.move(minutes=1)
    people.drain()
    assert alarms(people.supervisor) == []
    flood(people, 30, 40, start=bound)
    with caplog.at_level("WARNING", "circle.security"):
        clock.move(minutes=1)
        people.drain()
        clock.move(minutes=1)
        people.drain()
    [alarm] = alarms(people.supervisor)
    assert alarm["text"].startswith("最近 10 分钟内")
    assert alarm["link"] == "/staff#/audit?act=log_in.failed"
    assert len(alarms(people.admin)) == 1
    assert alarms(people.window) == []
    [record] = [record for record in caplog.records if record.name == "circle.security"]
    assert (record.levelname, record.act) == ("WARNING", "log_in.failed")
    text = people.anyone.raw("GET", "/metrics").text
    assert f'circle_security_alarms_total{{act="log_in.failed"}} {rung + 1}.0' in text
    assert 'circle_security_events_total{act="log_in.failed"}' in text


@pytest.mark.parametrize("deed", [reuse, rebind, change_phone])
def test_one_is_enough_where_it_means_theft(deed, people, clock):
    deed(people)
    clock.move(minutes=1)
    people.drain()
    assert [notice["kind"] for notice in alarms(people.supervisor)] == ["security_alarm"]
    clock.move(minutes=20)
    people.drain()
    assert len(alarms(people.supervisor)) == 1


@pytest.mark.parametrize(("last", "lost", "kept"), [("other", "citizen", "other"), ("citizen", "other", "citizen")])
def test_a_join_counts_for_the_account_that_loses_its_number(last, lost, kept, people, clock, database):
    bound(people.window, people.citizen)
    clock.move(minutes=2)
    people.log_in({"citizen": "13800138000", "other": "13900139000"}[last])
    opening = opened(people.window, people.other)
    confirmed(people.staff("window"), opening)
    earlier = {"act": "account.rebound", "subject": f"citizen:{people.id('citizen')}"}
    assert [row["detail"] for row in database["audit"].find(earlier)] == [f"also {people.id('other')}"]
    clock.move(days=1, seconds=1)
    people.drain()
    rows = list(database["audit"].find({"act": "account.rebound"}).sort("_id", 1))
    assert [(row["subject"], row["detail"]) for row in rows[1:]] == [
        (f"citizen:{people.id(lost)}", f"number of {people.id(kept)}")
    ]


def test_a_binding_that_fails_rings_nothing(people, database):
    bound(people.window, people.citizen)
    opening = opened(people.window, people.other)
    confirmed(people.window, opening, expect=409)
    assert database["audit"].count_documents({"act": "account.rebound"}) == 0


def test_one_event_rings_once_wherever_ten_minutes_begin(people, clock):
    clock.move(minutes=9, seconds=30)
    reuse(people)
    for seconds in (3, 30, 480, 120):
        clock.move(seconds=seconds)
        people.drain()
        assert len(alarms(people.supervisor)) == 1, clock()
    clock.move(minutes=1)
    people.office.security.note_at_once("refresh.reused", actor=people.id("citizen"), subject="")
    clock.move(seconds=31)
    people.drain()
    assert len(alarms(people.supervisor)) == 2


def test_what_comes_right_after_an_alarm_rings_once_its_ten_minutes_are_over(people, clock):
    reuse(people)
    clock.move(seconds=31)
    people.drain()
    clock.move(seconds=3)
    people.office.security.note_at_once("refresh.reused", actor=people.id("citizen"), subject="")
    clock.move(minutes=9)
    people.drain()
    assert len(alarms(people.supervisor)) == 1
    clock.move(seconds=85)
    people.drain()
    assert len(alarms(people.supervisor)) == 2


def test_a_flood_that_rang_is_not_counted_again_for_ten_minutes(people, clock, monkeypatch):
    reuse(people)
    clock.move(minutes=1)
    people.drain()
    counted, times = [], people.office.audit.times
    monkeypatch.setattr(people.office.audit, "times", lambda act, *span: counted.append(act) or times(act, *span))
    for _ in range(10):
        clock.move(seconds=31)
        people.drain()
    assert "log_in.failed" in counted
    assert "refresh.reused" not in counted


def test_two_processes_ring_one_alarm(people, clock):
    reuse(people)
    first = people.office.security
    second = SecurityEvents(first._audit, first._store, now=clock, ports=first._ports)
    rung = first.rung["refresh.reused"]
    clock.move(minutes=1)
    for security in (second, first):
        security.step(clock())
    assert second.rung["refresh.reused"] == 1
    assert first.rung["refresh.reused"] == rung
    people.drain()
    assert len(alarms(people.admin)) == 1


# -- the installation ----------------------------------------------------------------------------------------------


def test_a_setting_that_weakens_is_noted_when_it_comes_and_when_it_goes(people, monkeypatch, clock):
    office = people.office
    office.security.note_installation()
    for weak in (("CIRCLE_DEV",), ("CIRCLE_DEV",), ()):
        with monkeypatch.context() as patch:
            patch.setattr(settings.Settings, "weak", property(lambda self, weak=weak: weak))
            office.security.note_installation()
    rows = people.admin.get("/v1/audit?kind=operation")["items"]
    assert [(row["act"], row["subject"]) for row in reversed(rows)][-2:] == [
        ("setting.weak", "setting:CIRCLE_DEV"),
        ("setting.restored", "setting:CIRCLE_DEV"),
    ]


def test_two_processes_of_other_settings_note_them_once(people, database):
    first = people.office.security

    def process(*weak):
        ports = SecurityPorts(origin=RequestOrigin, alarm=print, state=lambda: {"keys": ["k-1"], "weak": weak})
        return SecurityEvents(first._audit, first._store, now=people.office.now, ports=ports)

    database["installation_state"].delete_many({})
    database["audit"].delete_many({})
    web, worker = process(), process("CIRCLE_LOG")
    for _ in range(5):
        web.note_installation()
        worker.note_installation()
    rows = database["audit"].find({"kind": "operation"})
    assert [(row["act"], row["subject"]) for row in rows] == [("setting.weak", "setting:CIRCLE_LOG")]


def test_two_processes_note_a_new_key_once_and_leave_alone_what_the_other_alone_has(people, database):
    first, keys = people.office.security, ["k-1"]

    def process(*weak):
        ports = SecurityPorts(origin=RequestOrigin, alarm=print, state=lambda: {"keys": list(keys), "weak": weak})
        return SecurityEvents(first._audit, first._store, now=people.office.now, ports=ports)

    database["installation_state"].delete_many({})
    web, worker = process(), process("CIRCLE_LOG")
    both = (web, worker)
    for each in both:
        each.note_installation()
    database["audit"].delete_many({})
    keys.append("k-2")
    for each in both * 2:
        each.note_installation()
    keys.remove("k-1")
    for each in both * 2:
        each.note_installation()
    rows = database["audit"].find({"kind": "operation"}).sort("_id", 1)
    assert [(row["act"], row["subject"]) for row in rows] == [("keys.new", "key:k-2"), ("keys.gone", "key:k-1")]


@pytest.mark.parametrize(
    ("given", "weak"),
    [
        ({}, ()),
        ({"CIRCLE_DEV": "1"}, ("CIRCLE_DEV",)),
        ({"CIRCLE_DEV": "1", "PUBLIC_BASE": "http://circle.example.cn"}, ("CIRCLE_DEV", "PUBLIC_BASE")),
        ({"CIRCLE_DEV": "1", "PUBLIC_BASE": "https://circle.example.cn"}, ("CIRCLE_DEV",)),
        ({"CIRCLE_DEV": "1", "TRUSTED_PROXIES": "10.0.0.0/8"}, ("CIRCLE_DEV", "TRUSTED_PROXIES")),
        ({"CIRCLE_DEV": "1", "TRUSTED_PROXIES": "10.0.0.0/24"}, ("CIRCLE_DEV",)),
        ({"CORS_ORIGINS": "http://other.example.cn"}, ("CORS_ORIGINS",)),
        ({"CIRCLE_LOG": "ERROR"}, ("CIRCLE_LOG",)),
    ],
)
def test_which_settings_weaken(given, weak, tmp_path):
    folders = {"CIRCLE_VAR": str(tmp_path / "var"), "CIRCLE_KEYS": str(tmp_path / "keys")}
    assert settings.read({**folders, **given}).weak == weak


def test_every_row_is_valid_json_of_bounded_size(people, database):
    for deed in (wrong_password, unknown_name, wrong_role, anothers_case, rebind, reuse):
        deed(people)
    people.office.security.write(people.office.now(), everything=True)
    for row in database["audit"].find():
        assert len(json.dumps(row, default=str)) < 900


# -- the command line ----------------------------------------------------------------------------------------------


@pytest.fixture
def circle(people, monkeypatch):
    """Run a `circle …` command on the app's own store."""

    @contextmanager
    def office():
        yield people.office

    @contextmanager
    def store():
        yield people.office.settings, OperationsStore(people.office.database)

    monkeypatch.setattr("api.cli.keys.opened_office", office)
    monkeypatch.setattr("api.cli.operations.opened_store", store)
    return lambda *words: CliRunner().invoke(cli.main, list(map(str, words)))


def test_a_backup_and_a_rotation_are_written_down(people, circle, tmp_path, database):
    assert circle("backup", tmp_path / "circle.tar").exit_code == 0
    assert circle("backup", tmp_path / "circle.tar").exit_code == 1
    assert circle("keys", "rotate").exit_code == 0
    rows = database["audit"].find({"actor": "command-line", "kind": "operation"}).sort("_id", 1)
    assert [(row["act"], row["subject"]) for row in rows] == [
        ("backup", "backup:circle.tar"),
        ("keys.rotate", f"key:{people.office.keyring.current}"),
    ]


def test_a_restore_is_written_down_in_what_it_restored(people, circle, tmp_path, store_uri, monkeypatch):
    assert circle("backup", tmp_path / "circle.tar").exit_code == 0
    with database_of_its_own(store_uri) as empty:

        @contextmanager
        def elsewhere():
            yield people.office.settings, OperationsStore(empty)

        monkeypatch.setattr("api.cli.operations.opened_store", elsewhere)
        answer = circle("restore", tmp_path / "circle.tar")
        assert answer.exit_code == 0, answer.output
        acts_there = [row["act"] for row in empty["audit"].find({"actor": "command-line", "kind": "operation"})]
    assert acts_there == ["restore"]
