"""Consistency rules of a catalogue entry; one that contradicts itself or the law is not published.

The rules on visits, depth and fees follow published practice (Wenzhou's check of its catalogue); those on
limits and procedures follow 行政许可法 第42, 45 and 58条.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

Record = Mapping[str, Any]
NOT_COUNTED = ("听证", "招标", "拍卖", "检验", "检测", "检疫", "鉴定", "专家评审", "专家评议", "承诺后")
"""Procedures during which a licence's time limit does not run (行政许可法 第45条); a check after a promise (承诺后)
comes after the decision."""
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
        "许可的特别程序，只有第四十五条所列的不计入时限",
        "Only the procedures of article 45 stop a licence's clock",
        ("special_procedures",),
        lambda r: (
            r["kind"] != "行政许可"
            or all(
                any(name in step["name"] for name in NOT_COUNTED)
                for step in r["special_procedures"]
                if step["stops_clock"]
            )
        ),
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
