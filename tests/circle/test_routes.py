"""The HTTP face of the circle, on the whole app."""

from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from api.circle.crs import to_wgs84
from tests.circle.places import HELSINKI

HERE = {"lon": 108.9579, "lat": 34.26895}


def ask(**question: Any) -> str:
    """The path of a question to the circle."""
    return f"/v1/circle?{urlencode({**HERE, **question})}"


def test_the_answer_has_the_promised_shape(anyone: Any) -> None:
    found = anyone.get(ask())
    assert set(found) == {
        "basis", "generation", "mode", "minutes", "speed_kmh", "origin", "points", "best", "why", "beyond",
    }  # fmt: skip
    assert (found["basis"], found["mode"], found["minutes"], found["speed_kmh"]) == ("estimate", "walk", 15, 4.0)
    first = found["points"][0]
    assert set(first) == {
        "id", "kind", "name", "address", "lon", "lat", "seconds", "basis", "distance_m", "open", "can", "facilities",
        "phone", "confirmed", "hours_confirmed", "position_error_m", "position_rough",
    }  # fmt: skip
    assert first["id"] == "XC-H01"
    assert first["open"] == {
        "on_arrival": True,
        "closes_at": "2026-11-24T12:00:00+08:00",
        "next_opens_at": "2026-11-24T13:00:00+08:00",
        "provisional": False,
    }
    assert (first["position_error_m"], first["position_rough"]) == (350, True)
    assert found["origin"] == {**HERE, "snapped_m": None, "off_streets": False, "said": None}
    assert [row["seconds"] for row in found["points"]] == sorted(row["seconds"] for row in found["points"])


def test_the_reason_is_in_the_readers_language(anyone: Any) -> None:
    assert "步行约" in anyone.get(ask())["why"]
    assert "On foot" in anyone.get(ask(), headers={"Accept-Language": "en"})["why"]


def test_arriving_at_lunch_nothing_is_open_unless_asked_for(anyone: Any) -> None:
    at = "2026-11-24T11:58:00+08:00"
    closed = anyone.get(ask(lon=108.9540, lat=34.2640, at=at, minutes=60))
    assert all(row["open"]["on_arrival"] for row in closed["points"])
    shut = anyone.get(ask(at="2026-11-24T12:10:00+08:00"))
    assert shut["points"] == []
    assert len(shut["beyond"]) == 3
    assert shut["best"] is None
    assert "13:00" in shut["why"]
    assert anyone.get(ask(at="2026-11-24T12:10:00+08:00", open="any"))["points"]


def test_a_plus_sign_lost_on_the_way_is_understood(anyone: Any) -> None:
    path = f"/v1/circle?{urlencode(HERE)}&at=2026-11-24T12:10:00+08:00"
    assert anyone.get(path)["points"] == []


def test_the_list_can_be_short_and_filtered(anyone: Any) -> None:
    assert len(anyone.get(ask(limit=2))["points"]) == 2
    assert [row["id"] for row in anyone.get(ask(facilities="wheelchair,reading_glasses"))["points"]] == ["XC-H01"]


@pytest.mark.parametrize(
    ("question", "field"),
    [
        ({"lon": 34.27, "lat": 108.95}, "lat"),
        ({"lon": 116.4, "lat": 39.9}, "lon"),
        ({"lon": 0, "lat": 0}, "lat"),
        ({"lon": "nan"}, "lon"),
        ({"lon": "inf"}, "lon"),
        ({"lon": "east"}, "lon"),
        ({"crs": "utm"}, "crs"),
        ({"mode": "fly"}, "mode"),
        ({"minutes": 0}, "minutes"),
        ({"minutes": 61}, "minutes"),
        ({"minutes": "1.5"}, "minutes"),
        ({"open": "maybe"}, "open"),
        ({"at": "noon"}, "at"),
        ({"at": "2026-11-24T12:10:00"}, "at"),
        ({"at": "9999-12-31T23:59:00+00:00"}, "at"),
        ({"at": "0001-01-01T00:00:00+08:00"}, "at"),
        ({"matter": "XC-404"}, "matter"),
        ({"facilities": "sauna"}, "facilities"),
        ({"limit": 0}, "limit"),
    ],
)
def test_bad_input_is_refused_with_the_field_and_why(anyone: Any, question: dict[str, Any], field: str) -> None:
    problem = anyone.get(ask(**question), expect=422)
    assert problem["code"] == "bad_fields"
    assert problem["errors"][field]


def test_points_are_paged_filtered_and_shown_one_by_one(anyone: Any) -> None:
    first = anyone.get("/v1/points?limit=100")
    rest = anyone.get(f"/v1/points?limit=100&cursor={first['next']}")
    assert (len(first["items"]), len(rest["items"]), rest["next"]) == (100, 19, None)
    assert {row["kind"] for row in anyone.get("/v1/points?kind=centre")["items"]} == {"centre"}
    assert len(anyone.get("/v1/points?street=610102001&kind=station")["items"]) == 8
    hall = anyone.raw("GET", "/v1/points/XC-H01")
    assert hall.headers["ETag"] == '"1"'
    assert hall.json["open"]["now"] is True
    assert hall.json["hours_confirmed"] is False
    assert anyone.get("/v1/points/none", expect=404)["code"] == "not_found"


@pytest.mark.parametrize("bbox", ["1,2,3", "a,b,c,d", "109,34,108,35", "100,30,110,40", "1,2,3,nan", ""])
def test_a_bad_box_is_refused(anyone: Any, bbox: str) -> None:
    assert anyone.get(f"/v1/circle/streets?bbox={bbox}", expect=422)["code"] == "bad_fields"


def test_an_isochrone_needs_a_place_and_a_network(anyone: Any) -> None:
    assert "point" in anyone.get("/v1/circle/isochrone", expect=422)["errors"]
    assert anyone.get("/v1/circle/isochrone?point=XC-H01", expect=422)["code"] == "bad_fields"


def test_with_a_network_the_whole_face_speaks_of_its_streets(
    app: Any, anyone: Any, staff: Any, helsinki_csv: Path
) -> None:
    circle = app.extensions["circle"].circle
    assert circle.changes.load(helsinki_csv) == []
    generation = circle.generations.add(HELSINKI)
    found = anyone.get(ask(lon=24.9435, lat=60.1710, at="2026-11-24T10:00:00+08:00"))
    assert (found["basis"], found["generation"]) == ("network", generation)
    audited = staff("admin").get(f"/v1/audit?subject=network:{generation}")["items"]
    assert [(row["actor"], row["act"]) for row in audited] == [("operator", "network.add")]
    assert [row["id"] for row in found["points"]] == ["HEL-1", "HEL-2"]
    assert found["origin"]["snapped_m"] < 100
    far = ask(lon=24.9435, lat=60.1810, minutes=60)
    assert anyone.get(far)["origin"]["said"].startswith("您的位置离最近的街道约")
    assert "nearest street is about" in anyone.get(far, headers={"Accept-Language": "en"})["origin"]["said"]
    assert anyone.get("/v1/circle/streets?bbox=24.94,60.168,24.945,60.172")["features"]
    outline = anyone.get("/v1/circle/isochrone?point=HEL-1&minutes=5")
    assert (outline["type"], outline["geometry"]["type"]) == ("Feature", "Polygon")
    assert anyone.get("/v1/circle/isochrone?lon=24.9435&lat=60.171&minutes=5")["geometry"]["coordinates"]


def test_a_point_carries_its_position_as_amap_and_baidu_count_it(anyone: Any) -> None:
    hall = anyone.get("/v1/points/XC-H01")
    for crs in ("gcj02", "bd09"):
        back = to_wgs84(hall["elsewhere"][crs]["lon"], hall["elsewhere"][crs]["lat"], crs)
        assert back == pytest.approx((hall["lon"], hall["lat"]), abs=2e-6)
    assert anyone.get("/v1/points/XC-S001003")["elsewhere"] is None


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"minutes": 60, "open": "any", "mode": "drive", "limit": 5},
        {"at": "2026-11-24T12:10:00+08:00", "matter": "XC-001"},
        {"crs": "gcj02", "minutes": 1},
        {"minutes": 61},
        {"lon": 3.0},
        {"matter": "no-such"},
    ],
)
@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_a_plain_question_is_answered_past_flask_as_by_the_route(
    anyone: Any, asked: dict[str, Any], language: str
) -> None:
    quickly = anyone.raw("GET", ask(**asked), headers={"Accept-Language": language})
    by_route = anyone.raw("GET", ask(**asked), headers={"Accept-Language": language, "X-Request-ID": "by-the-route"})
    assert (quickly.status_code, dict(quickly.headers) | {"X-Request-ID": "by-the-route"}) == (
        by_route.status_code,
        dict(by_route.headers) | {"Content-Length": quickly.headers["Content-Length"]},
    )
    assert {**quickly.json, "request_id": ""} == {**by_route.json, "request_id": ""}
