"""Schemas of the audit."""

from marshmallow import Schema, fields, validate

from api.web.fields import Page, Paging, Time


class AuditQuery(Paging):
    """Which rows are asked for; `day` is a day in Beijing."""

    subject = fields.String(validate=validate.Length(1, 200))
    actor = fields.String(validate=validate.Length(1, 200))
    day = fields.Date()


class AuditRow(Schema):
    """Who did what to what, and when; `sealed` once it is in the hash chain, under the number `seq`."""

    id = fields.String(required=True)
    actor = fields.String(required=True)
    act = fields.String(required=True)
    subject = fields.String(required=True)
    at = Time(required=True)
    sealed = fields.Boolean(required=True)
    seq = fields.Integer(required=True, allow_none=True)


class AuditPage(Page):
    """One page, newest first."""

    items = fields.List(fields.Nested(AuditRow), required=True)
