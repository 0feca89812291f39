"""What stops the clock: the procedures of 行政许可法 第45条, and their days as one union (rules 20-22, 25)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from api.cases.clock.facts import Procedure

# 行政许可法 第45条: these and nothing else; a site visit or a public notice is not among them.
STOPPING_KINDS = frozenset(("听证", "招标", "拍卖", "检验", "检测", "检疫", "鉴定", "专家评审"))


@dataclass(frozen=True)
class Stops:
    """The days on which the clock is stopped: the union of half-open spans [start, end); end None: still open."""

    spans: tuple[tuple[date, date | None], ...] = ()

    @classmethod
    def of(cls, procedures: Iterable[Procedure]) -> "Stops":
        """The stops of these procedures: the day of the stop is not counted, that of the resumption is (rule 21)."""
        return cls(tuple((p.start.date(), p.end.date() if p.end else None) for p in procedures))

    def hold(self, day: date) -> bool:
        """Whether the clock is stopped on this day; overlapping stops count once (rule 22)."""
        return any(start <= day and (end is None or day < end) for start, end in self.spans)

    def hold_for_good(self, day: date) -> bool:
        """Whether the clock is stopped on this day by a stop that is still open (rule 25)."""
        return any(start <= day and end is None for start, end in self.spans)
