"""What stops the clock: the procedures of 行政许可法 第45条, and their days as one union (rules 20-22, 25)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from api.cases.clock.facts import Procedure

# 行政许可法 第45条: these and nothing else; a site visit or a public notice is not among them.
STOPPING_KINDS = frozenset(("听证", "招标", "拍卖", "检验", "检测", "检疫", "鉴定", "专家评审"))


@dataclass(frozen=True)
class Stops:
    """The union of stopped days: from each start day up to, and without, its end day; None has no end yet."""

    spans: tuple[tuple[date, date | None], ...] = ()

    @classmethod
    def of(cls, procedures: Iterable[Procedure]) -> "Stops":
        """Rule 21: the day of the stop is not counted, the day of the resumption is."""
        return cls(tuple((p.start.date(), p.end.date() if p.end else None) for p in procedures))

    def hold(self, day: date) -> bool:
        """Whether the clock stands still on this day; a union takes nothing off twice (rule 22)."""
        return any(start <= day and (end is None or day < end) for start, end in self.spans)

    def hold_for_good(self, day: date) -> bool:
        """Whether it stands still from this day on, as far as is known (rule 25)."""
        return any(start <= day and end is None for start, end in self.spans)
