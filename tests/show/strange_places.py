"""The places into which a strange text is put, read from the descriptions, and how one is put there."""

import copy
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode
from uuid import uuid4

from api.web import edge
from tests.access.calls import CALLS
from tests.access.test_matrix import ROWS, routes
from tests.access.world import World
from tests.matters.starter import RECORDS
from tests.way import COURIER, filled_in

Json = Any
Call = dict[str, Any]

HEADERS_BESIDE = (
    *("User-Agent", "Range", "If-None-Match", "Origin", "X-Forwarded-For", "X-Forwarded-Proto", "X-Twilio-Signature"),
    *("Cookie", "Accept", "Host", "Content-Encoding"),
)
"""Headers that clients send beside those that the edge names for pages of other origins."""

EVENT_PATH = "/chat"
MARK = "每"
"""In the path of a place: any name of an object whose names are free."""


@dataclass(frozen=True)
class Place:
    """Where a text is put: of an operation, a field of its body (or a name in it), a parameter, a header."""

    method: str
    rule: str
    where: str
    path: tuple[str, ...]
    variant: int = 0

    def __str__(self) -> str:
        return f"{self.method} {self.rule} {self.where} {'.'.join(self.path)}"


@dataclass
class Answer:
    """What came back."""

    status: str
    good: bool
    content_type: str
    json: Json
    size: int


def leaves(
    schema: Json, components: Json, path: tuple[str, ...] = (), above: tuple[str, ...] = ()
) -> Iterator[tuple[str, ...]]:
    """The paths of all values in a schema that are no objects or lists: a list is passed as `[]`, any name as `每`.

    Raises ValueError where an object does not say what it holds, since a field could hide there.
    """
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[1]
        if above.count(name) < 2:
            yield from leaves(components[name], components, path, (*above, name))
        return
    options = [option for word in ("anyOf", "oneOf", "allOf") for option in schema.get(word, ())]
    for option in options:
        yield from leaves(option, components, path, above)
    kind = schema.get("type", "")
    if "object" in kind:
        inner = {name: one for name, one in schema.get("properties", {}).items() if not one.get("readOnly")}
        free = schema.get("additionalProperties")
        if not inner and not isinstance(free, dict):
            raise ValueError(f"{'.'.join(path)}: an object that does not say what it holds")
        for name, one in inner.items():
            yield from leaves(one, components, (*path, name), above)
        if isinstance(free, dict):
            yield from leaves(free, components, (*path, MARK), above)
            yield (*path, MARK + MARK)
    elif "array" in kind:
        yield from leaves(schema["items"], components, (*path, "[]"), above)
    elif not options:
        yield path


def placed(base: Json, path: tuple[str, ...], text: str) -> Json:
    """A copy of `base` with the text at a path; what is missing on the way is made."""
    if not path:
        return text
    step, rest = path[0], path[1:]
    if step == "[]":
        old = base if isinstance(base, list) else []
        return [placed(old[0] if old else None, rest, text), *old[1:]]
    old = base if isinstance(base, dict) else {}
    if step == MARK + MARK:
        return {**old, text: next(iter(old.values()), "x")}
    name = _any_name(old, text) if step == MARK else step
    return {**old, name: placed(old.get(name), rest, text)}


def _any_name(old: Json, text: str) -> str:
    """A name of an object whose names are free: another for texts of another length."""
    names = list(old) or ["remark"]
    return str(names[len(text) % len(names)])


class HttpDoor:
    """The HTTP face. What a call needs beside the text comes from `tests/access/calls`."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._description = world.actors["anyone"].get("/openapi.json")
        self._rules = {
            (method, re.sub(r"<(?:[^<>]*:)?([^<>:]+)>", r"{\1}", rule)): rule for method, rule in routes(world.app)
        }
        self._calls: dict[tuple[str, str, int], tuple[Any, Call]] = {}
        self._places = list(self._read())

    def places(self) -> list[Place]:
        """Every place of the description."""
        return self._places

    def _read(self) -> Iterator[Place]:
        components = self._description["components"]["schemas"]
        for path, operations in self._description["paths"].items():
            for method, operation in operations.items():
                key = (method.upper(), path)
                if key not in self._rules:
                    continue
                rule = self._rules[key]
                parameters = [*operation.get("parameters", ()), *operations.get("parameters", ())]
                for parameter in parameters:
                    yield Place(method.upper(), rule, parameter["in"], (parameter["name"],))
                for form, content in operation.get("requestBody", {"content": {}})["content"].items():
                    where = "body" if form == "application/json" else "form"
                    for leaf in dict.fromkeys(leaves(content["schema"], components)):
                        yield Place(method.upper(), rule, where, leaf)
        sent = [name.strip() for name in edge.CORS_SENT.split(",")]
        for name in dict.fromkeys((*sent, *HEADERS_BESIDE)):
            for method, rule in HEADER_ROUTES:
                yield Place(method, rule, "header", (name,))

    def put(self, place: Place, text: str, language: str) -> Answer:
        """Send the text at its place; gives the answer."""
        caller, call = self._call(place)
        path, query = call["path"], dict(call["query"])
        rest = {name: copy.deepcopy(call[name]) for name in ("json", "data", "content_type") if name in call}
        headers = {"Accept-Language": language, **call["headers"]}
        if place.where == "body":
            rest["data"] = json.dumps(placed(rest.pop("json", {}), place.path, text))
            rest["content_type"] = "application/json"
        elif place.where == "form":
            rest["data"] = {**rest.get("data", {}), place.path[0]: text.encode("utf-8", "replace").decode()}
        elif place.where == "query":
            query[place.path[0]] = text
        elif place.where == "header":
            headers[place.path[0]] = re.sub("[\r\n\0]", "", text).encode("utf-8", "surrogatepass").decode("latin-1")
        else:
            path = self._path(place, call, text)
        if query:
            path += "?" + urlencode(query, errors="surrogatepass")
        answer = caller.raw(place.method, path, headers=headers, **rest)
        good = answer.status_code < 400
        if good and place.method != "GET" or answer.status_code in (401, 404, 409, 412):
            self._calls.pop((place.method, place.rule, place.variant), None)
        return _answer(answer, good)

    def _path(self, place: Place, call: Call, text: str) -> str:
        names = re.findall(r"<([^>]+)>", place.rule)
        (name,) = (name for name in names if name.rpartition(":")[2] == place.path[0])
        sent = quote(text.encode("utf-8", "surrogatepass"), safe="")
        return self._world.path(place.rule, {**call["at"], name: sent})

    def _call(self, place: Place) -> tuple[Any, Call]:
        key = (place.method, place.rule, place.variant)
        if key not in self._calls:
            self._calls[key] = self._new_call(place)
        return self._calls[key]

    def _new_call(self, place: Place) -> tuple[Any, Call]:
        key = (place.method, place.rule)
        row = ROWS[key]
        actor = next((actor for actor in row if row[actor].startswith("2")), "owner")
        call = OWN_CALLS.get(key, CALLS.get(key, lambda world, actor: {}))(self._world, actor)
        caller, at = call.pop("caller", self._world.actors[actor]), call.pop("at", {})
        path = call.pop("path", "") or self._world.path(place.rule, at)
        path, _, own = path.partition("?")
        query = dict(parse_qsl(own + call.pop("query", "").lstrip("?")))
        return caller, {"headers": {}, **call, "at": at, "path": path, "query": query}


def _somebody_else(world: World, actor: str) -> Call:
    """Change an officer on whom nothing depends: a change of roles ends their log-ins."""
    path = f"/v1/staff/{world.officer('handler').person['id']}"
    return {"path": path, "json": {"point": "XC-H01"}, "headers": world.version(path, world.second_admin)}


@cache
def _forms(world: World) -> list[tuple[str, Json]]:
    """Matters whose forms have a field of every kind among them, each with a filled-in form."""
    met: set[str] = set()
    forms = []
    for matter in (record["code"] for record in RECORDS):
        form = world.owner.get(f"/v1/matters/{matter}/form")
        kinds = {field["kind"] for section in form["sections"] for field in section["fields"]}
        if kinds - met:
            met |= kinds
            forms.append((matter, filled_in(world.owner, matter)))
    return forms


def _some_form(world: World) -> tuple[str, Json]:
    forms = _forms(world)
    return forms[next(world.numbers) % len(forms)]


def _new_draft(world: World, actor: str) -> Call:
    matter, form = _some_form(world)
    return {"json": {"matter": matter, **form}}


def _draft_change(world: World, actor: str) -> Call:
    """Fill in the form of a new draft, and say who is to receive the result."""
    matter, form = _some_form(world)
    draft = world.owner.post("/v1/drafts", {"matter": matter, "answers": {}})
    call = {"json": {**form, "delivery": COURIER}, "headers": {"If-Match": f'"{draft["version"]}"'}}
    return {"path": f"/v1/drafts/{draft['id']}", **call}


def _another_point(world: World, actor: str) -> Call:
    """Change a station: a hall may be told to accept from the year 9999 on, and then nobody can ask or apply."""
    return {**CALLS[("DELETE", "/v1/points/<point_id>")](world, actor), "json": {"windows": 12}}


OWN_CALLS: dict[tuple[str, str], Any] = {
    ("PATCH", "/v1/points/<point_id>"): _another_point,
    ("PATCH", "/v1/staff/<staff_id>"): _somebody_else,
    ("POST", "/v1/drafts"): _new_draft,
    ("PATCH", "/v1/drafts/<draft_id>"): _draft_change,
}
"""Calls otherwise than in the matrix: what others depend on is left alone, and forms are filled in whole."""

HEADER_ROUTES = (
    ("GET", "/v1/me"),
    ("GET", "/v1/circle"),
    ("PATCH", "/v1/drafts/<draft_id>"),
    ("POST", "/v1/drafts"),
    ("POST", "/v1/uploads"),
    ("PATCH", "/v1/uploads/<upload_id>"),
    ("POST", "/v1/sessions/codes"),
    ("POST", "/v1/staff/sessions"),
    ("GET", "/v1/files/<upload_id>/content"),
)
"""One route of each way in which headers are read: guarded, quick, versioned, created once, tus, without a log-in."""


def _answer(answer: Any, good: bool) -> Answer:
    is_json = "json" in answer.content_type if answer.content_type else False
    body = answer.get_json(silent=True) if is_json else None
    size = len(answer.data)
    answer.close()
    return Answer(str(answer.status_code), good, answer.content_type or "", body, size)


class EventDoor:
    """The socket: one connection per language of a citizen and of an officer, both in a conversation."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._sockets = world.app.extensions["socketio"]
        self._description = world.actors["anyone"].get("/asyncapi.json")
        self._lines: dict[tuple[str, str], Any] = {}
        self._places = list(self._read())

    def places(self) -> list[Place]:
        """Every place of the description, and the token of a connection."""
        return self._places

    def _read(self) -> Iterator[Place]:
        parts = self._description["components"]
        for name, operation in self._description["operations"].items():
            if operation["action"] == "receive":
                payload = parts["messages"][name]["payload"]
                for leaf in dict.fromkeys(leaves(payload, parts["schemas"])):
                    for n, base in enumerate(EVENTS[name](self._world)):
                        if n == 0 or leaf[0] in base:
                            yield Place("EVENT", name, "event", leaf, n)
        yield Place("EVENT", "connect", "auth", ("token",))
        yield Place("EVENT", "connect", "header", ("Accept-Language",))

    def put(self, place: Place, text: str, language: str) -> Answer:
        """Send the text in its event; gives the acknowledgement."""
        if place.rule == "connect":
            return self._connected(place, text, language)
        base = EVENTS[place.rule](self._world)[place.variant]
        line = self._line("window" if place.rule in STAFF_EVENTS else "owner", language)
        ack = line.emit(place.rule, placed(base, place.path, text), namespace=EVENT_PATH, callback=True)
        good = isinstance(ack, dict) and ack.get("ok") is True
        if good and place.rule in ENDING:
            ended, self._world.conversation = self._world.conversation, None
            try:
                ended = self._world.new_conversation()
            finally:
                self._world.conversation = ended
        status = "ack" if good else f"nack {ack.get('code')}" if isinstance(ack, dict) else "5xx no answer"
        if status == "nack unavailable":
            status = "5xx unavailable"
        return Answer(status, good, "application/json", ack, 1)

    def _line(self, actor: str, language: str) -> Any:
        line = self._lines.get((actor, language))
        if line is None or not line.is_connected(EVENT_PATH):
            auth, headers = {"token": self._world.actors[actor].token}, {"Accept-Language": language}
            line = self._sockets.test_client(self._world.app, namespace=EVENT_PATH, auth=auth, headers=headers)
            self._lines[actor, language] = line
        line.queue.clear()
        return line

    def _connected(self, place: Place, text: str, language: str) -> Answer:
        sent = re.sub("[\r\n\0]", "", text).encode("utf-8", "surrogatepass").decode("latin-1")
        auth = {"token": text if place.where == "auth" else self._world.owner.token}
        headers = {"Accept-Language": sent if place.where == "header" else language}
        line = self._sockets.test_client(self._world.app, namespace=EVENT_PATH, auth=auth, headers=headers)
        good = line.is_connected(EVENT_PATH)
        if good:
            line.disconnect(EVENT_PATH)
        return Answer("ack" if good else "nack token_bad", good, "application/json", None, 1)


def _talk(world: World) -> str:
    return str(world.conversation["id"])


def _about(world: World, **rest: Any) -> list[Json]:
    return [{"conversation": _talk(world), **rest}]


def _posts(world: World) -> list[Json]:
    contents: list[Json] = [
        {"kind": "text", "text": "您好"},
        {"kind": "file", "file": world.upload},
        {"kind": "card", "card": {"type": "point", "ref": "XC-H01"}},
        {"kind": "location", "location": {"lon": 108.96, "lat": 34.27, "name": "市政府"}},
    ]
    return [{"conversation": _talk(world), "client_id": str(uuid4()), **content} for content in contents]


ENDING = {"close", "transfer", "takeover"}
"""Events after which the officer does not have the conversation any more."""
STAFF_EVENTS = {"presence", "claim", "transfer", "close", "takeover"}
EVENTS: dict[str, Any] = {
    "join": lambda world: _about(world, after_seq=0),
    "leave": _about,
    "post": _posts,
    "delivered": lambda world: _about(world, seq=1),
    "read": lambda world: _about(world, seq=1),
    "typing": _about,
    "refresh": lambda world: [{"token": world.owner.token}],
    "presence": lambda world: [{"state": "online", "capacity": 5, "skills": []}],
    "claim": _about,
    "transfer": lambda world: _about(world, to={"desk": "XC-H01"}, reason="请帮忙"),
    "takeover": lambda world: _about(world, reason="换人"),
    "close": lambda world: _about(world, reason="办完了"),
}
"""By event, the valid bodies in which one field is replaced; an event that is missing here is a KeyError."""
