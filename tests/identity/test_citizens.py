"""Citizens beyond log-in: limits of codes, the silent account, assurance, consents, one's own data."""

import logging
import re
from dataclasses import replace
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from api.identity.citizens import consent
from api.identity.ports import Policy
from tests.way import ID_NUMBER, accepted_upload, issued, submitted

NAME = "𠮷㛃䶮·阿卜杜拉"
OTHER_NUMBER = "11010519491231002X"
DEVICE = "d" * 32


@pytest.fixture
def identity(app):
    """The identity room of the app."""
    return app.extensions["circle"].identity


def verified(citizen, name=NAME, number=ID_NUMBER):
    return citizen.post("/v1/me/verification", {"name": name, "id_number": number}, expect=200)


@pytest.fixture
def code(anyone, sent, drain):
    """Asks for a code and gives it."""

    def ask(phone="13800138000"):
        anyone.post("/v1/sessions/codes", {"phone": phone}, expect=202)
        drain()
        return re.findall(r"\d{6}", sent.messages[-1][1])[0]

    return ask


# -- limits -------------------------------------------------------------------


def test_a_number_gets_ten_codes_a_day_and_then_is_told_when(anyone, clock):
    for _ in range(10):
        anyone.post("/v1/sessions/codes", {"phone": "13800138000"}, expect=202)
        clock.move(seconds=61)
    refused = anyone.raw("POST", "/v1/sessions/codes", json={"phone": "13800138000"})
    assert (refused.status_code, refused.get_json()["code"]) == (429, "limit_reached")
    assert 80_000 < int(refused.headers["Retry-After"]) <= 86_400
    anyone.post("/v1/sessions/codes", {"phone": "13900139000"}, expect=202)
    clock.move(days=1)
    anyone.post("/v1/sessions/codes", {"phone": "13800138000"}, expect=202)


@pytest.mark.parametrize("policy", [Policy(codes_an_address=3), Policy(codes_a_day=3)])
def test_an_address_and_the_whole_office_have_limits_and_the_office_rings_once(identity, policy, monkeypatch, caplog):
    monkeypatch.setattr(identity.citizens, "_policy", policy)
    with caplog.at_level(logging.ERROR, "circle.identity"):
        codes = []
        for n in range(6):
            try:
                identity.citizens.send_code(f"1380013800{n}", "192.0.2.7")
                codes.append("sent")
            except Exception as refusal:
                codes.append(refusal.code)
    assert codes == ["sent"] * 3 + ["limit_reached"] * 3
    assert len(caplog.records) == (1 if policy.codes_a_day == 3 else 0)


def test_a_known_and_an_unknown_number_are_answered_alike(anyone, citizen, clock):
    clock.move(minutes=2)
    answers = [anyone.raw("POST", "/v1/sessions/codes", json={"phone": p}) for p in ("13800138000", "13700137000")]
    assert answers[0].status_code == answers[1].status_code == 202
    assert answers[0].get_json() == answers[1].get_json()
    wrong = [anyone.post("/v1/sessions", {"phone": p, "code": "x"}, 401) for p in ("13800138000", "13600136000")]
    assert {body["code"] for body in wrong} == {"code_wrong"}


# -- a number that was silent ---------------------------------------------------


def test_a_new_device_after_ninety_silent_days_gives_the_identity_number(anyone, code, clock, citizen):
    verified(citizen)
    clock.move(days=91)
    body = {"phone": "13800138000", "code": code()}
    assert anyone.post("/v1/sessions", body, expect=401)["code"] == "identity_needed"
    assert anyone.post("/v1/sessions", {**body, "id_number": OTHER_NUMBER}, expect=401)["code"] == "identity_wrong"
    assert anyone.post("/v1/sessions", {**body, "id_number": ID_NUMBER})["citizen"]["id"] == citizen.person["id"]


@pytest.mark.parametrize(("days", "known"), [(89, False), (91, True)])
def test_a_used_account_or_a_known_device_needs_no_number(anyone, code, clock, days, known):
    first = anyone.post("/v1/sessions", {"phone": "13800138000", "code": code(), "device": DEVICE})
    headers = {"Authorization": f"Bearer {first['token']}"}
    anyone.post("/v1/me/verification", {"name": "王小明", "id_number": ID_NUMBER}, expect=200, headers=headers)
    clock.move(days=days)
    again = {"phone": "13800138000", "code": code(), "device": DEVICE if known else "e" * 32}
    assert anyone.post("/v1/sessions", again)["citizen"]["id"] == first["citizen"]["id"]


# -- assurance --------------------------------------------------------------------


def test_the_register_verifies_and_the_number_is_sealed(citizen, database):
    assert verified(citizen) == {**citizen.get("/v1/me"), "assurance": "verified", "name": NAME}
    row = str(database["citizens"].find_one())
    assert ID_NUMBER not in row
    assert NAME not in row
    assert citizen.call("PATCH", "/v1/me", {"name": "李四"}, expect=409)["code"] == "name_confirmed"
    other = {"name": NAME, "id_number": OTHER_NUMBER}
    assert citizen.post("/v1/me/verification", other, expect=409)["code"] == "verified_as_other"


def test_whom_the_register_does_not_know_stays_a_phone(citizen):
    body = {"name": "查无此人", "id_number": ID_NUMBER}
    assert citizen.post("/v1/me/verification", body, expect=422)["code"] == "identity_unconfirmed"
    for _ in range(4):
        citizen.post("/v1/me/verification", body, expect=422)
    assert citizen.post("/v1/me/verification", body, expect=429)["code"] == "limit_reached"
    assert citizen.get("/v1/me")["assurance"] == "phone"


def test_an_officer_verifies_at_the_counter_by_citizen_or_case(citizen, other_citizen, window, drain, database):
    card = {"name": NAME, "id_number": ID_NUMBER}
    seen = window.post("/v1/staff/verifications", {**card, "citizen": other_citizen.person["id"]})
    assert (seen["name"], seen["assurance"]) == ("𠮷*", "verified")
    case = submitted(citizen, drain)
    window.post("/v1/staff/verifications", {**card, "case": case["number"]})
    assert citizen.get("/v1/me")["assurance"] == "verified"
    window.post("/v1/staff/verifications", {**card, "citizen": "nobody"}, expect=404)
    window.post("/v1/staff/verifications", card, expect=404)
    citizen.post("/v1/staff/verifications", {**card, "citizen": citizen.person["id"]}, expect=403)
    assert database["audit"].count_documents({"act": "verify_by_window"}) == 2


# -- consents -----------------------------------------------------------------------


def test_consent_is_given_withdrawn_and_never_forgotten(citizen, other_citizen):
    told = {"purpose": "location", "text_version": 1, "given": True}
    first = citizen.post("/v1/me/consents", told)
    assert {p["purpose"]: p["state"] for p in first["purposes"]}["location"] == "given"
    assert all(15 in purpose["articles"] and 13 in purpose["articles"] for purpose in first["purposes"])
    citizen.post("/v1/me/consents", {**told, "given": False, "channel": "wechat"})
    now = citizen.get("/v1/me/consents")
    assert [(e["given"], e["channel"]) for e in now["ledger"]] == [(True, "web"), (False, "wechat")]
    assert {p["purpose"]: p["state"] for p in now["purposes"]}["location"] == "withdrawn"
    assert other_citizen.get("/v1/me/consents")["ledger"] == []


def test_consent_is_to_words_that_hold_today(citizen, monkeypatch):
    told = {"purpose": "location", "text_version": 1, "given": True}
    citizen.post("/v1/me/consents", told)
    newer = {**consent.PURPOSES, "location": replace(consent.PURPOSES["location"], version=2)}
    monkeypatch.setattr(consent, "PURPOSES", newer)
    assert {p["purpose"]: p["state"] for p in citizen.get("/v1/me/consents")["purposes"]}["location"] == "outdated"
    assert citizen.post("/v1/me/consents", told, expect=409)["code"] == "text_outdated"
    citizen.post("/v1/me/consents", {**told, "given": False})


def test_what_nothing_is_done_with_is_not_asked_for_and_an_earlier_consent_to_it_can_be_withdrawn(citizen, database):
    """个人信息保护法 第6条, 第15条."""
    assert [purpose["purpose"] for purpose in citizen.get("/v1/me/consents")["purposes"]] == ["location"]
    former = {"purpose": "follow_up", "text_version": 1, "given": True}
    assert citizen.post("/v1/me/consents", former, expect=409)["code"] == "text_outdated"
    row = {"_id": "0", "v": 1, "citizen": citizen.person["id"], **former, "channel": "web", "at": datetime.now(UTC)}
    database["consents"].insert_one(row)
    listed = {purpose["purpose"]: purpose["state"] for purpose in citizen.get("/v1/me/consents")["purposes"]}
    assert listed == {"location": "none", "follow_up": "given"}
    left = citizen.post("/v1/me/consents", {**former, "given": False})
    assert [purpose["purpose"] for purpose in left["purposes"]] == ["location"]
    assert [entry["given"] for entry in left["ledger"]] == [True, False]


# -- copy and deletion ------------------------------------------------------------------


def test_a_citizen_takes_a_copy_of_everything_and_only_of_their_own(citizen, other_citizen, drain):
    verified(citizen)
    case = submitted(citizen, drain)
    talk = citizen.post("/v1/conversations", {"text": "需要带原件吗?"})
    upload = accepted_upload(citizen, drain)
    export = citizen.get("/v1/me/export")
    data = export["data"]
    assert export["made_at"].endswith("+08:00")
    assert data["person"]["phone"] == "+8613800138000"
    assert data["person"]["name"] == NAME
    assert data["person"]["id_number"] == ID_NUMBER
    assert [one["number"] for one in data["cases"]] == [case["number"]]
    assert data["cases"][0]["answers"]["id_number"] == ID_NUMBER, "their own number is theirs"
    assert citizen.get(f"/v1/cases/{case['number']}")["answers"]["id_number"] == "610102********0022"
    assert data["conversations"][0]["id"] == talk["id"]
    assert "需要带原件吗?" in str(data["conversations"])
    assert data["notices"]
    assert upload in [one["id"] for one in data["uploads"]]
    assert (data["parcels"], data["mandates"]) == ([], [])
    theirs = other_citizen.get("/v1/me/export")["data"]
    assert (theirs["cases"], theirs["conversations"], theirs["uploads"]) == ([], [], [])


def test_the_copy_holds_the_parcels(citizen, window, handler, drain):
    case = issued(citizen, window, handler, drain)
    parcel = window.post(f"/v1/cases/{case['number']}/parcels", {"direction": "to_citizen", "carrier": "console"})
    assert [one["id"] for one in citizen.get("/v1/me/export")["data"]["parcels"]] == [parcel["id"]]


def test_closing_an_account_removes_loose_files_and_ends_talks_and_keeps_what_a_case_rests_on(citizen, drain, database):
    case = submitted(citizen, drain)
    loose = accepted_upload(citizen, drain)
    talk = citizen.post("/v1/conversations", {"text": "需要带原件吗?"})
    path = f"/v1/cases/{case['number']}/withdrawal"
    citizen.post(path, {"reason": "不办了"}, expect=200, headers={"If-Match": f'"{case["version"]}"'})
    citizen.call("DELETE", "/v1/me", expect=204)
    files = {file["id"] for material in case["materials"] for file in material["files"]}
    left = {row["_id"] for row in database["uploads"].find()}
    assert (files <= left, loose in left) == (True, False)
    assert database["conversations"].find_one({"_id": talk["id"]})["state"] == "closed"


def test_what_was_said_goes_with_the_account_and_what_the_office_said_stays(
    citizen, window, drain, database, app, other_citizen
):
    talk = citizen.post("/v1/conversations", {"text": f"我叫王小明，住西一路，{ID_NUMBER}"})["id"]
    theirs = other_citizen.post("/v1/conversations", {"text": "几点开门？"})["id"]
    path, office = f"/v1/conversations/{talk}", app.extensions["circle"]
    office.chat.handling.claim(office.identity.actor(window.token), talk)
    upload = accepted_upload(citizen, drain)
    where = {"lon": 108.95, "lat": 34.26, "name": "家"}
    for kind, content in (("file", {"file": upload}), ("location", {"location": where})):
        citizen.post(f"{path}/messages", {"client_id": str(uuid4()), "kind": kind, **content})
    window.post(f"{path}/messages", {"client_id": str(uuid4()), "kind": "text", "text": "带身份证原件。"})
    before = window.get(f"{path}/messages")["items"]
    version = {"If-Match": f'"{citizen.get(path)["version"]}"'}
    citizen.post(f"{path}/closing", {"reason": "王小明不问了"}, expect=200, headers=version)
    version = {"If-Match": f'"{citizen.get(path)["version"]}"'}
    citizen.post(f"{path}/rating", {"score": 4, "text": "王小明谢谢您"}, expect=200, headers=version)
    assert database["messages"].count_documents({"sealed": {"$exists": True}}) == 1
    for _ in range(2):
        office.chat.forget(office.identity.actor(citizen.token))
    citizen.call("DELETE", "/v1/me", expect=204)
    after = window.get(f"{path}/messages")["items"]
    assert [one["seq"] for one in after] == list(range(1, len(after) + 1))
    assert len(after) == len(before) + 2, "the closing and the rating"
    mine = [one for one in after if one["sender"]["kind"] == "citizen"]
    assert {(one["kind"], one["text"], one["sender"]["name"]) for one in mine} == {
        ("text", "（账号已注销，内容已删除）", "已注销用户")
    }
    assert "带身份证原件。" in str(after)
    assert database["messages"].count_documents({"sealed": {"$exists": True}}) == 0
    assert database["conversations"].find_one({"_id": talk})["rating"]["score"] == 4
    kept = str([*database["messages"].find(), *database["conversations"].find()])
    assert not any(word in kept for word in ("王小明", "西一路", "108.95", upload))
    assert database["uploads"].find_one({"_id": upload}) is None
    assert "几点开门？" in str(other_citizen.get(f"/v1/conversations/{theirs}/messages"))


def test_an_account_with_an_open_case_stays_and_without_one_is_closed(citizen, drain, database, log_in, clock):
    verified(citizen)
    case = submitted(citizen, drain)
    citizen.post("/v1/drafts", {"matter": "XC-行政许可-001", "answers": {}})
    assert citizen.call("DELETE", "/v1/me", expect=409)["code"] == "case_open"
    path = f"/v1/cases/{case['number']}/withdrawal"
    citizen.post(path, {"reason": "不办了"}, expect=200, headers={"If-Match": f'"{case["version"]}"'})
    citizen.call("DELETE", "/v1/me", expect=204)
    citizen.get("/v1/me", expect=401)
    citizen.post("/v1/sessions/refresh", {"refresh_token": citizen.tokens["refresh_token"]}, expect=401)
    row = database["citizens"].find_one({"_id": citizen.person["id"]})
    assert not {"phone", "id_number", "id_index"} & set(row)
    assert row["name"] is None
    assert database["drafts"].count_documents({"case": None}) == 0
    clock.move(minutes=2)
    assert log_in("13800138000").person["id"] != citizen.person["id"]
