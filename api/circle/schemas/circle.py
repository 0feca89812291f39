"""Schemas of `GET /v1/circle`: the question with its validation, and the answer."""

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

from marshmallow import Schema, ValidationError, fields, pre_load, validate
from webargs.fields import DelimitedList

from api.circle.point import KINDS, PARTS
from api.circle.question import WHENS
from api.circle.travel.mode import MODES
from api.web.fields import Time

Row = dict[str, Any]
CRS = ("wgs84", "gcj02", "bd09")
MINUTES = validate.Range(1, 60, error="应为 1 到 60 的整数分钟。")


def one_of(names: tuple[str, ...]) -> validate.OneOf:
    """A validator that the value is one of the names."""
    return validate.OneOf(names, error="只能是 {choices}。")


def _near_our_time(at: datetime) -> None:
    if not 2000 <= at.year < 2100:
        raise ValidationError("时间超出范围。")


def _among(names: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(names))


class PositionQuestion(Schema):
    """A position in degrees; the service checks its range, and that it lies in the deployment's area."""

    lon = fields.Float(required=True, metadata={"description": "longitude in degrees"})
    lat = fields.Float(required=True, metadata={"description": "latitude in degrees"})
    crs = fields.String(
        load_default="wgs84",
        validate=one_of(CRS),
        metadata={"description": "wgs84 (GPS, OSM), gcj02 (WeChat, AMap, Tencent) or bd09 (Baidu)"},
    )


class QuestionSchema(PositionQuestion):
    """The query of `GET /v1/circle`."""

    mode = fields.String(load_default="walk", validate=one_of(MODES))
    minutes = fields.Integer(load_default=15, validate=MINUTES)
    matter = fields.String(validate=validate.Length(1, 80))
    open = fields.String(load_default="arrival", validate=one_of(WHENS))
    at = Time(validate=_near_our_time, metadata={"description": "when one sets out; now where it is left out"})
    facilities = DelimitedList(fields.String(), metadata={"description": "comma-separated; all of them"})
    limit = fields.Integer(validate=validate.Range(1, 500))

    @pre_load
    def plus_sign(self, data: Any, **_: Any) -> Any:
        """Read a space in a time as `+`: `+08:00` arrives as ` 08:00` where a client forgot to escape it."""
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
    """Parse a query of `GET /v1/circle` without the schema; None for any that is unusual or wrong.

    Loading QuestionSchema takes as long as the whole answer. Both give the same values: tests/circle/test_questions.py.
    """
    question = _LEFT_OUT.copy()
    names = set()
    for part in query.split("&"):
        name, _, text = part.partition("=")
        form, read = _PLAIN.get(name, _NONE)
        text = text.replace("%3A", ":").replace("%2B", "+")
        if name in names or not form.fullmatch(text):
            return None
        names.add(name)
        try:
            question[name] = read(text)
        except ValueError:  # a 30th of February
            return None
    return question if {"lon", "lat"} <= names else None


class Origin(Schema):
    """The position of the question in WGS-84; `snapped_m` is the distance to the nearest street.

    `off_streets`: no street within 500 m, so the answer is an estimate although there is a network. `said` is a notice
    in words of that, or of a far street; null where the street is near.
    """

    lon = fields.Float(required=True)
    lat = fields.Float(required=True)
    snapped_m = fields.Float(required=True, allow_none=True)
    off_streets = fields.Boolean(required=True)
    said = fields.String(required=True, allow_none=True)


class Arrival(Schema):
    """Whether a point is open on arrival; `provisional` where the year's holidays are not announced yet."""

    on_arrival = fields.Boolean(required=True)
    closes_at = Time(required=True, allow_none=True)
    next_opens_at = Time(required=True, allow_none=True)
    provisional = fields.Boolean(required=True)


class StopSchema(Schema):
    """A point of the answer: `seconds` to get there and their `basis`; `distance_m` is the straight line."""

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


class CircleSchema(Schema):
    """The answer of `GET /v1/circle`: `points` inside, nearest first; the nearest others in `beyond` where none is."""

    basis = fields.String(required=True, validate=validate.OneOf(["network", "estimate"]))
    generation = fields.String(required=True, allow_none=True)
    mode = fields.String(required=True, validate=validate.OneOf(MODES))
    minutes = fields.Integer(required=True)
    speed_kmh = fields.Float(
        required=True, allow_none=True, metadata={"description": "null where each street has its own (drive)"}
    )
    origin = fields.Nested(Origin, required=True)
    points = fields.List(fields.Nested(StopSchema), required=True)
    best = fields.String(required=True, allow_none=True)
    why = fields.String(required=True, metadata={"description": "why that one, in the reader's language"})
    beyond = fields.List(fields.Nested(StopSchema), required=True)
