"""The rules of moving a draft to a newer version of its matter: the differences, as texts for the applicant, and which
parts of the draft still fit.
"""

from collections.abc import Iterable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from api.drafts.draft import CONSENT
from api.drafts.open_draft import Edition, OpenDraft
from api.matters import form as forms
from api.matters.catalogue.matter import DayLimit, Material, Matter
from api.matters.form import Form
from api.matters.guide.situation import BilingualText

UNITS = {"working": ("个工作日", "working days"), "calendar": ("天", "days")}
SAME = BilingualText(
    "您这种情况要办的没有变，只是说明文字有改动。", "Nothing changes for you; only the wording was revised."
)


@dataclass(frozen=True)
class Carried:
    """The parts of a draft that fit the newer version; `left_out` are texts about those that do not."""

    situation: dict[str, str]
    answers: dict[str, Any]
    materials: dict[str, list[str]]
    left_out: tuple[BilingualText, ...]


def changes(old: Edition, new: Edition, answers: forms.Values) -> list[BilingualText]:
    """What changes for this person in the newer version, as texts; `[SAME]` if nothing does."""
    differences = (*_elements(old.matter, new.matter), *_papers(old, new), *_fields(old, new, answers))
    return list(dict.fromkeys(differences)) or [SAME]


def carried(
    draft: OpenDraft, new: Edition, situation: dict[str, str], asked: Mapping[str, BilingualText], now: datetime
) -> Carried:
    """Carry a draft over to the newer version: the parts that fit, and texts about those that do not.

    `situation` is the part of its situation that the new version still asks; `asked` are the texts of the old
    version's questions, by key.
    """
    old = draft.edition
    answers, no_field = _fitting(old.form, new.form, draft.answers, now)
    materials, no_paper = _filed(old, new, draft.record.materials)
    no_question = [_about(asked[key]) for key in draft.situation if key not in situation and key in asked]
    return Carried(situation, answers, materials, tuple(dict.fromkeys((*no_question, *no_field, *no_paper))))


# -- what differs -------------------------------------------------------------------


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
    same, before = _same(old, new), {paper.key: paper for paper in old.papers}
    for key, paper in before.items():
        if key not in same:
            yield _no_longer(paper)
    earlier = {theirs: before[mine] for mine, theirs in same.items() if mine in before}
    for paper in new.papers:
        was = earlier.get(paper.key)
        if was is None:
            yield _added(paper)
        elif was.name != paper.name:
            yield BilingualText(f"“{was.name}”改为“{paper.name}”。", f"{was.name} has become {paper.name}.")
        elif _wanted(was) != _wanted(paper):
            yield BilingualText(
                f"“{paper.name}”改为：{_wanted(paper)[0]}。", f"{paper.name} is now: {_wanted(paper)[1]}."
            )
    needed = {paper.key for paper in new.papers}
    for mine, theirs in same.items():
        if mine in before and theirs not in needed:
            yield _no_longer(before[mine])


def _no_longer(paper: Material) -> BilingualText:
    return BilingualText(f"不用再交“{paper.name}”。", f"No longer needed: {paper.name}.")


def _added(paper: Material) -> BilingualText:
    if paper.held_by_state:
        return BilingualText(
            f"新增“{paper.name}”，政府已有，不用您交。", f"Added, but held by the state already: {paper.name}."
        )
    return BilingualText(f"要多交一样：“{paper.name}”。", f"One more is needed: {paper.name}.")


def _wanted(paper: Material) -> tuple[str, str]:
    if paper.held_by_state:
        return "政府已有，不用您交", "held by the state, not for you to bring"
    kinds = {"原件": "original", "复印件": "copy", "电子": "electronic"}
    must = ("必须交", "required") if paper.required else ("可以不交", "may be left out")
    kind = kinds.get(paper.kind, paper.kind)
    return f"{paper.kind} {paper.copies} 份，{must[0]}", f"{kind} × {paper.copies}, {must[1]}"


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
    """The new key per old key: of the material of the same name, else of the same key if an office gave it."""
    named = {paper.name: paper.key for paper in new.every_paper}
    given = {row["key"] for row in new.matter.record["materials"] if row.get("key")}
    known = {paper.name for paper in old.every_paper}
    renamed = {paper.key for paper in new.every_paper if paper.key in given and paper.name not in known}
    same = {}
    for paper in old.every_paper:
        if key := named.get(paper.name) or (paper.key if paper.key in renamed else None):
            same[paper.key] = key
    return same


def _filed(
    old: Edition, new: Edition, bound: Mapping[str, list[str]]
) -> tuple[dict[str, list[str]], list[BilingualText]]:
    same = {**_same(old, new), CONSENT: CONSENT}  # of no version: its signer consents to this application
    names = {paper.key: paper.name for paper in old.every_paper}
    lost = [names.get(key, key) for key, uploads in bound.items() if uploads and key not in same]
    words = [BilingualText(f"“{name}”的文件", f"Files of {name}") for name in lost]
    return {same[key]: uploads for key, uploads in bound.items() if key in same}, words


def _fitting(old: Form, new: Form, answers: forms.Values, now: datetime) -> tuple[dict[str, Any], list[BilingualText]]:
    """The answers without those that were valid and no longer are; answers that were invalid before are kept."""
    kept, left = deepcopy(dict(answers)), []
    for place in sorted(forms.wrong(new, answers, now).keys() - forms.wrong(old, answers, now).keys()):
        if _taken_out(kept, place.split(".")):
            left.append(_about(_words_of(old.fields, place.split(".")[::2])))
    return kept, left


def _taken_out(values: Any, path: list[str]) -> bool:
    """Remove the value at a path; True where there was one."""
    *way, last = path
    for step in way:
        values = values[int(step) if isinstance(values, list) else step]
    return bool(values.pop(last, None))


def _words_of(fields: Iterable[forms.Field], keys: list[str]) -> BilingualText:
    field = next(field for field in fields if field.key == keys[0])
    if not keys[1:]:
        return field.words
    inner = _words_of(field.fields, keys[1:])
    return BilingualText(f"{field.words.text}：{inner.text}", f"{field.words.text_en}: {inner.text_en}")


def _about(words: BilingualText) -> BilingualText:
    return BilingualText(f"“{words.text}”", words.text_en)
