"""Schemas of templates of acts: as they are managed, and as they are offered in a case."""

from marshmallow import Schema, fields, validate

from api.cases.templates.template import LANGUAGES, MOST_GROUND, MOST_GROUNDS, MOST_NAME, MOST_TEXT, OUTCOMES, TEXT_OF
from api.web.fields import Page, Paging, Time

ACT = validate.OneOf(list(TEXT_OF))
TEXT = validate.Length(max=MOST_TEXT)
FIELDS_NOTE = (
    "may name fields of the case: {number}, {matter}, {applicant}, {department}, {officer}, {day}, {submitted}"
)


class TemplateChange(Schema):
    """What is changed of a template; what is left out stays. `matter` null: for any matter of the department."""

    name = fields.String(validate=validate.Length(1, MOST_NAME))
    outcome = fields.String(validate=validate.OneOf(["", *OUTCOMES]))
    matter = fields.String(allow_none=True, validate=validate.Length(1, 60))
    language = fields.String(validate=validate.OneOf(LANGUAGES))
    text = fields.String(validate=TEXT, metadata={"description": FIELDS_NOTE})
    remedies = fields.String(
        validate=TEXT, metadata={"description": f"what the applicant can do against a refusal; {FIELDS_NOTE}"}
    )
    grounds = fields.List(
        fields.String(validate=validate.Length(1, MOST_GROUND)),
        validate=validate.Length(max=MOST_GROUNDS),
        metadata={"description": "grounds of law of which an officer chooses; none is ever filled in"},
    )


class NewTemplate(Schema):
    """A new template. `department` is for administrators whose post names none."""

    department = fields.String(validate=validate.Length(1, 40))
    act = fields.String(required=True, validate=ACT)
    name = fields.String(required=True, validate=validate.Length(1, MOST_NAME))
    outcome = fields.String(load_default="", validate=validate.OneOf(["", *OUTCOMES]))
    matter = fields.String(load_default=None, allow_none=True, validate=validate.Length(1, 60))
    language = fields.String(load_default="zh", validate=validate.OneOf(LANGUAGES))
    text = fields.String(required=True, validate=TEXT, metadata={"description": FIELDS_NOTE})
    remedies = fields.String(load_default="", validate=TEXT)
    grounds = fields.List(
        fields.String(validate=validate.Length(1, MOST_GROUND)),
        load_default=list,
        validate=validate.Length(max=MOST_GROUNDS),
    )


class TemplateDepartment(Schema):
    """The department that a template belongs to."""

    code = fields.String(required=True)
    name = fields.String(required=True)


class TemplateSchema(Schema):
    """A version of a template: who wrote it and when. A retired one is offered and changed no more."""

    id = fields.String(required=True)
    version = fields.Integer(required=True)
    department = fields.Nested(TemplateDepartment, required=True)
    act = fields.String(required=True)
    outcome = fields.String(required=True)
    matter = fields.String(required=True, allow_none=True)
    language = fields.String(required=True)
    name = fields.String(required=True)
    text = fields.String(required=True)
    remedies = fields.String(required=True)
    grounds = fields.List(fields.String(), required=True)
    retired = fields.Boolean(required=True)
    by = fields.String(required=True)
    at = Time(required=True)


class TemplateQuery(Paging):
    """Which templates to list."""

    department = fields.String(validate=validate.Length(1, 40))
    act = fields.String(validate=ACT)
    retired = fields.Boolean(load_default=False)


class TemplatePage(Page):
    """One page of templates, or of the versions of one."""

    items = fields.List(fields.Nested(TemplateSchema), required=True)


class OfferedTemplate(Schema):
    """A template filled in from a case: `text` is for the field `field` of the act, of the `grounds` one is chosen."""

    id = fields.String(required=True)
    version = fields.Integer(required=True)
    name = fields.String(required=True)
    outcome = fields.String(required=True)
    matter = fields.String(required=True, allow_none=True)
    language = fields.String(required=True)
    field = fields.String(required=True)
    text = fields.String(required=True)
    grounds = fields.List(fields.String(), required=True)


class OfferedTemplates(Schema):
    """The templates that are offered for an act on a case."""

    items = fields.List(fields.Nested(OfferedTemplate), required=True)


class OfferQuery(Schema):
    """For which act."""

    act = fields.String(required=True, validate=ACT)


class UsedTemplate(Schema):
    """The template that the words of an act were taken from, in the version that was offered."""

    id = fields.String(required=True, validate=validate.Length(1, 60))
    version = fields.Integer(required=True, strict=True, validate=validate.Range(1, 1_000_000))
    name = fields.String(dump_only=True)
