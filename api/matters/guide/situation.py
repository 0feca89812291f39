"""The rules of situations (情形): a few questions make a guide one person's own. What is asked, and what follows from
an answer, is data (`data/situations.json` for all matters, `data/situations_of_matters.json` for single ones; the
words are explained in `data/README.md`); here is what the words of that data mean.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, TypeVar

from api.matters.catalogue.matter import Due, Guide, Material, Matter, guide, matter_of

T = TypeVar("T")
Answers = Mapping[str, str]
"""Question key to the value of the chosen option."""

FACTS: dict[str, Callable[[Matter], bool]] = {
    "people_and_companies": lambda matter: {"自然人", "法人"} <= set(matter.record["audience"]),
    "online": lambda matter: matter.online,
    "at_home": lambda matter: bool(matter.record["at_home"]),
    "sends_in": lambda matter: bool(matter.record["courier"]["collect_materials"]),
    "sends_out": lambda matter: bool(matter.record["courier"]["deliver_result"]),
    "deferrable": lambda matter: any(one.deferrable and one.required and _brought(one) for one in matter.materials),
    "promise": lambda matter: bool(matter.record["notify_promise"]),
    "held_by_state": lambda matter: any(one.held_by_state for one in matter.materials),
}
"""What a question or an option may need to be so of a matter."""

MOVES: dict[str, tuple[str, str, Callable[[Material], bool]]] = {
    "held_to_bring": ("held_by_state", "to_bring", lambda one: True),
    "deferrable_to_follow": ("to_bring", "may_follow", lambda one: one.deferrable),
}
"""From which list of a guide to which, and what of it."""


@dataclass(frozen=True)
class Words:
    """The same in both languages."""

    text: str
    text_en: str


@dataclass(frozen=True)
class Note:
    """Something more to know. `basis` names the law that says so, `stop` means that it cannot be had this way, and
    `see` is the matter to turn to."""

    words: Words
    basis: str | None
    verified: bool
    stop: bool
    see: str | None


When = Mapping[str, tuple[str, ...]]
"""All of these were answered, each with any of the values named."""


def holds(when: When, answers: Mapping[str, Any]) -> bool:
    """Whether answers lead there. An answer of several choices counts where one of them is named."""

    def given(key: str) -> Iterable[Any]:
        value = answers.get(key)
        return value if isinstance(value, list) else [value]

    return all(any(value in values for value in given(key)) for key, values in when.items())


@dataclass(frozen=True)
class Option:
    """One answer."""

    value: str
    words: Words
    needs: tuple[str, ...]


@dataclass(frozen=True)
class Question:
    """A question with its options, asked of matters that have all it needs, after answers that `when` names."""

    key: str
    words: Words
    options: tuple[Option, ...]
    needs: tuple[str, ...]
    not_of: frozenset[str]
    when: When


@dataclass(frozen=True)
class Rule:
    """What follows where `when` holds. `edit` and `leave_out` are by the name of a material in the catalogue, since
    keys are of one version; `change` is by element of the matter. Only a matter's own rules have them, always with a
    note that says why."""

    when: When
    bring: tuple[Material, ...]
    fill_in: tuple[Material, ...]
    held: tuple[Material, ...]
    moves: tuple[str, ...]
    note: Note | None
    edit: Mapping[str, Mapping[str, Any]]
    leave_out: frozenset[str]
    change: Mapping[str, Any]

    @property
    def adds(self) -> bool:
        """Whether it adds materials."""
        return bool(self.bring or self.fill_in or self.held)


@dataclass(frozen=True)
class Personal:
    """What a matter is for one person: its elements, the guide, and what else to say."""

    matter: Matter
    guide: Guide
    notes: tuple[Note, ...]

    @property
    def papers(self) -> tuple[Material, ...]:
        """Every material of this person's once, those to bring first; `held_by_state` as it is for this person."""
        brought = tuple(replace(one, held_by_state=False) if one.held_by_state else one for one in self.guide.to_bring)
        later = tuple(one for one in self.guide.may_follow if one.key not in {other.key for other in brought})
        return (*self.guide.to_fill_in, *brought, *later, *self.guide.held_by_state)


@dataclass(frozen=True)
class Situations:
    """Questions and rules, in order. `of_matter` adds those of single matters, each from a version of it on;
    `of_version` those that single versions carry, which hold instead."""

    questions: tuple[Question, ...]
    rules: tuple[Rule, ...]
    verified: bool = True
    of_matter: Mapping[str, tuple[tuple[int, "Situations"], ...]] = field(default_factory=dict)
    of_version: Mapping[tuple[str, int], "Situations"] = field(default_factory=dict)

    def of(self, matter: Matter, own: "Situations") -> "Situations":
        """These, with `own` as what a version of a matter carries."""
        return replace(self, of_version={**self.of_version, (matter.code, matter.version): own})

    def own(self, matter: Matter) -> "Situations | None":
        """What is a matter's own in its version: what the version carries, else what the data has for it, or None."""
        carried = self.of_version.get((matter.code, matter.version))
        return carried or in_version(self.of_matter.get(matter.code, ()), matter.version)

    def all_questions(self, matter: Matter) -> tuple[Question, ...]:
        """Every question that a matter may ask, its own first; a question without a choice is none."""
        own = self.own(matter)
        found = [_offered(question, matter) for question in (*(own.questions if own else ()), *self.questions)]
        return tuple(question for question in found if question and len(question.options) > 1)

    def asked(self, matter: Matter, answers: Answers) -> tuple[Question, ...]:
        """The questions that these answers leave to be asked."""
        known = self.known(matter, answers)
        return tuple(question for question in self.all_questions(matter) if holds(question.when, known))

    def wrong(self, matter: Matter, answers: Answers) -> list[str]:
        """The keys of answers that no question of this matter offers."""
        offered = {q.key: {option.value for option in q.options} for q in self.all_questions(matter)}
        return [key for key, value in answers.items() if value not in offered.get(key, ())]

    def known(self, matter: Matter, answers: Answers) -> dict[str, str]:
        """The answers that count, with what need not be asked; an answer to what is no longer asked is none."""
        known = dict(_implied(matter))
        for question in self.all_questions(matter):
            if question.key in answers and holds(question.when, known):
                known[question.key] = answers[question.key]
        return known

    def personal(self, matter: Matter, answers: Answers, start: date, due: Due) -> Personal:
        """The matter for these answers. Nothing that was needed vanishes by itself: it moves, or a rule of the
        matter's own says why it is not needed."""
        own, known = self.own(matter), self.known(matter, answers)
        applied = [rule for rule in (*(own.rules if own else ()), *self.rules) if holds(rule.when, known)]
        mine = _edited(matter, applied)
        found = guide(mine, start, due)
        for rule in applied:
            for move in rule.moves:
                found = _moved(found, *MOVES[move])
            if rule.adds:
                found = replace(
                    found,
                    to_bring=_with(found.to_bring, rule.bring),
                    to_fill_in=_with(found.to_fill_in, _unserved(rule.fill_in, found.to_fill_in)),
                    held_by_state=_with(found.held_by_state, rule.held),
                )
        later = tuple(one for one in found.to_bring if one.deferrable)
        found = replace(found, may_follow=_with(found.may_follow, later))
        return Personal(mine, found, tuple(rule.note for rule in applied if rule.note))


def strangers(matter: Matter, own: Situations) -> list[str]:
    """Materials that a matter's own rules name and this version has not: renamed by what was published since."""
    there = {one.name for one in matter.materials}
    named = {name for rule in own.rules for name in (*rule.leave_out, *rule.edit)}
    return sorted(named - there)


def situations_of(data: Mapping[str, Any], of_matters: Mapping[str, Any] | None = None) -> Situations:
    """From the data files. Raises KeyError or ValueError where they name what there is not, or leave out the why."""
    of_matter = {
        code: tuple((row["from_version"], situations_of(row)) for row in rows)
        for code, rows in (of_matters or {}).items()
    }
    questions = tuple(question_of(row) for row in data["questions"])
    rules = tuple(rule_of(row) for row in data["rules"])
    return Situations(questions, rules, data.get("verified", True), of_matter)


def in_version(rows: Iterable[tuple[int, T]], version: int) -> T | None:
    """Of what holds from a version on, what holds in this one; None where nothing does yet."""
    return max((row for row in rows if row[0] <= version), key=lambda row: row[0], default=(0, None))[1]


def _implied(matter: Matter) -> Answers:
    """What need not be asked: of a matter for companies alone, that one applies."""
    return {"applicant": "person" if "自然人" in matter.record["audience"] else "company"}


def _brought(material: Material) -> bool:
    return not material.held_by_state and not material.form


def _offered(question: Question, matter: Matter) -> Question | None:
    if matter.code in question.not_of or not all(FACTS[name](matter) for name in question.needs):
        return None
    options = tuple(one for one in question.options if all(FACTS[name](matter) for name in one.needs))
    return question if len(options) == len(question.options) else replace(question, options=options)


def _edited(matter: Matter, applied: Iterable[Rule]) -> Matter:
    """The matter with its elements and materials as the rules have them."""
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
    materials = (replace(one, **edits.get(one.name, {})) for one in mine.materials if one.name not in left_out)
    return replace(mine, materials=tuple(materials))


def _moved(guide: Guide, source: str, target: str, which: Callable[[Material], bool]) -> Guide:
    moving = tuple(one for one in getattr(guide, source) if which(one))
    staying = tuple(one for one in getattr(guide, source) if not which(one))
    changed: dict[str, Any] = {source: staying, target: _with(getattr(guide, target), moving)}
    return replace(guide, **changed)


def _with(materials: tuple[Material, ...], more: tuple[Material, ...]) -> tuple[Material, ...]:
    known = {one.key for one in materials}
    return (*materials, *(one for one in more if one.key not in known))


def _unserved(forms: Iterable[Material], own: Iterable[Material]) -> tuple[Material, ...]:
    """The general forms that no form of the matter's own is: 公共场所卫生许可告知承诺书 is its 告知承诺书."""
    names = {one.name for one in own}
    return tuple(one for one in forms if not any(name.endswith(one.name) for name in names))


def words_of(row: Mapping[str, str]) -> Words:
    """From `zh` and `en`."""
    return Words(row["zh"], row["en"])


def when_of(row: Mapping[str, Any]) -> When:
    """From a row's `when`: each value alone or in a list."""
    return {key: (values,) if isinstance(values, str) else tuple(values) for key, values in row.get("when", {}).items()}


def question_of(row: Mapping[str, Any]) -> Question:
    """From data. Raises KeyError where it needs what no matter has."""
    options = tuple(Option(one["value"], words_of(one), _needs(one)) for one in row["options"])
    return Question(row["key"], words_of(row), options, _needs(row), frozenset(row.get("not_of", {})), when_of(row))


def _needs(row: Mapping[str, Any]) -> tuple[str, ...]:
    names = tuple(row.get("needs", ()))
    for name in names:
        FACTS[name]
    return names


def rule_of(row: Mapping[str, Any]) -> Rule:
    """From data. Raises KeyError for an unknown move, ValueError where a change has no note that says why."""
    for move in row.get("move", ()):
        MOVES[move]
    rule = Rule(
        when=when_of(row),
        bring=tuple(_materials(row.get("bring", ()))),
        fill_in=tuple(_materials(row.get("fill_in", ()), form=True)),
        held=tuple(_materials(row.get("held", ()), held_by_state=True, source="政府核发")),
        moves=tuple(row.get("move", ())),
        note=_note(row["note"]) if "note" in row else None,
        edit=row.get("edit", {}),
        leave_out=frozenset(row.get("leave_out", ())),
        change=row.get("change", {}),
    )
    if (rule.leave_out or rule.edit or rule.change) and rule.note is None:
        raise ValueError(f"{dict(rule.when)}: what differs from the catalogue needs a note that says why")
    return rule


def _note(row: Mapping[str, Any]) -> Note:
    return Note(words_of(row), row.get("basis"), row.get("verified", True), row.get("stop", False), row.get("see"))


def _materials(rows: Iterable[Mapping[str, Any]], **same: Any) -> Iterator[Material]:
    usual = {"copies": 1, "required": True, "deferrable": False, "source": "申请人自备", "licence_name": None}
    for row in rows:
        yield Material(**{**usual, "held_by_state": False, "form": False, **same, **row})
