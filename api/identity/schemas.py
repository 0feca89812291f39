"""Schemas that citizens and staff share: the person behind a log-in, and tokens."""

from marshmallow import Schema, fields, validate

NAME = validate.Length(min=1, max=200)
NUMBER = validate.Length(min=1, max=40)
ID = validate.Length(max=40)
LANGUAGES = ("zh", "en")
SECRET_OF_DEVICE = validate.Length(min=16, max=100)


class RefreshToken(Schema):
    """The refresh token, which is valid once."""

    refresh_token = fields.String(required=True, validate=validate.Length(max=100))


class PersonSchema(Schema):
    """A citizen (phone, assurance, language of notices) or a member of staff (roles, point, department)."""

    id = fields.String(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(["citizen", "staff"]))
    name = fields.String(required=True)
    phone = fields.String(metadata={"description": "masked"})
    assurance = fields.String(validate=validate.OneOf(["phone", "verified"]))
    language = fields.String(validate=validate.OneOf(LANGUAGES))
    roles = fields.List(fields.String())
    point = fields.String(allow_none=True)
    department = fields.String(allow_none=True)


class TypedKey(Schema):
    """The key of a day in Beijing: 32 bytes as base64, for AES-256-GCM."""

    day = fields.Date(required=True)
    key = fields.String(required=True)


class TypedKeys(Schema):
    """The keys of today and of the two days before, the newest first; `owner` is the id of the account they are of."""

    owner = fields.String(required=True)
    keys = fields.List(fields.Nested(TypedKey), required=True)


class Tokens(Schema):
    """Opaque tokens; `expires_in` in seconds. A refresh gives tokens alone, a log-in also the person."""

    token = fields.String(required=True)
    refresh_token = fields.String(required=True)
    expires_in = fields.Integer(required=True)
    citizen = fields.Nested(PersonSchema)
