"""Assigning: a head of the department gives a case to an officer who could claim it, or takes a claim back."""

from dataclasses import replace

from api.cases.case import Action
from api.cases.life.rule import Attempt
from api.cases.life.standing import CaseStanding
from api.refusals import BadFields, Reason, Refusal


def holder_changes(attempt: Attempt) -> Refusal | None:
    """Somebody else is to hold the case than now; "" stands for nobody."""
    if attempt.data is None or attempt.data["officer"] != (attempt.standing.officer or ""):
        return None
    zh, en = "办件现在就是这样，没有变化", "This is how it is already"
    return BadFields({"officer": [Reason(zh, en)]})


def assign(standing: CaseStanding, action: Action) -> CaseStanding:
    """The officer holds the case from now on, or nobody."""
    return replace(standing, officer=action.data["officer"] or None)
