"""A street network says what it covers; one that is much worse than what is in use is refused; one can go back."""

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from api.circle.generations import NetworkRefused
from api.circle.points_csv import write_points
from api.circle.service import Circle
from api.storage.database import Database
from api.times import utc_now
from tests.circle.conftest import circle_on
from tests.circle.places import HELSINKI, made

CORNER = (24.9355, 60.1644, 24.9400, 60.1680)
"""West, south, east, north of a part of the network in tests/data/networks."""
PLACES = [(24.9370, 60.1660), (24.9414, 60.1699), (24.9460, 60.1722), (24.9500, 60.1750), (24.9520, 60.1780)]


def extract(
    folder: Path, box: tuple[float, float, float, float], keep: Callable[[int], bool] = lambda way: True
) -> Path:
    """The streets of Helsinki's file with a node in the box, and of these those that `keep` takes, by number."""
    import osmium

    west, south, east, north = box
    file = folder / "extract.osm.pbf"
    file.unlink(missing_ok=True)
    ways = []
    for number, way in enumerate(osmium.FileProcessor(str(HELSINKI)).with_locations()):
        if isinstance(way, osmium.osm.Way) and "highway" in way.tags and keep(number):
            nodes = [(n.ref, n.location.lon, n.location.lat) for n in way.nodes if n.location.valid()]
            if nodes and all(west <= lon <= east and south <= lat <= north for _, lon, lat in nodes):
                ways.append((way.id, dict(way.tags), nodes))
    with osmium.SimpleWriter(str(file)) as writer:
        for ref, lon, lat in sorted({node for _, _, nodes in ways for node in nodes}):
            writer.add_node(osmium.osm.mutable.Node(id=ref, location=(lon, lat)))
        for ref, tags, nodes in ways:
            writer.add_way(osmium.osm.mutable.Way(id=ref, nodes=[node for node, _, _ in nodes], tags=tags))
    return file


@pytest.fixture
def five(database: Database, tmp_path: Path) -> Circle:
    """A circle with five points in Helsinki beside the starter points, without a network yet."""
    circle = circle_on(database, tmp_path / "networks", utc_now)
    circle.start()
    file = tmp_path / "five.csv"
    file.write_text(write_points([made(f"HEL-{n}", *place) for n, place in enumerate(PLACES)]), "utf-8")
    assert circle.changes.load(file) == []
    return circle


def test_a_network_says_how_many_points_it_covers_and_joins(five: Circle) -> None:
    words: list[str] = []
    five.generations.add(HELSINKI, words.append)
    row = five.networks()[0]
    assert (row["points"], row["usable"]) == (5, True)
    assert row["joined"] == pytest.approx(5 * 4 / (row["of"] * (row["of"] - 1)), abs=1e-3)
    assert any(f"5 of {row['of']} points have a street near" in line for line in words)


def test_a_network_of_a_corner_does_not_replace_a_whole_one_but_for_anyway(five: Circle, tmp_path: Path) -> None:
    whole = five.generations.add(HELSINKI)
    corner = extract(tmp_path, CORNER)
    with pytest.raises(NetworkRefused) as refused:
        five.generations.add(corner)
    assert "--anyway" in refused.value.words["zh"]
    assert "of their pairs joined" in str(refused.value.errors)
    assert [row["generation"] for row in five.networks()] == [whole]
    assert [path.name for path in (tmp_path / "networks").iterdir()] == [whole]
    added = five.generations.add(corner, anyway=True)
    assert five.networks()[0]["generation"] == added
    five.generations.use(whole)
    now = {row["generation"]: row for row in five.networks()}
    assert (now[whole]["state"], now[added]["state"]) == ("in_use", "old")
    assert now[whole]["points"] == 5


def test_a_network_in_pieces_does_not_replace_a_joined_one(five: Circle, tmp_path: Path) -> None:
    five.generations.add(HELSINKI)
    halves = extract(tmp_path, (24.9355, 60.1644, 24.9532, 60.1789), lambda way: way % 3 > 0)
    with pytest.raises(NetworkRefused) as refused:
        five.generations.add(halves)
    assert "--anyway" in refused.value.words["zh"]


def test_the_same_file_again_is_taken(five: Circle) -> None:
    five.generations.add(HELSINKI)
    again = five.generations.add(HELSINKI)
    assert five.networks()[0]["generation"] == again


def test_one_cannot_go_back_to_what_is_unknown_or_gone(five: Circle, tmp_path: Path) -> None:
    with pytest.raises(NetworkRefused) as refused:
        five.generations.use("20200101T000000Z-00000000")
    assert "没有这个版本" in refused.value.words["zh"]
    name = five.generations.add(HELSINKI)
    (tmp_path / "networks" / name / "generation.json").unlink()
    assert not five.networks()[0]["usable"]
    with pytest.raises(NetworkRefused) as refused:
        five.generations.use(name)
    assert "不在" in refused.value.words["zh"]


def test_two_builds_at_once_take_turns_and_say_so(five: Circle, database: Database, tmp_path: Path) -> None:
    other = circle_on(database, tmp_path / "networks", utc_now)
    words: list[str] = []
    begun = threading.Event()

    def first() -> None:
        five.generations.add(HELSINKI, lambda line: begun.set())

    building = threading.Thread(target=first)
    building.start()
    assert begun.wait(60)
    other.generations.add(HELSINKI, words.append)
    building.join(60)
    assert any("waits for its turn" in line for line in words)
    assert len(other.networks()) == 2


def test_the_same_file_is_not_worse_because_points_were_added_elsewhere(five: Circle, tmp_path: Path) -> None:
    five.generations.add(HELSINKI)
    file = tmp_path / "far.csv"
    file.write_text(write_points([made(f"FAR-{n}", 108.95 + n / 100, 34.26) for n in range(9)]), "utf-8")
    assert five.changes.load(file) == []
    again = five.generations.add(HELSINKI)
    assert five.networks()[0]["generation"] == again
