"""The rules of a case's documents: which act has one and what it is called, its number, its code, its state.

One table, `OF_ACT`: an act without a document stands in `WITHOUT`, with the reason.
"""

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol

from api.calendar.day_words import TwoLanguages
from api.cases.case import Action
from api.cases.kinds import KINDS, PERMIT
from api.cases.number import ALPHABET, receipt_as_read
from api.cases.serials.serial import mark_in
from api.times import BEIJING

State = Literal["valid", "corrected", "withdrawn", "terminated", "revoked"]

MARKS = {
    "receipt": "收件",
    "supplement_notice": "补正",
    "acceptance": "受理",
    "decline": "不予受理",
    "extension": "延期",
    "procedure": "程序",
    "decision": "决定",
    "result": "结果",
    "correction": "更正",
    "reissue": "补发",
    "termination": "终止",
    "rectification": "整改",
    "revocation": "撤销",
}
"""The kinds of documents, and the word by which the numbers of each are told apart."""


@dataclass(frozen=True)
class DocumentRule:
    """The document of an act: its kind, its title (None: by the decision), and the parts that its text has."""

    kind: str
    title: TwoLanguages | None
    parts: tuple[str, ...] = ()
    has_receipt_code: bool = False
    """Whether it bears the code by which its holder looks the case up: what is for the applicant's own hands alone."""


def _rule(kind: str, zh: str, en: str, parts: str = "", *, has_receipt_code: bool = False) -> DocumentRule:
    return DocumentRule(kind, TwoLanguages(zh, en), tuple(parts.split()), has_receipt_code)


OF_ACT: dict[str, DocumentRule] = {
    "submit": _rule("receipt", "收件回执", "Receipt", "handed_in", has_receipt_code=True),
    "supplement": _rule(
        "receipt", "补正材料收件回执", "Receipt of what was missing", "handed_in", has_receipt_code=True
    ),
    "request_supplement": _rule(
        "supplement_notice", "一次性补正告知书", "Notice of what is missing", "handed_in asked", has_receipt_code=True
    ),
    "accept": _rule("acceptance", "受理通知书", "Notice of acceptance", "handed_in", has_receipt_code=True),
    "deem": _rule("acceptance", "受理通知书", "Notice of acceptance", "handed_in deferral", has_receipt_code=True),
    "defer": _rule(
        "acceptance",
        "容缺受理通知书",
        "Notice of acceptance, papers to follow",
        "handed_in deferral",
        has_receipt_code=True,
    ),
    "decline": _rule(
        "decline", "不予受理通知书", "Notice of refusal to accept", "handed_in reason rights", has_receipt_code=True
    ),
    "approve_extension": _rule("extension", "延长办理期限告知书", "Notice of an extension", "extension reason ledger"),
    "start_procedure": _rule("procedure", "特别程序告知书", "Notice of a special procedure", "procedure reason ledger"),
    "promise": DocumentRule("decision", None, ("promise", "decision", "rights", "ledger")),
    "decide": DocumentRule("decision", None, ("decision", "rights", "ledger")),
    "issue": _rule("result", "办理结果通知书", "Notice of the result", "result"),
    "correct": _rule("correction", "更正通知书", "Notice of a correction", "corrected reason"),
    "reissue": _rule("reissue", "重新制作结果通知书", "Notice of a result made anew", "replaced result reason"),
    "order_rectification": _rule("rectification", "责令限期整改通知书", "Order to put right", "rectification rights"),
    "revoke": _rule("revocation", "撤销决定书", "Revocation of a decision", "revoked reason rights"),
    "terminate": _rule("termination", "终止办理通知书", "Notice of termination", "cause reason rights"),
}
"""By act: its document."""

WITHOUT: dict[str, str] = {
    "withdraw": "The applicant's own act: its time and words stand in the timeline, and earlier documents say so.",
    "claim": "Who works on it is the office's own.",
    "release": "Who works on it is the office's own.",
    "assign": "Who works on it is the office's own.",
    "note": "For colleagues alone.",
    "transfer": "The case, its limits and its window stay; the timeline names the department.",
    "review": "A step on the way to the decision, which says what was decided and on what ground.",
    "survey": "The officers sign its record on paper at the place (行政许可法 第34条); the decision speaks of it.",
    "finish": "Stored as the acceptance and the decision that it stands for, which have theirs.",
    "check_promise": "The decision stands until an act changes it; what the check came to is told by a notice.",
    "check_rectification": "What was found is told by a notice; a revocation that follows has its document.",
    "end_procedure": "The notice of its start told the time; the ledger and a notice say that time runs again.",
    "request_extension": "Asked within the office: nothing changes for the applicant unless it is approved.",
    "refuse_extension": "Nothing changes for the applicant.",
    "hand_over": "Whoever takes the result signs on paper or confirms the parcel; the timeline says to whom, and how.",
    "close": "The file is put away; what was decided has its document.",
    "due_changed": "Told by a notice with the reason; what was printed stays true of its day.",
}
"""By act: why it has none."""

FIRM = {
    PERMIT: (
        TwoLanguages("准予行政许可决定书", "Decision to grant the permit"),
        TwoLanguages("不予行政许可决定书", "Decision to refuse the permit"),
    ),
    "filing": (
        TwoLanguages("备案通知书", "Notice of filing"),
        TwoLanguages("不予备案通知书", "Notice that it was not filed"),
    ),
}
"""The titles of decisions that are not made of the words of their kind: granted, refused."""

UNSEALED = TwoLanguages("副本，未加盖电子印章", "copy, not sealed")
DISTRICT = "XC"
"""The office in the numbers of cases that no department has."""


def title_of(act: str, data: dict[str, Any], kind: str) -> TwoLanguages:
    """The title of an act's document, in a case whose matter is of this kind (kinds.py)."""
    title = OF_ACT[act].title
    if title is not None:
        return title
    is_grant = data.get("kind", "grant") == "grant"
    if kind in FIRM:
        return FIRM[kind][not is_grant]
    words = KINDS[kind].granted if is_grant else KINDS[kind].refused
    return TwoLanguages(f"{words.zh}决定书", f"Decision: {words.en.lower()}")


def series_of(act: str, office: str, at: datetime, restored_at: datetime | None) -> tuple[str, str]:
    """The key of the series in which an act's document is numbered, and its numbers with `{n}` in the place of theirs.

    A series counts one kind of document of one office in one year, e.g. `系统受理〔2026〕SPJ-12号`. It begins with
    系统, since it is this system's own, and no number of the office's register of letters (发文字号). After a restore
    of the store it is a series of its own, with a mark (serials/serial.py).
    """
    kind, year, place = OF_ACT[act].kind, at.astimezone(BEIJING).year, office or DISTRICT
    mark = mark_in(year, restored_at)
    key, form = f"document:{kind}:{place}:{year}", f"系统{MARKS[kind]}〔{year}〕{place}-"
    return (f"{key}:{mark}", f"{form}{mark}-{{n}}号") if mark else (key, f"{form}{{n}}号")


def corrected(actions: Sequence[Action]) -> int | None:
    """The act whose document that of the last act corrects: the one that it names, or the result that was replaced."""
    *earlier, last = actions
    if last.act == "correct":
        return int(last.data["about"])
    if last.act == "reissue":
        return max((action.seq for action in earlier if action.act in ("issue", "reissue")), default=None)
    return None


# -- the code -----------------------------------------------------------------------

SIGNS, GROUP = 16, 4


def new_code() -> str:
    """A random code of 80 bits, in groups, e.g. `7K3Q-FZ2M-9HTC-4XWB`."""
    return grouped("".join(secrets.choice(ALPHABET) for _ in range(SIGNS)))


def grouped(signs: str) -> str:
    """Signs in groups of four."""
    return "-".join(signs[at : at + GROUP] for at in range(0, len(signs), GROUP))


def code_as_read(text: str) -> str:
    """A code as somebody typed or dictated it, in the form of `new_code`; "" if it cannot be one."""
    signs = receipt_as_read(text)
    return grouped(signs) if len(signs) == SIGNS else ""


# -- a document and its state ---------------------------------------------------------


@dataclass(frozen=True)
class CaseDocument:
    """A numbered document about the act `seq` of a case; `at` is the instant of the act.

    `text` is what it says, sealed, as JSON of `api.pdf.Paper` with addresses that begin at the root; `hand_over_by` the
    day by which the result must be handed over (YYYY-MM-DD), on a decision that says so; `corrects` the act whose
    document it corrects.
    """

    id: str
    case: str
    seq: int
    act: str
    kind: str
    number: str
    code: str
    title: TwoLanguages
    matter: str
    at: datetime
    hand_over_by: str | None
    corrects: int | None
    text: str


class ActLike(Protocol):
    """What the state of a document depends on of an act."""

    @property
    def seq(self) -> int: ...
    @property
    def act(self) -> str: ...
    @property
    def at(self) -> datetime: ...


@dataclass(frozen=True)
class DocumentState:
    """Whether a document still stands: `by` is the one that corrects or revokes it, `at` when the case ended so."""

    state: State
    by: CaseDocument | None = None
    at: datetime | None = None

    def words(self) -> TwoLanguages:
        """The state as a sentence."""
        day = f"{self.at.astimezone(BEIJING):%Y-%m-%d}" if self.at else ""
        match self.state:
            case "revoked" if self.by:
                number = self.by.number
                return TwoLanguages(f"决定已于 {day} 撤销，见 {number}", f"Revoked on {day} by {number}")
            case "corrected" if self.by and self.by.kind == "reissue":
                number = self.by.number
                return TwoLanguages(f"结果已重新制作，以 {number} 为准", f"The result was made anew; see {number}")
            case "corrected" if self.by:
                return TwoLanguages(f"已被更正，见 {self.by.number}", f"Corrected by {self.by.number}")
            case "withdrawn":
                return TwoLanguages(f"申请已于 {day} 撤回", f"The application was withdrawn on {day}")
            case "terminated":
                return TwoLanguages(f"办理已于 {day} 终止", f"The case was terminated on {day}")
            case _:
                return TwoLanguages("有效", "Valid")


ENDINGS: dict[str, State] = {"withdraw": "withdrawn", "terminate": "terminated"}
REVOKED = frozenset({"decision", "result", "correction", "reissue"})
"""The kinds of documents that fall with a decision that is revoked; what else was told stays true of its day."""


def state_of(document: CaseDocument, documents: Iterable[CaseDocument], acts: Sequence[ActLike]) -> DocumentState:
    """The state of one of a case's documents: a revocation counts before all, then the last correction, then an end
    without a decision after it."""
    later_ones = [later for later in documents if later.seq > document.seq]
    if document.kind in REVOKED and (by := next((one for one in later_ones if one.kind == "revocation"), None)):
        return DocumentState("revoked", by=by, at=by.at)
    corrections = [later for later in later_ones if later.corrects == document.seq]
    if corrections:
        return DocumentState("corrected", by=max(corrections, key=lambda later: later.seq))
    for act in acts:
        if act.act in ENDINGS and act.seq > document.seq:
            return DocumentState(ENDINGS[act.act], at=act.at)
    return DocumentState("valid")
