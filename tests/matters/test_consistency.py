"""Entries that contradict themselves are found, each rule by an entry that breaks it alone."""

from typing import Any

import pytest

from api.matters.catalogue.consistency import RULES, contradictions
from tests.matters.starter import RECORDS

SOUND: dict[str, Any] = {**RECORDS[0], "statutory_days": 20, "promised_days": 15}
OWN_LAW = {"name": "中介评估", "days": 3, "unit": "工作日", "stops_clock": True, "basis": None}
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
    ("即办件的承诺时限", {"case_type": "即办件", "delegated": "窗口"}),
    ("当场决定", {"case_type": "即办件", "promised_days": 0}),
    ("由谁批准", {"extension_days": 5, "extension_approver": "无"}),
    ("可以容缺的", {"deferral": None}),
    ("承诺书应一起写明", {"deferral": {"days": 5, "unit": "工作日", "text": None, "excluded": [], "basis": None}}),
    ("告知承诺", {"notify_promise": True, "promise": None}),
    ("各环节相加", {"promised_days": 9}),
    ("第四十五条", {"special_procedures": NO_STOP}),
    ("第四十五条", {"special_procedures": [{**OWN_LAW, "name": "专家评议", "not_counted_by": None}]}),
    ("第四十五条", {"special_procedures": [{**OWN_LAW, "name": "听证前现场核查"}]}),
    ("常见问题", {"faq": []}),
    ("写明名称", {"materials": [{**RECORDS[0]["materials"][1], "licence_name": None}]}),
    ("下沉", {"sink_mode": {"街道": ""}}),
]

OPEN = {"XC-行政许可-023", "XC-行政许可-025", "XC-行政确认-008", "XC-行政给付-010"}
"""Three fees without their basis, a visit in a wholly online matter: for the district to settle, listed by
`circle check`."""


def test_a_sound_entry_breaks_no_rule() -> None:
    assert contradictions(SOUND) == []


@pytest.mark.parametrize(("words", "change"), BREACHES)
def test_each_rule_finds_its_breach_and_no_other_does(words: str, change: dict[str, Any]) -> None:
    found = contradictions({**SOUND, **change})
    assert len(found) == 1
    assert words in found[0]


def test_every_rule_is_tried() -> None:
    assert {rule.words for rule in RULES} == {
        words for _, change in BREACHES for words in contradictions({**SOUND, **change})
    }


def test_a_procedure_of_another_law_stops_a_permit_s_clock_where_that_is_named() -> None:
    own = [{**OWN_LAW, "not_counted_by": "企业投资项目核准和备案管理条例 第10条"}, {**OWN_LAW, "name": "听证"}]
    assert contradictions({**SOUND, "special_procedures": own}) == []


def test_no_permit_s_clock_stops_for_what_no_law_names() -> None:
    permits = [record for record in RECORDS if record["kind"] == "行政许可"]
    stops = {(r["code"], s["name"]) for r in permits for s in r["special_procedures"] if s["stops_clock"]}
    assert stops == {("XC-行政许可-010", "听证"), ("XC-行政许可-012", "听证"), ("XC-行政许可-032", "中介评估")}


def test_what_the_starter_catalogue_knows_and_does_not_know_is_said() -> None:
    approvers = {r["code"]: r["extension_approver"] for r in RECORDS if r["extension_days"] is not None}
    assert {code for code, who in approvers.items() if who != "本机关负责人"} == {"XC-行政确认-008", "XC-行政给付-002"}
    assert {who for code, who in approvers.items() if "许可" in code} == {"本机关负责人"}
    instant = {r["code"]: r["delegated"] for r in RECORDS if r["case_type"] == "即办件"}
    assert len(instant) == 23
    assert (instant["XC-公共服务-003"], instant["XC-行政许可-007"]) == ("窗口", "审批人员")
    assert {r["delegated"] for r in RECORDS if r["case_type"] != "即办件"} == {"无"}
    deferrals = [r["deferral"] for r in RECORDS if r["deferral"]]
    assert len(deferrals) == 51
    assert {(row["days"], row["text"]) for row in deferrals} == {(None, None)}  # no text names days for Xi'an
    assert all(row["excluded"] for row in deferrals)
    assert {r["code"] for r in RECORDS if r["promise"]} == {r["code"] for r in RECORDS if r["notify_promise"]}


def test_what_the_starter_catalogue_leaves_open_is_known() -> None:
    assert {record["code"] for record in RECORDS if contradictions(record)} == OPEN
