"""An answer of the circle as JSON, in the shape of `GET /v1/circle` (schemas.Circle).

Written out here and not through the schema: dumping thirty stops through it, or through dictionaries, costs more than
finding them. What is the same whoever asks is written once, and joined.
"""

from functools import cache
from typing import Any

import orjson

from api.circle.circle import Answer, Opening, Stop
from api.circle.point import Part, ServicePoint

Row = dict[str, Any]


def face(point: ServicePoint) -> bytes:
    """What an answer says of a point, whoever asks: the beginning of its object."""
    told = {
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
    return orjson.dumps(told)[:-1]


def written(head: Row, found: Answer, faces: dict[str, bytes], language: str) -> bytes:
    """The whole: `head` is what the answer says of the question."""
    standing: dict[int, bytes] = {}
    return orjson.dumps(
        {
            **head,
            "points": orjson.Fragment(_stops(found.inside, faces, standing)),
            "best": found.best.point.id if found.best else None,
            "why": found.why.en if language == "en" else found.why.zh,
            "beyond": orjson.Fragment(_stops(found.beyond, faces, standing)),
        }
    )


def _stops(stops: tuple[Stop, ...], faces: dict[str, bytes], standing: dict[int, bytes]) -> bytes:
    """`standing` keeps how an opening is written, since many places have the same."""
    rows = []
    for point, seconds, basis, metres, opening, can in stops:
        stands = standing.get(id(opening)) or standing.setdefault(id(opening), _standing(opening))
        rows.append(
            b'%b,"seconds":%d,"basis":"%b","distance_m":%d,"open":%b,"can":%b}'
            % (faces[point.id], round(seconds), basis.encode(), round(metres), stands, _parts(can))
        )
    return b"[" + b",".join(rows) + b"]"


def _standing(opening: Opening) -> bytes:
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
