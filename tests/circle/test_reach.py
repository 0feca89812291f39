"""Travel times: exact against a second reading of the file, and sparing in what they load."""

import math
import random
import subprocess
import sys
from collections.abc import Callable

import numpy as np
import pytest

from api.circle.travel.mode import MODES, Mode
from api.circle.travel.nearest import SNAP_LIMIT_M
from api.circle.travel.reach import Position, Reach, direct, load_columns, name_of
from api.circle.travel.run_build import build
from tests.show.circle import compare, draw

Generation = Callable[[str], tuple[Reach, list[Position]]]
ORIGINS = 150
COMPARED: list[tuple[str, Mode]] = [*(("helsinki", mode) for mode in MODES), ("liechtenstein", "drive")]
"""The rest, and more of everything, is shown by `python -m tests.show.circle`."""


@pytest.mark.parametrize(("name", "mode"), COMPARED)
def test_times_are_those_of_an_independent_dijkstra(generation: Generation, name: str, mode: Mode) -> None:
    reach, goals = generation(name)
    count = compare(name, mode, reach, draw(name, ORIGINS, random.Random(name)), goals)
    assert count["pairs"] > ORIGINS
    assert count["max_difference_s"] <= 0.2
    assert count["forward_differs_s"] < 1e-6
    assert (count["membership_wrong"], count["one_sided"], count["snapped_differently"]) == (0, 0, 0)


def test_a_point_on_the_same_street_is_reached_without_a_detour(generation: Generation) -> None:
    reach, goals = generation("helsinki")
    columns = load_columns(reach.folder / "walk")
    for i, goal in enumerate(goals):
        if columns[name_of(goal)].doors:
            continue  # on private grounds
        travel = reach.times("walk", *goal)
        assert travel is not None
        assert travel.seconds[i] == pytest.approx(2 * travel.snap.metres / (4 / 3.6), abs=0.1)


@pytest.mark.parametrize(("start", "goal", "seconds"), [(0.2, 0.7, 5.0), (0.7, 0.2, math.inf), (0.3, 0.3, 0.0)])
def test_against_a_one_way_street_there_is_no_direct_way(start: float, goal: float, seconds: float) -> None:
    assert direct(start, goal, 10.0, math.inf) == pytest.approx(seconds)


def test_far_from_every_street_there_is_no_time(generation: Generation) -> None:
    reach, _ = generation("helsinki")
    assert reach.times("walk", 24.9442, 60.25) is None


def test_the_grid_finds_what_looking_at_every_street_finds(generation: Generation) -> None:
    reach, _ = generation("liechtenstein")
    grid = reach.modes["walk"].grid
    usable = np.unique(grid.segments)
    for lon, lat in draw("liechtenstein", 200, random.Random(3)):
        everything = grid._best(usable, lon, lat, *_metres(lat))
        assert everything is not None
        found = grid.nearest(lon, lat)
        if everything.metres > SNAP_LIMIT_M:
            assert found is None
        else:
            assert found is not None
            assert found.metres == pytest.approx(everything.metres, abs=1e-6)


def _metres(lat: float) -> tuple[float, float]:
    degree = 6_371_008.8 * math.radians(1)
    return degree * math.cos(math.radians(lat)), degree


def test_a_new_position_is_searched_alone_and_is_as_exact(generation: Generation) -> None:
    reach, goals = generation("helsinki")
    new = (24.9441, 60.1712)
    assert Reach(reach.folder, [*goals, new]).missing == [new]
    travel = Reach(reach.folder, [*goals, new]).times("walk", *goals[0])
    assert travel is not None
    assert np.isnan(travel.seconds[-1])

    build("cover", {"folder": str(reach.folder), "positions": [new]})
    covered = Reach(reach.folder, [new, *goals])
    assert covered.missing == []
    for mode in MODES:
        count = compare("helsinki", mode, covered, draw("helsinki", 40, random.Random(5)), [new, *goals])
        assert count["max_difference_s"] <= 0.2
        assert count["one_sided"] == 0


def test_reading_tables_loads_neither_the_search_nor_the_street_reader() -> None:
    read = "import sys, api.circle.routes, api.circle.travel.reach"
    heavy = f"{read}; print({{'scipy', 'osmium', 'shapely'}} & set(sys.modules))"
    told = subprocess.run([sys.executable, "-c", heavy], check=True, capture_output=True, text=True)
    assert told.stdout == "set()\n"
