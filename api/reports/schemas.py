"""Shapes of reports."""

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


class Receipt(Schema):
    """What whoever reported is answered."""

    id = fields.String(required=True)
    about = fields.String(required=True)
    at = Time(required=True)
    state = fields.String(required=True, validate=validate.OneOf(STATES))


class Report(Receipt):
    """A report as the office sees it. `told`: the reporter is told of the settlement, because they were logged in."""

    name = fields.String(required=True, allow_none=True)
    text = fields.String(required=True)
    told = fields.Boolean(required=True)
    outcome = fields.String(required=True, allow_none=True)
    words = fields.String(required=True, allow_none=True)
    settled_by = fields.String(required=True, allow_none=True)
    settled_at = Time(required=True, allow_none=True)


class ReportsQuestion(Paging):
    """Which reports."""

    state = fields.String(load_default="open", validate=validate.OneOf(STATES))


class Reports(Page):
    """One page of reports, the oldest first."""

    items = fields.List(fields.Nested(Report), required=True)


class Settlement(Schema):
    """How it ended, and words for whoever reported."""

    outcome = fields.String(required=True, validate=validate.OneOf(OUTCOMES))
    words = fields.String(required=True, validate=[validate.Length(1, 200), validate.Regexp(r"(?s).*\S")])
