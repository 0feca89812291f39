"""Shapes of the chat over HTTP. What a post may hold is checked by the rules, in one place for HTTP and the socket."""

from marshmallow import EXCLUDE, Schema, fields, validate

from chat.talk.conversation import CARDS, KINDS, STATES

_MOMENT = {"format": "date-time", "example": "2026-10-28T10:00:00.000+08:00"}


def _moment(*, allow_none: bool = False) -> fields.String:
    return fields.String(required=True, allow_none=allow_none, metadata=_MOMENT)


class Ask(Schema):
    """Open a conversation about a matter (code), a case (number), a point (id), or nothing in particular."""

    matter = fields.String(validate=validate.Length(1, 60))
    case = fields.String(validate=validate.Length(1, 60))
    point = fields.String(validate=validate.Length(1, 60))
    text = fields.String(metadata={"description": "the first message, at most 2,000 characters"})
    last_officer = fields.Boolean(metadata={"description": "rather whom I spoke with last, if they are free"})


class PageQuery(Schema):
    """Where a list goes on, and how many at once."""

    cursor = fields.String()
    limit = fields.Integer(load_default=20, validate=validate.Range(1, 50))


class DeskQuery(PageQuery):
    """Which of the desks' lists."""

    queue = fields.String(load_default="waiting", validate=validate.OneOf(["waiting", "mine", "all"]))
    point = fields.String(metadata={"description": "which desk, for who oversees them all and is posted nowhere"})


class MessagesQuery(Schema):
    """From after which number on; `stream=staff` is for staff."""

    after_seq = fields.Integer(load_default=0, validate=validate.Range(min=0))
    limit = fields.Integer(load_default=100, validate=validate.Range(1, 200))
    stream = fields.String(load_default="public", validate=validate.OneOf(["public", "staff"]))


class CardIn(Schema):
    """A reference: a case number, a matter code (`guide`, `apply`), a parcel, point or draft id; a `material` is
    `<matter code>:<key>`."""

    type = fields.String(metadata={"enum": list(CARDS)})
    ref = fields.String()


class Location(Schema):
    """A place, in WGS-84."""

    lon = fields.Raw(metadata={"type": "number"})
    lat = fields.Raw(metadata={"type": "number"})
    name = fields.Raw(metadata={"type": "string"})


class Post(Schema):
    """One message. `client_id` is a UUID that stays the same over retries: a repeat answers as the first did."""

    class Meta:
        """Fields that the rules do not know are left out, as on the socket."""

        unknown = EXCLUDE

    client_id = fields.Raw(required=True, metadata={"type": "string", "format": "uuid"})
    kind = fields.Raw(required=True, metadata={"type": "string", "enum": list(KINDS)})
    text = fields.Raw(metadata={"type": "string", "maxLength": 2000})
    file = fields.Raw(metadata={"type": "string", "description": "the id of an upload"})
    card = fields.Raw(metadata={"type": "object", "description": "{type, ref}"})
    location = fields.Raw(metadata={"type": "object", "description": "{lon, lat, name}, WGS-84"})


class Posted(Schema):
    """Stored by a majority, under this number."""

    seq = fields.Integer(required=True)
    id = fields.String(required=True)
    at = _moment()
    stream = fields.String(required=True)


class Ending(Schema):
    """Why it is closed; both sides see it."""

    reason = fields.String(allow_none=True, metadata={"maxLength": 200})


class Tie(Schema):
    """The case that a talk is about."""

    case = fields.String(required=True, validate=validate.Length(1, 60))


class Officer(Schema):
    """A member of staff."""

    id = fields.String(required=True)
    name = fields.String(required=True)


class Queue(Schema):
    """Position (1 is next) and a wait from and to, in minutes."""

    position = fields.Integer(required=True)
    wait = fields.List(fields.Integer(), required=True)


class Peer(Schema):
    """How far the other side has seen."""

    delivered_seq = fields.Integer(required=True)
    read_seq = fields.Integer(required=True)


class Closed(Schema):
    """When, by which side, and why."""

    at = _moment()
    by = fields.String(required=True, validate=validate.OneOf(["citizen", "staff", "system"]))
    reason = fields.String(required=True, allow_none=True)


class Sender(Schema):
    """Who said it."""

    id = fields.String(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(["citizen", "staff", "system"]))
    name = fields.String(required=True)


class Message(Schema):
    """A message or event, by its place in its stream. `card` is resolved for the reader: a bare type is not theirs."""

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
    sender = fields.Nested(Sender, required=True)
    masked = fields.Boolean(metadata={"description": "personal numbers in it are hidden; its officer may see them"})
    at = _moment()


class Messages(Schema):
    """A page of a stream: ask on from `next_seq` while there is `more`."""

    items = fields.List(fields.Nested(Message), required=True)
    next_seq = fields.Integer(required=True)
    more = fields.Boolean(required=True)


class Rate(Schema):
    """Five levels (GB/T 39046): 5 非常满意, 4 满意, 3 基本满意, 2 不满意, 1 非常不满意."""

    score = fields.Integer(required=True, strict=True, validate=validate.Range(1, 5))
    text = fields.String(allow_none=True, metadata={"maxLength": 200})


class Rating(Rate):
    """What was said, and when."""

    at = _moment()


class Original(Schema):
    """A message as it was written."""

    text = fields.String(required=True)


class DaysQuery(Schema):
    """How far back."""

    days = fields.Integer(load_default=30, validate=validate.Range(1, 366))


class Promises(Schema):
    """Answers promised to messages that were left. `percent_kept` is of those that were due."""

    days = fields.Integer(required=True)
    open = fields.Integer(required=True)
    overdue = fields.Integer(required=True)
    kept = fields.Integer(required=True)
    missed = fields.Integer(required=True)
    withdrawn = fields.Integer(required=True)
    percent_kept = fields.Float(required=True, allow_none=True)


class BlockIn(Schema):
    """For how many hours its citizen may not write to this desk (an officer 24 at most), and why."""

    hours = fields.Raw(required=True, metadata={"type": "integer", "minimum": 1, "maximum": 72})
    reason = fields.Raw(required=True, metadata={"type": "string", "maxLength": 200})


class Lifted(Schema):
    """Ended before its time."""

    at = _moment()
    by = fields.String(required=True)


class Block(Schema):
    """A citizen may not write to a desk until then."""

    id = fields.String(required=True)
    desk = fields.String(required=True)
    citizen = fields.Nested(Officer, required=True)
    conversation = fields.String(required=True)
    reason = fields.String(required=True)
    at = _moment()
    until = _moment()
    by = fields.Nested(Officer, required=True)
    lifted = fields.Nested(Lifted, required=True, allow_none=True)


class Blocks(Schema):
    """A page of blocks that hold."""

    items = fields.List(fields.Nested(Block), required=True)
    next = fields.String(required=True, allow_none=True)


class Stopped(Schema):
    """Until when its citizen may not write to its desk, and why; they see both."""

    until = _moment()
    reason = fields.String(required=True)


class Conversation(Schema):
    """A conversation as its reader sees it. `owner` stays responsible through every transfer (首问负责)."""

    id = fields.String(required=True)
    version = fields.Integer(required=True)
    state = fields.String(required=True, validate=validate.OneOf(STATES))
    matter = fields.String(required=True, allow_none=True)
    case = fields.String(required=True, allow_none=True)
    point = fields.String(required=True, allow_none=True)
    desk = fields.String(required=True)
    officer = fields.Nested(Officer, required=True, allow_none=True)
    owner = fields.Nested(Officer, required=True, allow_none=True)
    queue = fields.Nested(Queue, required=True, allow_none=True)
    blocked = fields.Nested(Stopped, required=True, allow_none=True)
    promised_at = _moment(allow_none=True)
    last_seq = fields.Integer(required=True)
    delivered_seq = fields.Integer(required=True)
    read_seq = fields.Integer(required=True)
    peer = fields.Nested(Peer, required=True)
    unread = fields.Integer(required=True, metadata={"description": "at most 99"})
    created_at = _moment()
    rating = fields.Nested(Rating, required=True, allow_none=True)
    closed = fields.Nested(Closed, required=True, allow_none=True)


class DeskConversation(Conversation):
    """The same, with what a desk needs to choose."""

    citizen = fields.Nested(Officer, required=True)
    waiting_since = _moment()
    wanted = fields.String(
        required=True, allow_none=True, metadata={"description": "the officer that they would like best"}
    )
    last = fields.Nested(Message, required=True, allow_none=True)


class Conversations(Schema):
    """A page of conversations."""

    items = fields.List(fields.Nested(Conversation), required=True)
    next = fields.String(required=True, allow_none=True)


class DeskConversations(Schema):
    """A page of a desk's list."""

    items = fields.List(fields.Nested(DeskConversation), required=True)
    next = fields.String(required=True, allow_none=True)


class CannedQuery(PageQuery):
    """Words that must be in it, and the talk that it is for."""

    q = fields.String(load_default="", validate=validate.Length(max=60))
    conversation = fields.String()


class CannedIn(Schema):
    """A reply for one's desk. `{citizen}`, `{officer}`, `{matter}` and `{case}` stand for what is known of a talk."""

    title = fields.Raw(metadata={"type": "string", "maxLength": 40})
    text = fields.Raw(metadata={"type": "string", "maxLength": 2000})
    matter = fields.Raw(allow_none=True, metadata={"type": "string", "description": "null: for every matter"})


class Canned(Schema):
    """A canned reply, and the same filled for the talk."""

    id = fields.String(required=True)
    version = fields.Integer(required=True)
    title = fields.String(required=True)
    text = fields.String(required=True)
    filled = fields.String(required=True)
    matter = fields.String(required=True, allow_none=True)
    at = _moment()


class CannedPage(Schema):
    """A page of canned replies."""

    items = fields.List(fields.Nested(Canned), required=True)
    next = fields.String(required=True, allow_none=True)


class SearchQuery(PageQuery):
    """What to look for."""

    q = fields.String(required=True, validate=validate.Length(1, 60))


class Found(Schema):
    """A page of messages, newest first."""

    items = fields.List(fields.Nested(Message), required=True)
    next = fields.String(required=True, allow_none=True)
