"""Shapes of uploads and files."""

from marshmallow import Schema, fields, validate

from api.files.file import STATES
from api.shapes import Time


class Upload(Schema):
    """An upload; sizes in bytes; `why` says why it was refused."""

    id = fields.String(required=True)
    name = fields.String(required=True)
    size = fields.Integer(required=True)
    received = fields.Integer(required=True)
    state = fields.String(required=True, validate=validate.OneOf(STATES))
    type = fields.String(required=True, allow_none=True)
    why = fields.String(required=True, allow_none=True)


class Address(Schema):
    """A signed address, good for five minutes without a log-in."""

    id = fields.String(required=True)
    url = fields.String(required=True)
    expires_at = Time(required=True)
    name = fields.String(required=True)
    type = fields.String(required=True)
    size = fields.Integer(required=True)


class Signed(Schema):
    """The parts of a signed address."""

    until = fields.Integer(required=True)
    sig = fields.String(required=True, validate=validate.Length(max=64))
