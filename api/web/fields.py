"""Fields and schemas that every room shares: Beijing times and paging."""

from datetime import datetime
from typing import Any

from marshmallow import Schema, fields, validate

from api.times import BEIJING


class Time(fields.AwareDateTime):
    """An instant: aware UTC in Python, `+08:00` in JSON (ISO 8601, to the second)."""

    def _serialize(self, value: datetime | None, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        return value.astimezone(BEIJING).isoformat(timespec="seconds") if value else None


class Page(Schema):
    """A page of a list; subclasses add its `items`. `next` is the cursor of the next page, null on the last."""

    next = fields.String(required=True, allow_none=True)


class Paging(Schema):
    """The query of a page: the `cursor` that the page before gave as `next`, and the most items (`limit`)."""

    cursor = fields.String(validate=validate.Length(max=200))
    limit = fields.Integer(load_default=20, validate=validate.Range(1, 100))


_TEXTS = {"type": "array", "items": {"type": "string"}}
_ROW = {"type": "object", "additionalProperties": {"anyOf": [{"type": "string"}, _TEXTS]}}
FORM_VALUE = fields.Raw(
    metadata={
        "description": "a text, the values chosen, or the rows of a group",
        "anyOf": [{"type": "string"}, _TEXTS, {"type": "array", "items": _ROW}],
    }
)
"""What was filled in at one field of a form. Its rules are the form's own: `api.matters.form`."""
