"""Schemas of uploads and files."""

from typing import Any

from marshmallow import Schema, fields, validate

from api.files.file import STATES, UNFIT
from api.web.fields import Time
from api.web.problems import language


class Upload(Schema):
    """An upload; sizes in bytes. `received_at` is when its last byte came; `code` and `why` say why it was refused."""

    id = fields.String(required=True)
    name = fields.String(required=True)
    size = fields.Integer(required=True)
    received = fields.Integer(required=True)
    state = fields.String(required=True, validate=validate.OneOf(STATES))
    type = fields.String(required=True, allow_none=True)
    expires_at = Time(required=True)
    received_at = Time(required=True, allow_none=True)
    code = fields.String(required=True, allow_none=True, validate=validate.OneOf(UNFIT))
    why = fields.Method("_words", required=True, allow_none=True)

    def _words(self, row: dict[str, Any]) -> str | None:
        zh, en = row["why"] or (None, None)
        return en if language() == "en" else zh


class ContentQuery(Schema):
    """The file itself, or its thumbnail."""

    size = fields.String(load_default="content", validate=validate.OneOf(["content", "thumb"]))


class Address(Schema):
    """A signed address, valid for five minutes without a log-in."""

    id = fields.String(required=True)
    url = fields.String(required=True)
    expires_at = Time(required=True)
    name = fields.String(required=True)
    type = fields.String(required=True)
    size = fields.Integer(required=True)
    scanned_at = Time(
        required=True,
        allow_none=True,
        metadata={"description": "when a virus scanner found nothing; null where none looked"},
    )


class Signed(Schema):
    """The query of a signed address: what is read, until when, and the signature."""

    size = fields.String(required=True, validate=validate.OneOf(["content", "thumb"]))
    until = fields.Integer(required=True)
    sig = fields.String(required=True, validate=validate.Length(max=64))
