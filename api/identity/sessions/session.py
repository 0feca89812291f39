"""The rules of a log-in: when it is idle, when it ends in any case, and how long a proof of its person is fresh."""

from datetime import datetime, timedelta

IDLE_MINUTES = 30
"""Staff are logged out after so long without an act of theirs."""

FRESH_MINUTES = 5
"""How long a password, code or authenticator's digits, given once, prove who acts."""


def is_idle(acted_at: datetime, now: datetime) -> bool:
    """Whether nobody has acted under a log-in for longer than IDLE_MINUTES."""
    return now - acted_at > timedelta(minutes=IDLE_MINUTES)


def is_over(kind: str, began_at: datetime, acted_at: datetime, longest: timedelta, now: datetime) -> bool:
    """Whether a log-in has ended by itself: it is older than `longest`, or one of staff and idle."""
    return now - began_at >= longest or (kind == "staff" and is_idle(acted_at, now))


def fresh_end(proved_at: datetime) -> datetime:
    """Until when a proof that was given at `proved_at` holds."""
    return proved_at + timedelta(minutes=FRESH_MINUTES)
