"""Schemas of lists: matters, search results, public lists, packages, construction classes."""

from marshmallow import Schema, fields, validate

from api.web.fields import Paging


class ListQuestion(Paging):
    """The query of the list of matters: paging, theme, whether they can be applied for online."""

    theme = fields.String(validate=validate.Length(max=40))
    online = fields.Boolean()


class SearchQuestion(Schema):
    """The query of a search: a question in people's own words."""

    q = fields.String(required=True, validate=validate.Length(min=1, max=200))
    limit = fields.Integer(load_default=10, validate=validate.Range(1, 20))


class LineSchema(Schema):
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

    items = fields.List(fields.Nested(LineSchema), required=True)
    next = fields.String(required=True, allow_none=True)


class HitSchema(Schema):
    """A search result: `score` is the share of the question that the matter explains, `why` names the words."""

    code = fields.String(required=True)
    name = fields.String(required=True)
    score = fields.Float(required=True, validate=validate.Range(0, 1))
    why = fields.String(required=True)


class ReferralSchema(Schema):
    """What another office does: the `word` of the question, the office, its number (null: none known)."""

    word = fields.String(required=True)
    office = fields.String(required=True)
    office_en = fields.String(required=True)
    phone = fields.String(required=True, allow_none=True)


class Hits(Schema):
    """The results of a search, best first; empty where nothing fits. `elsewhere`: what is another office's business."""

    query = fields.String(required=True)
    results = fields.List(fields.Nested(HitSchema), required=True)
    elsewhere = fields.List(fields.Nested(ReferralSchema), required=True)


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


class PublicListSchema(ListFace):
    """A public list with its matters."""

    items = fields.List(fields.Nested(LineSchema), required=True)


class NamedMatter(Schema):
    """A matter by code and name."""

    code = fields.String(required=True)
    name = fields.String(required=True)


class Package(Schema):
    """A package of matters that belong together (一件事). `order` lists its stages; `A|B` means one of the two."""

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
    """A class of construction projects, with its target days for the whole procedure."""

    id = fields.String(required=True)
    name = fields.String(required=True)
    span = fields.String(required=True)
    target_2019 = fields.Integer(required=True, allow_none=True)
    target_2020 = fields.Integer(required=True, allow_none=True)
    unit = fields.String(required=True)
    verified = fields.Boolean(required=True)


class Stage(Schema):
    """A stage of a construction project: who leads it, its matters, and the classes that it applies to."""

    no = fields.Integer(required=True)
    name = fields.String(required=True)
    lead = fields.String(required=True)
    matters = fields.List(fields.Nested(NamedMatter), required=True)
    classes = fields.List(fields.String(), required=True)
    note = fields.String()


class ConstructionClasses(Schema):
    """The five classes of construction projects, their four stages, and the matters that run in parallel."""

    note = fields.String(required=True)
    source = fields.List(fields.String(), required=True)
    classes = fields.List(fields.Nested(ConstructionClass), required=True)
    stages = fields.List(fields.Nested(Stage), required=True)
    parallel = fields.List(fields.Nested(NamedMatter), required=True)
