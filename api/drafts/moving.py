"""The rules of moving a draft to a newer version of its matter: what is otherwise there, in words for the person who
fills it in, and what of a draft still fits.
"""

from collections.abc import Iterable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from api.matters import form as forms
from api.matters.catalogue.matter import DayLimit, Material, Matter
from api.matters.form import Form
from api.matters.guide.situation import BilingualText

UNITS = {"working": ("个工作日", "working days"), "calendar": ("天", "days")}
SAME = BilingualText(
    "您这种情况要办的没有变，只是说明文字有改动。", "Nothing changes for you; only the wording was revised."
)


@dataclass(frozen=True)
class Edition:
    """A version of a matter as it is for one person: its elements, their papers, and the form with what it knows."""

    matter: Matter
    papers: tuple[Material, ...]
    form: Form
    known: Mapping[str, str]

    @property
    def every_paper(self) -> tuple[Material, ...]:
        """What this person needs, then all else that the matter may ask for."""
        mine = {one.key for one in self.papers}
        return (*self.papers, *(one for one in self.matter.materials if one.key not in mine))


@dataclass(frozen=True)
class Carried:
    """What of a draft goes along, and in words what does not."""

    situation: dict[str, str]
    answers: dict[str, Any]
    materials: dict[str, list[str]]
    left_out: tuple[BilingualText, ...]


def changes(old: Edition, new: Edition, answers: forms.Values) -> list[BilingualText]:
    """What the newer version asks otherwise of this person; that nothing does, where nothing does."""
    found = (*_elements(old.matter, new.matter), *_papers(old, new), *_fields(old, new, answers))
    return list(dict.fromkeys(found)) or [SAME]


def carried(
    old: Edition,
    new: Edition,
    draft: Mapping[str, Any],
    situation: dict[str, str],
    asked: Mapping[str, BilingualText],
    now: datetime,
) -> Carried:
    """What fits of a draft, `{answers, situation, materials}`. `situation` is what of its situation the new version
    still asks, and `asked` has the words of what the old one did."""
    answers, no_field = _fitting(old.form, new.form, draft["answers"], now)
    materials, no_paper = _filed(old, new, draft["materials"])
    no_question = [_about(asked[key]) for key in draft["situation"] if key not in situation and key in asked]
    return Carried(situation, answers, materials, tuple(dict.fromkeys((*no_question, *no_field, *no_paper))))


# -- what is otherwise -------------------------------------------------------------


def _elements(old: Matter, new: Matter) -> Iterator[BilingualText]:
    if old.name != new.name:
        yield _turned(("名称", "Name"), (old.name, old.name), (new.name, new.name))
    for name, words in (("promised", ("承诺时限", "Promised limit")), ("statutory", ("法定时限", "Legal limit"))):
        before, after = getattr(old, name), getattr(new, name)
        if before != after:
            yield _turned(words, _days(before), _days(after))
    if old.record["fee"] != new.record["fee"]:
        yield _turned(("收费", "Fee"), _fee(old), _fee(new))
    if old.record["visits"] != new.record["visits"]:
        before, after = old.record["visits"], new.record["visits"]
        yield _turned(("到现场次数", "Visits"), (f"{before} 次", str(before)), (f"{after} 次", str(after)))
    if old.record["conditions"] != new.record["conditions"]:
        yield BilingualText("办理条件有改动，请看新版指南。", "The conditions were changed: see the new guide.")


def _papers(old: Edition, new: Edition) -> Iterator[BilingualText]:
    same, before = _same(old, new), {one.key: one for one in old.papers}
    for key, one in before.items():
        if key not in same:
            yield BilingualText(f"不用再交“{one.name}”。", f"No longer needed: {one.name}.")
    earlier = {theirs: before[mine] for mine, theirs in same.items() if mine in before}
    for one in new.papers:
        was = earlier.get(one.key)
        if was is None:
            yield _added(one)
        elif was.name != one.name:
            yield BilingualText(f"“{was.name}”改为“{one.name}”。", f"{was.name} has become {one.name}.")
        elif _wanted(was) != _wanted(one):
            yield BilingualText(f"“{one.name}”改为：{_wanted(one)[0]}。", f"{one.name} is now: {_wanted(one)[1]}.")
    gone = [
        before[mine] for mine, theirs in same.items() if mine in before and theirs not in {p.key for p in new.papers}
    ]
    for one in gone:
        yield BilingualText(f"不用再交“{one.name}”。", f"No longer needed: {one.name}.")


def _added(one: Material) -> BilingualText:
    if one.held_by_state:
        return BilingualText(
            f"新增“{one.name}”，政府已有，不用您交。", f"Added, but held by the state already: {one.name}."
        )
    return BilingualText(f"要多交一样：“{one.name}”。", f"One more is needed: {one.name}.")


def _wanted(one: Material) -> tuple[str, str]:
    if one.held_by_state:
        return "政府已有，不用您交", "held by the state, not for you to bring"
    kinds = {"原件": "original", "复印件": "copy", "电子": "electronic"}
    must = (
        ("必须交", "required")
        if one.required and not one.deferrable
        else ("可以后补或不交", "may follow or be left out")
    )
    return f"{one.kind} {one.copies} 份，{must[0]}", f"{kinds.get(one.kind, one.kind)} × {one.copies}, {must[1]}"


def _fields(old: Edition, new: Edition, answers: forms.Values) -> Iterator[BilingualText]:
    before = {field.key: field for field, _ in forms.asked(old.form.fields, answers, old.known)}
    after = {field.key: field for field, _ in forms.asked(new.form.fields, answers, new.known)}
    for key, field in before.items():
        if key not in after:
            yield BilingualText(f"表里不再问“{field.words.text}”。", f"The form no longer asks: {field.words.text_en}.")
    for key, field in after.items():
        was = before.get(key)
        if was is None:
            yield BilingualText(f"表里多了一项：“{field.words.text}”。", f"The form also asks: {field.words.text_en}.")
        elif field.required and not was.required:
            yield BilingualText(f"“{field.words.text}”现在必须填。", f"Now required: {field.words.text_en}.")
        elif _shape(was) != _shape(field):
            yield BilingualText(
                f"“{field.words.text}”的填法有变。", f"To be filled in otherwise: {field.words.text_en}."
            )


def _shape(field: forms.Field) -> tuple[Any, ...]:
    return (field.kind, field.options, field.longest, field.least, field.most, tuple(map(_inside, field.fields)))


def _inside(field: forms.Field) -> tuple[Any, ...]:
    return (field.key, field.words, field.required, *_shape(field))


def _turned(what: tuple[str, str], before: tuple[str, str], after: tuple[str, str]) -> BilingualText:
    return BilingualText(f"{what[0]}由“{before[0]}”改为“{after[0]}”。", f"{what[1]}: {before[1]} → {after[1]}.")


def _days(limit: DayLimit | None) -> tuple[str, str]:
    if limit is None:
        return "没有规定", "none set"
    return f"{limit.days} {UNITS[limit.unit][0]}", f"{limit.days} {UNITS[limit.unit][1]}"


def _fee(matter: Matter) -> tuple[str, str]:
    fee = str(matter.record["fee"])
    return ("不收费", "free") if fee == "0" else (fee, fee)


# -- what fits ---------------------------------------------------------------------


def _same(old: Edition, new: Edition) -> dict[str, str]:
    """Each old paper's key to the new one's: the same name; else the same key, where the office gave it on purpose."""
    named = {one.name: one.key for one in new.every_paper}
    given = {row["key"] for row in new.matter.record["materials"] if row.get("key")}
    known = {one.name for one in old.every_paper}
    renamed = {one.key for one in new.every_paper if one.key in given and one.name not in known}
    pairs = ((one.key, named.get(one.name) or (one.key if one.key in renamed else None)) for one in old.every_paper)
    return {mine: theirs for mine, theirs in pairs if theirs}


def _filed(
    old: Edition, new: Edition, bound: Mapping[str, list[str]]
) -> tuple[dict[str, list[str]], list[BilingualText]]:
    same, names = _same(old, new), {one.key: one.name for one in old.every_paper}
    lost = [names.get(key, key) for key, uploads in bound.items() if uploads and key not in same]
    words = [BilingualText(f"“{name}”的文件", f"Files of {name}") for name in lost]
    return {same[key]: uploads for key, uploads in bound.items() if key in same}, words


def _fitting(old: Form, new: Form, answers: forms.Values, now: datetime) -> tuple[dict[str, Any], list[BilingualText]]:
    """What was right and no longer is goes; what was wrong before is still there to be mended."""
    kept, left = deepcopy(dict(answers)), []
    for place in sorted(forms.wrong(new, answers, now).keys() - forms.wrong(old, answers, now).keys()):
        if _taken_out(kept, place.split(".")):
            left.append(_about(_words_of(old.fields, place.split(".")[::2])))
    return kept, left


def _taken_out(values: Any, path: list[str]) -> bool:
    """Take out what lies at a path; whether there was anything."""
    *way, last = path
    for step in way:
        values = values[int(step) if isinstance(values, list) else step]
    return bool(values.pop(last, None))


def _words_of(fields: Iterable[forms.Field], keys: list[str]) -> BilingualText:
    field = next(one for one in fields if one.key == keys[0])
    if not keys[1:]:
        return field.words
    inner = _words_of(field.fields, keys[1:])
    return BilingualText(f"{field.words.text}：{inner.text}", f"{field.words.text_en}: {inner.text_en}")


def _about(words: BilingualText) -> BilingualText:
    return BilingualText(f"“{words.text}”", words.text_en)
