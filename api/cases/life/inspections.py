"""Before a decision: surveys on the spot by two or more officers (行政许可法 第34条), and reviews by the department."""

from dataclasses import replace

from api.cases.case import Action
from api.cases.life.rule import Attempt
from api.cases.life.standing import CaseStanding
from api.refusals import BadFields, Reason, Refusal

LEAST_OFFICERS = 2


def two_officers(attempt: Attempt) -> Refusal | None:
    """Two or more different officers made the survey (第34条)."""
    if attempt.data is None or len(set(attempt.data["officers"])) >= LEAST_OFFICERS:
        return None
    zh, en = "现场核查要有两名以上不同的工作人员", "A survey is made by two or more different officers"
    return BadFields({"officers": [Reason(zh, en)]})


def survey(standing: CaseStanding, action: Action) -> CaseStanding:
    """A survey took place."""
    return replace(standing, surveys=(*standing.surveys, {"seq": action.seq, "at": action.at, **action.data}))


def review(standing: CaseStanding, action: Action) -> CaseStanding:
    """An officer of the department gave an opinion."""
    opinion = {"seq": action.seq, "at": action.at, "by": action.by, **action.data}
    return replace(standing, reviews=(*standing.reviews, opinion))
