"""Schemas of what was deferred and promised in a case, and of broken promises."""

from marshmallow import Schema, fields, validate

from api.cases.promises.promise import BROKEN, KEPT, NOT_RECTIFIED, RECTIFIED
from api.web.fields import Page, Paging, Time

PROMISE_STATES = ("standing", "lifted")


class SentenceOfPromise(Schema):
    """What is said of a promise, or its text, in both languages."""

    text = fields.String(required=True)
    text_en = fields.String(required=True)


class PromisedText(SentenceOfPromise):
    """The text that the applicant accepted, with its version."""

    text_version = fields.Integer(required=True)


class DeferredMaterial(Schema):
    """A material that follows later (容缺), by the applicant's choice; `due` is its last day, null where not known yet.

    `asked`: chosen, and not answered; `called_in`: the window wants it before it accepts; `open`: still to come, the
    result is held; `brought`; `late`: the case ended for it; `dropped`: it ended otherwise.
    """

    key = fields.String(required=True)
    name = fields.String(required=True)
    state = fields.String(
        required=True, validate=validate.OneOf(["asked", "called_in", "open", "brought", "late", "dropped"])
    )
    due = fields.String(required=True, allow_none=True)
    days = fields.Integer(required=True)
    unit = fields.String(required=True, validate=validate.OneOf(["working", "calendar"]))
    why = fields.String(required=True, allow_none=True)
    brought_at = Time(required=True, allow_none=True)
    promise = fields.Nested(PromisedText, required=True)
    sentence = fields.Nested(SentenceOfPromise, required=True)


class PromiseCheck(Schema):
    """What the check of a promise found."""

    outcome = fields.String(required=True, validate=validate.OneOf([KEPT, BROKEN]))
    text = fields.String(required=True)
    ground = fields.String(required=True)
    at = Time(required=True)


class Rectification(Schema):
    """An order to put right what was not as promised (责令限期整改): its last day, null where not known yet, and what
    was found then; `outcome` is null before that."""

    seq = fields.Integer(required=True)
    at = Time(required=True)
    text = fields.String(required=True)
    ground = fields.String(required=True)
    days = fields.Integer(required=True)
    due = fields.String(required=True, allow_none=True)
    outcome = fields.String(required=True, allow_none=True, validate=validate.OneOf([RECTIFIED, NOT_RECTIFIED]))
    checked_at = Time(required=True, allow_none=True)
    finding = fields.String(required=True, allow_none=True)


class CasePromise(PromisedText):
    """The applicant's promise (告知承诺), whether it was decided upon, what came of its check, and what followed.

    `revoked_at` is when the decision was revoked for it.
    """

    accepted_at = Time(required=True)
    decided_at = Time(required=True, allow_none=True)
    check_due = fields.String(required=True, allow_none=True)
    check = fields.Nested(PromiseCheck, required=True, allow_none=True)
    rectifications = fields.List(fields.Nested(Rectification), required=True)
    revoked_at = Time(required=True, allow_none=True)
    sentence = fields.Nested(SentenceOfPromise, required=True)


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
