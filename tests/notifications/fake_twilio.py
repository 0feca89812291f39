"""A small stateful Twilio on loopback. Every request and every answer is held against Twilio's own description.

It can be told to misbehave: refuse with a code, take a message and never answer, or take it and hang up.
"""

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Callable
from datetime import datetime
from email.utils import format_datetime
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

ACCOUNT = "AC" + "0a" * 16
SERVICE = "MG" + "0b" * 16
TOKEN = "the-auth-token"
DESCRIPTION = json.loads((Path(__file__).parents[1] / "data/twilio/messages.json").read_text())
LIST_PATH = "/2010-04-01/Accounts/{AccountSid}/Messages.json"
OPERATIONS = DESCRIPTION["paths"][LIST_PATH]


class FakeTwilio:
    """The state: messages taken, requests seen, what was wrong with them, and the next misbehaviour."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        validating()  # before a request waits for it
        self._now = now
        self.messages: list[dict[str, Any]] = []
        self.requests: list[tuple[str, dict[str, str]]] = []
        self.faults: list[str] = []
        self._refuse: list[tuple[int, int | None]] = []
        self._then = "answer"
        self._released = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()
        self.base = f"http://127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        """Stop serving."""
        self._released.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def refuse(self, status: int, code: int | None) -> None:
        """Answer the next request so, and take nothing."""
        self._refuse.append((status, code))

    def hang_after_taking(self) -> None:
        """Take the next message and never answer."""
        self._then = "hang"

    def drop_after_taking(self) -> None:
        """Take the next message and close the connection."""
        self._then = "drop"

    def callback(self, message: dict[str, Any], status: str, error: int | None = None) -> dict[str, Any]:
        """What Twilio would post for a message: address, form and signature (www.twilio.com/docs/usage/security)."""
        form = {"MessageSid": message["sid"], "SmsSid": message["sid"], "MessageStatus": status}
        form |= {"To": message["to"], "AccountSid": ACCOUNT} | ({"ErrorCode": str(error)} if error else {})
        message["status"] = status
        return {"url": message["callback"], "form": form, "signature": sign(message["callback"], form)}

    # -- serving ----------------------------------------------------------

    def serve(self, handler: BaseHTTPRequestHandler, body: str) -> None:
        """One request."""
        address = urlsplit(handler.path)
        given = _flat(body if handler.command == "POST" else address.query)
        self.requests.append((handler.command, given))
        basic = base64.b64encode(f"{ACCOUNT}:{TOKEN}".encode()).decode()
        if handler.headers.get("Authorization") != f"Basic {basic}":
            return _answer(handler, 401, _error(401, 20003))
        if address.path != LIST_PATH.format(AccountSid=ACCOUNT):
            return _answer(handler, 404, _error(404, 20404))
        if self._refuse:
            status, code = self._refuse.pop(0)
            return _answer(handler, status, _error(status, code))
        if handler.command == "POST":
            return self._create(handler, given)
        return self._list(handler, given)

    def _create(self, handler: BaseHTTPRequestHandler, form: dict[str, str]) -> None:
        schema = OPERATIONS["post"]["requestBody"]["content"]["application/x-www-form-urlencoded"]["schema"]
        if not self._fits(schema, _typed(form, schema["properties"])):
            return _answer(handler, 400, _error(400, 21604))
        sid = "SM" + hashlib.md5(str(len(self.messages)).encode()).hexdigest()  # noqa: S324
        sent = format_datetime(self._now())
        row = {"sid": sid, "to": form["To"], "body": form["Body"], "status": "accepted", "at": self._now()}
        row |= {"date": sent, "callback": form["StatusCallback"], "validity": form["ValidityPeriod"]}
        self.messages.append(row)
        then, self._then = self._then, "answer"
        if then == "hang":
            self._released.wait(20)
        if then != "answer":
            handler.close_connection = True
            return None
        shape = OPERATIONS["post"]["responses"]["201"]["content"]["application/json"]["schema"]
        return self._checked(handler, 201, _shown(row), shape)

    def _list(self, handler: BaseHTTPRequestHandler, query: dict[str, str]) -> None:
        known = {p["name"]: p["schema"] for p in OPERATIONS["get"]["parameters"] if p["in"] == "query"}
        schema = {"type": "object", "properties": known, "additionalProperties": False}
        if not self._fits(schema, _typed(query, known)):
            return _answer(handler, 400, _error(400, 20001))
        since = datetime.fromisoformat(query["DateSent>"])
        found = [m for m in reversed(self.messages) if m["to"] == query["To"] and m["at"] > since]
        page = {"messages": [_shown(m) for m in found], "page": 0, "page_size": 50, "next_page_uri": None}
        shape = OPERATIONS["get"]["responses"]["200"]["content"]["application/json"]["schema"]
        return self._checked(handler, 200, page, shape)

    def _checked(self, handler: BaseHTTPRequestHandler, status: int, body: dict[str, Any], shape: Any) -> None:
        self._fits(shape, body)
        _answer(handler, status, body)

    def _fits(self, schema: dict[str, Any], instance: Any) -> bool:
        whole = {"components": DESCRIPTION["components"], "allOf": [schema]}
        errors = (
            validating().OAS30Validator(whole, format_checker=validating().oas30_format_checker).iter_errors(instance)
        )
        found = [error.message for error in errors]
        self.faults += found
        return not found


@cache
def validating() -> Any:
    """What validates against a description; it takes seconds to import, so only who comes here imports it."""
    return import_module("openapi_schema_validator")


def sign(url: str, form: dict[str, str], token: str = TOKEN) -> str:
    """Twilio's signature, written from its documentation and not with its library."""
    text = url + "".join(name + form[name] for name in sorted(form))
    return base64.b64encode(hmac.new(token.encode(), text.encode(), "sha1").digest()).decode()


def _handler(fake: FakeTwilio) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            fake.serve(self, "")

        def do_POST(self) -> None:
            fake.serve(self, self.rfile.read(int(self.headers["Content-Length"])).decode())

        def log_message(self, format: str, *args: Any) -> None:
            pass

    return Handler


def _answer(handler: BaseHTTPRequestHandler, status: int, body: dict[str, Any]) -> None:
    data = json.dumps(body).encode()
    handler.send_response(status)
    handler.send_header("Content-Type", "application/json")
    handler.send_header("Content-Length", str(len(data)))
    handler.end_headers()
    handler.wfile.write(data)


def _error(status: int, code: int | None) -> dict[str, Any]:
    body = {"status": status, "message": "The 'To' number +8613800138000 …", "more_info": "https://www.twilio.com/docs"}
    return {**body, "code": code} if code else body


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    shown = {key: row[key] for key in ("sid", "to", "body", "status")}
    dates = {"date_created": row["date"], "date_sent": row["date"], "date_updated": row["date"]}
    return {**shown, **dates, "account_sid": ACCOUNT, "error_code": None, "direction": "outbound-api"}


def _flat(text: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(text, keep_blank_values=True).items()}


def _typed(form: dict[str, str], properties: dict[str, Any]) -> dict[str, Any]:
    return {
        name: int(value) if properties.get(name, {}).get("type") == "integer" and value.isdigit() else value
        for name, value in form.items()
    }
