"""The rules of a parcel: its states, its set of tracking events, and the state computed from the whole set."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from api.refusals import Refusal

STATES = {
    "awaiting_pickup": "待揽收",
    "picked_up": "已揽收",
    "in_transit": "运输中",
    "out_for_delivery": "派送中",
    "available_for_pickup": "待自取",
    "delivered": "快递显示已签收",
    "attempt_failed": "派送未成功",
    "exception": "运输异常",
    "returning": "退回中",
    "returned": "已退回",
    "cancelled": "已取消",
    "lost": "已丢失",
}
EVENTS = {state: f"parcel.{state}" for state in STATES}
"""By state: the type of the event that is announced when a parcel came into it."""

CLOSED = frozenset({"returned", "cancelled", "lost"})
"""States in which nothing arrives any more."""

CARRIERS = {"ems": "中国邮政 EMS", "sf": "顺丰速运", "jd": "京东快递", "console": "演示快递"}
MOST_EVENTS = 200
MOST_TEXT = 500
"""The most characters that are kept of a carrier's text on one event."""

WEIGHTS = (8, 6, 4, 2, 3, 5, 9, 7)


class ParcelExists(Refusal):
    """A parcel with this result of the case is on its way already; there may be one per direction."""

    code = "parcel_exists"
    zh = "这个办件已经有在途的快件。"
    en = "A parcel for this case is on its way already."


class NotToBeSent(Refusal):
    """No result of the case waits to be handed over, or the applicant collects it."""

    code = "not_to_be_sent"
    zh = "没有等着寄出的证照：还没有制作好、已经送达，或者决定已经撤销；也可能是申请人选择自取。"
    en = "No document waits to be sent: it is not issued yet, handed over or revoked, or the applicant will collect it."


class NotOnItsWay(Refusal):
    """A returned, cancelled or lost parcel cannot be confirmed."""

    code = "not_on_its_way"
    zh = "这件快递没有送到，请联系窗口。"
    en = "This parcel did not arrive. Please contact the window."


class SignatureBad(Refusal):
    """The signature of a push is not the carrier's."""

    code = "signature_bad"
    zh = "签名不对。"
    en = "The signature does not fit."


@dataclass(frozen=True)
class TrackingEvent:
    """A tracking event. `key` identifies it (see `event`); `text` is without couriers' names and phones."""

    key: str
    at: datetime
    text: str
    state: str


@dataclass(frozen=True)
class Receiver:
    """The receiver of a parcel; each field is sealed."""

    name: str
    phone: str
    address: str


@dataclass(frozen=True)
class Parcel:
    """A parcel as it is stored. `version` counts what people changed, `pushes` the carrier's pushes; `salt` is sealed.

    `result` is the act that made what it holds, None in a parcel of an earlier release (see `holds`); `replaced`: that
    was made anew since. `desk` and `department` are those of its case. `open` is true until the applicant's
    confirmation or a state in CLOSED; `secret` is the unguessable part of the carrier's callback address.
    """

    id: str
    version: int
    pushes: int
    open: bool
    case: str
    case_id: str
    owner: str
    desk: str | None
    department: str | None
    direction: str
    result: int | None
    replaced: bool
    carrier: str
    number: str
    receiver: Receiver
    secret: str
    salt: str
    state: str
    monitor: str
    events: tuple[TrackingEvent, ...]
    sent_by: str
    confirmed_at: datetime | None
    created_at: datetime


def holds(parcel: Parcel, result: Mapping[str, Any]) -> bool:
    """Whether a parcel holds this result of its case (`seq`, `at`); that of an earlier release what was made before."""
    return result["at"] <= parcel.created_at if parcel.result is None else bool(result["seq"] == parcel.result)


def event(carrier: str, number: str, at: datetime, context: str, code: str, state: str) -> TrackingEvent:
    """Make an event; its key is the SHA-256 of carrier, number, time, text and code, so repeats have the same key."""
    key = sha256("\0".join((carrier, number, at.isoformat(), context, code)).encode()).hexdigest()
    return TrackingEvent(key, at, redact(context), state)


def redact(context: str) -> str:
    """Remove personal data from a carrier's text: phones are masked, couriers' names left out; at most MOST_TEXT."""
    without_phones = re.sub(r"(?<!\d)(1\d{2})\d{4}(\d{4})(?!\d)", r"\1****\2", context)
    who = r"(快递员|派件员|派送员|收派员|业务员|揽投员|投递员)"
    name = r"(?:\s*+[:：])?\s*+[\[【(（]?[一-鿿·]{2,4}[\]】)）]?"
    then = r"(?=[\s,，。;；:：(（]|1\d{2}\*|电话|联系|$)"
    redacted = re.sub(who + name + then, r"\1", without_phones)
    return redacted if len(redacted) <= MOST_TEXT else f"{redacted[: MOST_TEXT - 1]}…"


def merge(known: Iterable[TrackingEvent], pushed: Iterable[TrackingEvent]) -> tuple[TrackingEvent, ...]:
    """The union of the events, oldest first, the last MOST_EVENTS: the same for pushes that are late, repeated or
    out of order."""
    by_key = {line.key: line for line in (*known, *pushed)}
    ranks = {state: rank for rank, state in enumerate(STATES)}
    ordered = sorted(by_key.values(), key=lambda line: (line.at, ranks[line.state], line.key))
    return tuple(ordered[-MOST_EVENTS:])


def state_of(events: tuple[TrackingEvent, ...]) -> str:
    """The state of a parcel: that of its latest event, or `awaiting_pickup` without any."""
    return events[-1].state if events else "awaiting_pickup"


def check_waybill(carrier: str, number: str) -> str:
    """Check and normalise a waybill number (no blanks or hyphens, upper case). Raises ValueError.

    EMS numbers with letters have the check digit of UPU S10; of others only form and length can be checked.
    """
    clean = re.sub(r"[\s-]", "", number).upper()
    if not re.fullmatch(r"[A-Z0-9]{8,24}", clean):
        raise ValueError("运单号应为 8 到 24 位字母和数字。")
    if carrier == "ems" and (letter := re.fullmatch(r"[A-Z]{2}(\d{8})(\d)[A-Z]{2}", clean)):
        rest = 11 - sum(int(d) * w for d, w in zip(letter[1], WEIGHTS, strict=True)) % 11
        if int(letter[2]) != {10: 0, 11: 5}.get(rest, rest):
            raise ValueError("运单号的校验位不对，请核对。")
    return clean


def mask_address(address: str) -> str:
    """Mask an address after its first six characters; a shorter one is masked whole."""
    return f"{address[:6]}****" if len(address) > 6 else "****"
