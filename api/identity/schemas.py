"""Shapes of log-in and of one's own record."""

from marshmallow import Schema, fields, validate


class Phone(Schema):
    """Where a code goes."""

    phone = fields.String(required=True, validate=validate.Length(max=30))


class CodeSent(Schema):
    """How long the code holds and when another may be asked for, in seconds."""

    expires_in = fields.Integer(required=True)
    resend_in = fields.Integer(required=True)


class CitizenLogIn(Schema):
    """A phone and the code it was sent."""

    phone = fields.String(required=True, validate=validate.Length(max=30))
    code = fields.String(required=True, validate=validate.Length(max=12))


class StaffLogIn(Schema):
    """User name and password."""

    username = fields.String(required=True, validate=validate.Length(min=1, max=60))
    password = fields.String(required=True, validate=validate.Length(min=1, max=200))


class Refresh(Schema):
    """The refresh token, good for one use."""

    refresh_token = fields.String(required=True, validate=validate.Length(max=100))


class Rename(Schema):
    """One's own name."""

    name = fields.String(required=True, validate=validate.Length(min=1, max=200))


class Person(Schema):
    """A citizen (phone, assurance) or a member of staff (roles, point, department)."""

    id = fields.String(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(["citizen", "staff"]))
    name = fields.String(required=True)
    phone = fields.String(metadata={"description": "masked"})
    assurance = fields.String(validate=validate.OneOf(["phone", "verified"]))
    roles = fields.List(fields.String())
    point = fields.String(allow_none=True)
    department = fields.String(allow_none=True)


class Tokens(Schema):
    """Opaque tokens; `expires_in` in seconds. A refresh gives tokens alone, a log-in also the person."""

    token = fields.String(required=True)
    refresh_token = fields.String(required=True)
    expires_in = fields.Integer(required=True)
    citizen = fields.Nested(Person)
    staff = fields.Nested(Person)
