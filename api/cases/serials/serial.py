"""The series that cases and documents are counted in, and how they go on after a restore without a number given twice.

A backup does not know which numbers were given out after it was made. So a restore leaves its instant behind: numbers
of documents bear a mark of it from then on, and those of cases, which are digits alone, go on far ahead for the rest of
that day; on the next, every number is new anyway. It needs no memory of the lost store, nor of an earlier restore.
"""

from datetime import UTC, date, datetime, time

from api.cases.number import ALPHABET, OFFICES
from api.times import BEIJING

MARKS_BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
AHEAD, PER_MINUTE = 1_000, 100
"""How far a day's series goes on ahead, and that for each minute of the day: more than one office ever takes in."""


def of_day(day: date, office: int, restored_at: datetime | None) -> tuple[str, int]:
    """The key of the series of a day's cases at an office, and how many numbers it leaves out at its beginning.

    `restored_at`: when the store was restored last; None if it never was.
    """
    key = f"{day:%y%m%d}-{office % OFFICES:03}"
    if restored_at is None or restored_at.astimezone(BEIJING).date() != day:
        return key, 0
    since = restored_at - datetime.combine(day, time.min, BEIJING)
    return f"{key}:{mark(restored_at)}", AHEAD + PER_MINUTE * (int(since.total_seconds()) // 60)


def mark_in(year: int, restored_at: datetime | None) -> str:
    """The mark that numbers of a year's documents bear since the last restore; "" without one by then."""
    return mark(restored_at) if restored_at is not None and restored_at.astimezone(BEIJING).year >= year else ""


def mark(restored_at: datetime) -> str:
    """A restore in few signs: the minute at which it was done."""
    minutes, signs = int((restored_at - MARKS_BEGIN).total_seconds()) // 60, ""
    while minutes > 0:
        minutes, place = divmod(minutes, len(ALPHABET))
        signs = ALPHABET[place] + signs
    return signs.rjust(4, ALPHABET[0])
