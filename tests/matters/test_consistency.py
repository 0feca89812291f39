"""Entries that contradict themselves are found, each rule by an entry that breaks it alone."""

from typing import Any

import pytest

from api.matters.catalogue.consistency import RULES, contradictions
from tests.matters.starter import RECORDS

SOUND: dict[str, Any] = {**RECORDS[0], "statutory_days": 20, "promised_days": 15}
NO_STOP = [{"name": "公示", "days": 3, "unit": "工作日", "stops_clock": True, "basis": None}]
BREACHES: list[tuple[str, dict[str, Any]]] = [
    ("全程网办", {"visits": 1}),
    (
        "不用到现场",
        {"online_depth": "II", "visits": 0, "courier": {"collect_materials": False, "deliver_result": True}},
    ),
    ("收费依据", {"fee": "100 元", "fee_basis": None}),
    ("设定依据", {"legal_basis": []}),
    ("承诺时限不应长于", {"promised_days": 21}),
    ("即办件", {"case_type": "即办件"}),
    ("各环节相加", {"promised_days": 9}),
    ("第四十五条", {"special_procedures": NO_STOP}),
    ("常见问题", {"faq": []}),
    ("写明名称", {"materials": [{**RECORDS[0]["materials"][1], "licence_name": None}]}),
    ("下沉", {"sink_mode": {"街道": ""}}),
]

OPEN = {"XC-行政许可-023", "XC-行政许可-025", "XC-行政许可-032", "XC-行政确认-008", "XC-行政给付-010"}
"""Three fees without their basis, an appraisal that stops a licence's clock, a visit in a wholly online matter: for
the district to settle, listed by `circle check`."""


def test_a_sound_entry_breaks_no_rule() -> None:
    assert contradictions(SOUND) == []


@pytest.mark.parametrize(("words", "change"), BREACHES)
def test_each_rule_finds_its_breach_and_no_other_does(words: str, change: dict[str, Any]) -> None:
    found = contradictions({**SOUND, **change})
    assert len(found) == 1
    assert words in found[0]


def test_every_rule_is_tried() -> None:
    assert len(BREACHES) == len(RULES)


def test_what_the_starter_catalogue_leaves_open_is_known() -> None:
    assert {record["code"] for record in RECORDS if contradictions(record)} == OPEN
