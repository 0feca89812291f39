"""Whether a form agrees with the situation (情形): nobody is asked the same twice and answers it in two ways."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from api.matters.form import Errors, Field, Form, Values, agreeing, asked, is_empty
from api.refusals import Reason


def disagreements(form: Form, values: Values, known: Mapping[str, str]) -> Errors:
    """The answers that disagree with the situation, each with a sentence for the person."""
    return dict(_disagreements(form.fields, values, known, ""))


def _disagreements(
    fields: Iterable[Field], values: Values, known: Mapping[str, Any], path: str
) -> Iterator[tuple[str, list[str]]]:
    for field, value in asked(fields, values, known):
        left, why = agreeing(field, known), _why(field)
        if field.is_group:
            rows = [row for row in value or [] if not is_empty(row)]
            if left and rows and not int(left[0]) <= len(rows) <= int(left[1]):
                yield f"{path}{field.key}", [why]
            for number, row in enumerate(value or []):
                yield from _disagreements(field.fields, row, known, f"{path}{field.key}.{number}.")
        elif left is not None and not is_empty(value) and value not in left:
            yield f"{path}{field.key}", [why]


def _why(field: Field) -> Reason:
    return Reason(
        f"“{field.words.text}”和“您的情况”里选的不一样，请改其中一处。",
        f'"{field.words.text_en}" differs from what you chose in your situation. Change one of the two.',
    )
