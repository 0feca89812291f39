"""告知承诺 over HTTP: decided at once upon the promise, checked later: kept, or broken; who may, and what is told."""

from datetime import datetime

import pytest

from tests.cases.test_documents import wording
from tests.drafts.test_choices import PROMISE, TRADE
from tests.way import COURIER, accepted_upload, act, filled_in, new_version, submitted

pytestmark = pytest.mark.usefixtures("starter_again")
GRANT = {"text": "按告知承诺当场准予许可。"}
KEPT = {"outcome": "kept", "text": "现场看过，和承诺的一样。"}
BROKEN = {"outcome": "broken", "text": "没有承诺的场所。", "ground": "国办发〔2020〕42号"}


@pytest.fixture
def apply(staff, citizen, drain):
    """Apply for 出版物零售 by promise; it is checked within 20 working days."""
    new_version(staff("admin"), TRADE, promise={**PROMISE, "check_days": 20, "check_unit": "工作日"})

    def submit(**change):
        draft = citizen.post("/v1/drafts", {"matter": TRADE, **filled_in(citizen, TRADE)})
        draft = citizen.patch(f"/v1/drafts/{draft['id']}", {"promise": {"text_version": 1}, **change}, draft["version"])
        needed, upload = (
            [gap["material"] for gap in draft["missing"] if gap["material"]],
            accepted_upload(citizen, drain),
        )
        change = {"materials": {key: [upload] for key in needed}, "delivery": COURIER}
        draft = citizen.patch(f"/v1/drafts/{draft['id']}", change, draft["version"])
        case = citizen.post(f"/v1/drafts/{draft['id']}/submit")["case"]
        drain()
        return case

    return submit


@pytest.fixture
def broken(apply, staff, drain):
    """A decision upon a promise whose check found it untrue; the result was handed over, and the case is closed."""
    handler, window = staff("handler"), staff("window")
    case = act(handler, apply(), "promise", **GRANT)
    case = act(window, case, "issue", serial="XC7")
    case = act(window, act(window, case, "hand_over", to="applicant"), "close")
    case = act(handler, case, "check_promise", **BROKEN)
    drain()
    return case


def read(caller, case):
    return caller.get(f"/v1/cases/{case['number']}")


def test_it_is_decided_at_once_and_the_promise_was_kept(app, apply, citizen, staff, drain, clock):
    case, handler, window = apply(), staff("handler"), staff("window")
    assert case["promise"]["text"] == PROMISE["text"]["zh"]
    assert act(window, case, "promise", expect=409, **GRANT)["code"] == "not_delegated"
    assert "promise" not in read(window, case)["acts"]
    assert "promise" in read(handler, case)["acts"]
    case = act(handler, case, "promise", **GRANT)
    drain()
    assert (case["state"], case["decision"]["kind"], case["promise"]["check_due"]) == ("granted", "grant", "2026-12-22")
    title, text = wording(app, citizen, case)
    assert (title, PROMISE["text"]["zh"] in text, GRANT["text"] in text) == ("准予行政许可决定书", True, True)
    assert case["clock"]["state"] == "decided"
    assert act(handler, case, "promise", expect=409, **GRANT)["code"] == "act_not_allowed"
    assert "已作出决定" in [notice["title"] for notice in citizen.get("/v1/notices")["items"]]
    assert act(window, case, "check_promise", expect=403, **KEPT)["code"] == "role_wrong"
    case = act(window, case, "issue", serial="XC7")
    case = act(handler, case, "check_promise", **KEPT)
    drain()
    assert (case["state"], case["promise"]["check"]["outcome"]) == ("issued", "kept")
    assert "属实" in read(citizen, case)["promise"]["sentence"]["text"]
    assert "承诺已核查" in [notice["title"] for notice in citizen.get("/v1/notices")["items"]]
    assert act(handler, case, "check_promise", expect=409, **KEPT)["code"] == "not_promised"
    assert act(handler, {**case, "version": 1}, "check_promise", expect=412, **KEPT)["code"] == "version_stale"
    assert staff("supervisor").get("/v1/desk/broken-promises")["items"] == []


def test_a_broken_promise_is_recorded_with_its_ground_and_bars_its_person(apply, citizen, staff, drain):
    handler, case = staff("handler"), apply()
    case = act(handler, case, "promise", **GRANT)
    assert act(handler, case, "check_promise", expect=422, **{**BROKEN, "ground": " "})["errors"]["ground"]
    assert act(handler, case, "check_promise", expect=422, outcome="broken")["errors"]["text"]
    case = act(handler, case, "check_promise", **BROKEN)
    drain()
    seen = read(citizen, case)["promise"]
    assert (seen["check"]["outcome"], seen["check"]["ground"]) == ("broken", BROKEN["ground"])
    [line] = [
        line for line in citizen.get(f"/v1/cases/{case['number']}/timeline")["items"] if line["act"] == "check_promise"
    ]
    assert line["text"] == BROKEN["text"]
    draft = citizen.post("/v1/drafts", {"matter": TRADE, **filled_in(citizen, TRADE)})
    problem = citizen.patch(f"/v1/drafts/{draft['id']}", {"promise": {"text_version": 1}}, draft["version"], expect=422)
    assert "没有兑现" in problem["errors"]["promise"][0]


def test_nothing_is_decided_upon_a_promise_that_nobody_gave(citizen, staff, drain):
    case = submitted(citizen, drain)
    assert act(staff("handler"), case, "promise", expect=409, **GRANT)["code"] == "not_promised"
    case = act(staff("window"), case, "accept")
    assert act(staff("handler"), case, "promise", expect=409, **GRANT)["code"] == "not_promised"


def test_a_plain_grant_while_a_promise_is_given_is_decided_upon_it(apply, citizen, staff):
    handler, case = staff("handler"), act(staff("window"), apply(), "accept")
    case = act(handler, case, "decide", kind="grant", text="准予许可。")
    assert (case["promise"]["check_due"], case["promise"]["decided_at"] is None) == ("2026-12-22", False)
    assert "12 月 22 日" in read(citizen, case)["promise"]["sentence"]["text"]
    assert act(handler, case, "check_promise", **KEPT)["promise"]["check"]["outcome"] == "kept"


def test_the_department_is_told_once_that_a_promise_is_to_be_checked(apply, citizen, staff, drain, clock, database):
    handler, window, case = staff("handler"), staff("window"), apply()
    case = act(handler, case, "promise", **GRANT)
    act(window, case, "issue", serial="XC7")
    drain()
    for day in ("2026-12-20T08:59", "2026-12-20T09:01", "2026-12-21T09:00"):
        clock.at = datetime.fromisoformat(f"{day}+08:00")
        drain()
        about = {"template": "case_near_due", "recipient": f"staff:{handler.person['id']}"}
        assert database["notices"].count_documents(about) == (0 if day.endswith("08:59") else 1), day
    clock.at = datetime.fromisoformat("2026-12-23T09:00:00+08:00")
    sentence = read(staff("handler"), case)["promise"]["sentence"]
    assert ("还没有核查" in sentence["text"], "has not been" in sentence["text_en"]) == (True, True)


def test_the_promise_of_a_case_that_ended_is_spoken_of_as_such(apply, citizen, staff):
    handler, case = staff("handler"), act(staff("window"), apply(), "accept")
    case = act(handler, case, "decide", kind="refuse", text="不符合条件。", ground="第八条")
    assert "已经结束" in read(citizen, case)["promise"]["sentence"]["text"]
    case = act(staff("window"), case, "close")
    assert "has ended" in read(citizen, case)["promise"]["sentence"]["text_en"]
    assert act(handler, case, "check_promise", expect=409, **KEPT)["code"] == "not_promised"


def test_an_accepted_case_may_be_decided_upon_its_promise_too(apply, staff):
    case = act(staff("window"), apply(), "accept")
    assert act(staff("handler"), case, "promise", **GRANT)["state"] == "granted"


def test_a_promise_after_silence_decides_and_is_no_late_acceptance(apply, staff, drain, clock):
    case = apply()
    clock.move(days=8)
    drain()
    case = act(staff("handler"), {**case, "version": 2}, "promise", **GRANT)
    clock_of_case = read(staff("handler"), case)["clock"]
    assert (clock_of_case["state"], clock_of_case["accept_basis"]) == ("decided", "deemed")
    assert clock_of_case["warnings"] == []


# -- what follows of a broken promise -----------------------------------------------------------

ORDER = {"text": "补办场所使用证明。", "days": 10, "ground": "国办发〔2020〕42号"}
REVOKE = {"text": "限期没有整改到位。", "ground": "行政许可法第六十九条"}
NOT_RIGHT = {"outcome": "not_rectified", "text": "到场看过，仍没有场所。"}


def kinds(reader):
    return [notice["kind"] for notice in reader.get("/v1/notices")["items"]]


def papers(reader, case):
    return {row["kind"]: row for row in reader.get(f"/v1/cases/{case['number']}/documents")["items"]}


def queue(reader):
    return [row["number"] for row in reader.get("/v1/desk/cases?queue=promise_broken")["items"]]


def test_what_was_not_put_right_in_time_ends_in_the_revocation_of_the_decision(
    broken, app, citizen, log_in, anyone, staff, drain, clock, database
):
    handler, window, number = staff("handler"), staff("window"), broken["number"]
    checker = handler.person["id"]
    assert queue(handler) == [number]
    for wrong, key in (({"text": " "}, "text"), ({"days": 0}, "days"), ({"ground": ""}, "ground")):
        assert list(act(handler, broken, "order_rectification", expect=422, **{**ORDER, **wrong})["errors"]) == [key]
    assert act(window, broken, "order_rectification", expect=403, **ORDER)["code"] == "role_wrong"
    case = act(handler, broken, "order_rectification", **ORDER)  # on 24 November
    [order] = case["promise"]["rectifications"]
    assert (case["state"], order["due"], order["outcome"]) == ("closed", "2026-12-08", None)
    assert "12 月 8 日" in read(citizen, case)["promise"]["sentence"]["text"]
    assert act(handler, case, "order_rectification", expect=409, **ORDER)["code"] == "rectification_runs"
    assert act(handler, case, "revoke", expect=409, **REVOKE)["code"] == "rectification_runs"
    assert "12 月 8 日" in act(handler, case, "check_rectification", expect=422, **NOT_RIGHT)["errors"]["outcome"][0]
    assert act(handler, case, "check_rectification", expect=422, **{**NOT_RIGHT, "outcome": "kept"})["errors"][
        "outcome"
    ]
    drain()
    assert kinds(citizen)[0] == "rectification_ordered"
    title, text = wording(app, citizen, case)
    assert title == "责令限期整改通知书"
    for words in (BROKEN["text"], ORDER["text"], "最迟 2026 年 12 月 8 日", "42号", "行政复议"):
        assert words in text, words
    assert papers(citizen, case)["decision"]["state"] == "valid"
    clock.at = datetime.fromisoformat("2026-12-04T10:00:00+08:00")
    drain()
    clock.at = datetime.fromisoformat("2026-12-09T10:00:00+08:00")
    drain()
    citizen, handler = log_in("13800138000"), staff("handler")
    assert kinds(citizen)[:2] == ["rectification_over", "rectification_near"]
    about = {"template": "rectification_to_check", "recipient": f"staff:{checker}"}
    assert database["notices"].count_documents(about) == 1
    assert queue(handler) == [number]
    case = act(handler, read(handler, case), "check_rectification", **NOT_RIGHT)
    assert (queue(handler), case["promise"]["rectifications"][0]["finding"]) == ([number], NOT_RIGHT["text"])
    case = act(handler, case, "revoke", **REVOKE)
    drain()
    assert (case["state"], case["state_label"], queue(handler)) == ("revoked", "决定已撤销", [])
    assert (case["sentence"]["text"], case["promise"]["revoked_at"] is None) == ("决定已撤销，不再计时", False)
    assert kinds(citizen)[0] == "decision_revoked"
    rows = papers(citizen, case)
    revocation, title_and_text = rows["revocation"], wording(app, citizen, case)
    assert title_and_text[0] == "撤销决定书"
    for words in (REVOKE["text"], REVOKE["ground"], rows["decision"]["number"], rows["result"]["number"], "行政复议"):
        assert words in title_and_text[1], words
    assert {kind: row["state"] for kind, row in rows.items()} == {
        **dict.fromkeys(("receipt", "rectification", "revocation"), "valid"),
        **dict.fromkeys(("decision", "result"), "revoked"),
    }
    page = anyone.raw("GET", f"/verify/{rows['decision']['code']}").get_data(as_text=True)
    assert f"决定已于 2026-12-09 撤销，见 {revocation['number']}" in page
    for name, more in (
        ("revoke", REVOKE),
        ("order_rectification", ORDER),
        ("reissue", {"serial": "9", "reason": "印错"}),
    ):
        officer = staff("window") if name == "reissue" else handler
        assert act(officer, case, name, expect=409, **more)["code"] == "act_not_allowed"
    case = act(staff("window"), case, "close")
    assert (case["state_label"], case["sentence"]["text"]) == ("决定已撤销，已归档", "决定已撤销，已归档，不再计时")


def test_what_was_put_right_lets_the_decision_stand(broken, citizen, staff, drain):
    handler = staff("handler")
    case = act(handler, broken, "order_rectification", **ORDER)
    case = act(handler, case, "check_rectification", outcome="rectified", text="场所证明已补办。")
    drain()
    assert kinds(citizen)[0] == "rectification_checked"
    assert ("继续有效" in case["promise"]["sentence"]["text"], queue(handler)) == (True, [])
    for name, more in (("revoke", REVOKE), ("order_rectification", ORDER)):
        assert act(handler, case, name, expect=409, **more)["code"] == "not_broken"
    assert papers(citizen, case)["decision"]["state"] == "valid"


def test_an_account_stays_until_its_promise_is_settled(broken, citizen, staff, drain):
    assert citizen.call("DELETE", "/v1/me", expect=409)["code"] == "case_open"
    act(staff("handler"), broken, "revoke", **REVOKE)
    citizen.call("DELETE", "/v1/me", expect=204)


def test_what_concerns_a_closed_account_is_told_by_the_window(broken, citizen, staff, drain, database):
    database["citizens"].update_one({"_id": citizen.person["id"]}, {"$set": {"closed_at": broken["submitted_at"]}})
    act(staff("handler"), broken, "revoke", **REVOKE)
    drain()
    assert [row["number"] for row in staff("window").get("/v1/desk/untold")["items"]] == [broken["number"]]
    assert database["notices"].count_documents({"template": "decision_revoked"}) == 0


def test_a_decision_is_revoked_before_its_result_is_handed_over(apply, citizen, staff, drain, database):
    handler, window = staff("handler"), staff("window")
    case = act(handler, apply(), "promise", **GRANT)
    assert "revoke" not in read(handler, case)["acts"]
    case = act(handler, case, "check_promise", **BROKEN)
    assert act(window, case, "revoke", expect=409, **REVOKE)["code"] == "not_delegated"
    assert {"order_rectification", "revoke"} <= set(read(handler, case)["acts"])
    case = act(handler, case, "revoke", **REVOKE)
    drain()
    assert (case["clock"]["state"], case["clock"]["handover_due"]) == ("ended", None)
    assert act(window, case, "issue", expect=409, serial="XC8")["code"] == "act_not_allowed"
    assert window.get("/v1/desk/cases?queue=to_issue")["items"] == []
    assert database["jobs"].count_documents({"state": "parked"}) == 0
