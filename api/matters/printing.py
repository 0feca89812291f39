"""A guide on paper: what is on the page, in its order, with the address of the very same version and situation."""

from collections.abc import Mapping
from datetime import date
from typing import Any
from urllib.parse import quote

from api.pdf import LARGE, Block, Paper, lines

Guide = Mapping[str, Any]
FREE = ("0", "免费", "不收费", "")
UNITS = {"working": "个工作日", "calendar": "天"}


def address(base: str, guide: Guide, answers: Mapping[str, str]) -> str:
    """Where the page shows this version of the guide for these answers."""
    told = ",".join(f"{key}:{value}" for key, value in answers.items())
    asked = f"?version={guide['version']}" + (f"&answers={told}" if told else "")
    return f"{base}/#/matters/{quote(guide['code'])}{asked}"


def paper(guide: Guide, base: str, answers: Mapping[str, str], size: str) -> Paper:
    """The guide as a paper; `size` is normal or large."""
    blocks = (
        *lines("您的情况", _situation(guide)),
        *_boxes("要准备的", guide["to_bring"], {one["key"] for one in guide["may_follow"]}),
        *_boxes("要填写的表格", guide["to_fill_in"], set()),
        *lines("政府已有的，不用您交", [f"· {one['name']}" for one in guide["held_by_state"]]),
        *lines("请留意", [note["text"] for note in guide["notes"]]),
        Block("facts", tuple(_facts(guide)), "多久、多少钱、怎么办"),
        *lines("符合这些就能办", [f"{n}. {text}" for n, text in enumerate(guide["conditions"], 1)]),
        *_steps(guide),
        *lines("大家常问", [f"问：{one['q']}\n答：{one['a']}" for one in guide["faq"]]),
        Block("facts", tuple(_formal(guide)), "依据和正式名称"),
    )
    lead = [
        f"办事指南　第 {guide['version']} 版　{guide['department']}",
        f"期限按 {_day(guide['limits']['start'])}受理推算。",
    ]
    if guide["unverified"]:
        lead.append(f"有 {len(guide['unverified'])} 项内容还没有逐条核对，以窗口答复为准。")
    return Paper(
        title=guide["name"],
        lead=tuple(lead),
        blocks=blocks,
        foot=f"{guide['code']} 第 {guide['version']} 版　{_day(guide['limits']['start'])}打印",
        link=address(base, guide, answers),
        link_words="扫码看同一版本的指南",
        size=LARGE if size == "large" else 11,
    )


def _situation(guide: Guide) -> list[str]:
    """The questions that were answered, with the answers."""
    return [
        f"{question['text']}　{option['text']}"
        for question in guide["questions"]
        for option in question["options"]
        if option["value"] == question["answer"]
    ]


def _boxes(heading: str, materials: list[dict[str, Any]], later: set[str]) -> tuple[Block, ...]:
    rows = tuple((one["name"], _about(one, later)) for one in materials)
    return (Block("boxes", rows, heading),) if rows else ()


def _about(material: Mapping[str, Any], later: set[str]) -> str:
    parts = [
        f"{material['kind']} {material['copies']} 份",
        "" if material["required"] else "有就带",
        "可以后补" if material["key"] in later else "",
    ]
    return " · ".join(part for part in parts if part)


def _facts(guide: Guide) -> list[tuple[str, str]]:
    ways = [
        "网上（手机上交材料）" if guide["ways"]["online"] else "",
        "窗口",
        "上门" if guide["ways"]["home"] else "",
        "结果可快递到家" if guide["courier"]["deliver_result"] else "",
    ]
    result = guide["result"]
    valid = f"（有效期 {result['validity']}）" if result["validity"] else ""
    fee = "不收费" if guide["fee"] in FREE else f"{guide['fee']}（依据：{guide['fee_basis'] or '待核实'}）"
    return [
        ("承诺时限", _limit(guide["promised"], guide["limits"]["promised_due"])),
        ("法定时限", _limit(guide["statutory"], guide["limits"]["legal_due"])),
        ("到现场", "不用跑" if guide["visits"] == 0 else f"最多跑 {guide['visits']} 次"),
        ("收费", fee),
        ("怎么办", "、".join(way for way in ways if way)),
        *((("在哪里办", guide["handling_place"]),) if guide["handling_place"] else ()),
        ("办好后拿到", f"{result['name']}{valid}"),
    ]


def _limit(limit: Mapping[str, Any] | None, due: date | None) -> str:
    if limit is None:
        return "没有规定"
    if limit["days"] == 0:
        return "当场办结"
    return f"{limit['days']} {UNITS[limit['unit']]}" + (f"（{_day(due)}前）" if due else "")


def _steps(guide: Guide) -> tuple[Block, ...]:
    rows = tuple(
        (step["name"], step["role"], _days(step["days"]), "计" if step["counted"] else "不计")
        for step in guide["steps"]
    )
    head = ("环节", "谁来办", "天数", "时限")
    return (Block("table", (head, *rows), "一步一步", (2, 5, 1, 1)),) if rows else ()


def _formal(guide: Guide) -> list[tuple[str, str]]:
    return [
        ("编码", guide["code"]),
        ("类别", guide["kind"]),
        ("部门", guide["department"]),
        ("依据", "\n".join(guide["legal_basis"])),
        *((("事后监管", guide["supervisor"]),) if guide["supervisor"] else ()),
    ]


def _days(days: int | None) -> str:
    return "—" if days is None else str(days)


def _day(day: date | None) -> str:
    return f"{day.year} 年 {day.month} 月 {day.day} 日" if day else ""
