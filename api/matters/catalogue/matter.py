"""The rules of the catalogue: a matter (事项), its materials and limits, and the guide (办事指南) that follows.

Elements after GB/T 39046-2020 table 4; the README's glossary has their national names.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

Unit = Literal["working", "calendar"]
Due = Callable[[int, str, date], date | None]
"""The last day of so many days of a unit, counted from a date; None in a year without a published calendar."""

UNITS: dict[str, Unit] = {"工作日": "working", "自然日": "calendar"}
ONLINE_DEPTHS = frozenset({"III", "IV"})
"""网办深度: from III an application can be handed in online; IV is the whole way (全程网办)."""

SEARCHED = {"name": 3.0, "keywords": 3.0, "said": 2.0, "name_en": 2.0, "result": 1.5, "faq": 1.0, "theme": 1.0}
SEARCHED |= {"conditions": 0.4}
"""The fields that are searched, with the weight of each: what people call a matter before what the law says of it."""


@dataclass(frozen=True)
class Limit:
    """A limit in days: `working` (工作日) or `calendar` (自然日)."""

    days: int
    unit: Unit


@dataclass(frozen=True)
class Material:
    """One material. `key` stays its own from version to version; a `deferrable` one may follow later (容缺)."""

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
    """One version of a matter. `record` is the catalogue's own entry, with all that is only shown."""

    code: str
    version: int
    name: str
    kind: str
    valid_from: date | None
    valid_until: date | None
    online: bool
    statutory: Limit | None
    promised: Limit | None
    extension_days: int | None
    materials: tuple[Material, ...]
    record: Mapping[str, Any] = field(repr=False, compare=False)

    @property
    def result_name(self) -> str:
        """What the applicant gets: a licence, a letter, money."""
        return str(self.record["result"]["name"])

    @property
    def themes(self) -> tuple[str, ...]:
        """服务主题, as the office groups its matters."""
        return tuple(self.record["theme"])

    @property
    def clock_stops(self) -> tuple[str, ...]:
        """The procedures that this matter's own law keeps out of the limit, by name."""
        return tuple(step["name"] for step in self.record["special_procedures"] if step["stops_clock"])

    def begun(self, day: date) -> bool:
        """Whether the time of this version has come by `day`."""
        return self.valid_from is None or self.valid_from <= day

    def ended(self, day: date) -> bool:
        """Whether the time of this version is over on `day`: its `valid_until` is the first day without it."""
        return self.valid_until is not None and self.valid_until <= day


@dataclass(frozen=True)
class Guide:
    """What one has to know before beginning, reckoned as if the matter were accepted on `start`.

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
    """The version to begin under on `day`: the newest that has begun, or None.

    Where that one has ended, the matter has: an older version never comes back by itself.
    """
    newest = max((one for one in versions if one.begun(day)), key=lambda one: one.version, default=None)
    return None if newest is None or newest.ended(day) else newest


def guide(matter: Matter, start: date, due: Due) -> Guide:
    """The guide of a matter that is begun on `start`."""
    held = tuple(one for one in matter.materials if one.held_by_state)
    forms = tuple(one for one in matter.materials if one.form and not one.held_by_state)
    rest = tuple(one for one in matter.materials if one not in held and one not in forms)
    return Guide(
        start=start,
        legal_due=_due(matter.statutory, start, due),
        promised_due=_due(matter.promised, start, due),
        to_bring=rest,
        held_by_state=held,
        to_fill_in=forms,
        may_follow=tuple(one for one in rest if one.deferrable),
    )


def searched_texts(matter: Matter, said: Iterable[str]) -> list[tuple[str, float]]:
    """The texts to find a matter by, weighted by field; `said` is how people put it (the lexicon's)."""
    record = matter.record
    texts = {
        "name": [record["name"]],
        "name_en": [record["name_en"]],
        "keywords": record["keywords"],
        "said": said,
        "result": [record["result"]["name"]],
        "faq": [entry["q"] for entry in record["faq"]],
        "theme": record["theme"],
        "conditions": record["conditions"],
    }
    return [(text, weight) for name, weight in SEARCHED.items() for text in texts[name] if text]


def _due(limit: Limit | None, start: date, due: Due) -> date | None:
    return due(limit.days, limit.unit, start) if limit else None


def _limit(days: int | None, unit: str) -> Limit | None:
    return None if days is None else Limit(days, UNITS[unit])


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _material(number: int, row: Mapping[str, Any]) -> Material:
    same = {name: row[name] for name in ("name", "kind", "copies", "required", "deferrable", "source", "licence_name")}
    return Material(key=row.get("key") or f"m{number}", held_by_state=row["reusable_licence"], form=row["form"], **same)
