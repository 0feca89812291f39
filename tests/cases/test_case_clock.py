"""The clock of a case at the HTTP face: rounds, silence, ends, kinds of matter and unknown years (rules 39-45)."""

import logging

import pytest

from api.cases.silence import Silence
from api.cases.sweeps import SweepIncomplete
from tests.way import accepted_upload, act, submitted

CONFIRMATION = "XC-行政确认-002"
CALENDAR_DAYS = "XC-行政许可-013"
PHONE = "13800138000"


@pytest.fixture
def admin(staff):
    return staff("admin")


@pytest.fixture(autouse=True)
def calendar(app, clock):
    """The app's calendar, with no exception from an earlier test."""
    app.extensions["circle"].calendar.follow(clock())


@pytest.fixture
def worker_down(monkeypatch):
    """Nobody deems a case accepted but whoever acts on it."""
    monkeypatch.setattr(Silence, "deem_accepted", lambda self, case_id: None)


def seen(caller, case):
    return caller.get(f"/v1/cases/{case['number']}")


def send(citizen, case, path, body, expect=200):
    headers = {"If-Match": f'"{case["version"]}"'}
    return citizen.post(f"/v1/cases/{case['number']}/{path}", body, expect=expect, headers=headers)


def supplemented(citizen, window, drain, case):
    """The office asks for a signature, and gets it."""
    case = act(window, case, "request_supplement", items=[{"key": "m1", "why": "没有签名"}])
    return send(citizen, case, "supplement", {"materials": {"m1": [accepted_upload(citizen, drain)]}, "text": ""})


def rest_days(admin, version, *days):
    rows = [{"date": day, "kind": kind, "notice": "国办发明电〔2026〕9号"} for day, kind in days]
    return admin.patch("/v1/calendar", rows, version)


def acts(app, case):
    cases = app.extensions["circle"].cases
    record = cases._store.by_number(case["number"])
    return [action.act for action in cases.actions(record.id)]


def withdrawn(citizen, case):
    return send(citizen, case, "withdrawal", {"reason": ""})


def limits(case):
    return [(limit["text"], limit["text_en"]) for limit in case["clock"]["limits"]]


def events(case):
    """The lines of the ledger but for those of what was told."""
    return [line for line in case["clock"]["lines"] if not line["text"].startswith("告知申请人")]


def ledger(case):
    return [(line["date"][5:], line["text"], line["used_text"]) for line in events(case)]


def everywhere(caller, anyone, case, code):
    """What the list, the look-up and the case itself say: one (state, label, sentence)."""
    lines = [
        next(line for line in caller.get("/v1/cases")["items"] if line["number"] == case["number"]),
        anyone.post("/v1/lookups", {"number": case["number"], "code": code}, expect=200),
        seen(caller, case),
    ]
    [words] = {(line["state"], line["state_label"], line["sentence"]["text"]) for line in lines}
    return words


# -- 39: only the last round counts -----------------------------------------------------------------------------------


def test_after_two_rounds_of_supplement_the_limit_runs_from_the_second_arrival(
    citizen, log_in, staff, drain, clock, app
):
    case = supplemented(citizen, staff("window"), drain, submitted(citizen, drain))
    assert case["notice_due"].startswith("2026-12-01")
    clock.move(days=6)  # Monday 30 November: in time
    citizen = log_in(PHONE)
    case = supplemented(citizen, staff("window"), drain, seen(citizen, case))
    assert (case["state"], case["clock"]["state"]) == ("submitted", "not_started")
    assert case["clock"]["notice_due"] == "2026-12-07T23:59:59+08:00"
    clock.move(days=4)  # Friday 4 December: the first limits are over, the second is not
    citizen = log_in(PHONE)
    drain()
    case = seen(citizen, case)
    assert (case["state"], case["clock"]["accept_basis"], case["clock"]["warnings"]) == ("submitted", None, [])
    assert "deem" not in acts(app, case)
    clock.move(days=4)  # Tuesday 8 December
    citizen = log_in(PHONE)
    drain()
    case = seen(citizen, case)
    assert (case["state"], case["clock"]["day0"]) == ("accepted", "2026-11-30")


def test_while_the_office_waits_for_the_second_supplement_nothing_is_deemed(citizen, log_in, staff, drain, clock, app):
    case = supplemented(citizen, staff("window"), drain, submitted(citizen, drain))
    case = act(staff("window"), case, "request_supplement", items=[{"key": "m1", "why": "还是没有签名"}])
    clock.move(days=30)
    case = seen(log_in(PHONE), case)
    assert (case["state"], case["clock"]["state"], case["clock"]["accept_basis"]) == (
        "supplementing",
        "not_started",
        None,
    )
    assert (case["clock"]["notice_due"], case["notice_due"], case["act_by"]) == (None, None, None)
    assert case["sentence"] == {
        "text": "等申请人补齐材料，其间不计时",
        "text_en": "Waiting for the missing papers; no time runs meanwhile",
        "tone": "paused",
    }


# -- 40: silence comes first ------------------------------------------------------------------------------------------

LATE_ACTS = [
    ("request_supplement", {"items": [{"key": "m1", "why": "没有签名"}]}, 409),
    ("decline", {"reason": "不属于本机关"}, 409),
    ("accept", {}, 409),
    ("note", {"text": "电话核实"}, 200),
]


@pytest.mark.parametrize(("what", "data", "status"), LATE_ACTS, ids=[row[0] for row in LATE_ACTS])
def test_an_act_after_five_silent_days_finds_the_case_accepted(
    citizen, staff, drain, clock, app, worker_down, what, data, status
):
    case = submitted(citizen, drain)
    clock.move(days=8)
    window = staff("window")
    answer = act(window, case, what, expect=status, **data)
    after = seen(window, case)
    assert (after["state"], after["clock"]["day0"]) == ("accepted", "2026-11-24")
    assert acts(app, case) == ["submit", "deem"] + ([what] if status == 200 else [])
    if status == 409:
        assert answer["code"] == "act_not_allowed"


def test_an_act_on_the_last_day_of_the_limit_is_taken(citizen, staff, drain, clock, app):
    case = submitted(citizen, drain)
    clock.move(days=7, hours=13, minutes=59)  # 1 December, 23:59
    case = act(staff("window"), case, "request_supplement", items=[{"key": "m1", "why": "没有签名"}])
    assert (case["state"], acts(app, case)) == ("supplementing", ["submit", "request_supplement"])


def test_a_late_withdrawal_ends_a_case_that_was_deemed_accepted(
    citizen, log_in, drain, clock, app, worker_down, database
):
    case = submitted(citizen, drain)
    clock.move(days=8)  # Wednesday 2 December: 6 working days after the 24th
    citizen = log_in(PHONE)
    case = send(citizen, case, "withdrawal", {"reason": "不开店了"})
    assert (case["state"], case["clock"]["state"], case["clock"]["used"]) == ("withdrawn", "ended", 6)
    assert acts(app, case) == ["submit", "deem", "withdraw"]
    drain()
    assert [row["kind"] for row in citizen.get("/v1/notices")["items"]][:2] == [
        "case_withdrawn",
        "case_deemed_accepted",
    ]


# -- 41: a deem is a fact ---------------------------------------------------------------------------------------------


def test_a_calendar_mended_after_an_acceptance_by_silence_breaks_nothing(admin, citizen, staff, log_in, drain, clock):
    case = submitted(citizen, drain)
    clock.move(days=8)
    drain()
    case = seen(staff("window"), case)
    assert case["state"] == "accepted"
    case = act(staff("handler"), case, "decide", kind="grant", text="符合条件，准予许可。")
    rest_days(staff("admin"), 0, ("2026-11-25", "rest"), ("2026-11-26", "rest"))
    after = seen(log_in(PHONE), case)["clock"]
    assert "error" not in after
    assert (after["state"], after["accept_basis"], after["day0"]) == ("decided", "deemed", "2026-11-24")
    assert after["notice_due"] == "2026-12-01T23:59:59+08:00"  # as it was then


def test_a_calendar_mended_after_an_acceptance_in_time_does_not_make_it_late(admin, citizen, staff, drain, clock):
    rest_days(admin, 0, ("2026-11-25", "rest"))
    case = submitted(citizen, drain)
    clock.move(days=8)  # Wednesday 2 December: the last day
    case = act(staff("window"), case, "accept")
    rest_days(staff("admin"), 1, ("2026-11-25", "work"))
    after = seen(staff("handler"), case)["clock"]
    assert (after["accept_basis"], after["day0"], after["warnings"]) == ("accepted", "2026-12-02", [])


# -- 42: an end ends --------------------------------------------------------------------------------------------------


def test_a_case_withdrawn_before_acceptance_has_ended_for_ever(citizen, log_in, drain, clock, app):
    case = send(citizen, submitted(citizen, drain), "withdrawal", {"reason": "不开店了"})
    clock.move(days=60)
    citizen = log_in(PHONE)
    drain()
    after = seen(citizen, case)
    clock_now = after["clock"]
    assert (after["state"], clock_now["state"], clock_now["warnings"], events(after)) == (
        "withdrawn",
        "ended",
        [],
        [],
    )
    dues = ("notice_due", "legal_due", "promised_due", "act_by", "handover_due")
    assert [clock_now[due] for due in dues] == [None] * 5
    assert (clock_now["overdue"], clock_now["promise_overdue"]) == (False, False)
    assert after["sentence"]["text"] == "申请已撤回，不再计时"
    assert acts(app, case) == ["submit", "withdraw"]


def test_a_declined_case_has_ended_and_one_withdrawn_after_acceptance_keeps_what_it_used(
    citizen, log_in, staff, drain, clock
):
    declined = act(staff("window"), submitted(citizen, drain), "decline", reason="不属于本机关")
    accepted = act(staff("window"), submitted(citizen, drain), "accept")
    clock.move(days=3)
    citizen = log_in(PHONE)
    gone = send(citizen, accepted, "withdrawal", {"reason": ""})
    clock.move(days=60)
    citizen = log_in(PHONE)
    assert seen(citizen, declined)["clock"]["state"] == "ended"
    ended = seen(citizen, gone)["clock"]
    assert (ended["state"], ended["used"], ended["legal_due"], ended["overdue"]) == ("ended", 3, None, False)
    assert ended["warnings"] == []
    assert [(line["date"], line["text"], line["used"]) for line in events({"clock": ended})] == [
        ("2026-11-24", "受理，开始计时", 0),
        ("2026-11-27", "办理结束", 3),
    ]


# -- 43: kinds of matter ----------------------------------------------------------------------------------------------


def test_a_confirmation_has_no_limit_of_a_permit_and_words_of_its_own(citizen, log_in, staff, drain, clock, sent):
    case = submitted(citizen, drain, matter=CONFIRMATION)
    assert (case["clock"]["law"], case["clock"]["notice_due"], case["notice_due"]) == ("other", None, None)
    assert case["sentence"]["text"] == "窗口正在看材料，受理后开始计时"
    clock.move(days=20)
    drain()
    citizen = log_in(PHONE)
    case = seen(citizen, case)
    assert (case["state"], case["clock"]["accept_basis"]) == ("submitted", None)
    case = act(staff("window"), case, "accept")
    case = act(staff("window"), case, "transfer", department="SPJ", reason="集中办理")
    case = act(staff("handler"), case, "decide", kind="grant", text="情况属实，予以确认。")
    assert (case["state_label"], case["state_label_en"]) == ("予以确认", "Confirmed")
    assert (case["clock"]["handover_due"], case["clock"]["handover_overdue"]) == (None, False)
    drain()
    case = act(staff("window"), case, "issue", serial="XC20260001")
    assert case["state_label"] == "已出具"
    timeline = citizen.get(f"/v1/cases/{case['number']}/timeline")["items"]
    assert timeline[-1]["label"] == "制作证件或证明"
    drain()
    texts = [row["text"] for row in citizen.get("/v1/notices")["items"]] + [text for _, text in sent.messages]
    assert any("予以确认" in text for text in texts)
    assert not any("许可" in text or "证照" in text for text in texts)


KINDS = [
    ("行政许可", "食品经营许可(餐饮服务)新办", "准予许可", "不予许可"),
    ("行政确认", "结婚登记(含网上预约)", "予以确认", "不予确认"),
    ("行政给付", "法律援助", "同意给付", "不予给付"),
    ("行政奖励", "独生子女父母奖励", "同意奖励", "不予奖励"),
    ("其他行政权力", "门店招牌(户外招牌)设置备案", "予以备案", "不予备案"),
    ("其他行政权力", "建设工程竣工联合验收(含竣工验收备案)", "同意办理", "不同意办理"),
    ("公共服务", "失业登记", "予以办理", "不予办理"),
]


@pytest.mark.parametrize(("kind", "name", "granted", "refused"), KINDS, ids=[row[1] for row in KINDS])
def test_a_decision_is_called_by_the_kind_of_matter(kind, name, granted, refused):
    from api.cases.kinds import kind_of, state_words

    key = kind_of(kind, name)
    assert (state_words(key, "granted").zh, state_words(key, "refused").zh) == (granted, refused)


# -- 44: a year without a calendar ------------------------------------------------------------------------------------


def test_in_december_a_limit_that_needs_the_next_year_is_shown_provisional_and_never_denied(
    citizen, log_in, staff, drain, clock
):
    clock.move(days=27)  # Monday 21 December
    case = act(staff("window"), submitted(log_in(PHONE), drain), "accept")
    clock.move(days=4)
    case = seen(log_in(PHONE), case)
    clock_now = case["clock"]
    assert (clock_now["legal_due"], clock_now["used"], clock_now["left"]) == (None, 4, 6)
    assert clock_now["warnings"] == ["calendar_unknown:2027"]
    due = "2027-01-05T23:59:59+08:00"
    assert clock_now["provisional"] == {"promised_due": due, "legal_due": due}
    words = "还剩 6 个工作日，最迟 2027 年 1 月 5 日（2027 年放假安排未公布，暂按周一至周五算）办结"
    assert case["sentence"]["text"] == words
    assert "没有规定" not in str(case)


def test_a_notice_limit_in_an_unknown_year_takes_away_only_itself(citizen, log_in, drain, clock):
    clock.move(days=34)  # Monday 28 December
    case = submitted(log_in(PHONE), drain)
    assert (case["clock"]["state"], case["clock"]["notice_due"]) == ("not_started", None)
    assert case["clock"]["provisional"] == {"notice_due": "2027-01-05T23:59:59+08:00"}
    assert case["sentence"]["text"].startswith("窗口最迟 2027 年 1 月 5 日（2027 年放假安排未公布")
    clock.move(days=30)
    after = seen(log_in(PHONE), case)
    assert (after["state"], after["clock"].get("error")) == ("submitted", None)
    assert list(after["clock"]["provisional"]) == ["notice_due"]


def test_where_this_years_calendar_is_unknown_the_count_is_missing_and_the_limit_is_not(
    citizen, log_in, staff, drain, clock
):
    case = act(staff("window"), submitted(citizen, drain), "accept")
    clock.move(days=60)  # 23 January 2027
    after = seen(log_in(PHONE), case)
    assert (after["clock"]["overdue"], after["clock"]["overdue_days"], after["clock"]["used"]) == (True, None, 10)
    assert after["sentence"]["text"] == "已超过法定期限（2026 年 12 月 8 日到期）"


# -- 45: units --------------------------------------------------------------------------------------------------------


def test_a_limit_in_calendar_days_is_never_called_working_days(citizen, staff, drain):
    case = act(staff("window"), submitted(citizen, drain, matter=CALENDAR_DAYS), "accept")
    assert (case["clock"]["unit"], case["clock"]["total"]) == ("calendar", 30)
    [promised, legal] = case["clock"]["limits"]
    assert promised["text"] == "共 10 个工作日，已用 0 个，最迟 12 月 8 日"
    assert legal["text"] == "共 30 个自然日，已用 0 个，最迟 12 月 24 日"
    assert (case["left"], case["unit"]) == (10, "working")
    assert (legal["name_en"], legal["text_en"]) == (
        "statutory time limit",
        "30 calendar days in all, 0 used, until 24 Dec",
    )
    assert case["sentence"]["text_en"] == "10 working days left, done by 8 Dec"


# -- lists, look-up, desk ---------------------------------------------------------------------------------------------


def test_the_notice_limit_is_nowhere_a_day_of_completion(citizen, anyone, window, drain):
    case = submitted(citizen, drain)
    looked_up = anyone.post("/v1/lookups", {"number": case["number"], "code": case["receipt_code"]}, expect=200)
    lines = [citizen.get("/v1/cases")["items"][0], window.get("/v1/desk/cases")["items"][0], looked_up, case]
    for line in lines:
        assert (line["act_by"], line["notice_due"]) == (None, "2026-12-01T23:59:59+08:00")
        assert line["sentence"]["text"] == "窗口最迟 12 月 1 日答复是否受理，受理后开始计时"


def test_list_look_up_and_case_say_the_same_and_nothing_more_once_it_is_handed_over(
    citizen, anyone, window, handler, drain
):
    def everywhere(case):
        looked_up = anyone.post("/v1/lookups", {"number": case["number"], "code": code}, expect=200)
        lines = [citizen.get("/v1/cases")["items"][0], window.get("/v1/desk/cases")["items"][0], looked_up]
        [sentence] = {line["sentence"]["text"] for line in [*lines, seen(citizen, case), seen(citizen, case)["clock"]]}
        return sentence, lines[2]["act_by"]

    case = submitted(citizen, drain)
    code = case["receipt_code"]
    case = act(window, case, "accept")
    assert everywhere(case) == ("还剩 10 个工作日，最迟 12 月 8 日办结", "2026-12-08T23:59:59+08:00")
    case = act(handler, case, "decide", kind="grant", text="符合条件")
    assert everywhere(case) == ("11 月 24 日已作出决定，最迟 12 月 8 日送达", None)
    assert [line["text"] for line in case["clock"]["limits"]] == ["共 10 个工作日，用了 0 个"] * 2
    case = act(window, case, "issue", serial="JY1")
    case = act(window, case, "hand_over", to="王小明", proof="身份证核对")
    assert everywhere(case) == ("结果已送达，不再计时", None)


# -- late ends --------------------------------------------------------------------------------------------------------


def test_a_late_refusal_says_by_how_much_it_was_late_also_once_it_is_filed(citizen, staff, drain, clock):
    case = act(staff("window"), submitted(citizen, drain), "accept")
    clock.move(days=21)  # Tuesday 15 December; the limits ended on the 8th
    case = seen(staff("handler"), case)
    assert limits(case)[1][0] == "共 10 个工作日，12 月 8 日到期，超过 5 个工作日"
    case = act(staff("handler"), case, "decide", kind="refuse", text="不符合", ground="食品安全法第35条")
    assert case["sentence"] == {
        "text": "已作出决定，不再计时。作出决定时已超过法定期限 5 个工作日",
        "text_en": "Decided; no time runs any more. Decided 5 working days past the statutory time limit",
        "tone": "done",
    }
    assert limits(case) == [
        (
            "共 10 个工作日，12 月 8 日到期，超过承诺期限",
            "10 working days in all, until 8 Dec, past the promised time limit",
        ),
        ("共 10 个工作日，12 月 8 日到期，超过 5 个工作日", "10 working days in all, until 8 Dec, 5 working days over"),
    ]
    assert ledger(case) == [
        ("11-24", "受理，开始计时", "已用 0 个工作日"),
        ("12-08", "承诺期限的最后一天", "已用 10 个工作日"),
        ("12-08", "法定期限的最后一天", "已用 10 个工作日"),
        ("12-15", "作出决定：不予许可", "已用 10 个工作日"),
    ]
    case = act(staff("window"), case, "close")
    assert (case["state_label"], case["sentence"]["text"]) == (
        "已办结",
        "已办结，不再计时。作出决定时已超过法定期限 5 个工作日",
    )


def test_a_late_grant_says_so_and_a_late_hand_over_too(citizen, staff, drain, clock):
    case = act(staff("window"), submitted(citizen, drain), "accept")
    clock.move(days=15)  # Wednesday 9 December: one day late
    case = act(staff("handler"), case, "decide", kind="grant", text="符合条件")
    late = ("作出决定时已超过法定期限 1 个工作日", "Decided 1 working day past the statutory time limit")
    assert case["sentence"]["text"] == f"12 月 9 日已作出决定，最迟 12 月 23 日送达。{late[0]}"
    assert case["sentence"]["text_en"] == f"Decided on 9 Dec; to be handed over by 23 Dec. {late[1]}"
    case = act(staff("window"), case, "issue", serial="JY12")
    clock.move(days=16)
    case = act(staff("window"), seen(staff("window"), case), "hand_over", to="王小明", proof="身份证核对")
    assert case["sentence"]["text"] == f"结果已送达，不再计时。{late[0]}。送达时已超过期限"
    assert [line[1] for line in ledger(case)][-2:] == ["送达期限的最后一天", "结果送达"]


def test_a_promise_passed_and_units_that_differ_are_told_in_sentences_of_their_own(
    citizen, log_in, staff, drain, clock
):
    case = act(staff("window"), submitted(citizen, drain, matter=CALENDAR_DAYS), "accept")
    assert ledger(case) == [
        ("11-24", "受理，开始计时", "已用 0 个自然日"),
        ("12-08", "承诺期限的最后一天", ""),
        ("12-24", "法定期限的最后一天", ""),
    ]
    clock.move(days=16)
    case = seen(log_in(PHONE), case)
    assert case["sentence"] == {
        "text": "已超过承诺期限。法定期限还剩 14 个自然日，最迟 12 月 24 日办结",
        "text_en": ("Past the promised time limit. Statutory time limit: 14 calendar days left, done by 24 Dec"),
        "tone": "late",
    }
    assert ledger(case)[1] == ("12-08", "承诺期限的最后一天", "")
    clock.move(days=14)
    citizen = log_in(PHONE)
    case = seen(citizen, case)
    assert case["sentence"]["text"] == "已超过承诺期限。今天是法定期限的最后一天"
    case = withdrawn(citizen, case)
    assert case["sentence"]["text"] == "申请已撤回，不再计时。撤回时已超过承诺期限"
    assert [text for text, _ in limits(case)] == [
        "共 10 个工作日，12 月 8 日到期，超过承诺期限",
        "共 30 个自然日，用了 30 个",
    ]
    assert [line[1] for line in ledger(case)] == ["受理，开始计时", "承诺期限的最后一天", "办理结束"]


# -- days that cannot be told -----------------------------------------------------------------------------------------


def test_a_guessed_day_that_has_passed_is_neither_promised_nor_a_breach(citizen, log_in, staff, drain, clock):
    clock.move(days=27)  # Monday 21 December: all limits end in 2027
    citizen, window = log_in(PHONE), staff("window")
    running, granted = [act(window, submitted(citizen, drain), "accept") for _ in range(2)]
    granted = act(staff("handler"), granted, "decide", kind="grant", text="符合条件")
    clock.move(days=7)
    late = submitted(log_in(PHONE), drain)
    clock.move(days=30)
    citizen, unknown = log_in(PHONE), "最后一天现在还算不出来（2027 年放假安排未公布）"
    later = {case["number"]: seen(citizen, case) for case in (running, granted, late)}
    assert {(case["sentence"]["text"], case["sentence"]["tone"]) for case in later.values()} == {
        (f"承诺期限 10 个工作日正在计时，{unknown}", "calm"),
        (f"2026 年 12 月 21 日已作出决定。送达期限 10 个工作日正在计时，{unknown}", "done"),
        (f"窗口在 5 个工作日内答复是否受理，{unknown}", "calm"),
    }
    assert [text for text, _ in limits(later[running["number"]])] == [f"共 10 个工作日，{unknown}"] * 2


# -- silence ----------------------------------------------------------------------------------------------------------


def test_between_the_notice_limit_and_the_job_all_faces_say_accepted(
    citizen, log_in, anyone, staff, drain, clock, monkeypatch
):
    monkeypatch.setattr(Silence, "deem_accepted", lambda self, case_id: None)
    case = submitted(citizen, drain)
    act(staff("window"), case, "claim")
    clock.move(days=8)  # Wednesday 2 December
    words = ("accepted", "办理中", "还剩 4 个工作日，最迟 12 月 8 日办结")
    assert everywhere(log_in(PHONE), anyone, case, case["receipt_code"]) == words
    handler, window = staff("handler"), staff("window")
    for officer, may in ((handler, {"claim", "decide"}), (window, set())):
        whole = seen(officer, case)
        assert (whole["state"], whole["officer"]) == ("accepted", None)
        assert set(whole["acts"]) & {"claim", "decide", "accept", "decline"} == may
    case = act(handler, seen(handler, case), "decide", kind="grant", text="符合条件")
    assert case["state"] == "granted"


# -- the archive ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("end", "words"),
    [
        ("withdraw", ("closed", "申请已撤回，已归档", "申请已撤回，已归档，不再计时")),
        ("decline", ("closed", "未受理，已归档", "没有受理，已归档，不计时")),
    ],
)
def test_an_application_that_was_not_finished_is_not_called_finished_by_the_archive(
    citizen, anyone, window, drain, database, end, words
):
    case = submitted(citizen, drain)
    code = case["receipt_code"]
    if end == "withdraw":
        case = withdrawn(citizen, case)
    else:
        case = act(window, case, "decline", reason="不属于本机关")
    case = act(window, case, "close")
    assert everywhere(citizen, anyone, case, code) == words
    row = database["cases"].find_one({"number": case["number"]})
    assert row["end"] == {"withdraw": "withdrawn", "decline": "declined"}[end]
    database["cases"].update_one({"_id": row["_id"]}, {"$unset": {"end": ""}})  # as an earlier release left it
    assert everywhere(citizen, anyone, case, code) == words


# -- notices and the sweep --------------------------------------------------------------------------------------------


def test_a_notice_speaks_of_its_act_however_late_the_reaction_runs(citizen, staff, drain, database, sent):
    case = submitted(citizen, drain)
    upload = {"materials": {"m1": [accepted_upload(citizen, drain)]}, "text": ""}
    case = act(staff("window"), case, "request_supplement", items=[{"key": "m1", "why": "没有签名"}])
    case = send(citizen, case, "supplement", upload)
    case = act(staff("window"), case, "accept")
    case = act(staff("handler"), case, "decide", kind="refuse", text="不符合", ground="食品安全法第35条")
    drain()
    texts = {row["kind"]: row["text"] for row in citizen.get("/v1/notices")["items"]}
    assert "有 1 项材料需要补充" in texts["supplement_requested"]
    assert "最迟 2026年12月8日 办结" in texts["case_accepted"]
    assert "不予许可" in texts["case_refused"]


def test_one_case_that_raises_does_not_stop_the_sweep(
    citizen, log_in, drain, clock, app, database, caplog, monkeypatch
):
    cases = [submitted(citizen, drain) for _ in range(3)]
    [broken] = [row["_id"] for row in database["cases"].find({"number": cases[1]["number"]})]
    clock.move(days=8)
    really = Silence.deem_accepted

    def deem(self, case_id):
        if case_id == broken:
            raise KeyError("m9")
        really(self, case_id)

    monkeypatch.setattr(Silence, "deem_accepted", deem)
    with caplog.at_level(logging.CRITICAL, "circle.cases"), pytest.raises(SweepIncomplete):
        app.extensions["circle"].cases.deadlines.sweep({})
    states = [database["cases"].find_one({"number": case["number"]})["state"] for case in cases]
    assert states == ["accepted", "submitted", "accepted"]


def test_the_clock_of_an_earlier_release_is_made_anew_of_the_actions(citizen, staff, drain, app, database):
    case = supplemented(citizen, staff("window"), drain, submitted(citizen, drain))
    old = {"received_at": "2026-11-24T10:00:00+08:00", "deemed_acceptance": True}
    database["cases"].update_one({"number": case["number"]}, {"$set": {"clock_facts": old, "old_clock": True}})
    before = seen(citizen, case)["clock"]
    app.extensions["circle"].cases.folding.run()
    row = database["cases"].find_one({"number": case["number"]})
    assert row["clock_facts"]["recorded"] is True
    assert "old_clock" not in row
    assert seen(citizen, case)["clock"] == before == case["clock"]
