"""Schemas of reports."""

from marshmallow import Schema, fields, validate

from api.reports.report import LONGEST, OUTCOMES, STATES
from api.web.fields import Page, Paging, Time


class NewReport(Schema):
    """What is wrong with a service point or a matter."""

    about = fields.String(
        required=True, validate=validate.Length(1, 100), metadata={"description": "`point:ID` or `matter:CODE`"}
    )
    text = fields.String(
        required=True,
        validate=[
            validate.Length(max=LONGEST, error=f"最多 {LONGEST} 字。"),
            validate.Regexp(r"(?s).*\S", error="请写明哪里不对。"),
        ],
    )


class ReportReceipt(Schema):
    """The answer to whoever reported."""

    id = fields.String(required=True)
    about = fields.String(required=True)
    at = Time(required=True)
    state = fields.String(required=True, validate=validate.OneOf(STATES))


class ReportSchema(ReportReceipt):
    """A report as the office sees it. `told`: whether the reporter gets a notice of the settlement (was logged in)."""

    name = fields.String(required=True, allow_none=True)
    text = fields.String(required=True)
    told = fields.Boolean(required=True)
    outcome = fields.String(required=True, allow_none=True)
    words = fields.String(required=True, allow_none=True)
    settled_by = fields.String(required=True, allow_none=True)
    settled_at = Time(required=True, allow_none=True)


class ReportQuery(Paging):
    """The state of the reports to list, and a page of them."""

    state = fields.String(load_default="open", validate=validate.OneOf(STATES))


class ReportPage(Page):
    """One page of reports, the oldest first."""

    items = fields.List(fields.Nested(ReportSchema), required=True)


class Settlement(Schema):
    """The outcome of a report, and words for the reporter."""

    outcome = fields.String(required=True, validate=validate.OneOf(OUTCOMES))
    words = fields.String(required=True, validate=[validate.Length(1, 200), validate.Regexp(r"(?s).*\S")])
