"""Drafts at the HTTP face."""

from uuid import uuid4

import pytest

from tests.way import FOOD, accepted_upload, complete_draft, filled_in


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
        ({"answers": {"colour": "red"}}, "answers.colour"),
        ({"answers": {"shop_name": {"$gt": ""}}}, "answers.shop_name"),
        ({"answers": {"staff": [{"name": "张"}, {"post": "king"}]}}, "answers.staff.1.post"),
        ({"answers": {"staff": [{}] * 1000}}, "answers.staff"),
        ({"answers": []}, "answers"),
        ({"situation": {"kind": "sell"}}, "situation"),
        ({"situation": {"colour": "red"}}, "situation"),
        ({"situation": {"kind": ["new"]}}, "situation.kind.value"),
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
    other_citizen.call("DELETE", path, expect=404, headers={"If-Match": f'"{draft["version"]}"'})
    assert other_citizen.get("/v1/drafts")["items"] == []


def test_staff_of_no_window_have_no_drafts(handler):
    assert handler.get("/v1/drafts", expect=403)["code"] == "role_wrong"


def test_drafts_are_listed_newest_first_by_cursor(citizen):
    made = [citizen.post("/v1/drafts", {"matter": FOOD})["id"] for _ in range(5)]
    seen, cursor = [], ""
    while cursor is not None:
        page = citizen.get(f"/v1/drafts?limit=2&cursor={cursor}")
        seen += [item["id"] for item in page["items"]]
        cursor = page["next"]
    assert seen == made[::-1]
    assert citizen.get("/v1/drafts?cursor=%%%", expect=400)["code"] == "bad_cursor"


def test_a_draft_is_dropped_as_it_was_last_seen_and_then_gone(citizen):
    draft = citizen.post("/v1/drafts", {"matter": FOOD})
    path, seen = f"/v1/drafts/{draft['id']}", {"If-Match": f'"{draft["version"]}"'}
    assert citizen.call("DELETE", path, expect=428)["code"] == "version_missing"
    now = citizen.patch(path, {"answers": {"remark": "另一台手机上写的"}}, draft["version"])
    assert citizen.call("DELETE", path, expect=412, headers=seen)["code"] == "version_stale"
    citizen.call("DELETE", path, expect=204, headers={"If-Match": f'"{now["version"]}"'})
    citizen.get(path, expect=404)


def test_answers_are_sealed_in_the_store(citizen, database):
    citizen.post(
        "/v1/drafts", {"matter": FOOD, "answers": {"applicant_name": "王小明", "id_number": "610102194303050022"}}
    )
    row = str(database["drafts"].find_one())
    assert "王小明" not in row
    assert "610102194303050022" not in row


HAIR = "XC-行政许可-007"


def gaps(draft):
    """What is still missing, by field or material."""
    return {gap["field"] or gap["material"] for gap in draft["missing"]}


def test_a_draft_takes_over_the_situation_and_wants_what_that_person_needs(citizen):
    usual = citizen.post("/v1/drafts", {"matter": HAIR, "situation": {"procedure": "usual", "venue": "hair"}})
    promise = citizen.post("/v1/drafts", {"matter": HAIR, "situation": {"procedure": "promise", "venue": "bath"}})
    assert usual["situation"] == {"procedure": "usual", "venue": "hair"}
    assert "m2" not in gaps(usual)  # the letter of promise
    assert "m2" in gaps(promise)
    assert "promise_letter" not in gaps(promise)  # one letter, not two
    assert {"linen"} <= gaps(usual)
    assert {"linen", "pools"} <= gaps(promise)
    assert "beds" not in gaps(promise)


def test_another_situation_makes_another_list(citizen, drain):
    draft = citizen.post("/v1/drafts", {"matter": HAIR, "situation": {"by": "agent", "way": "window"}})
    path = f"/v1/drafts/{draft['id']}"
    assert {"agent_letter", "agent_card"} <= gaps(draft)
    upload = accepted_upload(citizen, drain)
    draft = citizen.patch(path, {"materials": {"agent_letter": [upload]}}, draft["version"])
    assert "agent_letter" not in gaps(draft)
    draft = citizen.patch(path, {"situation": {"by": "self"}}, draft["version"])
    assert "agent_card" not in gaps(draft)
    assert draft["situation"] == {"by": "self"}
    assert citizen.get(path) == draft


def test_what_the_draft_did_not_ask_is_not_in_the_case(citizen, window, drain):
    draft = complete_draft(citizen, drain)
    path = f"/v1/drafts/{draft['id']}"
    more = {"answers": {"business": "snack", "diners": "300"}, "situation": {"by": "agent", "way": "window"}}
    draft = citizen.patch(path, more, draft["version"])
    letters = {"agent_letter": [accepted_upload(citizen, drain)], "agent_card": [accepted_upload(citizen, drain)]}
    draft = citizen.patch(path, {"materials": letters}, draft["version"])
    draft = citizen.patch(path, {"situation": {"kind": "new", "size": "small"}}, draft["version"])
    assert draft["missing"] == []
    case = window.get(f"/v1/cases/{citizen.post(f'{path}/submit')['case']['number']}")
    assert "diners" not in case["answers"]
    assert case["answers"]["staff"] == filled_in(citizen)["answers"]["staff"]
    assert [line["answer"] for line in case["situation"]] == ["第一次办", "面积小、人手少的小店"]
    materials = {line["key"]: line for line in case["materials"]}
    assert "agent_letter" not in materials
    assert materials["m1"]["filled_in"]
    assert [key for key, line in materials.items() if line["held_by_state"]] == ["m2", "m3"]


def test_a_case_by_the_usual_procedure_has_the_limit_of_the_law(citizen, drain, window):
    sample = filled_in(citizen, HAIR)
    for procedure, promised in (("usual", None), ("promise", 0)):
        situation = {**sample["situation"], "procedure": procedure}
        draft = citizen.post("/v1/drafts", {"matter": HAIR, **sample, "situation": situation})
        upload = accepted_upload(citizen, drain)
        change = {"materials": {key: [upload] for key in gaps(draft) - {"delivery"}}, "delivery": {"way": "pickup"}}
        draft = citizen.patch(f"/v1/drafts/{draft['id']}", change, draft["version"])
        case = citizen.post(f"/v1/drafts/{draft['id']}/submit")["case"]
        accepted = window.post(
            f"/v1/cases/{case['number']}/actions", {"act": "accept"}, expect=200, headers={"If-Match": '"1"'}
        )
        assert accepted["clock"]["legal_due"].startswith("2026-12-22")
        assert (accepted["clock"].get("promised_due") is None) == (promised is None)


def test_a_certificate_that_ran_out_while_the_draft_lay_there_is_asked_for_again(citizen, log_in, drain, clock):
    draft = complete_draft(citizen, drain)
    rows = [{"name": "张示例", "post": "cook", "health_until": "2026-11-30"}]
    path = f"/v1/drafts/{draft['id']}"
    assert citizen.patch(path, {"answers": {"staff": rows}}, draft["version"])["missing"] == []
    clock.move(days=7)
    assert gaps(log_in("13800138000").get(path)) == {"staff.0.health_until"}


def test_numbers_of_others_in_the_form_are_masked_to_the_citizen(citizen, drain):
    aid = "XC-行政给付-002"
    draft = citizen.post("/v1/drafts", {"matter": aid, **filled_in(citizen, aid)})
    upload = accepted_upload(citizen, drain)
    change = {"materials": {key: [upload] for key in gaps(draft) - {"delivery"}}, "delivery": {"way": "pickup"}}
    draft = citizen.patch(f"/v1/drafts/{draft['id']}", change, draft["version"])
    case = citizen.post(f"/v1/drafts/{draft['id']}/submit")["case"]
    assert [row["id_number"][6:14] for row in case["answers"]["members"]] == ["********"] * 2


def test_a_draft_of_a_release_that_asked_for_no_situation_is_read_and_goes_on(citizen, database):
    draft = citizen.post("/v1/drafts", {"matter": HAIR, "answers": {"applicant_name": "王小明"}})
    database["drafts"].update_one({"_id": draft["id"]}, {"$unset": {"situation": ""}})
    assert citizen.get(f"/v1/drafts/{draft['id']}") == draft
    assert draft["situation"] == {}
    changed = citizen.patch(f"/v1/drafts/{draft['id']}", {"situation": {"venue": "hair"}}, draft["version"])
    assert "linen" in gaps(changed)


def test_the_situation_is_sealed_in_the_store(citizen, database):
    citizen.post("/v1/drafts", {"matter": HAIR, "situation": {"venue": "bath"}})
    assert "bath" not in str(database["drafts"].find_one())


BLANKS = ("", " ", "\u3000\u00a0\t", "\u200b\u2060\ufeff", "\u202e\u2066", "\u3164\u2800", "\ufe0f\u0301")
FILLED = {"way": "courier", "name": "王小明", "phone": "13800138000", "address": "西安市新城区皇城西路1号"}


@pytest.mark.parametrize("field", ["name", "phone", "address"])
def test_a_blank_receiver_phone_or_address_is_still_to_be_filled_in(citizen, field):
    draft = citizen.post("/v1/drafts", {"matter": FOOD})
    for blank in BLANKS:
        draft = citizen.patch(f"/v1/drafts/{draft['id']}", {"delivery": {**FILLED, field: blank}}, draft["version"])
        assert f"delivery.{field}" in {gap["field"] for gap in draft["missing"]}, ascii(blank)
        assert draft["delivery"][field] == ""
    draft = citizen.patch(f"/v1/drafts/{draft['id']}", {"delivery": {**FILLED, "name": " 王 小明 "}}, draft["version"])
    assert not {gap["field"] for gap in draft["missing"]} & {f"delivery.{name}" for name in FILLED}
    assert draft["delivery"]["name"] == "王 小明"


def test_a_draft_with_a_blank_address_is_not_submitted(citizen, drain, database, app):
    """Stored by an earlier release, which took it as filled in."""
    draft = complete_draft(citizen, drain)
    seal = app.extensions["circle"].keyring.seal_json
    sealed = seal(draft["id"], "delivery", {**FILLED, "address": "\u3000\u200b"})
    database["drafts"].update_one({"_id": draft["id"]}, {"$set": {"delivery": sealed}})
    refused = citizen.post(f"/v1/drafts/{draft['id']}/submit", {}, expect=422)
    assert (refused["code"], list(refused["errors"])) == ("draft_incomplete", ["delivery.address"])


def test_a_blank_answer_is_none(citizen, drain):
    draft = complete_draft(citizen, drain)
    for blank in BLANKS:
        changed = {"answers": {"shop_name": blank}}
        draft = citizen.patch(f"/v1/drafts/{draft['id']}", changed, draft["version"])
        assert [gap["field"] for gap in draft["missing"]] == ["shop_name"], ascii(blank)


def test_what_may_follow_later_is_not_left_out_in_silence(citizen, drain, database):
    draft = complete_draft(citizen, drain)
    assert {"m4", "m5"} <= set(draft["materials"])  # both may follow, upon a promise that no data has yet
    path = f"/v1/drafts/{draft['id']}"
    without = citizen.patch(path, {"materials": {"m4": []}}, draft["version"])
    [gap] = without["missing"]
    assert gap["material"] == "m4"
    assert gap["why"].endswith("容缺受理的期限还没有公布，现在要一次交齐。")  # nobody can defer for them either
    assert gap["why_en"].endswith("hand it in now.")
    problem = citizen.post(f"{path}/submit", expect=422)
    assert (problem["code"], list(problem["errors"])) == ("draft_incomplete", ["materials.m4"])
    assert database["cases"].count_documents({}) == 0
