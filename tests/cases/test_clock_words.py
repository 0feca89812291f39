"""The words of a clock alone: what no matter of the starter catalogue shows."""

from datetime import datetime

import pytest

from api.calendar.calendar import load_calendar
from api.cases.clock.of_case import reckon_case
from api.cases.clock.words import ClockWords

PROMISE_ALONE = [
    ("accepted", {}, "已超过承诺期限（12 月 1 日到期）"),
    (
        "withdrawn",
        {"ended_at": "2026-12-15T10:00:00+08:00"},
        "申请已撤回，不再计时。撤回时已超过承诺期限",
    ),
    (
        "granted",
        {"decision": {"at": "2026-12-15T10:00:00+08:00", "kind": "grant"}},
        "12 月 15 日已作出决定。作出决定时已超过承诺期限",
    ),
]


@pytest.mark.parametrize(("state", "end", "sentence"), PROMISE_ALONE, ids=[row[0] for row in PROMISE_ALONE])
def test_a_promise_without_a_legal_limit_is_passed_in_words_too(state, end, sentence):
    facts = {"recorded": True, "law": "other", "deemed_acceptance": False, "promised_days": 5}
    facts |= {"accepted_at": "2026-11-24T10:00:00+08:00", **end}
    ended, now = (datetime.fromisoformat(f"2026-12-{day}T10:00:00+08:00") for day in (15, 16))
    words = ClockWords(reckon_case(facts, now, load_calendar()), state, ended, now, "service").as_json()
    assert words["sentence"]["text"] == sentence
    assert [limit["text"] for limit in words["limits"]] == ["共 5 个工作日，12 月 1 日到期，超过承诺期限"]
    assert [line["text"] for line in words["lines"]][:2] == ["受理，开始计时", "承诺期限的最后一天"]
