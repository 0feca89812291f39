"""A case's life as JSON: the lists beside its state as the viewer may see them, and the forms of the acts."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from api.calendar.day_words import TwoLanguages, unit_words
from api.cases import scope
from api.cases.act_checks import ActChecks
from api.cases.ground import CaseGround
from api.cases.kinds import KINDS, act_label
from api.cases.life.acts import RULES
from api.cases.life.corrections import correctable
from api.cases.life.extensions import unit_of
from api.cases.life.procedures import kinds, stops_clock
from api.cases.life.rule import ActField, Attempt
from api.cases.open_case import OpenCase
from api.cases.promises import deferral
from api.cases.templates.template import TEXT_OF
from api.identity.actor import Actor
from api.times import BEIJING

Row = dict[str, Any]
Choices = Iterable[tuple[str, TwoLanguages]]


def lists(ground: CaseGround, actor: Actor, case: OpenCase) -> Row:
    """The lists beside the state of a case: for a citizen without what is the office's own."""
    standing, matter, kind = case.standing, case.edition.matter, ground.kind(case.record)
    people = {row["by"] for row in standing.reviews} | {one for row in standing.surveys for one in row["officers"]}
    names_of = ground.identity.staff_names(people) if people else {}
    names = {material.key: material.name for material in case.papers}
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
        "reviews": [_review(row, names_of, is_staff=actor.is_staff) for row in standing.reviews],
        "surveys": [_survey(ground, actor, case, row, names_of) for row in standing.surveys],
        "corrections": [{**row, **act_label(kind, row["act"])} for row in standing.corrections],
        "reissues": list(standing.reissues),
        "procedures": [{**row, "stops_clock": stops_clock(matter, row["kind"])} for row in standing.procedures],
        "extensions": [
            {**row, "unit": unit_of(matter), "text": row["text"] if actor.is_staff else ""}
            for row in standing.extensions
            if actor.is_staff or row["outcome"] == "approved"
        ],
    }


def _review(row: Mapping[str, Any], names: Mapping[str, str], *, is_staff: bool) -> Row:
    inside = {"by": names.get(row["by"]), "opinion": row["opinion"], "text": row["text"]}
    return {"seq": row["seq"], "at": row["at"], **(inside if is_staff else {"by": None, "opinion": None, "text": ""})}


def _survey(ground: CaseGround, actor: Actor, case: OpenCase, row: Mapping[str, Any], names: Mapping[str, str]) -> Row:
    photos = row["photos"] if scope.handles(actor, case.record) else []
    shown = {
        "officers": [names.get(officer, "") for officer in row["officers"]],
        "files": [case.files.get(photo) or ground.files.describe(photo) for photo in photos],
    }
    return {**row, **shown, **({} if actor.is_staff else {"text": "", "photos": []})}


class ActForms:
    """The forms of acts: what each field is called, and what may be chosen in this case."""

    def __init__(self, ground: CaseGround) -> None:
        self._ground, self._checks = ground, ActChecks(ground)
        self._lists: dict[str, Callable[[OpenCase, Attempt], Choices]] = {
            "departments": lambda case, _: self._departments(case),
            "materials": lambda case, _: [(paper.key, _same(paper.name)) for paper in case.papers],
            "awaited": self._awaited,
            "outcomes": lambda case, _: self._outcomes(case),
            "officers": lambda case, _: _people(self._checks.surveyors(case.record)),
            "claimants": lambda case, _: _people(self._checks.claimants(case.record)),
            "correctable": self._correctable,
            "procedures": lambda case, _: [(kind, _same(kind)) for kind in kinds(case.edition.matter)],
            "running_procedures": lambda case, _: [
                (row["kind"], _same(row["kind"])) for row in case.standing.open_procedures
            ],
        }

    def forms(self, actor: Actor, case: OpenCase, attempt: Attempt, acts: Iterable[str]) -> list[Row]:
        """Each act with its label and its fields: `{act, label, label_en, template_field, fields}`.

        Templates are filled in with the applicant's name, so they are for who handles the case and no overseer.
        """
        kind, handles = self._ground.kind(case.record), scope.handles(actor, case.record)
        return [
            {
                "act": act,
                **act_label(kind, act),
                "template_field": TEXT_OF.get(act) if handles else None,
                "fields": [self._field(case, attempt, field) for field in RULES[act].fields],
            }
            for act in acts
        ]

    def _field(self, case: OpenCase, attempt: Attempt, field: ActField) -> Row:
        chosen = [(fixed.value, fixed.label) for fixed in field.choices]
        chosen += self._lists[field.listed](case, attempt) if field.listed else []
        return {
            "key": field.key,
            **_labels(_with_unit(field.label, unit_of(case.edition.matter))),
            "type": field.type,
            "required": field.required and (field.type != "papers" or case.standing.state == "supplementing"),
            "choices": [{"value": value, **_labels(words)} for value, words in chosen],
        }

    def _awaited(self, case: OpenCase, attempt: Attempt) -> Choices:
        wanted = deferral.wanted(case.standing)
        return [(paper.key, _same(paper.name)) for paper in case.papers if paper.key in wanted]

    def _departments(self, case: OpenCase) -> Choices:
        departments = self._ground.matters.departments
        others = (code for code in departments.codes() if code != case.record.department)
        return [(code, _same(departments.name(code))) for code in others]

    def _correctable(self, case: OpenCase, attempt: Attempt) -> Choices:
        kind = self._ground.kind(case.record)
        for row in correctable(attempt):
            words = act_label(kind, row["act"])
            at = next(
                f"{action.at.astimezone(BEIJING):%m-%d %H:%M}" for action in case.actions if action.seq == row["seq"]
            )
            yield str(row["seq"]), TwoLanguages(f"{words['label']} {at}", f"{words['label_en']} {at}")

    def _outcomes(self, case: OpenCase) -> Choices:
        words = KINDS[self._ground.kind(case.record)]
        return [("grant", words.granted), ("refuse", words.refused)]


def _people(officers: Iterable[Actor]) -> Choices:
    return [(officer.id, _same(officer.name)) for officer in officers]


def _same(name: str) -> TwoLanguages:
    """A name that has no English."""
    return TwoLanguages(name, name)


def _with_unit(label: TwoLanguages, unit: str) -> TwoLanguages:
    """A label with what the days of the matter's limit are called in the place of `{unit}`."""
    words = unit_words(unit)
    return TwoLanguages(label.zh.replace("{unit}", words.zh), label.en.replace("{unit}", words.en))


def _labels(words: TwoLanguages) -> Row:
    return {"label": words.zh, "label_en": words.en}
