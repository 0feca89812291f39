"""The end of a case without a decision (终止办理): on which causes, and in which states each may be given."""

from api.calendar.day_words import TwoLanguages
from api.cases.life.rule import ActChoice, Attempt
from api.refusals import BadFields, Reason, Refusal

CAUSES: dict[str, TwoLanguages] = {
    "no_supplement": TwoLanguages("逾期没有补正", "The missing papers did not come in time"),
    "applicant_gone": TwoLanguages(
        "申请人死亡、终止或者丧失行为能力，没有人承受申请", "The applicant has died or ceased, and nobody takes over"
    ),
    "object_gone": TwoLanguages("申请的对象灭失，办理没有意义", "What was applied for exists no more"),
    "law_changed": TwoLanguages("依据修改或者废止，事项不再办理", "The law changed: this matter is handled no more"),
    "repeated": TwoLanguages("同一事项重复申请", "The same was applied for twice"),
}
"""The causes on which staff may end a case, with their words; written by hand."""
BY_SYSTEM: dict[str, TwoLanguages] = {
    "deferral_late": TwoLanguages("承诺后补的材料逾期没有交来", "What was to follow was not brought in time"),
}
"""The causes on which the system alone ends a case."""
CHOICES = tuple(ActChoice(cause, words) for cause, words in CAUSES.items())
ONLY_IN = {"no_supplement": "supplementing"}
"""Causes that there can be in one state alone."""


def cause_fits(attempt: Attempt) -> Refusal | None:
    """The cause can be there in this state."""
    cause = attempt.data["cause"] if attempt.data is not None else ""
    if ONLY_IN.get(cause, attempt.standing.state) == attempt.standing.state:
        return None
    zh, en = "办件不在等待补正，不能以逾期没有补正终止", "No papers are awaited, so this cannot be the cause"
    return BadFields({"cause": [Reason(zh, en)]})
