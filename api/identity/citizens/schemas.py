"""Schemas of citizens: log-in, consents and export."""

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from api.identity.citizens import consent
from api.identity.schemas import LANGUAGES, NAME, NUMBER, SECRET_OF_DEVICE
from api.web.fields import Time

PHONE = validate.Length(max=30)


class CodeRequest(Schema):
    """The phone number that a code is sent to."""

    phone = fields.String(required=True, validate=PHONE)
    device = fields.String(
        validate=SECRET_OF_DEVICE, metadata={"description": "as at the log-in: a known one has limits of its own"}
    )


class CodeSent(Schema):
    """The seconds until the code expires, and until another may be requested."""

    expires_in = fields.Integer(required=True)
    resend_in = fields.Integer(required=True)


class Proofs(Schema):
    """Further proofs that a log-in may send with its code."""

    device = fields.String(
        validate=SECRET_OF_DEVICE,
        metadata={"description": "random and secret, kept by the device; tells a known device from a new one"},
    )
    id_number = fields.String(
        validate=NUMBER, metadata={"description": "where a log-in was refused with `identity_needed`"}
    )


class CitizenLogIn(Proofs):
    """A phone and the code it was sent."""

    phone = fields.String(required=True, validate=PHONE)
    code = fields.String(required=True, validate=validate.Length(max=40))


class WeChatLogIn(Proofs):
    """The code from `wx.login`; the first time also the `phone_code` from `getPhoneNumber`."""

    code = fields.String(required=True, validate=validate.Length(min=1, max=200))
    phone_code = fields.String(validate=validate.Length(max=200))


class OwnRecord(Schema):
    """A new name of oneself, or the language in which one is told things, or both."""

    name = fields.String(validate=NAME)
    language = fields.String(validate=validate.OneOf(LANGUAGES), metadata={"description": "of SMS and other notices"})

    @validates_schema
    def require_one(self, data: dict[str, str], **_: object) -> None:
        """Refuse a change of nothing."""
        if not data:
            raise ValidationError("请填写这一项。", "name")


class PrivacyNotice(Schema):
    """What this installation settles of the notice of how personal information is handled (个人信息保护法 第17条)."""

    handler = fields.String(required=True, metadata={"description": "who handles it; empty in a trial"})
    contact = fields.String(required=True)
    conversation_days = fields.Integer(required=True, metadata={"description": "how long a closed one is kept"})
    sms_abroad = fields.Boolean(required=True, metadata={"description": "SMS go through a provider abroad"})
    wechat = fields.Boolean(required=True)
    tracking = fields.Boolean(required=True, metadata={"description": "快递100 is told waybills and phone numbers"})


class ConsentDecision(Schema):
    """Consent given to, or withdrawn from, a text that was displayed."""

    purpose = fields.String(required=True, validate=validate.OneOf(list(consent.PURPOSES)))
    text_version = fields.Integer(required=True, strict=True, validate=validate.Range(1, 1000))
    channel = fields.String(load_default="web", validate=validate.OneOf(consent.CHANNELS))
    given = fields.Boolean(required=True, truthy={True}, falsy={False})


class ConsentEntry(ConsentDecision):
    """One entry of the ledger."""

    at = Time(required=True)


class ConsentPurpose(Schema):
    """A purpose, its current text, the articles of PIPL that it is based on, and the state of consent."""

    purpose = fields.String(required=True)
    text_version = fields.Integer(required=True)
    zh = fields.String(required=True)
    en = fields.String(required=True)
    articles = fields.List(fields.Integer(), required=True)
    state = fields.String(required=True, validate=validate.OneOf(["none", "given", "outdated", "withdrawn"]))


class ConsentList(Schema):
    """Purposes and ledger."""

    purposes = fields.List(fields.Nested(ConsentPurpose), required=True)
    ledger = fields.List(fields.Nested(ConsentEntry), required=True)


class Export(Schema):
    """All data of a person, by section."""

    made_at = Time(required=True)
    data = fields.Dict(keys=fields.String(), required=True)
