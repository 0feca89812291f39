"""What must hold of the clock for any case: a day-by-day oracle, monotony, a past that stays, and no traceback."""

import json
import sys
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import chinese_calendar
from hypothesis import given, settings
from hypothesis import strategies as st

from api.calendar.calendar import load_calendar
from api.cases.clock.reckoning import reckon

EXAMPLES = json.loads((Path(__file__).parents[1] / "data" / "clock_cases.json").read_text(encoding="utf-8"))
STOPPING = ("听证", "招标", "拍卖", "检验", "检测", "检疫", "鉴定", "专家评审")
HORIZON = date(2026, 12, 31)

Span = tuple[date, date | None]


def at(day: date, hour: int, minute: int = 0) -> str:
    return f"{datetime.combine(day, time(hour, minute)).isoformat()}+08:00"


def ask(facts: dict[str, Any], as_of: date | None) -> dict[str, Any]:
    """The answer in the last minute of a day, so that the whole of the day is known."""
    return reckon({**facts, "as_of": as_of and at(as_of, 23, 59)}, load_calendar())


@st.composite
def some_case(draw: st.DrawFn) -> dict[str, Any]:
    """A case accepted in 2024 to early 2026 with a limit, a promise, and stops that overlap as they like."""
    day0 = draw(st.dates(date(2024, 1, 1), date(2026, 3, 31)))

    def a_stop() -> dict[str, Any]:
        start = day0 + timedelta(days=draw(st.integers(0, 50)))
        days = draw(st.none() | st.integers(0, 25))
        return {
            "kind": draw(st.sampled_from((*STOPPING, "公示"))),
            "start": at(start, draw(st.integers(9, 12))),
            "end": None if days is None else at(start + timedelta(days=days), draw(st.integers(13, 17))),
        }

    return {
        "accepted_at": at(day0, 8),
        "legal": {"days": draw(st.integers(1, 40)), "unit": draw(st.sampled_from(("working", "calendar")))},
        "promised_days": draw(st.integers(0, 30)),
        "procedures": [a_stop() for _ in range(draw(st.integers(0, 5)))],
    }


def day_of(text: str) -> date:
    return datetime.fromisoformat(text).date()


def stopped_days(facts: dict[str, Any], as_of: date) -> set[date]:
    """Every stopped day until the horizon, one by one, as far as is known by the end of `as_of`."""
    days: set[date] = set()
    for procedure in facts["procedures"]:
        start, end = day_of(procedure["start"]), procedure["end"] and day_of(procedure["end"])
        if procedure["kind"] in STOPPING and start <= as_of:
            last = end if end and end <= as_of else HORIZON + timedelta(days=1)
            days |= {start + timedelta(days=n) for n in range((last - start).days)}
    return days


def oracle(facts: dict[str, Any], total: int, unit: str, as_of: date) -> tuple[list[date], date | None]:
    """The days that use the limit up, and its due, from plain lists and another calendar."""
    day0, stopped = day_of(facts["accepted_at"]), stopped_days(facts, as_of)
    days = [day0 + timedelta(days=n) for n in range(1, (HORIZON - day0).days + 1)]
    running = [day for day in days if day not in stopped]
    counted = [day for day in running if unit == "calendar" or chinese_calendar.is_workday(day)]
    end = counted[total - 1] if len(counted) >= total else None
    due = next((day for day in running if end and day >= end and chinese_calendar.is_workday(day)), None)
    return counted[:total], due


@settings(max_examples=150)
@given(facts=some_case(), after=st.integers(0, 120))
def test_used_and_dues_agree_with_a_count_on_the_fingers(facts, after):
    as_of = day_of(facts["accepted_at"]) + timedelta(days=after)
    answer = ask(facts, as_of)
    counted, due = oracle(facts, facts["legal"]["days"], facts["legal"]["unit"], as_of)
    assert answer["used"] == sum(day <= as_of for day in counted)
    assert (answer["legal_due"] and day_of(answer["legal_due"])) == due
    assert answer["overdue"] == (due is not None and as_of > due)
    for day, _, used in map(str.split, answer["ledger"]):
        assert int(used) == sum(counted_day.isoformat() <= day for counted_day in counted)
    if facts["promised_days"]:
        kept, promised = oracle(facts, facts["promised_days"], "working", as_of)
        assert answer["promised_left"] == facts["promised_days"] - sum(day <= as_of for day in kept)
        assert (answer["promised_due"] and day_of(answer["promised_due"])) == promised


@settings(max_examples=150)
@given(facts=some_case(), first=st.integers(0, 90), later=st.integers(0, 60))
def test_used_and_left_make_the_total_and_used_never_falls(facts, first, later):
    day = day_of(facts["accepted_at"]) + timedelta(days=first)
    before, after = ask(facts, day), ask(facts, day + timedelta(days=later))
    for answer in (before, after):
        assert answer["used"] + answer["left"] == answer["total"]
        assert 0 <= answer["promised_left"] <= facts["promised_days"]
    assert before["used"] <= after["used"]
    assert before["promised_left"] >= after["promised_left"]


def calls_of(facts: dict[str, Any], as_of: date) -> int:
    """How many calls of Python functions the answer takes."""
    ask(facts, as_of)
    calls = 0

    def count(frame: object, event: str, arg: object) -> None:
        nonlocal calls
        calls += event == "call"

    sys.setprofile(count)
    try:
        ask(facts, as_of)
    finally:
        sys.setprofile(None)
    return calls


def test_a_long_limit_with_a_long_stop_costs_no_more_than_a_short_one():
    def stopped(days: int, limit: int) -> dict[str, Any]:
        start, end = date(2024, 1, 10), date(2024, 1, 10) + timedelta(days=days)
        stop = {"kind": "检测", "start": at(start, 9), "end": at(end, 9)}
        return {"accepted_at": at(date(2024, 1, 2), 8), "legal": working(limit), "procedures": [stop]}

    def working(days: int) -> dict[str, Any]:
        return {"days": days, "unit": "working"}

    assert calls_of(stopped(600, 90), HORIZON) <= calls_of(stopped(3, 8), HORIZON)


@st.composite
def a_handled_case(draw: st.DrawFn) -> dict[str, Any]:
    """The same with extensions, a decision and a hand-over, all in an order in which they can happen."""
    facts = draw(some_case())
    facts["legal"]["unit"] = "working"
    day0 = day_of(facts["accepted_at"])
    facts["extension_rule"] = {"max_days": 10}
    facts["extensions"] = [
        {"days": draw(st.integers(1, 12)), "approved_at": at(day0 + timedelta(days=after), 15)}
        for after in sorted(draw(st.lists(st.integers(0, 60), max_size=3)))
    ]
    if draw(st.booleans()):
        last = max([day0, *(day_of(p["start"]) for p in facts["procedures"])])
        decided = last + timedelta(days=draw(st.integers(0, 40)))
        facts["decision"] = {"at": at(decided, 18), "kind": draw(st.sampled_from(("grant", "refuse", "end")))}
        handed_over = decided + timedelta(days=draw(st.integers(0, 20)))
        for after in draw(st.lists(st.integers(1, 20), max_size=2)):
            anew = handed_over + timedelta(days=after)
            earlier = {"handed_over_at": at(handed_over, 19), "at": at(anew, 17)}
            facts["reissues"], handed_over = [*facts.get("reissues", ()), earlier], anew
        facts["handed_over_at"] = at(handed_over, 19)
    return facts


def what_happened(answer: dict[str, Any], until: date) -> list[str]:
    """The lines of the ledger up to a day, without the dues, which are forecasts."""
    lines = (line.split() for line in answer["ledger"])
    return [" ".join(line) for line in lines if not line[1].endswith("_due") and line[0] <= until.isoformat()]


@settings(max_examples=300)
@given(facts=a_handled_case(), first=st.integers(0, 90), later=st.integers(0, 60))
def test_a_later_moment_never_changes_what_the_ledger_says_of_an_earlier_one(facts, first, later):
    day = day_of(facts["accepted_at"]) + timedelta(days=first)
    before, after = ask(facts, day), ask(facts, day + timedelta(days=later))
    assert what_happened(before, day) == what_happened(after, day)
    assert after["extensions"][: len(before["extensions"])] == before["extensions"]


@settings(max_examples=150)
@given(facts=a_handled_case(), after=st.integers(0, 120), data=st.data())
def test_the_order_in_which_stops_are_written_changes_nothing(facts, after, data):
    shuffled = {**facts, "procedures": data.draw(st.permutations(facts["procedures"]))}
    day = day_of(facts["accepted_at"]) + timedelta(days=after)
    assert ask(shuffled, day) == ask(facts, day)


@settings(max_examples=150)
@given(facts=some_case(), lengths=st.tuples(st.integers(0, 10), st.integers(0, 10)))
def test_two_touching_stops_are_as_good_as_one(facts, lengths):
    start = day_of(facts["accepted_at"]) + timedelta(days=3)
    middle = start + timedelta(days=lengths[0])
    end = middle + timedelta(days=lengths[1])
    whole = [{"kind": "检测", "start": at(start, 9), "end": at(end, 17)}]
    parts = [
        {"kind": "检测", "start": at(start, 9), "end": at(middle, 12)},
        {"kind": "检测", "start": at(middle, 13), "end": at(end, 17)},
    ]
    one, two = ({**facts, "procedures": facts["procedures"] + stops} for stops in (whole, parts))
    day = end + timedelta(days=10)
    keys = ("state", "legal_due", "promised_due", "used", "left", "promised_left", "overdue", "overdue_days")
    assert [ask(one, day)[key] for key in keys] == [ask(two, day)[key] for key in keys]


_ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12) | st.dates().map(str),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=300)
@given(example=st.sampled_from(EXAMPLES), path=st.randoms(use_true_random=False), junk=_ANYTHING)
def test_junk_anywhere_in_the_input_is_answered_and_never_raised(example, path, junk):
    spoilt = json.loads(json.dumps(example["input"]))
    inside = spoilt
    while True:
        key = path.choice(list(inside) if isinstance(inside, dict) else range(len(inside)))
        if not isinstance(inside[key], dict | list) or not inside[key] or path.random() < 0.5:
            break
        inside = inside[key]
    inside[key] = junk
    answer = reckon(spoilt, load_calendar())
    assert ("error" in answer) != ("state" in answer)
