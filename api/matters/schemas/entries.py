"""Schemas of a catalogue entry, as it is stored, drafted, exported and imported."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from marshmallow import Schema, ValidationError, fields, pre_load, validate

from api.matters.catalogue.elements import APPROVERS, DELEGATES, NONE, UNKNOWN, completed
from api.matters.catalogue.version import CODE

DAY_UNITS = ("工作日", "自然日")
MATTER_KINDS = ("行政许可", "行政确认", "行政给付", "行政奖励", "行政裁决", "其他行政权力", "公共服务")


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


def _one_of(*names: str) -> Any:
    return fields.String(required=True, validate=validate.OneOf(names, error="只能是 {choices}。"))


def _many(longest: int = 500, most: int = 60) -> Any:
    return fields.List(_words(longest), required=True, validate=validate.Length(0, most))


def _flag() -> Any:
    return fields.Boolean(required=True, truthy={True}, falsy={False})


def _day() -> Any:
    return fields.String(required=True, allow_none=True, validate=_is_day, metadata={"format": "date"})


class EntryMaterial(Schema):
    """A material of an entry; `deferrable`: may follow later (容缺), `reusable_licence`: the state looks it up itself.

    Situations and forms refer to it by `key`, which it keeps from version to version; the office gives it to a new one.
    """

    key = fields.String(validate=validate.Regexp(r"^m[1-9][0-9]{0,3}$"))
    name = _words()
    kind = _one_of("原件", "复印件", "电子")
    copies = fields.Integer(required=True, strict=True, validate=validate.Range(0, 20))
    required = _flag()
    deferrable = _flag()
    source = _one_of("申请人自备", "政府核发", "中介机构")
    reusable_licence = _flag()
    licence_name = _maybe_words(100)
    form = _flag()


class EntryStep(Schema):
    """A step of the handling; `counted`: its days are part of the time limit."""

    name = _words(40)
    role = _words(80, least=0)
    days = _days()
    counted = _flag()


class EntryProcedure(Schema):
    """A special procedure (特别程序); `stops_clock`: the time limit does not run during it.

    A permit's is stopped by the eight of 行政许可法 第45条, and by what another law says: `not_counted_by` names it.
    """

    name = _words(60)
    days = _days()
    unit = _one_of(*DAY_UNITS)
    stops_clock = _flag()
    basis = _maybe_words()
    not_counted_by = fields.String(load_default=None, allow_none=True, validate=validate.Length(0, 200))


class EntryText(Schema):
    """A text that an applicant signs, with its version."""

    version = fields.Integer(required=True, strict=True, validate=validate.Range(1, 1_000_000))
    zh = _words(5_000)
    en = _words(5_000)


class EntryDeferral(Schema):
    """How materials may follow later (容缺受理): within how many days, and what is promised; null where not known.

    Without both nobody can choose it, and a deferrable material is asked for as any other. `excluded`: who may not.
    """

    days = _days()
    unit = fields.String(required=True, allow_none=True, validate=validate.OneOf(DAY_UNITS))
    text = fields.Nested(EntryText, required=True, allow_none=True)
    excluded = _many(200, 20)
    basis = _maybe_words()


class EntryPromise(Schema):
    """How the matter is decided upon a promise (告知承诺): its text, null where not known; `excluded`: who may not.

    `check_days`, `check_unit`: within how long of the decision it is checked, where that is laid down.
    """

    text = fields.Nested(EntryText, required=True, allow_none=True)
    excluded = _many(200, 20)
    basis = _maybe_words()
    check_days = fields.Integer(allow_none=True, strict=True, validate=validate.Range(1, 1_000))
    check_unit = fields.String(allow_none=True, validate=validate.OneOf(DAY_UNITS))


class EntryQuestion(Schema):
    """A frequently asked question and its answer."""

    q = _words(200)
    a = _words(2_000)


class EntryCourier(Schema):
    """Whether a courier may collect materials and deliver the result."""

    collect_materials = _flag()
    deliver_result = _flag()


class EntryResult(Schema):
    """What the applicant gets."""

    name = _words(200, least=0)
    validity = _maybe_words(200)


class EntrySchema(Schema):
    """A version of a matter in full: the elements of GB/T 39046-2020 table 4, as it is stored, exported and imported.

    `situation` and `form` are content of its own; without them it has those that came with the program, if any.
    `extension_approver` approves an extension of the limit, `delegated` decides what is done on the spot (即办件): 无
    where there is no such thing, 未明确 where the district has not said. `deferral` and `promise` are null where
    nothing may follow later, and where nothing is decided upon a promise.
    """

    is_whole = True
    """Whether all elements must be there, and not only those to change."""

    code = fields.String(required=True, validate=validate.Regexp(CODE))
    version = fields.Integer(required=True, strict=True, validate=validate.Range(1, 1_000_000))
    valid_from = _day()
    valid_until = _day()
    national_code = _maybe_words(60)
    name = _words()
    name_en = _words(200, least=0)
    kind = _one_of(*MATTER_KINDS)
    audience = _many(20, 10)
    theme = _many(40, 20)
    department = _words(100, least=0)
    level = _many(20, 10)
    legal_basis = _many()
    conditions = _many(2_000)
    materials = fields.List(fields.Nested(EntryMaterial), required=True, validate=validate.Length(0, 60))
    statutory_days = _days()
    statutory_day_unit = _one_of(*DAY_UNITS)
    extension_days = _days()
    extension_approver = _one_of(*APPROVERS, UNKNOWN, NONE)
    deadline_note = _maybe_words(1_000)
    promised_days = _days()
    promised_day_unit = _one_of(*DAY_UNITS)
    case_type = _one_of("即办件", "承诺件")
    delegated = _one_of(*DELEGATES, UNKNOWN, NONE)
    online_depth = _one_of("I", "II", "III", "IV")
    visits = fields.Integer(required=True, strict=True, validate=validate.Range(0, 20))
    courier = fields.Nested(EntryCourier, required=True)
    appointment = _flag()
    notify_promise = _flag()
    promise = fields.Nested(EntryPromise, required=True, allow_none=True)
    deferral = fields.Nested(EntryDeferral, required=True, allow_none=True)
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
    sink_mode = fields.Dict(keys=_one_of("街道", "社区"), values=_words(100, least=0), required=True)
    construction_stage = _maybe_words(40)
    supplement_notice_limit_days = _days()
    delivery_limit_days = _days()
    source = _many(1_000)
    verified = _flag()
    verified_fields = _many(60)
    unverified_fields = _many(60)
    situation = fields.Nested("OwnSituation", allow_none=True)
    form = fields.Nested("OwnForm", allow_none=True)

    @pre_load
    def complete(self, data: Any, **_: Any) -> Any:
        """Complete an entry that an older release exported."""
        return completed(data) if self.is_whole and isinstance(data, Mapping) else data


class EntryChange(EntrySchema):
    """The elements of a draft to change; those not named stay, those named are replaced whole."""

    is_whole = False

    class Meta:
        """What is never changed: the identity of the version."""

        exclude = ("code", "version")

    def on_bind_field(self, field_name: str, field_obj: fields.Field[Any]) -> None:
        """Make every element optional; the fields of a material in it stay required."""
        field_obj.required = False
