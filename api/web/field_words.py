"""What validators say of a field, in Chinese and English: marshmallow's own messages, and those of our schemas.

What the rules of the rooms say is in `rule_words.py`.
"""

import re
from functools import lru_cache

from api.refusals import Reason
from api.web.rule_words import RULES

MARSHMALLOW: dict[str, str] = {
    "Missing data for required field.": "必填。",
    "Field may not be null.": "不能为空。",
    "Unknown field.": "不认识这一项。",
    "Invalid value.": "内容不对。",
    "Invalid input.": "内容不对。",
    "Invalid type.": "格式不对。",
    "Invalid input type.": "格式不对。",
    "Special numeric values (nan or infinity) are not permitted.": "应为数字。",
    "Number too large.": "数字太大。",
    "Not a valid string.": "应为文字。",
    "Not a valid utf-8 string.": "应为 UTF-8 编码的文字。",
    "Not a valid number.": "应为数字。",
    "Not a valid integer.": "应为整数。",
    "Not a valid boolean.": "应为是或否。",
    "Not a valid UUID.": "编号格式不对。",
    "Not a valid naive datetime.": "时间格式不对，不能带时区。",
    "Not a valid aware datetime.": "时间格式不对，要带时区。",
    "Not a valid datetime.": "时间格式不对。",
    "Not a valid time.": "时刻格式不对。",
    "Not a valid date.": "日期格式不对。",
    "Not a valid period of time.": "时长格式不对。",
    "Not a valid mapping type.": "应为一组键值。",
    "Not a valid list.": "应为列表。",
    "Not a valid tuple.": "应为列表。",
    "Not a valid URL.": "网址格式不对。",
    "Not a valid email address.": "电子邮箱格式不对。",
    "Not a valid IP address.": "IP 地址格式不对。",
    "Not a valid IPv4 address.": "IPv4 地址格式不对。",
    "Not a valid IPv6 address.": "IPv6 地址格式不对。",
    "Not a valid IP interface.": "IP 接口格式不对。",
    "Not a valid IPv4 interface.": "IPv4 接口格式不对。",
    "Not a valid IPv6 interface.": "IPv6 接口格式不对。",
    "Shorter than minimum length 1.": "不能为空。",
    "Shorter than minimum length {min}.": "太短，长度至少为 {min}。",
    "Longer than maximum length {max}.": "太长，长度最多为 {max}。",
    "Length must be between {min} and {max}.": "长度应在 {min} 到 {max} 之间。",
    "Length must be {equal}.": "长度应为 {equal}。",
    "Must be greater than or equal to {min} and less than or equal to {max}.": "应在 {min} 到 {max} 之间。",
    "Must be greater than or equal to {min} and less than {max}.": "应不小于 {min}，且小于 {max}。",
    "Must be greater than {min} and less than or equal to {max}.": "应大于 {min}，且不大于 {max}。",
    "Must be greater than {min} and less than {max}.": "应大于 {min}，且小于 {max}。",
    "Must be greater than or equal to {min}.": "应不小于 {min}。",
    "Must be less than or equal to {max}.": "应不大于 {max}。",
    "Must be greater than {min}.": "应大于 {min}。",
    "Must be less than {max}.": "应小于 {max}。",
    "Must be equal to {other}.": "应为 {other}。",
    "Must be one of: {choices}.": "只能是 {choices}。",
    "String does not match expected pattern.": "格式不对。",
    "One or more of the choices you made was not in: {choices}.": "只能从中选择：{choices}。",
    "One or more of the choices you made was in: {values}.": "不能选择：{values}。",
}
"""marshmallow's message -> ours in Chinese. Of those that fit, the longest counts; what is in {braces} is kept."""

OURS: dict[str, str] = {
    "请补交材料。": "Hand in the materials.",
    "写一个选项，或选项的列表。": "Give an option, or a list of options.",
    "日期应为 2026-01-31 这样。": "Write the date like 2026-01-31.",
    "应为四个数：西,南,东,北。": "Give four numbers: west,south,east,north.",
    "应为 西,南,东,北，并且西小于东、南小于北。": "Give west,south,east,north: west below east, south below north.",
    "范围太大，每边最多 0.5 度。": "The area is too large: at most 0.5 degrees a side.",
    "请给出 point，或 lon 和 lat。": "Give point, or lon and lat.",
    "时间超出范围。": "The time is out of range.",
    "应为 1 到 60 的整数分钟。": "Give whole minutes from 1 to 60.",
    "不早于 from,且相差不超过 400 天。": "Not before from, and at most 400 days after it.",
    "最多看 {most} 天。": "At most {most} days.",
    "只能是 {choices}。": "Must be one of: {choices}.",
    "最多 {most} 字。": "At most {most} characters.",
    "请写明哪里不对。": "Say what is wrong.",
    "请填写这一项。": "Fill this in.",
    "密码至少 {most} 个字符。": "A password has at least {most} characters.",
    "密码太常见或太容易猜，请换一个：不要用常见密码，也不要用姓名、用户名、年份。": (
        "The password is too common or easily guessed. Choose another: no common one, no name, user name or year."
    ),
    "新密码不能与旧密码相同。": "The new password must differ from the old one.",
    "数字太大。": "Number too large.",
    "有一个字符不能使用，请删掉后再试。": "It holds a character that cannot be used. Remove it, then try again.",
    "有一个字符不完整，请删掉后再试。": "It holds half a character. Remove it, then try again.",
    "应为字节数。": "Give a number of bytes.",
    "文件是空的。": "The file is empty.",
    "格式不对。": "It has the wrong form.",
}
"""What our schemas and checks of bodies say -> in English."""


LONGEST_REASON = 2_000
"""Longer ones, in which a client's own words are repeated, are not looked up."""


def _pattern(template: str) -> re.Pattern[str]:
    parts = re.split(r"\{(\w+)\}", template)
    named = (f"(?P<{part}>.*)" if place % 2 else re.escape(part) for place, part in enumerate(parts))
    return re.compile("".join(named), re.DOTALL)


def _patterns(table: dict[str, str]) -> list[tuple[re.Pattern[str], str]]:
    """The patterns of a table, those with the most words of their own first."""
    named = re.compile(r"\{\w+\}")
    rows = sorted(table.items(), key=lambda row: -len(named.sub("", row[0])))
    return [(_pattern(template), words) for template, words in rows]


_PATTERNS = {"zh": _patterns(MARSHMALLOW), "en": _patterns({**OURS, **RULES})}


def field_words(reason: str, language: str) -> str:
    """Why a field is refused, in this language (zh or en); unchanged if it stands in no table."""
    if isinstance(reason, Reason):
        return reason.en if language == "en" else str(reason)
    return _translated(reason, language) if len(reason) <= LONGEST_REASON else reason


@lru_cache(1024)
def _translated(reason: str, language: str) -> str:
    for pattern, words in _PATTERNS[language]:
        if match := pattern.fullmatch(reason):
            return words.format(**{name: _part(text, language) for name, text in match.groupdict().items()})
    return reason


def _part(text: str, language: str) -> str:
    part = _translated(text, language)
    return part.replace("、", ", ") if language == "en" else part
