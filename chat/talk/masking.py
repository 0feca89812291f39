"""Masks personal numbers (identity, phone, bank card) in texts, before they are stored.

An identity number is found by its date and check digit (GB 11643), a bank card by the Luhn digit (ISO/IEC 7812-1), a
mobile phone by its form. Digits may be written in groups with blanks, hyphens, dots or brackets between them, and as
full-width or any other digits. Each part of a run of groups is tried, since another number may follow after a blank.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from itertools import accumulate
from typing import NamedTuple

from chat.ports import Viewer

KEPT = timedelta(days=180)
"""How long the sealed original is kept; after that the masked text is all there is."""

WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
CHECKS = "10X98765432"
WIDE_X = str.maketrans("Ｘｘ", "Xx")

BETWEEN = r"[ \t\u00a0\u2000-\u200f\u2060\u3000\ufeff\u00ad._·•・．()（）\u2010-\u2015\u2212－-]{1,3}"
GROUP = r"(?:\d+|(?<![A-Za-z])[Xx](?![0-9A-Za-z])|(?<=\d)[Xx](?![A-Wa-wYyZz]))"
RUN = re.compile(f"{GROUP}(?:(?:{BETWEEN})?{GROUP})*", re.ASCII)
PART = re.compile(GROUP, re.ASCII)
DOTS = frozenset(".·•・．")

WORD_BEFORE = re.compile(r"[A-Za-z]+\Z")
WORDS_OF_NUMBERS = frozenset(
    ["wx", "vx", "weixin", "wechat", "v", "w", "tel", "phone", "mobile", "mob", "dh", "sj", "sfz", "id", "kh", "zfb"]
)
"""Letters that stand directly before a number of a person; all others begin a code: a waybill, a case number."""

MONEY_AFTER = re.compile(r" ?(?:[元圆块万亿]|[Yy]uan|RMB|CNY)")
MONEY_BEFORE = re.compile(r"[¥￥$] ?\Z")

LONGEST = 19

PHONE_GROUPS = frozenset({(1,) * 11, (2, 2, 2, 2, 2, 1), (1, 2, 2, 2, 2, 2), (1, 10), (1, 3, 3, 4)})
"""Ways to group the eleven digits of a phone, beside groups of at least three digits each."""

Test = Callable[[str], bool]


class Part(NamedTuple):
    """Some neighbouring groups of a run: their digits, the places of these in the text, the groups' sizes, and what
    stands between the groups."""

    digits: str
    places: list[int]
    sizes: tuple[int, ...]
    between: tuple[str, ...]


def is_identity_number(digits: str) -> bool:
    """Whether these are 18 characters with a date of birth and the right check digit."""
    if not re.fullmatch(r"[1-9]\d{5}(?:18|19|20)\d{9}[\dX]", digits):
        return False
    try:
        date(int(digits[6:10]), int(digits[10:12]), int(digits[12:14]))
    except ValueError:
        return False
    total = sum(weight * int(digit) for weight, digit in zip(WEIGHTS, digits, strict=False))
    return CHECKS[total % 11] == digits[17]


def is_phone(digits: str) -> bool:
    """Whether this is a mobile phone number of the mainland, with or without 86 or 0086."""
    return bool(re.fullmatch(r"(?:(?:00)?86)?1[3-9]\d{9}", digits))


def is_bank_card(digits: str) -> bool:
    """Whether these are 16 to 19 digits whose last one is the right check digit."""
    if not re.fullmatch(r"[3-6]\d{15,18}", digits):
        return False
    doubled = [int(digit) * (1 + at % 2) for at, digit in enumerate(reversed(digits))]
    return sum(n - 9 if n > 9 else n for n in doubled) % 10 == 0


PERSONAL: tuple[Test, ...] = (is_identity_number, is_phone, is_bank_card)
BY_SIZE: dict[int, tuple[Test, ...]] = {
    **dict.fromkeys((11, 13, 15), (is_phone,)),
    **dict.fromkeys((16, 17, 19), (is_bank_card,)),
    18: (is_identity_number, is_bank_card),
}
"""What a number of so many digits may be."""

OF_OTHERS: tuple[Test, ...] = (is_identity_number, is_bank_card)
"""What is masked in the public messages of staff: all but phones, since they may say whom to call."""


def tests_of(writer: Viewer) -> tuple[Test, ...]:
    """What is masked in the public words of somebody."""
    return OF_OTHERS if writer.is_staff else PERSONAL


def mask(text: str, tests: tuple[Test, ...] = PERSONAL) -> str:
    """The text with the middle of each personal number replaced by stars; its length stays."""
    if not any(map(str.isdigit, text)):
        return text
    plain = "".join(map(_plain, text))
    masked = list(text)
    for run in RUN.finditer(plain):
        for places in _numbers(list(PART.finditer(plain, run.start(), run.end())), tests, plain):
            for place in places[3:-4]:
                masked[place] = "*"
    return "".join(masked)


def _plain(char: str) -> str:
    """An ASCII digit for any digit, X for a full-width one; other characters as they are."""
    return str(unicodedata.digit(char)) if char.isdigit() else char.translate(WIDE_X)


def _numbers(groups: Sequence[re.Match[str]], tests: tuple[Test, ...], plain: str) -> Iterator[list[int]]:
    """The places of the digits of each personal number that neighbouring groups of a run make up."""
    digits = "".join(group[0] for group in groups).upper()
    ends = list(accumulate(len(group[0]) for group in groups))
    for first, group in enumerate(groups):
        start = ends[first] - len(group[0])
        if not _may_begin(plain, group.start()):
            continue
        for last in range(first, len(groups)):
            size = ends[last] - start
            if size > LONGEST:
                break
            for test in BY_SIZE.get(size, ()):
                if test in tests and test(digits[start : ends[last]]):
                    part = _part(groups[first : last + 1], plain)
                    if _is_written_so(test, part, plain):
                        yield part.places
        if len(group[0]) > LONGEST:
            yield from _tiles(_part([group], plain), tests)


def _part(groups: Sequence[re.Match[str]], plain: str) -> Part:
    places = [place for group in groups for place in range(*group.span())]
    between = tuple(plain[before.end() : after.start()] for before, after in zip(groups, groups[1:], strict=False))
    digits = "".join(group[0] for group in groups).upper()
    return Part(digits, places, tuple(len(group[0]) for group in groups), between)


def _may_begin(plain: str, start: int) -> bool:
    """Whether a number may begin here: not behind letters, unless they are a word for a person's number."""
    word = WORD_BEFORE.search(plain, max(0, start - 12), start)
    return word is None or word[0].lower() in WORDS_OF_NUMBERS


def _tiles(part: Part, tests: tuple[Test, ...]) -> list[list[int]]:
    """The numbers of which a long group of digits consists, one directly behind the other; none if anything is left."""
    numbers: list[list[int]] = []
    start = 0
    while start < len(part.digits):
        sizes = [size for size in (18, 11) if any(test(part.digits[start : start + size]) for test in tests)]
        if not sizes:
            return []
        numbers.append(part.places[start : start + sizes[0]])
        start += sizes[0]
    return numbers


def _is_written_so(test: Test, part: Part, plain: str) -> bool:
    """Whether people write such a number in these groups: others are dates, amounts, coordinates, lists of numbers."""
    if test is is_identity_number:
        return True
    if any(DOTS.intersection(between) for between in part.between) and not _dotted(part):
        return False
    if test is is_bank_card:
        return all(size == 4 for size in part.sizes[:-1]) or set(part.sizes) == {1}
    if _is_money(part, plain):
        return False
    sizes = _without_country(part)
    return sizes in PHONE_GROUPS or min(sizes) >= 3


def _dotted(part: Part) -> bool:
    """Whether dots alone separate the groups, and it is no address of a computer (four numbers up to 255)."""
    dotted = all(DOTS.issuperset(between) for between in part.between)
    groups, start = [], 0
    for size in part.sizes:
        groups.append(part.digits[start : start + size])
        start += size
    return dotted and not (len(groups) == 4 and all(len(group) <= 3 and int(group) <= 255 for group in groups))


def _without_country(part: Part) -> tuple[int, ...]:
    """The sizes of the groups of a phone without 86 or 0086, whether it is a group of its own or not."""
    code = len(part.digits) - 11
    sizes = part.sizes
    if code and sizes[0] == code:
        return sizes[1:]
    return (sizes[0] - code, *sizes[1:]) if sizes[0] > code else sizes


def _is_money(part: Part, plain: str) -> bool:
    """Whether a currency stands before or after."""
    before = MONEY_BEFORE.search(plain, max(0, part.places[0] - 2), part.places[0])
    return before is not None or MONEY_AFTER.match(plain, part.places[-1] + 1) is not None
