"""A decrypted case with its matter looked up: made once per request (by `reader`), then passed on."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from api.calendar.calendar import WorkingCalendar
from api.cases.case import Action, Case
from api.cases.life.standing import CaseStanding
from api.drafts.open_draft import Edition
from api.matters.catalogue.matter import Material, Matter


@dataclass(frozen=True)
class OpenCase:
    """A decrypted case. `matter` is the catalogue's version, `edition` the same as it applies to this applicant.

    `standing` is the fold of `actions`; `agent` is the name of who applied under a mandate.
    """

    record: Case
    matter: Matter
    edition: Edition
    situation: dict[str, str]
    answers: dict[str, Any]
    delivery: dict[str, Any]
    receipt: str
    agent: str | None
    actions: tuple[Action, ...]
    standing: CaseStanding
    calendar: WorkingCalendar
    """The working days as they were known when it was opened."""
    files: Mapping[str, dict[str, Any]] = field(default_factory=dict)
    """Descriptions of its files by upload, as far as they were looked up already."""

    @property
    def papers(self) -> list[Material]:
        """The applicant's own materials first, then what else the matter may need: an officer may ask for any."""
        own = {paper.key for paper in self.edition.papers}
        return [*self.edition.papers, *(material for material in self.matter.materials if material.key not in own)]
