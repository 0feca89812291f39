"""Case numbers and receipt codes: how they are made, and how they are read when somebody types or dictates them.

A number is `XC261130-012-0042-63`: prefix, date, office, serial of that day and office, two check digits (ISO 7064 MOD
97-10, as in an IBAN). They catch every single wrong sign and every two signs that were swapped, neighbours or not. All
but the prefix are digits, so that it can be read out in any language. Numbers of earlier releases (`XC261124-7K3QF`:
five random signs, no check digit) are read as well.
"""

import re
import secrets
import unicodedata
from datetime import date

from stdnum.iso7064 import mod_97_10

from api.refusals import NotFound

NUMBER = re.compile(r"([A-Z]{2})(\d{6})(\d{3})(\d{4,7})(\d{2})", re.ASCII)
SHORTEST, LONGEST = 17, 20
"""How many signs a number has, without dashes."""
OLD_SIGNS = 11
"""The signs of an earlier number after its prefix: six of the date, five random ones."""
OFFICES = 1000
PREFIX = "XC"

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: no I, L, O, U, so that a code can be read out over the phone."""
LIKE_DIGITS = str.maketrans("OIL", "011")


class NumberSlip(NotFound):
    """The check digits of a case number do not fit, so it is nobody's; found without a look at any case."""

    code = "number_slip"
    zh = "这个编号抄错了一处，请对照回执逐位核对。"
    en = "This number has a slip: some sign is wrong, missing or swapped. Compare it with the receipt."


def new_number(prefix: str, day: date, office: int, serial: int) -> str:
    """The number of a case, e.g. `XC261130-012-0042-63`: the `serial`-th of this day at this office (modulo 1000)."""
    parts = f"{prefix}{day:%y%m%d}", f"{office % OFFICES:03}", f"{serial:04}"
    return "-".join((*parts, mod_97_10.calc_check_digits("".join(parts))))


def new_receipt() -> str:
    """A random receipt code of 8 characters (40 bits), which only the applicant is given."""
    return "".join(secrets.choice(ALPHABET) for _ in range(8))


def number_as_read(text: str) -> str:
    """A case number as somebody typed or dictated it, in its stored form: any dashes, blanks, widths and case.

    O, I and L are read as the digits that they are taken for, since numbers have none of them after the prefix.
    """
    signs = _signs(text)
    if number := NUMBER.fullmatch(signs):
        prefix, day, *rest = number.groups()
        return "-".join((f"{prefix}{day}", *rest))
    if len(signs) <= OLD_SIGNS:
        return text.strip().upper()
    return f"{signs[:-5]}-{signs[-5:]}"


def has_slip(text: str) -> bool:
    """Whether this is as long as a number with check digits, and is none. It says nothing about which cases exist."""
    signs = _signs(text)
    if not SHORTEST - 1 <= len(signs) <= LONGEST:
        return False
    return not NUMBER.fullmatch(signs) or not mod_97_10.is_valid(signs)


def refuse_slip(text: str) -> None:
    """Raises NumberSlip where what was typed as a case number has a slip: the same at every face that takes one."""
    if has_slip(text):
        raise NumberSlip


def unknown(text: str) -> NotFound:
    """The refusal for a number under which nobody's case is found for this actor. Raises NumberSlip itself."""
    refuse_slip(text)
    return NotFound()


def number_in(text: str) -> str | None:
    """What somebody searches for, if it looks like a case number, in its stored form; its prefix may be left out."""
    bare = _bare(text)
    if bare.isdigit() and len(bare) >= SHORTEST - len(PREFIX):
        bare = PREFIX + bare
    return number_as_read(bare) if len(bare) > OLD_SIGNS and re.match(r"[A-Z]{2}\d", bare) else None


def receipt_as_read(text: str) -> str:
    """A receipt code as somebody typed or dictated it, in the form of `new_receipt`."""
    return _bare(text).translate(LIKE_DIGITS)


def _signs(text: str) -> str:
    """The signs of a number, O, I and L as digits but in the prefix: the first two, or of old numbers all but 11."""
    bare = _bare(text)
    head = 2 if len(bare) >= SHORTEST - 1 else max(0, len(bare) - OLD_SIGNS)
    return bare[:head] + bare[head:].translate(LIKE_DIGITS)


def _bare(text: str) -> str:
    return "".join(sign for sign in unicodedata.normalize("NFKC", text).upper() if sign.isascii() and sign.isalnum())
