"""Service points (服务点), and which part of a matter (accept, review, collect) each kind of point does.

A district has a hall, a street its 便民服务中心, a community its 便民服务站; and there are self-service machines.
"""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import date
from functools import cached_property
from typing import Any, Literal, NamedTuple, get_args

Kind = Literal["hall", "centre", "station", "self_service"]
KINDS: tuple[Kind, ...] = get_args(Kind)
Part = Literal["accept", "review", "collect"]
PARTS: tuple[Part, ...] = get_args(Part)
Built = Literal["yes", "no", "unconfirmed"]

FACILITIES = {
    "wheelchair": "无障碍通道",
    "mother_baby_room": "母婴室",
    "reading_glasses": "老花镜",
    "volunteer_station": "志愿服务岗",
    "elderly_green_lane": "老年人绿色通道",
    "disabled_green_lane": "残疾人绿色通道",
    "pre_review_area": "预审区",
    "negotiation_area": "洽谈区",
    "pressure_relief_room": "减压室",
    "self_service_machine": "自助终端",
}
"""The facilities that a question can filter by, with their Chinese names."""

ROUGH_M = 100
"""From this error on a position is marked: a tenth of the circle's 1,000 m (15 minutes at 4.0 km/h), a minute and a
half on foot, or a street further."""
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_ALWAYS = "24/7"


class DatedHours(NamedTuple):
    """An exception to the weekly hours on one date: `hours` are e.g. 09:00-12:00, None where it is closed."""

    date: date
    hours: str | None
    reason: str = ""


class Override(NamedTuple):
    """The parts of one matter that this point does, instead of what its kind usually does; empty: none."""

    matter: str
    can: tuple[Part, ...]


@dataclass(frozen=True)
class ServicePoint:
    """A service point. Positions are WGS-84 degrees, `position_error_m` is how far off they may be; None where unknown.

    `accepts_from` is the day (YYYY-MM-DD) from which the district's desk is at this hall, empty if it always was.
    `hours` is text in the subset of opening_hours that api/calendar/hours_text.py parses; `hours_basis` is its source.
    Codes are those of the National Bureau of Statistics: nine digits for a street, twelve for a community.
    """

    id: str
    kind: Kind
    name: str
    hours: str
    street_code: str = ""
    street_name: str = ""
    community_code: str = ""
    community_name: str = ""
    address: str = ""
    lon: float | None = None
    lat: float | None = None
    position_basis: str = ""
    position_error_m: int | None = None
    area_m2: int | None = None
    built: Built = "yes"
    built_as_of: str = ""
    accepts_from: str = ""
    phone: str = ""
    hours_basis: str = ""
    facilities: tuple[str, ...] = ()
    source: str = ""
    confirmed: bool = False
    windows: int | None = None
    leader: str = ""
    section: str = ""
    exceptions: tuple[DatedHours, ...] = ()
    overrides: tuple[Override, ...] = ()

    @cached_property
    def opening_hours(self) -> str:
        """The weekly hours and the dated exceptions as one text; a dated rule wins (api/calendar/hours_text.py)."""
        if not self.exceptions:
            return self.hours
        weekly = "Mo-Su,PH 00:00-24:00" if self.hours == _ALWAYS else self.hours
        return "; ".join([weekly, *map(_dated, self.exceptions)])

    @property
    def position(self) -> tuple[float, float] | None:
        """(longitude, latitude), or None; a point without a position is only listed, by its street."""
        return None if self.lon is None or self.lat is None else (self.lon, self.lat)

    @property
    def position_rough(self) -> bool:
        """Whether the position must be marked as rough: its error is ROUGH_M or more, or unknown and unconfirmed."""
        if self.position is None:
            return False
        return not self.confirmed if self.position_error_m is None else self.position_error_m >= ROUGH_M

    @property
    def hours_confirmed(self) -> bool:
        """Whether the hours were confirmed; others are typical hours, i.e. a guess."""
        basis = self.hours_basis.lower()
        return bool(basis) and "typical" not in basis and "not found" not in basis

    @property
    def district(self) -> str:
        """The six digits of the district, from the street's code; empty where that is unknown."""
        return self.street_code[:6]


def row_of(point: ServicePoint) -> dict[str, Any]:
    """A point as a mapping of plain values, as the store and CSV files have it."""
    return {
        **asdict(point),
        "facilities": list(point.facilities),
        "exceptions": [{"date": e.date.isoformat(), "hours": e.hours, "reason": e.reason} for e in point.exceptions],
        "overrides": [{"matter": o.matter, "can": list(o.can)} for o in point.overrides],
    }


def point_of(row: Mapping[str, Any]) -> ServicePoint:
    """A point from a mapping as `row_of` makes it; unknown keys are ignored."""
    known = {field.name: row[field.name] for field in fields(ServicePoint) if field.name in row}
    exceptions = (DatedHours(date.fromisoformat(e["date"]), e["hours"], e["reason"]) for e in row.get("exceptions", ()))
    overrides = (Override(o["matter"], tuple(o["can"])) for o in row.get("overrides", ()))
    lists = {"facilities": tuple(row.get("facilities", ())), "exceptions": tuple(exceptions)}
    return ServicePoint(**{**known, **lists, "overrides": tuple(overrides)})


def _dated(exception: DatedHours) -> str:
    day = exception.date
    return f"{day.year:04} {_MONTHS[day.month - 1]} {day.day:02} {exception.hours or 'off'}"


@dataclass(frozen=True)
class Handling:
    """Where a matter is handled, from its catalogue entry.

    `levels` of 区, 街道, 社区; `sunk` (下沉) is the text per level of what is done there; `frequent` are the levels
    whose list of frequent matters it stands on; `place` is an office outside the circle, e.g. 户籍地派出所.
    """

    code: str
    name: str
    levels: frozenset[str]
    sunk: Mapping[str, str]
    frequent: frozenset[str] = frozenset()
    place: str | None = None
    courier: bool = False


def handling_of(matter: Mapping[str, Any]) -> Handling:
    """The handling of a catalogue entry."""
    flags = {"街道": "high_frequency_street", "社区": "high_frequency_community"}
    return Handling(
        code=matter["code"],
        name=matter["name"],
        levels=frozenset(matter.get("level") or ()),
        sunk=dict(matter.get("sink_mode") or {}),
        frequent=frozenset(level for level, flag in flags.items() if matter.get(flag)),
        place=matter.get("handling_place"),
        courier=any((matter.get("courier") or {}).values()),
    )


_LEVEL: dict[Kind, str] = {"hall": "区", "centre": "街道", "station": "社区"}
_USUAL: dict[Kind, tuple[Part, ...]] = {"hall": PARTS, "centre": PARTS, "station": ("accept",)}
_HELP = re.compile("协助|协同|帮办(?!代办)")
_WORDS: tuple[tuple[Part, re.Pattern[str]], ...] = (
    ("accept", re.compile("受理|登记|办理|经办|代办|代提|认证")),
    ("review", re.compile("审核|初审|审批|办理|经办")),
    ("collect", re.compile("发证|打照|办理")),
)


def usual_parts(kind: Kind) -> tuple[Part, ...]:
    """The parts that a point of this kind does in general, where no matter is named."""
    return _USUAL.get(kind, ())


def parts(matter: Handling, kind: Kind) -> tuple[Part, ...]:
    """The parts of a matter that a point of this kind does: accept (受理), review (审核), collect (发证).

    None unless the matter names the level of the kind. The district's hall does every part, or none of a matter with an
    office of its own (`place`). A street or community does the parts that its text in `sunk` names; where that is none,
    it accepts if the level is in `frequent`, or if the matter has neither `sunk` texts nor a `place`.
    """
    level = _LEVEL.get(kind)
    if level not in matter.levels:
        return ()
    if level == "区":
        return () if matter.place else PARTS
    sink_text = matter.sunk.get(level)
    named = _read(sink_text) if sink_text else ()
    no_text = not matter.sunk and not matter.place
    if not named and (no_text or level in matter.frequent):
        return ("accept",)
    return named


def parts_at(matter: Handling, point: ServicePoint) -> tuple[Part, ...]:
    """The parts of a matter that this point does: its override where there is one, else what its kind does."""
    override = next((override.can for override in point.overrides if override.matter == matter.code), None)
    return parts(matter, point.kind) if override is None else override


def _read(text: str) -> tuple[Part, ...]:
    """The parts that a sink text names, e.g. 受理、初审 or 登记发证; helping is no part."""
    clauses = [clause for clause in re.split("[、,，;；]", text) if not _HELP.search(clause)]
    return tuple(part for part, words in _WORDS if any(words.search(clause) for clause in clauses))
