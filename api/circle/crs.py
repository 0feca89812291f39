"""Converts coordinates of Chinese map programs (GCJ-02, BD-09) to WGS-84 and back.

AMap, Tencent and WeChat give GCJ-02, Baidu gives BD-09, OpenStreetMap and satellites give WGS-84 (EPSG:4326). The
GCJ-02 offset was never published by its authority; the formula and its constants (Krasovsky 1940 ellipsoid) are those
in common use, as described at https://en.wikipedia.org/wiki/Restrictions_on_geographic_data_in_China#GCJ-02 and
https://wiki.openstreetmap.org/wiki/GCJ-02. Only the forward direction has a formula: the way back is found by
iteration, to better than a millimetre. Outside mainland China all three are taken to be the same.

Everything here is (longitude, latitude) in degrees.
"""

from collections.abc import Callable
from math import atan2, cos, hypot, pi, radians, sin, sqrt
from typing import Literal

Crs = Literal["wgs84", "gcj02", "bd09"]
Position = tuple[float, float]

CHINA = (72.004, 0.8293, 137.8347, 55.8271)
"""The box (west, south, east, north) inside which the offsets apply, as map programs use it."""

_AXIS = 6_378_245.0
_ECCENTRICITY2 = 0.00669342162296594323
_BD_PI = pi * 3000.0 / 180.0
_BD_EAST, _BD_NORTH = 0.0065, 0.006
_ROUNDS = 30
_CLOSE = 1e-11


def to_wgs84(lon: float, lat: float, crs: Crs) -> Position:
    """Convert a position from `crs` to WGS-84."""
    return _TO_WGS84[crs](lon, lat)


def from_wgs84(lon: float, lat: float, crs: Crs) -> Position:
    """Convert a WGS-84 position to `crs`, e.g. for a phone's own map program."""
    return _FROM_WGS84[crs](lon, lat)


def in_china(lon: float, lat: float) -> bool:
    """Whether the position lies in the box where the offsets apply."""
    west, south, east, north = CHINA
    return west <= lon <= east and south <= lat <= north


def wgs84_to_gcj02(lon: float, lat: float) -> Position:
    """Convert WGS-84 to GCJ-02 by the formula in common use."""
    if not in_china(lon, lat):
        return lon, lat
    x, y = lon - 105.0, lat - 35.0
    waves = 20.0 * sin(6.0 * x * pi) + 20.0 * sin(2.0 * x * pi)
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * sqrt(abs(x))
    north += (waves + 20.0 * sin(y * pi) + 40.0 * sin(y / 3.0 * pi)) * 2.0 / 3.0
    north += (160.0 * sin(y / 12.0 * pi) + 320.0 * sin(y * pi / 30.0)) * 2.0 / 3.0
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * sqrt(abs(x))
    east += (waves + 20.0 * sin(x * pi) + 40.0 * sin(x / 3.0 * pi)) * 2.0 / 3.0
    east += (150.0 * sin(x / 12.0 * pi) + 300.0 * sin(x / 30.0 * pi)) * 2.0 / 3.0
    slope = 1.0 - _ECCENTRICITY2 * sin(radians(lat)) ** 2
    meridian = _AXIS * (1.0 - _ECCENTRICITY2) / (slope * sqrt(slope))
    parallel = _AXIS / sqrt(slope) * cos(radians(lat))
    return lon + east * 180.0 / (parallel * pi), lat + north * 180.0 / (meridian * pi)


def gcj02_to_bd09(lon: float, lat: float) -> Position:
    """Convert GCJ-02 to BD-09 by Baidu's published formula."""
    if not in_china(lon, lat):
        return lon, lat
    distance = hypot(lon, lat) + 0.00002 * sin(lat * _BD_PI)
    angle = atan2(lat, lon) + 0.000003 * cos(lon * _BD_PI)
    return distance * cos(angle) + _BD_EAST, distance * sin(angle) + _BD_NORTH


def gcj02_to_wgs84(lon: float, lat: float) -> Position:
    """Convert GCJ-02 to WGS-84, by iteration."""
    return _undo(wgs84_to_gcj02, lon, lat)


def bd09_to_wgs84(lon: float, lat: float) -> Position:
    """Convert BD-09 to WGS-84, by iteration."""
    return gcj02_to_wgs84(*_undo(gcj02_to_bd09, lon, lat))


def _undo(forward: Callable[[float, float], Position], lon: float, lat: float) -> Position:
    """The argument for which `forward` gives (lon, lat): step back by what is still missing, until nothing is.

    The offsets vary by under 1 % over their own length, so each round gains two digits.
    """
    if not in_china(lon, lat):
        return lon, lat
    guess_lon, guess_lat = lon, lat
    for _ in range(_ROUNDS):
        there_lon, there_lat = forward(guess_lon, guess_lat)
        if abs(there_lon - lon) < _CLOSE and abs(there_lat - lat) < _CLOSE:
            break
        guess_lon, guess_lat = guess_lon + lon - there_lon, guess_lat + lat - there_lat
    return guess_lon, guess_lat


def _same(lon: float, lat: float) -> Position:
    return lon, lat


_TO_WGS84: dict[Crs, Callable[[float, float], Position]] = {
    "wgs84": _same,
    "gcj02": gcj02_to_wgs84,
    "bd09": bd09_to_wgs84,
}
_FROM_WGS84: dict[Crs, Callable[[float, float], Position]] = {
    "wgs84": _same,
    "gcj02": wgs84_to_gcj02,
    "bd09": lambda lon, lat: gcj02_to_bd09(*wgs84_to_gcj02(lon, lat)),
}
