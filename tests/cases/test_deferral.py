"""容缺受理 over HTTP: 网吧 with a material that follows, in time and late; who may do what, and what is told."""

from datetime import datetime

import pytest

from tests.cases.test_documents import wording
from tests.drafts.test_choices import BANK, CAFE, DEFERRAL
from tests.way import COURIER, accepted_upload, act, filled_in, new_version

pytestmark = pytest.mark.usefixtures("starter_again")
PHONE = "13800138000"
LATER = {"deferral": {"materials": [BANK], "text_version": 1}}


@pytest.fixture
def deferring(staff, citizen):
    """A version of 网吧 that says how materials may follow: within five working days."""
    new_version(staff("admin"), CAFE, deferral=DEFERRAL)
    return citizen


@pytest.fixture
def apply(deferring, drain):
    """Submit an application for 网吧 whose 资金信用证明 follows later."""

    def submit(citizen=deferring, expect=201):
        draft = complete(citizen, drain)
        answer = citizen.post(f"/v1/drafts/{draft['id']}/submit", expect=expect)
        drain()
        return answer["case"] if expect == 201 else answer

    return submit


def complete(citizen, drain):
    draft = citizen.post("/v1/drafts", {"matter": CAFE, **filled_in(citizen, CAFE)})
    needed = {gap["material"] for gap in draft["missing"] if gap["material"]} - {BANK}
    upload = accepted_upload(citizen, drain)
    change = {"materials": {key: [upload] for key in needed}, "delivery": COURIER, **LATER}
    return citizen.patch(f"/v1/drafts/{draft['id']}", change, draft["version"])


@pytest.fixture
def later(clock, app, drain, log_in):
    """Days go by, what is due runs, and somebody logs in again."""

    def move(citizen, **span):
        clock.move(**span)
        drain()
        citizen.tokens = log_in(PHONE).tokens

    return move


def read(caller, case):
    return caller.get(f"/v1/cases/{case['number']}")


def bring(citizen, case, *keys, drain, expect=200, version=None):
    materials = {key: [accepted_upload(citizen, drain)] for key in keys}
    headers = {"If-Match": f'"{version or case["version"]}"'}
    body = {"materials": materials, "text": ""}
    answer = citizen.post(f"/v1/cases/{case['number']}/supplement", body, expect=expect, headers=headers)
    drain()
    return answer


def notices(citizen):
    return [notice["title"] for notice in citizen.get("/v1/notices")["items"]]


def flags(case):
    return [row["flag"] for row in case["flags"]]


def states(case):
    return {row["key"]: row["state"] for row in case["deferrals"]}


# -- in time ---------------------------------------------------------------------------


def test_what_follows_in_time_frees_the_result(app, apply, citizen, staff, later, drain):
    window, case = staff("window"), apply()
    assert (states(case), flags(case)) == ({BANK: "asked"}, [])
    assert {"defer"} <= set(read(window, case)["acts"])
    assert "accept" not in read(window, case)["acts"]
    case = act(window, case, "defer", text="材料齐了就出证。")
    drain()
    title, text = wording(app, citizen, case)
    assert (title, "承诺后补的材料" in text, DEFERRAL["text"]["zh"] in text) == ("容缺受理通知书", True, True)
    [row] = case["deferrals"]
    assert (case["state"], flags(case), row["state"], row["due"]) == ("accepted", ["deferred"], "open", "2026-12-01")
    assert row["promise"]["text"] == DEFERRAL["text"]["zh"]
    assert "12 月 1 日" in row["sentence"]["text"]
    assert "1 Dec" in row["sentence"]["text_en"]
    assert case["clock"]["state"] == "running"  # a deferral stops nothing
    assert case["clock"]["legal_due"][:10] == "2026-12-22"
    assert "申请已容缺受理" in notices(citizen)
    later(citizen, days=3)  # Friday
    handler, window = staff("handler"), staff("window")
    case = act(handler, case, "decide", kind="grant", text="符合条件，准予许可。")
    assert act(window, case, "issue", expect=409, serial="XC1")["code"] == "result_held"
    assert "issue" not in read(window, case)["acts"]
    case = bring(citizen, case, BANK, drain=drain)
    assert (case["state"], flags(case), states(case)) == ("granted", [], {BANK: "brought"})
    assert [row["files"] != [] for row in case["materials"] if row["key"] == BANK] == [True]
    case = act(window, read(window, case), "issue", serial="XC1")
    later(citizen, days=30)
    assert read(citizen, case)["state"] == "issued"
    assert bring(citizen, case, BANK, drain=drain, expect=409)["code"] == "act_not_allowed"


def test_it_is_brought_on_the_last_day_and_twice_and_stale(apply, citizen, staff, later, drain):
    case = act(staff("window"), apply(), "defer")
    later(citizen, days=7, hours=13, minutes=50)  # 1 December, 23:50
    assert "m3" in str(bring(citizen, case, BANK, "m3", drain=drain, expect=422)["errors"])
    stale = bring(citizen, case, BANK, drain=drain, expect=412, version=1)
    assert stale["code"] == "version_stale"
    brought = bring(citizen, case, BANK, drain=drain)
    assert bring(citizen, case, BANK, drain=drain, expect=412)["code"] == "version_stale"
    assert bring(citizen, brought, BANK, drain=drain, expect=409)["code"] == "nothing_deferred"
    later(citizen, days=2)
    assert read(citizen, case)["state"] == "accepted"


def test_what_came_and_is_bad_is_asked_for_again_within_its_days(apply, citizen, staff, later, drain):
    window, handler = staff("window"), staff("handler")
    case = act(window, apply(), "defer")
    again = {"items": [{"key": BANK, "why": "公章看不清"}]}
    assert act(window, case, "request_supplement", expect=403, **again)["code"] == "role_wrong"
    case = bring(citizen, case, BANK, drain=drain)
    other = {"items": [{"key": "m3", "why": "章程不对"}]}
    assert act(handler, case, "request_supplement", expect=409, **other)["code"] == "deferral_over"
    clock_before = case["clock"]["legal_due"]
    case = act(handler, case, "request_supplement", **again)
    drain()
    assert (case["state"], flags(case), states(case)) == ("accepted", ["deferred"], {BANK: "open"})
    assert (case["deferrals"][0]["why"], case["deferrals"][0]["due"]) == ("公章看不清", "2026-12-01")
    assert case["clock"]["legal_due"] == clock_before
    assert "补来的材料要再补" in notices(citizen)
    case = bring(citizen, case, BANK, drain=drain)
    later(citizen, days=8)
    handler = staff("handler")
    assert act(handler, read(handler, case), "request_supplement", expect=409, **again)["code"] == "deferral_over"


def test_what_is_asked_for_again_is_waited_for_in_a_year_without_a_calendar_too(
    deferring, apply, staff, later, drain, database
):
    later(deferring, days=36)  # 30 December: five working days lead into 2027
    case = act(staff("window"), apply(), "defer")
    assert case["deferrals"][0]["due"] is None
    case = bring(deferring, case, BANK, drain=drain)
    later(deferring, days=1, hours=1)  # the jobs find that nothing is to come, and end
    assert database["jobs"].count_documents({"kind": "cases.deferral_end", "state": "pending"}) == 0
    handler = staff("handler")
    act(handler, read(handler, case), "request_supplement", items=[{"key": BANK, "why": "公章看不清"}])
    drain()
    assert database["jobs"].count_documents({"kind": "cases.deferral_end", "state": "pending"}) == 1


def test_what_followed_is_asked_for_again_without_a_breach(apply, citizen, staff, drain):
    window, handler = staff("window"), staff("handler")
    case = act(window, apply(), "request_supplement", items=[{"key": "m3", "why": "章程不对"}], days=3)
    assert case["supplement"]["due"] == "2026-11-27"
    case = act(window, bring(citizen, case, "m3", drain=drain), "defer")
    case = bring(citizen, case, BANK, drain=drain)
    again = {"items": [{"key": BANK, "why": "公章看不清"}]}
    late = act(handler, case, "request_supplement", expect=422, **again, late_reason="以前漏了")
    assert list(late["errors"]) == ["late_reason"]
    case = act(handler, case, "request_supplement", **again)
    assert [row["late"] for row in case["rounds"]] == [[]]


# -- late --------------------------------------------------------------------------------


def test_what_does_not_follow_in_time_ends_the_case_and_bars_its_person(apply, citizen, staff, later, drain, clock):
    window = staff("window")
    case = act(window, apply(), "defer")
    later(citizen, days=5)  # Sunday 29 November, two days before
    assert "后补的材料快到期了" in notices(citizen)
    handler = staff("handler")
    case = act(handler, case, "decide", kind="grant", text="符合条件，准予许可。")
    clock.at = datetime.fromisoformat("2026-12-02T00:00:00+08:00")
    later(citizen, seconds=5)
    seen = read(citizen, case)
    assert (seen["state"], flags(seen), states(seen)) == ("terminated", [], {BANK: "late"})
    assert (seen["clock"]["state"], seen["clock"]["handover_due"]) == ("ended", None)
    last = citizen.get(f"/v1/cases/{case['number']}/timeline")["items"][-1]
    assert (last["act"], last["by"]["kind"]) == ("terminate", "system")
    assert "没有在期限内交来" in last["text"]
    assert "已终止办理" in notices(citizen)
    drain()
    assert read(citizen, case)["version"] == seen["version"]
    assert bring(citizen, seen, BANK, drain=drain, expect=409)["code"] == "act_not_allowed"
    later(citizen, days=30)
    clock_then = act(staff("window"), seen, "close")["clock"]
    assert (clock_then["handover_due"], "送达" in clock_then["sentence"]["text"]) == (None, False)
    barred(citizen, staff, drain)


def barred(citizen, staff, drain):
    """Its person may not defer anew until a supervisor lifts it, once, with a reason; another person may."""
    draft = citizen.post("/v1/drafts", {"matter": CAFE, **filled_in(citizen, CAFE)})
    assert "没有兑现" in draft["deferral"]["why_not"]["text"]
    problem = citizen.patch(f"/v1/drafts/{draft['id']}", LATER, draft["version"], expect=422)
    assert "没有兑现" in problem["errors"]["deferral"][0]
    supervisor = staff("supervisor")
    [broken] = supervisor.get("/v1/desk/broken-promises")["items"]
    assert (broken["kind"], broken["state"]) == ("deferral", "standing")
    path = f"/v1/desk/broken-promises/{broken['id']}/lifting"
    staff("window").post(path, {"reason": "已补救"}, expect=403)
    supervisor.post(path, {"reason": " "}, expect=422)
    assert supervisor.post(path, {"reason": "已经补交"}, expect=200)["state"] == "lifted"
    assert supervisor.post(path, {"reason": "已经补交"}, expect=409)["code"] == "promise_lifted"
    assert supervisor.get("/v1/desk/broken-promises")["items"] == []
    citizen.patch(f"/v1/drafts/{draft['id']}", LATER, draft["version"])


def test_a_late_material_is_late_though_no_job_ran(apply, citizen, staff, clock, drain, anyone):
    case = act(staff("window"), apply(), "defer")
    upload = accepted_upload(citizen, drain)
    clock.move(days=9)  # Thursday 3 December, and no job has run
    again = anyone.post("/v1/sessions/refresh", {"refresh_token": citizen.tokens["refresh_token"]})
    citizen.tokens = {**citizen.tokens, **again}
    case = read(citizen, case)
    assert case["state"] == "accepted"
    body, headers = {"materials": {BANK: [upload]}, "text": ""}, {"If-Match": f'"{case["version"]}"'}
    citizen.post(f"/v1/cases/{case['number']}/supplement", body, expect=412, headers=headers)
    assert read(citizen, case)["state"] == "terminated"


def test_the_office_acts_on_a_late_case_and_finds_it_ended(apply, citizen, staff, clock, app):
    case = act(staff("window"), apply(), "defer")
    clock.move(days=9)
    handler, cases = staff("handler"), app.extensions["circle"].cases
    decision = {"kind": "grant", "text": "符合条件，准予许可。"}
    assert act(handler, case, "decide", expect=412, **decision)["code"] == "version_stale"
    case = read(handler, case)
    assert case["state"] == "terminated"
    cases.handling.end_if_late(app.extensions["circle"].database["cases"].find_one({"number": case["number"]})["_id"])
    assert read(handler, case)["version"] == case["version"]


# -- who, when, and what not -------------------------------------------------------------------


def test_a_deferral_is_answered_by_whom_it_is_for(apply, citizen, staff, drain):
    case, window = apply(), staff("window")
    assert act(staff("handler"), case, "defer", expect=403)["code"] == "role_wrong"
    assert act(window, case, "accept", expect=409)["code"] == "deferral_asked"
    assert act(window, {**case, "version": 7}, "defer", expect=412)["code"] == "version_stale"
    accepted = act(window, case, "defer")
    assert act(window, case, "defer", expect=412)["code"] == "version_stale"
    assert act(window, accepted, "defer", expect=409)["code"] == "act_not_allowed"


def test_nobody_defers_for_the_applicant(citizen, staff, drain):
    from tests.way import submitted

    case = submitted(citizen, drain)
    assert (case["deferrals"], case["promise"]) == ([], None)
    assert act(staff("window"), case, "defer", expect=409)["code"] == "nothing_deferred"


def test_the_window_wants_it_now_and_then_accepts(apply, citizen, staff, drain):
    window = staff("window")
    items = [{"key": BANK, "why": "资金证明要先看"}, {"key": "m3", "why": "没有盖章"}]
    case = act(window, apply(), "request_supplement", items=items)
    drain()
    assert (case["state"], flags(case), states(case)) == ("supplementing", [], {BANK: "called_in"})
    assert bring(citizen, case, "m3", drain=drain, expect=422)["code"] == "bad_fields"
    case = bring(citizen, case, BANK, "m3", drain=drain)
    assert (case["state"], states(case)) == ("submitted", {BANK: "brought"})
    assert act(window, case, "defer", expect=409)["code"] == "nothing_deferred"
    assert act(window, case, "accept")["state"] == "accepted"


def test_what_was_called_in_before_acceptance_is_no_deferral_after_it(apply, citizen, staff, drain):
    window, again = staff("window"), {"items": [{"key": BANK, "why": "资金证明要先看"}]}
    case = bring(citizen, act(window, apply(), "request_supplement", **again), BANK, drain=drain)
    case = act(window, case, "accept")
    handler = staff("handler")
    assert "request_supplement" not in read(handler, case)["acts"]
    assert act(handler, case, "request_supplement", expect=409, **again)["code"] == "act_not_allowed"
    case = act(handler, case, "decide", kind="grant", text="符合条件，准予许可。")
    assert act(window, case, "request_supplement", expect=409, **again)["code"] == "act_not_allowed"
    assert act(window, case, "issue", serial="XC1")["state"] == "issued"


def test_after_a_silence_that_no_job_recorded_just_what_is_to_come_is_taken(
    apply, citizen, staff, clock, drain, anyone
):
    case, upload = apply(), accepted_upload(citizen, drain)
    clock.move(days=8)  # the notice limit was 1 December, and no job has run
    again = anyone.post("/v1/sessions/refresh", {"refresh_token": citizen.tokens["refresh_token"]})
    citizen.tokens = {**citizen.tokens, **again}
    path = f"/v1/cases/{case['number']}/supplement"
    for wrong in ({"m3": [upload]}, {"nothing": [upload]}, {BANK: ["somebody-elses"]}, {BANK: [upload] * 30}):
        body = {"materials": {**wrong}, "text": ""}
        headers = {"If-Match": f'"{read(citizen, case)["version"]}"'}
        problem = citizen.post(path, body, expect=422, headers=headers)
        assert list(problem["errors"]) == [f"materials.{key}" for key in wrong]
    headers = {"If-Match": f'"{read(citizen, case)["version"]}"'}
    case = citizen.post(path, {"materials": {BANK: [upload]}, "text": ""}, expect=200, headers=headers)
    assert (case["state"], states(case)) == ("accepted", {BANK: "brought"})


def test_silence_accepts_with_what_was_deferred(apply, citizen, later, drain):
    case = apply()
    later(citizen, days=8)  # the notice limit was 1 December
    case = read(citizen, case)
    [row] = case["deferrals"]
    assert (case["state"], flags(case), row["state"]) == ("accepted", ["deferred"], "open")
    assert row["due"] == "2026-12-09"  # from the day that the acceptance was recorded, which the applicant could know
    later(citizen, days=9)
    assert read(citizen, case)["state"] == "terminated"


def test_a_refused_or_withdrawn_case_waits_for_nothing(apply, citizen, staff, later, drain):
    case = act(staff("window"), apply(), "defer")
    ground = {"kind": "refuse", "text": "不符合条件。", "ground": "第八条"}
    case = act(staff("handler"), case, "decide", **ground)
    later(citizen, days=10)
    case = read(citizen, case)
    assert (case["state"], flags(case), states(case)) == ("refused", [], {BANK: "dropped"})
    assert staff("supervisor").get("/v1/desk/broken-promises")["items"] == []


def test_one_barred_meanwhile_is_not_accepted_with_a_deferral(apply, citizen, staff, later, drain):
    first = act(staff("window"), apply(), "defer")
    later(citizen, days=7)  # 1 December, the last day
    second = apply()
    later(citizen, days=1)
    assert read(citizen, first)["state"] == "terminated"
    assert act(staff("window"), second, "defer", expect=409)["code"] == "promise_broken"
    assert act(staff("window"), second, "request_supplement", items=[{"key": BANK, "why": "请现在交"}])
