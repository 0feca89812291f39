"""A stranger slows somebody's account and does not lock it; and a subscriber's IPv6 network is one address."""

import re

import pytest

from api.identity.citizens.log_in import LimitReached
from api.identity.tokens import digest
from api.reports.report import MOST_A_DAY
from api.web.limits import RateLimiter, TooMany
from tests.conftest import PASSWORD, Caller

PHONE, DEVICE, OTHER_DEVICE = "13800138000", "d" * 32, "e" * 32


@pytest.fixture
def code_sent(sent, drain):
    """The code that was sent last."""

    def code():
        drain()
        return re.findall(r"\d{6}", sent.messages[-1][1])[0]

    return code


@pytest.fixture
def known(anyone, code_sent, clock):
    """A citizen's device that has logged in once."""
    anyone.post("/v1/sessions/codes", {"phone": PHONE}, expect=202)
    anyone.post("/v1/sessions", {"phone": PHONE, "code": code_sent(), "device": DEVICE})
    clock.move(minutes=2)
    return {"phone": PHONE, "device": DEVICE}


def wrong(code):
    return "000000" if code != "000000" else "111111"


def test_codes_that_a_stranger_asks_for_do_not_keep_a_known_device_from_its_own(anyone, known, code_sent, clock):
    for _ in range(9):
        anyone.post("/v1/sessions/codes", {"phone": PHONE}, expect=202)
        clock.move(seconds=61)
    assert anyone.post("/v1/sessions/codes", {"phone": PHONE}, expect=429)["code"] == "limit_reached"
    clock.move(seconds=61)
    stranger = {"phone": PHONE, "device": OTHER_DEVICE}
    assert anyone.post("/v1/sessions/codes", stranger, expect=429)["code"] == "limit_reached"
    anyone.post("/v1/sessions/codes", known, expect=202)
    assert anyone.post("/v1/sessions/codes", known, expect=429)["code"] == "too_soon"
    anyone.post("/v1/sessions", {**known, "code": code_sent()})


def test_a_strangers_wrong_tries_do_not_spend_the_code_of_a_known_device(anyone, known, code_sent):
    anyone.post("/v1/sessions/codes", known, expect=202)
    code = code_sent()
    for _ in range(8):
        anyone.post("/v1/sessions", {"phone": PHONE, "code": wrong(code)}, expect=401)
    anyone.post("/v1/sessions", {"phone": PHONE, "code": code}, expect=401)
    anyone.post("/v1/sessions", {**known, "code": code})
    anyone.post("/v1/sessions", {**known, "code": code}, expect=401)


def test_a_known_device_has_five_tries_like_everybody(anyone, known, code_sent):
    anyone.post("/v1/sessions/codes", known, expect=202)
    code = code_sent()
    for _ in range(5):
        anyone.post("/v1/sessions", {**known, "code": wrong(code)}, expect=401)
    anyone.post("/v1/sessions", {**known, "code": code}, expect=401)
    anyone.post("/v1/sessions", {"phone": PHONE, "code": code})


def test_a_device_of_somebody_else_is_no_known_one(anyone, known, code_sent):
    anyone.post("/v1/sessions/codes", {"phone": "13900139000", "device": DEVICE}, expect=202)
    assert (
        anyone.post("/v1/sessions/codes", {"phone": "13900139000", "device": DEVICE}, expect=429)["code"] == "too_soon"
    )
    for body in ({"phone": PHONE, "device": "short"}, {"phone": PHONE, "device": "x" * 101}):
        assert "device" in anyone.post("/v1/sessions/codes", body, expect=422)["errors"]


def test_codes_that_strangers_ask_for_keep_nobody_who_is_logged_in_from_a_proof(app, anyone, citizen, monkeypatch):
    policy = type("Policy", (), {"codes_an_address": 1, "codes_a_day": 1})
    monkeypatch.setattr(app.extensions["circle"].identity.citizens._codes, "_policy", policy)
    assert anyone.post("/v1/sessions/codes", {"phone": "13900139000"}, expect=429)["code"] == "limit_reached"
    citizen.post("/v1/me/proof/code", expect=202)


def test_log_ins_have_thirty_codes_a_day_to_one_number_all_together_and_spend_none_of_known_devices(
    app, anyone, known, clock
):
    citizen = Caller(app.test_client())
    (row,) = app.extensions["circle"].database["citizens"].find()
    sessions = app.extensions["circle"].identity.sessions
    for n in range(31):
        citizen.tokens = sessions.begin("citizen", row["_id"])
        status = 202 if n < 30 else 429
        answer = citizen.post("/v1/me/proof/code", expect=status)
    assert answer["code"] == "limit_reached"
    anyone.post("/v1/sessions/codes", known, expect=202)


def test_known_devices_have_thirty_codes_a_day_all_together(anyone, known, database, monkeypatch):
    monkeypatch.setattr("api.identity.citizens.log_in.CODES_KNOWN", 1)
    owner = {"citizen": database["citizens"].find_one()["_id"]}
    database["devices"].insert_one({"_id": digest(f"{owner['citizen']}:{OTHER_DEVICE}"), **owner})
    anyone.post("/v1/sessions/codes", known, expect=202)
    second = {"phone": PHONE, "device": OTHER_DEVICE}
    assert anyone.post("/v1/sessions/codes", second, expect=429)["code"] == "limit_reached"
    anyone.post("/v1/sessions/codes", {"phone": PHONE}, expect=202)


def test_a_log_in_by_wechat_alone_makes_no_device_known_which_would_spend_the_codes_of_others(
    anyone, known, by_wechat, database
):
    by_wechat("ming", PHONE)
    for n in range(12):
        by_wechat("ming", device=f"{n:032}")
    by_wechat("ming", device=DEVICE)
    assert database["devices"].count_documents({}) == 1
    anyone.post("/v1/sessions/codes", known, expect=202)


# -- staff ---------------------------------------------------------------------------------------


@pytest.fixture
def enter(app, anyone):
    """Log the officer wang in."""
    app.extensions["circle"].identity.seed_staff("wang", PASSWORD, "王敏", {"window"}, None, None)

    def log_in(password=PASSWORD, expect=201, **rest):
        return anyone.post("/v1/staff/sessions", {"username": "wang", "password": password, **rest}, expect=expect)

    return log_in


def test_a_stranger_locks_new_devices_out_and_not_the_officers_own(enter, clock):
    enter(device=DEVICE)
    for _ in range(5):
        enter("wrong-password", expect=401)
    assert enter(expect=429)["code"] == "locked_out"
    assert enter(expect=429, device=OTHER_DEVICE)["code"] == "locked_out"
    enter(device=DEVICE)
    for _ in range(5):
        enter("wrong-password", expect=401, device=DEVICE)
    assert enter(expect=429, device=DEVICE)["code"] == "locked_out"
    clock.move(minutes=15, seconds=1)
    enter()
    enter(device=DEVICE)


def test_a_stranger_does_not_keep_who_is_logged_in_from_changing_the_password(app, enter):
    officer = Caller(app.test_client(), enter())
    for status in (*[401] * 5, 429):
        enter("wrong-password", expect=status)
    body = {"old": PASSWORD, "new": "another-good-password"}
    officer.post("/v1/staff/password", body, expect=200)


def test_a_recovery_forgets_the_devices(app, enter, database):
    enter(device=DEVICE)
    identity = app.extensions["circle"].identity
    assert database["devices"].count_documents({"staff": {"$exists": True}}) == 1
    identity.staff.reset("wang")
    assert database["devices"].count_documents({"staff": {"$exists": True}}) == 0


# -- addresses -------------------------------------------------------------------------------------


def test_log_ins_from_one_64_are_counted_together():
    limits = RateLimiter()
    for n in range(60):
        limits.address("log_in", f"2001:db8:1:2::{n:x}")
    with pytest.raises(TooMany):
        limits.address("log_in", "2001:db8:1:2:ffff::1")
    limits.address("log_in", "2001:db8:1:3::1")


def test_codes_sent_to_one_64_are_counted_together(app, monkeypatch):
    citizens = app.extensions["circle"].identity.citizens
    monkeypatch.setattr(citizens._codes, "_policy", type("Policy", (), {"codes_an_address": 3, "codes_a_day": 100}))
    for n in range(3):
        citizens.send_code(f"1380013800{n}", f"2001:db8:1:2::{n}")
    with pytest.raises(LimitReached):
        citizens.send_code("13800138009", "2001:db8:1:2:9::9")


def test_reports_from_one_64_are_counted_together(anyone):
    def report(address):
        base = {"REMOTE_ADDR": address}
        body = {"about": "point:XC-H01", "text": "电话打不通"}
        return anyone.raw("POST", "/v1/reports", json=body, environ_base=base).status_code

    assert {report(f"2001:db8:1:2::{n:x}") for n in range(MOST_A_DAY)} == {201}
    assert report("2001:db8:1:2:ffff::1") == 429
    assert report("2001:db8:1:3::1") == 201
