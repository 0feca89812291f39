"""Schemas of the content that a version carries itself: its situations (情形) and its form (表单).

The format is that of `data/README.md`. What a schema cannot check, `catalogue/content.py` checks before publication.
"""

from typing import Any

from marshmallow import Schema, ValidationError, fields, validate

from api.matters.form import KINDS
from api.matters.guide.situation import FACTS, MOVES
from api.matters.schemas.entries import EntryProcedure, EntryStep
from api.web.fields import FORM_VALUE

ANSWER = validate.Regexp(r"^[a-z_]{1,30}$")
KEY = validate.Regexp(r"^[a-z][a-z0-9_]{0,39}$")
NEEDS = fields.List(fields.String(validate=validate.OneOf(list(FACTS))))


def _is_when(value: Any) -> None:
    if not isinstance(value, str) and not (
        isinstance(value, list) and all(isinstance(option, str) for option in value)
    ):
        raise ValidationError("写一个选项，或选项的列表。")


def _when() -> Any:
    values = fields.Raw(
        required=True,
        validate=_is_when,
        metadata={"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]},
    )
    return fields.Dict(keys=fields.String(validate=KEY), values=values)


class OwnWords(Schema):
    """A text in Chinese and in English."""

    zh = fields.String(required=True, validate=validate.Length(1, 1_000))
    en = fields.String(required=True, validate=validate.Length(1, 1_000))


class OwnAnswer(OwnWords):
    """An answer to a question; offered where the matter meets all `needs`."""

    value = fields.String(required=True, validate=ANSWER)
    needs = NEEDS


class OwnQuestion(OwnWords):
    """A question, asked after answers that meet `when`."""

    key = fields.String(required=True, validate=ANSWER)
    options = fields.List(fields.Nested(OwnAnswer), required=True, validate=validate.Length(2, 20))
    needs = NEEDS
    when = _when()


class OwnMaterial(Schema):
    """A material that a rule adds, with a unique key."""

    key = fields.String(required=True, validate=KEY)
    name = fields.String(required=True, validate=validate.Length(1, 200))
    kind = fields.String(required=True, validate=validate.OneOf(["原件", "复印件", "电子"]))
    copies = fields.Integer(strict=True, validate=validate.Range(0, 20))
    required = fields.Boolean(truthy={True}, falsy={False})
    deferrable = fields.Boolean(truthy={True}, falsy={False})
    licence_name = fields.String(allow_none=True, validate=validate.Length(max=100))


class OwnEdit(Schema):
    """The fields of a material that a rule changes."""

    name = fields.String(validate=validate.Length(1, 200))
    kind = fields.String(validate=validate.OneOf(["原件", "复印件", "电子"]))
    copies = fields.Integer(strict=True, validate=validate.Range(0, 20))
    required = fields.Boolean(truthy={True}, falsy={False})
    deferrable = fields.Boolean(truthy={True}, falsy={False})
    licence_name = fields.String(allow_none=True, validate=validate.Length(max=100))


class OwnChange(Schema):
    """The elements of the matter that a rule changes."""

    case_type = fields.String(validate=validate.OneOf(["即办件", "承诺件"]))
    promised_days = fields.Integer(allow_none=True, strict=True, validate=validate.Range(0, 3_650))
    statutory_days = fields.Integer(allow_none=True, strict=True, validate=validate.Range(0, 3_650))
    fee = fields.String(validate=validate.Length(1, 200))
    fee_basis = fields.String(allow_none=True, validate=validate.Length(max=500))
    visits = fields.Integer(strict=True, validate=validate.Range(0, 20))
    steps = fields.List(fields.Nested(EntryStep), validate=validate.Length(0, 40))
    special_procedures = fields.List(fields.Nested(EntryProcedure), validate=validate.Length(0, 20))


class OwnNote(OwnWords):
    """A note: its `basis` in law, whether that is `verified`, `stop`: the matter cannot be done this way, `see`: the
    code of the matter to apply for instead."""

    basis = fields.String(allow_none=True, validate=validate.Length(max=300))
    verified = fields.Boolean(truthy={True}, falsy={False})
    stop = fields.Boolean(truthy={True}, falsy={False})
    see = fields.String(allow_none=True, validate=validate.Length(max=40))


class OwnRule(Schema):
    """A rule: what changes in the guide where the answers meet `when`."""

    when = _when()
    bring = fields.List(fields.Nested(OwnMaterial), validate=validate.Length(0, 20))
    fill_in = fields.List(fields.Nested(OwnMaterial), validate=validate.Length(0, 20))
    held = fields.List(fields.Nested(OwnMaterial), validate=validate.Length(0, 20))
    move = fields.List(fields.String(validate=validate.OneOf(list(MOVES))))
    note = fields.Nested(OwnNote)
    leave_out = fields.List(fields.String(validate=validate.Length(1, 200)))
    edit = fields.Dict(keys=fields.String(validate=validate.Length(1, 200)), values=fields.Nested(OwnEdit))
    change = fields.Nested(OwnChange)


class OwnSituation(Schema):
    """The situations of a version: its questions beside those of all matters, and its rules."""

    source = fields.String(required=True, validate=validate.Length(1, 500))
    verified = fields.Boolean(required=True, truthy={True}, falsy={False})
    questions = fields.List(fields.Nested(OwnQuestion), required=True, validate=validate.Length(0, 12))
    rules = fields.List(fields.Nested(OwnRule), required=True, validate=validate.Length(0, 60))


class OwnChoice(OwnWords):
    """A choice that a field offers."""

    value = fields.String(required=True, validate=KEY)


class OwnField(OwnWords):
    """A field of a form."""

    key = fields.String(required=True, validate=KEY)
    kind = fields.String(required=True, validate=validate.OneOf([*KINDS, "group"]))
    required = fields.Boolean(truthy={True}, falsy={False})
    help = fields.Nested(OwnWords)
    when = _when()
    follows = fields.Dict(
        keys=fields.String(validate=KEY),
        values=fields.Dict(
            keys=fields.String(validate=KEY), values=fields.List(fields.String(), validate=validate.Length(1, 40))
        ),
    )
    options = fields.List(fields.Nested(OwnChoice), validate=validate.Length(0, 40))
    longest = fields.Integer(strict=True, validate=validate.Range(1, 1_000))
    least = fields.String(validate=validate.Length(1, 10))
    most = fields.String(validate=validate.Length(1, 10))
    fields_ = fields.List(fields.Nested(lambda: OwnField()), attribute="fields", data_key="fields")


class OwnSection(OwnWords):
    """A page of a form."""

    key = fields.String(required=True, validate=KEY)
    fields_ = fields.List(
        fields.Nested(OwnField), required=True, attribute="fields", data_key="fields", validate=validate.Length(1, 40)
    )


class OwnCommon(Schema):
    """Changes to a field that every form has."""

    zh = fields.String(validate=validate.Length(1, 1_000))
    en = fields.String(validate=validate.Length(1, 1_000))
    required = fields.Boolean(truthy={True}, falsy={False})
    help = fields.Nested(OwnWords)


class OwnSample(Schema):
    """A form filled in by a fictitious person (样表), and that person's situation."""

    situation = fields.Dict(keys=fields.String(validate=ANSWER), values=fields.String(validate=ANSWER))
    answers = fields.Dict(keys=fields.String(validate=KEY), values=FORM_VALUE, required=True)


class OwnForm(Schema):
    """A form; `fills` names the materials that it stands for."""

    source = fields.String(required=True, validate=validate.Length(1, 500))
    verified = fields.Boolean(required=True, truthy={True}, falsy={False})
    fills = fields.List(fields.String(validate=validate.Length(1, 200)), required=True)
    common = fields.Dict(keys=fields.String(validate=KEY), values=fields.Nested(OwnCommon), required=True)
    sections = fields.List(fields.Nested(OwnSection), required=True, validate=validate.Length(0, 20))
    sample = fields.Nested(OwnSample, required=True)
