"""Boxes on the map: where a deployment answers, and which part of a street file it needs."""

from collections.abc import Iterable
from dataclasses import dataclass
from math import asin, cos, radians, sin, sqrt

EARTH_M = 6_371_008.8
"""Mean radius of the Earth in metres (IUGG)."""
DEGREE_M = EARTH_M * radians(1.0)


@dataclass(frozen=True)
class Box:
    """A box in WGS-84 degrees, borders included."""

    west: float
    south: float
    east: float
    north: float

    def holds(self, lon: float, lat: float) -> bool:
        """Whether the position lies inside."""
        return self.west <= lon <= self.east and self.south <= lat <= self.north

    def grown(self, metres: float) -> "Box":
        """The box with a margin on every side."""
        up = metres / DEGREE_M
        aside = up / cos(radians(min(89.0, max(abs(self.south), abs(self.north)))))
        return Box(self.west - aside, self.south - up, self.east + aside, self.north + up)

    def meets(self, other: "Box") -> bool:
        """Whether the two have a position in common."""
        return (
            self.west <= other.east
            and other.west <= self.east
            and self.south <= other.north
            and other.south <= self.north
        )


def around(positions: Iterable[tuple[float, float]]) -> Box | None:
    """The smallest box with all positions in it, None where there are none."""
    places = list(positions)
    if not places:
        return None
    lons, lats = [lon for lon, _ in places], [lat for _, lat in places]
    return Box(min(lons), min(lats), max(lons), max(lats))


def distance_m(lon1: float, lat1: float, lon2: float, lat2: float) -> float:
    """The straight line between two positions in metres (haversine)."""
    half_lat, half_lon = radians(lat2 - lat1) / 2, radians(lon2 - lon1) / 2
    chord = sin(half_lat) ** 2 + cos(radians(lat1)) * cos(radians(lat2)) * sin(half_lon) ** 2
    return 2 * EARTH_M * asin(min(1.0, sqrt(chord)))
