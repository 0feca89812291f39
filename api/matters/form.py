"""Forms (表单): their fields, when each is asked, and the validation of what is filled in.

A form is data: sections of fields (`data/forms.json`, format: `data/README.md`). The page is drawn from the same
description by which the server validates, so the code of neither names a field. Answers are texts, lists of chosen
values, or rows of a group; an empty one counts as no answer, and so does one of blanks and invisible marks alone.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from stdnum import luhn

from api.identity.names_and_numbers import credit_code, identity_number, mobile
from api.matters.catalogue.matter import Material
from api.matters.guide.situation import BilingualText, When, holds, when_of, words_of
from api.refusals import Reason
from api.texts import bare, one_line
from api.times import BEIJING

Values = Mapping[str, Any]
"""Answers by field key, as they come from outside: not validated yet."""

Errors = dict[str, list[str]]
"""Reasons by place: `key`, or `key.row.key` inside a group."""

Follows = Mapping[str, Mapping[str, tuple[str, ...]]]
"""By question of the situation and its answer: the options that agree with it; of a group the least and most rows."""

CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
LONGEST = {"text": 100, "long_text": 1000}
MOST_ROWS = 20
BLANK = re.compile(
    r"[\s\ufeff\x00-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    r"\u2060-\u206f\u2800\u3164\uffa0\ufff0-\ufffb\ufe00-\ufe0f\U000e0000-\U000e0fff"
    r"\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\u302a-\u302f\u3099\u309a\ufe20-\ufe2f]*"
)
"""White space, controls, marks without a shape of their own (formats, fillers, variation selectors, tags), and marks
that stand above or below a letter. Characters of private use are rare names' own. The page has the same: form.js."""
NO_SUCH = "这张表里没有这一项。"
NOT_TEXT = "这一项应当填文字。"


@dataclass(frozen=True)
class FieldOption:
    """A choice that a field offers."""

    value: str
    words: BilingualText


@dataclass(frozen=True)
class Field:
    """A field of a form. Numbers and dates have bounds (`least`, `most`; of a date also `today`), texts a longest
    length, groups rows of `fields`.

    It is asked where `when` holds of the situation's answers and of the fields above it, inside a group those of its
    row. `follows` is what the situation has settled already.
    """

    key: str
    kind: str
    words: BilingualText
    required: bool
    help: BilingualText | None
    when: When
    follows: Follows
    options: tuple[FieldOption, ...]
    longest: int | None
    least: str | None
    most: str | None
    fields: tuple["Field", ...]

    @property
    def is_group(self) -> bool:
        """Whether it is a group, which is filled in any number of times."""
        return self.kind == "group"


@dataclass(frozen=True)
class FormSection:
    """A page of a form."""

    key: str
    words: BilingualText
    fields: tuple[Field, ...]


@dataclass(frozen=True)
class Form:
    """The form of a matter. `fills` names the materials that it stands for; `sample` is a filled-in one (样表) of a
    fictitious person."""

    sections: tuple[FormSection, ...]
    fills: tuple[str, ...]
    sample: Values
    sample_situation: Mapping[str, str]
    source: str
    verified: bool

    @property
    def fields(self) -> tuple[Field, ...]:
        """All fields, in order."""
        return tuple(field for section in self.sections for field in section.fields)


def wrong(form: Form, values: Values, now: datetime) -> Errors:
    """The errors in what was filled in. A missing answer is none: a draft is filled in bit by bit."""
    return dict(_wrong(form.fields, values, now, ""))


def missing(form: Form, values: Values, known: Mapping[str, str]) -> Errors:
    """The required fields that are asked in this situation and are still empty, each with a sentence for the person."""
    return dict(_missing(form.fields, values, known, ""))


def handed_in(form: Form, values: Values, known: Mapping[str, str]) -> dict[str, Any]:
    """The answers to submit: without those to fields that are not asked, and without empty ones."""
    return _counted(form.fields, values, known)


def asked(fields: Iterable[Field], values: Values, known: Mapping[str, Any]) -> Iterator[tuple[Field, Any]]:
    """Yield the fields that are asked, with their answers. Conditions refer to the situation and to fields above.

    Where the situation leaves a choice one option, this is the answer of whoever gave none.
    """
    seen = dict(known)
    for field in fields:
        if holds(field.when, seen):
            value, left = values.get(field.key), agreeing(field, known)
            if left is not None and len(left) == 1 and field.kind == "choice" and is_empty(value):
                value = left[0]
            seen[field.key] = value
            yield field, value


def agreeing(field: Field, known: Mapping[str, Any]) -> tuple[str, ...] | None:
    """The options of a field that agree with the situation, of a group the least and most rows; None: any."""
    for question, by_answer in field.follows.items():
        if known.get(question) in by_answer:
            return by_answer[known[question]]
    return None


def fills(form: Form, materials: Iterable[Material]) -> tuple[str, ...]:
    """The keys of the materials that the form stands for: filled in online, they need no upload."""
    return tuple(material.key for material in materials if material.name in form.fills)


def form_of(common: Mapping[str, Any], row: Mapping[str, Any]) -> Form:
    """A form from the data: the `common` first section, changed as the row says, then its own. Raises KeyError."""
    first = _section(common)
    own = tuple(_section(section) for section in row["sections"])
    changed = row.get("common", {})
    fields = tuple(field_of({**field, **changed.get(field["key"], {})}) for field in common["fields"])
    return Form(
        (replace(first, fields=fields), *own),
        tuple(row["fills"]),
        row["sample"]["answers"],
        row["sample"].get("situation", {}),
        row["source"],
        row["verified"],
    )


# -- one value -------------------------------------------------------------------


def _text(field: Field, value: str, now: datetime) -> None:
    longest = field.longest or LONGEST[field.kind]
    if len(value) > longest:
        raise ValueError(f"最多 {longest} 个字。")
    if field.kind == "text" and CONTROL.search(value):
        raise ValueError("这一项写在一行里。")


def _number(field: Field, value: str, now: datetime) -> None:
    if not re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,2})?", value):
        raise ValueError("请填数字，最多两位小数。")
    if field.least is not None and float(value) < float(field.least):
        raise ValueError(f"不能小于 {field.least}。")
    if field.most is not None and float(value) > float(field.most):
        raise ValueError(f"不能大于 {field.most}。")


def _count(field: Field, value: str, now: datetime) -> None:
    if not re.fullmatch(r"[0-9]{1,9}", value):
        raise ValueError("请填整数。")
    _number(field, value, now)


def _date(field: Field, value: str, now: datetime) -> None:
    bounds = {"today": now.astimezone(BEIJING).date().isoformat()}
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        raise ValueError("日期写成 2026-01-31 这样。")
    try:
        date.fromisoformat(value)
    except ValueError:
        raise ValueError("没有这一天，请核对。") from None
    if field.most and value > bounds.get(field.most, field.most):
        raise ValueError("这个日期太晚了，请核对。")
    if value < bounds.get(field.least or "", field.least or "1900-01-01"):
        raise ValueError("这个日期太早了，请核对。")


def _choice(field: Field, value: str, now: datetime) -> None:
    if value not in {option.value for option in field.options}:
        raise ValueError("没有这个选项，请重新选择。")


def _bank_card(field: Field, value: str, now: datetime) -> None:
    if not re.fullmatch(r"[0-9]{12,19}", value) or not luhn.is_valid(value):
        raise ValueError("卡号有一位写错了，请对照卡面核对。")


KINDS: dict[str, Callable[[Field, str, datetime], Any]] = {
    "text": _text,
    "long_text": _text,
    "number": _number,
    "count": _count,
    "date": _date,
    "choice": _choice,
    "choices": _choice,
    "identity_number": lambda field, value, now: identity_number(value, now),
    "mobile": lambda field, value, now: mobile(value),
    "credit_code": lambda field, value, now: credit_code(value),
    "bank_card": _bank_card,
}
"""The validation of an answer by the kind of its field. Raises ValueError with a sentence for the person."""


def _mobile(value: str, now: datetime) -> str:
    return mobile(value).removeprefix("+86")


CLEANED: dict[str, Callable[[str, datetime], str]] = {
    "text": lambda value, now: one_line(value) if not CONTROL.search(value) else value,
    "number": lambda value, now: re.sub(r"\s", "", unicodedata.normalize("NFKC", value)),
    "count": lambda value, now: bare(value),
    "date": lambda value, now: unicodedata.normalize("NFKC", value).strip(),
    "identity_number": identity_number,
    "mobile": _mobile,
    "credit_code": lambda value, now: credit_code(value),
    "bank_card": lambda value, now: bare(value),
}
"""How an answer is kept, by the kind of its field: blanks and marks in numbers are the machine's work."""


def cleaned(form: Form, values: Values, now: datetime) -> dict[str, Any]:
    """The answers as they are kept: numbers in their one form, texts on one line. What is wrong stays as it is."""
    return _cleaned(form.fields, values, now)


def _cleaned(fields: Iterable[Field], values: Values, now: datetime) -> dict[str, Any]:
    known = {field.key: field for field in fields}
    return {key: _clean(known[key], value, now) if key in known else value for key, value in values.items()}


def _clean(field: Field, value: Any, now: datetime) -> Any:
    if field.is_group and isinstance(value, list):
        return [_cleaned(field.fields, row, now) if isinstance(row, dict) else row for row in value]
    if not isinstance(value, str) or not value or field.kind not in CLEANED:
        return value
    try:
        return CLEANED[field.kind](value, now)
    except ValueError:
        return value


def _wrong(fields: Iterable[Field], values: Values, now: datetime, path: str) -> Iterator[tuple[str, list[str]]]:
    known = {field.key: field for field in fields}
    for key, value in values.items():
        field = known.get(key)
        if field is None:
            yield f"{path}{key}", [NO_SUCH]
        elif field.is_group:
            yield from _wrong_rows(field, value, now, f"{path}{key}")
        elif why := _why_wrong(field, value, now):
            yield f"{path}{key}", [why]


def _wrong_rows(field: Field, rows: Any, now: datetime, path: str) -> Iterator[tuple[str, list[str]]]:
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        yield path, ["这一项一行一行地填。"]
    elif len(rows) > _most_rows(field):
        yield path, [f"最多 {_most_rows(field)} 行。"]
    else:
        for number, row in enumerate(rows):
            yield from _wrong(field.fields, row, now, f"{path}.{number}.")


def _why_wrong(field: Field, value: Any, now: datetime) -> str | None:
    several = field.kind == "choices"
    if several and not isinstance(value, list):
        return "这一项可以选几个，请重新选择。"
    texts = value if several else [value]
    if len(texts) > max(len(field.options), 1) or not all(isinstance(text, str) for text in texts):
        return "没有这个选项，请重新选择。" if several else NOT_TEXT
    try:
        for text in texts:
            if not is_blank(text):
                KINDS[field.kind](field, text, now)
    except ValueError as error:
        return str(error)
    return None


# -- the whole -------------------------------------------------------------------


def _missing(
    fields: Iterable[Field], values: Values, known: Mapping[str, Any], path: str
) -> Iterator[tuple[str, list[str]]]:
    for field, value in asked(fields, values, known):
        words = field.words
        if field.is_group:
            rows = value or []
            if sum(not is_empty(row) for row in rows) < int(field.least or 0):
                why = Reason(
                    f"“{words.text}”至少填 {field.least} 行。", f'"{words.text_en}": {field.least} rows or more.'
                )
                yield f"{path}{field.key}", [why]
            for number, row in enumerate(rows):
                yield from _missing(field.fields, row, known, f"{path}{field.key}.{number}.")
        elif field.required and is_empty(value):
            fill_in = Reason(f"请填写{words.text}。", f"Fill in: {words.text_en}.")
            choose = Reason(f"请选择{words.text}。", f"Choose: {words.text_en}.")
            yield f"{path}{field.key}", [choose if field.options else fill_in]


def _counted(fields: Iterable[Field], values: Values, known: Mapping[str, Any]) -> dict[str, Any]:
    counted: dict[str, Any] = {}
    for field, value in asked(fields, values, known):
        if field.is_group and value:
            rows = (_counted(field.fields, row, known) for row in value)
            counted[field.key] = [row for row in rows if row]
        elif not is_empty(value):
            counted[field.key] = value
    return counted


def is_blank(text: str) -> bool:
    """Whether nothing can be seen of a text: no character, or blanks, controls and marks alone."""
    return BLANK.fullmatch(text) is not None


def is_empty(value: Any) -> bool:
    """Whether it is no answer: nothing, a blank text, or choices or rows that are all empty."""
    if isinstance(value, str):
        return is_blank(value)
    if isinstance(value, dict):
        value = list(value.values())
    return not value or (isinstance(value, list) and all(is_empty(each) for each in value))


def _most_rows(field: Field) -> int:
    return int(field.most or MOST_ROWS)


# -- from data -------------------------------------------------------------------


def _section(row: Mapping[str, Any]) -> FormSection:
    return FormSection(row["key"], words_of(row), tuple(field_of(field) for field in row["fields"]))


def field_of(row: Mapping[str, Any]) -> Field:
    """A field from the data. Raises KeyError for an unknown kind, and for options or fields that its kind lacks."""
    kind = row["kind"]
    if kind != "group":
        KINDS[kind]
    if (kind in ("choice", "choices")) != bool(row.get("options")) or (kind == "group") != bool(row.get("fields")):
        raise KeyError(row["key"])
    return Field(
        key=row["key"],
        kind=kind,
        words=words_of(row),
        required=row.get("required", False),
        help=words_of(row["help"]) if "help" in row else None,
        when=when_of(row),
        follows={
            question: {answer: tuple(left) for answer, left in by_answer.items()}
            for question, by_answer in row.get("follows", {}).items()
        },
        options=tuple(FieldOption(option["value"], words_of(option)) for option in row.get("options", ())),
        longest=row.get("longest") or LONGEST.get(kind),
        least=row.get("least"),
        most=row.get("most"),
        fields=tuple(field_of(inner) for inner in row.get("fields", ())),
    )
