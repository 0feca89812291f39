"""The working-day clock, rule by rule; the numbers are those of its definition, the days are counted by hand.

From Monday 3 March 2025 the working days are: 7 March 4, 14 March 9, 21 March 14, 28 March 19, 31 March 20,
3 April 23 (the 4th is a holiday), 11 April 28.
"""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from api.calendar.calendar import load_calendar
from api.cases.clock.facts import read_facts
from api.cases.clock.reckoning import reckon, reckon_facts, reckon_file

EXAMPLES = json.loads((Path(__file__).parents[1] / "data" / "clock_cases.json").read_text(encoding="utf-8"))


def at(text: str) -> str:
    """`03-07 09:00` in 2025, or with another year, as an ISO time with Beijing's offset."""
    day, hour = text.split()
    day = day if len(day) > 5 else f"2025-{day}"
    return f"{day}T{hour}:00+08:00"


def last_second(day: str) -> str:
    return f"{day if len(day) > 5 else f'2025-{day}'}T23:59:59+08:00"


def clock(**facts: Any) -> dict[str, Any]:
    """The answer to a case accepted on Monday 3 March 2025, legal limit 5 working days, unless told otherwise."""
    usual = {"accepted_at": at("03-03 10:00"), "legal": {"days": 5, "unit": "working"}}
    given = {key: value for key, value in {**usual, **facts}.items() if value is not ...}
    return reckon(given, load_calendar())


def arrived(**facts: Any) -> dict[str, Any]:
    """The same for a case whose materials arrived that day and of which nothing more is known; told until 10 March."""
    return clock(**{"accepted_at": ..., "received_at": at("03-03 10:00"), **facts})


def working(days: int) -> dict[str, Any]:
    return {"days": days, "unit": "working"}


def calendar_days(days: int) -> dict[str, Any]:
    return {"days": days, "unit": "calendar"}


def stop(start: str, end: str | None = None, kind: str = "检测", **more: Any) -> dict[str, Any]:
    return {"kind": kind, "start": at(start), "end": end and at(end), **more}


def approved(when: str, days: int = 10, **more: Any) -> dict[str, Any]:
    return {"days": days, "approved_at": at(when), **more}


def decided(when: str, kind: str = "grant") -> dict[str, Any]:
    return {"at": at(when), "kind": kind}


@pytest.mark.parametrize("example", EXAMPLES, ids=[f"{e['id']} {e['title']}" for e in EXAMPLES])
def test_a_worked_example_comes_out_whole(example):
    output = reckon(example["input"], load_calendar())
    assert output == example["expect"]
    assert list(output) == list(example["expect"])


# Rules 1-4: the calendar


def test_a_make_up_saturday_counts_and_a_holiday_does_not():
    answer = clock(accepted_at=at("09-29 10:00"), as_of=at("10-13 09:00"))
    assert answer["legal_due"] == last_second("10-13")  # 30 Sept, 9, 10, Sat 11, 13 Oct


def test_a_half_day_holiday_for_some_counts_as_a_whole_day():
    answer = clock(accepted_at=at("2024-03-07 10:00"), legal=working(1), as_of=at("2024-03-08 15:00"))
    assert (answer["used"], answer["legal_due"]) == (1, last_second("2024-03-08"))


def test_exceptions_rest_and_work_win_over_the_calendar():
    table = {"2025-03-05": "rest", "2025-03-08": "work"}
    answer = clock(exceptions=table, as_of=at("03-08 09:00"))
    assert (answer["used"], answer["legal_due"]) == (4, last_second("03-10"))


def test_an_exception_in_an_unannounced_year_makes_that_day_known():
    answer = clock(
        accepted_at=at("2026-12-30 10:00"),
        legal=working(2),
        exceptions={"2027-01-01": "rest", "2027-01-02": "rest", "2027-01-03": "rest", "2027-01-04": "work"},
        as_of=at("2027-01-04 09:00"),
    )
    assert (answer["legal_due"], answer["used"], answer["warnings"]) == (last_second("2027-01-04"), 2, [])


def test_a_due_day_that_needs_an_unannounced_year_is_not_named_and_one_warning_says_so():
    answer = clock(accepted_at=at("2026-12-28 10:00"), legal=working(10), promised_days=8, as_of=at("2026-12-31 09:00"))
    assert (answer["legal_due"], answer["promised_due"], answer["act_by"]) == (None, None, None)
    assert (answer["used"], answer["warnings"]) == (3, ["calendar_unknown:2027"])


def test_a_calendar_limit_needs_the_unannounced_year_only_for_the_roll_of_its_end():
    facts = {"accepted_at": at("2026-12-28 10:00"), "legal": calendar_days(6), "as_of": at("2027-01-02 09:00")}
    answer = clock(**facts)
    assert (answer["legal_due"], answer["used"], answer["left"]) == (None, 5, 1)
    assert answer["warnings"] == ["calendar_unknown:2027"]


def test_a_stopped_day_asks_nothing_of_the_calendar():
    answer = clock(
        accepted_at=at("2026-12-28 10:00"),
        procedures=[stop("2026-12-30 09:00")],
        as_of=at("2027-02-01 09:00"),
    )
    assert (answer["state"], answer["used"], answer["legal_due"], answer["warnings"]) == ("stopped", 1, None, [])


def test_a_count_that_needs_an_unannounced_year_is_an_error():
    facts = {"accepted_at": at("2026-12-30 10:00"), "legal": working(5)}
    assert "error" not in clock(**facts, as_of=at("2026-12-31 09:00"))
    assert clock(**facts, as_of=at("2027-01-04 09:00")) == {"error": "calendar_unknown:2027"}


def test_a_notice_limit_that_needs_an_unannounced_year_is_an_error():
    assert arrived(received_at=at("2026-12-28 10:00"), as_of=at("2026-12-28 12:00")) == {
        "error": "calendar_unknown:2027"
    }


def test_a_day_zero_that_needs_an_unannounced_year_is_an_error():
    facts = {"accepted_at": at("2026-12-31 18:00"), "as_of": at("2026-12-31 19:00")}
    assert clock(**facts)["day0"] == "2026-12-31"
    assert clock(**facts, after_hours="next_working_day") == {"error": "calendar_unknown:2027"}


def test_days_over_the_due_that_need_an_unannounced_year_are_an_error():
    facts = {"accepted_at": at("2026-12-21 10:00"), "legal": working(5)}
    assert clock(**facts, as_of=at("2026-12-31 09:00"))["overdue_days"] == 3
    assert clock(**facts, as_of=at("2027-01-01 09:00"))["overdue_days"] == 3, "a statutory holiday"
    assert clock(**facts, as_of=at("2027-01-02 09:00")) == {"error": "calendar_unknown:2027"}


# Rules 5-7: day 0


def test_day_zero_is_the_beijing_date_whatever_the_offset():
    answer = clock(accepted_at="2025-03-03T17:00:00Z", as_of="2025-03-04T02:00:00+08:00")
    assert answer["day0"] == "2025-03-04"


@pytest.mark.parametrize(
    ("accepted", "day0"),
    [
        ("03-03 17:29", "2025-03-03"),
        ("03-03 17:30", "2025-03-04"),
        ("03-08 09:00", "2025-03-10"),
        ("03-07 18:00", "2025-03-10"),
    ],
)
def test_by_the_places_own_rule_the_evening_and_the_rest_day_belong_to_the_next_working_day(accepted, day0):
    answer = clock(accepted_at=at(accepted), after_hours="next_working_day", as_of=at("03-10 12:00"))
    assert answer["day0"] == day0


def test_a_place_may_close_at_another_hour():
    facts = {"accepted_at": at("03-03 17:00"), "after_hours": "next_working_day", "as_of": at("03-04 09:00")}
    assert clock(**facts, closing="17:00")["day0"] == "2025-03-04"
    assert clock(**facts)["day0"] == "2025-03-03"


def test_the_places_own_rule_moves_arrival_and_supplement_but_no_decision():
    late = arrived(received_at=at("03-03 20:00"), after_hours="next_working_day", as_of=at("03-12 09:00"))
    assert (late["notice_due"], late["day0"]) == (last_second("03-11"), "2025-03-04")
    answer = clock(after_hours="next_working_day", decision=decided("03-10 20:00"))
    assert (answer["overdue"], answer["handover_due"]) == (False, last_second("03-24"))


def test_a_clock_whose_day_zero_is_tomorrow_already_runs_with_nothing_used():
    answer = clock(accepted_at=at("03-03 20:00"), after_hours="next_working_day", as_of=at("03-03 21:00"))
    assert (answer["state"], answer["day0"], answer["used"]) == ("running", "2025-03-04", 0)


# Rules 8-13: notice, silence, supplement


def test_accepted_within_the_notice_limit_day_zero_is_the_day_of_acceptance():
    answer = arrived(accepted_at=at("03-06 10:00"), as_of=at("03-20 09:00"))
    assert (answer["accept_basis"], answer["day0"], answer["notice_due"]) == (
        "accepted",
        "2025-03-06",
        last_second("03-10"),
    )


def test_accepted_in_the_last_minute_of_the_fifth_day_is_accepted_in_time():
    answer = arrived(accepted_at=at("03-10 23:59"), as_of=at("03-11 09:00"))
    assert (answer["accept_basis"], answer["day0"], answer["warnings"]) == ("accepted", "2025-03-10", [])


def test_at_midnight_after_the_fifth_day_silence_has_accepted():
    answer = arrived(as_of=at("03-11 00:00"))
    assert (answer["state"], answer["accept_basis"], answer["day0"]) == ("overdue", "deemed", "2025-03-03")


def test_the_notice_limit_runs_over_a_holiday_in_working_days():
    assert arrived(received_at=at("09-29 10:00"), as_of=at("10-11 09:00"))["notice_due"] == last_second("10-13")


@pytest.mark.parametrize(
    ("late", "warning"),
    [
        ("notice_at", "late_notice"),
        ("refused_at", "late_refusal_ignored"),
        ("accepted_at", "late_acceptance_ignored"),
    ],
)
def test_told_refused_or_accepted_too_late_changes_nothing_and_is_warned_of(late, warning):
    facts = {"legal": working(20), late: at("03-11 00:00"), "as_of": at("03-12 09:00")}
    answer = arrived(**facts)
    assert (answer["state"], answer["accept_basis"], answer["day0"]) == ("running", "deemed", "2025-03-03")
    assert answer["warnings"] == [warning]


def test_several_late_acts_are_warned_of_each():
    answer = arrived(
        notice_at=at("03-11 09:00"),
        refused_at=at("03-12 09:00"),
        accepted_at=at("03-13 09:00"),
        as_of=at("03-14 09:00"),
    )
    assert answer["warnings"] == ["late_acceptance_ignored", "late_notice", "late_refusal_ignored"]


def test_told_in_time_no_clock_runs_however_long_the_supplement_takes():
    answer = arrived(notice_at=at("03-10 23:59"), as_of=at("06-30 09:00"))
    assert (answer["state"], answer["day0"], answer["notice_due"]) == ("not_started", None, last_second("03-10"))
    assert (answer["used"], answer["ledger"], answer["warnings"]) == (None, [], [])


def test_refused_in_time_no_clock_runs():
    answer = arrived(refused_at=at("03-10 16:00"), as_of=at("03-12 09:00"))
    assert (answer["state"], answer["day0"], answer["total"], answer["ledger"]) == ("refused", None, None, [])
    assert (answer["notice_due"], answer["warnings"]) == (last_second("03-10"), [])


def test_refused_while_the_supplement_is_awaited_is_refused_in_time():
    answer = arrived(notice_at=at("03-05 09:00"), refused_at=at("04-15 09:00"), as_of=at("04-16 09:00"))
    assert (answer["state"], answer["warnings"]) == ("refused", [])


def test_accepted_before_the_supplement_is_complete_the_clock_starts():
    told = {"notice_at": at("03-05 09:00"), "accepted_at": at("03-14 09:00"), "as_of": at("03-18 09:00")}
    answer = arrived(**told)
    assert (answer["accept_basis"], answer["day0"], answer["used"]) == ("accepted", "2025-03-14", 2)
    later = arrived(**told, supplement_at=at("03-17 09:00"))
    assert (later["day0"], later["notice_due"]) == ("2025-03-14", last_second("03-10"))


def test_a_refusal_ends_the_clock_that_started_before_the_supplement_was_complete():
    told = {"notice_at": at("03-05 09:00"), "accepted_at": at("03-06 09:00"), "as_of": at("03-18 09:00")}
    assert arrived(**told)["state"] == "overdue"
    assert arrived(**told, refused_at=at("03-12 09:00"))["state"] == "refused"


SUPPLEMENTED = {"notice_at": at("03-05 09:00"), "supplement_at": at("03-17 15:00"), "legal": working(20)}


def test_the_supplement_starts_a_second_limit_of_five_days():
    answer = arrived(**SUPPLEMENTED, as_of=at("03-24 23:59"))
    assert (answer["state"], answer["notice_due"]) == ("not_started", last_second("03-24"))


def test_accepted_within_the_second_limit_day_zero_is_the_day_of_acceptance():
    answer = arrived(**SUPPLEMENTED, accepted_at=at("03-24 16:00"), as_of=at("03-26 09:00"))
    assert (answer["accept_basis"], answer["day0"], answer["used"]) == ("accepted", "2025-03-24", 2)


def test_silence_after_the_supplement_accepts_from_the_day_it_arrived():
    answer = arrived(**SUPPLEMENTED, as_of=at("03-25 09:00"))
    assert (answer["accept_basis"], answer["day0"], answer["used"]) == ("deemed", "2025-03-17", 6)
    assert answer["ledger"][0] == "2025-03-17 start:deemed 0"


def test_accepted_or_refused_after_the_second_limit_changes_nothing():
    accepted = arrived(**SUPPLEMENTED, accepted_at=at("03-25 09:00"), as_of=at("03-26 09:00"))
    assert (accepted["day0"], accepted["warnings"]) == ("2025-03-17", ["late_acceptance_ignored"])
    refused = arrived(**SUPPLEMENTED, refused_at=at("03-25 09:00"), as_of=at("03-26 09:00"))
    assert (refused["state"], refused["warnings"]) == ("running", ["late_refusal_ignored"])


def test_refused_within_the_second_limit_is_refused():
    assert arrived(**SUPPLEMENTED, refused_at=at("03-20 09:00"), as_of=at("03-26 09:00"))["state"] == "refused"


def test_a_supplement_asked_for_too_late_starts_no_second_limit():
    facts = {**SUPPLEMENTED, "notice_at": at("03-12 09:00"), "as_of": at("03-18 09:00")}
    answer = arrived(**facts)
    assert (answer["day0"], answer["notice_due"]) == ("2025-03-03", last_second("03-10"))
    assert answer["warnings"] == ["late_notice"]


def test_where_silence_does_not_accept_the_case_waits_and_late_acts_hold():
    silent = {"deemed_acceptance": False, "as_of": at("03-20 09:00")}
    assert arrived(**silent)["state"] == "not_started"
    assert arrived(**silent)["notice_due"] == last_second("03-10")
    accepted = arrived(**silent, accepted_at=at("03-18 09:00"))
    assert (accepted["accept_basis"], accepted["day0"], accepted["warnings"]) == ("accepted", "2025-03-18", [])
    assert arrived(**silent, refused_at=at("03-18 09:00"))["state"] == "refused"


def test_where_silence_does_not_accept_neither_does_silence_after_the_supplement():
    answer = arrived(**SUPPLEMENTED, deemed_acceptance=False, as_of=at("04-30 09:00"))
    assert (answer["state"], answer["notice_due"]) == ("not_started", last_second("03-24"))


# Rules 14-19: counting and the due day


def test_a_calendar_limit_counts_every_day_and_ends_on_a_working_day():
    answer = clock(legal=calendar_days(5), as_of=at("03-08 09:00"))
    assert (answer["used"], answer["left"], answer["legal_due"]) == (5, 0, last_second("03-10"))
    assert (answer["state"], answer["overdue"]) == ("running", False)


def test_a_calendar_limit_that_ends_on_a_make_up_sunday_stays_there():
    answer = clock(accepted_at=at("09-23 10:00"), legal=calendar_days(5), as_of=at("09-24 10:00"))
    assert answer["legal_due"] == last_second("09-28")


def test_a_decision_in_the_last_minute_is_in_time_and_at_midnight_it_is_late():
    assert not clock(decision=decided("03-10 23:59"))["overdue"]
    assert clock(decision=decided("03-11 00:00"))["overdue"]


def test_a_promise_of_no_days_is_due_on_day_zero_and_no_stop_moves_it():
    saturday = {"accepted_at": at("03-08 10:00"), "promised_days": 0, "procedures": [stop("03-08 11:00")]}
    same_day = clock(**saturday, as_of=at("03-08 12:00"))
    assert (same_day["promised_due"], same_day["act_by"]) == (last_second("03-08"), last_second("03-08"))
    assert (same_day["promised_left"], same_day["promise_overdue"], same_day["state"]) == (0, False, "stopped")
    assert clock(**saturday, as_of=at("03-09 00:00"))["promise_overdue"]


def test_the_promise_has_the_stops_of_the_limit_and_not_its_extension():
    answer = clock(
        promised_days=4,
        procedures=[stop("03-05 09:00", "03-07 09:00")],
        extension_rule={"max_days": 10},
        extensions=[approved("03-07 10:00")],
        as_of=at("03-11 09:00"),
    )
    assert (answer["promised_due"], answer["legal_due"]) == (last_second("03-11"), last_second("03-26"))


def test_a_promise_that_ends_after_the_legal_due_is_warned_of():
    answer = clock(promised_days=6, as_of=at("03-04 09:00"))
    assert (answer["act_by"], answer["warnings"]) == (last_second("03-10"), ["promise_after_legal"])
    assert clock(promised_days=5, as_of=at("03-04 09:00"))["warnings"] == []


def test_without_a_legal_limit_only_the_promise_is_measured():
    answer = clock(legal=..., promised_days=5, as_of=at("03-12 09:00"))
    assert [answer[key] for key in ("legal_due", "total", "used", "left")] == [None] * 4
    assert (answer["overdue"], answer["overdue_days"]) == (False, 0)
    assert (answer["state"], answer["promise_overdue"], answer["promised_left"]) == ("overdue", True, 0)
    assert answer["act_by"] == last_second("03-10")
    assert answer["ledger"] == ["2025-03-03 start:accepted 0", "2025-03-10 promised_due 5"]


def test_without_any_limit_the_clock_only_keeps_a_ledger():
    answer = clock(legal=..., procedures=[stop("03-05 09:00", "03-06 09:00")], as_of=at("2027-03-12 09:00"))
    assert (answer["state"], answer["act_by"], answer["used"]) == ("running", None, None)
    assert answer["ledger"][1:] == ["2025-03-05 stop:检测 0", "2025-03-06 resume:检测 0"]


def test_months_are_not_a_unit():
    answer = clock(legal={"days": 3, "unit": "month"}, as_of=at("03-04 09:00"))
    assert answer["error"] == "bad_input"


# Rules 20-26: stops


@pytest.mark.parametrize("kind", ["听证", "招标", "拍卖", "检验", "检测", "检疫", "鉴定", "专家评审"])
def test_each_of_the_eight_kinds_stops_the_clock(kind):
    answer = clock(procedures=[stop("03-05 09:00", "03-07 09:00", kind)], as_of=at("03-07 09:00"))
    assert (answer["used"], answer["legal_due"]) == (2, last_second("03-12"))


@pytest.mark.parametrize("kind", ["现场踏勘", "公示", "补正", "容缺补交"])
def test_every_other_kind_is_written_down_and_runs_on(kind):
    answer = clock(procedures=[stop("03-05 09:00", None, kind, told=False)], as_of=at("03-07 09:00"))
    assert (answer["state"], answer["used"], answer["warnings"]) == ("running", 4, [])
    assert answer["ledger"][1] == f"2025-03-05 runs:{kind} 2"


def test_the_matters_own_law_may_let_another_kind_stop():
    facts = {"procedures": [stop("03-05 09:00", "03-07 09:00", "公示")], "as_of": at("03-07 09:00")}
    assert clock(**facts)["used"] == 4
    assert clock(**facts, matter_stops=["公示"])["used"] == 2


def test_overlapping_nested_and_touching_stops_take_nothing_off_twice():
    stops = [
        stop("03-05 09:00", "03-07 09:00"),
        stop("03-06 09:00", "03-11 09:00", "听证"),
        stop("03-10 09:00", "03-10 15:00", "检验"),
        stop("03-11 09:00", "03-12 09:00", "鉴定"),
    ]
    answer = clock(procedures=stops, as_of=at("03-12 10:00"))
    assert (answer["used"], answer["legal_due"]) == (2, last_second("03-17"))  # 4, 12, 13, 14, 17 March


def test_rest_days_within_a_stop_are_stopped_for_a_calendar_limit():
    facts = {"procedures": [stop("03-07 09:00", "03-10 09:00")], "as_of": at("03-10 10:00")}
    assert clock(**facts, legal=calendar_days(7))["legal_due"] == last_second("03-13")
    assert clock(**facts, legal=working(7))["legal_due"] == last_second("03-13")


def test_resumed_on_a_saturday_the_next_working_day_counts():
    answer = clock(procedures=[stop("03-05 09:00", "03-08 09:00")], as_of=at("03-10 10:00"))
    assert (answer["used"], answer["legal_due"]) == (2, last_second("03-13"))


def test_a_stop_that_nobody_was_told_of_holds_and_is_warned_of_once_a_kind():
    stops = [stop("03-05 09:00", "03-06 09:00", told=False), stop("03-06 09:00", "03-07 09:00", told=False)]
    answer = clock(procedures=stops, as_of=at("03-07 10:00"))
    assert (answer["used"], answer["warnings"]) == (2, ["not_told_in_writing:检测"])


def test_a_stop_after_the_due_day_does_nothing():
    answer = clock(procedures=[stop("03-11 09:00")], as_of=at("03-12 09:00"))
    assert (answer["legal_due"], answer["state"], answer["overdue_days"]) == (last_second("03-10"), "overdue", 2)
    assert "2025-03-11 stop:检测 5" in answer["ledger"]


def test_a_stop_open_on_the_due_day_leaves_no_due_and_nothing_overdue():
    answer = clock(procedures=[stop("03-10 16:00")], as_of=at("03-20 09:00"))
    assert (answer["legal_due"], answer["state"], answer["used"], answer["left"]) == (None, "stopped", 4, 1)


def test_a_promise_reached_before_an_open_stop_keeps_its_due():
    answer = clock(promised_days=2, procedures=[stop("03-06 09:00")], as_of=at("03-20 09:00"))
    assert (answer["promised_due"], answer["legal_due"]) == (last_second("03-05"), None)
    assert (answer["act_by"], answer["promise_overdue"], answer["state"]) == (last_second("03-05"), True, "stopped")


def test_a_calendar_limit_whose_roll_meets_a_stop_ends_after_it():
    answer = clock(legal=calendar_days(5), procedures=[stop("03-09 09:00", "03-12 09:00")], as_of=at("03-12 10:00"))
    assert (answer["used"], answer["legal_due"]) == (5, last_second("03-12"))


def test_a_decision_closes_an_open_stop():
    answer = clock(procedures=[stop("03-05 09:00")], decision=decided("03-11 16:00", "refuse"))
    assert (answer["state"], answer["used"], answer["legal_due"]) == ("decided", 2, last_second("03-14"))
    assert answer["warnings"] == ["closed_by_decision:检测"]
    assert answer["ledger"] == [
        "2025-03-03 start:accepted 0",
        "2025-03-05 stop:检测 1",
        "2025-03-11 resume:检测 2",
        "2025-03-11 decision:refuse 2",
        "2025-03-14 legal_due 2",
    ]


def test_a_stop_recorded_to_end_after_the_decision_ends_with_it_however_late_one_asks():
    facts = {"procedures": [stop("03-05 09:00", "03-13 09:00")], "decision": decided("03-11 16:00", "refuse")}
    at_once, later = clock(**facts), clock(**facts, as_of=at("03-20 09:00"))
    assert at_once == later
    assert later["warnings"] == ["closed_by_decision:检测"]


def test_an_unfinished_site_visit_is_not_closed_by_the_decision():
    answer = clock(procedures=[stop("03-05 09:00", None, "现场踏勘")], decision=decided("03-06 16:00"))
    assert answer["warnings"] == []


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        ({"procedures": [stop("03-03 09:59", "03-05 09:00")]}, "procedure_before_acceptance"),
        ({"procedures": [stop("03-02 09:00", "03-05 09:00", "公示")]}, "procedure_before_acceptance"),
        ({"procedures": [stop("03-06 09:00")], "decision": decided("03-05 09:00")}, "procedure_after_decision"),
        ({"procedures": [stop("03-06 09:00", "03-05 09:00")]}, "procedure_end_before_start"),
        ({"extensions": [approved("03-03 09:00")]}, "extension_before_acceptance"),
        ({"decision": decided("03-03 09:00")}, "decision_before_acceptance"),
    ],
)
def test_what_cannot_have_happened_is_an_input_error(facts, code):
    assert clock(**facts, as_of=at("03-07 09:00")) == {"error": code}


def test_a_procedure_after_the_decision_is_an_error_also_when_no_moment_is_named():
    answer = clock(procedures=[stop("03-06 09:00")], decision=decided("03-05 09:00"))
    assert answer == {"error": "procedure_after_decision"}


def test_before_anyone_accepted_there_is_nothing_to_stop_extend_or_decide():
    told = {"notice_at": at("03-05 09:00"), "as_of": at("03-20 09:00")}
    assert arrived(**told, procedures=[stop("03-06 09:00")]) == {"error": "procedure_before_acceptance"}
    assert arrived(**told, extensions=[approved("03-06 09:00")]) == {"error": "extension_before_acceptance"}
    assert arrived(**told, decision=decided("03-06 09:00")) == {"error": "decision_before_acceptance"}


def test_silence_looks_back_and_so_makes_room_for_what_came_after_the_arrival():
    answer = arrived(decision=decided("03-06 09:00"), as_of=at("03-11 09:00"))
    assert (answer["accept_basis"], answer["state"], answer["used"]) == ("deemed", "decided", 3)


# Rules 27-30: extensions

ALLOWED = {"extension_rule": {"max_days": 10}}


def test_an_extension_is_one_period_with_the_limit_and_rolls_only_at_the_new_end():
    answer = clock(**ALLOWED, legal=calendar_days(5), extensions=[approved("03-10 09:00", 3)], as_of=at("03-10 10:00"))
    assert (answer["total"], answer["used"], answer["legal_due"]) == (8, 7, last_second("03-11"))


def test_an_extension_may_be_approved_in_the_last_minute_of_the_due_day():
    answer = clock(**ALLOWED, extensions=[approved("03-10 23:59")], as_of=at("03-12 10:00"))
    assert (answer["extensions"], answer["total"], answer["legal_due"]) == (["ok"], 15, last_second("03-24"))


def test_while_the_clock_stands_still_an_extension_is_not_late():
    still = {"procedures": [stop("03-10 09:00", "03-20 09:00")], "extensions": [approved("03-14 09:00")]}
    answer = clock(**ALLOWED, **still, as_of=at("03-14 10:00"))
    assert (answer["extensions"], answer["state"], answer["total"]) == (["ok"], "stopped", 15)
    assert clock(**ALLOWED, **still, as_of=at("03-20 10:00"))["legal_due"] == last_second("04-03")


def test_a_stop_that_began_after_the_due_day_saves_no_late_extension():
    answer = clock(
        **ALLOWED, procedures=[stop("03-11 09:00")], extensions=[approved("03-11 10:00")], as_of=at("03-12 10:00")
    )
    assert answer["extensions"] == ["late"]


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ({"extension_rule": ..., "extensions": [approved("03-20 09:00", 99)]}, "not_allowed"),
        ({"legal": ..., "promised_days": 5, "extensions": [approved("03-05 09:00")]}, "not_allowed"),
        ({"extensions": [approved("03-20 09:00", 99)], "decision": decided("03-07 09:00")}, "after_decision"),
        ({"extensions": [approved("03-11 00:00", 99)]}, "late"),
        ({"extensions": [approved("03-05 09:00", 11, approver="government_head")]}, "over_max"),
        ({"extensions": [approved("03-05 09:00", 10, approver="government_head")]}, "wrong_approver"),
    ],
)
def test_a_refused_extension_has_no_effect_and_gives_the_first_reason_that_fits(facts, reason):
    answer = clock(**{**ALLOWED, "as_of": at("03-21 09:00"), **facts})
    assert answer["extensions"] == [reason]
    assert answer["total"] in (5, None)
    assert sum(line.split()[1] == f"extend_refused:{reason}" for line in answer["ledger"]) == 1


def test_an_extension_is_granted_once():
    twice = [approved("03-05 09:00", 3), approved("03-06 09:00", 99, approver="nobody")]
    answer = clock(**ALLOWED, extensions=twice, as_of=at("03-06 10:00"))
    assert (answer["extensions"], answer["total"]) == (["ok", "second"], 8)


def test_a_second_extension_after_the_extended_due_is_late_rather_than_second():
    answer = clock(
        **ALLOWED, extensions=[approved("03-05 09:00", 3), approved("03-14 09:00", 3)], as_of=at("03-14 10:00")
    )
    assert answer["extensions"] == ["ok", "late"]  # 8 days end on 13 March


def test_extensions_are_judged_as_they_were_approved_and_answered_as_they_were_given():
    answer = clock(
        **ALLOWED, extensions=[approved("03-06 09:00", 3), approved("03-05 09:00", 4)], as_of=at("03-07 10:00")
    )
    assert (answer["extensions"], answer["total"]) == (["second", "ok"], 9)


# Rules 31-35: what is reported


def test_what_is_later_than_the_moment_is_unknown_to_the_answer():
    life = {
        **ALLOWED,
        "procedures": [stop("03-05 09:00", "03-07 09:00"), stop("03-11 09:00", "03-12 09:00")],
        "extensions": [approved("03-10 09:00", 3)],
        "decision": decided("03-13 09:00"),
        "handed_over_at": at("03-14 09:00"),
    }
    early = clock(**life, as_of=at("03-06 09:00"))
    assert early == clock(procedures=[stop("03-05 09:00")], **ALLOWED, as_of=at("03-06 09:00"))
    assert (early["state"], early["extensions"], early["handover_due"]) == ("stopped", [], None)


def test_what_happens_at_the_very_moment_is_known():
    assert clock(decision=decided("03-05 09:00"), as_of=at("03-05 09:00"))["state"] == "decided"


def test_before_the_acceptance_nothing_has_started():
    answer = clock(as_of=at("03-03 09:59"))
    assert (answer["state"], answer["day0"], answer["notice_due"], answer["ledger"]) == ("not_started", None, None, [])


def test_without_a_moment_the_answer_is_for_the_latest_of_decision_and_handover():
    facts = {"decision": decided("03-05 09:00"), "handed_over_at": at("03-20 09:00")}
    assert clock(**facts) == clock(**facts, as_of=at("03-20 09:00"))
    assert clock(as_of=...) == {"error": "as_of_missing"}


def test_on_the_due_day_nothing_is_left_and_nothing_is_late():
    answer = clock(as_of=at("03-10 00:00"))
    assert (answer["used"], answer["left"], answer["state"]) == (5, 0, "running")


def test_a_saturday_decision_after_a_friday_due_is_late_by_no_working_day():
    facts = {"decision": decided("03-08 09:00", "refuse")}
    by_working_days = clock(**facts, legal=working(4))
    assert (by_working_days["overdue"], by_working_days["overdue_days"]) == (True, 0)
    by_calendar = clock(**facts, legal=calendar_days(4))
    assert (by_calendar["overdue"], by_calendar["overdue_days"]) == (True, 1)


def test_a_stop_does_not_shorten_what_is_overdue():
    answer = clock(procedures=[stop("03-11 09:00", "03-13 09:00")], as_of=at("03-14 09:00"))
    assert (answer["overdue_days"], answer["used"]) == (4, 5)


def test_decided_beats_overdue_and_overdue_beats_stopped():
    late = {"procedures": [stop("03-11 09:00")]}
    assert clock(**late, as_of=at("03-12 09:00"))["state"] == "overdue"
    answer = clock(**late, decision=decided("03-13 09:00"))
    assert (answer["state"], answer["overdue"], answer["overdue_days"]) == ("decided", True, 3)


def test_a_stop_that_ends_at_the_very_moment_is_over():
    facts = {"procedures": [stop("03-05 09:00", "03-07 09:00")]}
    assert clock(**facts, as_of=at("03-07 08:59"))["state"] == "stopped"
    assert clock(**facts, as_of=at("03-07 09:00"))["state"] == "running"


@pytest.mark.parametrize("kind", ["refuse", "end"])
def test_only_a_grant_has_a_limit_for_handing_over(kind):
    facts = {"decision": decided("03-05 09:00", kind), "handed_over_at": at("04-30 09:00")}
    answer = clock(**facts)
    assert (answer["handover_due"], answer["handover_overdue"]) == (None, False)
    assert answer["ledger"][-1] == "2025-04-30 handed_over 2"


def test_handing_over_is_in_time_on_the_tenth_working_day_and_late_after_it():
    facts = {"decision": decided("03-05 09:00"), "procedures": [stop("03-05 09:00")]}
    assert clock(**facts, handed_over_at=at("03-19 23:59"))["handover_overdue"] is False
    assert clock(**facts, handed_over_at=at("03-20 00:00"))["handover_overdue"] is True
    waiting = clock(**facts, as_of=at("03-20 00:00"))
    assert (waiting["handover_due"], waiting["handover_overdue"]) == (last_second("03-19"), True)
    assert clock(**facts, handed_over_at=at("03-19 09:00"), as_of=at("04-30 09:00"))["handover_overdue"] is False


def test_a_result_made_anew_after_its_hand_over_has_ten_working_days_of_its_own_and_both_lines():
    anew = {"handed_over_at": at("03-17 09:00"), "at": at("03-21 09:00")}
    facts = {"decision": decided("03-05 09:00"), "reissues": [anew]}
    before = clock(**facts, as_of=at("03-20 09:00"))
    assert before == clock(decision=decided("03-05 09:00"), handed_over_at=at("03-17 09:00"), as_of=at("03-20 09:00"))
    waiting = clock(**facts, as_of=at("04-08 09:00"))
    assert (waiting["handover_due"], waiting["handover_overdue"]) == (last_second("04-07"), True)
    again = clock(**facts, handed_over_at=at("04-07 09:00"))
    assert (again["handover_due"], again["handover_overdue"]) == (last_second("04-07"), False)
    assert [line for line in again["ledger"] if "hand" in line] == [
        "2025-03-17 handed_over 2",
        "2025-04-07 handed_over 2",
        "2025-04-07 handover_due 2",
    ]
    assert clock(**facts) == clock(**facts, as_of=at("03-21 09:00"))


def test_a_handover_due_in_an_unannounced_year_is_not_named():
    answer = clock(accepted_at=at("2026-12-21 10:00"), decision=decided("2026-12-24 09:00"))
    assert (answer["handover_due"], answer["handover_overdue"]) == (None, False)
    assert answer["warnings"] == ["calendar_unknown:2027"]


# Rules 36-38: the ledger


def test_the_ledger_holds_every_event_in_order_with_the_days_used_by_then():
    answer = clock(
        **ALLOWED,
        promised_days=3,
        procedures=[
            stop("03-04 09:00", "03-06 09:00"),
            stop("03-07 09:00", "03-07 17:00", "现场踏勘"),
            stop("03-10 09:00", None, "听证"),
        ],
        extensions=[approved("03-07 09:00", 3), approved("03-10 09:00", 3)],
        decision=decided("03-12 09:00"),
        handed_over_at=at("03-12 09:00"),
    )
    assert answer["ledger"] == [
        "2025-03-03 start:accepted 0",
        "2025-03-04 stop:检测 0",
        "2025-03-06 resume:检测 1",
        "2025-03-07 extend:+3 2",
        "2025-03-07 runs:现场踏勘 2",
        "2025-03-10 extend_refused:second 2",
        "2025-03-10 stop:听证 2",
        "2025-03-12 resume:听证 3",
        "2025-03-12 decision:grant 3",
        "2025-03-12 handed_over 3",
        "2025-03-12 promised_due 3",
        "2025-03-19 legal_due 3",
        "2025-03-26 handover_due 3",
    ]


def test_a_due_that_lies_ahead_is_written_with_the_count_forecast():
    answer = clock(promised_days=3, as_of=at("03-03 12:00"))
    assert answer["ledger"][1:] == ["2025-03-06 promised_due 3", "2025-03-10 legal_due 5"]


def test_the_count_is_capped_at_the_total():
    answer = clock(legal=working(2), promised_days=4, as_of=at("03-12 09:00"))
    assert answer["ledger"][1:] == ["2025-03-05 legal_due 2", "2025-03-07 promised_due 2"]


def test_acceptance_stands_first_on_its_day_and_the_dues_last():
    answer = clock(
        promised_days=0, procedures=[stop("03-03 10:00", "03-03 10:00")], decision=decided("03-03 10:00", "end")
    )
    assert answer["ledger"][:5] == [
        "2025-03-03 start:accepted 0",
        "2025-03-03 resume:检测 0",
        "2025-03-03 stop:检测 0",
        "2025-03-03 decision:end 0",
        "2025-03-03 promised_due 0",
    ]


# §8: the input


@pytest.mark.parametrize(
    "facts",
    [
        {"accepted_at": "2025-03-03T10:00:00"},
        {"as_of": "2025-03-04"},
        {"procedures": [{"kind": "检测", "start": "2025-03-05T09:00:00"}]},
        {"decision": {"at": "2025-03-05T09:00:00", "kind": "grant"}},
        {"received_at": "2025-03-05 09:00"},
    ],
)
def test_a_time_without_an_offset_is_refused(facts):
    assert clock(**{"as_of": at("03-07 09:00"), **facts}) == {"error": "naive_time"}


@pytest.mark.parametrize(
    ("facts", "where"),
    [
        ({"accepted_at": ...}, "input: needs accepted_at or received_at"),
        ({"accepted_at": 5}, "input.accepted_at"),
        ({"accepted_at": "yesterday"}, "input.accepted_at"),
        ({"accepted_at": "0001-01-01T00:00:00+14:00"}, "input.accepted_at"),
        ({"accepted_at": "1900-01-01T00:00:00+08:00"}, "input.accepted_at"),
        ({"legal": 20}, "input.legal"),
        ({"legal": {"days": 20}}, "input.legal.unit"),
        ({"legal": {"days": "20", "unit": "working"}}, "input.legal.days"),
        ({"legal": {"days": True, "unit": "working"}}, "input.legal.days"),
        ({"legal": {"days": 10**9, "unit": "calendar"}}, "input.legal.days"),
        ({"legal": {"days": 20, "unit": ["working"]}}, "input.legal.unit"),
        ({"promised_days": -1}, "input.promised_days"),
        ({"promised_days": 2.5}, "input.promised_days"),
        ({"deemed_acceptance": "no"}, "input.deemed_acceptance"),
        ({"after_hours": "never"}, "input.after_hours"),
        ({"closing": "half past five"}, "input.closing"),
        ({"matter_stops": "公示"}, "input.matter_stops"),
        ({"matter_stops": [1]}, "input.matter_stops[0]"),
        ({"exceptions": ["2025-03-05"]}, "input.exceptions"),
        ({"exceptions": {"tomorrow": "rest"}}, "input.exceptions"),
        ({"exceptions": {"2025-03-05": "half"}}, "input.exceptions.2025-03-05"),
        ({"exceptions": {"2025-03-05": None}}, "input.exceptions.2025-03-05"),
        ({"procedures": {}}, "input.procedures"),
        ({"procedures": [{"start": at("03-05 09:00")}]}, "input.procedures[0].kind"),
        ({"procedures": [{"kind": "检测", "start": None}]}, "input.procedures[0].start"),
        ({"procedures": [stop("03-05 09:00", told="yes")]}, "input.procedures[0].told"),
        ({"extensions": [{"days": 0, "approved_at": at("03-05 09:00")}]}, "input.extensions[0].days"),
        ({"extension_rule": {}}, "input.extension_rule.max_days"),
        ({"reissues": [{"at": at("03-05 09:00")}]}, "input.reissues[0].handed_over_at"),
        ({"decision": {"at": at("03-05 09:00"), "kind": "perhaps"}}, "input.decision.kind"),
    ],
)
def test_malformed_input_is_answered_by_where_it_is_wrong(facts, where):
    answer = clock(**{"as_of": at("03-07 09:00"), **facts})
    assert answer["error"] == "bad_input"
    assert answer["detail"].startswith(where)


@pytest.mark.parametrize("raw", [None, [], "x", 3])
def test_an_input_that_is_no_object_is_bad_input(raw):
    assert reckon(raw, load_calendar()) == {"error": "bad_input", "detail": "input: must be an object"}


def test_a_null_is_the_same_as_a_missing_key():
    nulls = dict.fromkeys(
        ("received_at", "promised_days", "extension_rule", "matter_stops", "deemed_acceptance", "exceptions")
        + ("after_hours", "closing", "notice_at", "procedures", "extensions", "decision", "handed_over_at")
        + ("reissues",)
    )
    assert clock(**nulls, as_of=at("03-05 09:00")) == clock(as_of=at("03-05 09:00"))


def test_a_due_between_the_decision_and_a_later_end_is_not_taken_back():
    facts = {"recorded": True, "decision": decided("03-04 09:00"), "ended_at": at("03-17 00:00")}
    answer = clock(**facts, as_of=at("03-20 09:00"))
    assert (answer["state"], answer["legal_due"], answer["handover_due"]) == ("ended", last_second("03-10"), None)
    assert clock(**{**facts, "ended_at": at("03-10 09:00")}, as_of=at("03-20 09:00"))["legal_due"] is None


def test_a_file_of_inputs_is_answered_item_by_item():
    items = [{"id": example["id"], "input": example["input"]} for example in EXAMPLES]
    answers = reckon_file(items, load_calendar())
    assert answers == [{"id": example["id"], "output": example["expect"]} for example in EXAMPLES]


def test_a_malformed_item_of_a_file_does_not_spoil_the_others():
    first, second = reckon_file(["x", {"id": "a", "input": EXAMPLES[0]["input"]}], load_calendar())
    assert first == {"id": None, "output": {"error": "bad_input", "detail": "input: must be an object"}}
    assert second["output"] == EXAMPLES[0]["expect"]


def test_the_typed_answer_says_the_same_as_the_plain_one():
    example = EXAMPLES[0]
    answer = reckon_facts(read_facts(example["input"]), load_calendar())
    assert answer.day0 == date(2025, 3, 3)
    assert answer.as_json() == example["expect"]
