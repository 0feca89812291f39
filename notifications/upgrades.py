"""The upgrades of stored notices, deliveries and receipts, and the versions that they lead to."""

from collections.abc import Callable
from typing import Any

from notifications.kind import KINDS
from notifications.notice import SECRET

Row = dict[str, Any]


def _end_secret(notice: Row, seal: object) -> Row:
    """What an upgrade sets in a notice: a secret one loses its values and its place in the inbox, and is deleted."""
    kind = KINDS.get(notice["template"])
    if kind is None or not kind.is_secret:
        return {}
    return {"group": SECRET, "values": {}, "inbox": False, "delete_at": notice["created_at"]}


def _end_with_secret(delivery: Row, seal: object) -> Row:
    return {"delete_at": delivery["created_at"]} if delivery.get("group") == SECRET else {}


def _in_chinese(notice: Row, seal: object) -> Row:
    """What an upgrade sets in a notice: the language in which it was sent."""
    return {"language": "zh"}


def _seen(notice: Row, seal: object) -> Row:
    """What an upgrade sets in a notice: when it was shown, which is first known of what was read."""
    return {"shown_at": notice.get("read_at")}


def _all_made(delivery: Row, seal: object) -> Row:
    """What an upgrade sets in a delivery: all of a notice were made at once, so that none follows."""
    return {"next_at": None}


def _in_lane(delivery: Row, seal: object) -> Row:
    """What an upgrade sets in a delivery: the lane in which it is claimed. Secrets of earlier releases have ended."""
    return {"lane": delivery["channel"]}


Upgrade = tuple[str, Callable[[Row, Any], Row], tuple[str, ...]]

UPGRADES: list[Upgrade] = [
    ("notices", _end_secret, ()),
    ("deliveries", _end_with_secret, ()),
    ("notices", _in_chinese, ()),
    ("notices", _seen, ()),
    ("deliveries", _all_made, ()),
    ("deliveries", _in_lane, ()),
]
"""Version 2: secrets end. Those of earlier releases lay openable for as long as the store; what had not been sent by
the upgrade is asked for again.

Version 3 of notices: each has the language of its recipient; until then all went out in Chinese.

Version 4 of notices, 3 of deliveries: a plan makes one delivery after the other.

Version 4 of deliveries: they are claimed lane by lane."""
VERSIONS = {name: 1 + sum(each[0] == name for each in UPGRADES) for name in ("notices", "deliveries", "receipts")}
