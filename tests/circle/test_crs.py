"""Coordinate systems: known pairs, round trips, and no offset outside China."""

from math import cos, hypot, radians

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.circle import crs

inside_china = st.tuples(
    st.floats(73.5, 135.0, allow_nan=False),
    st.floats(18.0, 53.5, allow_nan=False),
)


def metres(a: crs.Position, b: crs.Position) -> float:
    """The distance between two near positions."""
    return hypot((a[0] - b[0]) * cos(radians(a[1])), a[1] - b[1]) * 111_195


@given(inside_china, st.sampled_from(["gcj02", "bd09"]))
def test_there_and_back_is_the_same_place_within_half_a_metre(place: crs.Position, system: crs.Crs) -> None:
    shown = crs.from_wgs84(*place, system)
    assert metres(crs.to_wgs84(*shown, system), place) < 0.5
    assert metres(crs.from_wgs84(*crs.to_wgs84(*place, system), system), place) < 0.5


@pytest.mark.parametrize(("system", "low", "high"), [("gcj02", 455, 490), ("bd09", 1000, 1250)])
def test_the_offsets_in_xincheng_are_as_large_as_measured(system: crs.Crs, low: float, high: float) -> None:
    place = (108.9579, 34.26895)
    assert low < metres(crs.from_wgs84(*place, system), place) < high


def test_the_forward_formula_gives_the_pair_known_from_tiananmen() -> None:
    lon, lat = crs.wgs84_to_gcj02(116.404, 39.915)
    assert (round(lon, 5), round(lat, 5)) == (116.41024, 39.91640)
    lon, lat = crs.gcj02_to_bd09(116.404, 39.915)
    assert (round(lon, 5), round(lat, 5)) == (116.41037, 39.92134)


@pytest.mark.parametrize("place", [(24.944, 60.17), (9.55, 47.15), (-75.0, 39.0), (0.0, 0.0)])
@pytest.mark.parametrize("system", ["gcj02", "bd09", "wgs84"])
def test_nothing_moves_outside_china(place: crs.Position, system: crs.Crs) -> None:
    assert crs.to_wgs84(*place, system) == place
    assert crs.from_wgs84(*place, system) == place
