"""Request and response schemas of parcels."""

from marshmallow import EXCLUDE, Schema, fields, validate

from api.parcels.parcel import CARRIERS, STATES
from api.web.fields import Page, Time


class NewParcel(Schema):
    """A licence to send. `number` is the waybill number on the label; the console carrier makes its own."""

    direction = fields.String(required=True, validate=validate.OneOf(["to_citizen"]))
    carrier = fields.String(required=True, validate=validate.OneOf(list(CARRIERS)))
    number = fields.String(validate=validate.Length(max=40))


class Confirmation(Schema):
    """What has arrived; by default the licence."""

    item = fields.String(validate=validate.Length(max=60))


class ReceiverSchema(Schema):
    """The receiver, masked."""

    name = fields.String(required=True)
    phone = fields.String(required=True)
    address = fields.String(required=True)


class TrackingLine(Schema):
    """A tracking event, without couriers' names and phones."""

    at = Time(required=True)
    text = fields.String(required=True)
    state = fields.String(required=True, validate=validate.OneOf(list(STATES)))


class ParcelSchema(Schema):
    """A parcel. `state` is from the carrier's events; `confirmed_at` is when the applicant confirmed its receipt.

    `replaced`: the result that it holds was made anew since it was sent.
    """

    id = fields.String(required=True)
    version = fields.Integer(required=True)
    case = fields.String(required=True)
    direction = fields.String(required=True)
    replaced = fields.Boolean(required=True)
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
    """The tracking events of a parcel, oldest first."""

    items = fields.List(fields.Nested(TrackingLine), required=True)


class ParcelQueue(Schema):
    """A saved queue and a page of it."""

    queue = fields.String(load_default="open", validate=validate.OneOf(["open", "all"]))
    cursor = fields.String(validate=validate.Length(max=200))
    limit = fields.Integer(load_default=20, validate=validate.Range(1, 100))


class Push(Schema):
    """The form that 快递100 posts; unknown fields are ignored, since it may add some."""

    class Meta:
        """Ignores unknown fields."""

        unknown = EXCLUDE

    param = fields.String(required=True, validate=validate.Length(max=500_000))
    sign = fields.String(required=True, validate=validate.Length(max=64))
