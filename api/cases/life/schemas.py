"""Schemas of a case's life: acts (their fields: fields.py), flags, the lists beside its state, and forms of acts."""

from typing import Any

from marshmallow import Schema, ValidationError, fields, post_load, validate, validates_schema

from api.cases.kinds import FLAGS
from api.cases.life.acts import RULES, act_data
from api.cases.life.endings import CAUSES
from api.cases.promises.promise import BROKEN, KEPT, NOT_RECTIFIED, RECTIFIED
from api.cases.templates.schemas import UsedTemplate
from api.cases.templates.template import TEXT_OF
from api.web.fields import Time

TEXT = validate.Length(max=2000)
SAID = validate.And(validate.Length(min=1, max=2000), validate.Regexp(r"(?s).*\S"))


class AskedItem(Schema):
    """One material that is missing or wrong, and why."""

    key = fields.String(required=True, validate=validate.Length(max=40))
    name = fields.String(dump_only=True)
    why = fields.String(required=True, validate=SAID)


SCANS = fields.List(fields.String(validate=validate.Length(1, 60)), validate=validate.Length(max=20))
STAFF_ACTS = tuple(act for act, row in RULES.items() if row.roles - {"citizen", "system"})


def _says_something(value: Any) -> bool:
    return bool(value.strip() if isinstance(value, str) else value)


class ActSchema(Schema):
    """An act of staff; which fields it needs depends on `act`."""

    act = fields.String(required=True, validate=validate.OneOf(STAFF_ACTS))
    text = fields.String(validate=TEXT)
    reason = fields.String(validate=SAID)
    late_reason = fields.String(
        validate=SAID, metadata={"description": "why a later notice names a material that no earlier one named"}
    )
    items = fields.List(fields.Nested(AskedItem), validate=validate.Length(min=1, max=50))
    kind = fields.String(validate=validate.OneOf(["grant", "refuse"]))
    outcome = fields.String(
        validate=validate.OneOf([KEPT, BROKEN, RECTIFIED, NOT_RECTIFIED]),
        metadata={"description": "what was found: by the check of a promise `kept` or `broken`, else the others"},
    )
    ground = fields.String(validate=TEXT)
    serial = fields.String(validate=validate.And(validate.Length(min=1, max=60), validate.Regexp(r"\S+")))
    to = fields.String(validate=validate.Length(min=1, max=60))
    proof = fields.String(validate=TEXT)
    department = fields.String(validate=validate.Length(min=1, max=40))
    officers = fields.List(fields.String(validate=validate.Length(1, 60)), validate=validate.Length(max=20))
    result = fields.String(validate=validate.OneOf(["met", "not_met"]))
    photos = SCANS
    materials = fields.Dict(
        keys=fields.String(validate=validate.Length(1, 40)), values=SCANS, validate=validate.Length(max=50)
    )
    consent = fields.List(
        fields.String(validate=validate.Length(1, 60)),
        validate=validate.Length(max=20),
        metadata={"description": "scans of what the applicant signed, where a window acts for one without an account"},
    )
    opinion = fields.String(validate=validate.OneOf(["agree", "disagree"]))
    officer = fields.String(validate=validate.Length(max=60))
    cause = fields.String(validate=validate.OneOf(list(CAUSES)))
    about = fields.Integer(
        validate=validate.Range(1, 1_000_000), metadata={"description": "`seq` of the act that is corrected"}
    )
    was = fields.String(validate=TEXT)
    right = fields.String(validate=TEXT)
    procedure = fields.String(validate=validate.Length(min=1, max=60))
    days = fields.Integer(strict=True, validate=validate.Range(1, 366))
    template = fields.Nested(
        UsedTemplate, metadata={"description": "the template that the text was taken from, if the act has templates"}
    )

    @validates_schema
    def whole(self, data: dict[str, Any], **_: Any) -> None:
        """Require the fields that the act needs."""
        is_refusal = data["act"] in {"decide", "finish"} and data.get("kind") == "refuse"
        needed = [field.key for field in RULES[data["act"]].fields if field.required]
        is_broken = data["act"] == "check_promise" and data.get("outcome") == BROKEN
        needed += ["ground"] if is_refusal or is_broken else []  # 行政许可法 第38条
        missing = [name for name in needed if not _says_something(data.get(name))]
        if missing:
            raise ValidationError({name: ["Missing data for required field."] for name in missing})
        if "template" in data and data["act"] not in TEXT_OF:
            raise ValidationError("这一步没有用语模板。", "template")
        chosen = [field for field in RULES[data["act"]].fields if field.choices and data.get(field.key)]
        for field in chosen:
            values = [choice.value for choice in field.choices]
            if data[field.key] not in values:
                raise ValidationError({field.key: [f"Must be one of: {', '.join(values)}."]})

    @post_load
    def act_and_data(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Return `{act, data}` with only the fields that the act uses."""
        used = {"template": data["template"]} if "template" in data else {}
        return {"act": data["act"], "data": {**act_data(data["act"], data), **used}}


class FlagWords(Schema):
    """Something to be known of a case beside its state, e.g. that a supplement came back."""

    flag = fields.String(required=True, validate=validate.OneOf(list(FLAGS)))
    label = fields.String(required=True)
    label_en = fields.String(required=True)


class RoundItem(Schema):
    """One material that a notice named, and why."""

    key = fields.String(required=True)
    name = fields.String(required=True)
    why = fields.String(required=True)


class Round(Schema):
    """A one-time notice, and when it was answered. `late` are materials that it should have named before."""

    seq = fields.Integer(required=True)
    asked_at = Time(required=True)
    answered_at = Time(required=True, allow_none=True)
    items = fields.List(fields.Nested(RoundItem), required=True)
    text = fields.String(required=True)
    late = fields.List(fields.String(), required=True)
    late_reason = fields.String(required=True, allow_none=True)


class ProcedureLine(Schema):
    """A special procedure (特别程序). `days` are the working days that the applicant was told it would take;
    `ended_by` is the act that ended it, e.g. the decision."""

    seq = fields.Integer(required=True)
    kind = fields.String(required=True)
    stops_clock = fields.Boolean(required=True)
    days = fields.Integer(required=True)
    text = fields.String(required=True)
    started_at = Time(required=True)
    ended_at = Time(required=True, allow_none=True)
    ended_by = fields.String(required=True, allow_none=True)


class ExtensionLine(Schema):
    """An extension of the limit. Citizens see those that were approved, with the reason that they were told."""

    seq = fields.Integer(required=True)
    days = fields.Integer(required=True)
    unit = fields.String(required=True, validate=validate.OneOf(["working", "calendar"]))
    text = fields.String(required=True, metadata={"description": "why it was asked; empty for citizens"})
    asked_at = Time(required=True)
    outcome = fields.String(required=True, allow_none=True, validate=validate.OneOf(["approved", "refused"]))
    answered_at = Time(required=True, allow_none=True)
    answer = fields.String(required=True)


class FileLine(Schema):
    """A file that was handed in; GET /v1/files/{id} gives an address to read it."""

    id = fields.String(required=True)
    name = fields.String(required=True)
    type = fields.String(required=True, allow_none=True)
    size = fields.Integer(required=True)
    scanned_at = Time(
        required=True,
        allow_none=True,
        metadata={"description": "when a virus scanner found nothing; null where none looked"},
    )


class SurveyLine(Schema):
    """A survey on the spot (行政许可法 第34条). What was seen, and the photographs, are for staff alone.

    `files` are the photographs for who handles the case, and so may open them.
    """

    seq = fields.Integer(required=True)
    at = Time(required=True)
    officers = fields.List(fields.String(), required=True)
    result = fields.String(required=True, validate=validate.OneOf(["met", "not_met"]))
    text = fields.String(required=True)
    photos = fields.List(fields.String(), required=True)
    files = fields.List(fields.Nested(FileLine), required=True)


class ReviewLine(Schema):
    """A review by the department; citizens see that it took place."""

    seq = fields.Integer(required=True)
    at = Time(required=True)
    by = fields.String(required=True, allow_none=True)
    opinion = fields.String(required=True, allow_none=True, validate=validate.OneOf(["agree", "disagree"]))
    text = fields.String(required=True)


class CorrectionLine(Schema):
    """A correction of an earlier act: which (`about` is its `seq`), what was written, what is right, and why."""

    seq = fields.Integer(required=True)
    at = Time(required=True)
    about = fields.Integer(required=True)
    act = fields.String(required=True)
    label = fields.String(required=True)
    label_en = fields.String(required=True)
    was = fields.String(required=True)
    right = fields.String(required=True)
    text = fields.String(required=True)


class ReissueLine(Schema):
    """A result that was made anew: its number, that of the one before, and why."""

    seq = fields.Integer(required=True)
    at = Time(required=True)
    before = fields.String(required=True)
    serial = fields.String(required=True)
    text = fields.String(required=True)
    handed_over_at = Time(required=True, allow_none=True)


class ChoiceSchema(Schema):
    """A value that a field may have, and what it is called."""

    value = fields.String(required=True)
    label = fields.String(required=True)
    label_en = fields.String(required=True)


class ActFieldSchema(Schema):
    """A field of an act. A `line` is a short text; `items` are materials from the choices, each with why, and
    `papers` such materials, each with its uploads: all of them if it is required, else at least one."""

    key = fields.String(required=True)
    label = fields.String(required=True)
    label_en = fields.String(required=True)
    type = fields.String(
        required=True,
        validate=validate.OneOf(["line", "text", "number", "choice", "choices", "items", "uploads", "papers"]),
    )
    required = fields.Boolean(required=True)
    choices = fields.List(fields.Nested(ChoiceSchema), required=True)


class ActForm(Schema):
    """An act that may be done now, and its fields."""

    act = fields.String(required=True)
    label = fields.String(required=True)
    label_en = fields.String(required=True)
    template_field = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "the field that a template fills in (/v1/cases/{number}/act-templates); null: none"},
    )
    fields_ = fields.List(fields.Nested(ActFieldSchema), required=True, data_key="fields", attribute="fields")
