"""Drafts at the HTTP face."""

from uuid import uuid4

import pytest

FOOD = "XC-行政许可-001"


def test_a_draft_survives_and_says_what_is_missing(citizen):
    draft = citizen.post("/v1/drafts", {"matter": FOOD, "answers": {"applicant_name": "王小明"}})
    again = citizen.get(f"/v1/drafts/{draft['id']}")
    assert again == draft
    missing = {gap["field"] or gap["material"] for gap in draft["missing"]}
    assert {"id_number", "delivery", "shop_name", "staff"} <= missing
    assert "m1" not in missing  # the application is the form itself
    assert "applicant_name" not in missing


def test_the_same_key_makes_one_draft(citizen, database):
    key = {"Idempotency-Key": str(uuid4())}
    first = citizen.post("/v1/drafts", {"matter": FOOD}, headers=key)
    assert citizen.post("/v1/drafts", {"matter": FOOD}, headers=key) == first
    assert database["drafts"].count_documents({}) == 1


def test_the_same_key_with_another_body_is_refused(citizen):
    key = {"Idempotency-Key": str(uuid4())}
    citizen.post("/v1/drafts", {"matter": FOOD}, headers=key)
    other = {"matter": FOOD, "answers": {"remark": "x"}}
    assert citizen.post("/v1/drafts", other, headers=key, expect=422)["code"] == "key_reused"


def test_a_key_in_flight_is_refused_and_a_lost_one_is_taken_over(citizen, database, clock):
    key = str(uuid4())
    made = citizen.post("/v1/drafts", {"matter": FOOD}, headers={"Idempotency-Key": key})
    row = f"{citizen.person['id']}:{key}"
    database["drafts"].delete_many({})
    lost = {"state": "in_flight", "until": clock.at.replace(minute=30)}
    database["idempotency"].update_one({"_id": row}, {"$set": lost})
    response = citizen.raw("POST", "/v1/drafts", json={"matter": FOOD}, headers={"Idempotency-Key": key})
    assert (response.status_code, response.get_json()["code"]) == (409, "key_in_flight")
    clock.move(minutes=31)
    again = citizen.post("/v1/drafts", {"matter": FOOD}, headers={"Idempotency-Key": key})
    assert again["id"] == made["id"]


def test_a_key_is_needed_to_create(citizen):
    assert (
        citizen.post("/v1/drafts", {"matter": FOOD}, headers={"Idempotency-Key": ""}, expect=400)["code"]
        == "key_missing"
    )


def test_a_refused_request_leaves_its_key_free(citizen):
    key = {"Idempotency-Key": str(uuid4())}
    citizen.post("/v1/drafts", {"matter": "none"}, headers=key, expect=422)
    citizen.post("/v1/drafts", {"matter": FOOD}, headers=key)


def test_changes_need_the_version_and_answers_are_merged(citizen):
    draft = citizen.post("/v1/drafts", {"matter": FOOD, "answers": {"applicant_name": "王小明"}})
    path = f"/v1/drafts/{draft['id']}"
    citizen.call("PATCH", path, {"answers": {"remark": "无"}}, expect=428)
    changed = citizen.patch(path, {"answers": {"remark": "无"}}, draft["version"])
    assert changed["answers"] == {"applicant_name": "王小明", "remark": "无"}
    assert changed["version"] == draft["version"] + 1
    assert citizen.patch(path, {"answers": {}}, draft["version"], expect=412)["code"] == "version_stale"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"answers": {"id_number": "610102194303050021"}}, "answers.id_number"),
        ({"answers": {"remark": "长" * 2001}}, "answers.remark"),
        ({"materials": {"m99": []}}, "materials.m99"),
        ({"materials": {"m1": ["not-mine"]}}, "materials.m1"),
        ({"delivery": {"way": "pigeon"}}, "delivery.way"),
        ({"delivery": {"way": "courier", "phone": "12345"}}, "delivery.phone"),
        ({"surprise": 1}, "surprise"),
    ],
)
def test_bad_fields_are_named(citizen, change, field):
    draft = citizen.post("/v1/drafts", {"matter": FOOD})
    problem = citizen.patch(f"/v1/drafts/{draft['id']}", change, draft["version"], expect=422)
    assert field in problem["errors"], problem


def test_another_citizen_cannot_see_change_or_drop_it(citizen, other_citizen):
    draft = citizen.post("/v1/drafts", {"matter": FOOD})
    path = f"/v1/drafts/{draft['id']}"
    other_citizen.get(path, expect=404)
    other_citizen.patch(path, {"answers": {}}, draft["version"], expect=404)
    other_citizen.call("DELETE", path, expect=404)
    assert other_citizen.get("/v1/drafts")["items"] == []


def test_staff_have_no_drafts(window):
    assert window.get("/v1/drafts", expect=403)["code"] == "role_wrong"


def test_drafts_are_listed_newest_first_by_cursor(citizen):
    made = [citizen.post("/v1/drafts", {"matter": FOOD})["id"] for _ in range(5)]
    seen, cursor = [], ""
    while cursor is not None:
        page = citizen.get(f"/v1/drafts?limit=2&cursor={cursor}")
        seen += [item["id"] for item in page["items"]]
        cursor = page["next"]
    assert seen == made[::-1]
    assert citizen.get("/v1/drafts?cursor=%%%", expect=400)["code"] == "bad_cursor"


def test_a_dropped_draft_is_gone(citizen):
    draft = citizen.post("/v1/drafts", {"matter": FOOD})
    citizen.call("DELETE", f"/v1/drafts/{draft['id']}", expect=204)
    citizen.get(f"/v1/drafts/{draft['id']}", expect=404)


def test_answers_are_sealed_in_the_store(citizen, database):
    citizen.post(
        "/v1/drafts", {"matter": FOOD, "answers": {"applicant_name": "王小明", "id_number": "610102194303050022"}}
    )
    row = str(database["drafts"].find_one())
    assert "王小明" not in row
    assert "610102194303050022" not in row
