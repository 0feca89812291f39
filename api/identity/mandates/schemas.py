"""Schemas of mandates."""

from marshmallow import Schema, fields, validate

from api.identity.mandates.mandate import KINDS
from api.identity.schemas import NAME, NUMBER
from api.web.fields import Time


class Party(Schema):
    """A side of a mandate: a person with an identity number, or a company with a credit code."""

    name = fields.String(required=True, validate=NAME)
    number = fields.String(required=True, validate=NUMBER)


class NewMandate(Schema):
    """Who may act for whom. A citizen gives it for themselves; only staff give `principal`."""

    kind = fields.String(required=True, validate=validate.OneOf(KINDS))
    principal = fields.Nested(Party)
    agent = fields.Nested(Party, required=True)
    matters = fields.List(
        fields.String(validate=validate.Length(min=1, max=60)),
        validate=validate.Length(max=50),
        metadata={"description": "codes; empty or left out means all"},
    )
    valid_until = fields.Date(required=True, metadata={"description": "the last day, in Beijing"})


class MandateSchema(Schema):
    """One mandate, numbers masked except for staff."""

    id = fields.String(required=True)
    kind = fields.String(required=True)
    side = fields.String(required=True, allow_none=True, validate=validate.OneOf(["given", "held"]))
    principal = fields.Nested(Party, required=True)
    agent = fields.Nested(Party, required=True)
    matters = fields.List(fields.String(), required=True)
    valid_until = fields.Date(required=True)
    state = fields.String(required=True, validate=validate.OneOf(["valid", "pending", "ended", "expired"]))
    works_from = Time(required=True, metadata={"description": "`pending` until then: the day after a new binding"})
    created_at = Time(required=True)


class MandateList(Schema):
    """One's own mandates, newest first."""

    items = fields.List(fields.Nested(MandateSchema), required=True)
