"""The standing of a case: the fold of its actions, i.e. all that the rules of its acts need to know."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

Row = Mapping[str, Any]

WORK_OF = {
    "submitted": "window",
    "supplementing": "window",
    "accepted": "handler",
    "granted": "window",
    "issued": "window",
}
"""Per open state: the role that moves a case on. It alone may claim, so that nobody holds what they cannot move."""


@dataclass(frozen=True)
class CaseStanding:
    """The state of a case as the fold of its actions. Each list has its entries in the order of their acts, by `seq`.

    `rounds`: each one-time notice, and when it was answered; `procedures`: special procedures (特别程序); `extensions`
    of the limit, asked and answered; `deferrals`: what may follow later (容缺); `corrections` of earlier acts;
    `surveys` on the spot; `reviews` by the department; `reissues`: results made anew.
    """

    state: str
    version: int
    officer: str | None = None
    supplement: dict[str, Any] | None = None
    asked_before: frozenset[str] = frozenset()
    """The materials that any notice of deficiencies has named."""
    decision: dict[str, Any] | None = None
    result: dict[str, Any] | None = None
    handed_over_at: datetime | None = None
    materials: dict[str, list[str]] | None = None
    department: str | None = None
    """Where it was transferred to; None where it stays with the department of its matter."""
    end: str | None = None
    """The state in which it ended before it was closed."""
    rounds: tuple[Row, ...] = ()
    procedures: tuple[Row, ...] = ()
    extensions: tuple[Row, ...] = ()
    deferrals: tuple[Row, ...] = ()
    corrections: tuple[Row, ...] = ()
    promise: Row | None = None
    """The applicant's promise (告知承诺), and what came of its check."""
    surveys: tuple[Row, ...] = ()
    reviews: tuple[Row, ...] = ()
    reissues: tuple[Row, ...] = ()
    seen: tuple[Row, ...] = ()
    """The office's acts that the applicant saw with their words, `{seq, act, role}`: what may be corrected."""

    @property
    def flags(self) -> tuple[str, ...]:
        """What is to be known beside the state, in the order of FLAGS."""
        return tuple(flag for flag, holds in FLAGS.items() if holds(self))

    @property
    def open_procedures(self) -> tuple[Row, ...]:
        """The special procedures that run now."""
        return tuple(procedure for procedure in self.procedures if procedure["ended_at"] is None)

    @property
    def waiting_result(self) -> Row | None:
        """The newest result (`seq`, `at`, `serial`) while it waits to be handed over."""
        return self.result if self.state == "issued" else None

    @property
    def asked_extension(self) -> Row | None:
        """The extension that was asked and not answered; None without one, or once the case was decided or ended."""
        asked = [row for row in self.extensions if row["outcome"] is None]
        return asked[-1] if asked and self.state == "accepted" else None


WAITING = frozenset({"accepted", "granted"})
"""The states in which a deferred material may still be to come."""
FLAGS = {
    "supplement_back": lambda now: now.state == "submitted" and bool(now.rounds),
    "deferred": lambda now: now.state in WAITING and any(row["state"] == "open" for row in now.deferrals),
    "procedure_running": lambda now: bool(now.open_procedures),
    "extension_asked": lambda now: now.asked_extension is not None,
}
"""By flag, whether it holds of a standing: a supplement came back and waits to be looked at; something was deferred and
has not come; a special procedure runs; an extension was asked and not answered."""


def keys_of(items: Iterable[Row]) -> frozenset[str]:
    """The materials that the items of a notice name."""
    return frozenset(item["key"] for item in items)


def never_asked(standing: CaseStanding, items: Iterable[Row]) -> list[str]:
    """The materials of a notice that no earlier one named, sorted; none for the first notice, which names all."""
    return sorted(keys_of(items) - standing.asked_before) if standing.asked_before else []


def may_hold(state: str, roles: frozenset[str]) -> bool:
    """Whether somebody with these roles at a case may go on holding it, i.e. could claim it now."""
    return WORK_OF.get(state) in roles
