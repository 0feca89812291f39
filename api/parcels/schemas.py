"""Shapes of parcels."""

from marshmallow import EXCLUDE, Schema, fields, validate

from api.parcels.parcel import CARRIERS, STATES
from api.web.fields import Page, Time


class NewParcel(Schema):
    """Send the licence. The console carrier draws its own number; the others' stands on their label."""

    direction = fields.String(required=True, validate=validate.OneOf(["to_citizen"]))
    carrier = fields.String(required=True, validate=validate.OneOf(list(CARRIERS)))
    number = fields.String(validate=validate.Length(max=40))


class Confirmation(Schema):
    """What arrived; the licence, where nothing is said."""

    item = fields.String(validate=validate.Length(max=60))


class ReceiverSchema(Schema):
    """To whom; masked."""

    name = fields.String(required=True)
    phone = fields.String(required=True)
    address = fields.String(required=True)


class TrackingLine(Schema):
    """One line of tracking, without couriers' names and phones."""

    at = Time(required=True)
    text = fields.String(required=True)
    state = fields.String(required=True, validate=validate.OneOf(list(STATES)))


class ParcelSchema(Schema):
    """A parcel. `state` is what the carrier says; `confirmed_at` is the applicant's own word."""

    id = fields.String(required=True)
    version = fields.Integer(required=True)
    case = fields.String(required=True)
    direction = fields.String(required=True)
    carrier = fields.String(required=True)
    carrier_name = fields.String(required=True)
    number = fields.String(required=True)
    state = fields.String(required=True, validate=validate.OneOf(list(STATES)))
    state_label = fields.String(required=True)
    monitor = fields.String(required=True)
    receiver = fields.Nested(ReceiverSchema, required=True)
    events = fields.List(fields.Nested(TrackingLine), required=True)
    confirmed_at = Time(required=True, allow_none=True)
    created_at = Time(required=True)


class ParcelPage(Page):
    """A page of parcels."""

    items = fields.List(fields.Nested(ParcelSchema), required=True)


class TrackingLines(Schema):
    """All lines, oldest first."""

    items = fields.List(fields.Nested(TrackingLine), required=True)


class ParcelQueue(Schema):
    """A saved queue and a page of it."""

    queue = fields.String(load_default="open", validate=validate.OneOf(["open", "all"]))
    cursor = fields.String(validate=validate.Length(max=200))
    limit = fields.Integer(load_default=20, validate=validate.Range(1, 100))


class Push(Schema):
    """快递100's form; what else it may send is not ours to refuse."""

    class Meta:
        """Take no notice of further fields."""

        unknown = EXCLUDE

    param = fields.String(required=True, validate=validate.Length(max=500_000))
    sign = fields.String(required=True, validate=validate.Length(max=64))
