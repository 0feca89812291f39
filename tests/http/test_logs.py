"""The logs of a whole story hold no name, number, address, id number or word of anybody in it."""

import io
import json
import logging
import subprocess
import sys
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
    stream, root, ours = io.StringIO(), logging.getLogger(), logging.getLogger(logs.OURS)
    handler, levels = logging.StreamHandler(stream), (root.level, ours.level)
    handler.setFormatter(logs.JsonLines())
    root.addHandler(handler)
    root.setLevel("INFO")
    ours.setLevel("INFO")
    yield lambda: stream.getvalue().splitlines()
    root.removeHandler(handler)
    root.setLevel(levels[0])
    ours.setLevel(levels[1])


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
    assert (line["method"], line["route"], line["status"]) == ("GET", "/v1/cases/<number>", 422)


def test_an_exception_is_told_by_kind_and_place_without_its_words(lines, app, citizen, monkeypatch):
    def broken(*_):
        raise RuntimeError(f"cannot read the case of {NAME}, {ID_NUMBER}") from ValueError(SAID)

    monkeypatch.setattr(app.extensions["circle"].cases.mine, "page", broken)
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
    monkeypatch.setattr(sys, "unraisablehook", sys.unraisablehook)
    try:
        logs.set_up("INFO")
        assert (root.level, ours.level) == (logging.WARNING, logging.INFO)
        assert not logging.getLogger("twilio.http_client").isEnabledFor(logging.INFO)
    finally:
        logging.captureWarnings(False)
        root.handlers, threading.excepthook, logging.raiseExceptions = before[0], before[3], before[4]
        root.setLevel(before[1])
        ours.setLevel(before[2])


# -- what strangers can cause ------------------------------------------------------------


@pytest.mark.parametrize(
    "text", ['a\n{"level": "error"}', "a\r\nb", "a\x85b", "a\u2028b\u2029c", "\x00\x1b[31m\x7f", "半个 \ud83c"]
)
def test_no_text_begins_a_second_line_or_is_lost(text):
    stream = io.TextIOWrapper(io.BytesIO(), "utf-8", errors="backslashreplace")
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logs.JsonLines())
    handler.handle(logging.makeLogRecord({"name": "circle.x", "msg": "%s", "args": (text,), "method": text}))
    handler.flush()
    [line] = stream.buffer.getvalue().decode().splitlines()
    assert set(json.loads(line)) == {"at", "level", "log", "said", "method"}


def test_no_text_in_a_line_is_long():
    record = logging.makeLogRecord(
        {"name": "circle.access", "msg": "request", "method": "X" * 5000, "route": ["y"] * 9}
    )
    line = json.loads(logs.JsonLines().format(record))
    assert (len(line["method"]), line["route"]) == (logs.MOST_CHARACTERS + 1, ["y"] * 9)
    record = logging.makeLogRecord({"name": "library", "msg": "X" * 5000})
    assert len(logs.JsonLines().format(record)) < 400


@pytest.mark.parametrize(
    "message", ["Invalid request from ip=203.0.113.9: 'GET /?name=%s'", "Error handling request %s %s"]
)
def test_of_what_gunicorn_refuses_nothing_is_quoted(message):
    args = ("GET", "/v1/lookups?phone=13800138000") if message.endswith("%s") else ()
    record = logging.makeLogRecord({"name": "gunicorn.error", "msg": message, "args": args})
    assert json.loads(logs.JsonLines().format(record))["said"] in logs.QUOTING


def test_what_gunicorn_says_of_itself_is_written_whole():
    record = logging.makeLogRecord({"name": "gunicorn.error", "msg": "Booting worker with pid: %s", "args": (7,)})
    assert json.loads(logs.JsonLines().format(record))["said"] == "Booting worker with pid: 7"


def written_by(records):
    """The records that pass, with what the next one says was left out."""
    sparing = logs.Sparing()
    return [getattr(record, "left_out", 0) for record in records if sparing.filter(record)]


def record_at(second, line=1, level="WARNING", name="circle.x"):
    values = {
        "name": name,
        "levelno": getattr(logging, level),
        "lineno": line,
        "created": 6000 + second,
        "pathname": "x",
    }
    return logging.makeLogRecord(values)


def test_of_one_place_ten_warnings_a_minute_are_written_and_the_next_minute_counts_the_rest():
    assert written_by([record_at(second / 100) for second in range(5000)]) == [0] * 10
    both = [*(record_at(second) for second in range(25)), *(record_at(60 + second) for second in range(3))]
    assert written_by(both) == [*[0] * 10, 15, 0, 0]


def test_what_is_no_warning_and_what_comes_from_another_place_is_written():
    assert len(written_by([record_at(0, level="INFO") for _ in range(500)])) == 500
    assert len(written_by([record_at(0, line) for line in range(500)])) == 500


def test_exceptions_of_different_places_are_different_ones():
    def failed(fails):
        try:
            fails()
        except Exception:
            record = record_at(0)
            record.exc_info = sys.exc_info()
            return record

    ways = (lambda: 1 / 0, lambda: int("x"), lambda: [][0])
    assert len(written_by([failed(way) for _ in range(20) for way in ways])) == 30


IN_GEVENT = """
from gevent import monkey; monkey.patch_all()
import gevent, threading, warnings
from api import logs
from api.identity.staff.passwords import Passwords, off_loop
logs.set_up()
kept = Passwords()
hashed = kept.hash("correct-horse")
assert [kept.fits(hashed, "correct-horse"), kept.fits(hashed, "wrong"), kept.fits(None, "x"), kept.fits("no", "x")] == \
    [True, False, False, False]
print("verified", flush=True)
class Fails:
    def __del__(self): raise ValueError("13800138000")
def fails(): raise ValueError("13800138000")
gevent.spawn(fails).join()
thread = threading.Thread(target=fails); thread.start(); thread.join()
try: off_loop(fails)
except ValueError: pass
Fails()
warnings.warn("13800138000")
"""


def test_what_gevent_python_and_its_libraries_print_is_logged_in_the_same_form_and_a_wrong_password_not_at_all():
    done = subprocess.run([sys.executable, "-c", IN_GEVENT], capture_output=True, text=True, timeout=120, check=True)
    assert done.stdout == "verified\n"
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    assert [line.get("error") for line in lines] == ["ValueError"] * 4 + [None]
    assert "13800138000" not in done.stderr
