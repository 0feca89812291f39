"""Checks and normalises names, mobile numbers, identity numbers and credit codes as people write them."""

import re
import unicodedata
from datetime import datetime

import phonenumbers
from stdnum import numdb
from stdnum.cn import ric, uscc


def only_digits(text: str) -> str:
    """A code as typed or pasted, without blanks and marks, full-width digits as plain ones; other signs stay."""
    return re.sub(r"[\s\-._\u200b-\u200f\u2060\ufeff]", "", unicodedata.normalize("NFKC", text))


def mobile(text: str) -> str:
    """Normalise a mainland mobile number, written in any way, to E.164. Raises ValueError.

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
    """Check and normalise an 18-digit identity number (GB 11643), or residence permit number (81/82/83). Raises
    ValueError.

    Three differences from python-stdnum, which refuses 81, 82 and 83, accepts birth dates in the future, and refuses
    people born before their district got its code, though the code is that of the time of issue (since 1984).
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
    return any("county" in place for _, place in numdb.get("cn/loc").info(code))


def credit_code(text: str) -> str:
    """Check and normalise an 18-character unified social credit code (GB 32100). Raises ValueError.

    Two differences from python-stdnum, which refuses the registering authorities that are letters (A the army, N
    agriculture, with every village collective, Y others) and does not check the province.
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
