"""The circle on a real store: starter points, loading, networks and their refusal, following, drawing."""

import fcntl
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest

from api.circle.generations import REBUILD_PAUSE, NetworkRefused
from api.circle.points_csv import write_points
from api.circle.schemas.circle import CircleSchema as Answered
from api.circle.service import COVER_PAUSE, Circle
from api.circle.travel.area import Box
from api.circle.travel.mode import MODES
from api.limited import Child
from api.refusals import BadFields, NotFound
from api.storage.database import Database
from tests.circle.conftest import circle_on
from tests.circle.places import HELSINKI, LIECHTENSTEIN, NOW, made
from tests.serving import wait_for

NewCircle = Callable[[], Circle]
XINCHENG = {"lon": 108.9579, "lat": 34.26895, "crs": "wgs84", "mode": "walk", "minutes": 15, "open": "any"}
IN_HELSINKI = {**XINCHENG, "lon": 24.9435, "lat": 60.1710}


@pytest.fixture
def started(new_circle: NewCircle) -> Circle:
    """A circle with the starter points."""
    made = new_circle()
    made.start()
    return made


def found_by(circle: Circle, question: dict[str, Any]) -> dict[str, Any]:
    """An answer, read back."""
    answer: dict[str, Any] = orjson.loads(circle.find(question, "zh"))
    return answer


@pytest.fixture
def in_helsinki(started: Circle, helsinki_csv: Path) -> Circle:
    """A circle that also has points in Helsinki, and its streets."""
    assert started.changes.load(helsinki_csv) == []
    started.generations.add(HELSINKI)
    return started


def test_the_starter_points_are_there_and_are_loaded_once(started: Circle, new_circle: NewCircle) -> None:
    assert len(started.points()) == 119
    again = new_circle()
    again.start()
    assert {again.face(point)["version"] for point in again.points()} == {1}


def test_without_a_network_the_answer_is_an_estimate_and_says_so(started: Circle) -> None:
    found = found_by(started, XINCHENG)
    assert (found["basis"], found["generation"], found["origin"]["snapped_m"]) == ("estimate", None, None)
    assert found["points"][0]["id"] == "XC-H01"
    assert found["points"][0]["basis"] == "estimate"
    assert found["best"]
    assert "估算" in found["why"]
    assert all(row["seconds"] <= 900 for row in found["points"])


def test_points_without_a_position_are_listed_and_never_placed(started: Circle) -> None:
    listed = started.listed(None, "610102001", None, 200)
    assert any(row["lon"] is None for row in listed)
    found = found_by(started, {**XINCHENG, "minutes": 60})
    assert all(row["lon"] is not None for row in found["points"])


def test_with_a_network_times_come_from_its_streets(helsinki: Circle) -> None:
    found = found_by(helsinki, IN_HELSINKI)
    assert found["basis"] == "network"
    assert found["generation"] == helsinki.networks()[0]["generation"]
    assert [row["id"] for row in found["points"]] == ["HEL-1", "HEL-2"]
    assert {row["basis"] for row in found["points"]} == {"network"}
    assert found["origin"]["snapped_m"] < 100
    assert found["speed_kmh"] == 4.0
    assert found_by(helsinki, {**IN_HELSINKI, "mode": "drive"})["speed_kmh"] is None


@pytest.mark.parametrize("question", [IN_HELSINKI, {**IN_HELSINKI, "minutes": 1}, {**XINCHENG, "minutes": 60}])
def test_an_answer_is_written_as_its_schema_documents_it(helsinki: Circle, question: dict[str, Any]) -> None:
    written = found_by(helsinki, question)
    assert Answered().dump(Answered().load(written)) == written


@pytest.mark.parametrize(
    ("north", "basis", "said"),
    [(60.1710, "network", None), (60.1810, "network", "离最近的街道约 "), (60.1850, "estimate", "500 米内没有街道")],
)
def test_a_position_far_from_every_street_is_said_in_words(
    helsinki: Circle, north: float, basis: str, said: str | None
) -> None:
    found = found_by(helsinki, {**IN_HELSINKI, "lat": north, "minutes": 60})
    origin = found["origin"]
    assert found["basis"] == basis
    assert origin["off_streets"] is (basis == "estimate")
    assert (origin["said"] is None) is (said is None)
    assert (said or "") in (origin["said"] or "")


def test_far_from_every_street_the_answer_is_an_estimate_although_there_is_a_network(helsinki: Circle) -> None:
    found = found_by(helsinki, XINCHENG)
    assert found["basis"] == "estimate"
    assert found["origin"]["off_streets"]


def test_another_process_follows_points_and_network(in_helsinki: Circle, new_circle: NewCircle) -> None:
    other = new_circle()
    assert other.follow(NOW)
    assert not other.follow(NOW)
    assert found_by(other, IN_HELSINKI) == found_by(in_helsinki, IN_HELSINKI)


def test_a_moved_point_has_its_new_times_at_once_and_alone_a_new_version(in_helsinki: Circle, tmp_path: Path) -> None:
    before = {p.id: in_helsinki.face(p)["version"] for p in in_helsinki.points()}
    file = tmp_path / "moved.csv"
    file.write_text(in_helsinki.changes.export().replace("24.946,60.1722", "24.944,60.1711"), encoding="utf-8")
    assert in_helsinki.changes.load(file) == []
    nearest = found_by(in_helsinki, IN_HELSINKI)["points"][0]
    assert (nearest["id"], nearest["basis"]) == ("HEL-2", "network")
    assert nearest["seconds"] < 90
    after = {p.id: in_helsinki.face(p)["version"] for p in in_helsinki.points()}
    assert after == {**before, "HEL-2": before["HEL-2"] + 1}


def test_a_place_far_from_every_street_is_estimated_alone_and_says_so(in_helsinki: Circle, tmp_path: Path) -> None:
    file = tmp_path / "aside.csv"
    file.write_text(write_points([made("HEL-8", 24.9435, 60.1842)]), "utf-8")
    assert in_helsinki.changes.load(file) == []
    found = found_by(in_helsinki, {**IN_HELSINKI, "minutes": 60})
    assert found["basis"] == "network"
    assert {row["id"]: row["basis"] for row in found["points"]} == {
        "HEL-1": "network",
        "HEL-2": "network",
        "HEL-8": "estimate",
    }


def test_places_whose_search_failed_are_searched_again(in_helsinki: Circle, tmp_path: Path) -> None:
    reach = in_helsinki._snapshot.reach
    assert reach is not None
    side = reach.folder / "walk" / "side"
    side.rmdir()
    side.write_text("in the way")
    file = tmp_path / "late.csv"
    file.write_text(write_points([made("HEL-9", 24.9441, 60.1712)]), "utf-8")
    assert in_helsinki.changes.load(file) == []
    assert basis_of(in_helsinki, "HEL-9") == "estimate"
    side.unlink()
    side.mkdir()
    assert not in_helsinki.follow(NOW + COVER_PAUSE / 2)
    assert basis_of(in_helsinki, "HEL-9") == "estimate"
    assert in_helsinki.follow(NOW + COVER_PAUSE)
    assert basis_of(in_helsinki, "HEL-9") == "network"
    assert not in_helsinki.follow(NOW + 2 * COVER_PAUSE)


def basis_of(circle: Circle, point: str) -> str:
    """Where the time to a point comes from."""
    found: dict[str, str] = {row["id"]: row["basis"] for row in found_by(circle, IN_HELSINKI)["points"]}
    return found[point]


def test_a_build_is_shown_as_it_goes_and_a_failed_one_until_the_next(
    started: Circle, helsinki_csv: Path, tmp_path: Path
) -> None:
    seen: list[dict[str, Any]] = []
    assert started.changes.load(helsinki_csv) == []
    with pytest.raises(NetworkRefused):
        started.generations.add(unusable("text", tmp_path))
    (failed,) = started.generations.builds()
    assert (failed["state"], failed["code"], failed["step"]) == ("failed", "broken", "reading")
    assert "读不出来" in failed["why"]["zh"]
    started.generations.add(HELSINKI, lambda line: seen.extend(started.generations.builds()))
    assert {row["state"] for row in seen} == {"building"}
    assert [(row["step"], row["mode"], row["done"] == row["of"]) for row in seen] == [
        ("reading", None, True),
        *(("searching", mode, True) for mode in MODES),
    ]
    assert seen[-1]["of"] > 50
    assert started.generations.builds() == []


def test_a_bad_file_tells_all_and_changes_nothing(started: Circle, tmp_path: Path) -> None:
    file = tmp_path / "bad.csv"
    file.write_text(started.changes.export().replace("108.9579", "200") + "XC-N,villa,,,,,,,,,,,,,,,,,,,\n", "utf-8")
    told = started.changes.load(file)
    assert [line.split(": ")[:2] for line in told] == [
        ["line 11", "lon"],
        ["line 121", "name"],
        ["line 121", "kind"],
        ["line 121", "hours"],
    ]
    assert started.point("XC-H01").lon == 108.9579
    assert len(started.points()) == 119


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("text", "读不出来"),
        ("cut", "读不出来"),
        ("nothing", "读不出来"),
        ("streetless", "没有能走的路"),
        ("far", "太远"),
    ],
)
def test_a_street_file_that_cannot_serve_is_refused_and_the_old_network_stays(
    in_helsinki: Circle, tmp_path: Path, kind: str, words: str
) -> None:
    before = found_by(in_helsinki, IN_HELSINKI)
    with pytest.raises(NetworkRefused) as refused:
        in_helsinki.generations.add(unusable(kind, tmp_path))
    assert words in refused.value.words["zh"]
    assert found_by(in_helsinki, IN_HELSINKI) == before
    assert len(in_helsinki.networks()) == 1
    assert [path.name for path in (tmp_path / "networks").iterdir()] == [before["generation"]]


def unusable(kind: str, folder: Path) -> Path:
    """A file that is no network of Helsinki."""
    if kind == "far":
        return LIECHTENSTEIN
    file = folder / f"{kind}.osm.pbf"
    if kind == "streetless":
        import osmium

        with osmium.SimpleWriter(str(file)) as writer:
            writer.add_node(osmium.osm.mutable.Node(id=1, location=(24.94, 60.17)))
        return file
    content = {"text": b"not a map", "cut": HELSINKI.read_bytes()[:300_000], "nothing": b""}
    file.write_bytes(content[kind])
    return file


def test_a_missing_file_is_refused_and_so_is_a_network_without_points(
    started: Circle, new_circle: NewCircle, tmp_path: Path
) -> None:
    with pytest.raises(NetworkRefused):
        started.generations.add(tmp_path / "none.osm.pbf")
    with pytest.raises(NetworkRefused, match="network_refused"):
        started.generations.add(HELSINKI)  # the starter points are in Xi'an


def test_a_generation_that_is_not_on_this_host_leaves_the_old_one(in_helsinki: Circle, database: Database) -> None:
    before = found_by(in_helsinki, IN_HELSINKI)
    database["circle"].update_one({"_id": "current"}, {"$inc": {"revision": 1}, "$set": {"generation": "elsewhere"}})
    assert in_helsinki.follow(NOW)
    assert found_by(in_helsinki, IN_HELSINKI) == before


def test_another_host_builds_the_generation_itself_from_the_kept_file(
    database: Database, tmp_path: Path, helsinki_csv: Path
) -> None:
    first = circle_on(database, tmp_path / "first", hosts="several")
    first.start()
    assert first.changes.load(helsinki_csv) == []
    for old in ("20200101T000000Z-00000000", "20210101T000000Z-00000000"):
        (tmp_path / "first" / old).mkdir(parents=True)
        (tmp_path / "first" / old / "generation.json").write_text("{}")
    name = first.generations.add(HELSINKI)
    assert {path.name for path in (tmp_path / "first").iterdir()} == {name, old}  # the one before may still be read
    second = circle_on(database, tmp_path / "second", hosts="several")
    assert second.follow(NOW)
    assert second.networks()[0]["state"] in {"building", "in_use"}

    def in_use() -> bool:
        second.follow(NOW)
        return second.networks()[0]["state"] == "in_use"

    wait_for(in_use)
    assert found_by(second, IN_HELSINKI) == found_by(first, IN_HELSINKI)
    row = second.networks()[0]
    assert (row["points"], row["current"]) == (2, True)


@pytest.mark.parametrize("step", ["waits for another process", "fetches", "builds"])
def test_a_rebuild_ends_with_its_process_before_the_store_closes_and_leaves_nothing(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, caplog: pytest.LogCaptureFixture
) -> None:
    row = {"_id": "20261124T000000Z-0a", "v": 1, "file": "a.osm.pbf", "sha256": "0a", "added_at": NOW}
    database["networks"].insert_one(row)
    database["circle"].insert_one({"_id": "current", "revision": 1, "generation": row["_id"]})
    circle = circle_on(database, tmp_path, hosts="several")
    generations, at_it = circle.generations, threading.Event()

    def fetch(digest: str, to: Path, check: Callable[[], None]) -> bool:
        to.touch()
        if step == "fetches":
            at_it.set()
            assert generations._ended.wait(20)
        check()
        return True

    monkeypatch.setattr(generations._store, "fetch_source", fetch)
    monkeypatch.setattr(Child, "feed", lambda child, pieces: at_it.set())
    with (tmp_path / ".rebuild.lock").open("w") as lock:
        if step == "waits for another process":
            fcntl.flock(lock, fcntl.LOCK_EX)
            at_it.set()
        assert circle.follow(NOW)
        assert at_it.wait(20)
        generations.end()
    circle.follow(NOW + REBUILD_PAUSE)
    assert "network-rebuild" not in {thread.name for thread in threading.enumerate()}
    assert ([path.name for path in tmp_path.iterdir()], generations.builds()) == ([".rebuild.lock"], [])
    assert "not rebuilt" not in caplog.text


@pytest.mark.parametrize(
    ("change", "field", "word"),
    [
        ({"lon": 34.27, "lat": 108.95}, "lat", "写反"),
        ({"lon": 116.4, "lat": 39.9}, "lon", "服务区域"),
        ({"lon": 200.0}, "lon", "度之间"),
        ({"matter": "XC-404"}, "matter", "没有这个事项"),
        ({"facilities": ["sauna"]}, "facilities", "不认识"),
    ],
)
def test_facts_that_are_wrong_are_named_by_field(
    started: Circle, change: dict[str, Any], field: str, word: str
) -> None:
    with pytest.raises(BadFields) as refused:
        found_by(started, {**XINCHENG, **change})
    assert refused.value.errors
    assert word in refused.value.errors[field][0]


def test_swapped_coordinates_within_range_are_recognised(helsinki: Circle) -> None:
    with pytest.raises(BadFields) as refused:
        found_by(helsinki, {**IN_HELSINKI, "lon": 60.1710, "lat": 24.9435})
    assert refused.value.errors
    assert "写反" in refused.value.errors["lon"][0]


def test_positions_of_chinese_map_programs_are_converted(started: Circle) -> None:
    here = found_by(started, XINCHENG)["origin"]
    baidu = found_by(started, {**XINCHENG, "crs": "bd09", "lon": 108.9691, "lat": 34.2734})["origin"]
    assert abs(here["lon"] - baidu["lon"]) < 0.0005
    assert abs(here["lat"] - baidu["lat"]) < 0.0005


def test_the_hall_alone_does_a_district_matter(started: Circle) -> None:
    found = found_by(started, {**XINCHENG, "minutes": 30, "matter": "XC-1"})
    assert [row["id"] for row in found["points"]] == ["XC-H01"]
    assert found["points"][0]["can"] == ["accept", "review", "collect"]


def test_questions_are_answered_without_the_store(started: Circle, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(started, "_store", None)
    assert found_by(started, XINCHENG)["points"]
    assert started.point("XC-H01")


def test_the_hall_answers_for_its_district(helsinki: Circle) -> None:
    assert helsinki.desk_for(None, None) == "HEL-1"
    assert helsinki.desk_for("XC-1", "XC-S001001") == "XC-H01"
    assert helsinki.desk_for(None, "HEL-2") == "HEL-1"
    assert helsinki.desk_for(None, "no such") == "HEL-1"
    with pytest.raises(NotFound):
        helsinki.desk_open("no such", NOW)


def test_streets_and_isochrones_are_drawn_from_the_generation(helsinki: Circle) -> None:
    drawn = helsinki.streets(Box(24.94, 60.168, 24.945, 60.172))
    assert drawn["features"]
    assert not drawn["truncated"]
    to_point = helsinki.isochrone({"point": "HEL-1", "mode": "walk", "minutes": 5, "crs": "wgs84"})
    assert to_point["geometry"]["type"] == "Polygon"
    from_here = helsinki.isochrone({**IN_HELSINKI, "minutes": 5})
    assert from_here["geometry"]["type"] == "Polygon"
    with pytest.raises(BadFields):
        helsinki.isochrone({"point": "HEL-3", "mode": "walk", "minutes": 5, "crs": "wgs84"})


def test_without_a_network_there_is_nothing_to_draw(started: Circle) -> None:
    assert started.streets(Box(108.9, 34.2, 109.0, 34.3))["features"] == []
    with pytest.raises(BadFields):
        started.isochrone(XINCHENG)
