"""The JSON shapes of the chat over HTTP; what a post may hold is checked in `talk/post.py`, for the socket too."""

from marshmallow import EXCLUDE, Schema, fields, validate

from chat.talk.conversation import STATES
from chat.talk.message_kinds import CARDS, KINDS

_MOMENT = {"format": "date-time", "example": "2026-10-28T10:00:00.000+08:00"}


def _moment(*, allow_none: bool = False) -> fields.String:
    return fields.String(required=True, allow_none=allow_none, metadata=_MOMENT)


_CARD = {
    "type": "object",
    "properties": {"type": {"type": "string", "enum": list(CARDS)}, "ref": {"type": "string", "maxLength": 100}},
    "required": ["type", "ref"],
}
_PLACE = {
    "type": "object",
    "description": "in WGS-84",
    "properties": {
        "lon": {"type": "number", "minimum": -180, "maximum": 180},
        "lat": {"type": "number", "minimum": -90, "maximum": 90},
        "name": {"type": "string", "maxLength": 100},
    },
    "required": ["lon", "lat"],
}


class AskSchema(Schema):
    """Open a conversation about a matter (code), a case (number), a point (id), or nothing in particular."""

    matter = fields.String(validate=validate.Length(1, 60))
    case = fields.String(validate=validate.Length(1, 60))
    point = fields.String(validate=validate.Length(1, 60))
    text = fields.String(metadata={"description": "the first message, at most 2,000 characters"})
    last_officer = fields.Boolean(metadata={"description": "prefer the officer of the last conversation, if free"})


class PageQuerySchema(Schema):
    """Paging: the cursor of the next page, and the most items of a page."""

    cursor = fields.String()
    limit = fields.Integer(load_default=20, validate=validate.Range(1, 50))


class DeskQuerySchema(PageQuerySchema):
    """Which list of the desk: those that wait, those that one holds, or all."""

    queue = fields.String(load_default="waiting", validate=validate.OneOf(["waiting", "mine", "all"]))
    point = fields.String(metadata={"description": "which desk, for overseers who are posted nowhere"})


class MessagesQuerySchema(Schema):
    """The number after which messages are wanted; `stream=staff` is for staff."""

    after_seq = fields.Integer(load_default=0, validate=validate.Range(min=0))
    limit = fields.Integer(load_default=100, validate=validate.Range(1, 200))
    stream = fields.String(load_default="public", validate=validate.OneOf(["public", "staff"]))


class CardInSchema(Schema):
    """A reference: a case number, a matter code (`guide`, `apply`), a parcel, point or draft id; a `material` is
    `<matter code>:<key>`."""

    type = fields.String(metadata={"enum": list(CARDS)})
    ref = fields.String()


class LocationSchema(Schema):
    """A place, in WGS-84."""

    lon = fields.Raw(metadata={"type": "number"})
    lat = fields.Raw(metadata={"type": "number"})
    name = fields.Raw(metadata={"type": "string"})


class PostSchema(Schema):
    """One message. `client_id` is a UUID that stays the same over retries: a repeat answers as the first did."""

    class Meta:
        """Unknown fields are ignored, as on the socket."""

        unknown = EXCLUDE

    client_id = fields.Raw(required=True, metadata={"type": "string", "format": "uuid"})
    kind = fields.Raw(required=True, metadata={"type": "string", "enum": list(KINDS)})
    text = fields.Raw(metadata={"type": "string", "maxLength": 2000})
    file = fields.Raw(metadata={"type": "string", "description": "the id of an upload"})
    card = fields.Raw(metadata=_CARD)
    location = fields.Raw(metadata=_PLACE)


class PostedSchema(Schema):
    """A message that a majority has stored: its number in its stream, its id and time."""

    seq = fields.Integer(required=True)
    id = fields.String(required=True)
    at = _moment()
    stream = fields.String(required=True)


class EndingSchema(Schema):
    """Why it is closed; both sides see it."""

    reason = fields.String(allow_none=True, metadata={"maxLength": 200})


class TieSchema(Schema):
    """The case that a conversation is about."""

    case = fields.String(required=True, validate=validate.Length(1, 60))


class OfficerSchema(Schema):
    """A member of staff."""

    id = fields.String(required=True)
    name = fields.String(required=True)


class QueueSchema(Schema):
    """Position (1 is next) and a wait from and to, in minutes."""

    position = fields.Integer(required=True)
    wait = fields.List(fields.Integer(), required=True)


class PeerSchema(Schema):
    """How far the other side has received and read."""

    delivered_seq = fields.Integer(required=True)
    read_seq = fields.Integer(required=True)


class ClosedSchema(Schema):
    """When it was closed, by which side, and why."""

    at = _moment()
    by = fields.String(required=True, validate=validate.OneOf(["citizen", "staff", "system"]))
    reason = fields.String(required=True, allow_none=True)


class SenderSchema(Schema):
    """Who sent a message."""

    id = fields.String(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(["citizen", "staff", "system"]))
    name = fields.String(required=True)


class MessageSchema(Schema):
    """A message or event, numbered in its stream. `card` is resolved for the reader; a bare type is not for them."""

    conversation = fields.String(required=True)
    stream = fields.String(required=True)
    seq = fields.Integer(required=True)
    id = fields.String(required=True)
    client_id = fields.String(required=True)
    kind = fields.String(required=True, validate=validate.OneOf([*KINDS, "event"]))
    text = fields.String()
    file = fields.Dict()
    card = fields.Dict()
    location = fields.Dict()
    event = fields.Dict()
    sender = fields.Nested(SenderSchema, required=True)
    masked = fields.Boolean(metadata={"description": "personal numbers in it are hidden; its officer may see them"})
    at = _moment()


class MessagesSchema(Schema):
    """A page of a stream: while there is `more`, ask again with `after_seq` = `next_seq`."""

    items = fields.List(fields.Nested(MessageSchema), required=True)
    next_seq = fields.Integer(required=True)
    more = fields.Boolean(required=True)


class RateSchema(Schema):
    """Five levels (GB/T 39046): 5 非常满意, 4 满意, 3 基本满意, 2 不满意, 1 非常不满意."""

    score = fields.Integer(required=True, strict=True, validate=validate.Range(1, 5))
    text = fields.String(allow_none=True, metadata={"maxLength": 200})


class RatingSchema(RateSchema):
    """A rating, and when it was given."""

    at = _moment()


class OriginalSchema(Schema):
    """A message as it was written."""

    text = fields.String(required=True)


class DaysQuerySchema(Schema):
    """How many days back promises are counted."""

    days = fields.Integer(load_default=30, validate=validate.Range(1, 366))


class PromisesSchema(Schema):
    """Answers promised to messages that were left. `percent_kept` is of those that were due."""

    days = fields.Integer(required=True)
    open = fields.Integer(required=True)
    overdue = fields.Integer(required=True)
    kept = fields.Integer(required=True)
    missed = fields.Integer(required=True)
    withdrawn = fields.Integer(required=True)
    percent_kept = fields.Float(required=True, allow_none=True)


class BlockInSchema(Schema):
    """For how many hours its citizen may not write to this desk (an officer 24 at most), and why."""

    hours = fields.Raw(required=True, metadata={"type": "integer", "minimum": 1, "maximum": 72})
    reason = fields.Raw(required=True, metadata={"type": "string", "maxLength": 200})


class LiftedSchema(Schema):
    """When a block was ended before its time, and by whom."""

    at = _moment()
    by = fields.String(required=True)


class BlockSchema(Schema):
    """A block: a citizen may not write to a desk until then."""

    id = fields.String(required=True)
    desk = fields.String(required=True)
    citizen = fields.Nested(OfficerSchema, required=True)
    conversation = fields.String(required=True)
    reason = fields.String(required=True)
    at = _moment()
    until = _moment()
    by = fields.Nested(OfficerSchema, required=True)
    lifted = fields.Nested(LiftedSchema, required=True, allow_none=True)


class BlocksSchema(Schema):
    """A page of blocks in force."""

    items = fields.List(fields.Nested(BlockSchema), required=True)
    next = fields.String(required=True, allow_none=True)


class StoppedSchema(Schema):
    """The block in force for its citizen at its desk: until when, and why."""

    until = _moment()
    reason = fields.String(required=True)


class ConversationSchema(Schema):
    """A conversation as its reader sees it. `owner` stays responsible through every transfer (首问负责)."""

    id = fields.String(required=True)
    version = fields.Integer(required=True)
    state = fields.String(required=True, validate=validate.OneOf(STATES))
    matter = fields.String(required=True, allow_none=True)
    case = fields.String(required=True, allow_none=True)
    point = fields.String(required=True, allow_none=True)
    desk = fields.String(required=True)
    officer = fields.Nested(OfficerSchema, required=True, allow_none=True)
    owner = fields.Nested(OfficerSchema, required=True, allow_none=True)
    queue = fields.Nested(QueueSchema, required=True, allow_none=True)
    blocked = fields.Nested(StoppedSchema, required=True, allow_none=True)
    promised_at = _moment(allow_none=True)
    last_seq = fields.Integer(required=True)
    delivered_seq = fields.Integer(required=True)
    read_seq = fields.Integer(required=True)
    peer = fields.Nested(PeerSchema, required=True)
    unread = fields.Integer(required=True, metadata={"description": "at most 99"})
    created_at = _moment()
    rating = fields.Nested(RatingSchema, required=True, allow_none=True)
    closed = fields.Nested(ClosedSchema, required=True, allow_none=True)


class DeskConversationSchema(ConversationSchema):
    """A conversation with what a desk needs to choose: the citizen, the waiting time, the last message."""

    citizen = fields.Nested(OfficerSchema, required=True)
    waiting_since = _moment()
    wanted = fields.String(
        required=True, allow_none=True, metadata={"description": "the officer that they would like best"}
    )
    last = fields.Nested(MessageSchema, required=True, allow_none=True)


class ConversationsSchema(Schema):
    """A page of conversations."""

    items = fields.List(fields.Nested(ConversationSchema), required=True)
    next = fields.String(required=True, allow_none=True)


class DeskConversationsSchema(Schema):
    """A page of a desk's list."""

    items = fields.List(fields.Nested(DeskConversationSchema), required=True)
    next = fields.String(required=True, allow_none=True)


class CannedQuerySchema(PageQuerySchema):
    """Words that must be in a reply, and the conversation that it is for."""

    q = fields.String(load_default="", validate=validate.Length(max=60))
    conversation = fields.String()


class CannedInSchema(Schema):
    """A reply for one's desk. `{citizen}`, `{officer}`, `{matter}` and `{case}` stand for values of a conversation."""

    title = fields.Raw(metadata={"type": "string", "maxLength": 40})
    text = fields.Raw(metadata={"type": "string", "maxLength": 2000})
    matter = fields.Raw(allow_none=True, metadata={"type": "string", "description": "null: for every matter"})


class CannedSchema(Schema):
    """A canned reply, and the same filled for a conversation."""

    id = fields.String(required=True)
    version = fields.Integer(required=True)
    title = fields.String(required=True)
    text = fields.String(required=True)
    filled = fields.String(required=True)
    matter = fields.String(required=True, allow_none=True)
    at = _moment()


class CannedPageSchema(Schema):
    """A page of canned replies."""

    items = fields.List(fields.Nested(CannedSchema), required=True)
    next = fields.String(required=True, allow_none=True)


class SearchQuerySchema(PageQuerySchema):
    """The words to search for, with paging."""

    q = fields.String(required=True, validate=validate.Length(1, 60))


class MessageSearchPageSchema(Schema):
    """A page of messages: the newest conversation first, in each the newest message.

    So many messages are looked through for one page: it may hold few or none and still have a `next`.
    """

    items = fields.List(fields.Nested(MessageSchema), required=True)
    next = fields.String(required=True, allow_none=True)
