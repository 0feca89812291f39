"""Serialises an answer of the circle as the JSON of `GET /v1/circle` (shape: CircleSchema in schemas/circle.py).

Written by hand, since dumping thirty stops through the schema costs more time than finding them. The part of a point
that is the same in every answer is serialised once per snapshot and cached.
"""

from functools import cache
from typing import Any

import orjson

from api.circle.point import Part, ServicePoint
from api.circle.question import Answer, OpeningStatus, Stop

Row = dict[str, Any]


def point_json(point: ServicePoint) -> bytes:
    """The first part of a point's JSON object, the same in every answer; without the closing brace."""
    values = {
        "id": point.id,
        "kind": point.kind,
        "name": point.name,
        "address": point.address,
        "lon": point.lon,
        "lat": point.lat,
        "facilities": point.facilities,
        "phone": point.phone,
        "confirmed": point.confirmed,
        "hours_confirmed": point.hours_confirmed,
        "position_error_m": point.position_error_m,
        "position_rough": point.position_rough,
    }
    return orjson.dumps(values)[:-1]


def answer_json(head: Row, answer: Answer, points: dict[str, bytes], language: str) -> bytes:
    """The whole answer as JSON in a `language`, zh or en.

    `head` holds the fields that describe the question; `points` is `point_json` by id.
    """
    openings: dict[int, bytes] = {}
    return orjson.dumps(
        {
            **head,
            "points": orjson.Fragment(_stops(answer.inside, points, openings)),
            "best": answer.best.point.id if answer.best else None,
            "why": answer.why.en if language == "en" else answer.why.zh,
            "beyond": orjson.Fragment(_stops(answer.beyond, points, openings)),
        }
    )


def _stops(stops: tuple[Stop, ...], points: dict[str, bytes], openings: dict[int, bytes]) -> bytes:
    """A JSON array of stops. `openings` caches the JSON per opening, since many places have the same."""
    rows = []
    for point, seconds, basis, metres, opening, can in stops:
        opening_json = openings.get(id(opening)) or openings.setdefault(id(opening), _opening(opening))
        rows.append(
            b'%b,"seconds":%d,"basis":"%b","distance_m":%d,"open":%b,"can":%b}'
            % (points[point.id], round(seconds), basis.encode(), round(metres), opening_json, _parts(can))
        )
    return b"[" + b",".join(rows) + b"]"


def _opening(opening: OpeningStatus) -> bytes:
    return orjson.dumps(
        {
            "on_arrival": opening.open,
            "closes_at": opening.closes_at,
            "next_opens_at": opening.next_opens_at,
            "provisional": opening.provisional,
        }
    )


@cache
def _parts(can: tuple[Part, ...]) -> bytes:
    return orjson.dumps(can)
