"""Schemas of fresh proofs."""

from marshmallow import Schema, fields, validate

from api.identity.staff.schemas import DIGITS, PASSWORD
from api.web.fields import Time

WAYS = ("code", "totp", "password")


class ProofStanding(Schema):
    """The way in which a fresh proof is given, and until when the last one holds."""

    way = fields.String(
        required=True,
        validate=validate.OneOf(WAYS),
        metadata={"description": "`code` by SMS for citizens, `totp` for staff with an authenticator, else `password`"},
    )
    until = Time(required=True, allow_none=True)


class FreshProof(Schema):
    """A fresh proof, in the field that `way` names."""

    code = fields.String(validate=validate.Length(max=12))
    totp = fields.String(validate=DIGITS)
    password = fields.String(validate=PASSWORD)
