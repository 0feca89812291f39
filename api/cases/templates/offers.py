"""The templates that are offered in the form of an act on a case, filled in from that case."""

from typing import Any

from api.calendar.day_words import day_words
from api.cases import scope
from api.cases.ground import CaseGround
from api.cases.life.guards import ActNotYours
from api.cases.number import unknown
from api.cases.templates.template import TEXT_OF
from api.identity.actor import Actor
from api.refusals import NotFound
from api.times import BEIJING

Row = dict[str, Any]


class TemplateOffers:
    """Fills in the templates of a case's department. Nothing is chosen for the officer: neither outcome nor ground."""

    def __init__(self, ground: CaseGround) -> None:
        self._ground = ground

    def offered(self, actor: Actor, number: str, act: str) -> list[Row]:
        """The templates for an act on a case, those of its matter first. It names the applicant, so it is audited.

        Raises NotFound, and ActNotYours for who only watches over the case.
        """
        ground = self._ground
        case = ground.store.by_number(number)
        if case is None:
            raise unknown(number)
        if not ground.access.may_see(actor, case):
            raise NotFound(subject=f"case:{case.id}")
        if not scope.handles(actor, case):
            raise ActNotYours
        ground.audit.record(actor.id, "read_unmasked", f"case:{case.id}")
        templates = [
            template
            for template in ground.templates.current(case.department or "", act)
            if template.matter in (None, case.matter.code)
        ]
        templates.sort(key=lambda template: (template.matter is None, template.language != "zh", template.name))
        values = {language: self._values(actor, case, language) for language in ("zh", "en")}
        return [
            {
                **{key: getattr(template, key) for key in ("id", "version", "name", "outcome", "matter", "language")},
                "field": TEXT_OF[act],
                "text": template.filled(values[template.language]),
                "grounds": list(template.grounds),
            }
            for template in templates
        ]

    def _values(self, actor: Actor, case: Any, language: str) -> dict[str, str]:
        def day(at: Any) -> str:
            return str(getattr(day_words(at.astimezone(BEIJING).date(), None), language))

        return {
            "number": case.number,
            "matter": case.matter.name,
            "applicant": str(self._ground.reader.answers(case)["applicant_name"]),
            "department": self._ground.matters.departments.name(case.department or ""),
            "officer": actor.name,
            "day": day(self._ground.now()),
            "submitted": day(case.submitted_at),
        }
