"""Hints of a draft: what it could take over from its own account, and whether its matter is open there already."""

import pytest

from api.identity.masking import mask_identity
from tests.way import FOOD, ID_NUMBER, act, complete_draft, submitted

OTHER = "XC-行政许可-002"


def hints(caller, draft):
    return caller.get(f"/v1/drafts/{draft['id']}/hints")


def by_key(caller, draft):
    return {one["key"]: one for one in hints(caller, draft)["suggestions"]}


def take(caller, draft, *keys, expect=200):
    path, version = f"/v1/drafts/{draft['id']}/suggestions", {"If-Match": f'"{draft["version"]}"'}
    return caller.post(path, {"fields": list(keys)}, expect=expect, headers=version)


def begun(citizen, matter=FOOD, **situation):
    asked = {"situation": situation or {"applicant": "person"}} if matter == FOOD else {}
    return citizen.post("/v1/drafts", {"matter": matter, **asked})


def test_nothing_is_filled_in_by_itself(citizen, drain):
    submitted(citizen, drain)
    assert begun(citizen)["answers"] == {}


def test_the_profile_is_offered_without_a_number_that_nobody_verified(log_in):
    citizen = log_in("13800000031")
    citizen.call("PATCH", "/v1/me", {"name": "王小明"})
    offered = by_key(citizen, begun(citizen))
    assert {key: (one["value"], one["text"]) for key, one in offered.items()} == {
        "applicant_name": ("王小明", "来自您的个人资料"),
        "phone": ("13800000031", "来自您的个人资料"),
    }


def test_an_earlier_case_is_offered_field_by_field_and_the_number_masked(citizen, drain):
    case = submitted(citizen, drain)
    offered = by_key(citizen, begun(citizen))
    number = offered["id_number"]
    assert number["value"] == mask_identity(ID_NUMBER)
    assert number["case"] == case["number"]
    assert number["text"] == f"来自您 11 月 24 日的办件“{case['matter']['name']}”"
    assert number["text_en"].startswith("From your case of 24 Nov: ")
    assert offered["applicant_name"]["value"] == "王小明"
    assert "remark" not in offered


def test_a_tap_takes_over_one_field_and_a_number_stays_masked(citizen, drain, app):
    submitted(citizen, drain)
    draft = take(citizen, begun(citizen), "id_number")
    assert draft["answers"] == {"id_number": mask_identity(ID_NUMBER)}
    assert "id_number" not in {gap["field"] for gap in draft["missing"]}
    again = citizen.patch(f"/v1/drafts/{draft['id']}", {"answers": {"id_number": mask_identity(ID_NUMBER)}}, 2)
    assert again["answers"] == draft["answers"]  # as the page shows it: nothing was typed
    assert "id_number" not in by_key(citizen, again)
    typed = citizen.patch(f"/v1/drafts/{draft['id']}", {"answers": {"id_number": ID_NUMBER}}, again["version"])
    assert typed["answers"] == {"id_number": ID_NUMBER}


def test_what_was_taken_over_is_handed_in_in_full(citizen, window, drain):
    submitted(citizen, drain)
    draft = complete_draft(citizen, drain)
    emptied = citizen.patch(f"/v1/drafts/{draft['id']}", {"answers": {"id_number": ""}}, draft["version"])
    taken = take(citizen, emptied, "id_number")
    assert taken["missing"] == []
    case = citizen.post(f"/v1/drafts/{draft['id']}/submit")["case"]
    assert window.get(f"/v1/cases/{case['number']}")["answers"]["id_number"] == ID_NUMBER


@pytest.mark.parametrize("key", ["shop_name", "remark", "nothing", "staff"])
def test_a_field_without_a_suggestion_is_refused(citizen, key):
    refused = take(citizen, begun(citizen), key, expect=422)
    assert refused["errors"] == {f"fields.{key}": ["这一项没有可以带入的内容，请自己填写。"]}


def test_a_stale_draft_and_a_submitted_one_take_nothing(citizen, drain):
    submitted(citizen, drain)
    draft = begun(citizen)
    take(citizen, draft, "id_number")
    assert take(citizen, draft, "applicant_name", expect=412)["code"] == "version_stale"
    done = complete_draft(citizen, drain)
    citizen.post(f"/v1/drafts/{done['id']}/submit")
    assert take(citizen, done, "address", expect=409)["code"] == "draft_submitted"
    assert hints(citizen, done) == {"suggestions": [], "open_cases": []}


def test_hints_never_leave_the_account(citizen, other_citizen, window, drain):
    submitted(citizen, drain)
    draft = begun(other_citizen)
    assert set(by_key(other_citizen, draft)) == {"phone"}
    assert hints(other_citizen, draft)["open_cases"] == []
    for caller in (citizen, window):
        caller.get(f"/v1/drafts/{draft['id']}/hints", expect=404)


def test_what_a_company_filled_in_is_not_offered_to_a_person(citizen, drain):
    submitted(citizen, drain)
    offered = by_key(citizen, begun(citizen, applicant="company"))
    assert "applicant_name" not in offered


def test_the_same_matter_that_is_open_is_told_and_hinders_nothing(citizen, window, drain):
    case = submitted(citizen, drain)
    draft = complete_draft(citizen, drain)
    (told,) = hints(citizen, draft)["open_cases"]
    assert told["number"] == case["number"]
    assert told["text"].startswith("您 11 月 24 日已经提交过这件事，现在是“")
    assert told["text_en"].startswith("You submitted this on 24 Nov; it is now: ")
    citizen.post(f"/v1/drafts/{draft['id']}/submit")
    act(window, case, "decline", reason="不属于本机关职权", text="请到市局办理。", ground="not_competent")
    assert len(hints(citizen, begun(citizen))["open_cases"]) == 1


def test_another_matter_that_is_open_is_not_told(citizen, drain):
    submitted(citizen, drain)
    assert hints(citizen, begun(citizen, OTHER))["open_cases"] == []
