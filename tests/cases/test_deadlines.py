"""Deadlines at the HTTP face and as jobs: each fires once, moves with its due, and is told to whom it concerns."""

import threading
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from api.cases.deadlines import Deadlines
from api.cases.sweeps import SweepIncomplete
from api.refusals import VersionStale
from tests.way import act, submitted

PHONE = "13800138000"
NOTICE = "国办发明电〔2026〕9号"


@pytest.fixture
def circle(app):
    return app.extensions["circle"]


@pytest.fixture(autouse=True)
def calendar(circle, clock):
    """The app's calendar, with no exception from an earlier test."""
    circle.calendar.follow(clock())


@pytest.fixture
def accepted(citizen, window, drain):
    """A case accepted on 24 November 2026: promised by 8 December, by law too."""
    case = act(window, submitted(citizen, drain), "accept")
    drain()
    return case


def at(clock, day, hour=9, minute=30):
    """Move to a Beijing time in 2026, or of a whole date."""
    clock.at = datetime.fromisoformat(
        f"{day if len(day) > 5 else f'2026-{day}'}T{hour:02}:{minute:02}+08:00"
    ).astimezone(UTC)


def told(database, template):
    """Who got a notice, once per notice."""
    return [row["recipient"].split(":")[0] for row in database["notices"].find({"template": template})]


def overdue_rows(database):
    return database["audit"].count_documents({"act": "case.overdue"})


def acts(circle, case):
    return [action.act for action in circle.cases.actions(circle.cases._store.by_number(case["number"]).id)]


def rest_day(admin, version, day, kind="rest"):
    admin.patch("/v1/calendar", [{"date": day, "kind": kind, "notice": NOTICE}], version)


def test_near_due_and_overdue_are_told_to_the_desk_and_the_supervisors_once(
    accepted, handler, staff, drain, clock, database, log_in
):
    supervisor = staff("supervisor")
    at(clock, "12-04", 8)
    drain()
    assert told(database, "case_near_due") == []
    for _ in range(2):
        at(clock, "12-04")
        drain()
        assert told(database, "case_near_due") == ["staff"]
    at(clock, "12-08", 23, 59)
    drain()
    assert (told(database, "case_overdue"), overdue_rows(database)) == ([], 0)
    for hour in (0, 9):
        at(clock, "12-09", hour)
        drain()
        assert (told(database, "case_overdue"), overdue_rows(database)) == (["staff"] * 2, 1)
    inbox = staff("supervisor", name="又一位").get("/v1/notices")
    assert inbox["items"] == []
    [notice] = database["notices"].find({"template": "case_overdue", "recipient": f"staff:{supervisor.person['id']}"})
    assert notice["link"].endswith(accepted["number"])


def test_near_due_waits_while_a_procedure_stops_the_clock_moves_with_the_due_and_fires_once(
    accepted, staff, drain, clock, database
):
    at(clock, "11-26")
    case = act(staff("handler"), accepted, "start_procedure", procedure="检验", days=10)
    for day in ("12-04", "12-07", "12-08", "12-09", "12-10"):  # near due and due were 4 and 8 December
        at(clock, day)
        drain()
        assert (told(database, "case_near_due"), overdue_rows(database)) == ([], 0), day
    case = act(staff("handler"), case, "end_procedure", procedure="检验")
    assert case["act_by"][:10] == "2026-12-22"  # ten working days stood still
    drain()
    at(clock, "12-18", 8)
    drain()
    assert told(database, "case_near_due") == []
    for _ in range(2):
        at(clock, "12-18")
        drain()
        assert told(database, "case_near_due") == ["staff"] * 2
    at(clock, "12-23", 0)
    drain()
    assert (told(database, "case_near_due"), overdue_rows(database)) == (["staff"] * 2, 1)


def test_after_a_stop_of_days_what_is_over_is_told_and_no_reminder_of_it(
    accepted, handler, staff, drain, clock, database
):
    at(clock, "12-24")
    drain()
    assert (told(database, "case_near_due"), overdue_rows(database)) == ([], 1)
    assert told(database, "case_overdue") == ["staff"]


def test_what_was_decided_or_ended_meanwhile_fires_nothing(accepted, citizen, window, handler, drain, clock, database):
    other = act(window, submitted(citizen, drain), "accept")
    headers = {"If-Match": f'"{other["version"]}"'}
    citizen.post(f"/v1/cases/{other['number']}/withdrawal", {"reason": ""}, expect=200, headers=headers)
    act(handler, accepted, "decide", kind="grant", text="符合条件，准予许可。")
    drain()
    at(clock, "12-05")
    drain()
    assert told(database, "case_near_due") == ["staff"]  # of the hand-over, by 8 December
    at(clock, "12-24")
    drain()
    assert overdue_rows(database) == 1
    [event] = database["events"].find({"type": "case.deadline_reached", "data.kind": "overdue_handover"})
    assert event["data"]["due"] == "2026-12-08"


def test_a_calendar_that_is_mended_moves_the_due_once_and_says_why_everywhere(
    accepted, citizen, log_in, handler, staff, drain, clock, database, circle
):
    rest_day(staff("admin"), 0, "2026-12-01")
    clock.move(seconds=1)
    drain()
    drain()
    assert acts(circle, accepted) == ["submit", "accept", "due_changed"]
    case = citizen.get(f"/v1/cases/{accepted['number']}")
    assert (case["act_by"][:10], case["state"]) == ("2026-12-09", "accepted")
    [line] = [
        line for line in citizen.get(f"/v1/cases/{case['number']}/timeline")["items"] if line["act"] == "due_changed"
    ]
    sentence = f"承诺期限和法定期限的最后一天由 12 月 8 日改为 12 月 9 日。原因：放假和调休安排有变动（{NOTICE}）。"
    assert (line["label"], line["about"], line["by"]["kind"]) == ("期限变更", sentence, "system")
    [notice] = [row for row in citizen.get("/v1/notices")["items"] if row["kind"] == "case_due_changed"]
    assert sentence in notice["text"]
    assert [row["text"] for row in case["clock"]["lines"]] == [
        "受理，开始计时",
        "告知申请人：答复是否受理的期限到 12 月 1 日",
        "告知申请人：承诺期限和法定期限到 12 月 8 日",
        sentence,
        "承诺期限的最后一天",
        "法定期限的最后一天",
    ]
    assert not {"ledger", "telling"} & case["clock"].keys(), "no codes at any face"
    at(clock, "12-09", 0)
    drain()
    assert overdue_rows(database) == 0, "the old day is none any more"
    at(clock, "12-10", 0)
    drain()
    assert overdue_rows(database) == 1
    assert acts(circle, accepted).count("due_changed") == 1


def test_a_due_that_no_calendar_reaches_is_told_once_its_year_is_announced(
    citizen, log_in, staff, drain, clock, circle, monkeypatch
):
    at(clock, "12-21")
    citizen = log_in(PHONE)
    case = act(staff("window"), submitted(citizen, drain), "accept")
    drain()
    assert (case["act_by"], "暂按周一至周五" in case["sentence"]["text"]) == (None, True)
    snapshot = circle.calendar._snapshot
    working = snapshot.working
    holidays = frozenset(date(2027, 1, day) for day in (1, 2, 3))
    announced = replace(working, known_years=working.known_years | {2027}, rest=working.rest | holidays)
    monkeypatch.setattr(circle.calendar, "_snapshot", replace(snapshot, working=announced))
    for _ in range(2):
        circle.cases.deadlines.sweep({})
        drain()
    assert acts(circle, case) == ["submit", "accept", "due_changed"]
    [notice] = [row for row in citizen.get("/v1/notices")["items"] if row["kind"] == "case_due_changed"]
    assert "的最后一天定为 2027 年 1 月 5 日" in notice["text"]
    assert "2027 年的放假安排已公布" in notice["text"]


def test_two_workers_record_a_moved_due_once(accepted, staff, drain, circle, database):
    rest_day(staff("admin"), 0, "2026-12-01")
    case_id = circle.cases._store.by_number(accepted["number"]).id
    begin, wrong = threading.Barrier(3), []

    def review():
        begin.wait()
        try:
            circle.cases.deadlines.review(case_id)
        except Exception as error:  # the other one was first: the job is tried again
            wrong.append(type(error).__name__)

    workers = [threading.Thread(target=review) for _ in range(2)]
    for worker in workers:
        worker.start()
    begin.wait()
    for worker in workers:
        worker.join()
    assert set(wrong) <= {"VersionStale"}
    assert acts(circle, accepted).count("due_changed") == 1


def test_two_workers_reach_a_deadline_once(accepted, handler, clock, circle, database):
    at(clock, "12-09")
    case_id = circle.cases._store.by_number(accepted["number"]).id
    for _ in range(2):
        circle.cases.deadlines.reach(case_id, "overdue_legal", "2026-12-08")
    assert overdue_rows(database) == 1
    assert database["events"].count_documents({"type": "case.deadline_reached"}) == 1


def test_one_case_that_raises_stops_no_other(citizen, accepted, window, handler, drain, clock, database, monkeypatch):
    other = act(window, submitted(citizen, drain), "accept")
    drain()
    [broken] = [row["_id"] for row in database["cases"].find({"number": accepted["number"]})]
    really = Deadlines._dues

    def dues(self, case):
        if case.id == broken:
            raise KeyError("m9")
        return really(self, case)

    monkeypatch.setattr(Deadlines, "_dues", dues)
    at(clock, "12-09")
    drain()
    subjects = [row["subject"] for row in database["audit"].find({"act": "case.overdue"})]
    assert len(subjects) == 1
    assert subjects[0] != f"case:{broken}"
    assert other["number"] != accepted["number"]


def test_a_sweep_goes_through_every_state_and_looks_again_where_an_act_came(
    citizen, accepted, drain, circle, database, monkeypatch
):
    waiting = submitted(citizen, drain)
    database["cases"].update_many({}, {"$unset": {"clock_facts.told": ""}})
    really, stale = Deadlines.review, [VersionStale]

    def review(self, case_id):
        if self._ground.store.by_id(case_id).number == accepted["number"]:
            raise KeyError("m9")
        if stale:
            raise stale.pop()
        really(self, case_id)

    monkeypatch.setattr(Deadlines, "review", review)
    with pytest.raises(SweepIncomplete, match="1 cases raised"):
        circle.cases.deadlines.sweep({})
    [seen] = database["cases"].find({"clock_facts.told": {"$exists": True}})
    assert seen["number"] == waiting["number"]


def test_a_day_that_moves_away_and_back_is_reached_all_the_same(accepted, staff, drain, clock, database):
    at(clock, "12-08")
    rest_day(staff("admin"), 0, "2026-12-01")
    clock.move(seconds=1)
    drain()
    at(clock, "12-09", 0)
    drain()
    assert overdue_rows(database) == 0
    rest_day(staff("admin"), 1, "2026-12-01", kind="work")
    for _ in range(2):
        clock.move(seconds=1)
        drain()
        assert overdue_rows(database) == 1


def test_a_year_that_is_announced_after_the_due_makes_the_case_overdue(
    citizen, log_in, staff, drain, clock, circle, database, monkeypatch
):
    at(clock, "12-21")
    citizen = log_in(PHONE)
    case = act(staff("window"), submitted(citizen, drain), "accept")
    drain()
    at(clock, "2027-03-01")
    snapshot = circle.calendar._snapshot
    known = replace(snapshot.working, known_years=snapshot.working.known_years | {2027})
    monkeypatch.setattr(circle.calendar, "_snapshot", replace(snapshot, working=known))
    for _ in range(2):
        circle.cases.deadlines.sweep({})
        drain()
    assert [row["number"] for row in staff("handler").get("/v1/desk/cases?queue=overdue")["items"]] == [case["number"]]
    assert overdue_rows(database) == 1


def test_jobs_of_an_earlier_release_still_run(citizen, drain, clock, circle, database):
    case = submitted(citizen, drain)
    [case_id] = [row["_id"] for row in database["cases"].find({"number": case["number"]})]
    database["cases"].update_one({"_id": case_id}, {"$unset": {"clock_facts.told": ""}})
    circle.jobs.enqueue("deem:1", "cases.deem", {"case": case_id}, due_at=clock())
    circle.jobs.enqueue("cases.silence@1", "cases.silence", {"slot": ""}, due_at=clock())
    drain()
    assert database["cases"].find_one({"_id": case_id})["clock_facts"]["told"]["days"] == {"notice": "2026-12-01"}
    clock.move(days=8)
    circle.jobs.enqueue("deem:2", "cases.deem", {"case": case_id}, due_at=clock())
    drain()
    assert acts(circle, case) == ["submit", "deem"]
    assert not circle.jobs.parked()


def test_a_day_that_a_notice_gives_is_said_everywhere_and_its_lapse_told_without_an_end(
    citizen, log_in, staff, window, drain, clock, database
):
    case, items = submitted(citizen, drain), [{"key": "m1", "why": "没有签名"}]
    refused = act(window, case, "request_supplement", expect=422, items=items, days=61)
    assert "days" in refused["errors"]
    case = act(window, case, "request_supplement", items=items, days=10)
    drain()
    assert (case["supplement"]["due"], case["sentence"]["text"]) == (
        "2026-12-08",
        "等申请人补齐材料，其间不计时。请最迟 12 月 8 日补齐",
    )
    for day, kind, queue in (("12-04", "supplement_near", "near_due"), ("12-09", "supplement_over", "overdue")):
        at(clock, day)
        drain()
        assert told(database, kind) == ["citizen"]
        assert [row["number"] for row in staff("window").get(f"/v1/desk/cases?queue={queue}")["items"]] == [
            case["number"]
        ]
    assert set(told(database, "papers_not_brought")) == {"staff"}
    citizen = log_in(PHONE)
    texts = {row["kind"]: row["text"] for row in citizen.get("/v1/notices")["items"]}
    assert "请最迟 2026年12月8日 补齐" in texts["supplement_requested"]
    assert "申请没有因此结束" in texts["supplement_over"]
    seen = citizen.get(f"/v1/cases/{case['number']}")
    assert seen["state"] == "supplementing"
    assert seen["sentence"]["text"].endswith("窗口给的时间到 12 月 8 日为止，已经过了")


def test_the_ledger_says_who_stopped_the_clock_and_why(accepted, citizen, handler, clock):
    case = act(handler, accepted, "start_procedure", procedure="检验", days=5, text="要抽样送检")
    clock.move(minutes=5)
    case = act(handler, case, "end_procedure", procedure="检验", text="合格")
    assert [line["text"] for line in citizen.get(f"/v1/cases/{case['number']}/clock")["lines"]][:3] == [
        "受理，开始计时",
        "检验开始，暂停计时（李审批：要抽样送检）",
        "检验结束，继续计时（李审批：合格）",
    ]
