"""The fields of each act of staff, so that a page can draw its form; `schemas.ActSchema` checks their shapes."""

from api.calendar.day_words import TwoLanguages
from api.cases.life.rule import ActChoice, ActField, FieldType


def field(
    key: str, zh: str, en: str, kind: FieldType = "text", *, choices: tuple[ActChoice, ...] = (), listed: str = ""
) -> ActField:
    """A field that may be left empty."""
    return ActField(key, TwoLanguages(zh, en), kind, False, choices, listed)


def needed(
    key: str, zh: str, en: str, kind: FieldType = "text", *, choices: tuple[ActChoice, ...] = (), listed: str = ""
) -> ActField:
    """A field that must say something."""
    return ActField(key, TwoLanguages(zh, en), kind, True, choices, listed)


def choice(value: str, zh: str, en: str) -> ActChoice:
    """One value of a field with its label."""
    return ActChoice(value, TwoLanguages(zh, en))


OUTCOMES = "outcomes"
"""The choices of a decision, in the words of the kind of matter."""

ACCEPT = (field("text", "说明", "Remark"),)
DECLINE = (needed("reason", "不予受理的理由", "Why it is not accepted"),)
REQUEST_SUPPLEMENT = (
    needed("items", "要补正的材料", "Papers to be handed in", "items", listed="materials"),
    field("text", "补正说明", "What else to say"),
    field("late_reason", "先前漏告知的理由", "Why something was not named before"),
)
TRANSFER = (
    needed("department", "移交到", "Department", "choice", listed="departments"),
    needed("reason", "移交理由（只给同事看）", "Why (for colleagues)"),
)
DECIDE = (
    needed("kind", "决定", "Decision", "choice", listed=OUTCOMES),
    needed("text", "决定内容", "What was decided"),
    field("ground", "依据（不同意时必填）", "Ground (needed for a refusal)"),
)
ISSUE = (needed("serial", "编号", "Number of the document", "line"),)
HAND_OVER = (
    needed("to", "交给谁（本人填 applicant）", "To whom (applicant: in person)", "line"),
    field("proof", "代领凭证", "Proof of whoever collects it for the applicant"),
)
START_PROCEDURE = (
    needed("procedure", "特别程序", "Procedure", "choice", listed="procedures"),
    needed("days", "预计需要几个工作日", "Working days that it will take", "number"),
    field("text", "告知申请人的话", "What to tell the applicant"),
)
END_PROCEDURE = (
    needed("procedure", "特别程序", "Procedure", "choice", listed="running_procedures"),
    field("text", "结果", "What came of it"),
)
REQUEST_EXTENSION = (
    needed("days", "延长几天", "Days", "number"),
    needed("reason", "延长的理由", "Why"),
)
ANSWER_EXTENSION = (needed("reason", "理由（批准的会告知申请人）", "Why (told to the applicant if approved)"),)
NOTE = (needed("text", "备注", "Note"),)
CLOSE = (field("text", "说明", "Remark"),)
