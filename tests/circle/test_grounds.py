"""The last metres to a point through private grounds: walked by who is asked in, and no short cut for anybody else."""

from pathlib import Path
from typing import Any

import osmium
import pytest

from api.circle.travel.build import build
from api.circle.travel.mode import MODES, Mode
from api.circle.travel.reach import Reach
from tests.circle.second_reading import SecondReading

STEP = 0.0005
"""Degrees between neighbouring nodes: 55 m north, 46 m east at this latitude."""
WEST, SOUTH = 108.95, 34.25
SOUTH_STREET, NORTH_STREET, SIDE_STREET = range(100, 130), range(200, 230), range(300, 303)
HOME = (WEST + 2 * STEP, SOUTH)
HALL = (WEST + 15 * STEP, SOUTH + 0.8 * STEP)
"""Behind the south street's back, 44 m from it; a private drive leads to it from the north street."""


def at(column: float, row: float) -> tuple[float, float]:
    return WEST + column * STEP, SOUTH + row * STEP


def town(folder: Path, drive: dict[str, str], gate: dict[str, str] | None = None) -> Path:
    """Two streets, four steps apart, joined at their west end; a drive from the north street down to the hall."""
    nodes = {ref: at(ref - 100, 0) for ref in SOUTH_STREET} | {ref: at(ref - 200, 4) for ref in NORTH_STREET}
    nodes |= {300: at(0, 1), 301: at(0, 2), 302: at(0, 3)}
    nodes |= {400: at(15, 3), 401: at(15, 2), 402: at(15, 0.9)}
    ways: list[tuple[dict[str, str], list[int]]] = [
        ({"highway": "residential"}, [*SOUTH_STREET]),
        ({"highway": "residential"}, [*NORTH_STREET]),
        ({"highway": "residential"}, [100, *SIDE_STREET, 200]),
        ({"highway": "service", **drive}, [215, 400, 401, 402]),
    ]
    file = folder / "town.osm.pbf"
    with osmium.SimpleWriter(str(file)) as writer:
        for ref, place in sorted(nodes.items()):
            tags = gate if gate and ref == 400 else {}
            writer.add_node(osmium.osm.mutable.Node(id=ref, location=place, tags=tags))
        for ref, (tags, refs) in enumerate(ways, 1):
            writer.add_way(osmium.osm.mutable.Way(id=ref, nodes=refs, tags=tags))
    return file


def seconds(file: Path, mode: Mode) -> tuple[float, float]:
    """From HOME to the HALL by our tables, and by the second reading."""
    request: dict[str, Any] = {"file": str(file), "out": str(file.parent / "out"), "positions": [HALL], "pace": {}}
    build({**request, "boxes": [(-180, -90, 180, 90)]}, lambda line: None)
    travel = Reach(file.parent / "out", [HALL]).times(mode, *HOME)
    second = SecondReading(str(file), mode)
    home, hall = second.place(*HOME), second.goal(*HALL)
    assert travel
    assert home
    assert hall
    return float(travel.seconds[0]), second.seconds_from(home, [hall])[0]


@pytest.mark.parametrize(
    ("drive", "gate", "through"),
    [
        ({"access": "private"}, None, True),
        ({"foot": "private"}, None, True),
        ({"access": "private"}, {"barrier": "gate", "access": "private"}, True),
        ({}, {"barrier": "gate", "access": "private"}, True),
        ({"access": "private"}, {"barrier": "gate"}, True),
        ({"access": "private"}, {"barrier": "gate", "locked": "yes"}, False),
        ({"access": "no"}, None, False),
        ({"access": "military"}, None, False),
    ],
)
def test_the_way_leads_through_private_grounds_if_one_may_be_asked_in(
    drive: dict[str, str], gate: dict[str, str] | None, through: bool, tmp_path: Path
) -> None:
    ours, theirs = seconds(town(tmp_path, drive, gate), "walk")
    assert ours == pytest.approx(theirs, abs=0.2)
    assert (ours > 1000) is through


@pytest.mark.parametrize("mode", MODES)
def test_in_every_mode_the_grounds_are_walked(mode: Mode, tmp_path: Path) -> None:
    ours, theirs = seconds(town(tmp_path, {"access": "private"}), mode)
    assert ours == pytest.approx(theirs, abs=0.2)


def test_private_grounds_are_no_short_cut(tmp_path: Path) -> None:
    file = town(tmp_path, {"access": "private"})
    behind = at(15, 4)  # on the north street
    request: dict[str, Any] = {"file": str(file), "out": str(tmp_path / "out"), "positions": [behind], "pace": {}}
    build({**request, "boxes": [(-180, -90, 180, 90)]}, lambda line: None)
    travel = Reach(tmp_path / "out", [behind]).times("walk", *HALL)
    assert travel
    assert travel.seconds[0] > 1000
