"""Shapes of the catalogue."""

from datetime import date
from typing import Any

from marshmallow import Schema, ValidationError, fields, post_load, validate

from api.matters.form import KINDS
from api.matters.version import CODE
from api.shapes import FORM_VALUE, Paging, Time

UNITS = ["working", "calendar"]
DAY_UNITS = ("工作日", "自然日")
MATTER_KINDS = ("行政许可", "行政确认", "行政给付", "行政奖励", "行政裁决", "其他行政权力", "公共服务")
STATES = ["draft", "planned", "in_force", "replaced", "ended"]


class ListQuestion(Paging):
    """Which matters: of a theme, and whether they can be handed in online."""

    theme = fields.String(validate=validate.Length(max=40))
    online = fields.Boolean()


class SearchQuestion(Schema):
    """What somebody wants, in their own words."""

    q = fields.String(required=True, validate=validate.Length(min=1, max=200))
    limit = fields.Integer(load_default=10, validate=validate.Range(1, 20))


class VersionQuestion(Schema):
    """A version of a matter; the one in force where none is named."""

    version = fields.Integer(validate=validate.Range(1, 1_000_000))


class GuideQuestion(VersionQuestion):
    """Whose guide: `answers` as `key:value,key:value`, by the keys and values of the guide's own `questions`."""

    answers = fields.String(validate=validate.Regexp(r"^[a-z_]{1,30}:[a-z_]{1,30}(,[a-z_]{1,30}:[a-z_]{1,30}){0,29}$"))

    @post_load
    def read(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        """The answers as a mapping."""
        pairs = (pair.split(":") for pair in data.get("answers", "").split(",") if pair)
        return {**data, "answers": dict(pairs)}


class PrintQuestion(GuideQuestion):
    """Whose guide, and in which print: `large` has letters of 18 points; `lang` is that of the headings."""

    lang = fields.String(load_default="zh", validate=validate.OneOf(["zh", "en"]))
    size = fields.String(load_default="normal", validate=validate.OneOf(["normal", "large"]))


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


class Limit(Schema):
    """A limit in working or calendar days."""

    days = fields.Integer(required=True)
    unit = fields.String(required=True, validate=validate.OneOf(UNITS))


class Material(Schema):
    """A material; `held_by_state` means the state issued it and looks it up, `form` that it is filled in here."""

    key = fields.String(required=True)
    name = fields.String(required=True)
    kind = fields.String(required=True)
    copies = fields.Integer(required=True)
    required = fields.Boolean(required=True)
    deferrable = fields.Boolean(required=True)
    source = fields.String(required=True)
    held_by_state = fields.Boolean(required=True)
    licence_name = fields.String(required=True, allow_none=True)
    form = fields.Boolean(required=True)


class Courier(Schema):
    """What a courier may do."""

    collect_materials = fields.Boolean(required=True)
    deliver_result = fields.Boolean(required=True)


class MatterResult(Schema):
    """What the applicant gets."""

    name = fields.String(required=True)
    validity = fields.String(required=True, allow_none=True)


class Step(Schema):
    """A step of the handling; `counted` where its days are part of the limit."""

    name = fields.String(required=True)
    role = fields.String(required=True)
    days = fields.Integer(required=True, allow_none=True)
    counted = fields.Boolean(required=True)


class SpecialProcedure(Schema):
    """A special procedure (特别程序); `stops_clock` where the limit waits for it."""

    name = fields.String(required=True)
    days = fields.Integer(required=True, allow_none=True)
    unit = fields.String(required=True)
    stops_clock = fields.Boolean(required=True)
    basis = fields.String(required=True, allow_none=True)


class Answer(Schema):
    """A common question and its answer."""

    q = fields.String(required=True)
    a = fields.String(required=True)


class Matter(Schema):
    """A matter in one version. `unverified` names the fields that the district has still to confirm."""

    code = fields.String(required=True)
    name = fields.String(required=True)
    name_en = fields.String(required=True)
    version = fields.Integer(required=True)
    valid_from = fields.Date(required=True, allow_none=True)
    valid_until = fields.Date(required=True, allow_none=True)
    kind = fields.String(required=True)
    audience = fields.List(fields.String(), required=True)
    theme = fields.List(fields.String(), required=True)
    department = fields.String(required=True)
    level = fields.List(fields.String(), required=True)
    legal_basis = fields.List(fields.String(), required=True)
    conditions = fields.List(fields.String(), required=True)
    materials = fields.List(fields.Nested(Material), required=True)
    statutory = fields.Nested(Limit, required=True, allow_none=True)
    promised = fields.Nested(Limit, required=True, allow_none=True)
    extension_days = fields.Integer(required=True, allow_none=True)
    deadline_note = fields.String(required=True, allow_none=True)
    case_type = fields.String(required=True)
    visits = fields.Integer(required=True)
    online = fields.Boolean(required=True)
    appointment = fields.Boolean(required=True)
    at_home = fields.Boolean(required=True)
    courier = fields.Nested(Courier, required=True)
    fee = fields.String(required=True)
    fee_basis = fields.String(required=True, allow_none=True)
    result = fields.Nested(MatterResult, required=True)
    steps = fields.List(fields.Nested(Step), required=True)
    special_procedures = fields.List(fields.Nested(SpecialProcedure), required=True)
    faq = fields.List(fields.Nested(Answer), required=True)
    keywords = fields.List(fields.String(), required=True)
    supervisor = fields.String(required=True, allow_none=True)
    handling_place = fields.String(required=True, allow_none=True)
    unverified = fields.List(fields.String(), required=True)


class Limits(Schema):
    """The last days if accepted on `from`; null where none is set or the year's calendar is not published."""

    legal_due = fields.Date(required=True, allow_none=True)
    promised_due = fields.Date(required=True, allow_none=True)
    start = fields.Date(required=True, data_key="from")


class Ways(Schema):
    """How the matter can be handed in and its result received."""

    online = fields.Boolean(required=True)
    window = fields.Boolean(required=True)
    home = fields.Boolean(required=True)
    courier = fields.Boolean(required=True)


class Option(Schema):
    """One answer to a question."""

    value = fields.String(required=True)
    text = fields.String(required=True)
    text_en = fields.String(required=True)


class Situation(Schema):
    """A question about the applicant's situation (情形); `answer` is what was given, null where nothing was."""

    key = fields.String(required=True)
    text = fields.String(required=True)
    text_en = fields.String(required=True)
    options = fields.List(fields.Nested(Option), required=True)
    answer = fields.String(required=True, allow_none=True)


class Note(Schema):
    """Something more to know in this situation, and the law that says so. With `stop` it cannot be had this way; `see`
    is the code of the matter to turn to."""

    text = fields.String(required=True)
    text_en = fields.String(required=True)
    basis = fields.String(required=True, allow_none=True)
    verified = fields.Boolean(required=True)
    stop = fields.Boolean(required=True)
    see = fields.String(required=True, allow_none=True)


class Guide(Matter):
    """A matter with what to do: each material is in `to_bring`, `held_by_state` or `to_fill_in`; those of
    `to_bring` that may come later are also in `may_follow`. `current_version` is the one in force, null where none is.
    """

    current_version = fields.Integer(required=True, allow_none=True)
    limits = fields.Nested(Limits, required=True)
    to_bring = fields.List(fields.Nested(Material), required=True)
    held_by_state = fields.List(fields.Nested(Material), required=True)
    may_follow = fields.List(fields.Nested(Material), required=True)
    to_fill_in = fields.List(fields.Nested(Material), required=True)
    ways = fields.Nested(Ways, required=True)
    questions = fields.List(fields.Nested(Situation), required=True)
    known = fields.Dict(
        keys=fields.String(),
        values=fields.String(),
        required=True,
        metadata={
            "description": "the answers that count, with what need not be asked: conditions of the form read them"
        },
    )
    notes = fields.List(fields.Nested(Note), required=True)


class Field(Schema):
    """One thing to fill in, asked where the situation's and the form's answers are among `when`. `longest` letters of a
    text; `least` and `most` of a number, a date (also `today`) or the rows of a group; a group has `fields`."""

    key = fields.String(required=True)
    kind = fields.String(required=True, validate=validate.OneOf([*KINDS, "group"]))
    text = fields.String(required=True)
    text_en = fields.String(required=True)
    required = fields.Boolean(required=True)
    help = fields.String(required=True, allow_none=True)
    help_en = fields.String(required=True, allow_none=True)
    when = fields.Dict(keys=fields.String(), values=fields.List(fields.String()), required=True)
    options = fields.List(fields.Nested(Option), required=True)
    longest = fields.Integer(required=True, allow_none=True)
    least = fields.String(required=True, allow_none=True)
    most = fields.String(required=True, allow_none=True)
    fields_ = fields.List(fields.Nested(lambda: Field()), required=True, attribute="fields", data_key="fields")


class Section(Schema):
    """A page of a form."""

    key = fields.String(required=True)
    text = fields.String(required=True)
    text_en = fields.String(required=True)
    fields_ = fields.List(fields.Nested(Field), required=True, attribute="fields", data_key="fields")


class FormMatter(Schema):
    """The matter, and the version that the form is of."""

    code = fields.String(required=True)
    name = fields.String(required=True)
    version = fields.Integer(required=True)


class Sample(Schema):
    """A filling of nobody real (样表), and the situation that it is of."""

    answers = fields.Dict(keys=fields.String(), values=FORM_VALUE, required=True)
    situation = fields.Dict(keys=fields.String(), values=fields.String(), required=True)


class Form(Schema):
    """A form in sections; filled in online it is the materials that `fills` names, which need no upload then."""

    matter = fields.Nested(FormMatter, required=True)
    sections = fields.List(fields.Nested(Section), required=True)
    fills = fields.List(fields.String(), required=True)
    sample = fields.Nested(Sample, required=True)
    source = fields.String(required=True)
    verified = fields.Boolean(required=True)


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


# -- for those who keep the catalogue -------------------------------------------


def _is_day(text: str) -> None:
    try:
        date.fromisoformat(text)
    except ValueError:
        raise ValidationError("日期应为 2026-01-31 这样。") from None


def _words(longest: int = 200, least: int = 1) -> Any:
    return fields.String(required=True, validate=validate.Length(least, longest))


def _maybe_words(longest: int = 500) -> Any:
    return fields.String(required=True, allow_none=True, validate=validate.Length(0, longest))


def _days(most: int = 3_650) -> Any:
    return fields.Integer(required=True, allow_none=True, strict=True, validate=validate.Range(0, most))


def _one(*names: str) -> Any:
    return fields.String(required=True, validate=validate.OneOf(names, error="只能是 {choices}。"))


def _many(longest: int = 500, most: int = 60) -> Any:
    return fields.List(_words(longest), required=True, validate=validate.Length(0, most))


def _flag() -> Any:
    return fields.Boolean(required=True, truthy={True}, falsy={False})


def _day() -> Any:
    return fields.String(required=True, allow_none=True, validate=_is_day, metadata={"format": "date"})


class EntryMaterial(Schema):
    """A material of an entry; `deferrable` 容缺, `reusable_licence` what the state issued and looks up itself.

    `key` is what situations and forms call it by: kept by one that stays, given to a new one by the office.
    """

    key = fields.String(validate=validate.Regexp(r"^m[1-9][0-9]{0,3}$"))
    name = _words()
    kind = _one("原件", "复印件", "电子")
    copies = fields.Integer(required=True, strict=True, validate=validate.Range(0, 20))
    required = _flag()
    deferrable = _flag()
    source = _one("申请人自备", "政府核发", "中介机构")
    reusable_licence = _flag()
    licence_name = _maybe_words(100)
    form = _flag()


class EntryStep(Schema):
    """A step of the handling."""

    name = _words(40)
    role = _words(80, least=0)
    days = _days()
    counted = _flag()


class EntryProcedure(Schema):
    """A special procedure."""

    name = _words(60)
    days = _days()
    unit = _one(*DAY_UNITS)
    stops_clock = _flag()
    basis = _maybe_words()


class EntryQuestion(Schema):
    """A common question and its answer."""

    q = _words(200)
    a = _words(2_000)


class EntryCourier(Schema):
    """What a courier may do."""

    collect_materials = _flag()
    deliver_result = _flag()


class EntryResult(Schema):
    """What the applicant gets."""

    name = _words(200, least=0)
    validity = _maybe_words(200)


class Entry(Schema):
    """A version of a matter in full (the elements of GB/T 39046-2020 table 4): as it is kept, exported and loaded."""

    code = fields.String(required=True, validate=validate.Regexp(CODE))
    version = fields.Integer(required=True, strict=True, validate=validate.Range(1, 1_000_000))
    valid_from = _day()
    valid_until = _day()
    national_code = _maybe_words(60)
    name = _words()
    name_en = _words(200, least=0)
    kind = _one(*MATTER_KINDS)
    audience = _many(20, 10)
    theme = _many(40, 20)
    department = _words(100, least=0)
    level = _many(20, 10)
    legal_basis = _many()
    conditions = _many(2_000)
    materials = fields.List(fields.Nested(EntryMaterial), required=True, validate=validate.Length(0, 60))
    statutory_days = _days()
    statutory_day_unit = _one(*DAY_UNITS)
    extension_days = _days()
    deadline_note = _maybe_words(1_000)
    promised_days = _days()
    promised_day_unit = _one(*DAY_UNITS)
    case_type = _one("即办件", "承诺件")
    online_depth = _one("I", "II", "III", "IV")
    visits = fields.Integer(required=True, strict=True, validate=validate.Range(0, 20))
    courier = fields.Nested(EntryCourier, required=True)
    appointment = _flag()
    notify_promise = _flag()
    at_home = _flag()
    fee = _words()
    fee_basis = _maybe_words()
    result = fields.Nested(EntryResult, required=True)
    special_procedures = fields.List(fields.Nested(EntryProcedure), required=True, validate=validate.Length(0, 20))
    steps = fields.List(fields.Nested(EntryStep), required=True, validate=validate.Length(0, 40))
    faq = fields.List(fields.Nested(EntryQuestion), required=True, validate=validate.Length(0, 60))
    keywords = _many(60)
    supervisor = _maybe_words(200)
    handling_place = _maybe_words(200)
    high_frequency_street = _flag()
    high_frequency_community = _flag()
    sink_mode = fields.Dict(keys=_one("街道", "社区"), values=_words(100, least=0), required=True)
    construction_stage = _maybe_words(40)
    supplement_notice_limit_days = _days()
    delivery_limit_days = _days()
    source = _many(1_000)
    verified = _flag()
    verified_fields = _many(60)
    unverified_fields = _many(60)


class EntryChange(Entry):
    """The elements that a draft changes; what is not named stays, what is named is given whole."""

    class Meta:
        exclude = ("code", "version")

    def on_bind_field(self, field_name: str, field_obj: fields.Field[Any]) -> None:
        """Nothing need be named, but a material that is has all that a material has."""
        field_obj.required = False


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


class Version(VersionLine):
    """A version in full, with its check list and what differs from the version before."""

    entry = fields.Nested(Entry, required=True)
    check = fields.List(fields.Nested(Check), required=True)
    differences = fields.List(fields.Nested(Difference), required=True)
