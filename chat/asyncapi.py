"""The AsyncAPI 3 description of the socket: what clients send and receive, as schemas, and which roles may send it.

A test compares the schemas with what is really sent.
"""

from functools import cache
from typing import Any

from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from marshmallow import Schema, fields, validate

from chat import schemas
from chat.desk.presence import MOST_CAPACITY, MOST_SKILLS, WAYS
from chat.desk.presence import STATES as PRESENCES
from chat.talk.access import EVENT_ROLES
from chat.talk.conversation import STATES

Description = dict[str, Any]


class JoinSchema(Schema):
    """Follow a conversation. After the acknowledgement, fetch what is missing by GET …/messages?after_seq=."""

    conversation = fields.String(required=True)
    after_seq = fields.Integer(metadata={"description": "the last number known; optional, not used"})


class LeaveSchema(Schema):
    """Stop following a conversation."""

    conversation = fields.String(required=True)


class TypingSchema(LeaveSchema):
    """Its sender is typing."""


class ClaimSchema(LeaveSchema):
    """Take a conversation."""


class SaySchema(schemas.PostSchema):
    """Post one message; idempotent by `client_id`, which stays the same over retries."""

    conversation = fields.String(required=True)


class SeenSchema(Schema):
    """Everything up to `seq` is on a device (`delivered`), or was read (`read`)."""

    conversation = fields.String(required=True)
    seq = fields.Integer(required=True, validate=validate.Range(min=0))


class RefreshSchema(Schema):
    """Continue the connection with a renewed token of the same person."""

    token = fields.String(required=True)


class PresenceSchema(Schema):
    """Set one's presence: state, capacity, how one takes conversations, skills; each may be left out."""

    state = fields.String(validate=validate.OneOf(PRESENCES))
    capacity = fields.Integer(validate=validate.Range(1, MOST_CAPACITY))
    takes = fields.String(validate=validate.OneOf(WAYS))
    skills = fields.List(fields.String(), validate=validate.Length(max=MOST_SKILLS))


class TransferSchema(Schema):
    """Transfer to {officer: id} or {desk: id}; the reason becomes a note."""

    conversation = fields.String(required=True)
    to = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    reason = fields.String(allow_none=True)


class TakeoverSchema(Schema):
    """Replace the officer, as an overseer: everybody sees it, the owner stays, the reason becomes a note."""

    conversation = fields.String(required=True)
    reason = fields.String(allow_none=True)


class CloseSchema(Schema):
    """Close a conversation."""

    conversation = fields.String(required=True)
    reason = fields.String(allow_none=True)


class DoneSchema(Schema):
    """The acknowledgement of an act that was done."""

    ok = fields.Boolean(required=True, validate=validate.Equal(True))


class DoneWithSchema(DoneSchema):
    """The acknowledgement of an act that was done, with the conversation as it is now."""

    conversation = fields.Nested(schemas.ConversationSchema, required=True)


class StoredSchema(DoneSchema):
    """The acknowledgement of a message that a majority has stored, with its number in its stream."""

    seq = fields.Integer(required=True)
    id = fields.String(required=True)
    at = fields.String(required=True)
    stream = fields.String(required=True, validate=validate.OneOf(["public", "staff"]))


class PresentSchema(DoneSchema, PresenceSchema):
    """The acknowledgement of a change of presence, with the presence as it is now."""


class RefusedSchema(Schema):
    """A refusal; `code` never changes. With `retry_after` (seconds) the same may be tried again.

    After a post that was refused with `retry_after`, or whose acknowledgement did not come, what follows it in its
    conversation is refused as `earlier_unknown` until the post named by `earlier` (its client id) was sent again. A
    client that sends without waiting goes back to that one, and sends from there again in the old order. Who gives it
    up begins a new connection.
    """

    ok = fields.Boolean(required=True, validate=validate.Equal(False))
    code = fields.String(required=True)
    detail = fields.String(required=True)
    errors = fields.Dict(keys=fields.String(), values=fields.List(fields.String()))
    retry_after = fields.Integer()
    earlier = fields.String(metadata={"format": "uuid"})


class StateSchema(Schema):
    """The state of a conversation changed: all of it for its people and the staff who follow it.

    The others of its desk are sent `conversation`, `version` and `state`, and look at their lists again; the desk that
    it left `conversation` alone.
    """

    conversation = fields.String(required=True)
    version = fields.Integer()
    state = fields.String(validate=validate.OneOf(STATES))
    desk = fields.String()
    case = fields.String(allow_none=True)
    officer = fields.Nested(schemas.OfficerSchema, allow_none=True)
    owner = fields.Nested(schemas.OfficerSchema, allow_none=True)
    promised_at = fields.String(allow_none=True)
    closed = fields.Nested(schemas.ClosedSchema, allow_none=True)


class MemberSchema(Schema):
    """A member of a conversation."""

    id = fields.String(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(["citizen", "staff"]))
    name = fields.String()


class ReceiptSchema(Schema):
    """How far somebody has seen. Numbers never go back."""

    conversation = fields.String(required=True)
    member = fields.Nested(MemberSchema, required=True)
    delivered_seq = fields.Integer(required=True)
    read_seq = fields.Integer(required=True)


class WritesSchema(Schema):
    """Somebody is typing."""

    conversation = fields.String(required=True)
    member = fields.Nested(MemberSchema, required=True)


class PlaceSchema(schemas.QueueSchema):
    """A place in the queue; sent at most once a second, when it changed."""

    conversation = fields.String(required=True)


class AssignedSchema(Schema):
    """An officer has it now."""

    conversation = fields.String(required=True)
    officer = fields.Nested(schemas.OfficerSchema, required=True, allow_none=True)


class ChatNoticeSchema(Schema):
    """A payload for one person, e.g. that a notice came."""

    class Meta:
        """The sender decides on its fields."""

        unknown = "include"


RECEIVED: dict[str, tuple[type[Schema], type[Schema]]] = {
    "join": (JoinSchema, DoneWithSchema),
    "leave": (LeaveSchema, DoneSchema),
    "post": (SaySchema, StoredSchema),
    "delivered": (SeenSchema, DoneSchema),
    "read": (SeenSchema, DoneSchema),
    "typing": (TypingSchema, DoneSchema),
    "refresh": (RefreshSchema, DoneSchema),
    "presence": (PresenceSchema, PresentSchema),
    "claim": (ClaimSchema, DoneWithSchema),
    "transfer": (TransferSchema, DoneWithSchema),
    "takeover": (TakeoverSchema, DoneWithSchema),
    "close": (CloseSchema, DoneWithSchema),
}
"""What clients send, and its acknowledgement if it is not refused."""

SENT: dict[str, type[Schema]] = {
    "message": schemas.MessageSchema,
    "state": StateSchema,
    "receipt": ReceiptSchema,
    "typing": WritesSchema,
    "queue": PlaceSchema,
    "assigned": AssignedSchema,
    "notice": ChatNoticeSchema,
}
"""What clients receive."""


ABOUT = """Socket.IO 4 protocol, websocket only, namespace `/chat`, auth `{token}`. Events are hints: the store is the
truth. Drop what is at or below the last number; after a gap or a reconnect, join first, then fetch. Every event is
acknowledged or refused, unless its connection ends. One connection's posts in one conversation are stored in the order
in which they were sent: after one without a durable answer the next are refused as `earlier_unknown`, see `refused`."""


@cache
def describe() -> Description:
    """The AsyncAPI 3 document of the socket, as JSON."""
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
        component = f"Chat{schema.__name__.removeprefix('Chat').removesuffix('Schema')}"
        if component not in spec.components.schemas:
            spec.components.schema(component, schema=schema)
        summary = (schema.__doc__ or "").split("\n\n")[0]
        return {
            "name": name,
            "summary": " ".join(summary.split()),
            "payload": {"$ref": f"#/components/schemas/{component}"},
        }

    received = {name: message(name, body) for name, (body, _) in RECEIVED.items()}
    answers = {f"{name}.ack": message(name, ack) for name, (_, ack) in RECEIVED.items()}
    sent = {f"told.{name}": message(name, body) for name, body in SENT.items()}
    return {**received, **answers, **sent, "refused": message("refused", RefusedSchema)}


def _operation(name: str, action: str) -> Description:
    channel = {"$ref": "#/channels/chat"}
    operation: Description = {"action": action, "channel": channel, "messages": [_in_channel(name)]}
    if action == "receive":
        operation["reply"] = {"channel": channel, "messages": [_in_channel(f"{name}.ack"), _in_channel("refused")]}
        operation["security"] = [{"$ref": "#/components/securitySchemes/token"}]
        operation["description"] = f"By {', '.join(sorted(EVENT_ROLES[name]))}."
    return operation


def _in_channel(name: str) -> Description:
    return {"$ref": f"#/channels/chat/messages/{name}"}
