"""Log-in through WeChat's mini-program: a port, its real version and a console version.

Sources: developers.weixin.qq.com/miniprogram/dev/OpenApiDoc — user-login/code2Session, user-info/phone-number/
getPhoneNumber, mp-access-token/getStableAccessToken.
"""

import logging
import threading
import time
from dataclasses import dataclass
from typing import Any, Protocol

import requests

from api.refusals import Refusal

log = logging.getLogger("circle.identity")

TIMEOUT = (3.05, 5)
"""Time-outs in seconds: to connect, and to answer."""

TOO_OFTEN, BLOCKED = 45011, 40226
CODE_BAD = frozenset({40029, 40163})
TOKEN_BAD = frozenset({40001, 40014, 42001})
EARLY = 300
"""An access token is renewed so many seconds before its end."""


class WeChatCodeWrong(Refusal):
    """The code is not one of WeChat's, has expired or was used before."""

    code = "wechat_code_wrong"
    zh = "微信登录没有成功，请重试。"
    en = "The WeChat log-in did not succeed. Try again."


class WeChatBlocked(Refusal):
    """WeChat considers this account risky and blocks its log-ins."""

    code = "wechat_blocked"
    zh = "微信限制了这个账号登录，请改用短信验证码。"
    en = "WeChat does not let this account log in. Use an SMS code instead."


class WeChatDown(Refusal):
    """WeChat does not answer, or its answer cannot be read."""

    code = "wechat_unavailable"
    zh = "微信暂时没有响应，请稍后再试，或改用短信验证码。"
    en = "WeChat does not answer. Try again later, or use an SMS code."


class WeChatBusy(Refusal):
    """Too many requests for this person: WeChat allows 100 per minute."""

    code = "too_often"
    zh = "登录太频繁，请过一分钟再试。"
    en = "Too many log-ins. Wait a minute."


@dataclass(frozen=True)
class Account:
    """A WeChat account as one mini-program sees it."""

    openid: str
    unionid: str | None = None


class WeChat(Protocol):
    """What log-in needs of WeChat. Both raise WeChatCodeWrong, WeChatBlocked, WeChatBusy or WeChatDown."""

    def account(self, code: str) -> Account:
        """The account behind a code from `wx.login`, which is valid once."""

    def phone(self, phone_code: str) -> str:
        """The phone number that the person agreed to share; a code is valid once."""


class MiniProgram:
    """The real WeChat. Its URLs contain secrets, so connection errors are neither displayed nor logged."""

    def __init__(self, app_id: str, secret: str, api_base: str) -> None:
        self._app_id, self._secret, self._base = app_id, secret, api_base.rstrip("/")
        self._token, self._token_ends = "", 0.0
        self._lock = threading.Lock()

    def account(self, code: str) -> Account:
        """The account behind a code, from `GET /sns/jscode2session`."""
        query = {"appid": self._app_id, "secret": self._secret, "js_code": code, "grant_type": "authorization_code"}
        answer = self._call("GET", "/sns/jscode2session", params=query)
        _refuse(answer)
        if not answer.get("openid"):
            raise WeChatDown
        return Account(answer["openid"], answer.get("unionid"))

    def phone(self, phone_code: str) -> str:
        """The phone number, from `POST /wxa/business/getuserphonenumber`; an expired access token is renewed once."""
        answer = self._ask_phone(phone_code)
        if answer.get("errcode") in TOKEN_BAD:
            self._token_ends = 0.0
            answer = self._ask_phone(phone_code)
        _refuse(answer)
        info = answer.get("phone_info") or {}
        if not info.get("purePhoneNumber"):
            raise WeChatDown
        return f"+{info.get('countryCode', '86')}{info['purePhoneNumber']}"

    def _ask_phone(self, phone_code: str) -> dict[str, Any]:
        path, token = "/wxa/business/getuserphonenumber", self._access_token()
        return self._call("POST", path, params={"access_token": token}, json={"code": phone_code})

    def _access_token(self) -> str:
        """The access token, from `POST /cgi-bin/stable_token`, which leaves the tokens of other processes valid."""
        with self._lock:
            if self._token_ends <= time.monotonic():
                query = {"grant_type": "client_credential", "appid": self._app_id, "secret": self._secret}
                answer = self._call("POST", "/cgi-bin/stable_token", json=query)
                if not answer.get("access_token"):
                    raise WeChatDown
                self._token = answer["access_token"]
                self._token_ends = time.monotonic() + max(int(answer.get("expires_in", 0)) - EARLY, 0)
            return self._token

    def _call(self, method: str, path: str, **rest: Any) -> dict[str, Any]:
        try:
            response = requests.request(method, self._base + path, timeout=TIMEOUT, allow_redirects=False, **rest)
            response.raise_for_status()
            answer = response.json()
        except (requests.RequestException, ValueError) as error:
            log.warning("WeChat does not answer", extra={"error": type(error).__name__})  # a certificate, a time-out …
            raise WeChatDown from None
        if not isinstance(answer, dict):
            raise WeChatDown
        return answer


class ConsoleWeChat:
    """Stands in for WeChat in a trial: codes are `wx-<name>-<anything>` and `phone-<number>-<anything>`."""

    def __init__(self) -> None:
        self._used: set[str] = set()

    def account(self, code: str) -> Account:
        """The account called <name>."""
        return Account(f"console-{self._read(code, 'wx')}")

    def phone(self, phone_code: str) -> str:
        """The number in the code."""
        return self._read(phone_code, "phone")

    def _read(self, code: str, kind: str) -> str:
        parts = code.split("-")
        if len(parts) != 3 or parts[0] != kind or code in self._used:
            raise WeChatCodeWrong
        self._used.add(code)
        return parts[1]


def _refuse(answer: dict[str, Any]) -> None:
    """Turn WeChat's error numbers into our refusals."""
    error = answer.get("errcode", 0)
    if error in CODE_BAD:
        raise WeChatCodeWrong
    if error == BLOCKED:
        raise WeChatBlocked
    if error == TOO_OFTEN:
        raise WeChatBusy(retry_after=60)
    if error:
        raise WeChatDown(retry_after=2)
