"""Shapes of log-in, of one's own record, of mandates and of staff."""

from marshmallow import Schema, fields, validate

from api.identity.citizens import consent
from api.identity.mandates import mandate
from api.identity.staff import officer
from api.web.fields import Page, Paging, Time

PHONE = validate.Length(max=30)
NAME = validate.Length(min=1, max=200)
NUMBER = validate.Length(min=1, max=40)
PASSWORD = validate.Length(min=1, max=200)
DIGITS = validate.Length(max=10)
ID = validate.Length(max=40)


class Phone(Schema):
    """Where a code goes."""

    phone = fields.String(required=True, validate=PHONE)


class CodeSent(Schema):
    """How long the code holds and when another may be asked for, in seconds."""

    expires_in = fields.Integer(required=True)
    resend_in = fields.Integer(required=True)


class Proofs(Schema):
    """What a log-in may bring beside its code."""

    device = fields.String(
        validate=validate.Length(min=16, max=100),
        metadata={"description": "random and secret, kept by the device; tells a known device from a new one"},
    )
    id_number = fields.String(
        validate=NUMBER, metadata={"description": "where a log-in was refused with `identity_needed`"}
    )


class CitizenLogIn(Proofs):
    """A phone and the code it was sent."""

    phone = fields.String(required=True, validate=PHONE)
    code = fields.String(required=True, validate=validate.Length(max=12))


class WeChatLogIn(Proofs):
    """What `wx.login` gave, and what `getPhoneNumber` gave: needed the first time."""

    code = fields.String(required=True, validate=validate.Length(min=1, max=200))
    phone_code = fields.String(validate=validate.Length(max=200))


class StaffLogIn(Schema):
    """User name, password, and the digits of the authenticator where one is set."""

    username = fields.String(required=True, validate=validate.Length(min=1, max=60))
    password = fields.String(required=True, validate=PASSWORD)
    totp = fields.String(validate=DIGITS)


class Refresh(Schema):
    """The refresh token, good for one use."""

    refresh_token = fields.String(required=True, validate=validate.Length(max=100))


class Rename(Schema):
    """One's own name."""

    name = fields.String(required=True, validate=NAME)


class Person(Schema):
    """A citizen (phone, assurance) or a member of staff (roles, point, department)."""

    id = fields.String(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(["citizen", "staff"]))
    name = fields.String(required=True)
    phone = fields.String(metadata={"description": "masked"})
    assurance = fields.String(validate=validate.OneOf(["phone", "verified"]))
    roles = fields.List(fields.String())
    point = fields.String(allow_none=True)
    department = fields.String(allow_none=True)


class Note(Schema):
    """Words for the person who logs in."""

    zh = fields.String(required=True)
    en = fields.String(required=True)


class Tokens(Schema):
    """Opaque tokens; `expires_in` in seconds. A refresh gives tokens alone, a log-in also the person."""

    token = fields.String(required=True)
    refresh_token = fields.String(required=True)
    expires_in = fields.Integer(required=True)
    citizen = fields.Nested(Person)


class StaffStanding(Schema):
    """What an officer must do before work; until then a log-in opens only the routes that do it."""

    staff = fields.Nested(Person)
    must_change_password = fields.Boolean()
    must_set_totp = fields.Boolean()
    note = fields.Nested(Note)


class StaffTokens(Tokens, StaffStanding):
    """Tokens of an officer."""

    class Meta:
        """What citizens have is left out."""

        exclude = ("citizen",)


class CardSeen(Schema):
    """A name and an identity number as on the card."""

    name = fields.String(required=True, validate=NAME)
    id_number = fields.String(required=True, validate=NUMBER)


class CardSeenAtWindow(CardSeen):
    """Of the citizen with this id (their page shows it), or of the owner of this case."""

    citizen = fields.String(validate=ID)
    case = fields.String(validate=ID)


class ConsentTold(Schema):
    """Consent given to, or withdrawn from, words that were shown."""

    purpose = fields.String(required=True, validate=validate.OneOf(list(consent.PURPOSES)))
    text_version = fields.Integer(required=True, strict=True, validate=validate.Range(1, 1000))
    channel = fields.String(load_default="web", validate=validate.OneOf(consent.CHANNELS))
    given = fields.Boolean(required=True, truthy={True}, falsy={False})


class ConsentEntry(ConsentTold):
    """One entry of the ledger."""

    at = Time(required=True)


class ConsentPurpose(Schema):
    """A purpose, its words in force, the articles of PIPL it rests on, and what holds."""

    purpose = fields.String(required=True)
    text_version = fields.Integer(required=True)
    zh = fields.String(required=True)
    en = fields.String(required=True)
    articles = fields.List(fields.Integer(), required=True)
    state = fields.String(required=True, validate=validate.OneOf(["none", "given", "outdated", "withdrawn"]))


class Consents(Schema):
    """Purposes and ledger."""

    purposes = fields.List(fields.Nested(ConsentPurpose), required=True)
    ledger = fields.List(fields.Nested(ConsentEntry), required=True)


class Export(Schema):
    """All that is kept of a person, by section."""

    made_at = Time(required=True)
    data = fields.Dict(keys=fields.String(), required=True)


class Party(Schema):
    """A side of a mandate: a person with an identity number, or a company with a credit code."""

    name = fields.String(required=True, validate=NAME)
    number = fields.String(required=True, validate=NUMBER)


class NewMandate(Schema):
    """Who may act for whom. A citizen gives it for themselves; `principal` is told by an officer only."""

    kind = fields.String(required=True, validate=validate.OneOf(mandate.KINDS))
    principal = fields.Nested(Party)
    agent = fields.Nested(Party, required=True)
    matters = fields.List(
        fields.String(validate=validate.Length(min=1, max=60)),
        validate=validate.Length(max=50),
        metadata={"description": "codes; empty or left out means all"},
    )
    valid_until = fields.Date(required=True, metadata={"description": "the last day, in Beijing"})


class Mandate(Schema):
    """One mandate, numbers masked but to an officer."""

    id = fields.String(required=True)
    kind = fields.String(required=True)
    side = fields.String(required=True, allow_none=True, validate=validate.OneOf(["given", "held"]))
    principal = fields.Nested(Party, required=True)
    agent = fields.Nested(Party, required=True)
    matters = fields.List(fields.String(), required=True)
    valid_until = fields.Date(required=True)
    state = fields.String(required=True, validate=validate.OneOf(["valid", "ended", "expired"]))
    created_at = Time(required=True)


class Mandates(Schema):
    """One's own, newest first."""

    items = fields.List(fields.Nested(Mandate), required=True)


class NewOfficer(Schema):
    """A new member of staff; the first password is made here."""

    username = fields.String(required=True, validate=validate.Regexp(r"^[A-Za-z0-9._-]{2,60}$"))
    name = fields.String(required=True, validate=NAME)
    roles = fields.List(
        fields.String(validate=validate.OneOf(sorted(officer.ROLES))), required=True, validate=validate.Length(1, 5)
    )
    point = fields.String(load_default=None, allow_none=True, validate=ID)
    department = fields.String(load_default=None, allow_none=True, validate=ID)


class OfficerChange(Schema):
    """What of an officer changes."""

    name = fields.String(validate=NAME)
    roles = fields.List(fields.String(validate=validate.OneOf(sorted(officer.ROLES))), validate=validate.Length(1, 5))
    point = fields.String(allow_none=True, validate=ID)
    department = fields.String(allow_none=True, validate=ID)
    active = fields.Boolean(truthy={True}, falsy={False})


class Officer(Person):
    """A member of staff as an administrator sees them; `first_password` only where it was just made."""

    username = fields.String(required=True)
    active = fields.Boolean(required=True)
    totp = fields.Boolean(required=True, metadata={"description": "whether a second factor is set"})
    version = fields.Integer(required=True)
    first_password = fields.String()

    class Meta:
        """What citizens have is left out."""

        exclude = ("phone", "assurance")


class OfficerPage(Page):
    """Staff, in the order they came."""

    items = fields.List(fields.Nested(Officer), required=True)


class OfficersWanted(Paging):
    """Which members of staff, and a page of them."""

    q = fields.String(
        validate=validate.Length(min=1, max=60),
        metadata={"description": "a part of name, user name, point or department"},
    )
    role = fields.String(validate=validate.OneOf(sorted(officer.ROLES)))
    active = fields.Boolean(truthy={"true"}, falsy={"false"})


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
    """Recoveries that wait."""

    items = fields.List(fields.Nested(Recovery), required=True)
