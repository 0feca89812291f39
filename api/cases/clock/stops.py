"""What stops the clock: the procedures of 行政许可法 第45条, and their days as one union (rules 20-22, 25)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from api.cases.clock.facts import Procedure

# 行政许可法 第45条: these and nothing else; a site visit or a public notice is not among them.
STOPPING_KINDS = frozenset(("听证", "招标", "拍卖", "检验", "检测", "检疫", "鉴定", "专家评审"))


@dataclass(frozen=True)
class Stops:
    """The days on which the clock is stopped: half-open spans [start, end), apart and in order. An end of `date.max`:
    still open."""

    spans: tuple[tuple[date, date], ...] = ()

    @classmethod
    def of(cls, procedures: Iterable[Procedure]) -> "Stops":
        """The stops of these procedures: the day of the stop is not counted, that of the resumption is (rule 21).

        Those that overlap, lie in one another or touch are one span (rule 22).
        """
        spans: list[tuple[date, date]] = []
        for start, end in sorted((p.start.date(), p.end.date() if p.end else date.max) for p in procedures):
            if spans and start <= spans[-1][1]:
                spans[-1] = (spans[-1][0], max(end, spans[-1][1]))
            elif start != end:
                spans.append((start, end))
        return cls(tuple(spans)) if spans else NO_STOPS


NO_STOPS = Stops()
