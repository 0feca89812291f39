"""Modes of travel: which streets a mode may use, in which direction, how fast, and which barriers stop it.

Tags are read as routing engines read them. Sources, all on wiki.openstreetmap.org: "OSM tags for routing/Access
restrictions" (defaults by class), "Key:access" (the hierarchy of transport modes, values), "Key:oneway",
"Key:oneway:bicycle", "Key:cycleway" and "Key:cycleway:right:oneway" (contraflow), "Key:locked",
"Tag:junction=roundabout", "Key:conveying" (escalators), "Key:motorroad", "Key:maxspeed", "Key:barrier", "Key:bicycle"
(dismount, use_sidepath).
Not modelled: turn restrictions, opening times of streets (`:conditional`), traffic of the hour, and ferries, whose
waiting is a timetable and not a street.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

Mode = Literal["walk", "walk_slow", "bike", "drive"]
MODES: tuple[Mode, ...] = get_args(Mode)
Tags = Mapping[str, str]


@dataclass(frozen=True)
class Pace:
    """The published speeds in km/h; a generation of tables keeps those that it was built with.

    Walking at 4.0 km/h makes 15 minutes 1,000 m. Driving is the street's own speed times `drive_factor`, for
    lights, turns and parking; `drive` alone serves where there is no network and only an estimate.
    """

    walk: float = 4.0
    walk_slow: float = 2.8
    bike: float = 12.0
    drive: float = 20.0
    drive_factor: float = 0.8

    def on_foot(self, mode: Mode) -> float:
        """The walking speed in km/h between a position and its street, which is walked in every mode."""
        return self.walk_slow if mode == "walk_slow" else self.walk


@dataclass(frozen=True)
class _Rule:
    """The tags of one mode. `own` keys may open a street outside `classes`; `general` ones only close or confirm."""

    own: tuple[str, ...]
    general: tuple[str, ...]
    classes: frozenset[str]
    barred_by: frozenset[str]


_DRIVE_KMH = {
    "motorway": 90,
    "motorway_link": 45,
    "trunk": 60,
    "trunk_link": 40,
    "primary": 50,
    "primary_link": 35,
    "secondary": 45,
    "secondary_link": 30,
    "tertiary": 40,
    "tertiary_link": 30,
    "unclassified": 30,
    "residential": 30,
    "living_street": 10,
    "service": 15,
    "road": 25,
}
_OPENED_KMH = 10
"""Driving where a sign opens a street that is not for cars, e.g. a pedestrian street for residents."""

_STREETS = frozenset(_DRIVE_KMH) - {"motorway", "motorway_link"}
_PATHS = frozenset({"path", "track", "bridleway", "footway", "pedestrian", "cycleway", "steps"})
_INDOORS = frozenset({"corridor", "elevator", "platform"})
_PUSHED = frozenset({"footway", "pedestrian"})
_KNOWN = frozenset(_DRIVE_KMH) | _PATHS | _INDOORS | {"busway"}

_FOOT_BARRIERS = frozenset({"wall", "fence", "city_wall", "retaining_wall"})
_BIKE_BARRIERS = _FOOT_BARRIERS | {"turnstile", "full-height_turnstile", "stile", "kissing_gate"}
_CAR_BARRIERS = _BIKE_BARRIERS | {
    "bollard", "block", "cycle_barrier", "motorcycle_barrier", "log", "debris", "jersey_barrier", "chain",
    "planter", "horse_stile", "wicket_gate", "bus_trap", "sump_buster", "rope",
}  # fmt: skip

_FOOT = _Rule(("foot",), ("access",), _STREETS | _PATHS | _INDOORS, _FOOT_BARRIERS)
_RULES: dict[Mode, _Rule] = {
    "walk": _FOOT,
    "walk_slow": _FOOT,
    "bike": _Rule(("bicycle",), ("vehicle", "access"), (_STREETS | _PATHS) - {"steps", "bridleway"}, _BIKE_BARRIERS),
    "drive": _Rule(("motorcar", "motor_vehicle"), ("vehicle", "access"), frozenset(_DRIVE_KMH), _CAR_BARRIERS),
}

_LANES = ("cycleway", "cycleway:left", "cycleway:right", "cycleway:both")
_RIDDEN = frozenset({"lane", "track", "share_busway", "shared_lane", "shoulder"})

_OPEN = frozenset(
    {
        "yes",
        "designated",
        "permissive",
        "destination",
        "customers",
        "official",
        "public",
        "permit",
        "dismount",
    }
)
_SHUT = frozenset(
    {"no", "private", "agricultural", "forestry", "agricultural;forestry", "delivery", "military", "emergency",
     "use_sidepath", "psv", "bus", "employees"}
)  # fmt: skip


def speeds(mode: Mode, tags: Tags, pace: Pace) -> tuple[float, float]:
    """Speeds in km/h along a way as drawn, and against it; 0 where the mode may not go."""
    highway = tags.get("highway", "")
    if not _open_to(mode, highway, tags):
        return 0.0, 0.0
    along, against = _directions(mode, tags)
    return (
        _kmh(mode, highway, tags, "forward", pace) if along else 0.0,
        _kmh(mode, highway, tags, "backward", pace) if against else 0.0,
    )


def bars(mode: Mode, node: Tags) -> bool:
    """Whether a barrier node on the street stops this mode."""
    rule = _RULES[mode]
    allowed = _access(rule.own + rule.general, node)
    if allowed is not None:
        return not allowed
    return node.get("barrier", "") in rule.barred_by or node.get("locked") == "yes"


def without_private(mode: Mode, tags: Tags) -> Tags:
    """The tags without the `private` access of this mode: as they are for who is invited to what lies behind."""
    rule = _RULES[mode]
    keys = [key for key in rule.own + rule.general if tags.get(key) == "private"]
    return {key: value for key, value in tags.items() if key not in keys} if keys else tags


def _open_to(mode: Mode, highway: str, tags: Tags) -> bool:
    rule = _RULES[mode]
    if _access(rule.own + rule.general, tags) is False or highway not in _KNOWN:
        return False
    if _access(rule.own, tags):
        return True
    if mode != "drive" and tags.get("motorroad") == "yes":
        return False
    return highway in rule.classes


def _access(keys: tuple[str, ...], tags: Tags) -> bool | None:
    """Whether the most specific of the access keys allows it; None where no key is set to a known value."""
    for key in keys:
        value = tags.get(key)
        if value in _OPEN:
            return True
        if value in _SHUT:
            return False
    return None


def _directions(mode: Mode, tags: Tags) -> tuple[bool, bool]:
    """Whether a mode may go (along, against) a way; a one-way tag of the mode's own overrides the general one."""
    if mode in ("walk", "walk_slow"):
        return _one_way(tags.get("oneway:foot") or tags.get("conveying", "no"))
    if mode == "bike":
        own = tags.get("oneway:bicycle")
        if own is not None:
            return _one_way(own)
        if any(_is_contraflow(key, tags) for key in _LANES):
            return True, True
    ring = tags.get("junction") in ("roundabout", "circular") or tags.get("highway") == "motorway"
    return _one_way(tags.get("oneway", "yes" if ring else "no"))


def _is_contraflow(lane: str, tags: Tags) -> bool:
    """Whether the cycle lane under this key leads against a one-way street."""
    kind = tags.get(lane, "")
    if kind.startswith("opposite"):
        return True
    return kind in _RIDDEN and tags.get(f"{lane}:oneway") in ("no", "-1")


def _one_way(value: str) -> tuple[bool, bool]:
    if value in ("yes", "true", "1", "forward"):
        return True, False
    if value in ("-1", "reverse", "backward"):
        return False, True
    if value == "reversible":  # open one way or the other by the hour: nobody can rely on it
        return False, False
    return True, True


def _kmh(mode: Mode, highway: str, tags: Tags, direction: str, pace: Pace) -> float:
    if mode == "walk":
        return pace.walk
    if mode == "walk_slow":
        return pace.walk_slow / 2 if highway == "steps" else pace.walk_slow
    if mode == "bike":
        ridden = tags.get("bicycle") in _OPEN - {"dismount"}
        pushed = tags.get("bicycle") == "dismount" or highway in _PUSHED | {"steps"}
        return pace.walk if pushed and not ridden else pace.bike
    signed = _signed_kmh(tags.get(f"maxspeed:{direction}") or tags.get("maxspeed", ""))
    return (signed or _DRIVE_KMH.get(highway, _OPENED_KMH)) * pace.drive_factor


def _signed_kmh(value: str) -> float | None:
    """A maxspeed in km/h where it is a number: `50`, `50 km/h`, `30 mph`, `walk`. Others say nothing usable."""
    if value == "walk":
        return 7.0
    number, _, unit = value.partition(" ")
    factor = {"": 1.0, "km/h": 1.0, "mph": 1.609344}.get(unit)
    if factor is None or not number.isascii() or not number.isdigit():
        return None
    return min(int(number) * factor, 130.0) or None
