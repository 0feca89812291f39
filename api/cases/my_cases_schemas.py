"""Schemas of a citizen's own list of cases."""

from marshmallow import Schema, fields

from api.cases.schemas import CasePage


class ByNumber(Schema):
    """How somebody verified online comes to see the cases that were filed for their identity number."""

    text = fields.String(required=True)
    text_en = fields.String(required=True)


class MyCasePage(CasePage):
    """A page of one's own cases; `by_number` where those that others filed for one are not shown yet."""

    by_number = fields.Nested(ByNumber, required=True, allow_none=True)
