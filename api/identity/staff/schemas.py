"""Schemas of staff: log-in, second factor, posts and recovery."""

from marshmallow import Schema, fields, validate

from api.identity.schemas import ID, NAME, SECRET_OF_DEVICE, PersonSchema, Tokens
from api.identity.staff.roles import ROLES
from api.web.fields import Page, Paging, Time

PASSWORD = validate.Length(min=1, max=200)
DIGITS = validate.Length(max=10)


class StaffLogIn(Schema):
    """User name, password, and the digits of the authenticator where one is set."""

    username = fields.String(required=True, validate=validate.Length(min=1, max=60))
    password = fields.String(required=True, validate=PASSWORD)
    totp = fields.String(validate=DIGITS)
    device = fields.String(
        validate=SECRET_OF_DEVICE,
        metadata={
            "description": "random and secret, kept by the device; a known one has a counter of tries of its own"
        },
    )


class LogInNote(Schema):
    """A note for the person who logs in, in Chinese and English."""

    zh = fields.String(required=True)
    en = fields.String(required=True)


class StaffDuties(Schema):
    """What a member of staff must do before work; until then only the routes for it are allowed."""

    staff = fields.Nested(PersonSchema)
    must_change_password = fields.Boolean()
    must_set_totp = fields.Boolean()
    note = fields.Nested(LogInNote)


class StaffTokens(Tokens, StaffDuties):
    """Tokens of a member of staff."""

    class Meta:
        """Leaves out the fields that only citizens have."""

        exclude = ("citizen",)


class NewPassword(Schema):
    """The password as it was and as it will be."""

    old = fields.String(required=True, validate=PASSWORD)
    new = fields.String(required=True, validate=PASSWORD)


class TotpSecret(Schema):
    """For an authenticator: as text, as an address (otpauth), and the address as a QR code (SVG, a data URI)."""

    secret = fields.String(required=True)
    uri = fields.String(required=True)
    qr = fields.String(required=True)


class TotpDigits(Schema):
    """The digits of the authenticator."""

    code = fields.String(required=True, validate=DIGITS)


class NewStaff(Schema):
    """A new member of staff; the server generates the first password."""

    username = fields.String(required=True, validate=validate.Regexp(r"^[A-Za-z0-9._-]{2,60}$"))
    name = fields.String(required=True, validate=NAME)
    roles = fields.List(
        fields.String(validate=validate.OneOf(sorted(ROLES))), required=True, validate=validate.Length(1, 5)
    )
    point = fields.String(load_default=None, allow_none=True, validate=ID)
    department = fields.String(load_default=None, allow_none=True, validate=ID)


class StaffChange(Schema):
    """The fields of a member of staff to change."""

    name = fields.String(validate=NAME)
    roles = fields.List(fields.String(validate=validate.OneOf(sorted(ROLES))), validate=validate.Length(1, 5))
    point = fields.String(allow_none=True, validate=ID)
    department = fields.String(allow_none=True, validate=ID)
    active = fields.Boolean(truthy={True}, falsy={False})


class StaffMember(PersonSchema):
    """A member of staff as an administrator sees them; `first_password` only where it was just made."""

    username = fields.String(required=True)
    active = fields.Boolean(required=True)
    totp = fields.Boolean(required=True, metadata={"description": "whether a second factor is set"})
    version = fields.Integer(required=True)
    first_password = fields.String()

    class Meta:
        """Leaves out the fields that only citizens have."""

        exclude = ("phone", "assurance")


class StaffPage(Page):
    """A page of staff, in the order in which they were added."""

    items = fields.List(fields.Nested(StaffMember), required=True)


class StaffQuery(Paging):
    """Filters of the list of staff, and paging."""

    q = fields.String(
        validate=validate.Length(min=1, max=60),
        metadata={"description": "a part of name, user name, point or department"},
    )
    role = fields.String(validate=validate.OneOf(sorted(ROLES)))
    active = fields.Boolean(truthy={"true"}, falsy={"false"})


class Recovery(Schema):
    """A recovery that waits for another administrator."""

    staff = fields.String(required=True)
    name = fields.String(required=True)
    username = fields.String(required=True)
    by = fields.String(required=True)
    by_name = fields.String(required=True)
    at = Time(required=True)
    ends_at = Time(required=True)


class RecoveryPage(Page):
    """A page of recoveries that wait."""

    items = fields.List(fields.Nested(Recovery), required=True)
