"""The logs of a whole story hold no name, number, address, id number or word of anybody in it."""

import io
import json
import logging
import threading

import pytest

from api import logs
from tests.way import COURIER, ID_NUMBER, act, issued

SAID = "我的营业执照什么时候能寄到西一路？"
NOTE = "申请人电话里说周五不在家。"
NAME = "刘晓彤"
GROUND = "符合《食品经营许可管理办法》第九条。"

PRIVATE = [
    *("13800138000", "8613800138000", "138****8000", ID_NUMBER, "王小明", "西一路100号", NAME, "王窗口", "李审批"),
    *(SAID, NOTE, GROUND, "a.png", "licence"),
]


@pytest.fixture
def lines():
    """What is logged, from INFO on, by anybody."""
    stream, root = io.StringIO(), logging.getLogger()
    handler, level = logging.StreamHandler(stream), root.level
    handler.setFormatter(logs.JsonLines())
    root.addHandler(handler)
    root.setLevel("INFO")
    yield lambda: stream.getvalue().splitlines()
    root.removeHandler(handler)
    root.setLevel(level)


def whole_story(citizen, window, handler, drain):
    """Log in, apply, be asked and talk, be granted, get it by courier, read what was told. Answers secrets met."""
    citizen.call("PATCH", "/v1/me", {"name": NAME})
    case = issued(citizen, window, handler, drain, delivery=COURIER)
    number = case["number"]
    act(window, case, "note", text=NOTE)
    for caller in (citizen, window):
        for part in ("", "/timeline", "/clock", "/parcels"):
            caller.get(f"/v1/cases/{number}{part}")
    talk = citizen.post("/v1/conversations", {"case": number, "text": SAID})
    citizen.get(f"/v1/conversations/{talk['id']}/messages")
    window.get("/v1/desk/conversations")
    window.post(f"/v1/cases/{number}/parcels", {"direction": "to_citizen", "carrier": "console"})
    drain()
    notices = citizen.get("/v1/notices")["items"]
    citizen.post(f"/v1/notices/{notices[0]['id']}/read", expect=204)
    receipt = citizen.get(f"/v1/cases/{number}")["receipt_code"]
    citizen.post("/v1/lookups", {"number": number, "code": receipt}, expect=200)
    citizen.post("/v1/lookups", {"number": number, "code": "WRONG"}, expect=404)
    citizen.call("PATCH", "/v1/me", {"name": ""}, expect=422)
    citizen.call("PATCH", "/v1/me", {"name": NAME * 50}, expect=422)
    citizen.get(f"/v1/matters/search?q={NAME}")
    return [number, receipt, citizen.token, citizen.tokens["refresh_token"], *(notice["text"] for notice in notices)]


def test_a_whole_story_leaves_nothing_personal_in_the_logs(lines, citizen, window, handler, drain, sent):
    secrets = whole_story(citizen, window, handler, drain)
    codes = [text for _, text in sent.messages]
    told = "\n".join(lines())
    assert [word for word in [*PRIVATE, *secrets, *codes] if word in told] == []


def test_each_request_left_one_line_with_its_id_route_status_and_time(lines, citizen):
    answer = citizen.raw("GET", "/v1/cases/XC-1?cursor=secret")
    line = json.loads([line for line in lines() if answer.headers["X-Request-ID"] in line][0])
    assert set(line) == {"at", "level", "log", "said", "request_id", "method", "route", "status", "ms"}
    assert (line["method"], line["route"], line["status"]) == ("GET", "/v1/cases/<number>", 404)


def test_an_exception_is_told_by_kind_and_place_without_its_words(lines, app, citizen, monkeypatch):
    def broken(*_):
        raise RuntimeError(f"cannot read the case of {NAME}, {ID_NUMBER}") from ValueError(SAID)

    monkeypatch.setattr(app.extensions["circle"].cases, "mine", broken)
    answer = citizen.raw("GET", "/v1/cases")
    assert (answer.status_code, answer.get_json()["code"]) == (500, "internal")
    told = [json.loads(line) for line in lines()]
    failed = next(line for line in told if line.get("error") == "RuntimeError")
    assert any("test_logs.py" in frame and frame.endswith(" broken") for frame in failed["where"])
    everything = json.dumps(told, ensure_ascii=False) + answer.text
    assert not any(word in everything for word in (NAME, ID_NUMBER, SAID))


def test_work_that_fails_in_the_background_is_told_without_its_words(lines, app, drain, clock, monkeypatch):
    def broken(*_):
        raise RuntimeError(f"no such number: 13800138000, {NAME}")

    jobs = app.extensions["circle"].jobs
    monkeypatch.setitem(app.extensions["circle"].handlers, "broken", broken)
    jobs.enqueue("broken:1", "broken", {}, due_at=clock())
    drain()
    told = [json.loads(line) for line in lines()]
    assert "RuntimeError" in {line.get("error") for line in told}
    assert not any(word in json.dumps(told, ensure_ascii=False) for word in ("13800138000", NAME))


def test_what_a_library_says_is_kept_without_what_it_fills_in(lines):
    logging.getLogger("urllib3.connectionpool").warning("Retrying after %r: %s", NAME, "/Messages/13800138000")
    line = json.loads(lines()[-1])
    assert line["said"] == "Retrying after %r: %s"


def test_a_thread_that_dies_says_where_and_not_what(lines, monkeypatch):
    monkeypatch.setattr(threading, "excepthook", logs._thread_failed)

    def dies():
        raise RuntimeError(NAME)

    thread = threading.Thread(target=dies)
    thread.start()
    thread.join()
    line = json.loads(lines()[-1])
    assert line["error"] == "RuntimeError"
    assert NAME not in json.dumps(line, ensure_ascii=False)


def test_set_up_keeps_libraries_to_their_warnings(monkeypatch):
    root, ours = logging.getLogger(), logging.getLogger("circle")
    before = (root.handlers[:], root.level, ours.level, threading.excepthook, logging.raiseExceptions)
    try:
        logs.set_up("INFO")
        assert (root.level, ours.level) == (logging.WARNING, logging.INFO)
        assert not logging.getLogger("twilio.http_client").isEnabledFor(logging.INFO)
    finally:
        root.handlers, threading.excepthook, logging.raiseExceptions = before[0], before[3], before[4]
        root.setLevel(before[1])
        ours.setLevel(before[2])
