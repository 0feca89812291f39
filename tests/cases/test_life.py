"""The life of a case over HTTP: special procedures, extensions, and what the page is given to draw their forms."""

import pytest

from tests.way import act, new_version, submitted


@pytest.fixture
def accepted(citizen, window, drain):
    """An accepted case of 食品经营许可: 10 working days by law, promised in fewer; extended by at most 5."""
    return act(window, submitted(citizen, drain), "accept")


def seen(reader, case):
    return reader.get(f"/v1/cases/{case['number']}")


def line_of(reader, case, name):
    return [line for line in reader.get(f"/v1/cases/{case['number']}/timeline")["items"] if line["act"] == name][-1]


def templates(reader):
    return [notice["kind"] for notice in reader.get("/v1/notices")["items"]]


def offered(reader, case, name):
    """The fields of an act that is offered, by key."""
    [form] = [form for form in seen(reader, case)["act_forms"] if form["act"] == name]
    return {field["key"]: field for field in form["fields"]}


# -- special procedures ---------------------------------------------------------------


def test_a_procedure_stops_the_clock_and_the_applicant_is_told(log_in, citizen, handler, staff, drain, clock, accepted):
    before = accepted["clock"]["legal_due"]
    choices = [one["value"] for one in offered(handler, accepted, "start_procedure")["procedure"]["choices"]]
    assert {"听证", "检验", "现场踏勘", "公示"} <= set(choices)
    case = act(handler, accepted, "start_procedure", procedure="检验", days=10, text="送样检验")
    assert [flag["flag"] for flag in case["flags"]] == ["procedure_running"]
    assert (case["clock"]["state"], case["clock"]["legal_due"]) == ("stopped", None)
    assert act(handler, case, "start_procedure", expect=409, procedure="检验", days=3)["code"] == "procedure_runs"
    drain()
    assert templates(citizen)[0] == "procedure_started"
    assert citizen.get("/v1/notices")["items"][0]["text"].count("检验，预计 10 个工作日") == 1
    told = seen(citizen, case)
    assert [flag["label_en"] for flag in told["flags"]] == ["Special procedure running"]
    assert line_of(citizen, case, "start_procedure")["about_en"] == "检验, about 10 working days"
    clock.move(days=2)
    handler, citizen = staff("handler"), log_in("13800138000")
    case = act(handler, case, "end_procedure", procedure="检验", text="合格")
    [procedure] = case["procedures"]
    assert (procedure["ended_by"], procedure["stops_clock"], case["flags"]) == ("end_procedure", True, [])
    assert case["clock"]["legal_due"] > before
    assert act(handler, case, "end_procedure", expect=409, procedure="检验")["code"] == "procedure_not_running"
    drain()
    assert templates(citizen)[0] == "procedure_ended"


def test_a_visit_is_written_down_while_the_clock_runs_and_a_decision_ends_what_runs(handler, accepted):
    due = accepted["clock"]["legal_due"]
    case = act(handler, accepted, "start_procedure", procedure="现场踏勘", days=3)
    assert case["clock"]["legal_due"] == due
    case = act(handler, case, "start_procedure", procedure="听证", days=20)
    case = act(handler, case, "decide", kind="grant", text="符合条件，准予许可。")
    assert [(row["kind"], row["ended_by"]) for row in case["procedures"]] == [
        ("现场踏勘", "decide"),
        ("听证", "decide"),
    ]
    assert (case["flags"], case["clock"]["warnings"]) == ([], ["closed_by_decision:听证"])


def test_a_procedure_that_is_none_is_refused_by_field(handler, accepted):
    for fields, wrong in (
        ({"procedure": "算卦", "days": 3}, "procedure"),
        ({"procedure": "检验"}, "days"),
        ({"procedure": "检验", "days": 0}, "days"),
        ({"procedure": "检验", "days": "3"}, "days"),
        ({"days": 3}, "procedure"),
    ):
        assert list(act(handler, accepted, "start_procedure", expect=422, **fields)["errors"]) == [wrong]


# -- extensions -----------------------------------------------------------------------


def test_an_extension_is_asked_by_the_handler_and_approved_by_the_head(citizen, handler, staff, drain, accepted):
    head, due = staff("head"), accepted["clock"]["legal_due"]
    assert act(handler, accepted, "request_extension", expect=422, days=6, reason="等检验")["errors"]["days"]
    case = act(handler, accepted, "request_extension", days=5, reason="检验机构排队")
    assert [flag["flag"] for flag in case["flags"]] == ["extension_asked"]
    inside = seen(citizen, case)
    assert (inside["flags"], inside["extensions"], "排队" in str(inside)) == ([], [], False)
    assert act(handler, case, "approve_extension", expect=403, reason="同意")["code"] == "role_wrong"
    assert act(handler, case, "request_extension", expect=409, days=1, reason="再要")["code"] == "extension_once"
    case = act(head, case, "approve_extension", reason="检验还要五天")
    assert case["clock"]["legal_due"] > due
    assert case["clock"]["extensions"] == ["ok"]
    told = seen(citizen, case)
    assert [(row["days"], row["answer"], row["text"]) for row in told["extensions"]] == [(5, "检验还要五天", "")]
    drain()
    assert templates(citizen)[0] == "limit_extended"
    again = act(head, case, "approve_extension", expect=409, reason="再批")
    assert again["code"] == "extension_not_asked"
    assert "approve_extension" not in [one["act"] for one in again["allowed"]]


def test_a_refused_extension_leaves_all_as_it_was_and_the_citizen_hears_nothing(
    citizen, handler, staff, drain, accepted
):
    case = act(handler, accepted, "request_extension", days=5, reason="人手不够")
    case = act(staff("head"), case, "refuse_extension", reason="抓紧办")
    assert (case["flags"], case["clock"]["legal_due"]) == ([], accepted["clock"]["legal_due"])
    drain()
    assert "抓紧" not in str([seen(citizen, case), citizen.get(f"/v1/cases/{case['number']}/timeline")])
    assert templates(citizen)[0] == "case_accepted"
    act(handler, case, "request_extension", days=2, reason="检验机构排队")


def test_nobody_answers_their_own_extension_and_no_other_department(citizen, staff, accepted):
    both, elsewhere = staff("handler", "head"), staff("head", department="RSJ")
    case = act(both, accepted, "request_extension", days=5, reason="等检验")
    assert act(both, case, "approve_extension", expect=409, reason="同意")["code"] == "not_by_the_asker"
    act(elsewhere, case, "approve_extension", expect=404, reason="同意")
    assert act(both, case, "decide", kind="grant", text="符合条件，准予许可。")["flags"] == []


def test_too_late_is_too_late(handler, staff, accepted, clock):
    head = staff("head")
    case = act(handler, accepted, "request_extension", days=5, reason="等检验")
    clock.move(days=30)
    handler, head = staff("handler"), staff("head")
    assert act(head, case, "approve_extension", expect=409, reason="同意")["code"] == "extension_late"
    act(head, case, "refuse_extension", reason="已经超期")


@pytest.mark.usefixtures("starter_again")
def test_where_the_government_approves_its_head_does_and_sees_no_more_than_they_need(
    citizen, window, handler, staff, drain
):
    new_version(staff("admin"), extension_approver="本级人民政府负责人")
    case = act(window, submitted(citizen, drain), "accept")
    case = act(handler, case, "request_extension", days=5, reason="几个部门一起办")
    assert act(staff("head"), case, "approve_extension", expect=403, reason="同意")["code"] == "approver_wrong"
    mayor = staff("head", department="QZF")
    whole = seen(mayor, case)
    assert (whole["applicant"]["name"], whole["acts"]) == ("王*", ["approve_extension", "refuse_extension"])
    assert [line["number"] for line in mayor.get("/v1/desk/cases")["items"]] == [case["number"]]
    case = act(mayor, case, "approve_extension", reason="联合办理，确有必要")
    assert case["clock"]["extensions"] == ["ok"]


# -- what is allowed instead ------------------------------------------------------------


def test_a_wrong_act_says_what_may_be_done_now(citizen, window, drain):
    case = submitted(citizen, drain)
    problem = act(window, case, "issue", expect=409, serial="JY1")
    assert problem["code"] == "act_not_allowed"
    assert {"act": "accept", "label": "受理", "label_en": "Accepted"} in problem["allowed"]
    assert [one["act"] for one in problem["allowed"]] == seen(window, case)["acts"]
    case = act(window, case, "accept")
    act(window, {**case, "version": case["version"] - 1}, "issue", expect=412, serial="JY1")
