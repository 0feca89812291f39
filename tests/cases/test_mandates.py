"""Acting for another under a mandate, from the draft to the notices, at the HTTP face.

What is allowed, by hand:

| who        | mandate | sees the case | withdraws, supplements | is told |
| ---------- | ------- | ------------- | ---------------------- | ------- |
| agent      | holds   | yes           | yes                    | yes     |
| agent      | ended   | yes           | no, 403                | yes     |
| principal  | either  | yes           | yes                    | yes     |
| stranger   | either  | no, 404       | no, 404                | no      |
"""

# ruff: noqa: F811
import pytest

from tests.identity.test_mandates import AGENT_NUMBER, COMPANY, agent, mandate, principal  # noqa: F401
from tests.way import COURIER, FOOD, ID_NUMBER, accepted_upload, filled_in

OTHER_MATTER = "XC-行政许可-002"


@pytest.fixture
def given(principal, agent):
    """A mandate for one matter, until the end of the year."""
    return principal.post("/v1/mandates", mandate())


def begun(agent, given, drain):
    """A draft for the principal that wants nothing more."""
    draft = agent.post("/v1/drafts", {"matter": FOOD, "for": given["id"], **filled_in(agent)})
    change = {"materials": dict.fromkeys(("m4", "m5"), [accepted_upload(agent, drain)]), "delivery": COURIER}
    return agent.patch(f"/v1/drafts/{draft['id']}", change, draft["version"])


def filed(agent, given, drain):
    """A case that the agent submitted."""
    case = agent.post(f"/v1/drafts/{begun(agent, given, drain)['id']}/submit")["case"]
    drain()
    return case


def withdrawal(who, case, expect):
    """One's application taken back."""
    headers = {"If-Match": f'"{case["version"]}"'}
    return who.post(f"/v1/cases/{case['number']}/withdrawal", {"reason": ""}, expect=expect, headers=headers)


def ended(principal, given):
    """The mandate is withdrawn."""
    principal.call("DELETE", f"/v1/mandates/{given['id']}", expect=204)


def test_a_draft_for_another_names_them(agent, given):
    draft = agent.post("/v1/drafts", {"matter": FOOD, "for": given["id"]})
    assert draft["for"] == {"mandate": given["id"], "name": "王小明"}
    assert draft["answers"]["applicant_name"] == "王小明"
    assert agent.post("/v1/drafts", {"matter": FOOD})["for"] is None


@pytest.mark.parametrize("who", ["stranger", "principal"])
def test_only_the_agent_begins_under_a_mandate(who, principal, log_in, given):
    caller = principal if who == "principal" else log_in("13700137000")
    refused = caller.post("/v1/drafts", {"matter": FOOD, "for": given["id"]}, expect=403)
    assert refused["code"] == "mandate_ended"


def test_a_mandate_covers_its_own_matters_alone(agent, given):
    body = {"matter": OTHER_MATTER, "for": given["id"]}
    assert agent.post("/v1/drafts", body, expect=403)["code"] == "mandate_ended"


def test_a_mandate_covers_its_giver_alone(agent, given):
    answers = {"id_number": AGENT_NUMBER}
    draft = agent.post("/v1/drafts", {"matter": FOOD, "for": given["id"], "answers": answers})
    assert "请填写委托人本人的身份证号。" in [gap["why"] for gap in draft["missing"]]


def test_both_see_the_case_and_a_stranger_does_not(principal, agent, log_in, given, drain):
    case = filed(agent, given, drain)
    for who in (principal, agent):
        assert [line["number"] for line in who.get("/v1/cases")["items"]] == [case["number"]]
        seen = who.get(f"/v1/cases/{case['number']}")
        assert (seen["agent"], seen["applicant"]["name"]) == (given["agent"]["name"], "王小明")
    stranger = log_in("13700137000")
    stranger.get(f"/v1/cases/{case['number']}", expect=404)
    assert stranger.get("/v1/cases")["items"] == []
    withdrawal(stranger, case, expect=404)


def test_a_draft_names_a_mandate_or_none(agent):
    assert agent.post("/v1/drafts", {"matter": FOOD, "answers": {}})["for"] is None
    agent.post("/v1/drafts", {"matter": FOOD, "answers": {}, "for": ""}, expect=422)


def test_in_the_copy_of_their_data_the_number_is_full_to_the_principal_alone(principal, agent, given, drain):
    filed(agent, given, drain)
    numbers = [who.get("/v1/me/export")["data"]["cases"][0]["answers"]["id_number"] for who in (principal, agent)]
    assert numbers == [ID_NUMBER, "610102********0022"]


def test_both_are_told_once(principal, agent, given, drain):
    filed(agent, given, drain)
    drain()
    for who in (principal, agent):
        assert len(who.get("/v1/notices")["items"]) == 1


def test_a_mandate_withdrawn_before_the_submission_stops_it(principal, agent, given, drain):
    draft = begun(agent, given, drain)
    assert draft["missing"] == []
    ended(principal, given)
    assert agent.post(f"/v1/drafts/{draft['id']}/submit", expect=403)["code"] == "mandate_ended"
    assert agent.get("/v1/cases")["items"] == []


def test_a_mandate_withdrawn_while_the_submission_runs_stops_it(
    principal,
    agent,
    given,
    drain,
    app,
    monkeypatch,
):
    draft = begun(agent, given, drain)
    drafts = app.extensions["circle"].drafts
    complete = drafts.complete

    def then_ended(actor, draft_id):
        found = complete(actor, draft_id)
        ended(principal, given)
        return found

    monkeypatch.setattr(drafts, "complete", then_ended)
    assert agent.post(f"/v1/drafts/{draft['id']}/submit", expect=403)["code"] == "mandate_ended"
    assert agent.get("/v1/cases")["items"] == []


def test_after_its_end_the_agent_reads_and_no_longer_acts(principal, agent, given, drain):
    case = filed(agent, given, drain)
    assert "withdraw" in agent.get(f"/v1/cases/{case['number']}")["acts"]
    ended(principal, given)
    assert agent.get(f"/v1/cases/{case['number']}")["acts"] == []
    assert withdrawal(agent, case, expect=403)["code"] == "mandate_ended"
    withdrawal(principal, case, expect=200)


def test_after_its_last_day_the_agent_no_longer_acts(agent, given, drain, log_in, clock):
    case = filed(agent, given, drain)
    clock.move(days=38)
    again = log_in("13900139000")
    assert withdrawal(again, case, expect=403)["code"] == "mandate_ended"


def test_the_principal_opens_the_files_that_the_agent_handed_in(principal, agent, log_in, given, drain):
    case = filed(agent, given, drain)
    upload = next(file["id"] for material in case["materials"] for file in material["files"])
    assert principal.get(f"/v1/files/{upload}")["url"]
    log_in("13700137000").get(f"/v1/files/{upload}", expect=404)


def test_under_a_companys_mandate_the_company_applies_and_no_other(agent, window):
    given = window.post("/v1/mandates", mandate(kind="company_handler", principal=COMPANY, matters=[]))
    draft = agent.post("/v1/drafts", {"matter": FOOD, "for": given["id"]})
    assert draft["situation"] == {"applicant": "company"}
    assert draft["answers"]["applicant_name"] == COMPANY["name"]

    def whys(change):
        nonlocal draft
        draft = agent.patch(f"/v1/drafts/{draft['id']}", change, draft["version"])
        return {gap["field"]: gap["why"] for gap in draft["missing"]}

    assert (
        whys({"answers": {"credit_code": "91610102MA6EXAMPL4"}})["credit_code"] == "请填写委托单位的统一社会信用代码。"
    )
    assert "credit_code" not in whys({"answers": {"credit_code": COMPANY["number"]}})
    assert "situation" in whys({"situation": {"applicant": "person"}})
