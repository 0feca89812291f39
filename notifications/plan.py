"""How a notice goes out: by which channels, not during the night, and for how long it is worth sending."""

from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from notifications.notice import NEWS_WITHIN

BEIJING = ZoneInfo("Asia/Shanghai")
QUIET_FROM = time(21, 30)
QUIET_UNTIL = time(8, 0)
LOUD = frozenset({"sms"})
"""Channels that ring, and so keep the quiet hours."""

EVERYWHERE = ("in_app", "sms")
CHANNELS = {"login_code": ("sms",)}
"""Where a template does not go everywhere. A code never lies in an inbox."""

AWAITED = frozenset({"login_code"})
"""What the recipient has just asked for and waits for: it goes out at night too."""

GOOD_FOR = {"login_code": timedelta(minutes=5)}
"""What is worthless after a while: a code ends after five minutes, and is not sent later."""


def channels(template: str) -> tuple[str, ...]:
    """The channels of a template."""
    return CHANNELS.get(template, EVERYWHERE)


def quiet(at: datetime) -> bool:
    """Whether it is between 21:30 and 08:00 in China."""
    clock = at.astimezone(BEIJING).time()
    return clock >= QUIET_FROM or clock < QUIET_UNTIL


def earliest(template: str, channel: str, at: datetime) -> datetime:
    """The first moment from `at` on at which this may go out: `at` itself, or the end of the quiet hours."""
    if channel not in LOUD or template in AWAITED or not quiet(at):
        return at
    local = at.astimezone(BEIJING)
    day = local.date() + timedelta(days=1 if local.time() >= QUIET_FROM else 0)
    return datetime.combine(day, QUIET_UNTIL, BEIJING).astimezone(at.tzinfo)


def ends(template: str, told_at: datetime, tried_at: datetime) -> datetime:
    """From when on a try is not sent any more: a code counts from when it was told, all else from the try."""
    good_for = GOOD_FOR.get(template)
    return told_at + good_for if good_for else tried_at + NEWS_WITHIN


def delivery(
    delivery_id: str, notice: dict[str, Any], channel: str, number: int, now: datetime, wanted: datetime
) -> dict[str, Any]:
    """A new try by one channel, the `number`th, which is to go out at `wanted` or when the night is over."""
    due_at = earliest(notice["template"], channel, wanted)
    state = "held" if due_at > wanted else "queued"
    return {
        "_id": delivery_id,
        "v": 1,
        "notice": notice["_id"],
        "channel": channel,
        "number": number,
        "superseded": False,
        "state": state,
        "at": now,
        "created_at": now,
        "due_at": due_at,
        "submitted_at": None,
        "looks": 0,
        "error": None,
        "history": [{"state": state, "at": now, "error": None}],
    }
