"""Lays out a guide for print: the page's content in its order, and the address of the same version and answers.

In English, headings, sentences and what recurs (data/terms.json) are English, with the official name of a paper beside
it; what exists only in the office's Chinese stays so, and the page says that it does.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources
from typing import Any, Literal
from urllib.parse import quote

from api.pdf import LARGE, Paper, PaperBlock, lines

Guide = Mapping[str, Any]
Language = Literal["zh", "en"]
NORMAL = 11
FREE = ("0", "免费", "不收费", "")
ONLY_CHINESE = "What has no English here exists only in Chinese; the Chinese counts."
"""The line on English papers that explains the Chinese in them."""

ENGLISH = {
    "办事指南　第 {version} 版　{department}": "Guide, version {version}. {department}",
    "期限按 {day}受理推算。": "Dates as if accepted on {day}.",
    "有 {n} 项内容还没有逐条核对，以窗口答复为准。": "{n} elements are not verified yet; the window's answer counts.",
    "{code} 第 {version} 版　{day}打印": "{code}, version {version}. Printed on {day}.",
    "扫码看同一版本的指南": "Scan for the same version",
    "您的情况": "Your situation",
    "要准备的": "What to bring",
    "可以过几天再补的": "What may follow some days later",
    "要填写的表格": "Forms to fill in",
    "政府已有的，不用您交": "What the state has already",
    "请留意": "Please note",
    "多久、多少钱、怎么办": "How long, how much, how",
    "符合这些就能办": "Conditions",
    "一步一步": "Step by step",
    "大家常问": "Often asked",
    "依据和正式名称": "Legal basis and official names",
    "问：{q}\n答：{a}": "{q}\n{a}",
    "{kind} {n} 份": "{kind}, {n}",
    "有就带": "if you have it",
    "可以后补": "may follow later",
    "这样办不了：": "Not possible this way: ",
    "（依据：{basis}）": " ({basis})",
    "承诺时限": "Promised",
    "法定时限": "By law",
    "到现场": "Visits",
    "收费": "Fee",
    "怎么办": "Ways",
    "在哪里办": "Where",
    "办好后拿到": "You get",
    "网上（手机上交材料）": "online, by phone",
    "窗口": "at a window",
    "上门": "at your home",
    "快递寄材料": "papers by courier",
    "结果可快递到家": "result by courier",
    "不用跑": "none",
    "最多跑 {n} 次": "{n} at most",
    "不收费": "free",
    "（有效期：{time}）": " (valid: {time})",
    "环节": "Step",
    "谁来办": "By whom",
    "天数": "Days",
    "时限": "Limit",
    "计": "counts",
    "不计": "does not",
    "当场": "at once",
    "编码": "Code",
    "名称": "Name",
    "类别": "Kind",
    "部门": "Body",
    "依据": "Basis",
    "事后监管": "Supervised by",
}


def address(base: str, guide: Guide, answers: Mapping[str, str]) -> str:
    """The address of the page that shows this version of the guide for these answers."""
    pairs = ",".join(f"{key}:{value}" for key, value in answers.items())
    query = f"?version={guide['version']}" + (f"&answers={pairs}" if pairs else "")
    return f"{base}/#/matters/{quote(guide['code'])}{query}"


def paper(guide: Guide, base: str, answers: Mapping[str, str], *, language: Language, size: str) -> Paper:
    """A guide as a paper for api.pdf; `size` is normal or large."""
    words = GuideWording(language)
    return Paper(
        title=words.of(guide, "name"),
        lead=tuple(_lead(words, guide)),
        blocks=_blocks(words, guide),
        foot=words(
            "{code} 第 {version} 版　{day}打印",
            code=guide["code"],
            version=guide["version"],
            day=words.day(guide["limits"]["start"]),
        ),
        link=address(base, guide, answers),
        link_words=words("扫码看同一版本的指南"),
        size=LARGE if size == "large" else NORMAL,
        language=language,
    )


@dataclass(frozen=True)
class GuideWording:
    """The paper's own sentences in one of two languages; the Chinese sentence is the key of its translation."""

    language: Language

    def __call__(self, sentence: str, **values: object) -> str:
        return (ENGLISH[sentence] if self.language == "en" else sentence).format(**values)

    def of(self, row: Mapping[str, Any], name: str) -> str:
        """A field of a row in this language; the Chinese one where there is no English."""
        return str((self.language == "en" and row.get(f"{name}_en")) or row[name])

    def term(self, text: str) -> str:
        """A recurring term of the catalogue, in English where its translation is known."""
        return _terms().get(text, text) if self.language == "en" else text

    def paper(self, name: str) -> str:
        """The name of a document; in English with the official Chinese name beside it, which the window knows."""
        term = self.term(name)
        return name if term == name else f"{term} ({name})"

    def day(self, day: date) -> str:
        """A date in full."""
        return f"{day.day} {day:%B %Y}" if self.language == "en" else f"{day.year} 年 {day.month} 月 {day.day} 日"


@cache
def _terms() -> dict[str, str]:
    return dict(json.loads(resources.files("api.matters").joinpath("data", "terms.json").read_bytes()))


def _lead(words: GuideWording, guide: Guide) -> list[str]:
    unsure = len(guide["unverified"])
    return [
        words(
            "办事指南　第 {version} 版　{department}",
            version=guide["version"],
            department=words.term(guide["department"]),
        ),
        words("期限按 {day}受理推算。", day=words.day(guide["limits"]["start"])),
        *([words("有 {n} 项内容还没有逐条核对，以窗口答复为准。", n=unsure)] if unsure else []),
        *([ONLY_CHINESE] if words.language == "en" else []),
    ]


def _blocks(words: GuideWording, guide: Guide) -> tuple[PaperBlock, ...]:
    later = {material["key"] for material in guide["may_follow"]}
    questions = [words("问：{q}\n答：{a}", q=row["q"], a=row["a"]) for row in guide["faq"]]
    return (
        *lines(words("您的情况"), _situation(words, guide)),
        *lines(
            words("请留意"), [_note(words, note) for note in sorted(guide["notes"], key=lambda note: not note["stop"])]
        ),
        *_boxes(words, "要准备的", guide["to_bring"], later),
        *_boxes(words, "可以过几天再补的", _only_later(guide), set()),
        *_boxes(words, "要填写的表格", guide["to_fill_in"], later),
        *lines(words("政府已有的，不用您交"), [f"· {words.paper(row['name'])}" for row in guide["held_by_state"]]),
        PaperBlock("facts", tuple(_facts(words, guide)), words("多久、多少钱、怎么办")),
        *lines(words("符合这些就能办"), [f"{n}. {text}" for n, text in enumerate(guide["conditions"], 1)]),
        *_steps(words, guide),
        *lines(words("大家常问"), questions),
        PaperBlock("facts", tuple(_formal(words, guide)), words("依据和正式名称")),
    )


def _only_later(guide: Guide) -> list[Any]:
    """The materials that this person chose to bring later."""
    now = {material["key"] for material in guide["to_bring"]}
    return [material for material in guide["may_follow"] if material["key"] not in now]


def _situation(words: GuideWording, guide: Guide) -> list[str]:
    """The questions that were answered, with the answers."""
    return [
        f"{words.of(question, 'text')}　{words.of(option, 'text')}"
        for question in guide["questions"]
        for option in question["options"]
        if option["value"] == question["answer"]
    ]


def _note(words: GuideWording, note: Mapping[str, Any]) -> str:
    basis = words("（依据：{basis}）", basis=note["basis"]) if note["basis"] else ""
    return f"{words('这样办不了：') if note['stop'] else ''}{words.of(note, 'text')}{basis}"


def _boxes(
    words: GuideWording, heading: str, materials: list[dict[str, Any]], later: set[str]
) -> tuple[PaperBlock, ...]:
    rows = tuple((words.paper(material["name"]), _about(words, material, later)) for material in materials)
    return (PaperBlock("boxes", rows, words(heading)),) if rows else ()


def _about(words: GuideWording, material: Mapping[str, Any], later: set[str]) -> str:
    parts = [
        words("{kind} {n} 份", kind=words.term(material["kind"]), n=material["copies"]),
        "" if material["required"] else words("有就带"),
        words("可以后补") if material["key"] in later else "",
    ]
    return " · ".join(part for part in parts if part)


def _facts(words: GuideWording, guide: Guide) -> list[tuple[str, str]]:
    result, visits = guide["result"], guide["visits"]
    valid = words("（有效期：{time}）", time=words.term(result["validity"])) if result["validity"] else ""
    facts = [
        ("承诺时限", words.of(guide["limit_words"], "promised")),
        ("法定时限", words.of(guide["limit_words"], "statutory")),
        ("到现场", words("最多跑 {n} 次", n=visits) if visits else words("不用跑")),
        ("收费", _fee(words, guide)),
        ("怎么办", _ways(words, guide)),
        ("在哪里办", guide["handling_place"] or ""),
        ("办好后拿到", f"{words.paper(result['name'])}{valid}"),
    ]
    return [(words(name), value) for name, value in facts if value]


def _fee(words: GuideWording, guide: Guide) -> str:
    basis = words("（依据：{basis}）", basis=words.term(guide["fee_basis"])) if guide["fee_basis"] else ""
    return words("不收费") if guide["fee"] in FREE else f"{words.term(guide['fee'])}{basis}"


def _ways(words: GuideWording, guide: Guide) -> str:
    ways = {
        "网上（手机上交材料）": guide["ways"]["online"],
        "窗口": guide["ways"]["window"],
        "上门": guide["ways"]["home"],
        "快递寄材料": guide["ways"]["courier"],
        "结果可快递到家": guide["courier"]["deliver_result"],
    }
    return ("、" if words.language == "zh" else ", ").join(words(way) for way, there in ways.items() if there)


def _steps(words: GuideWording, guide: Guide) -> tuple[PaperBlock, ...]:
    rows = tuple(
        (
            words.term(step["name"]),
            words.term(step["role"]),
            _days(words, step["days"]),
            words("计") if step["counted"] else words("不计"),
        )
        for step in guide["steps"]
    )
    head = tuple(words(name) for name in ("环节", "谁来办", "天数", "时限"))
    shares = (5, 6, 3, 3) if words.language == "en" else (2, 5, 1, 1)
    return (PaperBlock("table", (head, *rows), words("一步一步"), shares),) if rows else ()


def _days(words: GuideWording, days: int | None) -> str:
    if days is None:
        return "—"
    return str(days) if days else words("当场")


def _formal(words: GuideWording, guide: Guide) -> list[tuple[str, str]]:
    facts = [
        ("编码", guide["code"]),
        ("名称", guide["name"]),
        ("类别", words.term(guide["kind"])),
        ("部门", words.paper(guide["department"])),
        ("依据", "\n".join(guide["legal_basis"])),
        ("事后监管", words.paper(guide["supervisor"] or "")),
    ]
    return [(words(name), value) for name, value in facts if value]
