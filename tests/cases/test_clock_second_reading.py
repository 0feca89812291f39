"""The clock beside a second reading of its rules, which counts day by day: `python -m tests.show.clock` shows more."""

import json
from dataclasses import replace
from datetime import date
from pathlib import Path

from tests.show import clock
from tests.show.clock_oracle import differences, judge

DATA = Path(__file__).parents[1] / "data"
NEVER_IN_AN_INPUT = [19]
"""Months are no unit: whoever writes a matter's data converts them."""


def test_the_second_reading_gives_every_worked_example():
    known, _ = clock.published(frozenset({2024, 2025, 2026}))
    examples = json.loads((DATA / "clock_cases.json").read_bytes())
    wrong = {one["id"]: differences(judge(one["input"], known), one["expect"]) for one in examples}
    assert len(wrong) == 25
    assert {name: fields for name, fields in wrong.items() if fields} == {}


def test_clock_and_second_reading_agree_on_random_histories_that_use_every_rule():
    report = clock.run(seed=20, count=300)
    assert report["inputs"]["differing"] == []
    assert report["cases"]["differing"] == []
    assert report["rules_never_used"] == NEVER_IN_AN_INPUT


def test_a_working_day_that_only_the_clock_believes_in_is_seen(monkeypatch):
    known, calendar = clock.published(frozenset({2024, 2025, 2026, 2027}))
    wrong_calendar = replace(calendar, rest=calendar.rest - {date(2025, 10, 8)})
    monkeypatch.setattr(clock, "published", lambda years: (known, wrong_calendar))
    assert clock.inputs(seed=3, count=300)["differences"] > 0
