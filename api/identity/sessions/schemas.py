"""Schemas of one's own log-ins."""

from marshmallow import Schema, fields

from api.web.fields import Time


class LogInSchema(Schema):
    """A log-in of one's own that lives, on a device in words; of no place."""

    id = fields.String(required=True)
    device = fields.String(required=True)
    current = fields.Boolean(required=True, metadata={"description": "whether it is the one that asks"})
    began_at = Time(required=True)
    acted_at = Time(required=True, metadata={"description": "the last act of a person, to the half minute"})


class LogInList(Schema):
    """One's own log-ins, this one first."""

    items = fields.List(fields.Nested(LogInSchema), required=True)
