"""Schemas of street networks: those that were built, and builds that run or failed."""

from marshmallow import Schema, fields, validate

from api.web.fields import Time


class Network(Schema):
    """A street network that was built; `nodes` by mode; `points` of `of` placed points have a street of it near.

    `joined`: the share of their pairs that a way on foot joins; it and `points` are null for an old one of an earlier
    release. `state`: in_use, building (this host rebuilds it), missing (on this host), old. `usable`: whether
    `circle network use` can go back to it.
    """

    generation = fields.String(required=True)
    current = fields.Boolean(required=True)
    state = fields.String(required=True)
    file = fields.String(required=True)
    sha256 = fields.String(required=True)
    added_at = Time(required=True)
    box = fields.List(fields.Float(), required=True)
    nodes = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)
    points = fields.Integer(required=True, allow_none=True)
    of = fields.Integer(required=True)
    joined = fields.Float(required=True, allow_none=True)
    usable = fields.Boolean(required=True)
    attribution = fields.String(required=True)


class Build(Schema):
    """A build that runs or failed on a host; `why` is the reason of a failure in words.

    `step`: reading, then searching (`done` of `of` places, mode by mode: walk, walk_slow, bike, drive), then keeping
    the file for other hosts. A build whose last heartbeat (`at`) is long ago was interrupted.
    """

    generation = fields.String(required=True)
    file = fields.String(required=True)
    host = fields.String(required=True)
    state = fields.String(required=True, validate=validate.OneOf(["building", "failed"]))
    step = fields.String(required=True, validate=validate.OneOf(["reading", "searching", "keeping"]))
    mode = fields.String(required=True, allow_none=True)
    done = fields.Integer(required=True, allow_none=True)
    of = fields.Integer(required=True, allow_none=True)
    began_at = Time(required=True)
    at = Time(required=True)
    why = fields.String(required=True, allow_none=True)


class Networks(Schema):
    """All networks and builds."""

    items = fields.List(fields.Nested(Network), required=True)
    builds = fields.List(fields.Nested(Build), required=True)
