""" "This is wrong": by anyone, once a key, sealed, settled once, and whoever said it is told."""

from typing import Any
from uuid import uuid4

import pytest

from api.reports.report import about_of

HALL = {"about": "point:XC-H01", "text": "电话打不通，我的号码是 13800138000"}


@pytest.fixture
def settle(window: Any) -> Any:
    """Settle a report."""

    def so(report: Any, expect: int = 200) -> Any:
        body = {"outcome": "corrected", "words": "电话已经改好。"}
        return window.post(f"/v1/desk/reports/{report['id']}/settlement", body, expect=expect)

    return so


def test_anyone_reports_and_the_office_reads_it(anyone: Any, window: Any, app: Any) -> None:
    made = anyone.post("/v1/reports", HALL)
    assert set(made) == {"id", "about", "at", "state"}
    told = window.get("/v1/desk/reports")["items"]
    assert [(row["id"], row["text"], row["told"]) for row in told] == [(made["id"], HALL["text"], False)]
    assert told[0]["name"] == "西安市新城区政务服务大厅"
    assert "13800138000" not in str(app.extensions["circle"].database["reports"].find_one())


def test_the_reporter_is_told_how_it_ended_and_it_ends_once(citizen: Any, settle: Any, window: Any) -> None:
    made = citizen.post("/v1/reports", HALL)
    assert settle(made)["outcome"] == "corrected"
    assert settle(made, expect=409)["code"] == "report_settled"
    notices = [row for row in citizen.get("/v1/notices")["items"] if "电话已经改好。" in str(row)]
    assert len(notices) == 1
    assert window.get("/v1/desk/reports")["items"] == []
    assert window.get("/v1/desk/reports?state=settled")["items"][0]["words"] == "电话已经改好。"
    assert settle({"id": str(uuid4())}, expect=404)
    assert citizen.get("/v1/me/export")["data"]["reports"][0]["text"] == HALL["text"]


def test_the_same_request_twice_is_one_report(anyone: Any, window: Any) -> None:
    key = {"Idempotency-Key": str(uuid4())}
    first = anyone.post("/v1/reports", HALL, headers=key)
    assert anyone.post("/v1/reports", HALL, headers=key) == first
    assert anyone.post("/v1/reports", HALL, headers={"Idempotency-Key": ""}, expect=400)["code"] == "key_missing"
    assert len(window.get("/v1/desk/reports")["items"]) == 1


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"about": "point:none"}, "about"),
        ({"about": "matter:XC-404"}, "about"),
        ({"about": "person:1"}, "about"),
        ({"text": " \n "}, "text"),
        ({"text": "长" * 1001}, "text"),
    ],
)
def test_a_report_names_something_and_says_something(anyone: Any, change: dict[str, Any], field: str) -> None:
    assert field in anyone.post("/v1/reports", {**HALL, **change}, expect=422)["errors"]


def test_one_person_reports_so_often_a_day(citizen: Any, clock: Any) -> None:
    for _ in range(20):
        citizen.post("/v1/reports", HALL)
    assert citizen.post("/v1/reports", HALL, expect=429)["code"] == "too_many_reports"


def test_open_reports_are_listed_for_the_check(anyone: Any, app: Any, settle: Any) -> None:
    office = app.extensions["circle"]
    made = anyone.post("/v1/reports", HALL)
    lines = office.open_questions()["open reports that something is wrong"]
    assert lines == [f"point:XC-H01 2026-11-24 ({made['id']})"]
    settle(made)
    assert office.open_questions()["open reports that something is wrong"] == []


def test_reports_come_page_by_page(anyone: Any, window: Any) -> None:
    made = [anyone.post("/v1/reports", HALL)["id"] for _ in range(3)]
    first = window.get("/v1/desk/reports?limit=2")
    rest = window.get(f"/v1/desk/reports?limit=2&cursor={first['next']}")
    assert [row["id"] for row in [*first["items"], *rest["items"]]] == made
    assert rest["next"] is None


def test_matters_are_reported_by_their_own_codes_which_hold_chinese_characters():
    assert about_of("matter:XC-行政许可-001") is not None
    assert about_of("matter:../x") is None
