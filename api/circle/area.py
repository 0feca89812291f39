"""Boxes on the map: where a deployment answers, and which part of a street file it needs."""

from collections.abc import Iterable
from dataclasses import dataclass
from math import cos, radians

import numpy as np
from numpy.typing import NDArray

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


def distances_m(lon: float, lat: float, positions: NDArray[np.float64]) -> NDArray[np.float64]:
    """The straight lines in metres from a position to each row (longitude, latitude) of many (haversine)."""
    half = np.radians(positions - (lon, lat)) / 2
    chord = np.sin(half[:, 1]) ** 2 + cos(radians(lat)) * np.cos(np.radians(positions[:, 1])) * np.sin(half[:, 0]) ** 2
    return 2 * EARTH_M * np.arcsin(np.sqrt(np.minimum(chord, 1.0)))
