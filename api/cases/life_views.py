"""A case's life as JSON: the lists beside its state as the viewer may see them, and the forms of the acts."""

from collections.abc import Callable, Iterable
from typing import Any

from api.calendar.day_words import TwoLanguages
from api.cases.ground import CaseGround
from api.cases.kinds import KINDS, act_label
from api.cases.life.acts import RULES
from api.cases.life.procedures import kinds, stops_clock
from api.cases.life.rule import ActField
from api.cases.open_case import OpenCase
from api.identity.actor import Actor

Row = dict[str, Any]
Choices = Iterable[tuple[str, TwoLanguages]]


def lists(actor: Actor, case: OpenCase) -> Row:
    """The rounds, procedures and extensions of a case: for a citizen without what is the office's own."""
    standing, matter = case.standing, case.edition.matter
    names = {material.key: material.name for material in case.papers}
    unit = matter.statutory.unit if matter.statutory else "working"
    return {
        "rounds": [
            {
                "late": [],
                "late_reason": None,
                **notice,
                "items": [{**item, "name": names[item["key"]]} for item in notice["items"]],
            }
            for notice in standing.rounds
        ],
        "procedures": [{**row, "stops_clock": stops_clock(matter, row["kind"])} for row in standing.procedures],
        "extensions": [
            {**row, "unit": unit, "text": row["text"] if actor.is_staff else ""}
            for row in standing.extensions
            if actor.is_staff or row["outcome"] == "approved"
        ],
    }


class ActForms:
    """The forms of acts: what each field is called, and what may be chosen in this case."""

    def __init__(self, ground: CaseGround) -> None:
        self._ground = ground
        self._lists: dict[str, Callable[[OpenCase], Choices]] = {
            "departments": self._departments,
            "materials": lambda case: [(paper.key, _same(paper.name)) for paper in case.papers],
            "outcomes": self._outcomes,
            "procedures": lambda case: [(kind, _same(kind)) for kind in kinds(case.edition.matter)],
            "running_procedures": lambda case: [
                (row["kind"], _same(row["kind"])) for row in case.standing.open_procedures
            ],
        }

    def forms(self, case: OpenCase, acts: Iterable[str]) -> list[Row]:
        """Each act with its label and its fields: `{act, label, label_en, fields}`."""
        kind = self._ground.kind(case.record)
        return [
            {"act": act, **act_label(kind, act), "fields": [self._field(case, field) for field in RULES[act].fields]}
            for act in acts
        ]

    def _field(self, case: OpenCase, field: ActField) -> Row:
        chosen = [(fixed.value, fixed.label) for fixed in field.choices]
        chosen += self._lists[field.listed](case) if field.listed else []
        return {
            "key": field.key,
            **_labels(field.label),
            "type": field.type,
            "required": field.required,
            "choices": [{"value": value, **_labels(words)} for value, words in chosen],
        }

    def _departments(self, case: OpenCase) -> Choices:
        departments = self._ground.matters.departments
        others = (code for code in departments.codes() if code != case.record.department)
        return [(code, _same(departments.name(code))) for code in others]

    def _outcomes(self, case: OpenCase) -> Choices:
        words = KINDS[self._ground.kind(case.record)]
        return [("grant", words.granted), ("refuse", words.refused)]


def _same(name: str) -> TwoLanguages:
    """A name that has no English."""
    return TwoLanguages(name, name)


def _labels(words: TwoLanguages) -> Row:
    return {"label": words.zh, "label_en": words.en}
