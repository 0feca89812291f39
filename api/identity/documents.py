"""Documents of identity and their numbers: which kinds there are, their form, and what in them can be checked.

| document | number | checked |
| --- | --- | --- |
| 居民身份证 (GB 11643) | district, birth, order, check: 18 | district, birth, check |
| 港澳台居民居住证 (81, 82, 83) | as above: 18 | birth, check |
| 外国人永久居留身份证 of 2023 | 9, province, nation (ISO 3166-1), birth, order, check: 18 | province, birth, check |
| 港澳居民来往内地通行证 | H or M, 8 digits, and 2 of the issue on older cards | form |
| 台湾居民来往大陆通行证 | 8 digits, and 2 of the issue on older cards | form |
| 外国人永久居留证 of 2017 | nationality (3 letters), 12 digits | form, birth |
| passport (ICAO 9303) | letters and digits, 6 to 12, a letter first | form |

Sources: GB 11643-1999; 国家移民管理局 2023-11-17 on the new permanent residence card; 公安部 2018 on 港澳台居民居住证
and the two permits. A passport whose number has no letter is taken at a window, by another document of its holder.
"""

import json
import re
from datetime import date, datetime
from functools import cache
from importlib import resources
from typing import Any

from stdnum import numdb
from stdnum.cn import ric

PERMITS = frozenset({"81", "82", "83"})
FOREIGN = "9"
HONG_KONG_MACAO = re.compile(r"[HM]\d{8}(\d{2})?")
TAIWAN = re.compile(r"\d{8}(\d{2})?")
OLDER_RESIDENCE = re.compile(r"[A-Z]{3}(\d{4})(\d{6})\d{2}")
PASSPORT = re.compile(r"[A-Z](?=.*\d{4})[A-Z0-9]{5,11}")
EARLIEST_YEAR = 1900

HOW_LONG = (
    "证件号码不对，请核对。身份证、居住证、外国人永久居留身份证是 18 位；也可以填来往内地（大陆）通行证或护照号码。"
)


def document_number(number: str, today: date) -> str:
    """Check a number without blanks, letters as capitals, and return it. Raises ValueError, with what is wrong."""
    if re.fullmatch(r"\d{17}[\dX]", number):
        _check_eighteen(number, today)
        return number
    if re.fullmatch(r"\d{9,17}[\dX]?", number) and not TAIWAN.fullmatch(number):
        raise ValueError("身份证号应为 18 位，请核对。")
    older = OLDER_RESIDENCE.fullmatch(number)
    if older and not _is_day(older[2]):
        raise ValueError("永久居留证号码里的出生日期不对，请核对。")
    if older or HONG_KONG_MACAO.fullmatch(number) or PASSPORT.fullmatch(number) or _is_taiwan(number):
        return number
    raise ValueError(f"身份证号应为 18 位，请核对。{HOW_LONG}")


def _check_eighteen(number: str, today: date) -> None:
    """Raises ValueError unless check character, date of birth and place of an 18-digit number hold."""
    if ric.calc_check_digit(number) != number[-1]:
        raise ValueError("身份证号有一位写错了，请核对。")
    try:
        born = datetime.strptime(number[6:14], "%Y%m%d").date()  # noqa: DTZ007 - a date of birth has no zone
    except ValueError:
        raise ValueError("身份证号里的出生日期不对，请核对。") from None
    if born.year < EARLIEST_YEAR or born > today:
        raise ValueError("身份证号里的出生日期不对，请核对。")
    if not _is_place(number, born):
        raise ValueError("身份证号里的地区码不对，请核对。")


def _is_place(number: str, born: date) -> bool:
    """Whether the code of the place exists, or existed when the number may have been given.

    python-stdnum asks whether the district had the code at birth, though the code is that of the time of issue (since
    1984); and its table ends: who was born after ours may have a district that is newer still, of a known prefecture.
    """
    if number[:2] in PERMITS:
        return True
    table = numdb.get("cn/loc")
    if number[0] == FOREIGN:
        return bool(table.info(f"{number[1:3]}0000")[0][1])
    code = number[:6]
    if code in districts()["districts"] or any("county" in place for _, place in table.info(code)):
        return True
    knows_prefecture = any("county" in place for _, place in table.info(f"{code[:4]}01"))
    return knows_prefecture and born.isoformat() > districts()["as_of"]


@cache
def districts() -> dict[str, Any]:
    """The dated table of district codes that python-stdnum lacks: `as_of`, `sources`, `districts`."""
    text = resources.files("api.identity").joinpath("data", "districts.json").read_text(encoding="utf-8")
    table: dict[str, Any] = json.loads(text)
    return table


def _is_taiwan(number: str) -> bool:
    """Whether it is the number of a permit from Taiwan, and no birthday that somebody wrote in its place."""
    return bool(TAIWAN.fullmatch(number)) and not (len(number) == 8 and _is_day(number))


def _is_day(digits: str) -> bool:
    """Whether these digits are a date, `YYYYMMDD` or `YYMMDD`, of the last centuries."""
    try:
        day = datetime.strptime(digits, "%Y%m%d" if len(digits) == 8 else "%y%m%d")  # noqa: DTZ007
    except ValueError:
        return False
    return day.year >= EARLIEST_YEAR
