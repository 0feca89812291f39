"""WeChat: one contract for the real side, against a stand-in on loopback, and for the console; then log-in by it."""

import json
import threading
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from urllib.parse import parse_qs, urlsplit

import pytest

from api.identity.citizens.wechat import (
    ConsoleWeChat,
    MiniProgram,
    WeChatBlocked,
    WeChatBusy,
    WeChatCodeWrong,
    WeChatDown,
)

SECRET = "the-secret-of-the-mini-program"


class FakeWeChat(BaseHTTPRequestHandler):
    """The three calls, with WeChat's error numbers."""

    def do_GET(self) -> None:
        """jscode2session."""
        asked = {key: values[0] for key, values in parse_qs(urlsplit(self.path).query).items()}
        office = self.server.office
        if asked.get("secret") != SECRET:
            self.answer({"errcode": 40125, "errmsg": "invalid appsecret"})
        elif asked["js_code"] in office.errors:
            self.answer({"errcode": office.errors[asked["js_code"]], "errmsg": "no"})
        elif openid := office.logins.pop(asked["js_code"], None):
            self.answer({"openid": openid, "session_key": "k"})
        else:
            self.answer({"errcode": 40029, "errmsg": "invalid code"})

    def do_POST(self) -> None:
        """stable_token and getuserphonenumber."""
        office, parts = self.server.office, urlsplit(self.path)
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if parts.path == "/cgi-bin/stable_token":
            office.tokens += 1
            self.answer({"access_token": f"token-{office.tokens}", "expires_in": 7200})
        elif parse_qs(parts.query)["access_token"] != [f"token-{office.tokens}"] or office.forgets_token:
            office.forgets_token = False
            self.answer({"errcode": 40001, "errmsg": "invalid credential"})
        elif phone := office.phones.pop(body["code"], None):
            info = {"phoneNumber": phone, "purePhoneNumber": phone, "countryCode": "86"}
            self.answer({"errcode": 0, "errmsg": "ok", "phone_info": info})
        else:
            self.answer({"errcode": 40029, "errmsg": "invalid code"})

    def answer(self, body: object) -> None:
        """One JSON answer."""
        told = json.dumps(body).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(told)))
        self.end_headers()
        self.wfile.write(told)

    def log_message(self, *args: object) -> None:
        """Quiet."""


class Office:
    """What the stand-in knows: codes that were given out."""

    def __init__(self) -> None:
        self.logins: dict[str, str] = {}
        self.phones: dict[str, str] = {}
        self.errors: dict[str, int] = {}
        self.tokens = 0
        self.forgets_token = False
        self.numbers = count()

    def login_code(self, name: str) -> str:
        """A fresh log-in code of the account `name`."""
        code = f"wx-{name}-{next(self.numbers)}"
        self.logins[code] = name
        return code

    def phone_code(self, phone: str) -> str:
        """A fresh phone code."""
        code = f"phone-{phone}-{next(self.numbers)}"
        self.phones[code] = phone
        return code


@pytest.fixture
def office():
    """The stand-in's memory."""
    return Office()


@pytest.fixture
def real(office):
    """The real side, speaking with the stand-in."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), FakeWeChat)
    server.office = office
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield MiniProgram("app", SECRET, f"http://127.0.0.1:{server.server_port}")
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(params=["real", "console"])
def wechat(request):
    """Either side of the port."""
    return request.getfixturevalue("real") if request.param == "real" else ConsoleWeChat()


def test_the_same_account_is_the_same_person_and_another_is_not(wechat, office):
    openids = [wechat.account(office.login_code(name)).openid for name in ("ming", "ming", "fang")]
    assert openids[0] == openids[1] != openids[2]


def test_a_log_in_code_is_good_once_and_must_be_theirs(wechat, office):
    code = office.login_code("ming")
    wechat.account(code)
    for bad in (code, "nonsense"):
        with pytest.raises(WeChatCodeWrong):
            wechat.account(bad)


def test_a_phone_code_gives_the_phone_once(wechat, office):
    code = office.phone_code("13800138000")
    assert wechat.phone(code).endswith("13800138000")
    for bad in (code, "nonsense"):
        with pytest.raises(WeChatCodeWrong):
            wechat.phone(bad)


@pytest.mark.parametrize(
    ("number", "refusal"), [(-1, WeChatDown), (40226, WeChatBlocked), (45011, WeChatBusy), (40163, WeChatCodeWrong)]
)
def test_each_error_number_has_its_refusal(real, office, number, refusal):
    office.errors["bad"] = number
    with pytest.raises(refusal):
        real.account("bad")


def test_the_access_token_is_kept_and_renewed_when_wechat_forgets_it(real, office):
    for _ in range(2):
        real.phone(office.phone_code("13800138000"))
    assert office.tokens == 1
    office.forgets_token = True
    real.phone(office.phone_code("13800138000"))
    assert office.tokens == 2


def test_a_wechat_that_is_away_shows_no_secret(office, caplog):
    away = MiniProgram("app", SECRET, "http://127.0.0.1:9")
    with pytest.raises(WeChatDown) as refusal:
        away.account("code")
    assert refusal.value.__suppress_context__
    assert SECRET not in str(refusal.value)
    assert [(record.message, record.error) for record in caplog.records] == [
        ("WeChat does not answer", "ConnectionError")
    ]
    assert SECRET not in caplog.text


def test_the_first_log_in_needs_the_phone_and_the_next_does_not(anyone, log_in, app, monkeypatch):
    citizens = app.extensions["circle"].identity.citizens
    monkeypatch.setattr(citizens, "_ports", replace(citizens._ports, wechat=ConsoleWeChat()))
    citizen = log_in("13800138000")
    assert anyone.post("/v1/sessions/wechat", {"code": "wx-ming-1"}, expect=409)["code"] == "phone_needed"
    first = anyone.post("/v1/sessions/wechat", {"code": "wx-ming-2", "phone_code": "phone-13800138000-1"})
    assert first["citizen"]["id"] == citizen.person["id"]
    again = anyone.post("/v1/sessions/wechat", {"code": "wx-ming-3"})
    assert again["citizen"]["id"] == citizen.person["id"]
    assert anyone.post("/v1/sessions/wechat", {"code": "wx-ming-3"}, expect=401)["code"] == "wechat_code_wrong"
    address_of = app.extensions["circle"].identity.address_of
    assert address_of(f"citizen:{citizen.person['id']}", "wechat") == "console-ming"
