"""Schemas of what was handed in with a case: files by material, and what the applicant signed at a window."""

from marshmallow import Schema, fields

from api.cases.life.schemas import FileLine


class MaterialLine(Schema):
    """A material and the files handed in for it. A `filled_in` one is the form itself, i.e. the answers of the case."""

    key = fields.String(required=True)
    name = fields.String(required=True)
    kind = fields.String(required=True, metadata={"description": "what the guide asks for: 原件, 复印件, …"})
    copies = fields.Integer(required=True)
    required = fields.Boolean(required=True, metadata={"description": "False: to be handed in where there is one"})
    held_by_state = fields.Boolean(required=True)
    filled_in = fields.Boolean(required=True)
    files = fields.List(fields.Nested(FileLine), required=True)


class SignedAct(Schema):
    """An act of the applicant that an officer did for them, and the scans of what they signed."""

    seq = fields.Integer(required=True)
    label = fields.String(required=True)
    label_en = fields.String(required=True)
    files = fields.List(fields.Nested(FileLine), required=True)


class AidedSchema(Schema):
    """The officer who filled a case in for somebody without a phone, in which language they are spoken to, and what
    they signed, scanned: the consent to the application, and `signed` for each later act that was done for them.

    `has_account`: an account verified in person has it now, and does the applicant's acts.
    """

    language = fields.String(required=True)
    by = fields.String(required=True)
    has_account = fields.Boolean(required=True)
    consent = fields.List(fields.Nested(FileLine), required=True)
    signed = fields.List(fields.Nested(SignedAct), required=True)
