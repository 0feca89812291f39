"""Shapes of the calendar."""

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

MOST_DAYS = 100


class Span(Schema):
    """Two dates, at most 400 days apart."""

    first = fields.Date(required=True, data_key="from")
    last = fields.Date(required=True, data_key="to")

    @validates_schema
    def ordered(self, data: dict, **_: object) -> None:
        """`from` is not after `to`, and the span is bounded."""
        if not 0 <= (data["last"] - data["first"]).days <= 400:
            raise ValidationError("不早于 from,且相差不超过 400 天。", "to")


class Day(Schema):
    """One day; `provisional` where the year's notice has not been published, `notice` behind a dated exception."""

    date = fields.Date(required=True)
    working = fields.Boolean(required=True)
    provisional = fields.Boolean(required=True)
    notice = fields.String(required=True, allow_none=True)


class Days(Schema):
    """The days asked for, and the version of the exceptions, against which they are changed."""

    version = fields.Integer(required=True)
    items = fields.List(fields.Nested(Day), required=True)


class DatedException(Schema):
    """A day that is worked or not by official notice; without a kind, the exception is taken away."""

    date = fields.Date(required=True)
    kind = fields.String(required=True, allow_none=True, validate=validate.OneOf(["rest", "work"]))
    notice = fields.String(required=True, validate=validate.Length(2, 200), metadata={"description": "文号或出处"})
