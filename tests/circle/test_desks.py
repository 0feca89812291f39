"""Where a district's new work goes: to the hall that accepts it today, never to one that is closed."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from api.circle.desks import accepting_halls
from api.circle.point import ServicePoint
from api.circle.points_csv import write_points
from tests.circle.places import made
from tests.way import submitted

pytestmark = pytest.mark.usefixtures("the_starter_points")
MOVED = "2025-11-24"


def hall(point_id: str, **rest: str) -> ServicePoint:
    return made(point_id, 108.95, 34.26, kind="hall", **{"street_code": "610102001", **rest})


BEFORE, AFTER = date(2025, 11, 23), date(2025, 11, 24)


@pytest.mark.parametrize(
    ("halls", "today", "accepting"),
    [
        ([hall("H1")], AFTER, ["H1"]),
        ([hall("H1", built="no")], AFTER, []),
        ([hall("H1", built="no"), hall("H2")], AFTER, ["H2"]),
        ([hall("H1", built="unconfirmed")], AFTER, ["H1"]),
        ([hall("H1"), hall("H2", accepts_from=MOVED)], BEFORE, ["H1"]),
        ([hall("H1"), hall("H2", accepts_from=MOVED)], AFTER, ["H2"]),
        ([hall("H1"), hall("H2", accepts_from=MOVED, built="no")], AFTER, ["H1"]),
        ([hall("H1"), hall("H2")], AFTER, ["H1", "H2"]),
        ([hall("H1", street_code="610103001"), hall("H2", accepts_from=MOVED)], AFTER, ["H1", "H2"]),
        ([made("C1", 108.95, 34.26, kind="centre")], AFTER, []),
    ],
)
def test_work_goes_to_where_the_district_accepts(halls: list[ServicePoint], today: date, accepting: list[str]) -> None:
    assert [point.id for point in accepting_halls(halls, today)] == accepting


# -- at the HTTP face: the real move ---------------------------------------------------

NEW_HALL = {"id": "XC-H02", "kind": "hall", "name": "新大厅", "street_code": "610102002", "hours": "Mo-Fr 09:00-17:00"}


@pytest.fixture
def admin(staff):
    """An administrator."""
    return staff("admin")


def close(admin, point):
    admin.patch(f"/v1/points/{point}", {"built": "no"}, admin.get(f"/v1/points/{point}")["version"])


def test_new_cases_and_talks_go_to_the_new_hall_from_its_day_on(staff, log_in, drain, database, clock, app):
    admin, citizen = staff("admin"), log_in("13800138000")
    earlier = submitted(citizen, drain)
    admin.post("/v1/points", {**NEW_HALL, "accepts_from": (clock().date() + timedelta(days=1)).isoformat()})
    same_day = submitted(citizen, drain)
    clock.move(days=1)
    admin, citizen = staff("admin"), log_in("13800138000")
    later = submitted(citizen, drain)
    desks = {row["number"]: row["desk"] for row in database["cases"].find({}, {"number": 1, "desk": 1})}
    numbers = [case["number"] for case in (earlier, same_day, later)]
    assert [desks[number] for number in numbers] == ["XC-H01", "XC-H01", "XC-H02"]
    talk = citizen.post("/v1/conversations", {"point": "XC-H01", "text": "还在原来的大厅办吗？"})
    assert database["conversations"].find_one({"_id": talk["id"]})["desk"] == "XC-H02"
    assert admin.get("/v1/points/XC-H01/work") == {"accepts": False, "staff": 2, "conversations": 0, "cases": 2}
    (line,) = app.extensions["circle"].open_questions()["desks that are closed and still in use"]
    assert line.startswith("XC-H01")
    assert "2 cases" in line


def test_a_closed_hall_receives_nothing_and_nobody_is_posted_to_it(admin, citizen, drain, database):
    admin.post("/v1/points", NEW_HALL)
    close(admin, "XC-H01")
    case = submitted(citizen, drain)
    assert database["cases"].find_one({"number": case["number"]})["desk"] == "XC-H02"
    post = {"username": "new.one", "name": "王芳", "roles": ["window"], "point": "XC-H01", "department": "SPJ"}
    refused = admin.post("/v1/staff", post, expect=422)
    assert "关闭" in refused["errors"]["point"][0]
    assert admin.post("/v1/staff", {**post, "point": "XC-H02"})["point"] == "XC-H02"


def test_who_is_at_a_hall_that_closes_can_still_be_renamed_and_moved(admin):
    post = {"username": "new.one", "name": "王芳", "roles": ["window"], "point": "XC-H01", "department": "SPJ"}
    member = admin.post("/v1/staff", post)
    admin.post("/v1/points", NEW_HALL)
    close(admin, "XC-H01")
    for fields in ({"name": "王小芳", "point": "XC-H01"}, {"point": "XC-H02"}):
        member = admin.patch(f"/v1/staff/{member['id']}", fields, member["version"])
    assert (member["name"], member["point"]) == ("王小芳", "XC-H02")


def test_a_hall_with_open_cases_is_not_deleted(admin, citizen, drain):
    submitted(citizen, drain)
    version = {"If-Match": f'"{admin.get("/v1/points/XC-H01")["version"]}"'}
    refused = admin.call("DELETE", "/v1/points/XC-H01", expect=409, headers=version)
    assert refused["errors"]["cases"] == ["1"]


def test_a_file_of_an_earlier_release_leaves_the_day_as_it_is(app, tmp_path):
    circle = app.extensions["circle"].circle
    moved = tmp_path / "moved.csv"
    moved.write_text(write_points([replace(circle.point("XC-H01"), accepts_from=MOVED)]), "utf-8")
    assert circle.changes.load(moved) == []
    older = tmp_path / "older.csv"
    rows = [line.rsplit(",", 1)[0] for line in moved.read_text("utf-8").splitlines()]
    older.write_text("\n".join(rows), "utf-8")
    assert circle.changes.load(older) == []
    assert circle.point("XC-H01").accepts_from == MOVED
