"""How long a log-in lasts: only a person's acts keep it, it ends in any case, and one sees and ends one's own."""

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest

from api.identity.sessions.device import device_of, device_words
from api.identity.sessions.remembered import Remembered
from api.identity.sessions.service import MOST_LOG_INS
from api.settings import UnsafeStart, read
from chat.talk.access import EVENT_ROLES, PERSON_EVENTS
from tests.conftest import PASSWORD, Caller
from tests.shapes import SHAPES

ACT = {"X-Person-Act": "1"}
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 MicroMessenger/8.0.50"
WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/131.0 Safari/537.36 Edg/131.0"


@pytest.fixture
def listening(app):
    """Open a socket under somebody's token."""
    opened = []

    def connect(caller):
        server = app.extensions["socketio"]
        opened.append(server.test_client(app, namespace="/chat", auth={"token": caller.token}))
        return opened[-1]

    yield connect
    for client in opened:
        if client.is_connected("/chat"):
            client.disconnect("/chat")


@pytest.fixture
def check_all(app):
    """What the process does every half minute about its open connections."""
    return app.extensions["circle"].chat.live.revoke.__self__.check_all


def enter(app, caller, **headers):
    """Log the same officer in once more."""
    username = app.extensions["circle"].identity.staff.member(caller.person["id"])["username"]
    body = {"username": username, "password": PASSWORD}
    return Caller(app.test_client(), Caller(app.test_client()).post("/v1/staff/sessions", body, headers=headers))


def refresh(caller, expect=201):
    answer = caller.post("/v1/sessions/refresh", {"refresh_token": caller.tokens["refresh_token"]}, expect)
    if expect == 201:
        caller.tokens = {**caller.tokens, **answer}
    return answer


# -- what counts as an act -------------------------------------------------------------------


def read_again(caller, socket):
    caller.get("/v1/desk/cases?queue=mine")


def refresh_tokens(caller, socket):
    refresh(caller)


def keep_the_socket(caller, socket):
    socket.emit("join", {"conversation": str(uuid4()), "after_seq": 0}, namespace="/chat")


def report_delivery(caller, socket):
    socket.emit("delivered", {"conversation": str(uuid4()), "seq": 1}, namespace="/chat")


def set_presence(caller, socket):
    socket.emit("presence", {}, namespace="/chat")


def give_token(caller, socket):
    socket.emit("refresh", {"token": caller.token}, namespace="/chat")


def tap(caller, socket):
    caller.get("/v1/desk/cases?queue=mine", headers=ACT)


def change_something(caller, socket):
    caller.post("/v1/mandates", {}, expect=422)


def write_in_a_conversation(caller, socket):
    socket.emit("post", {"conversation": str(uuid4())}, namespace="/chat")


def take_a_conversation(caller, socket):
    socket.emit("claim", {"conversation": str(uuid4())}, namespace="/chat")


IDLE = [read_again, refresh_tokens, keep_the_socket, report_delivery, set_presence, give_token]
ACTS = [tap, change_something, write_in_a_conversation, take_a_conversation]


@pytest.mark.parametrize("does", [*IDLE, *ACTS], ids=lambda does: does.__name__)
def test_only_what_a_person_does_keeps_staff_logged_in(window, listening, check_all, clock, does):
    socket = listening(window)
    for _ in range(3):
        clock.move(minutes=11)
        check_all()
        if socket.is_connected("/chat"):
            does(window, socket)
    stays = does in ACTS
    check_all()
    assert socket.is_connected("/chat") == stays
    window.get("/v1/me", expect=200 if stays else 401)
    refresh(window, expect=201 if stays else 401)


def test_of_every_event_of_the_socket_it_is_decided_whether_a_person_causes_it():
    by_a_person = {
        **dict.fromkeys(("post", "typing", "claim", "transfer", "takeover", "close"), True),
        **dict.fromkeys(("join", "leave", "delivered", "read", "refresh", "presence"), False),
    }
    assert {event: event in PERSON_EVENTS for event in EVENT_ROLES} == by_a_person


def test_citizens_are_never_idle(citizen, clock):
    clock.move(days=20)
    refresh(citizen)
    citizen.get("/v1/me")


# -- the end in any case ------------------------------------------------------------------------


@pytest.mark.parametrize(("who", "step", "end"), [("window", {"minutes": 25}, 12 * 60), ("citizen", {"days": 9}, 180)])
def test_a_log_in_ends_in_any_case_and_takes_its_socket_along(request, listening, check_all, clock, who, step, end):
    caller, unit = request.getfixturevalue(who), next(iter(step))
    for _ in range(step[unit], end, step[unit]):
        clock.move(**step)
        refresh(caller)
        caller.get("/v1/me", headers=ACT)
    socket = listening(caller)
    left = end - step[unit] * ((end - 1) // step[unit])
    assert caller.tokens["expires_in"] <= timedelta(**{unit: left}).total_seconds()
    clock.move(**{unit: left})
    assert caller.get("/v1/me", expect=401)["code"] == "token_bad"
    assert refresh(caller, expect=401)["code"] == "refresh_bad"
    check_all()
    assert not socket.is_connected("/chat")


def test_how_long_is_a_setting(app, window, clock, monkeypatch):
    sessions = app.extensions["circle"].identity.sessions
    monkeypatch.setitem(sessions._longest, "staff", timedelta(minutes=10))
    clock.move(minutes=10)
    window.get("/v1/me", headers=ACT, expect=401)


@pytest.mark.parametrize("wrong", ["0", "-1", "169", "many", "1.5", "²"])
def test_a_length_that_makes_no_sense_is_refused(wrong):
    with pytest.raises(UnsafeStart, match="STAFF_LOGIN_HOURS must be a number from 1 to 168"):
        read({"STAFF_LOGIN_HOURS": wrong})


# -- one's own log-ins --------------------------------------------------------------------------


def test_one_sees_ones_own_log_ins_in_words_and_ends_one(app, window, handler, clock, listening):
    clock.move(minutes=1)
    phone = enter(app, window, **{"User-Agent": IPHONE})
    clock.move(minutes=1)
    window.get("/v1/me", headers=ACT)
    listed = window.get("/v1/me/sessions")["items"]
    assert [(row["device"], row["current"]) for row in listed] == [
        ("其他设备 · 其他应用", True),
        ("iPhone · 微信", False),
    ]
    assert listed[0]["began_at"] < listed[1]["began_at"] < listed[0]["acted_at"]
    assert set(listed[0]) == {"id", "device", "current", "began_at", "acted_at"}
    english = phone.get("/v1/me/sessions", headers={"Accept-Language": "en"})["items"]
    assert [(row["device"], row["current"]) for row in english] == [
        ("iPhone · WeChat", True),
        ("Other device · Other app", False),
    ]
    socket, theirs = listening(phone), listed[1]["id"]
    handler.call("DELETE", f"/v1/me/sessions/{theirs}", expect=404)
    phone.get("/v1/me")
    window.call("DELETE", f"/v1/me/sessions/{theirs}", expect=204)
    assert not socket.is_connected("/chat")
    phone.get("/v1/me", expect=401)
    window.call("DELETE", f"/v1/me/sessions/{theirs}", expect=204)
    assert [row["current"] for row in window.get("/v1/me/sessions")["items"]] == [True]


def test_one_ends_all_other_log_ins(log_in, clock, sent):
    first = log_in("13800138000")
    clock.move(minutes=2)
    second = log_in("13800138000")
    clock.move(minutes=2)
    third, stranger = log_in("13800138000"), log_in("13900139000")
    third.call("DELETE", "/v1/me/sessions", expect=204)
    for gone in (first, second):
        gone.get("/v1/me", expect=401)
        refresh(gone, expect=401)
    assert len(third.get("/v1/me/sessions")["items"]) == 1
    stranger.get("/v1/me")


def ends_noted(staff, caller, kind):
    """Who ended log-ins of a person, by the audit."""
    rows = staff("supervisor").get(f"/v1/audit?subject={kind}:{caller.person['id']}")["items"]
    return [row["actor"] for row in rows if row["act"] == "sessions.end"]


def test_whoever_ends_log_ins_is_in_the_audit_once_for_each_end(app, window, log_in, staff, clock):
    other, _ = enter(app, window), enter(app, window)
    theirs = other.get("/v1/me/sessions")["items"][0]["id"]
    for _ in range(2):
        window.call("DELETE", f"/v1/me/sessions/{theirs}", expect=204)
    assert ends_noted(staff, window, "staff") == [window.person["id"]]
    for _ in range(2):
        window.call("DELETE", "/v1/me/sessions", expect=204)
    assert ends_noted(staff, window, "staff") == [window.person["id"]] * 2
    log_in("13800138000")
    clock.move(minutes=2)
    citizen = log_in("13800138000")
    citizen.call("DELETE", "/v1/me/sessions", expect=204)
    assert ends_noted(staff, citizen, "citizen") == [citizen.person["id"]]


def test_what_is_over_is_not_listed(app, window, clock):
    clock.move(minutes=20)
    late = enter(app, window)
    clock.move(minutes=11)
    assert [row["current"] for row in late.get("/v1/me/sessions")["items"]] == [True]


def test_a_copy_of_ones_data_has_the_log_ins_and_closing_removes_them(citizen, database):
    [row] = citizen.get("/v1/me/export")["data"]["person"]["log_ins"]
    assert row["current"] is True
    citizen.call("DELETE", "/v1/me", expect=204)
    assert database["log_ins"].count_documents({"who": citizen.person["id"]}) == 0
    citizen.get("/v1/me", expect=401)
    refresh(citizen, expect=401)


def test_of_a_person_the_fifty_log_ins_that_acted_last_live(app, citizen, clock, database):
    sessions, device = app.extensions["circle"].identity.sessions, Caller(app.test_client())
    idle = sessions.begin("citizen", citizen.person["id"])["token"]
    clock.move(minutes=5)
    citizen.post("/v1/me/consents", {"purpose": "location", "text_version": 1, "given": True})
    for _ in range(MOST_LOG_INS - 1):
        device.tokens = sessions.begin("citizen", citizen.person["id"])
    assert sessions.actor(idle) is None
    assert len(citizen.get("/v1/me/sessions")["items"]) == MOST_LOG_INS
    device.get("/v1/me")


def test_the_end_of_many_log_ins_is_one_write_and_one_look_at_what_is_remembered(
    app, citizen, database, clock, monkeypatch
):
    sessions, who = app.extensions["circle"].identity.sessions, citizen.person["id"]
    log_in = database["log_ins"].find_one({"who": who})
    database["log_ins"].insert_many([{**log_in, "_id": str(uuid4())} for _ in range(200)])
    drops, writes = sessions._actors.drops, []
    monkeypatch.setattr(SHAPES, "started", lambda event: writes.append(event.command.get("update")))
    citizen.call("DELETE", "/v1/me", expect=204)
    assert writes.count("log_ins") == 2, "the act of this one, and the end of all"
    assert sessions._actors.drops - drops == 1
    citizen.get("/v1/me", expect=401)


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        (IPHONE, ("iPhone · 微信", "iPhone · WeChat")),
        (WINDOWS, ("Windows 电脑 · Edge 浏览器", "Windows computer · Edge")),
        ("Mozilla/5.0 (Linux; Android 14) Chrome/130 Mobile Safari/537.36", ("安卓手机 · Chrome 浏览器", "")),
        ("Mozilla/5.0 (Phone; OpenHarmony 5.0) Chrome/114 ArkWeb", ("鸿蒙设备 · Chrome 浏览器", "")),
        ("<script>" * 1_000, ("其他设备 · 其他应用", "Other device · Other app")),
        ("", ("其他设备 · 其他应用", "")),
    ],
)
def test_a_device_is_told_in_words_of_ours_and_nothing_of_a_strangers_is_kept(agent, words):
    code = device_of(agent)
    assert device_words(code, "zh") == words[0]
    assert device_words(code, "en") == (words[1] or device_words(code, "en"))
    assert len(code) < 30
    assert device_words("", "zh") == device_words("gone.gone", "zh") == "其他设备 · 其他应用"


# -- what a process remembers -----------------------------------------------------------------------


def test_a_process_forgets_what_is_old_and_never_keeps_more_than_so_much(clock):
    kept: Remembered[int] = Remembered(100)
    for n in range(1_000):
        clock.move(seconds=1)
        kept.put(str(n), n, clock() + timedelta(seconds=30), clock())
        assert len(kept) <= 30
    assert kept.get("999", clock()) == 999
    for n in range(1_000):
        kept.put(str(n), n, clock() + timedelta(seconds=30), clock())
    assert len(kept) == 100


def test_an_actor_who_is_read_while_their_log_in_ends_is_not_remembered(app, citizen, monkeypatch):
    sessions = app.extensions["circle"].identity.sessions
    really = sessions._person

    def log_out_meanwhile(log_in, ends_at):
        actor = really(log_in, ends_at)
        sessions.end(replace(actor))
        return actor

    monkeypatch.setattr(sessions, "_person", log_out_meanwhile)
    sessions.actor(citizen.token)
    monkeypatch.setattr(sessions, "_person", really)
    assert sessions.actor(citizen.token) is None


# -- tokens of a release that had no log-ins ----------------------------------------------------------


def as_before(database, caller, ended=False):
    """Make the tokens of a caller look as before there were log-ins."""
    [log_in] = database["log_ins"].find({"who": caller.person["id"]})
    database["log_ins"].delete_one({"_id": log_in["_id"]})
    fields = {"kind": log_in["kind"], "who": log_in["who"], "ended": ended, "seen_at": log_in["acted_at"]}
    database["sessions"].update_many({"family": log_in["_id"]}, {"$set": fields, "$unset": {"v": ""}})


def test_who_was_logged_in_before_there_were_log_ins_stays_so_and_an_end_is_an_end(citizen, other_citizen, database):
    as_before(database, citizen)
    as_before(database, other_citizen, ended=True)
    refresh(other_citizen, expect=401)
    refresh(citizen)
    citizen.get("/v1/me")
    assert len(citizen.get("/v1/me/sessions")["items"]) == 1
    citizen.call("DELETE", "/v1/sessions/current", expect=204)
    refresh(citizen, expect=401)


def test_all_of_them_end_with_all_log_ins(app, citizen, database):
    as_before(database, citizen)
    app.extensions["circle"].identity.sessions.end_all(citizen.person["id"])
    citizen.get("/v1/me", expect=401)
    refresh(citizen, expect=401)
