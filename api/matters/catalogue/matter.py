"""A matter (事项) in one version: its materials and limits, whether it is in force, and its general guide (办事指南).

Elements after GB/T 39046-2020 table 4; docs/glossary.md has their national names.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

from api.matters.catalogue.elements import APPROVERS, PERMIT, may_stop

Unit = Literal["working", "calendar"]
Due = Callable[[int, str, date], date | None]
"""(days, unit, start) -> the last day of the period; None in a year without a published calendar."""

UNITS: dict[str, Unit] = {"工作日": "working", "自然日": "calendar"}
ONLINE_DEPTHS = frozenset({"III", "IV"})
"""网办深度: from III an application can be handed in online; IV is the whole way (全程网办)."""


@dataclass(frozen=True)
class DayLimit:
    """A time limit in days: `working` (工作日) or `calendar` (自然日)."""

    days: int
    unit: Unit


@dataclass(frozen=True)
class PromiseText:
    """A text that an applicant signs, in one version, in both languages."""

    version: int
    zh: str
    en: str


@dataclass(frozen=True)
class DeferralTerms:
    """How materials may follow later (容缺受理): within how many days of acceptance, upon which text; who may not."""

    days: int
    unit: Unit
    text: PromiseText
    excluded: tuple[str, ...]


@dataclass(frozen=True)
class PromiseTerms:
    """How the matter is decided upon a promise (告知承诺): its text; who may not; when it is checked, where known."""

    text: PromiseText
    excluded: tuple[str, ...]
    check: DayLimit | None


@dataclass(frozen=True)
class Material:
    """A material (材料). `key` is kept from version to version; a `deferrable` one may follow later (容缺)."""

    key: str
    name: str
    kind: str
    copies: int
    required: bool
    deferrable: bool
    source: str
    held_by_state: bool
    licence_name: str | None
    form: bool


@dataclass(frozen=True)
class Matter:
    """One version of a matter; `record` is its whole catalogue entry, with the elements that are only displayed."""

    code: str
    version: int
    name: str
    kind: str
    valid_from: date | None
    valid_until: date | None
    online: bool
    statutory: DayLimit | None
    promised: DayLimit | None
    extension_days: int | None
    materials: tuple[Material, ...]
    record: Mapping[str, Any] = field(repr=False, compare=False)

    @property
    def result_name(self) -> str:
        """The name of what the applicant gets: a licence, a letter, money."""
        return str(self.record["result"]["name"])

    @property
    def themes(self) -> tuple[str, ...]:
        """The themes (服务主题) under which the office groups the matter."""
        return tuple(self.record["theme"])

    @property
    def clock_stops(self) -> tuple[str, ...]:
        """The names of the special procedures (特别程序) during which the matter's time limit does not run.

        Of a permit only those that a law names (行政许可法 第45条), also where an older version claims more.
        """
        steps = self.record["special_procedures"]
        return tuple(step["name"] for step in steps if step["stops_clock"] and may_stop(self.kind, step))

    @property
    def extension_approver(self) -> str | None:
        """Who approves an extension of the limit, as the clock names them; None where that is not known."""
        return APPROVERS.get(self.record.get("extension_approver") or "")

    @property
    def deferral(self) -> DeferralTerms | None:
        """How materials may follow later; None where its days or its text are not known, so that nobody can choose
        it."""
        terms = self.record.get("deferral") or {}
        if terms.get("days") is None or not terms.get("unit") or not terms.get("text"):
            return None
        text = PromiseText(**terms["text"])
        return DeferralTerms(terms["days"], UNITS[terms["unit"]], text, tuple(terms.get("excluded") or ()))

    @property
    def promise(self) -> PromiseTerms | None:
        """How the matter is decided upon a promise; None where it is not, or where the text is not known."""
        terms = self.record.get("promise") or {}
        if not self.record.get("notify_promise") or not terms.get("text"):
            return None
        check = _limit(terms.get("check_days"), terms.get("check_unit") or "工作日")
        return PromiseTerms(PromiseText(**terms["text"]), tuple(terms.get("excluded") or ()), check)

    @property
    def is_permit(self) -> bool:
        """Whether it is a permit (行政许可), which the 行政许可法 binds."""
        return self.kind == PERMIT

    def begun(self, day: date) -> bool:
        """Whether this version takes effect on `day` or before."""
        return self.valid_from is None or self.valid_from <= day

    def ended(self, day: date) -> bool:
        """Whether this version has expired on `day`: `valid_until` is the first day without it."""
        return self.valid_until is not None and self.valid_until <= day


@dataclass(frozen=True)
class Guide:
    """The guide of a matter: its materials by what to do with them, and the last days if it is accepted on `start`.

    `to_bring`, `held_by_state` and `to_fill_in` are all materials, each once; `may_follow` is the part of `to_bring`
    that may come later.
    """

    start: date
    legal_due: date | None
    promised_due: date | None
    to_bring: tuple[Material, ...]
    held_by_state: tuple[Material, ...]
    to_fill_in: tuple[Material, ...]
    may_follow: tuple[Material, ...]


def matter_of(record: Mapping[str, Any]) -> Matter:
    """A matter from its catalogue entry. Raises KeyError or ValueError where the entry is not one."""
    return Matter(
        code=record["code"],
        version=record["version"],
        name=record["name"],
        kind=record["kind"],
        valid_from=_day(record["valid_from"]),
        valid_until=_day(record["valid_until"]),
        online=record["online_depth"] in ONLINE_DEPTHS,
        statutory=_limit(record["statutory_days"], record["statutory_day_unit"]),
        promised=_limit(record["promised_days"], record["promised_day_unit"]),
        extension_days=record["extension_days"],
        materials=tuple(_material(number, row) for number, row in enumerate(record["materials"], 1)),
        record=record,
    )


def in_force(versions: Iterable[Matter], day: date) -> Matter | None:
    """The version in force on `day`: the newest that has begun, None where there is none or it has ended.

    Where the newest has ended, so has the matter: an older version never comes back into force.
    """
    begun = (version for version in versions if version.begun(day))
    newest = max(begun, key=lambda version: version.version, default=None)
    return None if newest is None or newest.ended(day) else newest


def guide(matter: Matter, start: date, due: Due) -> Guide:
    """The general guide of a matter that is begun on `start`, whatever the applicant's situation."""
    held = tuple(material for material in matter.materials if material.held_by_state)
    forms = tuple(material for material in matter.materials if material.form and not material.held_by_state)
    rest = tuple(material for material in matter.materials if material not in held and material not in forms)
    return Guide(
        start=start,
        legal_due=_due(matter.statutory, start, due),
        promised_due=_due(matter.promised, start, due),
        to_bring=rest,
        held_by_state=held,
        to_fill_in=forms,
        may_follow=tuple(material for material in rest if material.deferrable),
    )


def _due(limit: DayLimit | None, start: date, due: Due) -> date | None:
    return due(limit.days, limit.unit, start) if limit else None


def _limit(days: int | None, unit: str) -> DayLimit | None:
    return None if days is None else DayLimit(days, UNITS[unit])


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _material(number: int, row: Mapping[str, Any]) -> Material:
    same = {name: row[name] for name in ("name", "kind", "copies", "required", "deferrable", "source", "licence_name")}
    return Material(key=row.get("key") or f"m{number}", held_by_state=row["reusable_licence"], form=row["form"], **same)
