"""Schemas of the calendar."""

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

MOST_DAYS = 100
MOST_SHOWN = 62


class DateRange(Schema):
    """Two dates, at most 400 days apart."""

    first = fields.Date(required=True, data_key="from")
    last = fields.Date(required=True, data_key="to")

    @validates_schema
    def ordered(self, data: dict, **_: object) -> None:
        """`from` is not after `to`, and the span is bounded."""
        if not 0 <= (data["last"] - data["first"]).days <= 400:
            raise ValidationError("不早于 from,且相差不超过 400 天。", "to")


class CalendarDay(Schema):
    """One day; `provisional` where the year's notice has not been published, `notice` behind a dated exception."""

    date = fields.Date(required=True)
    working = fields.Boolean(required=True)
    provisional = fields.Boolean(required=True)
    notice = fields.String(required=True, allow_none=True)


class CalendarDays(Schema):
    """The days asked for, and the version of the exceptions, against which they are changed."""

    version = fields.Integer(required=True)
    items = fields.List(fields.Nested(CalendarDay), required=True)


class HoursQuestion(DateRange):
    """Weekly hours as text, and the days to read them for, at most 62."""

    text = fields.String(required=True, validate=validate.Length(1, 1_000))

    @validates_schema
    def few(self, data: dict, **_: object) -> None:
        """At most 62 days, since a page shows a week or a month."""
        if (data["last"] - data["first"]).days >= MOST_SHOWN:
            raise ValidationError(f"最多看 {MOST_SHOWN} 天。", "to")


class OpeningPeriod(Schema):
    """Open from `opens` until just before `closes`; `extended` beyond the regular hours (延时服务)."""

    opens = fields.String(required=True)
    closes = fields.String(required=True)
    extended = fields.Boolean(required=True)


class OpeningDay(CalendarDay):
    """One day, and when a place with these hours is open on it; no period where it is closed."""

    periods = fields.List(fields.Nested(OpeningPeriod), required=True)


class OpeningDays(Schema):
    """The days asked for."""

    items = fields.List(fields.Nested(OpeningDay), required=True)


class DatedException(Schema):
    """A day that an official notice makes a working day or a rest day; without a kind, the exception is removed."""

    date = fields.Date(required=True)
    kind = fields.String(required=True, allow_none=True, validate=validate.OneOf(["rest", "work"]))
    notice = fields.String(required=True, validate=validate.Length(2, 200), metadata={"description": "文号或出处"})
