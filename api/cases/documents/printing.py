"""What the documents of a case say, part by part (行政许可法 第32、38、42、44、45条), as papers for `api.pdf`.

Which parts an act's document has stands in `document.OF_ACT`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from api.calendar.day_words import day_words
from api.cases.act_words import about
from api.cases.clock.words import ClockWords
from api.cases.documents.document import OF_ACT, REVOKED, UNSEALED, CaseDocument, corrected
from api.cases.kinds import KINDS, PERMIT, state_words
from api.cases.life.aided import FOR_APPLICANT, is_for_applicant
from api.cases.life.procedures import stops_clock
from api.cases.open_case import OpenCase
from api.pdf import Paper, PaperBlock, lines
from api.times import BEIJING

BEGUN = frozenset({"accept", "deem", "defer"})
DECIDED = frozenset({"decide", "promise"})
RESULT = frozenset({"issue", "reissue"})
AFTER = frozenset({"correct", "terminate", "revoke", "order_rectification"})
SILENCE = "期限内未告知，行政许可法第32条"
NUMBERED = "文书编号由本系统编排，不是机关的发文字号；需要盖章的，请到窗口办理。"
RIGHTS = "不服本决定的，可以自收到之日起六十日内申请行政复议，或者六个月内提起行政诉讼。"
"""行政复议法 第20条: within 60 days; 行政诉讼法 第46条: within six months."""
CHECKING = "扫码或打开下面的网址，可以核对这份文书是不是本系统出具的，有没有更正、撤回。"


@dataclass(frozen=True)
class Subject:
    """What a document is about: the case after its act, its clock then, and the documents before it, by act."""

    case: OpenCase
    clock: ClockWords
    department: str
    kind: str
    earlier: Mapping[int, CaseDocument]

    @property
    def act(self) -> str:
        """The act that it is about."""
        return self.case.actions[-1].act

    @property
    def data(self) -> dict[str, Any]:
        """What was given with the act."""
        return self.case.actions[-1].data

    @property
    def is_refusal(self) -> bool:
        """Whether it refuses something: what can be appealed against."""
        return self.act in ("decline", "terminate", "revoke", "order_rectification") or (
            self.act in DECIDED and self.data.get("kind") == "refuse"
        )


def paper(subject: Subject, document: CaseDocument) -> Paper:
    """The text of a document; its addresses begin at the root, until `pdf.at_base` puts the host before them.

    Its receipt code, if it has one, opens the state of the case and nothing else, so that whoever may print it sees
    nothing new.
    """
    record, rule, title = subject.case.record, OF_ACT[subject.act], document.title.zh
    looked_up = f"/#/lookup?number={record.number}" if rule.has_receipt_code else ""
    return Paper(
        title=title,
        lead=(
            f"文书编号 {document.number}",
            f"办件编号 {record.number}",
            f"{record.matter.name}（指南第 {record.matter.version} 版）",
            f"{UNSEALED.zh} / {UNSEALED.en}",
        ),
        blocks=(
            PaperBlock("facts", tuple(_facts(subject)), "办件"),
            *(block for part in rule.parts for block in PARTS[part](subject)),
            *lines("说明", [NUMBERED]),
            PaperBlock("code", ((f"/verify/{document.code}",), (f"核验码 {document.code}",), (CHECKING,)), "核验"),
        ),
        foot=f"{title} {document.number}",
        link=looked_up,
        link_words="扫码查进度，要用到查询码" if looked_up else "",
    )


def hand_over_by(clock: ClockWords, act: str) -> str | None:
    """The day by which the result must be handed over (第44条), YYYY-MM-DD; None on what says no such day."""
    due = clock.clock.get("handover_due") if act in DECIDED | RESULT else None
    return due[:10] if due else None


# -- parts ---------------------------------------------------------------------------

Part = Callable[[Subject], tuple[PaperBlock, ...]]


def _facts(subject: Subject) -> list[tuple[str, str]]:
    case, clock, act = subject.case, subject.clock, subject.act
    at = _moment(case.actions[-1].at)
    is_after = act in RESULT or act in AFTER  # no limit runs that it could speak of
    limits = () if is_after else ((limit["name"], limit["text"]) for limit in clock.limits())
    is_silent = act in BEGUN or subject.is_refusal or act in ("correct", "reissue")
    facts = [
        ("申请人", str(case.answers["applicant_name"])),
        ("代办人", case.agent or ""),
        ("办理方式", FOR_APPLICANT.zh if is_for_applicant(case.actions[-1]) else ""),
        ("查询码", case.receipt if OF_ACT[act].has_receipt_code else ""),
        ("提交时间", _moment(case.record.submitted_at)),
        ("视为受理", _silence(clock.clock.get("day0")) if act == "deem" else ""),
        (_called(act), "" if act == "submit" else at),
        ("承办部门", subject.department),
        *limits,
        ("送达期限" if hand_over_by(clock, act) else "期限", "" if is_silent else clock.sentence().words.zh),
    ]
    return [(name, value) for name, value in facts if value]


def _called(act: str) -> str:
    """What the instant of an act is called."""
    return "作出时间" if act in DECIDED else "受理时间" if act in BEGUN - {"deem"} else "出具时间"


def _handed_in(subject: Subject) -> tuple[PaperBlock, ...]:
    """The materials of the case, or those of a supplement, each with the number of its files."""
    case = subject.case
    files = case.actions[-1].data["materials"] if subject.act == "supplement" else case.standing.materials or {}
    rows = tuple(
        (material.name, f"{len(files[material.key])} 个文件") for material in case.papers if files.get(material.key)
    )
    return (PaperBlock("boxes", rows, "收到的材料"),) if rows else ()


def _asked(subject: Subject) -> tuple[PaperBlock, ...]:
    names, data = {material.key: material.name for material in subject.case.papers}, subject.data
    items = (f"{names.get(item['key'], item['key'])}：{item['why']}" for item in data["items"])
    by = [f"请最迟在 {_day(data['due'])}补齐"] if data.get("due") else []
    return lines("要补正的", [*items, *filter(None, [data.get("text")]), *by])


def _deferral(subject: Subject) -> tuple[PaperBlock, ...]:
    """What is to come after acceptance (容缺): each material with its last day, and the text that was agreed to."""
    case = subject.case
    names = {material.key: material.name for material in case.papers}
    rows = [row for row in case.standing.deferrals if row["state"] == "open"]
    by = [f"：最迟 {_day(row['due'])}交来" if row["due"] else "" for row in rows]
    items = [f"{names[row['key']]}{day}" for row, day in zip(rows, by, strict=True)]
    return lines("承诺后补的材料", [*items, *_agreed(case, "deferral")] if rows else [])


def _promise(subject: Subject) -> tuple[PaperBlock, ...]:
    return lines("申请人的承诺", _agreed(subject.case, "promise"))


def _agreed(case: OpenCase, choice: str) -> list[str]:
    """The text that the applicant agreed to when handing in, with its version, if they made this choice."""
    text = (case.actions[0].data.get(choice) or {}).get("text")
    return [f"{text['zh']}（第 {text['version']} 版）"] if text else []


def _procedure(subject: Subject) -> tuple[PaperBlock, ...]:
    """Which procedure, how long it takes (行政许可法 第45条: told in writing), and whether time runs meanwhile."""
    law = "（行政许可法第45条）" if subject.kind == PERMIT else ""
    stops = stops_clock(subject.case.edition.matter, subject.data["procedure"])
    counted = f"不计入办理期限{law}" if stops else "办理期限照常计算"
    return (PaperBlock("facts", (("程序", about(subject.case.actions[-1]).zh), ("所需时间", counted)), "特别程序"),)


def _extension(subject: Subject) -> tuple[PaperBlock, ...]:
    return lines("延长", [f"办理期限延长 {about(subject.case.actions[-1]).zh}"])


def _corrected(subject: Subject) -> tuple[PaperBlock, ...]:
    data, document = subject.data, subject.earlier.get(subject.data["about"])
    rows = [("被更正的文书", f"{document.title.zh} {document.number}")] if document else []
    return (PaperBlock("facts", (*rows, ("原来写的", data["was"]), ("应当是", data["right"])), "更正"),)


def _replaced(subject: Subject) -> tuple[PaperBlock, ...]:
    seq = corrected(subject.case.actions)
    document = subject.earlier.get(seq) if seq else None
    return lines("代替", [f"{document.title.zh} {document.number} 不再使用"] if document else [])


def _rectification(subject: Subject) -> tuple[PaperBlock, ...]:
    """What is to be put right and until when, and what was found (国办发〔2020〕42号)."""
    data, given = subject.data, subject.case.standing.promise or {}
    rows = [
        ("核查情况", given["check"]["text"]),
        ("整改要求", data["text"]),
        ("整改期限", about(subject.case.actions[-1]).zh),
        ("依据", data["ground"]),
        ("逾期的后果", "逾期没有整改到位的，可以撤销原来的决定"),
    ]
    return (PaperBlock("facts", tuple(rows), "整改"),)


def _revoked(subject: Subject) -> tuple[PaperBlock, ...]:
    """What is revoked (行政许可法 第69条): the decision, and the result that was made upon it."""
    fallen = [document for document in subject.earlier.values() if document.kind in REVOKED]
    rows = [("被撤销的文书", f"{document.title.zh} {document.number}") for document in fallen]
    return (PaperBlock("facts", (*rows, ("依据", subject.data["ground"])), "撤销"),)


def _cause(subject: Subject) -> tuple[PaperBlock, ...]:
    cause = about(subject.case.actions[-1]).zh
    return lines("终止的原因", [cause] if cause else [])


REASONS = {"decline": "不予受理的理由", "start_procedure": "告知事项", "terminate": "说明", "revoke": "撤销的理由"}
"""What an act's own text is called, where it is not simply the reason."""


def _reason(subject: Subject) -> tuple[PaperBlock, ...]:
    text = subject.data.get("text")
    return lines(REASONS.get(subject.act, "理由"), [text] if text else [])


def _rights(subject: Subject) -> tuple[PaperBlock, ...]:
    return lines("救济途径", [RIGHTS] if subject.is_refusal else [])


def _decision(subject: Subject) -> tuple[PaperBlock, ...]:
    is_grant = subject.data.get("kind", "grant") == "grant"
    outcome = state_words(subject.kind, "granted" if is_grant else "refused").zh
    rows = [("决定", outcome), ("内容", subject.data.get("text")), ("依据", subject.data.get("ground"))]
    return (PaperBlock("facts", tuple((name, str(value)) for name, value in rows if value), "决定"),)


def _result(subject: Subject) -> tuple[PaperBlock, ...]:
    case, ways = subject.case, {"courier": "快递送达", "pickup": "到窗口领取"}
    rows = [
        (KINDS[subject.kind].result.zh, case.matter.result_name),
        ("编号", subject.data.get("serial")),
        ("送达方式", ways.get(str(case.delivery.get("way")), "")),
    ]
    return (PaperBlock("facts", tuple((name, str(value)) for name, value in rows if value), "办理结果"),)


def _ledger(subject: Subject) -> tuple[PaperBlock, ...]:
    """How the days were counted, line by line, in the words of the pages."""
    rows = ((line["day"], line["text"], line["used_text"]) for line in subject.clock.lines())
    return lines("办理期限怎么算的", ["，".join(filter(None, row)) for row in rows])


PARTS: dict[str, Part] = {
    "handed_in": _handed_in,
    "asked": _asked,
    "deferral": _deferral,
    "promise": _promise,
    "procedure": _procedure,
    "extension": _extension,
    "corrected": _corrected,
    "replaced": _replaced,
    "cause": _cause,
    "rectification": _rectification,
    "revoked": _revoked,
    "reason": _reason,
    "rights": _rights,
    "decision": _decision,
    "result": _result,
    "ledger": _ledger,
}
"""By name: the blocks of a part."""


def _silence(day0: str | None) -> str:
    """From which day a case is accepted by silence, as far as the clock can tell."""
    since = f"自 {day_words(date.fromisoformat(day0), None).zh} 起" if day0 else ""
    return f"{since}（{SILENCE}）"


def _day(day: str) -> str:
    return day_words(date.fromisoformat(day), None).zh


def _moment(at: datetime) -> str:
    return f"{at.astimezone(BEIJING):%Y-%m-%d %H:%M}"
