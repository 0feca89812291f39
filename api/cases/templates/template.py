"""The rules of a template: for which acts there are some, which fields it may have, and how it is filled in."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from api.calendar.day_words import TwoLanguages
from api.refusals import BadFields, Reason
from api.texts import one_line, written

TEXT_OF: dict[str, str] = {
    "decide": "text",
    "finish": "text",
    "promise": "text",
    "decline": "reason",
    "request_supplement": "text",
    "request_extension": "reason",
    "approve_extension": "reason",
    "refuse_extension": "reason",
    "start_procedure": "text",
    "terminate": "text",
}
"""The acts that have templates: which field of each a template fills in."""
OUTCOMES = ("grant", "refuse")
WITH_OUTCOME, WITH_GROUNDS = frozenset({"decide", "finish"}), frozenset({"decide", "finish", "promise"})
WITH_REMEDIES = frozenset({"decline", "terminate"})
"""Acts that always refuse something; of those WITH_OUTCOME only a refusal has remedies."""
LANGUAGES = ("zh", "en")
FIELDS: dict[str, TwoLanguages] = {
    "number": TwoLanguages("办件编号", "Number of the case"),
    "matter": TwoLanguages("事项名称", "Name of the matter"),
    "applicant": TwoLanguages("申请人", "Applicant"),
    "department": TwoLanguages("部门", "Department"),
    "officer": TwoLanguages("经办人", "Officer"),
    "day": TwoLanguages("当天日期", "Today"),
    "submitted": TwoLanguages("申请日期", "Day of submission"),
}
"""What `{number}` and the like in a template stand for. Each has a value in every case."""

MOST_NAME, MOST_TEXT, MOST_GROUNDS, MOST_GROUND = 40, 2000, 10, 500
FIELD = re.compile(r"\{([^{}]*)\}")
BRACES = re.compile(r"[{}]")


@dataclass(frozen=True)
class ActTemplate:
    """One version of a template. `outcome` is that of a decision ("": of any), `matter` a code (None: any matter).

    `remedies` (what the applicant can do) follows the text; of the `grounds` an officer chooses, none is filled in.
    `by` and `at` are of this version.
    """

    id: str
    version: int
    department: str
    act: str
    outcome: str
    matter: str | None
    language: str
    name: str
    text: str
    remedies: str
    grounds: tuple[str, ...]
    by: str
    at: datetime
    retired: bool = False

    def filled(self, values: Mapping[str, str]) -> str:
        """The text, and the remedies as a paragraph after it, with the values of the fields."""
        whole = "\n".join(part for part in (self.text, self.remedies) if part)
        return FIELD.sub(lambda match: values[match[1]], whole)


def check(template: ActTemplate) -> None:
    """Raises BadFields unless a template can be filled in for every case, and has just the parts that its act has."""
    errors: dict[str, list[str]] = {
        field: [reason]
        for field, reason in (
            ("name", _wrong_name(template.name)),
            ("text", _wrong_text(template.text) or _too_long(template)),
            ("remedies", _wrong_fields(template.remedies) or _misplaced_remedies(template)),
            ("outcome", _misplaced_outcome(template)),
            ("grounds", _wrong_grounds(template)),
        )
        if reason
    }
    if errors:
        raise BadFields(errors)


def _wrong_name(name: str) -> Reason | None:
    if name and len(name) <= MOST_NAME and name == one_line(name):
        return None
    return Reason(f"请写名称，不超过 {MOST_NAME} 个字", f"Give a name of at most {MOST_NAME} signs")


def _wrong_text(text: str) -> Reason | None:
    if not written(text).strip():
        return Reason("请写用语的内容", "Write the text")
    return _wrong_fields(text)


def _wrong_fields(text: str) -> Reason | None:
    unknown = [f"{{{name}}}" for name in FIELD.findall(text) if name not in FIELDS]
    if unknown:
        names, known = ", ".join(unknown), ", ".join(f"{{{name}}}" for name in FIELDS)
        return Reason(f"没有这样的填写项：{names}。可以用：{known}", f"No such field: {names}. There are: {known}")
    if BRACES.search(FIELD.sub("", text)):
        return Reason("花括号只用来写填写项，要成对", "Braces are for fields alone, and come in pairs")
    return None


def _too_long(template: ActTemplate) -> Reason | None:
    if len(template.text) + len(template.remedies) < MOST_TEXT:
        return None
    zh, en = f"内容和救济途径合起来不超过 {MOST_TEXT} 个字", f"Text and remedies: at most {MOST_TEXT} signs together"
    return Reason(zh, en)


def _misplaced_outcome(template: ActTemplate) -> Reason | None:
    if not template.outcome or template.act in WITH_OUTCOME:
        return None
    return Reason("这一步不分同意和不同意", "This act has no outcome")


def _misplaced_remedies(template: ActTemplate) -> Reason | None:
    is_refusal = template.act in WITH_REMEDIES or (template.act in WITH_OUTCOME and template.outcome == "refuse")
    if not template.remedies or is_refusal:
        return None
    return Reason("只有不予同意的用语才写救济途径", "Only what refuses something has remedies")


def _wrong_grounds(template: ActTemplate) -> Reason | None:
    if template.grounds and template.act not in WITH_GROUNDS:
        return Reason("这一步不写法律依据", "This act has no ground")
    if any(not written(ground).strip() or BRACES.search(ground) for ground in template.grounds):
        return Reason("依据要写明条文，不能有填写项", "A ground names its article, and has no fields")
    return None
