"""The rules of a citizen's log-in: one-time codes, rate limits, known devices, and the refusals."""

import secrets
from datetime import datetime, timedelta

from api.identity.tokens import digest
from api.refusals import Refusal

CODE_SECONDS = 300
RESEND_SECONDS = 60
CODE_TRIES = 5
CODES_A_NUMBER = 10
"""Codes per number and day."""
CODES_KNOWN = 30
"""Codes per number and day for its known devices all together, and as many for its log-ins; CODES_A_NUMBER for each."""

SILENT_DAYS = 90
"""After so long without a log-in a code alone is no proof: operators reassign unused numbers after three months."""

DEVICES_KEPT = 10
HOUR, DAY = 3600, 24 * 3600


class TooSoon(Refusal):
    """A code was sent to this number a moment ago; `retry_after` says when another may be requested."""

    code = "too_soon"
    zh = "验证码刚刚发过，请稍等再试。"
    en = "A code was sent a moment ago. Wait a little."


class LimitReached(Refusal):
    """The limit per hour or day is reached: of a number, of an address, or of the whole office."""

    code = "limit_reached"
    zh = "今天的次数太多了，请过些时候再试，或到窗口办理。"
    en = "Too many requests. Try again later, or come to a window."


class CodeWrong(Refusal):
    """The code is wrong, expired, used or tried too often; the caller is not told which."""

    code = "code_wrong"
    zh = "验证码不对或已过期，请核对或重新获取。"
    en = "The code is wrong or has expired. Check it, or ask for a new one."


class IdentityNeeded(Refusal):
    """The account was unused for so long that the number may have been reassigned to another person."""

    code = "identity_needed"
    zh = "这个账号很久没有登录过，请再填写身份证号，确认是您本人。"
    en = "This account has been silent for long. Give your identity number too."


class IdentityWrong(Refusal):
    """The identity number is not that of the account."""

    code = "identity_wrong"
    zh = "身份证号与账号不符。如果这个手机号是新办的，请带身份证到窗口办理。"
    en = "The identity number does not match the account. If the phone number is new to you, come to a window."


class PhoneNeeded(Refusal):
    """Nobody has logged in with this WeChat account yet, so a phone number must come with it."""

    code = "phone_needed"
    zh = "第一次用微信登录，请授权手机号。"
    en = "A first WeChat log-in needs your phone number. Allow it, then try again."


def new_code() -> str:
    """A new code of six random digits."""
    return f"{secrets.randbelow(1_000_000):06d}"


def code_digest(request_id: str, code: str) -> str:
    """The stored hash of a six-digit code, bound to its request; short-lived, so that guessing it is of no use."""
    return digest(f"{request_id}:{code}")


def code_end(now: datetime) -> datetime:
    """When a code that is sent now expires."""
    return now + timedelta(seconds=CODE_SECONDS)


def is_enough_proof(silent_since: datetime | None, knows_device: bool, now: datetime) -> bool:
    """Whether a code alone proves who logs in: the account was in use, or the device has logged in before."""
    return knows_device or silent_since is None or now - silent_since < timedelta(days=SILENT_DAYS)
