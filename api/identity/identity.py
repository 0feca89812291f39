"""The rules of identity: actors, roles, numbers, names, one-time codes, limits, masks, and the refusals of log-in."""

import hashlib
import re
import secrets
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta

import phonenumbers
from stdnum import numdb
from stdnum.cn import ric, uscc

from api.refusals import Refusal

CODE_SECONDS = 300
RESEND_SECONDS = 60
CODE_TRIES = 5
TOKEN_SECONDS = 2 * 3600
REFRESH_DAYS = 30
CODES_A_NUMBER = 10
"""Codes to one number in a day."""

SILENT_DAYS = 90
"""Operators give a number to somebody else after three months without use; from then on a code alone is no proof."""

DEVICES_KEPT = 10
HOUR, DAY = 3600, 24 * 3600


class TooSoon(Refusal):
    """A code was sent a moment ago."""

    code = "too_soon"
    zh = "验证码刚刚发过，请稍等再试。"
    en = "A code was sent a moment ago. Wait a little."


class LimitReached(Refusal):
    """A limit over a longer time is reached: of a number, of an address, or of the whole office."""

    code = "limit_reached"
    zh = "今天的次数太多了，请过些时候再试，或到窗口办理。"
    en = "Too many requests. Try again later, or come to a window."


class CodeWrong(Refusal):
    """Wrong, expired, used or too often tried: all look the same from outside."""

    code = "code_wrong"
    zh = "验证码不对或已过期，请核对或重新获取。"
    en = "The code is wrong or has expired. Check it, or ask for a new one."


class IdentityNeeded(Refusal):
    """The account was silent for so long that the number may be another person's by now."""

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


class RefreshBad(Refusal):
    """An unknown, expired or already used refresh token; a used one ends its whole family."""

    code = "refresh_bad"
    zh = "登录已过期，请重新登录。"
    en = "Your log-in has expired. Log in again."


@dataclass(frozen=True)
class Actor:
    """Who acts in a request: a citizen (role `citizen`) or staff (role `staff` and those of their post)."""

    id: str
    kind: str
    name: str
    roles: frozenset[str]
    session: str
    expires_at: datetime
    point: str | None = None
    department: str | None = None

    @property
    def is_staff(self) -> bool:
        """Whether a member of staff, not a citizen, acts."""
        return self.kind == "staff"


def mobile(text: str) -> str:
    """A mainland mobile number in E.164, from any way of writing it. Raises ValueError.

    phonenumbers lets landlines, 400 numbers and +852 through: region CN *and* type MOBILE are both required.
    """
    try:
        number = phonenumbers.parse(unicodedata.normalize("NFKC", text), "CN")
    except phonenumbers.NumberParseException:
        raise ValueError("请填写 11 位手机号。") from None
    is_mobile = phonenumbers.number_type(number) == phonenumbers.PhoneNumberType.MOBILE
    if phonenumbers.region_code_for_number(number) != "CN" or not is_mobile:
        raise ValueError("请填写 11 位手机号。")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def identity_number(text: str, today: datetime) -> str:
    """An 18-digit identity number (GB 11643) or residence permit number (81/82/83). Raises ValueError.

    Closed here are three gaps of python-stdnum: it refuses 81, 82, 83; it takes birth dates to come; and it refuses
    whoever was born before their district got its code, though the code is that of the time of issue (since 1984).
    """
    number = unicodedata.normalize("NFKC", text).strip().upper()
    if not re.fullmatch(r"\d{17}[\dX]", number):
        raise ValueError("身份证号应为 18 位，请核对。")
    if ric.calc_check_digit(number) != number[-1]:
        raise ValueError("身份证号有一位写错了，请核对。")
    try:
        born = datetime.strptime(number[6:14], "%Y%m%d").date()  # noqa: DTZ007 - a date of birth has no zone
    except ValueError:
        raise ValueError("身份证号里的出生日期不对，请核对。") from None
    if born.year < 1900 or born > today.date():
        raise ValueError("身份证号里的出生日期不对，请核对。")
    if number[:2] not in {"81", "82", "83"} and not _is_county(number[:6]):
        raise ValueError("身份证号里的地区码不对，请核对。")
    return number


def _is_county(code: str) -> bool:
    """Whether GB/T 2260 has, or had, a county with this code."""
    return any("county" in found for _, found in numdb.get("cn/loc").info(code))


def credit_code(text: str) -> str:
    """An 18-character unified social credit code (GB 32100). Raises ValueError.

    Closed here are two gaps of python-stdnum: it refuses the registering authorities written as letters (A the army,
    N agriculture, with every village collective, Y others) and does not look at the province.
    """
    code = re.sub(r"[\s-]", "", unicodedata.normalize("NFKC", text)).upper()
    formed = re.fullmatch(r"[1-9ANY][1-9A-HJ-NPQRTUWXY]\d{6}[0-9A-HJ-NPQRTUWXY]{10}", code)
    if not formed or uscc.calc_check_digit(code) != code[-1]:
        raise ValueError("统一社会信用代码应为 18 位，请核对。")
    if code[2:4] not in {"10"} and not any(numdb.get("cn/loc").info(f"{code[2:4]}0000")[0][1]):
        raise ValueError("统一社会信用代码里的地区码不对，请核对。")
    return code


def clean_name(text: str) -> str:
    """A name as typed, without outer or doubled blanks. Any character of GB 18030-2022 stays as it is."""
    name = re.sub(r"\s+", " ", text).strip()
    if not name or len(name) > 60 or any(unicodedata.category(c).startswith("C") and c != "\u200d" for c in name):
        raise ValueError("请填写姓名(不超过 60 个字)。")
    return name


def new_code() -> str:
    """Six random digits."""
    return f"{secrets.randbelow(1_000_000):06d}"


def new_token() -> str:
    """256 random bits, opaque."""
    return secrets.token_urlsafe(32)


def digest(secret: str) -> str:
    """What is kept of a token: its SHA-256, which is enough for 256 random bits."""
    return hashlib.sha256(secret.encode()).hexdigest()


def code_digest(request_id: str, code: str) -> str:
    """What is kept of a six-digit code: bound to its request, and short-lived, so that a hash is no shortcut."""
    return digest(f"{request_id}:{code}")


def code_end(now: datetime) -> datetime:
    """When a code sent now ends."""
    return now + timedelta(seconds=CODE_SECONDS)


def mask_phone(phone: str) -> str:
    """138****1234 of an E.164 mainland number."""
    local = phone.removeprefix("+86")
    return f"{local[:3]}****{local[-4:]}"


def mask_name(name: str) -> str:
    """张* of 张三: the first character and one star."""
    return f"{name[:1]}*" if name else ""


def mask_identity(number: str) -> str:
    """610102********1234."""
    return f"{number[:6]}********{number[-4:]}" if len(number) == 18 else ""


UNMASKED = {
    "phone": frozenset({"window", "handler", "head"}),
    "name": frozenset({"window", "handler", "head"}),
    "id_number": frozenset({"window", "handler", "head"}),
    "credit_code": frozenset({"window", "handler", "head", "supervisor"}),
}
"""Who may see a field of somebody else's in full. Each such read is audited by the room that answers it."""

MASKS = {
    "phone": mask_phone,
    "name": mask_name,
    "id_number": mask_identity,
    "credit_code": lambda code: f"{code[:8]}******{code[-4:]}",
}


def shown(field: str, text: str, roles: frozenset[str]) -> str:
    """A field as these roles may see it: in full, or masked."""
    return text if roles & UNMASKED[field] else MASKS[field](text)


def proves_itself(silent_since: datetime | None, knows_device: bool, now: datetime) -> bool:
    """Whether a code is proof enough: the account was in use, or the device was there before."""
    return knows_device or silent_since is None or now - silent_since < timedelta(days=SILENT_DAYS)
