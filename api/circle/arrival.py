"""Whether a place is open on arrival, and long enough to be served before it closes."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from math import inf

from api.circle.question import CircleQuestion, OpeningAt, OpeningStatus, Stop
from api.times import BEIJING

SERVE = timedelta(minutes=20)
"""Less time than this between arrival and closing counts as too late to be served."""
MICROSECOND = 1e-6
"""The resolution of `datetime`, in seconds."""
NEVER = datetime.max.replace(tzinfo=UTC)


def openings(question: CircleQuestion, opening_at: OpeningAt) -> Callable[[str, float], OpeningStatus]:
    """A function of (hours, seconds of travel) that gives the opening status on arrival.

    It is called with rising seconds, so that a status is cached per hours until the instant at which it changes.
    """
    cached: dict[str, tuple[float, OpeningStatus]] = {}

    def at(hours: str, seconds: float) -> OpeningStatus:
        entry = cached.get(hours)
        if entry is None or seconds >= entry[0]:
            opening = opening_at(hours, question.at + timedelta(seconds=seconds))
            change = opening.closes_at if opening.open else opening.next_opens_at
            until = inf if change is None else (change - question.at).total_seconds() - MICROSECOND
            entry = cached[hours] = (until, opening)
        return entry[1]

    return at


def too_late(question: CircleQuestion, stop: Stop) -> bool:
    """Whether less than SERVE remains between arrival and closing."""
    closes = stop.opening.closes_at
    return closes is not None and closes - arrival_at(question, stop) < SERVE


def pause(opening: OpeningStatus) -> tuple[datetime, datetime] | None:
    """The break after which an open place opens again on the same day, from when to when in Beijing; or None."""
    if not opening.open or opening.closes_at is None or opening.next_opens_at is None:
        return None
    begins, ends = opening.closes_at.astimezone(BEIJING), opening.next_opens_at.astimezone(BEIJING)
    return (begins, ends) if begins.date() == ends.date() else None


def arrival_at(question: CircleQuestion, stop: Stop) -> datetime:
    """The instant of arrival at a stop."""
    return question.at + timedelta(seconds=stop.seconds)
