"""Schemas of verifications, and of changes of a phone number."""

from marshmallow import Schema, fields, validate

from api.identity.citizens.schemas import PHONE
from api.identity.schemas import ID, NAME, NUMBER, PersonSchema
from api.identity.verifications.verification import KINDS, STATES
from api.web.fields import Page, Paging, Time

CODE = validate.Length(max=40)
MONTH = validate.Regexp(r"^20\d\d-(0[1-9]|1[0-2])$")
HOW = validate.OneOf(["code", "second_officer", "register", "wait"])
STATE = validate.OneOf(STATES)


class CardSeen(Schema):
    """The name and the identity number on an identity card."""

    name = fields.String(required=True, validate=NAME)
    id_number = fields.String(required=True, validate=NUMBER)


class CardSeenAtWindow(CardSeen):
    """The identity card of a citizen, named by id (their page displays it) or by a case that they own."""

    citizen = fields.String(validate=ID)
    case = fields.String(validate=ID)


class ConfirmationCode(Schema):
    """The code on the account's own device; without it, a second officer confirms."""

    code = fields.String(load_default="", validate=CODE)


class NewPhone(Schema):
    """A new number, with the codes that were sent to it and to the number before (`POST /v1/sessions/codes`)."""

    phone = fields.String(required=True, validate=PHONE)
    code = fields.String(required=True, validate=CODE)
    old_code = fields.String(required=True, validate=CODE)


class NewPhoneAtWindow(Schema):
    """A new number with the code that was sent to it, and the identity number on the card that was seen."""

    phone = fields.String(required=True, validate=PHONE)
    code = fields.String(required=True, validate=CODE)
    id_number = fields.String(required=True, validate=NUMBER)


class VerificationLine(Schema):
    """A verification as staff see it. `name` and `number` of a card are those on it, while it waits; all are masked."""

    id = fields.String(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(KINDS))
    state = fields.String(required=True, validate=STATE)
    at = Time(required=True)
    point = fields.String(required=True, allow_none=True, metadata={"description": "null where it was done online"})
    opened_by = fields.String(required=True)
    confirmed_by = fields.String(required=True)
    confirmed_how = fields.String(required=True, allow_none=True, validate=HOW)
    confirmed_at = Time(required=True, allow_none=True)
    works_from = Time(
        required=True,
        allow_none=True,
        metadata={"description": "until then the account objects; then mandates count, accounts join, numbers change"},
    )
    joins = fields.String(required=True, allow_none=True, metadata={"description": "the account that it is to join"})
    citizen = fields.String(required=True)
    name = fields.String(required=True)
    number = fields.String(required=True)
    phone = fields.String(required=True)
    new_phone = fields.String(required=True)


class VerificationPage(Page):
    """A page of verifications, newest first."""

    items = fields.List(fields.Nested(VerificationLine), required=True)


class VerificationQuery(Paging):
    """A month of the list, the present one unless said, and a state."""

    month = fields.String(validate=MONTH)
    state = fields.String(validate=validate.OneOf(STATES))


class OpenedVerification(PersonSchema):
    """The account, with its verification that waits to be confirmed."""

    verification = fields.Nested(VerificationLine, required=True)
    ends_at = Time(required=True, metadata={"description": "until then it may be confirmed"})


class OwnVerification(Schema):
    """A verification of one's own account, or (`own` false) of another account that is to join one's own."""

    id = fields.String(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(KINDS))
    state = fields.String(required=True, validate=STATE)
    at = Time(required=True)
    point = fields.String(required=True, allow_none=True)
    own = fields.Boolean(required=True)
    joins = fields.Boolean(required=True)
    works_from = Time(required=True, allow_none=True)
    code = fields.String(required=True, metadata={"description": "to be read out to the officer, while it waits"})
    phone = fields.String(required=True, metadata={"description": "the new number, masked, while it waits"})
    may_object = fields.Boolean(required=True)


class OwnVerifications(Schema):
    """One's own verifications, newest first."""

    items = fields.List(fields.Nested(OwnVerification), required=True)
