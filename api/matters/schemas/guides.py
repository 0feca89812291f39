"""Shapes of a matter, its guide and its form, as the public sees them."""

from typing import Any

from marshmallow import Schema, fields, post_load, validate

from api.matters.form import KINDS
from api.web.fields import FORM_VALUE

UNITS = ["working", "calendar"]


class VersionQuestion(Schema):
    """A version of a matter; the one in force where none is named."""

    version = fields.Integer(validate=validate.Range(1, 1_000_000))


class AnswersQuestion(Schema):
    """Whose guide: `answers` as `key:value,key:value`, by the keys and values of the guide's own `questions`."""

    answers = fields.String(validate=validate.Regexp(r"^[a-z_]{1,30}:[a-z_]{1,30}(,[a-z_]{1,30}:[a-z_]{1,30}){0,29}$"))

    @post_load
    def read(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        """The answers as a mapping."""
        pairs = (pair.split(":") for pair in data.get("answers", "").split(",") if pair)
        return {**data, "answers": dict(pairs)}


class GuideQuestion(AnswersQuestion, VersionQuestion):
    """Whose guide, in which version."""


class PrintQuestion(GuideQuestion):
    """Whose guide, and in which print: `large` has letters of 18 points; `lang` is that of the headings."""

    lang = fields.String(load_default="zh", validate=validate.OneOf(["zh", "en"]))
    size = fields.String(load_default="normal", validate=validate.OneOf(["normal", "large"]))


class Limit(Schema):
    """A limit in working or calendar days."""

    days = fields.Integer(required=True)
    unit = fields.String(required=True, validate=validate.OneOf(UNITS))


class Material(Schema):
    """A material; `held_by_state` means the state issued it and looks it up, `form` that it is filled in here."""

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
    """What a courier may do."""

    collect_materials = fields.Boolean(required=True)
    deliver_result = fields.Boolean(required=True)


class MatterResult(Schema):
    """What the applicant gets."""

    name = fields.String(required=True)
    validity = fields.String(required=True, allow_none=True)


class Step(Schema):
    """A step of the handling; `counted` where its days are part of the limit."""

    name = fields.String(required=True)
    role = fields.String(required=True)
    days = fields.Integer(required=True, allow_none=True)
    counted = fields.Boolean(required=True)


class SpecialProcedure(Schema):
    """A special procedure (特别程序); `stops_clock` where the limit waits for it."""

    name = fields.String(required=True)
    days = fields.Integer(required=True, allow_none=True)
    unit = fields.String(required=True)
    stops_clock = fields.Boolean(required=True)
    basis = fields.String(required=True, allow_none=True)


class Answer(Schema):
    """A common question and its answer."""

    q = fields.String(required=True)
    a = fields.String(required=True)


class Matter(Schema):
    """A matter in one version. `unverified` names the fields that the district has still to confirm."""

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
    materials = fields.List(fields.Nested(Material), required=True)
    statutory = fields.Nested(Limit, required=True, allow_none=True)
    promised = fields.Nested(Limit, required=True, allow_none=True)
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
    steps = fields.List(fields.Nested(Step), required=True)
    special_procedures = fields.List(fields.Nested(SpecialProcedure), required=True)
    faq = fields.List(fields.Nested(Answer), required=True)
    keywords = fields.List(fields.String(), required=True)
    supervisor = fields.String(required=True, allow_none=True)
    handling_place = fields.String(required=True, allow_none=True)
    unverified = fields.List(fields.String(), required=True)


class Limits(Schema):
    """The last days if accepted on `from`; null where none is set or the year's calendar is not published."""

    legal_due = fields.Date(required=True, allow_none=True)
    promised_due = fields.Date(required=True, allow_none=True)
    start = fields.Date(required=True, data_key="from")


class Ways(Schema):
    """How the matter can be handed in and its result received."""

    online = fields.Boolean(required=True)
    window = fields.Boolean(required=True)
    home = fields.Boolean(required=True)
    courier = fields.Boolean(required=True)


class Option(Schema):
    """One answer to a question."""

    value = fields.String(required=True)
    text = fields.String(required=True)
    text_en = fields.String(required=True)


class Situation(Schema):
    """A question about the applicant's situation (情形); `answer` is what was given, null where nothing was."""

    key = fields.String(required=True)
    text = fields.String(required=True)
    text_en = fields.String(required=True)
    options = fields.List(fields.Nested(Option), required=True)
    answer = fields.String(required=True, allow_none=True)


class Note(Schema):
    """Something more to know in this situation, and the law that says so. With `stop` it cannot be had this way; `see`
    is the code of the matter to turn to."""

    text = fields.String(required=True)
    text_en = fields.String(required=True)
    basis = fields.String(required=True, allow_none=True)
    verified = fields.Boolean(required=True)
    stop = fields.Boolean(required=True)
    see = fields.String(required=True, allow_none=True)


class Guide(Matter):
    """A matter with what to do: each material is in `to_bring`, `held_by_state` or `to_fill_in`; those of
    `to_bring` that may come later are also in `may_follow`. `current_version` is the one in force, null where none is.
    """

    current_version = fields.Integer(required=True, allow_none=True)
    limits = fields.Nested(Limits, required=True)
    to_bring = fields.List(fields.Nested(Material), required=True)
    held_by_state = fields.List(fields.Nested(Material), required=True)
    may_follow = fields.List(fields.Nested(Material), required=True)
    to_fill_in = fields.List(fields.Nested(Material), required=True)
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
    notes = fields.List(fields.Nested(Note), required=True)


class Field(Schema):
    """One thing to fill in, asked where the situation's and the form's answers are among `when`. `longest` letters of a
    text; `least` and `most` of a number, a date (also `today`) or the rows of a group; a group has `fields`."""

    key = fields.String(required=True)
    kind = fields.String(required=True, validate=validate.OneOf([*KINDS, "group"]))
    text = fields.String(required=True)
    text_en = fields.String(required=True)
    required = fields.Boolean(required=True)
    help = fields.String(required=True, allow_none=True)
    help_en = fields.String(required=True, allow_none=True)
    when = fields.Dict(keys=fields.String(), values=fields.List(fields.String()), required=True)
    options = fields.List(fields.Nested(Option), required=True)
    longest = fields.Integer(required=True, allow_none=True)
    least = fields.String(required=True, allow_none=True)
    most = fields.String(required=True, allow_none=True)
    fields_ = fields.List(fields.Nested(lambda: Field()), required=True, attribute="fields", data_key="fields")


class Section(Schema):
    """A page of a form."""

    key = fields.String(required=True)
    text = fields.String(required=True)
    text_en = fields.String(required=True)
    fields_ = fields.List(fields.Nested(Field), required=True, attribute="fields", data_key="fields")


class FormMatter(Schema):
    """The matter, and the version that the form is of."""

    code = fields.String(required=True)
    name = fields.String(required=True)
    version = fields.Integer(required=True)


class Sample(Schema):
    """A filling of nobody real (样表), and the situation that it is of."""

    answers = fields.Dict(keys=fields.String(), values=FORM_VALUE, required=True)
    situation = fields.Dict(keys=fields.String(), values=fields.String(), required=True)


class Form(Schema):
    """A form in sections; filled in online it is the materials that `fills` names, which need no upload then."""

    matter = fields.Nested(FormMatter, required=True)
    sections = fields.List(fields.Nested(Section), required=True)
    fills = fields.List(fields.String(), required=True)
    sample = fields.Nested(Sample, required=True)
    source = fields.String(required=True)
    verified = fields.Boolean(required=True)
