"""Consistency rules of a catalogue entry; one that contradicts itself or the law is not published.

The rules on visits, depth and fees follow published practice (Wenzhou's check of its catalogue); those on
limits and procedures follow 行政许可法 第42, 45 and 58条.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from api.matters.catalogue.elements import NONE, may_stop

Record = Mapping[str, Any]
LEAST_STEPS = 5


class ConsistencyRule(NamedTuple):
    """A rule: what must hold, in both languages, the fields that it reads, and the predicate."""

    words: str
    words_en: str
    fields: tuple[str, ...]
    holds: Callable[[Record], bool]


def _counted_days(record: Record) -> int:
    return sum(step["days"] or 0 for step in record["steps"] if step["counted"])


def _same_unit(record: Record) -> bool:
    return bool(record["statutory_day_unit"] == record["promised_day_unit"])


def _is_free(record: Record) -> bool:
    return record["fee"] in ("0", "免费", "不收费")


RULES = (
    ConsistencyRule(
        "全程网办（IV 级）的事项，到现场次数应为 0",
        "A wholly online matter (IV) needs no visit",
        ("online_depth", "visits"),
        lambda r: r["online_depth"] != "IV" or r["visits"] == 0,
    ),
    ConsistencyRule(
        "不用到现场的事项，应能网办或寄送材料",
        "Without a visit, materials go online or by courier",
        ("visits", "online_depth", "courier"),
        lambda r: r["visits"] > 0 or r["online_depth"] in ("III", "IV") or r["courier"]["collect_materials"],
    ),
    ConsistencyRule(
        "收费的事项应写明收费依据",
        "A fee names its basis",
        ("fee", "fee_basis"),
        lambda r: _is_free(r) or bool(r["fee_basis"]),
    ),
    ConsistencyRule("应有设定依据", "There is a legal basis", ("legal_basis",), lambda r: bool(r["legal_basis"])),
    ConsistencyRule(
        "承诺时限不应长于法定时限",
        "The promised limit is not longer than the law's",
        ("promised_days", "statutory_days"),
        lambda r: (
            r["promised_days"] is None
            or r["statutory_days"] is None
            or not _same_unit(r)
            or r["promised_days"] <= r["statutory_days"]
        ),
    ),
    ConsistencyRule(
        "即办件的承诺时限不应超过 1 天",
        "What is done on the spot promises a day at most",
        ("case_type", "promised_days"),
        lambda r: r["case_type"] != "即办件" or (r["promised_days"] or 0) <= 1,
    ),
    ConsistencyRule(
        "计入时限的各环节相加，不应超过承诺时限",
        "The counted steps fit into the promised limit",
        ("steps", "promised_days"),
        lambda r: (
            r["promised_days"] is None
            or r["promised_day_unit"] != "工作日"
            or r["case_type"] == "即办件"
            or _counted_days(r) <= r["promised_days"]
        ),
    ),
    ConsistencyRule(
        "许可的特别程序，只有第四十五条所列的、或者写明哪部法律规定不计入的，才停止计时",
        "Only the procedures of article 45, and those for which a law is named, stop a permit's clock",
        ("special_procedures",),
        lambda r: all(may_stop(r["kind"], step) for step in r["special_procedures"] if step["stops_clock"]),
    ),
    ConsistencyRule(
        "可以延长的，应写明由谁批准；还不清楚的选“未明确”",
        "Where the limit may be extended, it says who approves, or that this is not known",
        ("extension_days", "extension_approver"),
        lambda r: r["extension_days"] is None or r["extension_approver"] != NONE,
    ),
    ConsistencyRule(
        "即办件应写明由谁当场决定；还不清楚的选“未明确”",
        "What is done on the spot says who decides, or that this is not known",
        ("case_type", "delegated"),
        lambda r: r["case_type"] != "即办件" or r["delegated"] != NONE,
    ),
    ConsistencyRule(
        "有材料可以容缺的，应写明容缺的期限和承诺书，或者写明还不清楚",
        "Where a material may follow, it says within how many days and upon which promise, or that this is not known",
        ("materials", "deferral"),
        lambda r: r["deferral"] is not None or not any(row["deferrable"] for row in r["materials"]),
    ),
    ConsistencyRule(
        "容缺的期限、单位和承诺书应一起写明",
        "Days, unit and text of a deferral come together",
        ("deferral",),
        lambda r: not r["deferral"] or len({r["deferral"][name] is None for name in ("days", "unit", "text")}) == 1,
    ),
    ConsistencyRule(
        "可以告知承诺的，应写明承诺书和不适用的情形，或者写明还不清楚",
        "What is decided upon a promise names its text and whom it excludes, or that this is not known",
        ("notify_promise", "promise"),
        lambda r: not r["notify_promise"] or r["promise"] is not None,
    ),
    ConsistencyRule(
        "许可应有常见问题和至少五个环节",
        "A licence has questions and at least five steps",
        ("faq", "steps"),
        lambda r: r["kind"] != "行政许可" or (bool(r["faq"]) and len(r["steps"]) >= LEAST_STEPS),
    ),
    ConsistencyRule(
        "政府已有的证照应写明名称",
        "What the state holds is named",
        ("materials",),
        lambda r: all(row["licence_name"] for row in r["materials"] if row["reusable_licence"]),
    ),
    ConsistencyRule(
        "下沉到街道、社区的部分应写明做什么",
        "What streets and communities do is said",
        ("sink_mode",),
        lambda r: all(r["sink_mode"].values()),
    ),
)


def contradictions(record: Record) -> list[str]:
    """The rules that an entry breaks, in words."""
    return [rule.words for rule in broken_rules(record)]


def broken_rules(record: Record) -> list[ConsistencyRule]:
    """The rules that an entry breaks."""
    return [rule for rule in RULES if not rule.holds(record)]
