"""The public lists (公开清单): each is a predicate over the catalogue, and its numbers are computed from it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from api.matters.catalogue.matter import Matter


@dataclass(frozen=True)
class PublicList:
    """A public list: its titles, its formula in words, and the predicate."""

    name: str
    title: str
    title_en: str
    formula: str
    formula_en: str
    holds: Callable[[Matter], bool]


LISTS = {
    public_list.name: public_list
    for public_list in (
        PublicList(
            "at-most-once",
            "最多跑一次",
            "At most one visit",
            "到办事现场次数不超过 1",
            "visits is at most 1",
            lambda matter: matter.record["visits"] <= 1,
        ),
        PublicList(
            "no-visit",
            "一次不用跑",
            "No visit",
            "到办事现场次数为 0",
            "visits is 0",
            lambda matter: matter.record["visits"] == 0,
        ),
        PublicList(
            "online",
            "网上可办",
            "Online",
            "网办深度为 III 或 IV",
            "online depth is III or IV",
            lambda matter: matter.online,
        ),
        PublicList(
            "wholly-online",
            "全程网办",
            "Wholly online",
            "网办深度为 IV",
            "online depth is IV",
            lambda matter: matter.record["online_depth"] == "IV",
        ),
        PublicList(
            "at-once",
            "当场办结",
            "Done on the spot",
            "办件类型为即办件",
            "the case type is instant",
            lambda matter: matter.record["case_type"] == "即办件",
        ),
        PublicList(
            "at-home",
            "上门办",
            "At your home",
            "支持上门服务",
            "home visits are offered",
            lambda matter: matter.record["at_home"],
        ),
        PublicList(
            "courier",
            "快递送达",
            "Result by courier",
            "结果可以寄递",
            "the result can be couriered",
            lambda matter: matter.record["courier"]["deliver_result"],
        ),
        PublicList(
            "high-frequency",
            "高频事项",
            "Often asked for",
            "街道或社区高频事项",
            "high-frequency in subdistricts or communities",
            lambda matter: matter.record["high_frequency_street"] or matter.record["high_frequency_community"],
        ),
        PublicList(
            "sunk-to-streets",
            "下沉街道社区",
            "Done near your home",
            "街道或社区承担受理、审核、发证中的一项以上",
            "a subdistrict or community does a part of it",
            lambda matter: bool(matter.record["sink_mode"]),
        ),
    )
}


def items(which: PublicList, matters: Iterable[Matter]) -> list[Matter]:
    """The matters of a list, in the given order."""
    return [matter for matter in matters if which.holds(matter)]


def percent(count: int, of: int) -> float:
    """`count` of `of` in percent, to one decimal; 0 where `of` is 0."""
    return round(100 * count / of, 1) if of else 0.0
