"""Schemas of broken promises."""

from marshmallow import Schema, fields, validate

from api.web.fields import Page, Paging, Time

PROMISE_STATES = ("standing", "lifted")


class BrokenPromiseSchema(Schema):
    """A promise that was not kept: whether materials did not follow in time, or what was promised was not so.

    While it stands, its person may not defer or promise. `reason` is why a supervisor lifted it.
    """

    id = fields.String(required=True)
    number = fields.String(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(["deferral", "promise"]))
    at = Time(required=True)
    state = fields.String(required=True, validate=validate.OneOf(PROMISE_STATES))
    lifted_at = Time(required=True, allow_none=True)
    reason = fields.String(required=True, allow_none=True)


class BrokenPromiseQuery(Paging):
    """The state of the broken promises to list, and a page of them."""

    state = fields.String(load_default="standing", validate=validate.OneOf(PROMISE_STATES))


class BrokenPromisePage(Page):
    """One page of broken promises, the newest first."""

    items = fields.List(fields.Nested(BrokenPromiseSchema), required=True)


class Lifting(Schema):
    """Why a broken promise counts no more."""

    reason = fields.String(required=True, validate=[validate.Length(1, 500), validate.Regexp(r"(?s).*\S")])
