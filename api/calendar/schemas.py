"""Shapes of the calendar."""

from marshmallow import Schema, ValidationError, fields, validates_schema


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
    """One day; `provisional` where the year's notice has not been published."""

    date = fields.Date(required=True)
    working = fields.Boolean(required=True)
    provisional = fields.Boolean(required=True)


class Days(Schema):
    """The days asked for."""

    items = fields.List(fields.Nested(Day), required=True)
