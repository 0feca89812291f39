"""Log-in at the HTTP face: codes, tokens, refresh, staff."""

import re
from datetime import timedelta

import pytest


def code_of(sent):
    return re.search(r"\d{6}", sent.messages[-1][1])[0]


def test_a_citizen_logs_in_with_the_code_that_was_sent(anyone, sent, drain):
    anyone.post("/v1/sessions/codes", {"phone": "138 0013 8000"}, expect=202)
    drain()
    assert sent.messages[-1][0] == "138****8000"
    session = anyone.post("/v1/sessions", {"phone": "+86 13800138000", "code": code_of(sent)})
    assert session["citizen"]["phone"] == "138****8000"
    assert session["citizen"]["assurance"] == "phone"


def test_the_same_phone_is_the_same_citizen(log_in, clock):
    first = log_in("13800138000")
    clock.move(minutes=2)
    assert log_in("13800138000").person["id"] == first.person["id"]


def test_a_code_is_good_once(anyone, sent, drain):
    anyone.post("/v1/sessions/codes", {"phone": "13800138000"}, expect=202)
    drain()
    body = {"phone": "13800138000", "code": code_of(sent)}
    anyone.post("/v1/sessions", body)
    assert anyone.post("/v1/sessions", body, expect=401)["code"] == "code_wrong"


def test_a_code_ends_after_five_minutes(anyone, sent, drain, clock):
    anyone.post("/v1/sessions/codes", {"phone": "13800138000"}, expect=202)
    drain()
    clock.move(seconds=301)
    anyone.post("/v1/sessions", {"phone": "13800138000", "code": code_of(sent)}, expect=401)


def test_five_wrong_tries_spend_the_code(anyone, sent, drain):
    anyone.post("/v1/sessions/codes", {"phone": "13800138000"}, expect=202)
    drain()
    right = code_of(sent)
    wrong = "000000" if right != "000000" else "111111"
    for _ in range(5):
        anyone.post("/v1/sessions", {"phone": "13800138000", "code": wrong}, expect=401)
    anyone.post("/v1/sessions", {"phone": "13800138000", "code": right}, expect=401)


def test_a_second_code_must_wait_and_says_how_long(anyone, clock):
    anyone.post("/v1/sessions/codes", {"phone": "13800138000"}, expect=202)
    clock.move(seconds=20)
    response = anyone.raw("POST", "/v1/sessions/codes", json={"phone": "13800138000"})
    assert response.status_code == 429
    assert 39 <= int(response.headers["Retry-After"]) <= 41


@pytest.mark.parametrize(
    "phone", ["029-87654321", "4008123123", "+85291234567", "1380013800", "abc", "", "12345678901"]
)
def test_only_mainland_mobiles_are_taken(anyone, phone):
    problem = anyone.post("/v1/sessions/codes", {"phone": phone}, expect=422)
    assert problem["code"] == "bad_fields"
    assert "phone" in problem["errors"]


def test_the_code_is_not_in_the_store(anyone, sent, drain, database):
    anyone.post("/v1/sessions/codes", {"phone": "13800138000"}, expect=202)
    drain()
    everything = str([list(database[name].find()) for name in database.handle.list_collection_names()])
    assert code_of(sent) not in everything
    assert "13800138000" not in everything


def test_a_token_is_needed_and_must_be_ours(anyone):
    assert anyone.get("/v1/me", expect=401)["code"] == "token_missing"
    assert anyone.get("/v1/me", expect=401, headers={"Authorization": "Bearer x"})["code"] == "token_bad"


def test_a_token_ends_after_two_hours_and_a_refresh_gives_another(citizen, clock):
    clock.move(hours=2, seconds=1)
    citizen.get("/v1/me", expect=401)
    citizen.tokens = citizen.post("/v1/sessions/refresh", {"refresh_token": citizen.tokens["refresh_token"]})
    assert citizen.get("/v1/me")["id"] == citizen.person["id"]


def test_a_refresh_token_that_comes_twice_ends_the_whole_family(citizen):
    stolen = citizen.tokens["refresh_token"]
    citizen.tokens = citizen.post("/v1/sessions/refresh", {"refresh_token": stolen})
    citizen.get("/v1/me")
    assert citizen.post("/v1/sessions/refresh", {"refresh_token": stolen}, expect=401)["code"] == "refresh_bad"
    assert citizen.get("/v1/me", expect=401)["code"] == "token_bad"


def test_logging_out_ends_the_token_at_once(citizen):
    citizen.get("/v1/me")
    citizen.call("DELETE", "/v1/sessions/current", expect=204)
    citizen.get("/v1/me", expect=401)


def test_a_citizen_gives_a_rare_name_and_it_is_sealed(citizen, database):
    name = "𠮷㛃䶮·阿卜杜拉"
    assert citizen.call("PATCH", "/v1/me", {"name": name})["name"] == name
    assert citizen.get("/v1/me")["name"] == name
    assert name not in str(database["citizens"].find_one())


def test_staff_log_in_with_a_password(staff):
    officer = staff("window", "handler", name="王敏")
    assert officer.person == {
        "id": officer.person["id"],
        "kind": "staff",
        "name": "王敏",
        "roles": ["handler", "window"],
        "point": "XC-H01",
        "department": "SPJ",
    }
    assert officer.get("/v1/me") == officer.person


@pytest.mark.parametrize(("username", "password"), [("nobody", "x" * 12), ("window", "wrong-password")])
def test_an_unknown_name_and_a_wrong_password_look_the_same(anyone, app, username, password):
    app.extensions["circle"].identity.add_staff("window", "right-password", "王窗口", {"window"}, None, None)
    problem = anyone.post("/v1/staff/sessions", {"username": username, "password": password}, expect=401)
    assert problem["code"] == "password_wrong"


def test_a_code_of_another_phone_does_not_open_this_one(anyone, sent, drain, clock):
    anyone.post("/v1/sessions/codes", {"phone": "13800138000"}, expect=202)
    drain()
    other = code_of(sent)
    anyone.post("/v1/sessions/codes", {"phone": "13900139000"}, expect=202)
    drain()
    if code_of(sent) != other:
        anyone.post("/v1/sessions", {"phone": "13900139000", "code": other}, expect=401)


def test_a_newer_code_replaces_the_older(anyone, sent, drain, clock):
    anyone.post("/v1/sessions/codes", {"phone": "13800138000"}, expect=202)
    drain()
    old = code_of(sent)
    clock.at += timedelta(seconds=61)
    anyone.post("/v1/sessions/codes", {"phone": "13800138000"}, expect=202)
    drain()
    new = code_of(sent)
    if old != new:
        anyone.post("/v1/sessions", {"phone": "13800138000", "code": old}, expect=401)
    anyone.post("/v1/sessions", {"phone": "13800138000", "code": new})
