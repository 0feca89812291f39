"""The rules of reports of errors (纠错): subjects, outcomes and refusals."""

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal, get_args

from api.refusals import Refusal

Outcome = Literal["corrected", "not_wrong", "duplicate"]
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)
STATES = ("open", "settled")
LONGEST = 1_000
MOST_A_DAY = 20
DAY = timedelta(days=1)
_ABOUT = re.compile(r"(point|matter):([\w.-]{1,80})")


class TooManyReports(Refusal):
    """The daily limit of reports per address, or per person, is reached."""

    code = "too_many_reports"
    zh = "今天反映的问题已经很多了，请明天再来，或打电话告诉我们。"
    en = "You have reported a lot today. Come back tomorrow, or call us."


class ReportSettled(Refusal):
    """The report was settled already."""

    code = "report_settled"
    zh = "这条反映已经处理过了，请刷新。"
    en = "This report is settled already. Reload."


@dataclass(frozen=True)
class About:
    """The subject of a report: its kind (point or matter) and id."""

    kind: str
    id: str

    def __str__(self) -> str:
        return f"{self.kind}:{self.id}"


def about_of(text: str) -> About | None:
    """Parse `point:XC-H01` or `matter:XC-1`; None if it is neither."""
    match = _ABOUT.fullmatch(text)
    return About(match[1], match[2]) if match else None
