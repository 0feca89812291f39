"""How a notice goes out: step by step, not during the night, and for how long it is worth sending.

The first delivery is made with the notice. The next step's is made when a delivery has failed for good, or has reached
nobody within its patience (with the notice, where a step has none); none once the recipient has seen the notice, unless
that is critical.
"""

import zlib
from collections.abc import Collection
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from uuid6 import uuid7

from notifications.kind import KINDS, ORDINARY, Kind
from notifications.notice import FAILED, NEWS_WITHIN, SECRET

BEIJING = ZoneInfo("Asia/Shanghai")
QUIET_FROM = time(21, 30)
QUIET_UNTIL = time(8, 0)
LOUD = frozenset({"sms"})
"""Channels that make a sound, and so keep the quiet hours."""

SECRETS_KEPT = timedelta(days=1)
"""How long it is known that a secret was sent and whether it arrived; its values are removed when it is sent."""

SPREAD = timedelta(minutes=30)
"""Over how long what was held during the night is let go: carriers and people are not met by all of it at once."""
IN_ORDER = timedelta(minutes=1)
"""The part of SPREAD over which the news of one recipient follows one another as it was created: what was asked for and
then withdrawn must not be read the other way round."""
SECRETS = ":secret"

MOST_SAME, SAME_WITHIN = 2, timedelta(hours=24)
"""How often the same text goes to one number within which time: carriers in China refuse the third, and may then bar
the sender."""

PLACED = ("group", "about", "desk", "department")
"""Of a notice and of each of its deliveries: which staff may see it."""


def quiet(at: datetime) -> bool:
    """Whether it is between 21:30 and 08:00 in China."""
    clock = at.astimezone(BEIJING).time()
    return clock >= QUIET_FROM or clock < QUIET_UNTIL


def lane_of(kind: Kind, channel: str) -> str:
    """The lane of a delivery: its channel, with the secrets apart, so that no notice is before a code."""
    return channel + SECRETS if kind.is_secret else channel


def lanes(channels: Collection[str]) -> dict[str, str]:
    """The channel of each lane that kinds use, by the lane's name; each is worked off by a loop of its own."""
    steps = [(kind, channel) for kind in KINDS.values() for channel in kind.channels if channel in channels]
    return {lane_of(kind, channel): channel for kind, channel in steps}


def earliest(notice: dict[str, Any], channel: str, at: datetime) -> datetime:
    """The first moment from `at` on at which this may go out: `at` itself, or after the quiet hours, at a moment of the
    recipient's own within SPREAD, in which theirs are in the order in which they were created."""
    if channel not in LOUD or not KINDS[notice["template"]].waits_for_morning or not quiet(at):
        return at
    local = at.astimezone(BEIJING)
    day = local.date() + timedelta(days=1 if local.time() >= QUIET_FROM else 0)
    morning = datetime.combine(day, QUIET_UNTIL, BEIJING)
    own = (SPREAD - IN_ORDER) * (zlib.crc32(notice["recipient"].encode()) / 2**32)
    age = min(max(morning - notice["created_at"], timedelta(0)), timedelta(days=1))
    return (morning + own + IN_ORDER * (1 - age / timedelta(days=1))).astimezone(at.tzinfo)


def ends(kind: str, created_at: datetime, tried_at: datetime) -> datetime:
    """When a try expires: `good_for` after the notice was created where its kind has one, else 72 hours after the try
    was."""
    good_for = KINDS[kind].good_for
    return created_at + good_for if good_for else tried_at + NEWS_WITHIN


def can_resend(notice: dict[str, Any], state: str, now: datetime) -> bool:
    """Whether staff may have a delivery in this state sent again: it failed, and its news is worth it still."""
    created_at = notice["created_at"]
    return state in FAILED and now < ends(notice["template"], created_at, created_at)


def erased_at(group: str, created_at: datetime) -> datetime | None:
    """When a notice and its deliveries are deleted; None if they are kept."""
    return created_at + SECRETS_KEPT if group == SECRET else None


def is_enough(notice: dict[str, Any]) -> bool:
    """Whether the recipient has seen it, and no further channel is needed."""
    return notice["shown_at"] is not None and KINDS[notice["template"]].category == ORDINARY


def first(notice: dict[str, Any], now: datetime) -> list[dict[str, Any]]:
    """The deliveries that are made with a notice: of the first step, and of those that follow without patience."""
    rows = list[dict[str, Any]]()
    for step in KINDS[notice["template"]].steps:
        rows.append(delivery(str(uuid7()), notice, step.channel, 1, now, now))
        if step.patience:
            break
    return rows


def following(notice: dict[str, Any], before: dict[str, Any], now: datetime) -> dict[str, Any] | None:
    """The first delivery of the step after that of `before`; None after the last one, or if the notice was seen."""
    channels = KINDS[notice["template"]].channels
    after = channels[channels.index(before["channel"]) + 1 :] if before["channel"] in channels else ()
    return delivery(str(uuid7()), notice, after[0], 1, now, now) if after and not is_enough(notice) else None


def delivery(
    delivery_id: str, notice: dict[str, Any], channel: str, number: int, now: datetime, wanted: datetime
) -> dict[str, Any]:
    """The row of a new delivery, the `number`th try by a channel: due at `wanted`, or `held` until the end of night.

    At `next_at` the next step is taken; None where it is not to be waited for.
    """
    kind = KINDS[notice["template"]]
    patience = kind.patience(channel)
    due_at = earliest(notice, channel, wanted)
    state = "held" if due_at > wanted else "queued"
    return {
        "_id": delivery_id,
        "notice": notice["_id"],
        "channel": channel,
        "lane": lane_of(kind, channel),
        "next_at": due_at + patience if patience else None,
        "number": number,
        "superseded": False,
        "state": state,
        "at": now,
        "created_at": now,
        **{field: notice.get(field) for field in PLACED},
        **({"delete_at": notice["delete_at"]} if notice.get("delete_at") else {}),
        "due_at": due_at,
        "submitted_at": None,
        "looks": 0,
        "error": None,
        "history": [{"state": state, "at": now, "error": None}],
    }
