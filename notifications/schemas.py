"""The JSON shapes of the inbox and of the staff's list of deliveries."""

from datetime import datetime
from typing import Any

from marshmallow import Schema, fields, validate

from notifications.notice import STATES
from notifications.plan import BEIJING


class Moment(fields.AwareDateTime):
    """A time, written as ISO 8601 with +08:00."""

    def _serialize(self, value: datetime | None, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        return value.astimezone(BEIJING).isoformat(timespec="seconds") if value else None


class PageQuery(Schema):
    """Paging: the cursor of the next page, and the most items of a page."""

    cursor = fields.String(validate=validate.Length(max=100))
    limit = fields.Integer(load_default=20, validate=validate.Range(min=1, max=100))


class DeliveryQuery(PageQuery):
    """A page of deliveries, of all states or of one."""

    state = fields.String(validate=validate.OneOf(sorted(STATES)))


class Shown(Schema):
    """Notices that were displayed to their recipient."""

    ids = fields.List(fields.String(validate=validate.Length(max=64)), required=True, validate=validate.Length(max=100))


class ChannelState(Schema):
    """How far a notice is on one channel."""

    channel = fields.String(required=True)
    state = fields.String(required=True, validate=validate.OneOf(sorted(STATES)))
    at = Moment(required=True)


class InboxNotice(Schema):
    """One notice in one's own inbox. `kind` is the occasion; `link` a path of our pages."""

    id = fields.String(required=True)
    kind = fields.String(required=True)
    title = fields.String(required=True)
    text = fields.String(required=True)
    link = fields.String(required=True, allow_none=True)
    at = Moment(required=True)
    shown_at = Moment(required=True, allow_none=True)
    read_at = Moment(required=True, allow_none=True)
    channels = fields.List(fields.Nested(ChannelState), required=True)


class Inbox(Schema):
    """One page, newest first; `next` is the cursor of the following one."""

    items = fields.List(fields.Nested(InboxNotice), required=True)
    next = fields.String(required=True, allow_none=True)


class DeskLine(Schema):
    """The latest delivery of a notice by one channel, as staff see it: without its text. `id` is the notice's, `to` a
    masked phone, `error` the provider's code; `number` counts the tries; `resendable`: whether it may be sent again."""

    id = fields.String(required=True)
    kind = fields.String(required=True)
    title = fields.String(required=True)
    to = fields.String(required=True)
    link = fields.String(required=True, allow_none=True)
    told_at = Moment(required=True)
    channel = fields.String(required=True)
    state = fields.String(required=True, validate=validate.OneOf(sorted(STATES)))
    at = Moment(required=True)
    error = fields.String(required=True, allow_none=True)
    number = fields.Integer(required=True)
    resendable = fields.Boolean(required=True)


class DeskPage(Schema):
    """One page, newest first."""

    items = fields.List(fields.Nested(DeskLine), required=True)
    next = fields.String(required=True, allow_none=True)


class CallQuery(Schema):
    """The query that we put into the address of a provider's callback."""

    notice = fields.String(load_default="", validate=validate.Length(max=64))
    delivery = fields.String(load_default="", validate=validate.Length(max=64))
