"""Shapes of lists: matters, what search finds, public lists, packages, construction classes."""

from marshmallow import Schema, fields, validate

from api.web.fields import Paging


class ListQuestion(Paging):
    """Which matters: of a theme, and whether they can be handed in online."""

    theme = fields.String(validate=validate.Length(max=40))
    online = fields.Boolean()


class SearchQuestion(Schema):
    """What somebody wants, in their own words."""

    q = fields.String(required=True, validate=validate.Length(min=1, max=200))
    limit = fields.Integer(load_default=10, validate=validate.Range(1, 20))


class Line(Schema):
    """A matter in a list."""

    code = fields.String(required=True)
    name = fields.String(required=True)
    name_en = fields.String(required=True)
    kind = fields.String(required=True)
    theme = fields.List(fields.String(), required=True)
    department = fields.String(required=True)
    audience = fields.List(fields.String(), required=True)
    online = fields.Boolean(required=True)
    promised_days = fields.Integer(required=True, allow_none=True)
    version = fields.Integer(required=True)


class Lines(Schema):
    """A page of matters."""

    items = fields.List(fields.Nested(Line), required=True)
    next = fields.String(required=True, allow_none=True)


class Hit(Schema):
    """A matter that fits: `score` is the share of the question that it explains, `why` by which words."""

    code = fields.String(required=True)
    name = fields.String(required=True)
    score = fields.Float(required=True, validate=validate.Range(0, 1))
    why = fields.String(required=True)


class Hits(Schema):
    """What was asked, and what fits, best first; empty where nothing does."""

    query = fields.String(required=True)
    results = fields.List(fields.Nested(Hit), required=True)


class ListFace(Schema):
    """A public list (公开清单), computed on `date`: `count` matters `of` all in force, by the formula."""

    name = fields.String(required=True)
    title = fields.String(required=True)
    title_en = fields.String(required=True)
    formula = fields.String(required=True)
    formula_en = fields.String(required=True)
    count = fields.Integer(required=True)
    of = fields.Integer(required=True)
    percent = fields.Float(required=True)
    date = fields.Date(required=True)


class ListFaces(Schema):
    """All public lists; they are few, so there is one page."""

    items = fields.List(fields.Nested(ListFace), required=True)
    next = fields.String(required=True, allow_none=True)


class PublicList(ListFace):
    """A public list with its matters."""

    items = fields.List(fields.Nested(Line), required=True)


class NamedMatter(Schema):
    """A matter by code and name."""

    code = fields.String(required=True)
    name = fields.String(required=True)


class Package(Schema):
    """What belongs together (一件事). `order` is a list of stages; `A|B` in a stage means one of the two."""

    id = fields.String(required=True)
    name = fields.String(required=True)
    name_en = fields.String(required=True)
    audience = fields.List(fields.String(), required=True)
    lead = fields.String(required=True)
    matters = fields.List(fields.Nested(NamedMatter), required=True)
    choose = fields.String(required=True, allow_none=True)
    external = fields.List(fields.String(), required=True)
    order = fields.List(fields.List(fields.String()), required=True)
    promised_days = fields.Integer(required=True, allow_none=True)
    questions = fields.List(fields.String(), required=True)
    verified = fields.Boolean(required=True)
    source = fields.List(fields.String(), required=True)


class Packages(Schema):
    """All packages; they are few, so there is one page."""

    items = fields.List(fields.Nested(Package), required=True)
    next = fields.String(required=True, allow_none=True)


class ConstructionClass(Schema):
    """A class of construction project with its target days for the whole."""

    id = fields.String(required=True)
    name = fields.String(required=True)
    span = fields.String(required=True)
    target_2019 = fields.Integer(required=True, allow_none=True)
    target_2020 = fields.Integer(required=True, allow_none=True)
    unit = fields.String(required=True)
    verified = fields.Boolean(required=True)


class Stage(Schema):
    """A stage: who leads it, which matters it holds, and for which classes."""

    no = fields.Integer(required=True)
    name = fields.String(required=True)
    lead = fields.String(required=True)
    matters = fields.List(fields.Nested(NamedMatter), required=True)
    classes = fields.List(fields.String(), required=True)
    note = fields.String()


class ConstructionClasses(Schema):
    """The five classes, their four stages and what runs beside them."""

    note = fields.String(required=True)
    source = fields.List(fields.String(), required=True)
    classes = fields.List(fields.Nested(ConstructionClass), required=True)
    stages = fields.List(fields.Nested(Stage), required=True)
    parallel = fields.List(fields.Nested(NamedMatter), required=True)
