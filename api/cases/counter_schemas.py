"""Schemas of the news that the counter tells applicants without an account."""

from marshmallow import Schema, fields, validate

from api.cases.schemas import CaseLine
from api.web.fields import Page, Time


class UntoldLine(CaseLine):
    """A case whose applicant must be told at the counter, in this language, since there is news since `since`."""

    since = Time(required=True)
    language = fields.String(required=True, allow_none=True)


class UntoldPage(Page):
    """A page of cases with news to be told at the counter."""

    items = fields.List(fields.Nested(UntoldLine), required=True)


class ToldHow(Schema):
    """How the applicant was told, and the `since` of the news as it was listed; without one, whatever there is."""

    how = fields.String(required=True, validate=validate.OneOf(["in_person", "by_phone", "by_letter"]))
    since = Time(load_default=None)


class ToldSchema(Schema):
    """Whether there is news of a case left to be told."""

    number = fields.String(required=True)
    untold = fields.Boolean(required=True)
