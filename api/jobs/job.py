"""The rules of background work: what an event is, when a failed try comes again, when it is parked."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

MAX_ATTEMPTS = 12
FIRST_PAUSE = timedelta(seconds=1)
LONGEST_PAUSE = timedelta(minutes=10)
REASON_LENGTH = 500


@dataclass(frozen=True)
class Event:
    """Something that happened, in the past tense, written with the change in one transaction.

    `subject` is the id of what changed; `data` holds references only, never personal data.
    """

    id: str
    type: str
    subject: str
    data: dict[str, Any]
    at: datetime
    done: frozenset[str] = field(default_factory=frozenset)


def next_try(attempts: int, now: datetime) -> datetime | None:
    """When a failed piece of work is tried again (doubling pauses), or None: park it for a person to look at."""
    if attempts >= MAX_ATTEMPTS:
        return None
    return now + min(FIRST_PAUSE * 2 ** (attempts - 1), LONGEST_PAUSE)


def reason(error: Exception) -> str:
    """The words kept with a failed try: the kind of error and its message, cut to a bounded length."""
    return f"{type(error).__name__}: {error}"[:REASON_LENGTH]
