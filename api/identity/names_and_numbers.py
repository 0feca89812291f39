"""Checks and normalises names, mobile numbers, document numbers and credit codes as people write them."""

import re
import unicodedata
from datetime import date, datetime

import phonenumbers
from stdnum import numdb
from stdnum.cn import uscc

from api.identity.documents import document_number
from api.texts import bare, one_line

LONGEST_NAME = 60
DOTS = re.compile("[•‧∙⋅・･●．]")
"""Dots by which people write the middle dot of names such as 阿卜杜拉·买买提."""

OLDER_CODES = str.maketrans(
    {
        "\ue81e": "\u9fb4",
        "\ue826": "\u9fb5",
        "\ue82b": "\u9fb6",
        "\ue82c": "\u9fb7",
        "\ue832": "\u9fb8",
        "\ue843": "\u9fb9",
        "\ue854": "\u9fba",
        "\ue864": "\u9fbb",
    }
)
"""Characters that stood in a private area before GB 18030-2022 gave them their places."""

HAN = (
    (0x3400, 0x4DBF),
    (0x4E00, 0x9FFF),
    (0xF900, 0xFAFF),
    (0x20000, 0x2A6DF),
    (0x2A700, 0x2B73F),
    (0x2B740, 0x2B81F),
    (0x2B820, 0x2CEAF),
    (0x2CEB0, 0x2EBEF),
    (0x2EBF0, 0x2EE5F),
    (0x2F800, 0x2FA1F),
    (0x30000, 0x3134F),
    (0x31350, 0x323AF),
)
"""The blocks of Chinese characters of GB 18030-2022 and its first amendment (extension I, made for names), since
Python's tables are those of the Unicode that it was built with."""


def mobile(text: str) -> str:
    """Normalise a mainland mobile number, written in any way, to E.164. Raises ValueError.

    phonenumbers lets landlines, 400 numbers and +852 through: region CN *and* type MOBILE are both required.
    """
    try:
        number = phonenumbers.parse(bare(text), "CN")
    except phonenumbers.NumberParseException:
        raise ValueError("请填写 11 位手机号。") from None
    is_mobile = phonenumbers.number_type(number) == phonenumbers.PhoneNumberType.MOBILE
    if phonenumbers.region_code_for_number(number) != "CN" or not is_mobile:
        raise ValueError("请填写 11 位手机号。")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def identity_number(text: str, today: datetime) -> str:
    """Check and normalise the number of a document of identity (`documents.py` says which). Raises ValueError."""
    return document_number(bare(text).upper(), today.date())


def birthday_in(number: str) -> date | None:
    """The date of birth in the number of a document; None where the document has none."""
    try:
        return datetime.strptime(number[6:14], "%Y%m%d").date() if len(number) == 18 else None  # noqa: DTZ007
    except ValueError:
        return None


def credit_code(text: str) -> str:
    """Check and normalise an 18-character unified social credit code (GB 32100). Raises ValueError.

    Two differences from python-stdnum, which refuses the registering authorities that are letters (A the army, N
    agriculture, with every village collective, Y others) and does not check the province.
    """
    code = bare(text).upper()
    formed = re.fullmatch(r"[1-9ANY][1-9A-HJ-NPQRTUWXY]\d{6}[0-9A-HJ-NPQRTUWXY]{10}", code)
    if not formed or uscc.calc_check_digit(code) != code[-1]:
        raise ValueError("统一社会信用代码应为 18 位，请核对。")
    if code[2:4] not in {"10"} and not any(numdb.get("cn/loc").info(f"{code[2:4]}0000")[0][1]):
        raise ValueError("统一社会信用代码里的地区码不对，请核对。")
    return code


def clean_name(text: str) -> str:
    """A name on one line, its blanks plain and single, its dot the middle dot. Raises ValueError.

    Any character of GB 18030-2022 and its amendment stays as it is.
    """
    name = one_line(DOTS.sub("·", text.translate(OLDER_CODES)))
    if not name or len(name) > LONGEST_NAME or not all(map(_may_stand_in_names, name)):
        raise ValueError(f"请填写姓名(不超过 {LONGEST_NAME} 个字)。")
    return name


def _may_stand_in_names(sign: str) -> bool:
    if not unicodedata.category(sign).startswith("C") or sign in "\u200c\u200d":
        return True
    return any(first <= ord(sign) <= last for first, last in HAN)
