"""Schemas of the audit."""

from marshmallow import Schema, fields, validate

from api.audit.acts import KINDS
from api.web.fields import Page, Paging, Time

_TEXT = validate.Length(1, 200)


class AuditQuery(Paging):
    """Which rows are asked for; `day` is a day in Beijing, `address` that of a client (its /64 if it is IPv6)."""

    subject = fields.String(validate=_TEXT)
    actor = fields.String(validate=_TEXT)
    person = fields.String(validate=_TEXT)
    kind = fields.String(validate=validate.OneOf(sorted(KINDS)))
    act = fields.String(validate=validate.Length(1, 60))
    address = fields.IP()
    day = fields.Date()


class AuditRow(Schema):
    """Who did what to what, and when; `sealed` once it is in the hash chain, under the number `seq`.

    `actor` is "" for a stranger. A row may stand for several `times`, the first of them at `since`. `count` is how many
    rows a list gave, `network` where it came from, `address` a digest, equal for equal addresses.
    """

    id = fields.String(required=True)
    actor = fields.String(required=True)
    actor_name = fields.String(required=True)
    act = fields.String(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(sorted(KINDS)))
    subject = fields.String(required=True)
    detail = fields.String(load_default="", dump_default="")
    count = fields.Integer(allow_none=True, dump_default=None)
    times = fields.Integer(dump_default=1)
    since = Time(allow_none=True, dump_default=None)
    address = fields.String(dump_default="")
    network = fields.String(dump_default="")
    route = fields.String(dump_default="")
    at = Time(required=True)
    sealed = fields.Boolean(required=True)
    seq = fields.Integer(required=True, allow_none=True)


class AuditPage(Page):
    """One page, newest first."""

    items = fields.List(fields.Nested(AuditRow), required=True)
