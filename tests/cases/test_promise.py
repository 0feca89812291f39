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
