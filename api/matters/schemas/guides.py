"""Schemas of a matter, its guide and its form, as the public sees them."""

from typing import Any

from marshmallow import Schema, fields, post_load, validate

from api.matters.form import KINDS
from api.web.fields import FORM_VALUE

UNITS = ["working", "calendar"]


class VersionQuestion(Schema):
    """The query for a version of a matter; without `version`, the one in force."""

    version = fields.Integer(validate=validate.Range(1, 1_000_000))


class AnswersQuestion(Schema):
    """The query for a personal guide: `answers` as `key:value,key:value`, by the keys and values of its `questions`."""

    answers = fields.String(validate=validate.Regexp(r"^[a-z_]{1,30}:[a-z_]{1,30}(,[a-z_]{1,30}:[a-z_]{1,30}){0,29}$"))

    @post_load
    def read(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Parse the answers into a mapping."""
        pairs = (pair.split(":") for pair in data.get("answers", "").split(",") if pair)
        return {**data, "answers": dict(pairs)}


class GuideQuestion(AnswersQuestion, VersionQuestion):
    """The query for a personal guide in a version."""


class PrintQuestion(GuideQuestion):
    """The query for a printed guide: `large` has letters of 18 points; `lang` is the language of the headings."""

    lang = fields.String(load_default="zh", validate=validate.OneOf(["zh", "en"]))
    size = fields.String(load_default="normal", validate=validate.OneOf(["normal", "large"]))


class LimitSchema(Schema):
    """A time limit in working or calendar days."""

    days = fields.Integer(required=True)
    unit = fields.String(required=True, validate=validate.OneOf(UNITS))


class MaterialSchema(Schema):
    """A material; `held_by_state`: the state issued it and looks it up itself, `form`: it is filled in here."""

    key = fields.String(required=True)
    name = fields.String(required=True)
    kind = fields.String(required=True)
    copies = fields.Integer(required=True)
    required = fields.Boolean(required=True)
    deferrable = fields.Boolean(required=True)
    source = fields.String(required=True)
    held_by_state = fields.Boolean(required=True)
    licence_name = fields.String(required=True, allow_none=True)
    form = fields.Boolean(required=True)


class Courier(Schema):
    """Whether a courier may collect materials and deliver the result."""

    collect_materials = fields.Boolean(required=True)
    deliver_result = fields.Boolean(required=True)


class MatterResult(Schema):
    """What the applicant gets."""

    name = fields.String(required=True)
    validity = fields.String(required=True, allow_none=True)


class StepSchema(Schema):
    """A step of the handling; `counted`: its days are part of the time limit."""

    name = fields.String(required=True)
    role = fields.String(required=True)
    days = fields.Integer(required=True, allow_none=True)
    counted = fields.Boolean(required=True)


class SpecialProcedure(Schema):
    """A special procedure (特别程序); `stops_clock`: the time limit does not run during it."""

    name = fields.String(required=True)
    days = fields.Integer(required=True, allow_none=True)
    unit = fields.String(required=True)
    stops_clock = fields.Boolean(required=True)
    basis = fields.String(required=True, allow_none=True)


class AnswerSchema(Schema):
    """A frequently asked question and its answer."""

    q = fields.String(required=True)
    a = fields.String(required=True)


class MatterSchema(Schema):
    """A matter in one version. `unverified` names the fields that the district has not confirmed yet."""

    code = fields.String(required=True)
    name = fields.String(required=True)
    name_en = fields.String(required=True)
    version = fields.Integer(required=True)
    valid_from = fields.Date(required=True, allow_none=True)
    valid_until = fields.Date(required=True, allow_none=True)
    kind = fields.String(required=True)
    audience = fields.List(fields.String(), required=True)
    theme = fields.List(fields.String(), required=True)
    department = fields.String(required=True)
    level = fields.List(fields.String(), required=True)
    legal_basis = fields.List(fields.String(), required=True)
    conditions = fields.List(fields.String(), required=True)
    materials = fields.List(fields.Nested(MaterialSchema), required=True)
    statutory = fields.Nested(LimitSchema, required=True, allow_none=True)
    promised = fields.Nested(LimitSchema, required=True, allow_none=True)
    extension_days = fields.Integer(required=True, allow_none=True)
    deadline_note = fields.String(required=True, allow_none=True)
    case_type = fields.String(required=True)
    visits = fields.Integer(required=True)
    online = fields.Boolean(required=True)
    appointment = fields.Boolean(required=True)
    at_home = fields.Boolean(required=True)
    courier = fields.Nested(Courier, required=True)
    fee = fields.String(required=True)
    fee_basis = fields.String(required=True, allow_none=True)
    result = fields.Nested(MatterResult, required=True)
    steps = fields.List(fields.Nested(StepSchema), required=True)
    special_procedures = fields.List(fields.Nested(SpecialProcedure), required=True)
    faq = fields.List(fields.Nested(AnswerSchema), required=True)
    keywords = fields.List(fields.String(), required=True)
    supervisor = fields.String(required=True, allow_none=True)
    handling_place = fields.String(required=True, allow_none=True)
    unverified = fields.List(fields.String(), required=True)


class LimitsSchema(Schema):
    """The last days if accepted on `from`; null where no limit is set or the year's calendar is not published."""

    legal_due = fields.Date(required=True, allow_none=True)
    promised_due = fields.Date(required=True, allow_none=True)
    start = fields.Date(required=True, data_key="from")


class LimitWords(Schema):
    """The same in words: what they mean if the matter is accepted today, and each limit with its unit and last day."""

    text = fields.String(required=True)
    text_en = fields.String(required=True)
    promised = fields.String(required=True)
    promised_en = fields.String(required=True)
    statutory = fields.String(required=True)
    statutory_en = fields.String(required=True)


class Ways(Schema):
    """The ways in which the matter can be applied for."""

    online = fields.Boolean(required=True)
    window = fields.Boolean(required=True)
    home = fields.Boolean(required=True)
    courier = fields.Boolean(required=True)


class OptionSchema(Schema):
    """An answer that a question offers, or a choice of a field."""

    value = fields.String(required=True)
    text = fields.String(required=True)
    text_en = fields.String(required=True)


class Situation(Schema):
    """A question about the applicant's situation (情形); `answer` is the given one, or null."""

    key = fields.String(required=True)
    text = fields.String(required=True)
    text_en = fields.String(required=True)
    options = fields.List(fields.Nested(OptionSchema), required=True)
    answer = fields.String(required=True, allow_none=True)


class NoteSchema(Schema):
    """A note on this situation and the law it follows from. `stop`: the matter cannot be done this way; `see`: the code
    of the matter to apply for instead."""

    text = fields.String(required=True)
    text_en = fields.String(required=True)
    basis = fields.String(required=True, allow_none=True)
    verified = fields.Boolean(required=True)
    stop = fields.Boolean(required=True)
    see = fields.String(required=True, allow_none=True)


class GuideSchema(MatterSchema):
    """A matter with its personal guide: each material is in `to_bring`, `held_by_state` or `to_fill_in`; those of
    `to_bring` that may come later are also in `may_follow`. `current_version` is the one in force, null where none is.
    """

    current_version = fields.Integer(required=True, allow_none=True)
    limits = fields.Nested(LimitsSchema, required=True)
    limit_words = fields.Nested(LimitWords, required=True)
    to_bring = fields.List(fields.Nested(MaterialSchema), required=True)
    held_by_state = fields.List(fields.Nested(MaterialSchema), required=True)
    may_follow = fields.List(fields.Nested(MaterialSchema), required=True)
    to_fill_in = fields.List(fields.Nested(MaterialSchema), required=True)
    ways = fields.Nested(Ways, required=True)
    questions = fields.List(fields.Nested(Situation), required=True)
    known = fields.Dict(
        keys=fields.String(),
        values=fields.String(),
        required=True,
        metadata={
            "description": "the answers that count, with what need not be asked: conditions of the form read them"
        },
    )
    notes = fields.List(fields.Nested(NoteSchema), required=True)


class FieldSchema(Schema):
    """A field of a form, asked where the answers of the situation and the form meet `when`. `longest`: characters of a
    text; `least` and `most`: of a number, a date (also `today`) or the rows of a group; a group has `fields`."""

    key = fields.String(required=True)
    kind = fields.String(required=True, validate=validate.OneOf([*KINDS, "group"]))
    text = fields.String(required=True)
    text_en = fields.String(required=True)
    required = fields.Boolean(required=True)
    help = fields.String(required=True, allow_none=True)
    help_en = fields.String(required=True, allow_none=True)
    when = fields.Dict(keys=fields.String(), values=fields.List(fields.String()), required=True)
    follows = fields.Dict(
        keys=fields.String(),
        values=fields.Dict(keys=fields.String(), values=fields.List(fields.String())),
        required=True,
        metadata={
            "description": "by question and answer: the options that agree with it, of a group the bounds of rows"
        },
    )
    options = fields.List(fields.Nested(OptionSchema), required=True)
    longest = fields.Integer(required=True, allow_none=True)
    least = fields.String(required=True, allow_none=True)
    most = fields.String(required=True, allow_none=True)
    fields_ = fields.List(fields.Nested(lambda: FieldSchema()), required=True, attribute="fields", data_key="fields")


class SectionSchema(Schema):
    """A page of a form."""

    key = fields.String(required=True)
    text = fields.String(required=True)
    text_en = fields.String(required=True)
    fields_ = fields.List(fields.Nested(FieldSchema), required=True, attribute="fields", data_key="fields")


class FormMatter(Schema):
    """The matter and version that a form belongs to."""

    code = fields.String(required=True)
    name = fields.String(required=True)
    version = fields.Integer(required=True)


class Sample(Schema):
    """A form filled in by a fictitious person (样表), and that person's situation."""

    answers = fields.Dict(keys=fields.String(), values=FORM_VALUE, required=True)
    situation = fields.Dict(keys=fields.String(), values=fields.String(), required=True)


class FormSchema(Schema):
    """A form in sections; filled in online, it stands for the materials in `fills`, which then need no upload."""

    matter = fields.Nested(FormMatter, required=True)
    sections = fields.List(fields.Nested(SectionSchema), required=True)
    fills = fields.List(fields.String(), required=True)
    sample = fields.Nested(Sample, required=True)
    source = fields.String(required=True)
    verified = fields.Boolean(required=True)
