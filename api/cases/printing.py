"""The printed receipt of a case (行政许可法 第32条): of submission, of acceptance, or of the refusal to accept."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from api.pdf import Paper, PaperBlock, lines
from api.times import BEIJING

CaseView = Mapping[str, Any]
"""A whole case as `views` shows it."""
UNSEALED = "本回执由系统生成，可凭编号核对；需要盖章的，请到窗口加盖受理专用章。"


def receipt(case: CaseView, timeline: list[dict[str, Any]], base: str) -> Paper:
    """The receipt as a paper for `api.pdf`, by the state of the case; `base` is the address of the pages."""
    begun = next((line for line in timeline if line["act"] in ("accept", "deem")), None)
    declined = next((line for line in timeline if line["act"] == "decline"), None)
    title = "不予受理通知书" if declined else "受理通知书" if begun else "收件回执"
    handed_in = tuple((paper["name"], f"{len(paper['files'])} 个文件") for paper in case["materials"] if paper["files"])
    return Paper(
        title=title,
        lead=(f"办件编号 {case['number']}", f"{case['matter']['name']}（指南第 {case['matter']['version']} 版）"),
        blocks=(
            PaperBlock("facts", tuple(_facts(case, begun)), "办件"),
            *((PaperBlock("boxes", handed_in, "收到的材料"),) if handed_in else ()),
            *lines("不予受理的理由", [declined["text"]] if declined else []),
            *lines("补正", _asked(case)),
            *lines("说明", [UNSEALED, *_rights(declined)]),
        ),
        foot=f"{title} {case['number']}",
        link=f"{base}/#/lookup?number={case['number']}",
        link_words="扫码查进度，要用到查询码",
    )


def _facts(case: CaseView, begun: Mapping[str, Any] | None) -> list[tuple[str, str]]:
    department, clock, code = case["department"], case["clock"], case["receipt_code"]
    facts = [
        ("申请人", case["applicant"]["name"]),
        ("代办人", case["agent"] or ""),
        ("查询码", code or ""),
        ("提交时间", _moment(case["submitted_at"])),
        ("受理时间", _moment(begun["at"]) if begun else ""),
        ("承办部门", department["name"] if department else ""),
        ("现在的状态", case["state_label"]),
        ("承诺办结", _due(clock.get("promised_due")) if begun else ""),
        ("法定办结", _due(clock.get("legal_due")) if begun else ""),
        ("最迟告知", "" if begun else _due(clock.get("notice_due"))),
    ]
    return [(name, value) for name, value in facts if value]


def _asked(case: CaseView) -> list[str]:
    asked = case["supplement"]
    return [*(f"{item['name']}：{item['why']}" for item in asked["items"]), asked["text"]] if asked else []


def _rights(declined: Mapping[str, Any] | None) -> list[str]:
    """行政复议法 第20条: within 60 days; 行政诉讼法 第46条: within six months."""
    rights = "不服本决定的，可以自收到之日起六十日内申请行政复议，或者六个月内提起行政诉讼。"
    return [rights] if declined else []


def _moment(at: datetime) -> str:
    return f"{at.astimezone(BEIJING):%Y-%m-%d %H:%M}"


def _due(text: str | None) -> str:
    """A due time of the clock (`2026-12-08T23:59:59+08:00`) as `2026-12-08 前`."""
    return f"{text[:10]} 前" if text else ""
