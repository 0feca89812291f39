"""Request and response schemas of background work, for staff."""

from marshmallow import Schema, fields, validate

from api.web.fields import Page, Paging, Time


class WorkQuery(Paging):
    """The state of the work that is listed."""

    state = fields.String(load_default="parked", validate=validate.OneOf(["parked", "pending", "dropped"]))


class Work(Schema):
    """An event or a job. `behind`: how many later events of its subject wait for a parked one."""

    id = fields.String(required=True)
    of = fields.String(required=True, validate=validate.OneOf(["event", "job"]))
    kind = fields.String(required=True)
    subject = fields.String(required=True, allow_none=True)
    state = fields.String(required=True)
    attempts = fields.Integer(required=True)
    reason = fields.String(required=True)
    due_at = Time(required=True)
    behind = fields.Integer(required=True)


class WorkPage(Page):
    """One page of background work."""

    items = fields.List(fields.Nested(Work), required=True)


class Backlog(Schema):
    """How many are due, failed before, parked; and for how many seconds the oldest that is due has waited."""

    due = fields.Integer(required=True)
    retrying = fields.Integer(required=True)
    parked = fields.Integer(required=True)
    oldest_seconds = fields.Float(required=True)


class Lag(Schema):
    """The backlog of events and of jobs; `slow_jobs` are those that take seconds, such as the check of a file."""

    events = fields.Nested(Backlog, required=True)
    jobs = fields.Nested(Backlog, required=True)
    slow_jobs = fields.Nested(Backlog, required=True)
