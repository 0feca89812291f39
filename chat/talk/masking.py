"""Masks personal numbers (identity, phone, bank card) in texts, before they are stored.

An identity number is found by its date and check digit (GB 11643), a bank card by the Luhn digit (ISO/IEC 7812-1), a
mobile phone by its form. Digits may be separated by single blanks or hyphens, or be written full-width.
"""

import re
from collections.abc import Callable
from datetime import date, timedelta

KEPT = timedelta(days=180)
"""How long the sealed original is kept; after that the masked text is all there is."""

WIDE = str.maketrans("０１２３４５６７８９Ｘｘ－\u3000", "0123456789Xx- ")
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
CHECKS = "10X98765432"
RUN = re.compile(r"(?<![0-9A-Za-z])(?:\+?86[ -]?)?\d(?:[ -]?\d){9,18}(?:[ -]?[Xx])?(?![0-9A-Za-z])")

DIGIT = re.compile(r"\d")

Test = Callable[[str], bool]


def is_identity_number(digits: str) -> bool:
    """Whether these are 18 characters with a date of birth and the right check digit."""
    if not re.fullmatch(r"[1-9]\d{16}[\dX]", digits):
        return False
    try:
        date(int(digits[6:10]), int(digits[10:12]), int(digits[12:14]))
    except ValueError:
        return False
    total = sum(weight * int(digit) for weight, digit in zip(WEIGHTS, digits, strict=False))
    return CHECKS[total % 11] == digits[17] and digits[6:8] in {"18", "19", "20"}


def is_phone(digits: str) -> bool:
    """Whether this is a mobile phone number of the mainland, with or without 86."""
    return bool(re.fullmatch(r"(?:86)?1[3-9]\d{9}", digits))


def is_bank_card(digits: str) -> bool:
    """Whether these are 16 to 19 digits whose last one is the right check digit."""
    if not re.fullmatch(r"[3-6]\d{15,18}", digits):
        return False
    doubled = [int(digit) * (1 + at % 2) for at, digit in enumerate(reversed(digits))]
    return sum(n - 9 if n > 9 else n for n in doubled) % 10 == 0


PERSONAL: tuple[Test, ...] = (is_identity_number, is_phone, is_bank_card)
OF_OTHERS: tuple[Test, ...] = (is_identity_number, is_bank_card)
"""What is masked in the public messages of staff: all but phones, since they may say whom to call."""


def mask(text: str, tests: tuple[Test, ...] = PERSONAL) -> str:
    """The text with the middle of each personal number replaced by stars; its length stays."""
    if not DIGIT.search(text):
        return text
    plain, masked = text.translate(WIDE), list(text)
    for match in RUN.finditer(plain):
        digits = re.sub(r"[^0-9X]", "", match[0].upper())
        if any(test(digits) for test in tests):
            _hide(masked, [at for at in range(*match.span()) if plain[at].isalnum()])
    return "".join(masked)


def _hide(masked: list[str], places: list[int]) -> None:
    """All but the first three and the last four."""
    for at in places[3:-4]:
        masked[at] = "*"
