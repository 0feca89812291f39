"""Boxes in WGS-84 degrees, and straight-line distances between positions."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import cos, radians, sin

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
        """The box with a margin of so many metres on every side."""
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
    """The smallest box that holds all positions; None where there are none."""
    places = list(positions)
    if not places:
        return None
    lons, lats = [lon for lon, _ in places], [lat for _, lat in places]
    return Box(min(lons), min(lats), max(lons), max(lats))


class Spots:
    """Positions (longitude, latitude in degrees), prepared for measuring distances from any other to all of them."""

    def __init__(self, positions: Sequence[tuple[float, float]]) -> None:
        self._places = np.array([_on_sphere(*position) for position in positions], dtype=float).reshape(-1, 3).T

    def distances_m(self, lon: float, lat: float) -> NDArray[np.float64]:
        """Great-circle distances in metres from a position to each, computed from the chord; shape (positions,)."""
        chords = self._places - np.array(_on_sphere(lon, lat)).reshape(3, 1)
        chords *= chords
        return 2 * EARTH_M * np.arcsin(np.sqrt(chords.sum(axis=0)) / 2)


def _on_sphere(lon: float, lat: float) -> tuple[float, float, float]:
    """A position on a sphere of radius 1."""
    lon, lat = radians(lon), radians(lat)
    return cos(lat) * cos(lon), cos(lat) * sin(lon), sin(lat)
