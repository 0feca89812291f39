"""The rules of what a version carries of its own: `situation` and `form` of its entry, in the words of
`data/README.md`; what must hold before it is published, so that every answer leads to a guide and the form can be
filled in.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice, product
from typing import Any

from api.matters import form as forms
from api.matters.catalogue.consistency import contradictions
from api.matters.catalogue.matter import Matter, matter_of
from api.matters.catalogue.version import Check, Entry
from api.matters.form import Form, form_of
from api.matters.guide import situation as situations
from api.matters.guide.situation import Answers, Question, Situations, situations_of

MOST_ANSWERS = 1_000
"""Ways to answer that a version's own rules may tell apart: each of them is tried before it is published, which takes
0.1 ms of CPU each, only when an administrator looks at or saves a draft. The program's own parts have 36 to 324."""
PARTS = {"situation": ("情形", "Situations"), "form": ("表单", "Form")}
Found = Iterator[tuple[str, str, str]]
"""Where something is wrong (`rules.3.when`), and what, in Chinese and English."""


@dataclass(frozen=True)
class Ground:
    """What a version's own stands on: the situations of all matters, the fields of all forms, the matters there are."""

    situations: Situations
    common: Mapping[str, Any]
    codes: Collection[str]
    now: datetime


def situation_of(entry: Entry) -> Situations | None:
    """The situations that an entry carries. Raises KeyError or ValueError where they are none."""
    return situations_of(entry["situation"]) if entry.get("situation") else None


def form_in(entry: Entry, common: Mapping[str, Any]) -> Form | None:
    """The form that an entry carries. Raises KeyError where it is none."""
    return form_of(common, entry["form"]) if entry.get("form") else None


def checks(entry: Entry, ground: Ground) -> list[Check]:
    """What must hold of an entry's own situations and form; nothing where it has none."""
    return [*situation_checks(entry, ground), *_part("form", _form, entry, ground)]


def situation_checks(entry: Entry, ground: Ground) -> list[Check]:
    """What must hold of an entry's own situations, so that it has a guide."""
    return _part("situation", _situation, entry, ground)


def _part(
    part: str, look: Callable[[Mapping[str, Any], Matter, Ground], Found], entry: Entry, ground: Ground
) -> list[Check]:
    return _listed(part, list(look(entry[part], matter_of(entry), ground))) if entry.get(part) else []


def _listed(part: str, wrong: list[tuple[str, str, str]]) -> list[Check]:
    zh, en = PARTS[part]
    if not wrong:
        return [Check(f"{zh}说得通，每种情况都试过", f"{en}: sound in every case", (part,), True)]
    return [Check(f"{zh} {where}：{why}", f"{en} {where}: {why_en}", (part,), False) for where, why, why_en in wrong]


# -- situations --------------------------------------------------------------------


def _situation(raw: Mapping[str, Any], matter: Matter, ground: Ground) -> Found:
    broken = [*_readable("questions", raw["questions"], situations.question_of)]
    broken += _readable("rules", raw["rules"], situations.rule_of)
    if broken:
        yield from broken
        return
    own = situations_of(raw)
    questions = ground.situations.of(matter, own).all_questions(matter)
    named = [*_questions(own, ground, matter), *_rules(own, questions, matter, ground)]
    yield from named
    if not named:
        yield from _answered(own, questions, matter, ground)


def _readable(part: str, rows: Iterable[Mapping[str, Any]], read: Callable[[Mapping[str, Any]], object]) -> Found:
    for number, row in enumerate(rows):
        try:
            read(row)
        except KeyError as error:
            yield f"{part}.{number}", f"没有 {error.args[0]} 这个说法", f"there is no {error.args[0]}"
        except ValueError:
            yield f"{part}.{number}", "改动了事项要素或材料，要有 note 说明原因", "a change needs a note that says why"


def _questions(own: Situations, ground: Ground, matter: Matter) -> Found:
    taken = {one.key for one in ground.situations.questions}
    seen: dict[str, set[str]] = {"applicant": {"person", "company"}}
    for number, one in enumerate(own.questions):
        if one.key in taken:
            yield f"questions.{number}.key", f"{one.key} 已经用过了，换一个", f"{one.key} is taken: choose another"
        taken.add(one.key)
        yield from _when(f"questions.{number}.when", one.when, seen, "前面的问题", "an earlier question")
        values = [option.value for option in one.options]
        if len(set(values)) < len(values):
            yield f"questions.{number}.options", "有两个选项的 value 一样", "two options have the same value"
        seen[one.key] = set(values)


def _when(where: str, when: situations.When, known: Mapping[str, Collection[str]], zh: str, en: str) -> Found:
    for key, values in when.items():
        if key not in known:
            yield where, f"{key} 不是{zh}", f"{key} is not {en}"
        elif strange := [value for value in values if value not in known[key]]:
            yield where, f"{key} 没有选项 {'、'.join(strange)}", f"{key} has no option {', '.join(strange)}"


def _rules(own: Situations, questions: Iterable[Question], matter: Matter, ground: Ground) -> Found:
    offered = {one.key: {option.value for option in one.options} for one in questions}
    offered.setdefault("applicant", {"person", "company"})
    names, keys = {one.name for one in matter.materials}, {one.key for one in matter.materials}
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
        if rule.note and rule.note.see and rule.note.see not in ground.codes:
            yield f"{where}.note.see", f"没有事项 {rule.note.see}", f"there is no matter {rule.note.see}"


def answers_of(own: Situations, questions: Iterable[Question]) -> Iterator[Answers]:
    """Every way to answer what a version's own questions and rules tell apart, none and a part of it included."""
    told = {one.key for one in own.questions}
    told |= {key for question in own.questions for key in question.when} | {
        key for rule in own.rules for key in rule.when
    }
    asked = [question for question in questions if question.key in told]
    choices = [[None, *(option.value for option in question.options)] for question in asked]
    for values in product(*choices):
        yield {one.key: value for one, value in zip(asked, values, strict=True) if value is not None}


def _answered(own: Situations, questions: tuple[Question, ...], matter: Matter, ground: Ground) -> Found:
    """What comes of every way to answer: a guide, and none that contradicts itself where the elements do not."""
    every = list(islice(answers_of(own, questions), MOST_ANSWERS + 1))
    if len(every) > MOST_ANSWERS:
        yield "questions", f"回答的组合超过 {MOST_ANSWERS} 种，请减少问题", f"more than {MOST_ANSWERS} ways to answer"
        return
    mine, open_before = ground.situations.of(matter, own), set(contradictions(matter.record))
    for answers in every:
        if why := _no_guide(mine, matter, answers, open_before):
            said = "，".join(f"{key}:{value}" for key, value in answers.items()) or "（都没有回答）"
            yield "rules", f"回答 {said} 时，{why}", f"answers {said}: {why}"
            return


def _no_guide(mine: Situations, matter: Matter, answers: Answers, open_before: set[str]) -> str:
    personal = mine.personal(matter, answers, date.min, lambda days, unit, start: start)
    broken = [words for words in contradictions(personal.matter.record) if words not in open_before]
    if broken:
        return f"不符合规则：{broken[0]}"
    keys = [paper.key for paper in personal.papers]
    return "" if len(set(keys)) == len(keys) else "有两样材料的 key 一样"


# -- forms -------------------------------------------------------------------------


def _form(raw: Mapping[str, Any], matter: Matter, ground: Ground) -> Found:
    broken = [*_common(raw, ground), *_fields_readable(raw)]
    if broken:
        yield from broken
        return
    form = form_of(ground.common, raw)
    questions = _offered(matter, ground)
    papers = {one.name for one in matter.materials if one.form}
    for name in form.fills:
        if name not in papers:
            yield "fills", f"材料里没有要填的“{name}”", f"no material to fill in is named {name}"
    named = [*_named(form, questions)]
    yield from named
    if not named:
        yield from _sample(form, matter, ground)


def _with_own(matter: Matter, ground: Ground) -> Situations:
    """The situations that a form is looked at with; what is wrong with its version's own is said where those are."""
    try:
        own = situation_of(matter.record)
    except (KeyError, ValueError):
        own = None
    return ground.situations.of(matter, own) if own else ground.situations


def _offered(matter: Matter, ground: Ground) -> dict[str, Collection[str]]:
    """Every question with its options; who applies is always known."""
    questions = _with_own(matter, ground).all_questions(matter)
    offered = {one.key: {option.value for option in one.options} for one in questions}
    return {"applicant": {"person", "company"}, **offered}


def _common(raw: Mapping[str, Any], ground: Ground) -> Found:
    keys = {row["key"] for row in ground.common["fields"]}
    for key in raw["common"]:
        if key not in keys:
            yield f"common.{key}", "共同的第一页没有这一项", "the first page has no such field"


def _fields_readable(raw: Mapping[str, Any]) -> Found:
    for number, section in enumerate(raw["sections"]):
        yield from _rows_readable(f"sections.{number}.fields", section["fields"])


def _rows_readable(where: str, rows: Iterable[Mapping[str, Any]]) -> Found:
    for number, row in enumerate(rows):
        here = f"{where}.{number}"
        if row["kind"] == "group":
            yield from _rows_readable(f"{here}.fields", row.get("fields", ()))
        try:
            forms.field_of(row)
        except KeyError:
            yield here, "kind 和 options、fields 对不上", "kind, options and fields do not belong together"
        yield from _bounds(here, row)


def _bounds(where: str, row: Mapping[str, Any]) -> Found:
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


def _named(form: Form, questions: Mapping[str, Collection[str]]) -> Found:
    yield from _once("sections", [section.key for section in form.sections])
    yield from _once("fields", [field.key for field in form.fields])
    yield from _asked(form.fields, questions, "")


def _asked(fields: Iterable[forms.Field], questions: Mapping[str, Collection[str]], path: str) -> Found:
    """Conditions look back: at the situation and upwards, inside a group in its own row."""
    known: dict[str, Collection[str]] = dict(questions)
    for field in fields:
        where = f"{path}{field.key}"
        if field.key in questions and not path:  # a row's own keys are looked up before the situation's
            yield where, "和情形问题同名，换一个", "a question has the same key: choose another"
        yield from _when(f"{where}.when", field.when, known, "上面的项或情形问题", "a question or a field above")
        yield from _once(f"{where}.options", [option.value for option in field.options])
        yield from _once(f"{where}.fields", [one.key for one in field.fields])
        yield from _asked(field.fields, questions, f"{where}.")
        known[field.key] = {option.value for option in field.options}


def _once(where: str, keys: list[str]) -> Found:
    for key in sorted({key for key in keys if keys.count(key) > 1}):
        yield where, f"{key} 用了两次", f"{key} is there twice"


def _sample(form: Form, matter: Matter, ground: Ground) -> Found:
    """The sample is what shows that the form can be filled in."""
    mine = _with_own(matter, ground)
    for key in mine.wrong(matter, form.sample_situation):
        yield "sample.situation", f"{key} 不是这个事项的问题或选项", f"{key} is no question or option of this matter"
    known = mine.known(matter, form.sample_situation)
    wrong = {**forms.missing(form, form.sample, known), **forms.wrong(form, form.sample, ground.now)}
    for place, reasons in wrong.items():
        yield f"sample.answers.{place}", reasons[0], f"not as the form asks ({reasons[0]})"
