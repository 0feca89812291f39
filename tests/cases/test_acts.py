"""Acts that must not be taken, or not be refused: claims, notices, supplements, grounds, proofs, inner words."""

import pytest

from tests.way import accepted_upload, act, issued, submitted


def claimed(officer, case):
    return act(officer, case, "claim")


def supplement(citizen, case, materials, expect=200, version=None, text=""):
    headers = {"If-Match": f'"{version or case["version"]}"'}
    body = {"materials": materials, "text": text}
    return citizen.post(f"/v1/cases/{case['number']}/supplement", body, expect=expect, headers=headers)


def changed(admin, officer, **change):
    """Change the post of a member of staff, as an administrator does it."""
    path = f"/v1/staff/{officer.person['id']}"
    return admin.patch(path, change, admin.get(path)["version"])


# -- claims ---------------------------------------------------------------------------

LEFT = [{"active": False}, {"roles": ["handler"]}, {"point": "XC-C01"}]
"""How the holder of a claim at the window leaves: dismissed, another role, another desk."""


def test_a_case_whose_holder_has_left_is_free_again(citizen, staff, drain):
    stays, admin, case = staff("window"), staff("admin"), submitted(citizen, drain)
    for change in LEFT:
        gone = staff("window", name="走了")
        case = claimed(gone, case)
        assert act(stays, case, "accept", expect=409)["code"] == "held_by_other"
        changed(admin, gone, **change)
        seen = stays.get(f"/v1/cases/{case['number']}")
        assert seen["officer"] is None, change
        assert {"claim", "accept"} <= set(seen["acts"])
        assert stays.get("/v1/desk/cases?queue=all")["items"][0]["officer"] is None
    case = claimed(stays, case)
    assert case["officer"] == "王窗口"
    act(stays, case, "accept")


def test_who_holds_a_case_keeps_it_while_its_next_step_is_their_role(citizen, window, handler, staff, drain):
    case = claimed(window, submitted(citizen, drain))
    case = act(window, case, "request_supplement", items=[{"key": "m1", "why": "没有签名"}])
    case = supplement(citizen, case, {"m1": [accepted_upload(citizen, drain)]})
    assert act(staff("window"), case, "accept", expect=409)["code"] == "held_by_other"
    case = act(window, case, "accept")
    assert case["officer"] is None
    case = act(handler, claimed(handler, case), "transfer", department="RSJ", reason="不归我们办")
    assert window.get(f"/v1/cases/{case['number']}")["officer"] is None


def test_a_handler_moved_to_another_department_holds_nothing_there(citizen, window, staff, drain):
    gone, stays, admin = staff("handler"), staff("handler"), staff("admin")
    case = claimed(gone, act(window, submitted(citizen, drain), "accept"))
    changed(admin, gone, department="RSJ")
    act(stays, case, "decide", kind="grant", text="符合条件，准予许可。")


def test_each_state_is_claimed_by_whose_work_it_is(citizen, window, handler, drain):
    case = submitted(citizen, drain)
    assert "claim" not in handler.get(f"/v1/cases/{case['number']}")["acts"]
    assert act(handler, case, "claim", expect=403)["code"] == "role_wrong"
    case = act(window, case, "accept")
    assert act(window, case, "claim", expect=403)["code"] == "role_wrong"
    case = claimed(handler, case)
    assert act(window, case, "transfer", expect=409, department="RSJ", reason="不归我们")["code"] == "held_by_other"


def test_a_claim_of_an_earlier_release_by_the_wrong_role_locks_nobody_out(citizen, window, handler, drain, database):
    case = submitted(citizen, drain)
    database["cases"].update_one({"number": case["number"]}, {"$set": {"officer": handler.person["id"]}})
    act(window, case, "accept")


def test_what_nobody_claimed_is_not_released_and_what_one_holds_is_not_claimed_twice(citizen, window, drain):
    case = submitted(citizen, drain)
    assert act(window, case, "release", expect=409)["code"] == "not_claimed"
    case = claimed(window, case)
    assert act(window, case, "claim", expect=409)["code"] == "act_not_allowed"
    case = act(window, case, "release")
    assert act(window, case, "release", expect=409)["code"] == "not_claimed"


# -- the one-time notice, and what is handed in for it ----------------------------------


def test_a_third_notice_may_name_what_the_first_named_though_the_second_did_not(citizen, window, drain):
    case = submitted(citizen, drain)
    case = act(window, case, "request_supplement", items=[{"key": key, "why": "看不清"} for key in ("m1", "m4")])
    case = supplement(citizen, case, {key: [accepted_upload(citizen, drain)] for key in ("m1", "m4")})
    case = act(window, case, "request_supplement", items=[{"key": "m1", "why": "还是看不清"}])
    case = supplement(citizen, case, {"m1": [accepted_upload(citizen, drain)]})
    case = act(window, case, "request_supplement", items=[{"key": "m4", "why": "也看不清"}])
    assert case["supplement"]["asked_before"] == ["m1", "m4"]
    assert case["supplement"]["late"] == []


@pytest.fixture
def asked_again(citizen, window, drain):
    """A case with a second notice whose new material has a reason; as the window sees it."""
    case = act(window, submitted(citizen, drain), "request_supplement", items=[{"key": "m1", "why": "没有签名"}])
    case = supplement(citizen, case, {"m1": [accepted_upload(citizen, drain)]})
    items = [{"key": "m4", "why": "缺图"}]
    assert act(window, case, "request_supplement", expect=409, items=items)["code"] == "told_once"
    blank = act(window, case, "request_supplement", expect=422, items=items, late_reason="  ")
    assert "late_reason" in blank["errors"]
    return act(window, case, "request_supplement", items=items, late_reason="初审时看漏了")


def test_something_new_is_taken_with_a_reason_and_shown_as_a_breach(asked_again, citizen, staff):
    number, supervisor = asked_again["number"], staff("supervisor")
    for reader in (citizen, supervisor):
        seen = reader.get(f"/v1/cases/{number}")["supplement"]
        assert (seen["late"], seen["late_reason"], seen["asked_before"]) == (["m4"], "初审时看漏了", ["m1", "m4"])
        breaches = [line["breach"] for line in reader.get(f"/v1/cases/{number}/timeline")["items"] if line["breach"]]
        assert breaches == ["初审时看漏了"]
    rows = supervisor.get(f"/v1/audit?subject={number}")["items"]
    assert "case.told_late" in [row["act"] for row in rows]


def test_a_reason_where_nothing_is_new_is_refused(citizen, window, drain):
    case = submitted(citizen, drain)
    items = [{"key": "m1", "why": "没有签名"}]
    problem = act(window, case, "request_supplement", expect=422, items=items, late_reason="看漏了")
    assert "late_reason" in problem["errors"]


def test_a_supplement_takes_just_what_was_asked_for(citizen, window, drain):
    case = act(window, submitted(citizen, drain), "request_supplement", items=[{"key": "m1", "why": "没有签名"}])
    upload = accepted_upload(citizen, drain)
    for key in ("m4", "m99", "zz"):
        problem = supplement(citizen, case, {"m1": [upload], key: [upload]}, expect=422)
        assert list(problem["errors"]) == [f"materials.{key}"]
    many = supplement(citizen, case, {"m1": [upload] * 21}, expect=422)
    assert list(many["errors"]) == ["materials.m1"]
    assert citizen.get(f"/v1/cases/{case['number']}")["state"] == "supplementing"


# -- what stays inside the office ---------------------------------------------------------


def test_notes_and_claims_make_no_applicant_stale(citizen, window, drain):
    case = act(window, submitted(citizen, drain), "request_supplement", items=[{"key": "m1", "why": "没有签名"}])
    seen = citizen.get(f"/v1/cases/{case['number']}")["version"]
    case = act(window, act(window, claimed(window, case), "note", text="打过电话"), "release")
    after = supplement(citizen, case, {"m1": [accepted_upload(citizen, drain)]}, version=seen)
    assert after["state"] == "submitted"
    act(window, after, "note", text="收到了")
    headers = {"If-Match": f'"{after["version"]}"'}
    gone = citizen.post(f"/v1/cases/{case['number']}/withdrawal", {}, expect=200, headers=headers)
    assert gone["state"] == "withdrawn"


def test_a_note_that_comes_while_an_applicant_acts_does_not_refuse_them(citizen, window, drain, app, monkeypatch):
    case = submitted(citizen, drain)
    store, done = app.extensions["circle"].cases.handling._ground.store, []
    append = type(store).append

    def noted_first(self, session, record, action):
        if not done:
            done.append(1)
            act(window, case, "note", text="同一时刻写的备注")
        return append(self, session, record, action)

    monkeypatch.setattr(type(store), "append", noted_first)
    headers = {"If-Match": f'"{case["version"]}"'}
    gone = citizen.post(f"/v1/cases/{case['number']}/withdrawal", {}, expect=200, headers=headers)
    assert (gone["state"], gone["version"]) == ("withdrawn", case["version"] + 2)


def test_what_an_applicant_sees_changed_makes_their_version_stale(citizen, window, drain):
    case = submitted(citizen, drain)
    act(window, case, "accept")
    for stale in (case["version"], 0, 3, 99):
        headers = {"If-Match": f'"{stale}"'}
        problem = citizen.post(f"/v1/cases/{case['number']}/withdrawal", {}, expect=412, headers=headers)
        assert problem["code"] == "version_stale"


def test_why_a_case_was_transferred_is_said_to_colleagues_alone(citizen, window, staff, drain):
    case = submitted(citizen, drain)
    act(window, case, "transfer", department="RSJ", reason="这家店和我们有过节")
    path = f"/v1/cases/{case['number']}/timeline"
    [line] = [line for line in citizen.get(path)["items"] if line["act"] == "transfer"]
    assert line["text"] == ""
    assert "过节" not in str(citizen.get("/v1/me/export"))
    assert "过节" in str(staff("supervisor").get(path))


# -- grounds and proofs ---------------------------------------------------------------------


def test_a_refusal_names_its_ground_and_blanks_say_nothing(citizen, window, handler, drain):
    case = act(window, submitted(citizen, drain), "accept")
    for ground in ({}, {"ground": ""}, {"ground": " \n"}):
        problem = act(handler, case, "decide", expect=422, kind="refuse", text="场所不符合要求。", **ground)
        assert list(problem["errors"]) == ["ground"]
    assert "text" in act(handler, case, "decide", expect=422, kind="grant", text=" \n ")["errors"]
    assert "text" in act(window, case, "note", expect=422, text="　")["errors"]
    act(handler, case, "decide", kind="refuse", text="场所不符合要求。", ground="食品安全法第35条")


def test_a_result_goes_to_somebody_else_with_a_proof_alone(citizen, window, handler, drain):
    case = issued(citizen, window, handler, drain)
    for to in ("agent", "李强", "王小"):
        problem = act(window, case, "hand_over", expect=422, to=to, proof=" ")
        assert list(problem["errors"]) == ["proof"]
    assert act(window, case, "hand_over", to="李强", proof="委托书、李强的身份证")["state"] == "handed_over"


def test_the_applicant_in_person_needs_none(citizen, window, handler, drain):
    assert act(window, issued(citizen, window, handler, drain), "hand_over", to="applicant")["state"] == "handed_over"
