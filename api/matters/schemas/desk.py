"""Shapes of what staff see of the catalogue: its list, the versions of a matter, what differs and what must hold."""

from marshmallow import Schema, fields, validate

from api.matters.schemas.content import OwnForm, OwnSituation
from api.matters.schemas.entries import MATTER_KINDS, Entry
from api.web.fields import Paging, Time

STATES = ["draft", "planned", "in_force", "replaced", "ended"]


class Catalogue(Paging):
    """Which matters of the staff's list."""

    q = fields.String(validate=validate.Length(max=100))
    department = fields.String(validate=validate.Length(max=100))
    kind = fields.String(validate=validate.OneOf(MATTER_KINDS))
    state = fields.String(validate=validate.OneOf(["in_force", "draft", "planned", "ended", "unverified", "wrong"]))


class CatalogueLine(Schema):
    """A matter in the staff's list. `wrong` counts the rules that it breaks; `authored` starter is this project's."""

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
    """A version: how it stands today, and from when until when it holds; `until` is the first day without it."""

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


class Check(Schema):
    """What must hold before publication, the fields to mend, and whether it does."""

    words = fields.String(required=True)
    words_en = fields.String(required=True)
    fields_ = fields.List(fields.String(), required=True, data_key="fields", attribute="fields")
    holds = fields.Boolean(required=True)


class Difference(Schema):
    """A field that is not as in the version before."""

    field = fields.String(required=True)
    before = fields.Raw(required=True, allow_none=True)
    after = fields.Raw(required=True, allow_none=True)


class Inherited(Schema):
    """What came with the program: it holds for a version that carries nothing of its own."""

    situation = fields.Nested(OwnSituation, required=True, allow_none=True)
    form = fields.Nested(OwnForm, required=True, allow_none=True)


class Version(VersionLine):
    """A version in full, with its check list and what differs from the version before."""

    entry = fields.Nested(Entry, required=True)
    inherited = fields.Nested(Inherited, required=True)
    check = fields.List(fields.Nested(Check), required=True)
    differences = fields.List(fields.Nested(Difference), required=True)


class WholeCatalogue(Schema):
    """Every published version, by code and number, as `circle export matters` prints them."""

    items = fields.List(fields.Nested(Entry), required=True, validate=validate.Length(1, 5_000))


class BroughtIn(Schema):
    """How many versions were published, and how many were there already the same."""

    added = fields.Integer(required=True)
    passed_over = fields.Integer(required=True)
