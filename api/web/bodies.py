"""Checks of request bodies: size per route, valid JSON, and no values that cannot be stored."""

import json
from typing import Any

import orjson
from flask import Request
from webargs.flaskparser import FlaskParser
from webargs.multidictproxy import MultiDictProxy
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge

from api.refusals import BadFields
from api.texts import asked, written_json

MOST_JSON = 256 * 1024
MOST: dict[str, int] = {"/v1/uploads/": 32 * 1024 * 1024, "/v1/carriers/": 1024 * 1024}
MOST["/v1/desk/matters/import"] = 4 * 1024 * 1024
"""The largest body in bytes of routes that take more than MOST_JSON: pieces of uploads, carriers' tracking, a whole
catalogue."""

MOST_DEPTH = 32
MOST_NUMBER = 2**53
"""The largest integer that every JSON parser keeps exactly (RFC 8259 §6)."""

LARGEST = max(MOST.values())


def check(request: Request) -> None:
    """Check the body of a request, if it has one.

    Raises RequestEntityTooLarge, BadRequest if it is not JSON (RFC 8259), BadFields if a value cannot be stored: a NUL,
    half a surrogate pair, a number beyond 2^53.
    """
    if not request.environ.get("CONTENT_LENGTH") and "HTTP_TRANSFER_ENCODING" not in request.environ:
        return  # RFC 9112 §6.3: then there is no body
    most = next((size for prefix, size in MOST.items() if request.path.startswith(prefix)), MOST_JSON)
    request.max_content_length = most
    if (request.content_length or 0) > most:
        raise RequestEntityTooLarge
    if request.is_json and (body := _received(request)):
        _check_value(read_json(body), "", MOST_DEPTH)


def _received(request: Request) -> bytes:
    """The whole body. Raises BadRequest where it breaks off, or comes in chunks that are none."""
    try:
        return request.get_data()
    except OSError:
        raise BadRequest from None


def read_json(body: bytes) -> Any:
    """Parse JSON. Lone surrogates, which orjson refuses, are let through: `check` refuses them with a message."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        pass
    try:
        return json.loads(body.decode(), parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise BadRequest from None


class Parser(FlaskParser):
    """Reads the JSON and the query of every route: texts lose what nobody sees (`api/texts.py`), and those of JSON are
    empty where they show nothing."""

    def load_json(self, req: Any, schema: Any) -> Any:
        """The JSON of a request, or marshmallow's `missing`."""
        return written_json(super().load_json(req, schema))

    def load_querystring(self, req: Any, schema: Any) -> Any:
        """The parameters of a request, whose texts lose the same marks; what shows nothing stays a blank."""
        parameters = MultiDict((name, asked(text)) for name, text in req.args.items(multi=True))
        return MultiDictProxy(parameters, schema)


def _no_number(name: str) -> None:
    raise ValueError(name)  # NaN and Infinity are not JSON


def _check_value(value: Any, path: str, depth: int) -> None:
    if depth == 0:
        raise BadRequest
    if isinstance(value, dict):
        for name, part in value.items():
            _check_text(name, path or "body")
            _check_value(part, f"{path}.{name}" if path else name, depth - 1)
    elif isinstance(value, list):
        for part in value:
            _check_value(part, path, depth - 1)
    elif isinstance(value, str):
        _check_text(value, path or "body")
    elif isinstance(value, int | float) and abs(value) > MOST_NUMBER:
        raise BadFields({path or "body": ["数字太大。"]})


def _check_text(text: str, path: str) -> None:
    if text.isascii():
        if "\0" in text:
            raise BadFields({path: ["有一个字符不能使用，请删掉后再试。"]})
        return
    try:
        text.encode()
    except UnicodeEncodeError:
        path = path.encode("utf-8", "replace").decode()
        raise BadFields({path: ["有一个字符不完整，请删掉后再试。"]}) from None
    if "\0" in text:
        raise BadFields({path: ["有一个字符不能使用，请删掉后再试。"]})
