"""Administrators change points: versions, audit, at once in the circle, refused where something hangs on them."""

from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import pytest

FOOD = "XC-SPJ-001"
NEW = {
    "id": "XC-N1", "kind": "self_service", "name": "火车站自助点", "hours": "24/7", "street_code": "610102001",
    "street_name": "西一路街道", "lon": 108.9580, "lat": 34.2690, "position_error_m": 5, "confirmed": True,
    "facilities": ["self_service_machine"], "windows": 2, "leader": "张主任", "section": "综合科",
    "hours_confirmed": True,
    "exceptions": [{"date": "2026-11-25", "hours": None, "reason": "设备检修"}],
}  # fmt: skip
HERE = urlencode({"lon": 108.9579, "lat": 34.26895})

pytestmark = pytest.mark.usefixtures("the_starter_points")


@pytest.fixture
def admin(staff: Any) -> Any:
    """Who may change points."""
    return staff("admin")


def test_a_new_point_is_in_the_circle_at_once_with_all_that_was_told(admin: Any, anyone: Any) -> None:
    made = admin.post("/v1/points", NEW)
    assert {key: made[key] for key in NEW} == NEW
    assert (made["version"], made["open"]["now"]) == (1, True)
    assert "XC-N1" in [row["id"] for row in anyone.get(f"/v1/circle?{HERE}")["points"]]
    assert anyone.get("/v1/points/XC-N1") == made


def test_the_same_request_twice_makes_one_point(admin: Any) -> None:
    key = {"Idempotency-Key": str(uuid4())}
    first = admin.post("/v1/points", {**NEW, "id": "XC-N2"}, headers=key)
    assert admin.post("/v1/points", {**NEW, "id": "XC-N2"}, headers=key) == first
    assert admin.post("/v1/points", {**NEW, "id": "XC-N2"}, expect=409)["code"] == "point_exists"
    without = {name: value for name, value in NEW.items() if name != "id"}
    assert admin.post("/v1/points", without)["id"] not in {"XC-N1", ""}


def test_what_get_tells_can_be_sent_back_and_changes_nothing(admin: Any, anyone: Any) -> None:
    hall = anyone.get("/v1/points/XC-H01")
    assert admin.patch("/v1/points/XC-H01", hall, 1) == hall


def test_a_change_takes_the_version_and_is_kept_and_audited(admin: Any, anyone: Any) -> None:
    changed = admin.patch("/v1/points/XC-H01", {"phone": "029-12345", "hours_confirmed": True}, 1)
    assert (changed["phone"], changed["hours_confirmed"], changed["version"]) == ("029-12345", True, 2)
    assert admin.patch("/v1/points/XC-H01", {"phone": "1234"}, 1, expect=412)["code"] == "version_stale"
    assert admin.call("PATCH", "/v1/points/XC-H01", {"phone": "1234"}, 428)["code"] == "version_missing"
    assert admin.patch("/v1/points/none", {"phone": "1234"}, 1, expect=404)
    newest = admin.get("/v1/points/XC-H01/versions?limit=1")["items"][0]
    assert (newest["version"], newest["by"], newest["act"]) == (2, admin.person["id"], "change")
    assert newest["point"]["phone"] == "029-12345"
    told = admin.get("/v1/audit?subject=point:XC-H01")["items"]
    assert "point.change" in [row["act"] for row in told]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"lon": 34.27, "lat": 108.96}, "lat"),
        ({"lon": None}, "lon"),
        ({"hours": "nine to five"}, "hours"),
        ({"street_code": "61"}, "street_code"),
        ({"community_code": "610103001001"}, "community_code"),
        ({"facilities": ["sauna"]}, "facilities"),
        ({"phone": "call me"}, "phone"),
        ({"exceptions": [{"date": "2026-12-31", "hours": "9-12"}]}, "exceptions"),
        ({"exceptions": [{"date": "2026-12-31", "reason": "a;b"}]}, "exceptions"),
        ({"overrides": [{"matter": "XC-404", "can": ["accept"]}]}, "overrides"),
        ({"kind": "villa"}, "kind"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_wrong_facts_are_named_by_field_and_change_nothing(
    admin: Any, anyone: Any, wrong: dict[str, Any], field: str
) -> None:
    refused = admin.patch("/v1/points/XC-H01", wrong, 1, expect=422)
    assert field in refused["errors"]
    assert anyone.get("/v1/points/XC-H01")["version"] == 1


def test_a_dated_exception_closes_on_arrival(admin: Any, anyone: Any) -> None:
    at = urlencode({"at": "2026-11-25T10:00:00+08:00", "limit": 1, "minutes": 60})
    assert anyone.get(f"/v1/circle?{HERE}&{at}")["best"] == "XC-H01"
    closed = [{"date": "2026-11-25", "hours": None, "reason": "停电"}]
    admin.patch("/v1/points/XC-H01", {"exceptions": closed}, 1)
    assert anyone.get(f"/v1/circle?{HERE}&{at}")["best"] != "XC-H01"


def test_an_override_says_what_this_point_does_of_a_matter(admin: Any, anyone: Any) -> None:
    code = anyone.get("/v1/matters")["items"][0]["code"]
    ask = f"/v1/circle?{HERE}&minutes=60&open=any&matter={code}"
    assert "XC-C01" in _can(anyone.get(ask)) or "XC-H01" in _can(anyone.get(ask))
    admin.patch("/v1/points/XC-C01", {"overrides": [{"matter": code, "can": ["accept", "collect"]}]}, 1)
    assert _can(anyone.get(ask))["XC-C01"] == ["accept", "collect"]
    admin.patch("/v1/points/XC-C01", {"overrides": [{"matter": code, "can": []}]}, 2)
    assert "XC-C01" not in _can(anyone.get(ask))


def test_a_point_lists_its_matters_with_what_it_does_and_what_its_kind_usually_would(admin: Any, anyone: Any) -> None:
    path = "/v1/points/XC-C01/matters"
    items = anyone.get(f"{path}?limit=100")["items"]
    assert len(items) > 20
    assert all(row["can"] == row["usual"] != [] for row in items)
    here, other = items[0], next(code for code in _codes(anyone) if code not in {row["code"] for row in items})
    told = [{"matter": here["code"], "can": []}, {"matter": other, "can": ["collect"]}]
    admin.patch("/v1/points/XC-C01", {"overrides": told}, 1)
    after = {row["code"]: row for row in anyone.get(f"{path}?limit=100")["items"]}
    assert after[here["code"]] == {**here, "can": []}
    assert (after[other]["can"], after[other]["usual"]) == (["collect"], [])
    assert anyone.get("/v1/points/none/matters", expect=404)


def test_the_matters_of_a_point_are_paged(anyone: Any) -> None:
    first = anyone.get("/v1/points/XC-H01/matters?limit=3")
    rest = anyone.get(f"/v1/points/XC-H01/matters?limit=100&cursor={first['next']}")
    assert (len(first["items"]), rest["next"]) == (3, None)
    codes = [row["code"] for row in [*first["items"], *rest["items"]]]
    assert codes == sorted(set(codes))


def _codes(anyone: Any) -> list[str]:
    return [row["code"] for row in anyone.get("/v1/matters?limit=100")["items"]]


def _can(found: Any) -> dict[str, list[str]]:
    return {row["id"]: row["can"] for row in [*found["points"], *found["beyond"]]}


def test_a_point_with_staff_or_talks_is_not_deleted_but_can_be_closed(admin: Any, anyone: Any) -> None:
    version = {"If-Match": '"1"'}
    refused = admin.call("DELETE", "/v1/points/XC-H01", expect=409, headers=version)
    assert refused["code"] == "point_in_use"
    assert refused["errors"]["staff"]
    admin.patch("/v1/points/XC-H01", {"built": "no"}, 1)
    assert "XC-H01" not in [row["id"] for row in anyone.get(f"/v1/circle?{HERE}")["points"]]
    admin.call("DELETE", "/v1/points/XC-C09", expect=204, headers=version)
    assert anyone.get("/v1/points/XC-C09", expect=404)
    assert admin.get("/v1/points/XC-C09/versions")["items"][0]["act"] == "remove"


def test_the_csv_file_goes_round_with_every_field(admin: Any, app: Any, tmp_path: Any) -> None:
    admin.post("/v1/points", {**NEW, "overrides": []})
    circle = app.extensions["circle"].circle
    before = circle.points()
    file = tmp_path / "points.csv"
    file.write_text(circle.changes.export(), encoding="utf-8")
    assert circle.changes.load(file) == []
    assert circle.points() == before
    assert circle.face(circle.point("XC-N1"))["version"] == 1


def test_networks_are_listed_for_administrators(admin: Any) -> None:
    assert admin.get("/v1/networks") == {"items": [], "builds": []}
