"""The rules of forms (表单): what is asked in writing, when, and what an answer may be.

A form is data (`data/forms.json`, its words explained in `data/README.md`), sections of fields. The page draws the very
same description that the server checks answers by, so neither knows a field of its own. Answers are texts, lists of
chosen values, or rows of a group; what was left empty is no answer.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from stdnum import luhn

from api.identity.names_and_numbers import credit_code, identity_number, mobile
from api.matters.catalogue.matter import Material
from api.matters.guide.situation import When, Words, holds, when_of, words_of
from api.times import BEIJING

Values = Mapping[str, Any]
"""Answers by field key. They come from outside: each is checked before it is believed."""

Errors = dict[str, list[str]]
"""Reasons by place: `key`, or `key.row.key` inside a group."""

LONGEST = {"text": 100, "long_text": 1000}
MOST_ROWS = 20
NO_SUCH = "这张表里没有这一项。"
NOT_TEXT = "这一项应当填文字。"


@dataclass(frozen=True)
class Option:
    """One choice."""

    value: str
    words: Words


@dataclass(frozen=True)
class Field:
    """One thing to fill in. Numbers and dates have bounds (`least`, `most`; of a date also `today`), texts a longest
    length, groups rows of `fields`. It is asked where `when` holds of the situation and of what is filled in above it,
    inside a group of its own row.
    """

    key: str
    kind: str
    words: Words
    required: bool
    help: Words | None
    when: When
    options: tuple[Option, ...]
    longest: int | None
    least: str | None
    most: str | None
    fields: tuple["Field", ...]

    @property
    def is_group(self) -> bool:
        """Whether it is filled in any number of times."""
        return self.kind == "group"


@dataclass(frozen=True)
class Section:
    """A page of a form."""

    key: str
    words: Words
    fields: tuple[Field, ...]


@dataclass(frozen=True)
class Form:
    """A matter's form. `fills` names the materials that it is; `sample` is a filling (样表) of nobody real."""

    sections: tuple[Section, ...]
    fills: tuple[str, ...]
    sample: Values
    sample_situation: Mapping[str, str]
    source: str
    verified: bool

    @property
    def fields(self) -> tuple[Field, ...]:
        """All fields, in order."""
        return tuple(one for section in self.sections for one in section.fields)


def wrong(form: Form, values: Values, now: datetime) -> Errors:
    """What was given and cannot be. What is missing is not wrong: a draft is filled in bit by bit."""
    return dict(_wrong(form.fields, values, now, ""))


def missing(form: Form, values: Values, known: Mapping[str, str]) -> Errors:
    """What must still be filled in, of all that is asked in this situation."""
    return dict(_missing(form.fields, values, known, ""))


def handed_in(form: Form, values: Values, known: Mapping[str, str]) -> dict[str, Any]:
    """What counts of the answers: of an earlier one that is no longer asked, nothing."""
    return _counted(form.fields, values, known)


def asked(fields: Iterable[Field], values: Values, known: Mapping[str, Any]) -> Iterator[tuple[Field, Any]]:
    """The fields that are asked, with what was filled in. Conditions look back: at the situation, then upwards."""
    seen = dict(known)
    for field in fields:
        if holds(field.when, seen):
            value = values.get(field.key)
            seen[field.key] = value
            yield field, value


def fills(form: Form, materials: Iterable[Material]) -> tuple[str, ...]:
    """The keys of the materials that the form itself is: what is filled in online needs no upload."""
    return tuple(one.key for one in materials if one.name in form.fills)


def form_of(common: Mapping[str, Any], row: Mapping[str, Any]) -> Form:
    """From the data file: what everybody is asked, then the form's own. Raises KeyError where it names what is not."""
    first = _section(common)
    own = tuple(_section(one) for one in row["sections"])
    changed = row.get("common", {})
    fields = tuple(field_of({**one, **changed.get(one["key"], {})}) for one in common["fields"])
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
    if field.kind == "text" and not value.isprintable():
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
"""What a text must be for each kind of field. Raises ValueError with words for the person."""


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
        for text in filter(None, texts):
            KINDS[field.kind](field, text, now)
    except ValueError as error:
        return str(error)
    return None


# -- the whole -------------------------------------------------------------------


def _missing(
    fields: Iterable[Field], values: Values, known: Mapping[str, Any], path: str
) -> Iterator[tuple[str, list[str]]]:
    for field, value in asked(fields, values, known):
        if field.is_group:
            rows = value or []
            if len(rows) < int(field.least or 0):
                yield f"{path}{field.key}", [f"“{field.words.text}”至少填 {field.least} 行。"]
            for number, row in enumerate(rows):
                yield from _missing(field.fields, row, known, f"{path}{field.key}.{number}.")
        elif field.required and _is_empty(value):
            verb = "选择" if field.options else "填写"
            yield f"{path}{field.key}", [f"请{verb}{field.words.text}。"]


def _counted(fields: Iterable[Field], values: Values, known: Mapping[str, Any]) -> dict[str, Any]:
    counted: dict[str, Any] = {}
    for field, value in asked(fields, values, known):
        if field.is_group and value:
            counted[field.key] = [_counted(field.fields, row, known) for row in value]
        elif not _is_empty(value):
            counted[field.key] = value
    return counted


def _is_empty(value: Any) -> bool:
    return not value or (isinstance(value, str) and not value.strip())


def _most_rows(field: Field) -> int:
    return int(field.most or MOST_ROWS)


# -- from data -------------------------------------------------------------------


def _section(row: Mapping[str, Any]) -> Section:
    return Section(row["key"], words_of(row), tuple(field_of(one) for one in row["fields"]))


def field_of(row: Mapping[str, Any]) -> Field:
    """From data. Raises KeyError for an unknown kind, and where options or fields do not belong to it."""
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
        options=tuple(Option(one["value"], words_of(one)) for one in row.get("options", ())),
        longest=row.get("longest") or LONGEST.get(kind),
        least=row.get("least"),
        most=row.get("most"),
        fields=tuple(field_of(one) for one in row.get("fields", ())),
    )
