"""Situations (情形): a few questions, whose answers turn a matter's general guide into a personal one.

Questions and rules are data (`data/situations.json` for all matters, `data/situations_of_matters.json` for single ones;
format: `data/README.md`). This module interprets that data.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, TypeVar

from api.matters.catalogue.matter import Due, Guide, Material, Matter, guide, matter_of

T = TypeVar("T")
Answers = Mapping[str, str]
"""The value of the chosen option, by question key."""

FACTS: dict[str, Callable[[Matter], bool]] = {
    "people_and_companies": lambda matter: {"自然人", "法人"} <= set(matter.record["audience"]),
    "online": lambda matter: matter.online,
    "at_home": lambda matter: bool(matter.record["at_home"]),
    "sends_in": lambda matter: bool(matter.record["courier"]["collect_materials"]),
    "sends_out": lambda matter: bool(matter.record["courier"]["deliver_result"]),
    "deferrable": lambda matter: any(
        material.deferrable and material.required and _brought(material) for material in matter.materials
    ),
    "promise": lambda matter: bool(matter.record["notify_promise"]),
    "held_by_state": lambda matter: any(material.held_by_state for material in matter.materials),
    "permit": lambda matter: matter.is_permit,
    "no_permit": lambda matter: not matter.is_permit,
}
"""Predicates of a matter that a question, an option or a rule may require (`needs`), by name."""

MOVES: dict[str, tuple[str, str, Callable[[Material], bool]]] = {
    "held_to_bring": ("held_by_state", "to_bring", lambda material: True),
    "deferrable_to_follow": ("to_bring", "may_follow", lambda material: material.deferrable),
}
"""Moves of materials between the lists of a guide, by name: from, to, and which of them."""


@dataclass(frozen=True)
class BilingualText:
    """A text in Chinese and in English."""

    text: str
    text_en: str


@dataclass(frozen=True)
class GuideNote:
    """A note on a guide: `basis` is the law it follows from, `stop` means that the matter cannot be done this way, and
    `see` is the code of the matter to apply for instead."""

    words: BilingualText
    basis: str | None
    verified: bool
    stop: bool
    see: str | None


When = Mapping[str, tuple[str, ...]]
"""A condition: for each question key the values of which one must be the answer."""


def holds(when: When, answers: Mapping[str, Any]) -> bool:
    """Whether answers meet a condition. An answer of several choices does where any of them does."""

    def given(key: str) -> Iterable[Any]:
        value = answers.get(key)
        return value if isinstance(value, list) else [value]

    return all(any(value in values for value in given(key)) for key, values in when.items())


@dataclass(frozen=True)
class AnswerOption:
    """An answer that a question offers, for matters that meet all `needs` (names in FACTS)."""

    value: str
    words: BilingualText
    needs: tuple[str, ...]


@dataclass(frozen=True)
class Question:
    """A question, asked for matters that meet all `needs` and are not in `not_of`, after answers that meet `when`."""

    key: str
    words: BilingualText
    options: tuple[AnswerOption, ...]
    needs: tuple[str, ...]
    not_of: frozenset[str]
    when: When


@dataclass(frozen=True)
class SituationRule:
    """What changes in a guide where `when` holds, for matters that meet all `needs`: materials to add, moves, a note.

    `edit` and `leave_out` name materials of the catalogue by name, since keys may differ by version; `change` replaces
    elements of the matter. Only a matter's own rules have these three, and always with a note that says why.
    """

    when: When
    bring: tuple[Material, ...]
    fill_in: tuple[Material, ...]
    held: tuple[Material, ...]
    moves: tuple[str, ...]
    note: GuideNote | None
    edit: Mapping[str, Mapping[str, Any]]
    leave_out: frozenset[str]
    change: Mapping[str, Any]
    needs: tuple[str, ...]

    def applies(self, matter: Matter, known: Answers) -> bool:
        """Whether the rule holds for this matter and these answers."""
        return holds(self.when, known) and all(FACTS[name](matter) for name in self.needs)

    @property
    def adds(self) -> bool:
        """Whether the rule adds materials."""
        return bool(self.bring or self.fill_in or self.held)


@dataclass(frozen=True)
class Personal:
    """A matter in one person's situation: its changed elements, the guide, and the notes."""

    matter: Matter
    guide: Guide
    notes: tuple[GuideNote, ...]

    @property
    def papers(self) -> tuple[Material, ...]:
        """Every material that this person needs, each once; `held_by_state` as it is for this person."""
        brought = tuple(
            replace(material, held_by_state=False) if material.held_by_state else material
            for material in self.guide.to_bring
        )
        keys = {material.key for material in brought}
        later = tuple(material for material in self.guide.may_follow if material.key not in keys)
        return (*self.guide.to_fill_in, *brought, *later, *self.guide.held_by_state)


@dataclass(frozen=True)
class Situations:
    """The questions and rules for all matters, in order, and those of single matters.

    `of_matter` has these by code, each from a version on; `of_version`, by code and version, what a version itself
    carries, which replaces it.
    """

    questions: tuple[Question, ...]
    rules: tuple[SituationRule, ...]
    verified: bool = True
    of_matter: Mapping[str, tuple[tuple[int, "Situations"], ...]] = field(default_factory=dict)
    of_version: Mapping[tuple[str, int], "Situations"] = field(default_factory=dict)

    def of(self, matter: Matter, own: "Situations") -> "Situations":
        """A copy in which this version of a matter carries `own`."""
        return replace(self, of_version={**self.of_version, (matter.code, matter.version): own})

    def own(self, matter: Matter) -> "Situations | None":
        """The matter's own situations in its version: carried by it, else from the data; None where neither."""
        carried = self.of_version.get((matter.code, matter.version))
        return carried or in_version(self.of_matter.get(matter.code, ()), matter.version)

    def all_questions(self, matter: Matter) -> tuple[Question, ...]:
        """The questions that may be asked for a matter, its own first, without those of less than two options."""
        own = self.own(matter)
        offered = [_offered(question, matter) for question in (*(own.questions if own else ()), *self.questions)]
        return tuple(question for question in offered if question and len(question.options) > 1)

    def asked(self, matter: Matter, answers: Answers) -> tuple[Question, ...]:
        """The questions whose condition these answers meet, in order."""
        known = self.known(matter, answers)
        return tuple(question for question in self.all_questions(matter) if holds(question.when, known))

    def wrong(self, matter: Matter, answers: Answers) -> list[str]:
        """The keys of answers that no question of this matter offers as an option."""
        offered = {q.key: {option.value for option in q.options} for q in self.all_questions(matter)}
        return [key for key, value in answers.items() if value not in offered.get(key, ())]

    def known(self, matter: Matter, answers: Answers) -> dict[str, str]:
        """The answers that count, with those that are implied; answers to questions that are not asked are dropped."""
        known = dict(_implied(matter))
        for question in self.all_questions(matter):
            if question.key in answers and holds(question.when, known):
                known[question.key] = answers[question.key]
        return known

    def personal(self, matter: Matter, answers: Answers, start: date, due: Due) -> Personal:
        """The matter and its guide for these answers, if it is accepted on `start`.

        No material is dropped silently: it moves between the lists, or a rule of the matter's own leaves it out with
        a note that says why.
        """
        own, known = self.own(matter), self.known(matter, answers)
        applied = [rule for rule in (*(own.rules if own else ()), *self.rules) if rule.applies(matter, known)]
        mine = _edited(matter, applied)
        personal_guide = guide(mine, start, due)
        for rule in applied:
            for move in rule.moves:
                personal_guide = _moved(personal_guide, *MOVES[move])
            if rule.adds:
                personal_guide = _extended(personal_guide, rule)
        later = tuple(material for material in personal_guide.to_bring if material.deferrable)
        personal_guide = replace(personal_guide, may_follow=_with(personal_guide.may_follow, later))
        return Personal(mine, personal_guide, tuple(rule.note for rule in applied if rule.note))


def unknown_materials(matter: Matter, own: Situations) -> list[str]:
    """Names of materials in a matter's own rules that this version does not have: it may have renamed them."""
    names = {material.name for material in matter.materials}
    named = {name for rule in own.rules for name in (*rule.leave_out, *rule.edit)}
    return sorted(named - names)


def situations_of(data: Mapping[str, Any], of_matters: Mapping[str, Any] | None = None) -> Situations:
    """Situations from the data files. Raises KeyError or ValueError as `question_of` and `rule_of` do."""
    of_matter = {
        code: tuple((row["from_version"], situations_of(row)) for row in rows)
        for code, rows in (of_matters or {}).items()
    }
    questions = tuple(question_of(row) for row in data["questions"])
    rules = tuple(rule_of(row) for row in data["rules"])
    return Situations(questions, rules, data.get("verified", True), of_matter)


def in_version(rows: Iterable[tuple[int, T]], version: int) -> T | None:
    """Of (from_version, value) pairs, the value that holds in `version`: the last that begins by then; or None."""
    return max((row for row in rows if row[0] <= version), key=lambda row: row[0], default=(0, None))[1]


def _implied(matter: Matter) -> Answers:
    """The answers that need not be asked: who applies, as far as the matter's audience decides it."""
    return {"applicant": "person" if "自然人" in matter.record["audience"] else "company"}


def _brought(material: Material) -> bool:
    return not material.held_by_state and not material.form


def _offered(question: Question, matter: Matter) -> Question | None:
    if matter.code in question.not_of or not all(FACTS[name](matter) for name in question.needs):
        return None
    options = tuple(option for option in question.options if all(FACTS[name](matter) for name in option.needs))
    return question if len(options) == len(question.options) else replace(question, options=options)


def _edited(matter: Matter, applied: Iterable[SituationRule]) -> Matter:
    """The matter with the changes of elements and materials of the applied rules."""
    change: dict[str, Any] = {}
    edits: dict[str, dict[str, Any]] = {}
    left_out: set[str] = set()
    for rule in applied:
        change |= rule.change
        left_out |= rule.leave_out
        for name, words in rule.edit.items():
            edits.setdefault(name, {}).update(words)
    mine = matter_of({**matter.record, **change}) if change else matter
    if not edits and not left_out:
        return mine
    materials = (
        replace(material, **edits.get(material.name, {}))
        for material in mine.materials
        if material.name not in left_out
    )
    return replace(mine, materials=tuple(materials))


def _extended(guide: Guide, rule: SituationRule) -> Guide:
    """The guide with the materials that a rule adds."""
    return replace(
        guide,
        to_bring=_with(guide.to_bring, rule.bring),
        to_fill_in=_with(guide.to_fill_in, _unserved(rule.fill_in, guide.to_fill_in)),
        held_by_state=_with(guide.held_by_state, rule.held),
    )


def _moved(guide: Guide, source: str, target: str, which: Callable[[Material], bool]) -> Guide:
    moving = tuple(material for material in getattr(guide, source) if which(material))
    staying = tuple(material for material in getattr(guide, source) if not which(material))
    changed: dict[str, Any] = {source: staying, target: _with(getattr(guide, target), moving)}
    return replace(guide, **changed)


def _with(materials: tuple[Material, ...], more: tuple[Material, ...]) -> tuple[Material, ...]:
    keys = {material.key for material in materials}
    return (*materials, *(material for material in more if material.key not in keys))


def _unserved(forms: Iterable[Material], own: Iterable[Material]) -> tuple[Material, ...]:
    """The general forms that no form of the matter's own replaces, as 公共场所卫生许可告知承诺书 does 告知承诺书."""
    names = {material.name for material in own}
    return tuple(form for form in forms if not any(name.endswith(form.name) for name in names))


def words_of(row: Mapping[str, str]) -> BilingualText:
    """A bilingual text from the `zh` and `en` of a row."""
    return BilingualText(row["zh"], row["en"])


def when_of(row: Mapping[str, Any]) -> When:
    """A condition from the `when` of a row, whose values stand alone or in a list."""
    return {key: (values,) if isinstance(values, str) else tuple(values) for key, values in row.get("when", {}).items()}


def question_of(row: Mapping[str, Any]) -> Question:
    """A question from a row of the data. Raises KeyError for a `needs` that is not in FACTS."""
    options = tuple(AnswerOption(option["value"], words_of(option), _needs(option)) for option in row["options"])
    return Question(row["key"], words_of(row), options, _needs(row), frozenset(row.get("not_of", {})), when_of(row))


def _needs(row: Mapping[str, Any]) -> tuple[str, ...]:
    names = tuple(row.get("needs", ()))
    for name in names:
        FACTS[name]
    return names


def rule_of(row: Mapping[str, Any]) -> SituationRule:
    """A rule from a row of the data. KeyError for an unknown move or need, ValueError for a change without a note."""
    for move in row.get("move", ()):
        MOVES[move]
    rule = SituationRule(
        when=when_of(row),
        bring=tuple(_materials(row.get("bring", ()))),
        fill_in=tuple(_materials(row.get("fill_in", ()), form=True)),
        held=tuple(_materials(row.get("held", ()), held_by_state=True, source="政府核发")),
        moves=tuple(row.get("move", ())),
        note=_note(row["note"]) if "note" in row else None,
        edit=row.get("edit", {}),
        leave_out=frozenset(row.get("leave_out", ())),
        change=row.get("change", {}),
        needs=_needs(row),
    )
    if (rule.leave_out or rule.edit or rule.change) and rule.note is None:
        raise ValueError(f"{dict(rule.when)}: what differs from the catalogue needs a note that says why")
    return rule


def _note(row: Mapping[str, Any]) -> GuideNote:
    return GuideNote(words_of(row), row.get("basis"), row.get("verified", True), row.get("stop", False), row.get("see"))


def _materials(rows: Iterable[Mapping[str, Any]], **same: Any) -> Iterator[Material]:
    usual = {"copies": 1, "required": True, "deferrable": False, "source": "申请人自备", "licence_name": None}
    for row in rows:
        yield Material(**{**usual, "held_by_state": False, "form": False, **same, **row})
