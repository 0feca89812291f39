"""Cases at the HTTP face: submit, handle, follow."""

import threading
from uuid import uuid4

import pytest

from tests.way import PNG, accepted_upload, act, complete_draft, issued, submitted


def titles(caller):
    return [item["kind"] for item in caller.get("/v1/notices")["items"]]


def test_a_submitted_case_has_a_number_a_receipt_and_a_running_notice_limit(citizen, drain):
    case = submitted(citizen, drain)
    assert case["number"].startswith("XC261124-")
    assert len(case["receipt_code"]) == 8
    assert case["state"] == "submitted"
    assert case["clock"]["state"] == "not_started"
    assert case["clock"]["notice_due"] == "2026-12-01T23:59:59+08:00"
    assert case["acts"] == ["withdraw"]
    assert titles(citizen) == ["case_submitted"]


def test_an_incomplete_draft_is_refused_with_what_is_missing(citizen):
    draft = citizen.post("/v1/drafts", {"matter": "XC-行政许可-001"})
    problem = citizen.post(f"/v1/drafts/{draft['id']}/submit", expect=422)
    assert problem["code"] == "draft_incomplete"
    assert {"applicant_name", "id_number", "delivery", "shop_name"} <= set(problem["errors"])


def test_a_draft_makes_at_most_one_case(citizen, drain, database):
    draft = complete_draft(citizen, drain)
    key = {"Idempotency-Key": str(uuid4())}
    first = citizen.post(f"/v1/drafts/{draft['id']}/submit", headers=key)["case"]
    again = citizen.post(f"/v1/drafts/{draft['id']}/submit", headers=key)["case"]
    assert again["number"] == first["number"]
    problem = citizen.post(f"/v1/drafts/{draft['id']}/submit", expect=409)
    assert problem["code"] == "draft_submitted"
    assert first["number"] in problem["detail"]
    assert database["cases"].count_documents({}) == 1
    assert database["case_actions"].count_documents({}) == 1
    assert database["events"].count_documents({"type": "case.submitted"}) == 1


def test_two_submissions_at_once_make_one_case(citizen, drain, database):
    draft = complete_draft(citizen, drain)
    answers = []
    barrier = threading.Barrier(4)

    def submit():
        barrier.wait()
        answers.append(citizen.raw("POST", f"/v1/drafts/{draft['id']}/submit").status_code)

    threads = [threading.Thread(target=submit) for _ in range(4)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert sorted(answers).count(201) == 1, answers
    assert set(answers) <= {201, 409, 412}
    assert database["cases"].count_documents({}) == 1
    assert database["case_actions"].count_documents({}) == 1


def test_the_whole_way_of_a_case(citizen, window, handler, drain):
    case = submitted(citizen, drain)
    assert [line["number"] for line in window.get("/v1/desk/cases?queue=to_accept")["items"]] == [case["number"]]
    case = act(window, case, "claim")
    case = act(window, case, "request_supplement", items=[{"key": "m1", "why": "没有签名"}], text="请签名后重新上传。")
    drain()
    seen = citizen.get(f"/v1/cases/{case['number']}")
    assert (seen["state"], seen["supplement"]["items"][0]["why"]) == ("supplementing", "没有签名")
    assert seen["clock"]["state"] == "not_started"

    again = {"materials": {"m1": [accepted_upload(citizen, drain)]}, "text": "已签名"}
    version = {"If-Match": f'"{seen["version"]}"'}
    case = citizen.post(f"/v1/cases/{case['number']}/supplement", again, expect=200, headers=version)
    assert case["state"] == "submitted"
    case = act(window, case, "accept")
    assert case["clock"]["legal_due"] == "2026-12-08T23:59:59+08:00"
    case = act(handler, case, "decide", kind="grant", text="符合条件,准予许可。", ground="食品安全法第35条")
    assert case["state"] == "granted"
    case = act(window, case, "issue", serial="JY1610102000001")
    case = act(window, case, "hand_over", to="王小明", proof="身份证核对")
    assert case["state"] == "handed_over"
    case = act(window, case, "close")
    drain()

    seen = citizen.get(f"/v1/cases/{case['number']}")
    assert (seen["state"], seen["result"]["serial"]) == ("closed", "JY1610102000001")
    timeline = citizen.get(f"/v1/cases/{case['number']}/timeline")["items"]
    assert [item["act"] for item in timeline] == [
        "submit",
        "request_supplement",
        "supplement",
        "accept",
        "decide",
        "issue",
        "hand_over",
        "close",
    ]
    assert timeline[1]["by"] == {"kind": "staff", "name": "王窗口", "role": "window"}
    assert titles(citizen) == [
        "case_handed_over",
        "result_issued",
        "case_granted",
        "case_accepted",
        "supplement_requested",
        "case_submitted",
    ]


def test_a_second_notice_may_not_ask_for_something_new(citizen, window, drain):
    case = submitted(citizen, drain)
    case = act(window, case, "request_supplement", items=[{"key": "m1", "why": "没有签名"}])
    more = {"materials": {"m1": [accepted_upload(citizen, drain)]}}
    version = {"If-Match": f'"{case["version"]}"'}
    case = citizen.post(f"/v1/cases/{case['number']}/supplement", more, expect=200, headers=version)
    problem = act(window, case, "request_supplement", expect=409, items=[{"key": "m4", "why": "缺图"}])
    assert problem["code"] == "told_once"
    act(window, case, "request_supplement", items=[{"key": "m1", "why": "还是没有签名"}])


def test_what_the_state_holds_is_asked_of_nobody(citizen, window, drain):
    case = submitted(citizen, drain)
    held = next(material for material in case["materials"] if material["held_by_state"])
    assert (held["kind"], held["copies"], held["required"]) == ("复印件", 1, True)  # as the guide has it
    items = [{"key": held["key"], "why": "没有提交。"}]
    problem = act(window, case, "request_supplement", expect=422, items=items)
    assert held["name"] in problem["errors"]["items"][0]


@pytest.mark.parametrize(("language", "words"), [("zh", "一项材料只能要求一次"), ("en", "Ask for each paper once")])
def test_a_notice_names_each_material_once(citizen, window, drain, language, words):
    case = submitted(citizen, drain)
    body = {"act": "request_supplement", "items": [{"key": "m1", "why": "没有签名"}, {"key": "m1", "why": "看不清"}]}
    headers = {"If-Match": f'"{case["version"]}"', "Accept-Language": language}
    problem = window.post(f"/v1/cases/{case['number']}/actions", body, expect=422, headers=headers)
    assert words in problem["errors"]["items"][0]


def test_a_supplement_that_comes_again_in_the_next_round_is_late_and_not_wrong(citizen, window, drain):
    case = submitted(citizen, drain)
    case = act(
        window, case, "request_supplement", items=[{"key": "m1", "why": "没有签名"}, {"key": "m4", "why": "缺图"}]
    )
    path, upload = f"/v1/cases/{case['number']}/supplement", accepted_upload(citizen, drain)
    body = {"materials": {"m1": [upload], "m4": [upload]}, "text": ""}
    first = {"If-Match": f'"{case["version"]}"'}
    case = citizen.post(path, body, expect=200, headers=first)
    act(window, case, "request_supplement", items=[{"key": "m4", "why": "还是缺图"}])
    assert citizen.post(path, body, expect=412, headers=first)["code"] == "version_stale"


def test_a_supplement_must_hold_all_that_was_asked_for(citizen, window, drain):
    case = submitted(citizen, drain)
    items = [{"key": "m1", "why": "没有签名"}, {"key": "m4", "why": "缺图"}]
    case = act(window, case, "request_supplement", items=items)
    half = {"materials": {"m1": [accepted_upload(citizen, drain)]}}
    version = {"If-Match": f'"{case["version"]}"'}
    problem = citizen.post(f"/v1/cases/{case['number']}/supplement", half, expect=422, headers=version)
    assert "materials.m4" in problem["errors"]


def test_silence_for_five_working_days_is_acceptance_from_the_day_of_arrival(citizen, log_in, drain, clock):
    case = submitted(citizen, drain)
    clock.move(days=7)
    citizen = log_in("13800138000")
    assert citizen.get(f"/v1/cases/{case['number']}")["state"] == "submitted"
    clock.move(days=1)
    citizen = log_in("13800138000")
    seen = citizen.get(f"/v1/cases/{case['number']}")
    assert seen["state"] == "accepted"
    assert (seen["clock"]["accept_basis"], seen["clock"]["day0"]) == ("deemed", "2026-11-24")
    assert titles(citizen)[0] == "case_deemed_accepted"


def test_a_stale_version_is_refused_and_a_missing_one_too(citizen, window, drain):
    case = submitted(citizen, drain)
    act(window, case, "note", text="电话核实")
    assert act(window, case, "accept", expect=412)["code"] == "version_stale"
    path = f"/v1/cases/{case['number']}/actions"
    assert window.post(path, {"act": "accept"}, expect=428)["code"] == "version_missing"


def test_of_two_officers_at_once_one_acts(citizen, staff, drain, database):
    case = submitted(citizen, drain)
    officers = [staff("window"), staff("window")]
    answers = []
    barrier = threading.Barrier(2)

    def accept(officer):
        barrier.wait()
        headers = {"If-Match": f'"{case["version"]}"'}
        path = f"/v1/cases/{case['number']}/actions"
        answers.append(officer.raw("POST", path, json={"act": "accept"}, headers=headers).status_code)

    threads = [threading.Thread(target=accept, args=(officer,)) for officer in officers]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert sorted(answers) == [200, 412]
    assert database["case_actions"].count_documents({"act": "accept"}) == 1


def test_a_claimed_case_is_left_to_its_holder(citizen, staff, drain):
    mine, yours = staff("window"), staff("window")
    case = act(mine, submitted(citizen, drain), "claim")
    assert act(yours, case, "accept", expect=409)["code"] == "held_by_other"
    assert [line["number"] for line in mine.get("/v1/desk/cases?queue=mine")["items"]] == [case["number"]]
    case = act(mine, case, "release")
    act(yours, case, "accept")


def test_notes_stay_inside_the_office(citizen, window, drain):
    case = submitted(citizen, drain)
    act(window, case, "note", text="申请人声音激动")
    assert "激动" not in str(citizen.get(f"/v1/cases/{case['number']}/timeline"))
    assert "激动" in str(window.get(f"/v1/cases/{case['number']}/timeline"))


def test_another_citizen_finds_nothing(citizen, other_citizen, drain):
    number = submitted(citizen, drain)["number"]
    for path in ("", "/timeline", "/clock", "/parcels"):
        other_citizen.get(f"/v1/cases/{number}{path}", expect=404)
    version = {"If-Match": '"1"'}
    other_citizen.post(f"/v1/cases/{number}/withdrawal", {}, expect=404, headers=version)
    assert other_citizen.get("/v1/cases")["items"] == []


def test_withdrawal_ends_a_case_before_the_decision_and_not_after(citizen, window, handler, drain):
    case = submitted(citizen, drain)
    version = {"If-Match": f'"{case["version"]}"'}
    gone = citizen.post(f"/v1/cases/{case['number']}/withdrawal", {"reason": "不开店了"}, expect=200, headers=version)
    assert gone["state"] == "withdrawn"
    late = issued(citizen, window, handler, drain)
    version = {"If-Match": f'"{late["version"]}"'}
    problem = citizen.post(f"/v1/cases/{late['number']}/withdrawal", {}, expect=409, headers=version)
    assert problem["code"] == "act_not_allowed"


def test_the_receipt_opens_the_state_without_a_log_in(citizen, anyone, drain):
    case = submitted(citizen, drain)
    found = anyone.post(
        "/v1/lookups", {"number": case["number"].lower(), "code": case["receipt_code"].lower()}, expect=200
    )
    assert set(found) == {
        *("number", "matter", "state", "state_label", "state_label_en"),
        *("act_by", "notice_due", "sentence"),
    }
    anyone.post("/v1/lookups", {"number": case["number"], "code": "00000000"}, expect=404)
    anyone.post("/v1/lookups", {"number": "XC000000-00000", "code": case["receipt_code"]}, expect=404)


def test_staff_read_the_answers_and_that_is_audited_while_lists_are_masked(citizen, window, drain, database):
    case = submitted(citizen, drain)
    line = window.get("/v1/desk/cases")["items"][0]
    assert line["applicant"] == {"name": "王*"}
    whole = window.get(f"/v1/cases/{case['number']}")
    assert whole["answers"]["id_number"] == "610102194303050022"
    assert whole["receipt_code"] is None
    assert citizen.get(f"/v1/cases/{case['number']}")["answers"]["id_number"] == "610102********0022"
    assert database["audit"].count_documents({"act": "read_unmasked", "actor": window.person["id"]}) == 1


def test_nothing_personal_lies_open_in_the_store(citizen, window, drain, database):
    case = submitted(citizen, drain)
    act(window, case, "note", text="申请人王小明来电")
    drain()
    everything = str([list(database[name].find()) for name in database.handle.list_collection_names()])
    for secret in ("王小明", "610102194303050022", "13800138000", "西一路100号", case["receipt_code"]):
        assert secret not in everything, secret
    assert PNG.hex() not in everything


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"act": "decline"}, "reason"),
        ({"act": "decide", "kind": "grant"}, "text"),
        ({"act": "decide", "kind": "maybe", "text": "x"}, "kind"),
        ({"act": "request_supplement"}, "items"),
        ({"act": "request_supplement", "items": []}, "items"),
        ({"act": "issue"}, "serial"),
        ({"act": "fly"}, "act"),
        ({}, "act"),
    ],
)
def test_acts_with_something_missing_are_refused_by_field(citizen, window, drain, body, field):
    case = submitted(citizen, drain)
    headers = {"If-Match": f'"{case["version"]}"'}
    problem = window.post(f"/v1/cases/{case['number']}/actions", body, expect=422, headers=headers)
    assert field in problem["errors"]


def test_the_snapshot_is_the_fold_of_the_actions(citizen, window, handler, drain, app, database):
    from api.cases.life.acts import fold

    case = issued(citizen, window, handler, drain)
    row = database["cases"].find_one({"number": case["number"]})
    standing = fold(app.extensions["circle"].cases.actions(row["_id"]))
    assert (row["state"], row["version"], row["officer"]) == (standing.state, standing.version, standing.officer)


def test_the_queue_of_somebody_with_two_posts_is_one_list_without_repeats(citizen, staff, drain):
    both = staff("window", "handler")
    numbers = [submitted(citizen, drain)["number"] for _ in range(3)]
    first = both.get("/v1/desk/cases?limit=2")
    second = both.get(f"/v1/desk/cases?limit=2&cursor={first['next']}")
    assert [row["number"] for row in [*first["items"], *second["items"]]] == numbers[::-1]
    assert second["next"] is None
