"""Checks the content that a version carries itself, `situation` and `form` of its entry (format: `data/README.md`).

They are checked before publication, so that every combination of answers leads to a guide and forms can be filled in.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice, product
from typing import Any

from api.matters import form as forms
from api.matters.agreement import disagreements
from api.matters.catalogue.consistency import contradictions
from api.matters.catalogue.matter import Matter, matter_of
from api.matters.catalogue.publication import Check
from api.matters.catalogue.version import Entry
from api.matters.form import Form, form_of
from api.matters.guide import situation as situations
from api.matters.guide.situation import Answers, Question, Situations, situations_of

MOST_ANSWERS = 1_000
"""The most combinations of answers that a version's rules may distinguish. Each is tried, at 0.1 ms of CPU, when an
administrator looks at or saves a draft. The content that came with the program has 36 to 324."""
PARTS = {"situation": ("情形", "Situations"), "form": ("表单", "Form")}
Faults = Iterator[tuple[str, str, str]]
"""Faults as (place, Chinese, English), the place e.g. `rules.3.when`."""


@dataclass(frozen=True)
class ContentContext:
    """What content refers to: the situations of all matters, the common fields of all forms, the codes of matters."""

    situations: Situations
    common: Mapping[str, Any]
    codes: Collection[str]
    now: datetime


def situation_of(entry: Entry) -> Situations | None:
    """The situations that an entry carries, or None. Raises KeyError or ValueError where they are malformed."""
    return situations_of(entry["situation"]) if entry.get("situation") else None


def form_in(entry: Entry, common: Mapping[str, Any]) -> Form | None:
    """The form that an entry carries, or None. Raises KeyError where it is malformed."""
    return form_of(common, entry["form"]) if entry.get("form") else None


def checks(entry: Entry, context: ContentContext) -> list[Check]:
    """The checks of the situations and the form that an entry carries; none where it carries nothing."""
    return [*situation_checks(entry, context), *_part("form", _form, entry, context)]


def situation_checks(entry: Entry, context: ContentContext) -> list[Check]:
    """The checks of the situations that an entry carries: sound ones always lead to a guide."""
    return _part("situation", _situation, entry, context)


def _part(
    part: str,
    look: Callable[[Mapping[str, Any], Matter, ContentContext], Faults],
    entry: Entry,
    context: ContentContext,
) -> list[Check]:
    return _listed(part, list(look(entry[part], matter_of(entry), context))) if entry.get(part) else []


def _listed(part: str, wrong: list[tuple[str, str, str]]) -> list[Check]:
    zh, en = PARTS[part]
    if not wrong:
        return [Check(f"{zh}说得通，每种情况都试过", f"{en}: sound in every case", (part,), True)]
    return [Check(f"{zh} {where}：{why}", f"{en} {where}: {why_en}", (part,), False) for where, why, why_en in wrong]


# -- situations --------------------------------------------------------------------


def _situation(raw: Mapping[str, Any], matter: Matter, context: ContentContext) -> Faults:
    broken = [*_readable("questions", raw["questions"], situations.question_of)]
    broken += _readable("rules", raw["rules"], situations.rule_of)
    if broken:
        yield from broken
        return
    own = situations_of(raw)
    questions = context.situations.of(matter, own).all_questions(matter)
    named = [*_questions(own, context, matter), *_rules(own, questions, matter, context)]
    yield from named
    if not named:
        yield from _answered(own, questions, matter, context)


def _readable(part: str, rows: Iterable[Mapping[str, Any]], read: Callable[[Mapping[str, Any]], object]) -> Faults:
    for number, row in enumerate(rows):
        try:
            read(row)
        except KeyError as error:
            yield f"{part}.{number}", f"没有 {error.args[0]} 这个说法", f"there is no {error.args[0]}"
        except ValueError:
            yield f"{part}.{number}", "改动了事项要素或材料，要有 note 说明原因", "a change needs a note that says why"


def _questions(own: Situations, context: ContentContext, matter: Matter) -> Faults:
    taken = {question.key for question in context.situations.questions}
    seen: dict[str, set[str]] = {"applicant": {"person", "company"}}
    for number, question in enumerate(own.questions):
        key = question.key
        if key in taken:
            yield f"questions.{number}.key", f"{key} 已经用过了，换一个", f"{key} is taken: choose another"
        taken.add(key)
        yield from _when(f"questions.{number}.when", question.when, seen, "前面的问题", "an earlier question")
        values = [option.value for option in question.options]
        if len(set(values)) < len(values):
            yield f"questions.{number}.options", "有两个选项的 value 一样", "two options have the same value"
        seen[key] = set(values)


def _when(where: str, when: situations.When, known: Mapping[str, Collection[str]], zh: str, en: str) -> Faults:
    for key, values in when.items():
        if key not in known:
            yield where, f"{key} 不是{zh}", f"{key} is not {en}"
        elif strange := [value for value in values if value not in known[key]]:
            yield where, f"{key} 没有选项 {'、'.join(strange)}", f"{key} has no option {', '.join(strange)}"


def _rules(own: Situations, questions: Iterable[Question], matter: Matter, context: ContentContext) -> Faults:
    offered = {question.key: {option.value for option in question.options} for question in questions}
    offered.setdefault("applicant", {"person", "company"})
    names, keys = {paper.name for paper in matter.materials}, {paper.key for paper in matter.materials}
    for number, rule in enumerate(own.rules):
        where = f"rules.{number}"
        yield from _when(f"{where}.when", rule.when, offered, "这个事项的问题", "a question of this matter")
        for name in (*rule.leave_out, *rule.edit):
            if name not in names:
                yield where, f"材料里没有“{name}”", f"no material is named {name}"
        for paper in (*rule.bring, *rule.fill_in, *rule.held):
            if paper.key in keys:
                yield where, f"key {paper.key} 是事项材料的，换一个", f"{paper.key} is a material's key: choose another"
        for paper in rule.held:
            if not paper.licence_name:
                yield (
                    f"{where}.held",
                    f"“{paper.name}”应写明证照名称 licence_name",
                    f"{paper.name} needs a licence_name",
                )
        if rule.note and rule.note.see and rule.note.see not in context.codes:
            yield f"{where}.note.see", f"没有事项 {rule.note.see}", f"there is no matter {rule.note.see}"


def answers_of(own: Situations, questions: Iterable[Question]) -> Iterator[Answers]:
    """Yield every combination of answers that a version's questions and rules distinguish, partial ones included."""
    keys = {question.key for question in own.questions}
    keys |= {key for question in own.questions for key in question.when} | {
        key for rule in own.rules for key in rule.when
    }
    asked = [question for question in questions if question.key in keys]
    choices = [[None, *(option.value for option in question.options)] for question in asked]
    for values in product(*choices):
        pairs = zip(asked, values, strict=True)
        yield {question.key: value for question, value in pairs if value is not None}


def _answered(own: Situations, questions: tuple[Question, ...], matter: Matter, context: ContentContext) -> Faults:
    """Faults of the guides that result from every combination of answers; the first is enough."""
    every = list(islice(answers_of(own, questions), MOST_ANSWERS + 1))
    if len(every) > MOST_ANSWERS:
        yield "questions", f"回答的组合超过 {MOST_ANSWERS} 种，请减少问题", f"more than {MOST_ANSWERS} ways to answer"
        return
    mine, open_before = context.situations.of(matter, own), set(contradictions(matter.record))
    for answers in every:
        if why := _no_guide(mine, matter, answers, open_before):
            pairs = "，".join(f"{key}:{value}" for key, value in answers.items()) or "（都没有回答）"
            yield "rules", f"回答 {pairs} 时，{why}", f"answers {pairs}: {why}"
            return


def _no_guide(mine: Situations, matter: Matter, answers: Answers, open_before: set[str]) -> str:
    personal = mine.personal(matter, answers, date.min, lambda days, unit, start: start)
    broken = [words for words in contradictions(personal.matter.record) if words not in open_before]
    if broken:
        return f"不符合规则：{broken[0]}"
    keys = [paper.key for paper in personal.papers]
    return "" if len(set(keys)) == len(keys) else "有两样材料的 key 一样"


# -- forms -------------------------------------------------------------------------


def _form(raw: Mapping[str, Any], matter: Matter, context: ContentContext) -> Faults:
    broken = [*_common(raw, context), *_fields_readable(raw)]
    if broken:
        yield from broken
        return
    form = form_of(context.common, raw)
    questions = _offered(matter, context)
    papers = {paper.name for paper in matter.materials if paper.form}
    for name in form.fills:
        if name not in papers:
            yield "fills", f"材料里没有要填的“{name}”", f"no material to fill in is named {name}"
    named = [*_named(form, questions)]
    yield from named
    if not named:
        yield from _sample(form, matter, context)


def _with_own(matter: Matter, context: ContentContext) -> Situations:
    """The situations to check a form with; faults of those that its version carries are reported by their own check."""
    try:
        own = situation_of(matter.record)
    except (KeyError, ValueError):
        own = None
    return context.situations.of(matter, own) if own else context.situations


def _offered(matter: Matter, context: ContentContext) -> dict[str, Collection[str]]:
    """The options of every question, by key; who applies is always known."""
    questions = _with_own(matter, context).all_questions(matter)
    offered = {question.key: {option.value for option in question.options} for question in questions}
    return {"applicant": {"person", "company"}, **offered}


def _common(raw: Mapping[str, Any], context: ContentContext) -> Faults:
    keys = {row["key"] for row in context.common["fields"]}
    for key in raw["common"]:
        if key not in keys:
            yield f"common.{key}", "共同的第一页没有这一项", "the first page has no such field"


def _fields_readable(raw: Mapping[str, Any]) -> Faults:
    for number, section in enumerate(raw["sections"]):
        yield from _rows_readable(f"sections.{number}.fields", section["fields"])


def _rows_readable(where: str, rows: Iterable[Mapping[str, Any]]) -> Faults:
    for number, row in enumerate(rows):
        here = f"{where}.{number}"
        if row["kind"] == "group":
            yield from _rows_readable(f"{here}.fields", row.get("fields", ()))
        try:
            forms.field_of(row)
        except KeyError:
            yield here, "kind 和 options、fields 对不上", "kind, options and fields do not belong together"
        yield from _bounds(here, row)


def _bounds(where: str, row: Mapping[str, Any]) -> Faults:
    reads: dict[str, Callable[[str], object]] = {"number": float, "count": int, "group": int, "date": _day}
    for name in ("least", "most"):
        if name not in row:
            continue
        try:
            reads[row["kind"]](row[name])
        except (KeyError, ValueError):
            yield f"{where}.{name}", f"“{row[name]}”不能作这一项的上下限", f"{row[name]} is no bound of this field"


def _day(text: str) -> object:
    return text if text == "today" else date.fromisoformat(text)


def _named(form: Form, questions: Mapping[str, Collection[str]]) -> Faults:
    yield from _once("sections", [section.key for section in form.sections])
    yield from _once("fields", [field.key for field in form.fields])
    yield from _asked(form.fields, questions, "")


def _asked(fields: Iterable[forms.Field], questions: Mapping[str, Collection[str]], path: str) -> Faults:
    """Faults of conditions, which refer to the situation and to fields above, inside a group to those of its row."""
    known: dict[str, Collection[str]] = dict(questions)
    for field in fields:
        where = f"{path}{field.key}"
        if field.key in questions and not path:  # a row's own keys are looked up before the situation's
            yield where, "和情形问题同名，换一个", "a question has the same key: choose another"
        yield from _when(f"{where}.when", field.when, known, "上面的项或情形问题", "a question or a field above")
        yield from _follows(f"{where}.follows", field, questions)
        yield from _once(f"{where}.options", [option.value for option in field.options])
        yield from _once(f"{where}.fields", [inner.key for inner in field.fields])
        yield from _asked(field.fields, questions, f"{where}.")
        known[field.key] = {option.value for option in field.options}


def _follows(where: str, field: forms.Field, questions: Mapping[str, Collection[str]]) -> Faults:
    """Faults of what a field follows: questions of the situation, its own options, of a group two numbers of rows."""
    options = {option.value for option in field.options}
    for key, by_answer in field.follows.items():
        yield from _when(where, {key: tuple(by_answer)}, questions, "情形问题", "a question of this matter")
        for answer, left in by_answer.items():
            if field.is_group:
                sound = len(left) == 2 and all(text.isdecimal() for text in left) and int(left[0]) <= int(left[1])
            else:
                sound = field.kind == "choice" and options.issuperset(left)
            if not sound:
                yield (
                    f"{where}.{key}.{answer}",
                    "不是这一项的选项（分组写最少和最多几行）",
                    "no option, or bounds, of the field",
                )


def _once(where: str, keys: list[str]) -> Faults:
    for key in sorted({key for key in keys if keys.count(key) > 1}):
        yield where, f"{key} 用了两次", f"{key} is there twice"


def _sample(form: Form, matter: Matter, context: ContentContext) -> Faults:
    """Faults of the sample, which shows that the form can be filled in."""
    mine = _with_own(matter, context)
    for key in mine.wrong(matter, form.sample_situation):
        yield "sample.situation", f"{key} 不是这个事项的问题或选项", f"{key} is no question or option of this matter"
    known = mine.known(matter, form.sample_situation)
    wrong = {**forms.missing(form, form.sample, known), **forms.wrong(form, form.sample, context.now)}
    wrong |= disagreements(form, form.sample, known)
    for place, reasons in wrong.items():
        yield f"sample.answers.{place}", reasons[0], f"not as the form asks ({reasons[0]})"
