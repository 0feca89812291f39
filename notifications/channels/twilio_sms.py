"""SMS through Twilio: its library, its states, its error codes, its signature.

Source of states and codes: www.twilio.com/docs/messaging/api/message-resource and /docs/api/errors.
"""

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit

import requests
from twilio.base.exceptions import TwilioException
from twilio.http.http_client import TwilioHttpClient
from twilio.request_validator import RequestValidator
from twilio.rest import Client

from notifications.channels import Call, Fault, LookFailed, Message, Remedy, Report

TIMEOUT_SECONDS = 10.0
MOST_LISTED = 50
CLOCK_SKEW = timedelta(minutes=5)
"""How much earlier than our clock says a message is looked for. It counts only if its words are ours, so that a wide
window does no harm."""
VALID_AT_MOST = 36_000
"""Twilio keeps a message for at most ten hours in its own queue (ValidityPeriod, seconds)."""

CALLBACK_PATH = "/v1/providers/twilio/status"

STATES = {
    "accepted": "accepted",
    "scheduled": "accepted",
    "queued": "accepted",
    "sending": "accepted",
    "sent": "sent",
    "partially_delivered": "sent",
    "delivered": "delivered",
    "read": "delivered",
    "undelivered": "undelivered",
    "failed": "failed",
    "canceled": "canceled",
}

_AT_ONCE = Fault(Remedy.AGAIN, timedelta(seconds=5), most=3)
_SLOWLY = Fault(Remedy.AGAIN, timedelta(minutes=5), most=3)
_NEVER = Fault(Remedy.NEVER)
_LOOK = Fault(Remedy.LOOK)
_STOP = Fault(Remedy.STOP, timedelta(minutes=5), most=3)

FAULTS = {
    20429: _AT_ONCE,  # too many requests: never processed, so always safe
    30001: _SLOWLY,  # our queue there is full
    21611: _SLOWLY,  # the sender's queue is full
    30003: Fault(Remedy.AGAIN, timedelta(minutes=30), most=3),  # phone off or out of reach
    30008: Fault(Remedy.AGAIN, timedelta(minutes=1), most=1),  # unknown error of the carrier
    21211: _NEVER,  # no valid number
    21614: _NEVER,  # no mobile number
    21610: _NEVER,  # the recipient has unsubscribed
    30005: _NEVER,  # no such subscriber
    30006: _NEVER,  # landline or unreachable carrier
    30004: _NEVER,  # blocked
    30007: _NEVER,  # filtered by the carrier: not in these words
    20003: _STOP,  # credentials refused
    30002: _STOP,  # account suspended
    60220: _STOP,  # China: not registered for this
}
"""Twilio's error codes by what helps. A code that is not here is never sent again as it is."""


class TwilioSms:
    """SMS by Twilio's Messages resource. It has no idempotency key: after a lost answer, look before sending again."""

    provider = "twilio"
    outward = True
    keeps = ("MessageSid", "MessageStatus", "ErrorCode")

    def __init__(
        self,
        account_sid: str,
        auth_token: str,
        messaging_service_sid: str,
        public_base: str,
        api_base: str = "",
        timeout: float = TIMEOUT_SECONDS,
    ) -> None:
        self._client = Client(account_sid, auth_token, http_client=_Http(api_base, timeout))
        self._validator = RequestValidator(auth_token)
        self._service = messaging_service_sid
        self._public_base = public_base.rstrip("/")

    def submit(self, message: Message) -> Report:
        """Send it by POST …/Messages.json."""
        query = urlencode({"notice": message.notice, "delivery": message.delivery})
        try:
            created = self._client.messages.create(
                to=message.address,
                body=message.sms,
                messaging_service_sid=self._service,
                status_callback=f"{self._public_base}{CALLBACK_PATH}?{query}",
                validity_period=max(1, min(int(message.good_for.total_seconds()), VALID_AT_MOST)),
            )
        except requests.ConnectTimeout:
            return Report("queued", error="connect", fault=_AT_ONCE)
        except TwilioException as error:
            return _refused(error)
        except (requests.RequestException, ValueError) as error:
            return Report("unknown", error=type(error).__name__, fault=_LOOK)
        return _report(created.sid, created.status, created.error_code)

    def find(self, message: Message, since: datetime) -> list[Report]:
        """Look it up by GET …/Messages.json with To and DateSent>, keeping those with exactly these words."""
        try:
            listed = self._client.messages.list(
                to=message.address, date_sent_after=since - CLOCK_SKEW, limit=MOST_LISTED
            )
        except (TwilioException, requests.RequestException, ValueError) as error:
            raise LookFailed(type(error).__name__) from None
        return [_report(m.sid, m.status, m.error_code) for m in listed if m.body == message.sms]

    def genuine(self, call: Call) -> bool:
        """Whether the signature is Twilio's: HMAC-SHA1 over the address that it called and the sorted form."""
        return bool(self._validator.validate(self._public_base + call.target, call.form, call.signature))

    def heard(self, form: Mapping[str, str]) -> Report | None:
        """The report in a status callback; None for anything else, such as an inbound message."""
        ref, status = form.get("MessageSid"), form.get("MessageStatus")
        if not ref or status not in STATES:
            return None
        return _report(ref, status, form.get("ErrorCode"))


class _Http(TwilioHttpClient):
    """The library's own client with a time-out, without its log lines (they hold phone numbers), and, for
    tests and trials, pointed at a stand-in: the library's `edge` and `region` only rewrite within twilio.com.
    """

    def __init__(self, api_base: str, timeout: float) -> None:
        silent = logging.getLogger("twilio.http_client")
        silent.disabled = True
        super().__init__(timeout=timeout, logger=silent)
        self._base = urlsplit(api_base) if api_base else None

    def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> Any:
        """One request, perhaps elsewhere."""
        if self._base is not None:
            url = urlsplit(url)._replace(scheme=self._base.scheme, netloc=self._base.netloc).geturl()
        return super().request(method, url, *args, **kwargs)


def _report(ref: str | None, status: str | None, error: str | int | None) -> Report:
    code = str(error) if error else None
    fault = FAULTS.get(int(code), _NEVER) if code and code.isdigit() else None
    return Report(STATES.get(status or "", "accepted"), ref=ref, error=code, fault=fault)


def _refused(error: TwilioException) -> Report:
    """A refusal in the answer itself. Its message is not kept: it repeats the phone number."""
    status, code = int(getattr(error, "status", 0) or 0), int(getattr(error, "code", 0) or 0)
    fault = FAULTS.get(code) or _by_status(status)
    state = {Remedy.NEVER: "failed", Remedy.LOOK: "unknown"}.get(fault.remedy, "queued")
    return Report(state, error=str(code or status), fault=fault)


def _by_status(status: int) -> Fault:
    if status == 429:
        return _AT_ONCE
    if status in {401, 403}:
        return _STOP
    return _NEVER if 400 <= status < 500 else _LOOK
