"""Schemas of the catalogue for staff: its list, the versions of a matter, their checks and differences."""

from marshmallow import Schema, fields, validate

from api.matters.schemas.content import OwnForm, OwnSituation
from api.matters.schemas.entries import MATTER_KINDS, EntrySchema
from api.web.fields import Paging, Time

STATES = ["draft", "planned", "in_force", "replaced", "ended"]


class Catalogue(Paging):
    """The query of the staff's list of matters: paging and filters."""

    q = fields.String(validate=validate.Length(max=100))
    department = fields.String(validate=validate.Length(max=100))
    kind = fields.String(validate=validate.OneOf(MATTER_KINDS))
    state = fields.String(validate=validate.OneOf(["in_force", "draft", "planned", "ended", "unverified", "wrong"]))


class CatalogueLine(Schema):
    """A matter in the staff's list. `wrong` counts the consistency rules that it breaks; `authored` is `starter` for an
    entry that came with the program."""

    code = fields.String(required=True)
    name = fields.String(required=True)
    name_en = fields.String(required=True)
    kind = fields.String(required=True)
    theme = fields.List(fields.String(), required=True)
    department = fields.String(required=True)
    department_known = fields.Boolean(required=True)
    version = fields.Integer(required=True, allow_none=True)
    state = fields.String(required=True, validate=validate.OneOf(STATES))
    planned_from = fields.Date(required=True, allow_none=True)
    draft = fields.Integer(required=True, allow_none=True)
    unverified = fields.List(fields.String(), required=True)
    wrong = fields.Integer(required=True)
    authored = fields.String(required=True, validate=validate.OneOf(["starter", "office"]))


class CatalogueLines(Schema):
    """A page of the staff's list."""

    items = fields.List(fields.Nested(CatalogueLine), required=True)
    next = fields.String(required=True, allow_none=True)


class VersionLine(Schema):
    """A version of a matter: its state today and its validity; `until` is the first day without it."""

    id = fields.String(required=True)
    code = fields.String(required=True)
    version = fields.Integer(required=True)
    name = fields.String(required=True)
    edit = fields.Integer(required=True)
    state = fields.String(required=True, validate=validate.OneOf(STATES))
    valid_from = fields.Date(required=True, allow_none=True)
    until = fields.Date(required=True, allow_none=True)
    by = fields.String(required=True)
    at = Time(required=True, allow_none=True)
    authored = fields.String(required=True, validate=validate.OneOf(["starter", "office"]))


class VersionLines(Schema):
    """The versions of a matter, the newest first; they are few, so there is one page."""

    items = fields.List(fields.Nested(VersionLine), required=True)


class CheckSchema(Schema):
    """A check before publication: what must hold, the fields to mend, and whether it holds."""

    words = fields.String(required=True)
    words_en = fields.String(required=True)
    fields_ = fields.List(fields.String(), required=True, data_key="fields", attribute="fields")
    holds = fields.Boolean(required=True)


class DifferenceSchema(Schema):
    """A field that differs from the version before."""

    field = fields.String(required=True)
    before = fields.Raw(required=True, allow_none=True)
    after = fields.Raw(required=True, allow_none=True)


class Inherited(Schema):
    """The content that came with the program, used by a version that carries none."""

    situation = fields.Nested(OwnSituation, required=True, allow_none=True)
    form = fields.Nested(OwnForm, required=True, allow_none=True)


class Version(VersionLine):
    """A version in full, with its checks and the differences from the version before."""

    entry = fields.Nested(EntrySchema, required=True)
    inherited = fields.Nested(Inherited, required=True)
    check = fields.List(fields.Nested(CheckSchema), required=True)
    differences = fields.List(fields.Nested(DifferenceSchema), required=True)


class WholeCatalogue(Schema):
    """Every published version, by code and number, as `circle export matters` prints them."""

    items = fields.List(fields.Nested(EntrySchema), required=True, validate=validate.Length(1, 5_000))


class BroughtIn(Schema):
    """The result of an import: how many versions were published, and how many existed already with the same content."""

    added = fields.Integer(required=True)
    passed_over = fields.Integer(required=True)
