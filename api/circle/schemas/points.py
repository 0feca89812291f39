"""Schemas of service points: lists, a point in full, its changes and its versions."""

from datetime import date
from typing import Any

from marshmallow import Schema, fields, post_load, pre_dump, pre_load, validate

from api.circle.point import KINDS, PARTS
from api.circle.schemas.circle import one_of
from api.web.fields import Time

_text = validate.Length(max=1_000)
_parts = fields.List(fields.String(validate=validate.OneOf(PARTS)), required=True)


class PointsQuestion(Schema):
    """The query of a list of points: filters and paging."""

    kind = fields.String(validate=one_of(KINDS))
    street = fields.String(validate=validate.Length(max=9), metadata={"description": "code of the street"})
    cursor = fields.String(validate=validate.Length(max=200))
    limit = fields.Integer(load_default=50, validate=validate.Range(1, 200))


class StandingSchema(Schema):
    """Whether a point is open now, and when that changes."""

    now = fields.Boolean(required=True)
    closes_at = Time(required=True, allow_none=True)
    next_opens_at = Time(required=True, allow_none=True)
    provisional = fields.Boolean(required=True)


class Position(Schema):
    """A position in degrees of one coordinate system."""

    lon = fields.Float(required=True)
    lat = fields.Float(required=True)


class Elsewhere(Schema):
    """The position in the coordinates of other map programs: gcj02 (AMap, Tencent, WeChat) and bd09 (Baidu)."""

    gcj02 = fields.Nested(Position, required=True)
    bd09 = fields.Nested(Position, required=True)


class DatedHoursSchema(Schema):
    """A date with other hours than usual: `09:00-12:00,13:00-17:00`, or null where it is closed."""

    date = fields.Date(required=True)
    hours = fields.String(load_default=None, allow_none=True, validate=validate.Length(1, 100))
    reason = fields.String(load_default="", validate=validate.Length(max=100))

    @post_load
    def plain(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Turn the date into its ISO text, as rows have it."""
        return {**data, "date": data["date"].isoformat()}

    @pre_dump
    def dated(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Turn the ISO text of a row into a date."""
        return {**data, "date": date.fromisoformat(data["date"])}


class OverrideSchema(Schema):
    """The parts of one matter that this point does, instead of what its kind usually does; an empty list: none."""

    matter = fields.String(required=True, validate=validate.Length(1, 80))
    can = fields.List(fields.String(validate=validate.OneOf(PARTS)), required=True, validate=validate.Length(max=3))


class Point(Schema):
    """A service point in full; without `lon` and `lat` only its street is known and it must not be drawn on a map."""

    id = fields.String(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(KINDS))
    name = fields.String(required=True)
    street_code = fields.String(required=True)
    street_name = fields.String(required=True)
    community_code = fields.String(required=True)
    community_name = fields.String(required=True)
    address = fields.String(required=True)
    lon = fields.Float(required=True, allow_none=True)
    lat = fields.Float(required=True, allow_none=True)
    elsewhere = fields.Nested(Elsewhere, required=True, allow_none=True)
    position_error_m = fields.Integer(required=True, allow_none=True)
    position_rough = fields.Boolean(required=True, metadata={"description": "off by 100 m or more, or nobody knows"})
    position_basis = fields.String(required=True, metadata={"description": "where the position comes from"})
    confirmed = fields.Boolean(required=True, metadata={"description": "whether the position was surveyed"})
    source = fields.String(required=True)
    built_as_of = fields.String(required=True)
    built = fields.String(required=True, validate=validate.OneOf(["yes", "no", "unconfirmed"]))
    accepts_from = fields.String(
        required=True, metadata={"description": "the desk of the district is here from this day"}
    )
    area_m2 = fields.Integer(required=True, allow_none=True)
    phone = fields.String(required=True)
    hours = fields.String(required=True)
    hours_basis = fields.String(required=True, metadata={"description": "where the hours come from"})
    hours_confirmed = fields.Boolean(required=True, metadata={"description": "false: typical hours, call first"})
    exceptions = fields.List(fields.Nested(DatedHoursSchema), required=True)
    windows = fields.Integer(required=True, allow_none=True)
    leader = fields.String(required=True)
    section = fields.String(required=True)
    overrides = fields.List(fields.Nested(OverrideSchema), required=True)
    open = fields.Nested(StandingSchema, required=True)
    can = fields.List(fields.String(validate=validate.OneOf(PARTS)), required=True)
    facilities = fields.List(fields.String(), required=True)
    version = fields.Integer(required=True)


class Points(Schema):
    """A page of points."""

    items = fields.List(fields.Nested(Point), required=True)
    next = fields.String(required=True, allow_none=True)


class PointChange(Schema):
    """Fields of a point to change; computed fields (`open`, `can`, `version`), as `GET` answers them, are ignored.

    Facts (codes, position, hours, facilities) are checked by the rules of the CSV file.
    """

    kind = fields.String(validate=one_of(KINDS))
    name = fields.String(validate=validate.Length(1, 100))
    street_code = fields.String(validate=_text)
    street_name = fields.String(validate=_text)
    community_code = fields.String(validate=_text)
    community_name = fields.String(validate=_text)
    address = fields.String(validate=_text)
    lon = fields.Float(allow_none=True)
    lat = fields.Float(allow_none=True)
    position_basis = fields.String(validate=_text)
    position_error_m = fields.Integer(allow_none=True, validate=validate.Range(0, 100_000))
    confirmed = fields.Boolean()
    source = fields.String(validate=_text)
    built = fields.String(validate=one_of(("yes", "no", "unconfirmed")))
    built_as_of = fields.String(validate=_text)
    accepts_from = fields.String(validate=_text)
    area_m2 = fields.Integer(allow_none=True, validate=validate.Range(0, 1_000_000))
    phone = fields.String(validate=_text)
    hours = fields.String(validate=validate.Length(1, 1_000))
    hours_basis = fields.String(validate=_text)
    hours_confirmed = fields.Boolean()
    exceptions = fields.List(fields.Nested(DatedHoursSchema), validate=validate.Length(max=100))
    windows = fields.Integer(allow_none=True, validate=validate.Range(0, 1_000))
    leader = fields.String(validate=_text)
    section = fields.String(validate=_text)
    facilities = fields.List(fields.String(validate=validate.Length(1, 40)), validate=validate.Length(max=40))
    overrides = fields.List(fields.Nested(OverrideSchema), validate=validate.Length(max=200))

    @pre_load
    def without_computed(self, data: Any, **_: Any) -> Any:
        """Drop the computed fields."""
        return {key: value for key, value in data.items() if key not in self.computed}

    computed = frozenset({"id", "open", "can", "elsewhere", "position_rough", "version"})


class NewPoint(PointChange):
    """A point to add; without an `id` it gets one."""

    id = fields.String(validate=validate.Length(1, 40))
    kind = fields.String(required=True, validate=one_of(KINDS))
    name = fields.String(required=True, validate=validate.Length(1, 100))
    hours = fields.String(required=True, validate=validate.Length(1, 1_000))
    computed = frozenset({"open", "can", "elsewhere", "position_rough", "version"})


class PointWork(Schema):
    """What belongs to a point: active staff, open conversations and cases; `accepts`: whether new work comes here."""

    accepts = fields.Boolean(required=True)
    staff = fields.Integer(required=True)
    conversations = fields.Integer(required=True)
    cases = fields.Integer(required=True)


class PointMatter(Schema):
    """The parts of a matter that are done: `can` at this point, `usual` at its kind; an override makes them differ."""

    code = fields.String(required=True)
    name = fields.String(required=True)
    can = _parts
    usual = _parts


class PointMatters(Schema):
    """A page of matters, by code."""

    items = fields.List(fields.Nested(PointMatter), required=True)
    next = fields.String(required=True, allow_none=True)


class PointVersion(Schema):
    """A version of a point: `act` is add, change or remove, `by` is an id of staff, `operator` or `starter`."""

    version = fields.Integer(required=True)
    at = Time(required=True)
    by = fields.String(required=True)
    act = fields.String(required=True)
    point = fields.Dict(keys=fields.String(), required=True)


class PointVersions(Schema):
    """A page of versions, the newest first."""

    items = fields.List(fields.Nested(PointVersion), required=True)
    next = fields.String(required=True, allow_none=True)
