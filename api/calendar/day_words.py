"""Days and numbers of days in words, in Chinese and English, each with its unit."""

from datetime import date
from typing import NamedTuple

MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]


class TwoLanguages(NamedTuple):
    """The same words in Chinese and English."""

    zh: str
    en: str


def number_of_days(number: int, unit: str) -> TwoLanguages:
    """A number of days: `3 个工作日`, `3 working days` (`working`); `3 个自然日`, `3 calendar days` (`calendar`)."""
    zh, en = unit_words(unit)
    return TwoLanguages(f"{number} 个{zh}", f"{number} {en.removesuffix('s') if number == 1 else en}")


def unit_words(unit: str) -> TwoLanguages:
    """What days of a unit (`working`, `calendar`) are called, several of them."""
    zh, en = ("工作日", "working days") if unit == "working" else ("自然日", "calendar days")
    return TwoLanguages(zh, en)


def day_words(day: date, today: date | None) -> TwoLanguages:
    """`12 月 8 日`, `8 Dec`; with the year if it is not that of today, or if no today is given."""
    is_other = today is None or day.year != today.year
    zh = f"{f'{day.year} 年 ' if is_other else ''}{day.month} 月 {day.day} 日"
    return TwoLanguages(zh, f"{day.day} {MONTHS[day.month - 1]}{f' {day.year}' if is_other else ''}")
