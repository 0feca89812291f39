"""The AsyncAPI 3 description of the socket. What a message holds is said by schemas, which a test holds against what is
really sent; who may send what is said by the rules."""

from functools import cache
from typing import Any

from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from marshmallow import Schema, fields, validate

from chat import schemas
from chat.desk.presence import MOST_CAPACITY, MOST_SKILLS, WAYS
from chat.desk.presence import STATES as PRESENCES
from chat.talk.conversation import EVENTS, STATES

Description = dict[str, Any]


class Join(Schema):
    """Follow a conversation: first its room, then what is answered, then GET …/messages?after_seq= what is missing."""

    conversation = fields.String(required=True)
    after_seq = fields.Integer(metadata={"description": "the last number known; only told, never needed"})


class Leave(Schema):
    """Follow it no longer."""

    conversation = fields.String(required=True)


class Typing(Leave):
    """I am writing."""


class Claim(Leave):
    """I take it."""


class Say(schemas.Post):
    """One message; `client_id` stays the same over retries, and a repeat is answered as the first was."""

    conversation = fields.String(required=True)


class Seen(Schema):
    """Everything up to `seq` is on a device (`delivered`), or was looked at (`read`)."""

    conversation = fields.String(required=True)
    seq = fields.Integer(required=True, validate=validate.Range(min=0))


class Refresh(Schema):
    """A renewed token of the same person."""

    token = fields.String(required=True)


class Presence(Schema):
    """Here or away; how many at once; whether one takes them or is given them; what one knows. Each part may be left
    out."""

    state = fields.String(validate=validate.OneOf(PRESENCES))
    capacity = fields.Integer(validate=validate.Range(1, MOST_CAPACITY))
    takes = fields.String(validate=validate.OneOf(WAYS))
    skills = fields.List(fields.String(), validate=validate.Length(max=MOST_SKILLS))


class Transfer(Schema):
    """To {officer: id} or {desk: id}; the reason becomes a note."""

    conversation = fields.String(required=True)
    to = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    reason = fields.String(allow_none=True)


class Takeover(Schema):
    """I go on in the officer's place: everybody sees it, the owner stays, and the reason becomes a note."""

    conversation = fields.String(required=True)
    reason = fields.String(allow_none=True)


class Close(Schema):
    """It is over."""

    conversation = fields.String(required=True)
    reason = fields.String(allow_none=True)


class Done(Schema):
    """Done."""

    ok = fields.Boolean(required=True, validate=validate.Equal(True))


class DoneWith(Done):
    """Done; the conversation as it is now."""

    conversation = fields.Nested(schemas.Conversation, required=True)


class Stored(Done):
    """Stored by a majority, under this number."""

    seq = fields.Integer(required=True)
    id = fields.String(required=True)
    at = fields.String(required=True)
    stream = fields.String(required=True, validate=validate.OneOf(["public", "staff"]))


class Present(Done, Presence):
    """What is kept of one's presence."""


class Refused(Schema):
    """A refusal; `code` never changes. With `retry_after` (seconds) the same may be tried again."""

    ok = fields.Boolean(required=True, validate=validate.Equal(False))
    code = fields.String(required=True)
    detail = fields.String(required=True)
    errors = fields.Dict(keys=fields.String(), values=fields.List(fields.String()))
    retry_after = fields.Integer()


class State(Schema):
    """A conversation moved."""

    conversation = fields.String(required=True)
    version = fields.Integer(required=True)
    state = fields.String(required=True, validate=validate.OneOf(STATES))
    desk = fields.String(required=True)
    case = fields.String(required=True, allow_none=True)
    officer = fields.Nested(schemas.Officer, required=True, allow_none=True)
    owner = fields.Nested(schemas.Officer, required=True, allow_none=True)
    promised_at = fields.String(required=True, allow_none=True)
    closed = fields.Nested(schemas.Closed, required=True, allow_none=True)


class Member(Schema):
    """A person of a conversation."""

    id = fields.String(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(["citizen", "staff"]))
    name = fields.String()


class Receipt(Schema):
    """How far somebody has seen. Numbers never go back."""

    conversation = fields.String(required=True)
    member = fields.Nested(Member, required=True)
    delivered_seq = fields.Integer(required=True)
    read_seq = fields.Integer(required=True)


class Writes(Schema):
    """Somebody is writing."""

    conversation = fields.String(required=True)
    member = fields.Nested(Member, required=True)


class Place(schemas.Queue):
    """A place in the queue; told at most once a second, when it changed."""

    conversation = fields.String(required=True)


class Assigned(Schema):
    """An officer has it now."""

    conversation = fields.String(required=True)
    officer = fields.Nested(schemas.Officer, required=True, allow_none=True)


class Notice(Schema):
    """A word for one person, e.g. that a notice came."""

    class Meta:
        """What it holds is for who sends it to say."""

        unknown = "include"


RECEIVED: dict[str, tuple[type[Schema], type[Schema]]] = {
    "join": (Join, DoneWith),
    "leave": (Leave, Done),
    "post": (Say, Stored),
    "delivered": (Seen, Done),
    "read": (Seen, Done),
    "typing": (Typing, Done),
    "refresh": (Refresh, Done),
    "presence": (Presence, Present),
    "claim": (Claim, DoneWith),
    "transfer": (Transfer, DoneWith),
    "takeover": (Takeover, DoneWith),
    "close": (Close, DoneWith),
}
"""What clients send, and how it is acknowledged where it is not refused."""

SENT: dict[str, type[Schema]] = {
    "message": schemas.Message,
    "state": State,
    "receipt": Receipt,
    "typing": Writes,
    "queue": Place,
    "assigned": Assigned,
    "notice": Notice,
}
"""What clients hear."""


ABOUT = """Socket.IO 4 protocol, websocket only, namespace `/chat`, auth `{token}`. Events are hints: the store is the
truth. Drop what is at or below the last number; after a gap or a reconnect, join first, then fetch."""


@cache
def describe() -> Description:
    """The whole description."""
    spec = APISpec("Service Circle: live consultation", "1", "3.1.0", plugins=[MarshmallowPlugin()])
    messages = _messages(spec)
    receive = {name: _operation(name, "receive") for name in RECEIVED}
    send = {f"told.{name}": _operation(f"told.{name}", "send") for name in SENT}
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Service Circle: live consultation",
            "version": "1",
            "description": ABOUT,
        },
        "defaultContentType": "application/json",
        "channels": {
            "chat": {
                "address": "/chat",
                "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in messages},
            }
        },
        "operations": receive | send,
        "components": {
            "messages": messages,
            "schemas": spec.to_dict()["components"]["schemas"],
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _messages(spec: APISpec) -> Description:
    def message(name: str, schema: type[Schema]) -> Description:
        known = f"Chat{schema.__name__}"
        if known not in spec.components.schemas:
            spec.components.schema(known, schema=schema)
        summary = (schema.__doc__ or "").split("\n\n")[0]
        return {
            "name": name,
            "summary": " ".join(summary.split()),
            "payload": {"$ref": f"#/components/schemas/{known}"},
        }

    received = {name: message(name, body) for name, (body, _) in RECEIVED.items()}
    answers = {f"{name}.ack": message(name, ack) for name, (_, ack) in RECEIVED.items()}
    sent = {f"told.{name}": message(name, body) for name, body in SENT.items()}
    return {**received, **answers, **sent, "refused": message("refused", Refused)}


def _operation(name: str, action: str) -> Description:
    channel = {"$ref": "#/channels/chat"}
    told: Description = {"action": action, "channel": channel, "messages": [_in_channel(name)]}
    if action == "receive":
        told["reply"] = {"channel": channel, "messages": [_in_channel(f"{name}.ack"), _in_channel("refused")]}
        told["security"] = [{"$ref": "#/components/securitySchemes/token"}]
        told["description"] = f"By {', '.join(sorted(EVENTS[name]))}."
    return told


def _in_channel(name: str) -> Description:
    return {"$ref": f"#/channels/chat/messages/{name}"}
