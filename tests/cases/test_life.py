"""The life of a case over HTTP: every act beside the plain way, what is told of it, and how a page draws its form."""

from datetime import date

import pytest

from api.cases.clock.ledger_words import ledger_lines
from api.cases.life.acts import RULES
from tests.cases.test_who_may_act import MUST
from tests.way import accepted_upload, act, issued, new_version, submitted

ELDERLY = "XC-公共服务-003"
"""老年人优待证: done on the spot, by the window."""
SHOP = "XC-行政许可-003"
"""个体工商户设立登记: done on the spot, by the approval officers."""


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


def test_the_ledger_reads_a_procedure_whose_name_has_blanks():
    clock = {"unit": "working", "total": 10, "ledger": ["2026-12-01 runs:公示 7 天 4"], "warnings": []}
    today = date(2026, 12, 2)
    [line] = ledger_lines(clock, "permit", today, today, {})
    assert (line["text"], line["used"]) == ("公示 7 天（照常计时）", 4)


# -- extensions -----------------------------------------------------------------------


def test_an_extension_is_asked_by_the_handler_and_approved_by_the_head(citizen, handler, staff, drain, accepted):
    head, due = staff("head"), accepted["clock"]["legal_due"]
    assert act(handler, accepted, "request_extension", expect=422, days=6, reason="等检验")["errors"]["days"]
    labels = offered(handler, accepted, "request_extension")["days"]
    assert (labels["label"], labels["label_en"]) == ("延长几个工作日", "How many working days")
    case = act(handler, accepted, "request_extension", days=5, reason="检验机构排队")
    assert line_of(handler, case, "request_extension")["about"] == "5 个工作日"
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
    assert [form["template_field"] for form in whole["act_forms"]] == [None, None]
    assert [line["number"] for line in mayor.get("/v1/desk/cases")["items"]] == [case["number"]]
    [line] = mayor.post("/v1/desk/cases/search", {"text": case["number"]}, expect=200)["items"]
    assert line["applicant"]["name"] == "王*"
    assert {row["href"] for row in mayor.get(f"/v1/cases/{case['number']}/documents")["items"]} == {None}
    mayor.get(f"/v1/cases/{case['number']}/receipt.pdf", expect=403)
    case = act(mayor, case, "approve_extension", reason="联合办理，确有必要")
    assert case["clock"]["extensions"] == ["ok"]


# -- before the decision ---------------------------------------------------------------


def test_a_survey_names_two_officers_and_the_citizen_sees_who_and_what_came_of_it(
    citizen, window, staff, drain, accepted
):
    one, two = staff("handler", name="核查甲"), staff("handler", name="核查乙")
    ids = [officer.person["id"] for officer in (one, two)]
    choices = offered(one, accepted, "survey")["officers"]["choices"]
    assert set(ids) <= {row["value"] for row in choices}
    fields = {"result": "met", "text": "后厨与图纸一致", "photos": [accepted_upload(one, drain)]}
    elsewhere = staff("handler", department="RSJ").person["id"]
    for officers in ([], ids[:1], [ids[0], ids[0]], [ids[0], "nobody"], [ids[0], elsewhere]):
        problem = act(one, accepted, "survey", expect=422, officers=officers, **fields)
        assert list(problem["errors"]) == ["officers"], officers
    strange = act(two, accepted, "survey", expect=422, officers=ids, **fields)
    assert list(strange["errors"]) == ["photos"]
    case = act(one, accepted, "survey", officers=ids, **fields)
    assert case["surveys"][0]["officers"] == ["核查甲", "核查乙"]
    assert window.get(f"/v1/files/{fields['photos'][0]}")["url"]
    told = seen(citizen, case)
    assert (told["surveys"][0]["officers"], told["surveys"][0]["text"]) == (["核查甲", "核查乙"], "")
    assert line_of(citizen, case, "survey")["about"] == "符合要求"
    assert "图纸" not in str([told, citizen.get(f"/v1/cases/{case['number']}/timeline")])


def test_of_a_review_the_citizen_sees_that_it_took_place(citizen, staff, accepted):
    case = act(staff("head"), accepted, "review", opinion="disagree", text="排烟不合格")
    case = act(staff("handler"), case, "review", opinion="agree", text="已整改")
    assert [row["opinion"] for row in case["reviews"]] == ["disagree", "agree"]
    told = seen(citizen, case)
    assert [(row["by"], row["opinion"]) for row in told["reviews"]] == [(None, None)] * 2
    everything = str([told, citizen.get(f"/v1/cases/{case['number']}/timeline"), citizen.get("/v1/me/export")])
    assert "排烟" not in everything
    assert "disagree" not in everything


# -- who holds it ------------------------------------------------------------------------


def test_a_head_gives_a_case_to_who_could_claim_it_and_takes_it_back(citizen, window, handler, staff, drain):
    head, case = staff("head"), submitted(citizen, drain)
    mine = window.person["id"]
    choices = [row["value"] for row in offered(head, case, "assign")["officer"]["choices"]]
    assert mine in choices
    assert handler.person["id"] not in choices
    for wrong in (handler.person["id"], "nobody", ""):
        assert list(act(head, case, "assign", expect=422, officer=wrong)["errors"]) == ["officer"]
    case = act(head, case, "assign", officer=mine)
    assert act(staff("window"), case, "accept", expect=409)["code"] == "held_by_other"
    case = act(head, case, "assign")
    assert case["officer"] is None
    version = seen(citizen, case)["version"]
    assert "assign" not in str(citizen.get(f"/v1/cases/{case['number']}/timeline"))
    case = act(staff("window"), {**case, "version": version}, "accept")
    act(handler, case, "assign", expect=403, officer=handler.person["id"])


def test_who_was_given_a_case_holds_it_from_that_day_on_whatever_they_did_before(citizen, window, staff, drain, clock):
    case = act(window, submitted(citizen, drain), "note", text="电话核实")
    clock.move(days=6)  # more working days than a claim lasts that is left alone
    case = act(staff("head"), case, "assign", officer=window.person["id"])
    assert case["officer"] == "王窗口"
    assert act(staff("window"), case, "accept", expect=409)["code"] == "held_by_other"


# -- mistakes ------------------------------------------------------------------------------


def test_a_mistake_is_corrected_by_an_act_that_the_citizen_sees_and_nothing_stored_changes(
    citizen, window, handler, staff, drain, accepted, app, database
):
    case = act(handler, accepted, "decide", kind="grant", text="准予许可，面积 10 平方米。")
    row = database["cases"].find_one({"number": case["number"]})
    before = list(database["case_actions"].find({"case": row["_id"]}).sort("seq", 1))
    [choice] = offered(handler, case, "correct")["about"]["choices"]
    fields = {"was": "10 平方米", "right": "100 平方米", "reason": "漏写一个零"}
    assert list(act(window, case, "correct", expect=422, about=choice["value"], **fields)["errors"]) == ["about"]
    assert list(act(handler, case, "correct", expect=422, about=1, **fields)["errors"]) == ["about"]
    assert (
        "right"
        in act(handler, case, "correct", expect=422, about=choice["value"], **{**fields, "right": " "})["errors"]
    )
    case = act(handler, case, "correct", about=choice["value"], **fields)
    assert (case["state"], case["decision"]["text"]) == ("granted", "准予许可，面积 10 平方米。")
    [correction] = seen(citizen, case)["corrections"]
    assert (correction["about"], correction["act"], correction["right"]) == (3, "decide", "100 平方米")
    assert correction["text"] == "漏写一个零"
    assert list(database["case_actions"].find({"case": row["_id"], "seq": {"$lt": 4}}).sort("seq", 1)) == before
    drain()
    assert templates(citizen)[0] == "case_corrected"


def test_a_result_is_made_anew_and_handed_over_again_before_the_case_is_closed(citizen, window, handler, drain):
    case = issued(citizen, window, handler, drain)
    old = case["result"]["serial"]
    case = act(window, case, "hand_over", to="applicant")
    assert act(window, case, "hand_over", expect=409, to="applicant")["code"] == "act_not_allowed"
    case = act(window, case, "reissue", serial="JY-2", reason="经营者姓名印错")
    assert (case["state"], case["result"]["serial"], case["reissues"][0]["before"]) == ("issued", "JY-2", old)
    assert act(window, case, "close", expect=409)["code"] == "act_not_allowed"
    case = act(window, case, "hand_over", to="applicant")
    assert case["clock"]["handover_overdue"] is False
    case = act(window, case, "close")
    case = act(window, case, "reissue", serial="JY-3", reason="地址印错")  # found after it was filed
    assert (case["state"], [row["handed_over_at"] is None for row in case["reissues"]]) == ("issued", [False, True])
    case = act(window, act(window, case, "hand_over", to="applicant"), "close")
    assert case["state_label"] == "已办结"
    drain()
    assert {"result_reissued", "case_handed_over"} <= set(templates(citizen))


def test_a_result_made_anew_after_the_hand_over_has_ten_working_days_of_its_own(
    citizen, window, handler, staff, drain, clock, database
):
    case = issued(citizen, window, handler, drain)  # granted on 24 November
    assert case["clock"]["handover_due"][:10] == "2026-12-08"
    case = act(window, case, "reissue", serial="JY-2", reason="印错")
    assert case["clock"]["handover_due"][:10] == "2026-12-08", "the law's own days, while none was handed over"
    case = act(window, case, "hand_over", to="applicant")
    assert (case["clock"]["handover_due"][:10], case["sentence"]["text"]) == ("2026-12-08", "结果已送达，不再计时")
    clock.move(days=10)
    window = staff("window")
    case = act(window, seen(window, case), "reissue", serial="JY-3", reason="又印错")
    assert (case["clock"]["handover_due"][:10], case["clock"]["handover_overdue"]) == ("2026-12-18", False)
    assert "最迟" in case["sentence"]["text"]
    drain()
    kinds = lambda: [row["data"]["kind"] for row in database["events"].find({"type": "case.deadline_reached"})]  # noqa: E731
    clock.move(days=12)
    drain()
    assert kinds() == ["handover_near"]
    clock.move(days=3)
    drain()
    assert kinds() == ["handover_near", "overdue_handover"]
    window = staff("window")
    case = act(window, seen(window, case), "hand_over", to="applicant")
    assert case["clock"]["handover_overdue"] is True


# -- ends ------------------------------------------------------------------------------------


def test_an_end_without_a_decision_has_a_cause_and_ends_the_clock(citizen, window, handler, drain, accepted):
    fields = {"cause": "object_gone", "text": "房屋已经拆除"}
    for wrong, key in (({"cause": "other"}, "cause"), ({"cause": "no_supplement"}, "cause"), ({"text": ""}, "text")):
        assert list(act(handler, accepted, "terminate", expect=422, **{**fields, **wrong})["errors"]) == [key]
    case = act(handler, accepted, "start_procedure", procedure="检验", days=10)
    case = act(handler, case, "terminate", **fields)
    assert (case["state"], case["state_label_en"]) == ("terminated", "Ended without a decision")
    assert (case["clock"]["state"], case["procedures"][0]["ended_by"]) == ("ended", "terminate")
    assert case["flags"] == []
    drain()
    assert templates(citizen)[0] == "case_terminated"
    assert "房屋已经拆除" in line_of(citizen, case, "terminate")["text"]
    for name, more in (("accept", {}), ("decide", {"kind": "grant", "text": "准予"}), ("terminate", fields)):
        assert act(window if name == "accept" else handler, case, name, expect=409, **more)["code"] == "act_not_allowed"
    case = act(window, case, "close")
    assert case["state_label"] == "已终止办理，已归档"


@pytest.mark.parametrize("days", [None, 3])
def test_a_case_whose_papers_never_came_ends_at_the_window_after_their_last_day(citizen, staff, drain, clock, days):
    """A notice that gives no day is waited upon for ten working days: from 24 November to 8 December."""
    fields = {"items": [{"key": "m1", "why": "没有签名"}], **({"days": days} if days else {})}
    case = act(staff("window"), submitted(citizen, drain), "request_supplement", **fields)
    end = {"cause": "no_supplement", "text": "三次联系都没有补"}
    clock.move(days=3 if days else 14)  # the last day itself
    problem = act(staff("window"), case, "terminate", expect=422, **end)
    assert ("11 月 27 日" if days else "12 月 8 日") in problem["errors"]["cause"][0]
    clock.move(days=1)
    window = staff("window")
    case = act(window, seen(window, case), "terminate", **end)
    assert (case["state"], case["sentence"]["text"]) == ("terminated", "已终止办理，不再计时")


# -- on the spot -------------------------------------------------------------------------------


def test_an_instant_matter_is_done_in_one_call_by_whom_its_data_names_and_told_once(citizen, window, handler, drain):
    case = submitted(citizen, drain, matter=ELDERLY)
    told = templates(citizen)
    fields = {"kind": "grant", "text": "符合条件，当场办结。", "serial": "YD1", "to": "applicant"}
    act(handler, case, "finish", expect=404, **fields)
    case = act(window, case, "finish", **fields)
    assert (case["state"], case["result"]["serial"]) == ("handed_over", "YD1")
    assert (case["clock"]["state"], case["clock"]["overdue"]) == ("decided", False)
    acts = [(line["act"], line["by"]["role"]) for line in citizen.get(f"/v1/cases/{case['number']}/timeline")["items"]]
    assert acts[1:] == [(name, "window") for name in ("accept", "decide", "issue", "hand_over")]
    drain()
    assert templates(citizen) == ["case_finished", *told]
    assert act(window, case, "finish", expect=409, **fields)["code"] == "act_not_allowed"


def test_what_the_approval_officers_decide_at_once_the_window_does_not(citizen, window, handler, drain):
    case = submitted(citizen, drain, matter=SHOP)
    fields = {"kind": "refuse", "text": "名称与他人相同。"}
    problem = act(window, case, "finish", expect=409, **fields, ground="条例第九条")
    assert (problem["code"], "审批人员" in problem["detail"]) == ("not_delegated", True)
    assert "finish" not in seen(window, case)["acts"]
    assert list(act(handler, case, "finish", expect=422, **fields)["errors"]) == ["ground"]
    odd = act(handler, case, "finish", expect=422, **fields, ground="条例第九条", serial="X1")
    assert list(odd["errors"]) == ["serial"]
    assert seen(handler, case)["version"] == case["version"], "nothing is done by half"
    assert act(handler, case, "finish", **fields, ground="条例第九条")["state"] == "refused"
    drain()
    assert templates(citizen)[0] == "case_refused"


def test_what_was_decided_on_the_spot_and_not_made_is_told_as_granted(citizen, window, drain):
    case = submitted(citizen, drain, matter=ELDERLY)
    told = templates(citizen)
    case = act(window, case, "finish", kind="grant", text="符合条件。")
    drain()
    assert (case["state"], templates(citizen)) == ("granted", ["case_granted", *told])


def test_a_matter_that_takes_its_time_is_not_done_on_the_spot(window, handler, citizen, drain):
    case = submitted(citizen, drain)
    for officer in (window, handler):
        problem = act(officer, case, "finish", expect=409, kind="grant", text="同意")
        assert problem["code"] == "not_delegated"


def test_of_a_call_for_several_acts_nothing_is_done_by_half(citizen, window, drain, app, database, monkeypatch):
    case, sent = submitted(citizen, drain, matter=ELDERLY), []
    store = app.extensions["circle"].cases.handling._ground.store
    append = type(store).append

    def third_is_beaten(self, session, record, action):
        sent.append(action.act)
        return len(sent) < 3 and append(self, session, record, action)

    monkeypatch.setattr(type(store), "append", third_is_beaten)
    fields = {"kind": "grant", "text": "符合条件。", "serial": "YD1", "to": "applicant"}
    assert act(window, case, "finish", expect=412, **fields)["code"] == "version_stale"
    assert sent == ["accept", "decide", "issue"]
    now = seen(window, case)
    assert (now["state"], now["version"]) == ("submitted", case["version"])
    assert database["case_actions"].count_documents({"act": {"$ne": "submit"}}) == 0


# -- told late ------------------------------------------------------------------------------------


def test_a_supervisor_lists_the_breaches_and_the_citizen_sees_each_round(citizen, window, staff, drain):
    case = act(window, submitted(citizen, drain), "request_supplement", items=[{"key": "m1", "why": "没有签名"}])
    headers = {"If-Match": f'"{case["version"]}"'}
    body = {"materials": {"m1": [accepted_upload(citizen, drain)]}, "text": ""}
    case = citizen.post(f"/v1/cases/{case['number']}/supplement", body, expect=200, headers=headers)
    assert [flag["flag"] for flag in case["flags"]] == ["supplement_back"]
    more = {"items": [{"key": "m4", "why": "缺图"}], "late_reason": "看漏了"}
    case = act(window, case, "request_supplement", **more)
    assert [(row["late"], row["answered_at"] is None) for row in seen(citizen, case)["rounds"]] == [
        ([], False),
        (["m4"], True),
    ]
    [row] = staff("supervisor").get("/v1/audit?act=case.told_late")["items"]
    assert row["subject"].startswith("case:")


# -- what is allowed instead ------------------------------------------------------------


def test_a_wrong_act_says_what_may_be_done_now(citizen, window, drain):
    case = submitted(citizen, drain)
    problem = act(window, case, "issue", expect=409, serial="JY1")
    assert problem["code"] == "act_not_allowed"
    assert {"act": "accept", "label": "受理", "label_en": "Accepted"} in problem["allowed"]
    assert [one["act"] for one in problem["allowed"]] == seen(window, case)["acts"]
    case = act(window, case, "accept")
    act(window, {**case, "version": case["version"] - 1}, "issue", expect=412, serial="JY1")


# -- a sample of the table over HTTP ----------------------------------------------------

BODIES = {
    "decline": {"reason": "不属于本机关"},
    "request_supplement": {"items": [{"key": "m1", "why": "没有签名"}]},
    "promise": {"text": "准予许可"},
    "check_promise": {"outcome": "kept", "text": "看过"},
    "order_rectification": {"text": "补办证明", "days": 5, "ground": "42号"},
    "check_rectification": {"outcome": "rectified", "text": "看过"},
    "revoke": {"text": "没有整改", "ground": "第六十九条"},
    "decide": {"kind": "grant", "text": "准予许可"},
    "finish": {"kind": "grant", "text": "准予许可"},
    "issue": {"serial": "JY1"},
    "hand_over": {"to": "applicant"},
    "note": {"text": "打过电话"},
    "transfer": {"department": "RSJ", "reason": "不归我们"},
    "start_procedure": {"procedure": "检验", "days": 3},
    "end_procedure": {"procedure": "检验"},
    "request_extension": {"days": 1, "reason": "等检验"},
    "approve_extension": {"reason": "同意"},
    "refuse_extension": {"reason": "不同意"},
    "survey": {"officers": ["a", "b"], "result": "met", "text": "看过"},
    "review": {"opinion": "agree", "text": "可以"},
    "correct": {"about": 2, "was": "一", "right": "二", "reason": "笔误"},
    "reissue": {"serial": "JY2", "reason": "印错"},
    "supplement": {"materials": {"lease": ["scan"]}, "consent": ["scan"]},
    "withdraw": {"consent": ["scan"]},
    "terminate": {"cause": "object_gone", "text": "已拆除"},
}
"""A body of each act of staff that has fields."""
BY_GUARD = {
    "submitted": {"release", "finish", "correct", "defer", "promise", "withdraw"},
    "accepted": {"release", "finish", "promise", "request_supplement", "end_procedure"}
    | {"approve_extension", "refuse_extension", "supplement", "withdraw"},
    "terminated": set(),
    "closed": {"check_promise", "order_rectification", "check_rectification", "revoke", "reissue"},
}
"""What role and state would let pass, and a guard does not: nothing is held, runs, was deferred, promised or done, and
an account has the case."""
NOT_THEIRS = {("handler", state): {"correct"} for state in ("submitted", "accepted", "terminated", "closed")}
"""What a guard keeps from a role: the acts of this case were those of the window."""


def test_over_http_staff_are_offered_just_what_the_table_says_and_all_else_is_refused(citizen, staff, drain):
    officers = {role: staff(role) for role in ("window", "handler", "head")}
    case = submitted(citizen, drain)
    for step in ("accept", "terminate", "close", None):
        for role, officer in officers.items():
            must = {name for (name, who), row in MUST.items() if who == role and row[case["state"]] == "yes"}
            must -= BY_GUARD[case["state"]] | NOT_THEIRS.get((role, case["state"]), set())
            assert set(seen(officer, case)["acts"]) == must, (case["state"], role)
            if case["state"] in ("submitted", "closed"):
                refuse_the_rest(officer, case, must)
        if step:
            stale = {**case, "version": case["version"] - 1}
            assert act(officers["window"], stale, step, expect=412, **BODIES.get(step, {}))["code"] == "version_stale"
            case = act(officers["window"], case, step, **BODIES.get(step, {}))
            act(officers["window"], {**case, "version": case["version"] - 1}, step, expect=412, **BODIES.get(step, {}))


def refuse_the_rest(officer, case, offered_acts):
    """Send every act that is not offered: each is refused, with what is offered, and changes nothing."""
    path, headers = f"/v1/cases/{case['number']}/actions", {"If-Match": f'"{case["version"]}"'}
    for name in sorted({name for name, row in RULES.items() if row.roles - {"citizen", "system"}} - offered_acts):
        answer = officer.raw("POST", path, json={"act": name, **BODIES.get(name, {})}, headers=headers)
        assert answer.status_code in (403, 409), (name, answer.text)
        assert {one["act"] for one in answer.get_json()["allowed"]} == offered_acts, name
    assert seen(officer, case)["version"] == case["version"]
