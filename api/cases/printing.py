"""What the papers of a case say (行政许可法 第32条): receipts of what was handed in, and notices of the window."""

from datetime import date, datetime

from api.calendar.day_words import day_words
from api.cases.case import Action
from api.cases.clock.words import ClockWords
from api.cases.open_case import OpenCase
from api.pdf import Paper, PaperBlock, lines
from api.times import BEIJING

TITLES = {
    "submit": "收件回执",
    "supplement": "补正材料收件回执",
    "request_supplement": "一次性补正告知书",
    "accept": "受理通知书",
    "deem": "受理通知书",
    "decline": "不予受理通知书",
}
"""The acts that have a paper, and its title."""
BEGUN = frozenset({"accept", "deem"})
SILENCE = "期限内未告知，行政许可法第32条"
UNSEALED = "本文书由系统生成，可凭编号核对；需要盖章的，请到窗口加盖受理专用章。"
RIGHTS = "不服本决定的，可以自收到之日起六十日内申请行政复议，或者六个月内提起行政诉讼。"
"""行政复议法 第20条: within 60 days; 行政诉讼法 第46条: within six months."""


def paper(case: OpenCase, clock: ClockWords, department: str, base: str) -> Paper:
    """The paper about the last act of a case, for `api.pdf`; `base` is the address of the pages.

    Its receipt code opens the state of the case and nothing else, so that whoever may print it sees nothing new.
    """
    record, last = case.record, case.actions[-1]
    title, declined = TITLES[last.act], last.act == "decline"
    return Paper(
        title=title,
        lead=(f"办件编号 {record.number}", f"{record.matter.name}（指南第 {record.matter.version} 版）"),
        blocks=(
            PaperBlock("facts", tuple(_facts(case, clock, department)), "办件"),
            *_handed_in(case, last),
            *lines("不予受理的理由", [last.data["text"]] if declined else []),
            *lines("要补正的", _asked(case) if last.act == "request_supplement" else []),
            *lines("说明", [UNSEALED, *([RIGHTS] if declined else [])]),
        ),
        foot=f"{title} {record.number}",
        link=f"{base}/#/lookup?number={record.number}",
        link_words="扫码查进度，要用到查询码",
    )


def _facts(case: OpenCase, clock: ClockWords, department: str) -> list[tuple[str, str]]:
    last, begun = case.actions[-1], case.actions[-1].act in BEGUN
    facts = [
        ("申请人", str(case.answers["applicant_name"])),
        ("代办人", case.agent or ""),
        ("查询码", case.receipt),
        ("提交时间", _moment(case.record.submitted_at)),
        ("视为受理", _silence(clock.clock.get("day0")) if last.act == "deem" else ""),
        ("受理时间" if last.act == "accept" else "出具时间", "" if last.act == "submit" else _moment(last.at)),
        ("承办部门", department),
        *((limit["name"], limit["text"]) for limit in clock.limits()),
        ("期限", "" if begun or last.act == "decline" else clock.sentence().words.zh),
    ]
    return [(name, value) for name, value in facts if value]


def _handed_in(case: OpenCase, last: Action) -> tuple[PaperBlock, ...]:
    """The materials of the case, or those of a supplement, each with the number of its files."""
    files = last.data["materials"] if last.act == "supplement" else case.standing.materials or {}
    rows = tuple((one.name, f"{len(files[one.key])} 个文件") for one in case.papers if files.get(one.key))
    return (PaperBlock("boxes", rows, "收到的材料"),) if rows else ()


def _asked(case: OpenCase) -> list[str]:
    asked, names = case.standing.supplement, {material.key: material.name for material in case.papers}
    if asked is None:
        return []
    return [*(f"{names[item['key']]}：{item['why']}" for item in asked["items"]), *filter(None, [asked["text"]])]


def _silence(day0: str | None) -> str:
    """From which day a case is accepted by silence, as far as the clock can tell."""
    since = f"自 {day_words(date.fromisoformat(day0), None).zh} 起" if day0 else ""
    return f"{since}（{SILENCE}）"


def _moment(at: datetime) -> str:
    return f"{at.astimezone(BEIJING):%Y-%m-%d %H:%M}"
