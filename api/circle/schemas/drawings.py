"""Schemas of drawings: streets in a box, and the outline of what can be reached, as GeoJSON (RFC 7946)."""

from typing import Any

from marshmallow import Schema, ValidationError, fields, post_load, validate, validates_schema
from webargs.fields import DelimitedList

from api.circle.schemas.circle import MINUTES, PositionQuestion, one_of
from api.circle.travel.area import Box
from api.circle.travel.mode import MODES


class BoxQuestion(Schema):
    """The query of streets: `bbox=west,south,east,north` in WGS-84 degrees, at most half a degree wide and high."""

    bbox = DelimitedList(
        fields.Float(), required=True, validate=validate.Length(equal=4, error="应为四个数：西,南,东,北。")
    )

    @post_load
    def box(self, data: dict[str, Any], **_: Any) -> Box:
        """Turn the four numbers into a Box."""
        west, south, east, north = data["bbox"]
        if not (-180 <= west < east <= 180 and -90 <= south < north <= 90):
            raise ValidationError("应为 西,南,东,北，并且西小于东、南小于北。", "bbox")
        if east - west > 0.5 or north - south > 0.5:
            raise ValidationError("范围太大，每边最多 0.5 度。", "bbox")
        return Box(west, south, east, north)


class IsochroneQuestion(PositionQuestion):
    """The query of an outline: what is within `minutes` of a `point`, or of a position."""

    point = fields.String(validate=validate.Length(1, 40))
    lon = fields.Float()
    lat = fields.Float()
    mode = fields.String(load_default="walk", validate=one_of(MODES))
    minutes = fields.Integer(load_default=15, validate=MINUTES)

    @validates_schema
    def somewhere(self, data: dict[str, Any], **_: Any) -> None:
        """Require a point or a position."""
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
