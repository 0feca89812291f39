"""How a notice goes out: by which channels, not during the night, and for how long it is worth sending."""

from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from notifications.notice import NEWS_WITHIN

BEIJING = ZoneInfo("Asia/Shanghai")
QUIET_FROM = time(21, 30)
QUIET_UNTIL = time(8, 0)
LOUD = frozenset({"sms"})
"""Channels that make a sound, and so keep the quiet hours."""

EVERYWHERE = ("in_app", "sms")
CHANNELS = {
    "login_code": ("sms",),
    **dict.fromkeys(("security_alarm", "case_near_due", "case_overdue", "papers_not_brought"), ("in_app",)),
}
"""Templates that do not go by all channels. A log-in code never lies in an inbox; staff are told on the console."""

AWAITED = frozenset({"login_code", "identity_check", "phone_change_opened", "identity_bound_elsewhere"})
"""Templates that go out at night too: the recipient waits for them, or may have to stop somebody."""

GOOD_FOR = {"login_code": timedelta(minutes=5), "identity_check": timedelta(minutes=30)}
"""Templates whose notices expire early: a code is not sent once it has ended."""


PLACED = ("group", "about", "desk", "department")
"""Of a notice and of each of its deliveries: which staff may see it."""


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
    """When a try expires: GOOD_FOR after the notice was created if the template is listed there, else 72 hours after
    the try was."""
    good_for = GOOD_FOR.get(template)
    return told_at + good_for if good_for else tried_at + NEWS_WITHIN


def delivery(
    delivery_id: str, notice: dict[str, Any], channel: str, number: int, now: datetime, wanted: datetime
) -> dict[str, Any]:
    """The row of a new delivery, the `number`th try by a channel: due at `wanted`, or `held` until the end of night."""
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
        **{field: notice.get(field) for field in PLACED},
        "due_at": due_at,
        "submitted_at": None,
        "looks": 0,
        "error": None,
        "history": [{"state": state, "at": now, "error": None}],
    }
