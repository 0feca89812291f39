"""快递100: subscribe to a waybill, read its pushes (api.kuaidi100.com/document, enterprise push interface)."""

import json
from datetime import datetime
from hashlib import md5
from hmac import compare_digest
from typing import Any

import requests

from api.parcels.carriers import Pushed, TrackerFailed, Watched
from api.parcels.parcel import SignatureBad, TrackingEvent, event
from api.times import BEIJING

ANSWER = '{"result":true,"returnCode":"200","message":"成功"}'
TIMEOUT = (5, 15)
COMPANIES = {"ems": "ems", "sf": "shunfeng", "jd": "jd", "console": "console"}
TAKEN = {"200", "501"}
"""200 subscribed, 501 subscribed already."""

STATES: dict[str, str] = {
    **dict.fromkeys(("101", "102"), "awaiting_pickup"),
    **dict.fromkeys(("1", "103"), "picked_up"),
    **dict.fromkeys(("0", "1001", "1002", "1003", "7", "10", "11", "12"), "in_transit"),
    "5": "out_for_delivery",
    "501": "available_for_pickup",
    **dict.fromkeys(("3", "301", "302", "303", "304"), "delivered"),
    **dict.fromkeys(("204", "206"), "attempt_failed"),
    **dict.fromkeys(("2", "201", "202", "203", "205", "207", "208", "209", "13"), "exception"),
    "6": "returning",
    **dict.fromkeys(("4", "14"), "returned"),
    **dict.fromkeys(("401", "210"), "cancelled"),
}
"""Their status codes to our states. 303 and 304 come also for 驿站代收: `delivered` is what the carrier says, and
no proof that the applicant holds the document."""

FIRST_YEAR = 2000
MONITORS = {"polling": "polling", "shutdown": "shutdown", "abort": "aborted", "updateall": "polling"}


def sign_of(param: str, salt: str) -> str:
    """The signature of a push: upper-case MD5 of param and salt."""
    return md5(f"{param}{salt}".encode()).hexdigest().upper()


class Kuaidi100:
    """The tracker of 快递100. `key` is the customer's authorisation key."""

    def __init__(self, key: str, api_base: str, public_base: str) -> None:
        self._key = key
        self._api_base = api_base.rstrip("/")
        self._public_base = public_base

    def watch(self, parcel: Watched) -> None:
        """Subscribe to a parcel (POST /poll). Raises TrackerFailed."""
        parameters = {
            "callbackurl": f"{self._public_base}/v1/carriers/kuaidi100/{parcel.secret}",
            "salt": parcel.salt,
            "resultv2": "4",
            "phone": parcel.phone.removeprefix("+86"),
        }
        company = COMPANIES[parcel.carrier]
        param = {"company": company, "number": parcel.number, "key": self._key, "parameters": parameters}
        form = {"schema": "json", "param": json.dumps(param, ensure_ascii=False)}
        try:
            answer = requests.post(f"{self._api_base}/poll", data=form, timeout=TIMEOUT, allow_redirects=False).json()
        except (requests.RequestException, ValueError) as error:
            raise TrackerFailed(type(error).__name__) from None
        if str(answer.get("returnCode")) not in TAKEN:
            raise TrackerFailed(f"{answer.get('returnCode')} {answer.get('message')}")

    def read_push(self, parcel: Watched, param: str, sign: str, now: datetime) -> Pushed:
        """Verify and parse a push. Raises SignatureBad or ValueError."""
        return read_push(parcel, param, sign, now)


def read_push(parcel: Watched, param: str, sign: str, now: datetime) -> Pushed:
    """Verify and parse a push of 快递100; events later than `now` are left out. Raises SignatureBad or ValueError.

    Each push lists all events so far, newest first, with naive times of Shanghai and without ids.
    """
    if not compare_digest(sign_of(param, parcel.salt).encode(), sign.upper().encode()):
        raise SignatureBad
    try:
        push = json.loads(param)
        last = push.get("lastResult") or {}
        lines = last.get("data") or []
        events = tuple(_event(parcel, line, last if n == 0 else {}) for n, line in enumerate(lines))
        return Pushed(MONITORS.get(push.get("status", ""), "polling"), [e for e in events if e.at <= now])
    except (TypeError, KeyError, AttributeError, RecursionError, OverflowError) as error:
        raise ValueError(f"not a push: {type(error).__name__}") from None


def _event(parcel: Watched, line: dict[str, Any], whole: dict[str, Any]) -> TrackingEvent:
    """A tracking event; one without a code takes, if it is the newest, that of the push, else `in_transit`."""
    code = str(line.get("statusCode") or whole.get("state") or "0")
    at = datetime.strptime(line["time"], "%Y-%m-%d %H:%M:%S").replace(tzinfo=BEIJING)
    if at.year < FIRST_YEAR:
        raise ValueError("an event before there were parcels of ours")
    return event(parcel.carrier, parcel.number, at, str(line["context"]), code, STATES.get(code, "in_transit"))
