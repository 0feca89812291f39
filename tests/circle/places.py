"""What the tests of the circle share: files, made-up points, opening by the real calendar."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import api.circle
from api.calendar.calendar import load_calendar
from api.calendar.hours import Opening, opening_at, parse_hours
from api.circle.point import ServicePoint

STARTER = Path(api.circle.__file__).parent / "data" / "service_points.csv"
NETWORKS = Path(__file__).parents[1] / "data" / "networks"
HELSINKI = NETWORKS / "helsinki.osm.pbf"
LIECHTENSTEIN = NETWORKS / "liechtenstein.osm.pbf"
NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
"""Tuesday, 10:00 in Beijing."""
WEEK = "Mo-Fr 09:00-12:00,13:00-17:00"


def opening(hours: str, at: datetime) -> Opening:
    """How a place with these hours stands, by the published calendar."""
    return opening_at(parse_hours(hours), load_calendar(), at)


def made(point_id: str, lon: float | None, lat: float | None, **rest: Any) -> ServicePoint:
    """A made-up point with usual hours."""
    values = {"kind": "station", "name": f"点 {point_id}", "hours": WEEK, "street_code": "999999001", **rest}
    return ServicePoint(id=point_id, lon=lon, lat=lat, **values)
