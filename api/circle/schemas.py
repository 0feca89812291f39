"""Shapes of the circle, its points and its drawings."""

from datetime import datetime
from typing import Any

from marshmallow import Schema, ValidationError, fields, post_load, pre_load, validate, validates_schema
from webargs.fields import DelimitedList

from api.circle.area import Box
from api.circle.circle import WHENS
from api.circle.mode import MODES
from api.circle.point import KINDS, PARTS
from api.problems import language
from api.shapes import Time

CRS = ("wgs84", "gcj02", "bd09")


def _one_of(names: tuple[str, ...]) -> validate.OneOf:
    return validate.OneOf(names, error="只能是 {choices}。")


def _near_our_time(at: datetime) -> None:
    if not 2000 <= at.year < 2100:
        raise ValidationError("时间超出范围。")


_minutes = validate.Range(1, 60, error="应为 1 到 60 的整数分钟。")


class Place(Schema):
    """A position; its range and area are checked where the deployment's area is known."""

    lon = fields.Float(required=True, metadata={"description": "longitude in degrees"})
    lat = fields.Float(required=True, metadata={"description": "latitude in degrees"})
    crs = fields.String(
        load_default="wgs84",
        validate=_one_of(CRS),
        metadata={"description": "wgs84 (GPS, OSM), gcj02 (WeChat, AMap, Tencent) or bd09 (Baidu)"},
    )


class Question(Place):
    """A question to the circle."""

    mode = fields.String(load_default="walk", validate=_one_of(MODES))
    minutes = fields.Integer(load_default=15, validate=_minutes)
    matter = fields.String(validate=validate.Length(1, 80))
    open = fields.String(load_default="arrival", validate=_one_of(WHENS))
    at = Time(validate=_near_our_time, metadata={"description": "when one sets out; now where it is left out"})
    facilities = DelimitedList(fields.String(), metadata={"description": "comma-separated; all of them"})
    limit = fields.Integer(validate=validate.Range(1, 500))

    @pre_load
    def plus_sign(self, data: Any, **_: Any) -> Any:
        """`+08:00` arrives as ` 08:00` where a client forgot to escape it; no other space belongs into a time."""
        given = data.get("at")
        return {**data, "at": given.strip().replace(" ", "+")} if given else data


class Origin(Schema):
    """Where the question was asked from, in WGS-84; `snapped_m` is the way to the nearest street.

    `off_streets`: no street within 500 m, so the answer is an estimate although there is a network.
    """

    lon = fields.Float(required=True)
    lat = fields.Float(required=True)
    snapped_m = fields.Float(required=True, allow_none=True)
    off_streets = fields.Boolean(required=True)


class Arrival(Schema):
    """How a place stands when one arrives; `provisional` where a year's holidays are not announced yet."""

    on_arrival = fields.Boolean(required=True)
    closes_at = Time(required=True, allow_none=True)
    next_opens_at = Time(required=True, allow_none=True)
    provisional = fields.Boolean(required=True)


class Stop(Schema):
    """A point on the way; `distance_m` is the straight line, `basis` says where its time comes from."""

    id = fields.String(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(KINDS))
    name = fields.String(required=True)
    address = fields.String(required=True)
    lon = fields.Float(required=True)
    lat = fields.Float(required=True)
    seconds = fields.Integer(required=True)
    basis = fields.String(required=True, validate=validate.OneOf(["network", "estimate"]))
    distance_m = fields.Integer(required=True)
    open = fields.Nested(Arrival, required=True)
    can = fields.List(fields.String(validate=validate.OneOf(PARTS)), required=True)
    facilities = fields.List(fields.String(), required=True)
    phone = fields.String(required=True)
    confirmed = fields.Boolean(required=True)
    hours_confirmed = fields.Boolean(required=True)
    position_error_m = fields.Integer(required=True, allow_none=True)


class Why(fields.Field[str]):
    """Words in the reader's language."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str:
        return str(value[language()])


class Circle(Schema):
    """The answer: `points` inside, nearest first; `beyond`, the nearest others, only where nothing is inside."""

    basis = fields.String(required=True, validate=validate.OneOf(["network", "estimate"]))
    generation = fields.String(required=True, allow_none=True)
    mode = fields.String(required=True, validate=validate.OneOf(MODES))
    minutes = fields.Integer(required=True)
    speed_kmh = fields.Float(
        required=True, allow_none=True, metadata={"description": "null where each street has its own (drive)"}
    )
    origin = fields.Nested(Origin, required=True)
    points = fields.List(fields.Nested(Stop), required=True)
    best = fields.String(required=True, allow_none=True)
    why = Why(required=True, metadata={"type": "string"})
    beyond = fields.List(fields.Nested(Stop), required=True)


class PointsQuestion(Schema):
    """Which points, and where the list goes on."""

    kind = fields.String(validate=_one_of(KINDS))
    street = fields.String(validate=validate.Length(max=9), metadata={"description": "code of the street"})
    cursor = fields.String(validate=validate.Length(max=200))
    limit = fields.Integer(load_default=50, validate=validate.Range(1, 200))


class Standing(Schema):
    """How a place stands now."""

    now = fields.Boolean(required=True)
    closes_at = Time(required=True, allow_none=True)
    next_opens_at = Time(required=True, allow_none=True)
    provisional = fields.Boolean(required=True)


class Position(Schema):
    """Degrees in one coordinate system."""

    lon = fields.Float(required=True)
    lat = fields.Float(required=True)


class Elsewhere(Schema):
    """The position as other map programs count it: gcj02 (AMap, Tencent, WeChat) and bd09 (Baidu)."""

    gcj02 = fields.Nested(Position, required=True)
    bd09 = fields.Nested(Position, required=True)


class Point(Schema):
    """A service point; without `lon` and `lat` it is known by its street only and must not be placed on a map."""

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
    confirmed = fields.Boolean(required=True)
    built = fields.String(required=True, validate=validate.OneOf(["yes", "no", "unconfirmed"]))
    area_m2 = fields.Integer(required=True, allow_none=True)
    phone = fields.String(required=True)
    hours = fields.String(required=True)
    hours_confirmed = fields.Boolean(required=True)
    open = fields.Nested(Standing, required=True)
    can = fields.List(fields.String(validate=validate.OneOf(PARTS)), required=True)
    facilities = fields.List(fields.String(), required=True)
    version = fields.Integer(required=True)


class Points(Schema):
    """One page of points."""

    items = fields.List(fields.Nested(Point), required=True)
    next = fields.String(required=True, allow_none=True)


class BoxQuestion(Schema):
    """`bbox=west,south,east,north` in WGS-84 degrees, at most half a degree wide and high."""

    bbox = DelimitedList(
        fields.Float(), required=True, validate=validate.Length(equal=4, error="应为四个数：西,南,东,北。")
    )

    @post_load
    def box(self, data: dict[str, Any], **_: Any) -> Box:
        """The box itself."""
        west, south, east, north = data["bbox"]
        if not (-180 <= west < east <= 180 and -90 <= south < north <= 90):
            raise ValidationError("应为 西,南,东,北，并且西小于东、南小于北。", "bbox")
        if east - west > 0.5 or north - south > 0.5:
            raise ValidationError("范围太大，每边最多 0.5 度。", "bbox")
        return Box(west, south, east, north)


class IsochroneQuestion(Place):
    """Around a point, or around a position."""

    point = fields.String(validate=validate.Length(1, 40))
    lon = fields.Float()
    lat = fields.Float()
    mode = fields.String(load_default="walk", validate=_one_of(MODES))
    minutes = fields.Integer(load_default=15, validate=_minutes)

    @validates_schema
    def somewhere(self, data: dict[str, Any], **_: Any) -> None:
        """Either of the two."""
        if "point" not in data and not {"lon", "lat"} <= set(data):
            raise ValidationError("请给出 point，或 lon 和 lat。", "point")


class GeoJson(Schema):
    """A GeoJSON object (RFC 7946) with the terms of its source."""

    type = fields.String(required=True)
    truncated = fields.Boolean()
    attribution = fields.String()
    properties = fields.Dict()
    geometry = fields.Dict()
    features = fields.List(fields.Dict())
