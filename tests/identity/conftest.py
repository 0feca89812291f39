"""Fixtures of the identity suite."""

import re
from dataclasses import replace
from itertools import count
from uuid import uuid4

import pytest

from api.identity.citizens.wechat import ConsoleWeChat
from tests.conftest import PASSWORD, Caller


@pytest.fixture
def officer(app, anyone):
    """Logs in a new officer of a point."""

    def at(point="XC-H01", role="window"):
        name = f"{role}-{uuid4().hex[:8]}"
        app.extensions["circle"].identity.seed_staff(name, PASSWORD, "王窗口", {role}, point, "SPJ")
        return Caller(app.test_client(), anyone.post("/v1/staff/sessions", {"username": name, "password": PASSWORD}))

    return at


@pytest.fixture
def ask(anyone, sent, drain, clock):
    """Asks for a code to be sent to a number, and gives it."""

    def code_for(phone):
        clock.move(seconds=61)
        anyone.post("/v1/sessions/codes", {"phone": phone}, expect=202)
        drain()
        masked = f"{phone[:3]}****{phone[-4:]}"
        told = [text for to, text in sent.messages if to == masked and "验证码" in text]
        return re.findall(r"\d{6}", told[-1])[0]

    return code_for


@pytest.fixture
def by_wechat(app, anyone, monkeypatch):
    """Logs in by a WeChat account of this name, which shares a phone if one is given."""
    citizens, n = app.extensions["circle"].identity.citizens, count()
    monkeypatch.setattr(citizens, "_ports", replace(citizens._ports, wechat=ConsoleWeChat()))

    def log_in(name, phone="", expect=201, **body):
        shared = {"phone_code": f"phone-{phone}-{next(n)}"} if phone else {}
        return anyone.post("/v1/sessions/wechat", {"code": f"wx-{name}-{next(n)}", **shared, **body}, expect=expect)

    return log_in
