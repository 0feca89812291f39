"""The rules of situations (情形): a few questions make a guide one person's own. What is asked, and what follows from
an answer, is data (`data/situations.json`); here is what the words of that data mean.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from api.matters.matter import Guide, Material, Matter

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
class Option:
    """One answer."""

    value: str
    words: Words
    needs: tuple[str, ...]


@dataclass(frozen=True)
class Question:
    """A question with its options, asked of matters that have all it needs."""

    key: str
    words: Words
    options: tuple[Option, ...]
    needs: tuple[str, ...]
    not_of: frozenset[str]


@dataclass(frozen=True)
class Rule:
    """What follows where all of `when` was answered (any of the values named for a question)."""

    when: Mapping[str, frozenset[str]]
    bring: tuple[Material, ...]
    fill_in: tuple[Material, ...]
    moves: tuple[str, ...]
    note: Words | None

    def applies(self, answers: Answers) -> bool:
        """Whether these answers lead to it."""
        return all(answers.get(key) in values for key, values in self.when.items())


@dataclass(frozen=True)
class Situations:
    """All questions and rules, in order; `of_matter` adds those of one matter."""

    questions: tuple[Question, ...]
    rules: tuple[Rule, ...]
    of_matter: Mapping[str, "Situations"]

    def asked(self, matter: Matter) -> tuple[Question, ...]:
        """The questions for a matter, each with the options that it has; a question without a choice is none."""
        own = self.of_matter.get(matter.code)
        found = [_offered(question, matter) for question in (*self.questions, *(own.questions if own else ()))]
        return tuple(question for question in found if question and len(question.options) > 1)

    def wrong(self, matter: Matter, answers: Answers) -> list[str]:
        """The keys of answers that no question of this matter offers."""
        offered = {q.key: {option.value for option in q.options} for q in self.asked(matter)}
        return [key for key, value in answers.items() if value not in offered.get(key, ())]

    def personal(self, matter: Matter, base: Guide, answers: Answers) -> tuple[Guide, list[Words]]:
        """The guide for these answers, and what else to say. Nothing that was needed vanishes: it only moves."""
        own = self.of_matter.get(matter.code)
        answers = {**_implied(matter), **answers}
        applied = [rule for rule in (*self.rules, *(own.rules if own else ())) if rule.applies(answers)]
        guide = base
        for rule in applied:
            for move in rule.moves:
                guide = _moved(guide, *MOVES[move])
            guide = replace(
                guide,
                to_bring=_with(guide.to_bring, rule.bring),
                to_fill_in=_with(guide.to_fill_in, rule.fill_in),
            )
        return guide, [rule.note for rule in applied if rule.note]


def situations_of(data: Mapping[str, Any]) -> Situations:
    """From the data file. Raises KeyError where it names a fact, a move or a question that there is not."""
    questions = tuple(_question(row) for row in data["questions"])
    rules = tuple(_rule(row) for row in data["rules"])
    of_matter = {code: situations_of(row) for code, row in data.get("matters", {}).items()}
    return Situations(questions, rules, of_matter)


def _implied(matter: Matter) -> Answers:
    """What need not be asked: of a matter for companies alone, that one applies."""
    return {"applicant": "person" if "自然人" in matter.record["audience"] else "company"}


def _brought(material: Material) -> bool:
    return not material.held_by_state and not material.form


def _offered(question: Question, matter: Matter) -> Question | None:
    if matter.code in question.not_of or not all(FACTS[name](matter) for name in question.needs):
        return None
    options = tuple(one for one in question.options if all(FACTS[name](matter) for name in one.needs))
    return replace(question, options=options)


def _moved(guide: Guide, source: str, target: str, which: Callable[[Material], bool]) -> Guide:
    moving = tuple(one for one in getattr(guide, source) if which(one))
    staying = tuple(one for one in getattr(guide, source) if not which(one))
    changed: dict[str, Any] = {source: staying, target: _with(getattr(guide, target), moving)}
    return replace(guide, **changed)


def _with(materials: tuple[Material, ...], more: tuple[Material, ...]) -> tuple[Material, ...]:
    known = {one.key for one in materials}
    return (*materials, *(one for one in more if one.key not in known))


def _words(row: Mapping[str, str]) -> Words:
    return Words(row["zh"], row["en"])


def _question(row: Mapping[str, Any]) -> Question:
    options = tuple(Option(one["value"], _words(one), _needs(one)) for one in row["options"])
    return Question(row["key"], _words(row), options, _needs(row), frozenset(row.get("not_of", {})))


def _needs(row: Mapping[str, Any]) -> tuple[str, ...]:
    names = tuple(row.get("needs", ()))
    for name in names:
        FACTS[name]
    return names


def _rule(row: Mapping[str, Any]) -> Rule:
    for move in row.get("move", ()):
        MOVES[move]
    return Rule(
        {key: frozenset([values] if isinstance(values, str) else values) for key, values in row["when"].items()},
        tuple(_material(one, form=False) for one in row.get("bring", ())),
        tuple(_material(one, form=True) for one in row.get("fill_in", ())),
        tuple(row.get("move", ())),
        _words(row["note"]) if "note" in row else None,
    )


def _material(row: Mapping[str, Any], *, form: bool) -> Material:
    return Material(
        key=row["key"],
        name=row["name"],
        kind=row["kind"],
        copies=row["copies"],
        required=True,
        deferrable=False,
        source="申请人自备",
        held_by_state=False,
        licence_name=None,
        form=form,
    )
