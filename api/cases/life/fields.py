"""The fields of each act of staff, so that a page can draw its form; `schemas.ActSchema` checks their shapes."""

from api.calendar.day_words import TwoLanguages
from api.cases.life.endings import CHOICES as CAUSES
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

SIGNED = needed("consent", "申请人签名的确认书（扫描件）", "What the applicant signed for this, scanned", "uploads")
SUPPLEMENT = (
    needed("materials", "申请人交来的材料", "What the applicant brought", "papers", listed="awaited"),
    field("text", "说明", "Remark"),
    SIGNED,
)
WITHDRAW = (field("reason", "撤回的理由", "Why it is withdrawn"), SIGNED)
ACCEPT = (field("text", "说明", "Remark"),)
DECLINE = (needed("reason", "不予受理的理由", "Why it is not accepted"),)
REQUEST_SUPPLEMENT = (
    needed("items", "要补正的材料", "Papers to be handed in", "items", listed="materials"),
    field("text", "补正说明", "What else to say"),
    field("late_reason", "先前漏告知的理由", "Why something was not named before"),
    field("days", "请在几个工作日内补齐（可不填）", "Working days to hand them in (may be left out)", "number"),
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
PROMISE = (
    needed("text", "决定内容", "What was decided"),
    field("ground", "依据", "Ground"),
)
CHECK_PROMISE = (
    needed(
        "outcome",
        "核查结果",
        "What the check found",
        "choice",
        choices=(choice("kept", "承诺属实", "As promised"), choice("broken", "承诺不实", "Not as promised")),
    ),
    needed("text", "核查情况", "What was seen"),
    field("ground", "依据（承诺不实时必填）", "Ground (needed where it was broken)"),
)
ORDER_RECTIFICATION = (
    needed("text", "要整改什么（会告知申请人）", "What is to be put right (told to the applicant)"),
    needed("days", "请在几个工作日内整改", "Working days to put it right", "number"),
    needed("ground", "依据", "Ground"),
)
CHECK_RECTIFICATION = (
    needed(
        "outcome",
        "复查结果",
        "What was found",
        "choice",
        choices=(
            choice("rectified", "已整改到位", "Put right"),
            choice("not_rectified", "没有整改到位", "Not put right"),
        ),
    ),
    needed("text", "复查情况（会告知申请人）", "What was seen (told to the applicant)"),
)
REVOKE = (
    needed("text", "撤销的理由（会告知申请人）", "Why it is revoked (told to the applicant)"),
    needed("ground", "依据", "Ground"),
)
FINISH = (
    *DECIDE,
    field("serial", "结果编号（当场出结果的）", "Number of the document, if made at once", "line"),
    field("to", "交给谁（本人填 applicant）", "To whom, if handed over at once (applicant: in person)", "line"),
    field("proof", "代领凭证", "Proof of whoever collects it for the applicant"),
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
    needed("days", "延长几个{unit}", "How many {unit}", "number"),
    needed("reason", "延长的理由", "Why"),
)
ANSWER_EXTENSION = (needed("reason", "理由（批准的会告知申请人）", "Why (told to the applicant if approved)"),)
SURVEY = (
    needed("officers", "核查人员（两名以上）", "Officers (two or more)", "choices", listed="officers"),
    needed(
        "result",
        "核查结果",
        "What was found",
        "choice",
        choices=(choice("met", "符合要求", "As required"), choice("not_met", "不符合要求", "Not as required")),
    ),
    needed("text", "核查情况（只给同事看）", "What was seen (for colleagues)"),
    field("photos", "现场照片", "Photographs", "uploads"),
)
REVIEW = (
    needed(
        "opinion",
        "审查意见",
        "Opinion",
        "choice",
        choices=(choice("agree", "同意", "Agreed"), choice("disagree", "不同意", "Not agreed")),
    ),
    needed("text", "理由（只给同事看）", "Why (for colleagues)"),
)
ASSIGN = (field("officer", "交给谁（空着就是放回）", "To whom (empty: put back)", "choice", listed="claimants"),)
TERMINATE = (
    needed("cause", "终止的原因", "Cause", "choice", choices=CAUSES),
    needed("text", "说明（会告知申请人）", "What happened (told to the applicant)"),
)
CORRECT = (
    needed("about", "更正哪一步", "Which step", "choice", listed="correctable"),
    needed("was", "原来写的", "What was written"),
    needed("right", "应当是", "What is right"),
    needed("reason", "更正的理由", "Why"),
)
REISSUE = (
    needed("serial", "新编号", "Number of the new document", "line"),
    needed("reason", "重新制作的理由", "Why it is made anew"),
)
NOTE = (needed("text", "备注", "Note"),)
CLOSE = (field("text", "说明", "Remark"),)
