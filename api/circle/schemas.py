"""Shapes of the circle, its points and its drawings."""

import re
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from marshmallow import Schema, ValidationError, fields, post_load, pre_dump, pre_load, validate, validates_schema
from webargs.fields import DelimitedList

from api.circle.circle import WHENS
from api.circle.point import KINDS, PARTS
from api.circle.travel.area import Box
from api.circle.travel.mode import MODES
from api.web.fields import Time

Row = dict[str, Any]
CRS = ("wgs84", "gcj02", "bd09")


def _one_of(names: tuple[str, ...]) -> validate.OneOf:
    return validate.OneOf(names, error="只能是 {choices}。")


def _near_our_time(at: datetime) -> None:
    if not 2000 <= at.year < 2100:
        raise ValidationError("时间超出范围。")


def _among(names: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(names))


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


_PLAIN: dict[str, tuple[re.Pattern[str], Callable[[str], Any]]] = {
    "lon": (_DEGREES := re.compile(r"-?\d{1,3}(\.\d{1,17})?", re.ASCII), float),
    "lat": (_DEGREES, float),
    "crs": (_among(CRS), str),
    "mode": (_among(MODES), str),
    "open": (_among(WHENS), str),
    "minutes": (re.compile("[1-9]|[1-5][0-9]|60"), int),
    "limit": (re.compile("[1-9][0-9]?|[1-4][0-9][0-9]"), int),
    "matter": (re.compile(r"[\w-]{1,80}", re.ASCII), str),
    "at": (re.compile(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\+08:00", re.ASCII), datetime.fromisoformat),
}
_NONE = (re.compile("(?!)"), str)
_LEFT_OUT: Row = {"crs": "wgs84", "mode": "walk", "minutes": 15, "open": "arrival"}


def plain_question(query: str) -> Row | None:
    """What `Question` reads from a query in which nothing is wrong or unusual; None leaves it to the schema, which
    takes as long as the whole answer. Both read the same: tests/circle/test_questions.py.
    """
    question = _LEFT_OUT.copy()
    told = set()
    for part in query.split("&"):
        name, _, text = part.partition("=")
        form, read = _PLAIN.get(name, _NONE)
        text = text.replace("%3A", ":").replace("%2B", "+")
        if name in told or not form.fullmatch(text):
            return None
        told.add(name)
        try:
            question[name] = read(text)
        except ValueError:  # a 30th of February
            return None
    return question if {"lon", "lat"} <= told else None


class Origin(Schema):
    """Where the question was asked from, in WGS-84; `snapped_m` is the way to the nearest street.

    `off_streets`: no street within 500 m, so the answer is an estimate although there is a network. `said`: that, or
    that the nearest street is far, in words; null where it is near.
    """

    lon = fields.Float(required=True)
    lat = fields.Float(required=True)
    snapped_m = fields.Float(required=True, allow_none=True)
    off_streets = fields.Boolean(required=True)
    said = fields.String(required=True, allow_none=True)


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
    position_rough = fields.Boolean(required=True, metadata={"description": "off by 100 m or more, or nobody knows"})


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
    why = fields.String(required=True, metadata={"description": "why that one, in the reader's language"})
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


class DatedHours(Schema):
    """A day with other hours than usual: `09:00-12:00,13:00-17:00`, or null where it is closed."""

    date = fields.Date(required=True)
    hours = fields.String(load_default=None, allow_none=True, validate=validate.Length(1, 100))
    reason = fields.String(load_default="", validate=validate.Length(max=100))

    @post_load
    def plain(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        """The date as it is written."""
        return {**data, "date": data["date"].isoformat()}

    @pre_dump
    def dated(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        """The date as a date."""
        return {**data, "date": date.fromisoformat(data["date"])}


class Override(Schema):
    """What this point does of one matter, whatever its kind usually does; nothing where the list is empty."""

    matter = fields.String(required=True, validate=validate.Length(1, 80))
    can = fields.List(fields.String(validate=validate.OneOf(PARTS)), required=True, validate=validate.Length(max=3))


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
    position_rough = fields.Boolean(required=True, metadata={"description": "off by 100 m or more, or nobody knows"})
    position_basis = fields.String(required=True, metadata={"description": "where the position comes from"})
    confirmed = fields.Boolean(required=True, metadata={"description": "whether the position was surveyed"})
    source = fields.String(required=True)
    built_as_of = fields.String(required=True)
    built = fields.String(required=True, validate=validate.OneOf(["yes", "no", "unconfirmed"]))
    area_m2 = fields.Integer(required=True, allow_none=True)
    phone = fields.String(required=True)
    hours = fields.String(required=True)
    hours_basis = fields.String(required=True, metadata={"description": "where the hours come from"})
    hours_confirmed = fields.Boolean(required=True, metadata={"description": "false: typical hours, call first"})
    exceptions = fields.List(fields.Nested(DatedHours), required=True)
    windows = fields.Integer(required=True, allow_none=True)
    leader = fields.String(required=True)
    section = fields.String(required=True)
    overrides = fields.List(fields.Nested(Override), required=True)
    open = fields.Nested(Standing, required=True)
    can = fields.List(fields.String(validate=validate.OneOf(PARTS)), required=True)
    facilities = fields.List(fields.String(), required=True)
    version = fields.Integer(required=True)


class Points(Schema):
    """One page of points."""

    items = fields.List(fields.Nested(Point), required=True)
    next = fields.String(required=True, allow_none=True)


_text = validate.Length(max=1_000)


class PointChange(Schema):
    """Fields of a point to change; what is computed (`open`, `can`, `version`) may come back and is left out.

    Facts (codes, position, hours, facilities) are checked by the rules of the CSV file.
    """

    kind = fields.String(validate=_one_of(KINDS))
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
    built = fields.String(validate=_one_of(("yes", "no", "unconfirmed")))
    built_as_of = fields.String(validate=_text)
    area_m2 = fields.Integer(allow_none=True, validate=validate.Range(0, 1_000_000))
    phone = fields.String(validate=_text)
    hours = fields.String(validate=validate.Length(1, 1_000))
    hours_basis = fields.String(validate=_text)
    hours_confirmed = fields.Boolean()
    exceptions = fields.List(fields.Nested(DatedHours), validate=validate.Length(max=100))
    windows = fields.Integer(allow_none=True, validate=validate.Range(0, 1_000))
    leader = fields.String(validate=_text)
    section = fields.String(validate=_text)
    facilities = fields.List(fields.String(validate=validate.Length(1, 40)), validate=validate.Length(max=40))
    overrides = fields.List(fields.Nested(Override), validate=validate.Length(max=200))

    @pre_load
    def without_computed(self, data: Any, **_: Any) -> Any:
        """What `GET` tells beside the fields is no change."""
        return {key: value for key, value in data.items() if key not in self.computed}

    computed = frozenset({"id", "open", "can", "elsewhere", "position_rough", "version"})


class NewPoint(PointChange):
    """A point to add; without an `id` it is given one."""

    id = fields.String(validate=validate.Length(1, 40))
    kind = fields.String(required=True, validate=_one_of(KINDS))
    name = fields.String(required=True, validate=validate.Length(1, 100))
    hours = fields.String(required=True, validate=validate.Length(1, 1_000))
    computed = frozenset({"open", "can", "elsewhere", "position_rough", "version"})


_parts = fields.List(fields.String(validate=validate.OneOf(PARTS)), required=True)


class PointMatter(Schema):
    """What is done of a matter: `can` at this point, `usual` at one of its kind; an override makes them differ."""

    code = fields.String(required=True)
    name = fields.String(required=True)
    can = _parts
    usual = _parts


class PointMatters(Schema):
    """One page of matters, by code."""

    items = fields.List(fields.Nested(PointMatter), required=True)
    next = fields.String(required=True, allow_none=True)


class PointVersion(Schema):
    """What a point was from an instant on; `act` is add, change or remove, `by` an id of staff, operator or starter."""

    version = fields.Integer(required=True)
    at = Time(required=True)
    by = fields.String(required=True)
    act = fields.String(required=True)
    point = fields.Dict(keys=fields.String(), required=True)


class PointVersions(Schema):
    """One page of versions."""

    items = fields.List(fields.Nested(PointVersion), required=True)
    next = fields.String(required=True, allow_none=True)


class Network(Schema):
    """A street network. `nodes` by mode; `points` are those within its streets, `of` all those with a position.

    `state`: in_use, building (this host rebuilds it), missing (on this host), old.
    """

    generation = fields.String(required=True)
    current = fields.Boolean(required=True)
    state = fields.String(required=True)
    file = fields.String(required=True)
    sha256 = fields.String(required=True)
    added_at = Time(required=True)
    box = fields.List(fields.Float(), required=True)
    nodes = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)
    points = fields.Integer(required=True, allow_none=True)
    of = fields.Integer(required=True)
    attribution = fields.String(required=True)


class Build(Schema):
    """A network that is being built on a host, or could not be; `why` says so in words.

    `step`: reading, then searching (`done` of `of` places, mode by mode: walk, walk_slow, bike, drive), then keeping
    the file for other hosts. Where `at`, the last sign of it, is long ago, it was broken off.
    """

    generation = fields.String(required=True)
    file = fields.String(required=True)
    host = fields.String(required=True)
    state = fields.String(required=True, validate=validate.OneOf(["building", "failed"]))
    step = fields.String(required=True, validate=validate.OneOf(["reading", "searching", "keeping"]))
    mode = fields.String(required=True, allow_none=True)
    done = fields.Integer(required=True, allow_none=True)
    of = fields.Integer(required=True, allow_none=True)
    began_at = Time(required=True)
    at = Time(required=True)
    why = fields.String(required=True, allow_none=True)


class Networks(Schema):
    """All of them, and what is being built."""

    items = fields.List(fields.Nested(Network), required=True)
    builds = fields.List(fields.Nested(Build), required=True)


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
