"""The answer to "where?": who can do the matter, is near enough in time, and is open when one gets there."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import inf
from typing import Literal, NamedTuple, Protocol, get_args
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from api.circle.mode import Mode, Pace
from api.circle.nearest import SNAP_LIMIT_M
from api.circle.point import Handling, Part, ServicePoint, parts_at, usual_parts

Floats = NDArray[np.float64]
BEIJING = ZoneInfo("Asia/Shanghai")
DETOUR = 1.3
"""How much longer streets are than the straight line, where there is nothing better than an estimate."""
SERVE = timedelta(minutes=20)
"""Arriving later than this before closing, one may not be served any more."""
ONE_VISIT_S = 300.0
"""How much further one would go to have everything done in one visit."""
MOST_BEYOND = 3
FAR_SNAP_M = 150.0
"""Further from a street than this is told: city streets lie at most 300 m apart (GB 50180-2018, 6.0.2), so that the
position or the map is in doubt."""
NEVER = datetime.max.replace(tzinfo=UTC)

When = Literal["arrival", "any"]
WHENS: tuple[When, ...] = get_args(When)
Basis = Literal["network", "estimate"]


class Opening(Protocol):
    """How a place stands at an instant (api/calendar/hours.py)."""

    @property
    def open(self) -> bool: ...
    @property
    def closes_at(self) -> datetime | None: ...
    @property
    def next_opens_at(self) -> datetime | None: ...
    @property
    def provisional(self) -> bool: ...


OpeningAt = Callable[[str, datetime], Opening]
"""(weekly hours, instant) -> how a place with these hours stands then."""


class Words(NamedTuple):
    """The same in both languages."""

    zh: str
    en: str


@dataclass(frozen=True)
class Ask:
    """A question, checked: WGS-84, `minutes` 1 to 60, `at` aware. `limit` bounds the list, None is all."""

    lon: float
    lat: float
    mode: Mode
    minutes: int
    at: datetime
    when: When = "arrival"
    matter: Handling | None = None
    facilities: frozenset[str] = frozenset()
    limit: int | None = None


class Stop(NamedTuple):
    """A point on the answer: seconds to get there, the straight line in metres, how it stands on arrival."""

    point: ServicePoint
    seconds: float
    basis: Basis
    distance_m: float
    arrival: datetime
    opening: Opening
    can: tuple[Part, ...]


@dataclass(frozen=True)
class Answer:
    """`inside` nearest first; `beyond` the nearest others where nothing is inside; `why` explains `best`."""

    inside: tuple[Stop, ...]
    best: Stop | None
    why: Words
    beyond: tuple[Stop, ...]


class Reached(NamedTuple):
    """A point with its seconds, inf where it cannot be reached, and the straight line in metres."""

    point: ServicePoint
    seconds: float
    basis: Basis
    metres: float


def reached(
    ask: Ask, points: Sequence[ServicePoint], metres: Floats, pace: Pace, seconds: Floats | None = None
) -> Iterator[Reached]:
    """The points, which come by id, nearest first; equally near ones by id.

    Where the tables know no time (nan, or no `seconds` at all), it is estimated from the straight line in `metres`
    and a usual detour, and marked so.
    """
    estimated = metres * (DETOUR / (getattr(pace, ask.mode) / 3.6))
    unknown = np.ones(len(metres), dtype=bool) if seconds is None else np.isnan(seconds)
    times = estimated if seconds is None else np.where(unknown, estimated, seconds)
    for i in np.argsort(times, kind="stable").tolist():
        yield Reached(points[i], times.item(i), "estimate" if unknown[i] else "network", metres.item(i))


def answer(ask: Ask, reached: Iterable[Reached], opening_at: OpeningAt) -> Answer:
    """Apply the limit, the matter, the facilities and the opening on arrival to what is `reached`, nearest first."""
    limit = ask.minutes * 60
    openings = _Openings(opening_at)
    passed: list[Stop] = []
    inside: list[Stop] = []
    for one in reached:
        if len(inside) == ask.limit or (one.seconds > limit and (inside or len(passed) >= MOST_BEYOND)):
            break
        if one.seconds < inf and _suits(ask, one.point):
            stop = _stop(ask, one, openings)
            passed.append(stop)
            if one.seconds <= limit and (ask.when == "any" or stop.opening.open):
                inside.append(stop)
    if inside:
        best = min(inside, key=lambda stop: _preference(ask, stop))
        return Answer(tuple(inside), best, _why(ask, best), ())
    near = [stop for stop in passed if stop.seconds <= limit]
    first = tuple(passed[:MOST_BEYOND])
    return Answer((), None, _why_none(ask, near, first), first)


def can(ask: Ask, point: ServicePoint) -> tuple[Part, ...]:
    """What of the matter this point does; without a matter, what such a point does at all."""
    return parts_at(ask.matter, point) if ask.matter else usual_parts(point.kind)


def _suits(ask: Ask, point: ServicePoint) -> bool:
    """Whether going there makes sense at all: a place that only reviews is not one for citizens to go to."""
    if point.built == "no" or not ask.facilities.issubset(point.facilities):
        return False
    return ask.matter is None or not {"accept", "collect"}.isdisjoint(can(ask, point))


class _Openings:
    """Asks once for many arrivals: how a place stands holds until its next change. Arrivals come in order of time."""

    def __init__(self, opening_at: OpeningAt) -> None:
        self._opening_at = opening_at
        self._known: dict[str, Opening] = {}

    def at(self, hours: str, arrival: datetime) -> Opening:
        """How a place with these hours stands on arrival."""
        known = self._known.get(hours)
        if known is not None:
            change = known.closes_at if known.open else known.next_opens_at
            if change is None or arrival < change:
                return known
        known = self._known[hours] = self._opening_at(hours, arrival)
        return known


def _stop(ask: Ask, reached: Reached, openings: _Openings) -> Stop:
    point, arrival = reached.point, ask.at + timedelta(seconds=reached.seconds)
    return Stop(
        point,
        reached.seconds,
        reached.basis,
        reached.metres,
        arrival,
        openings.at(point.opening_hours, arrival),
        can(ask, point),
    )


def _preference(ask: Ask, stop: Stop) -> tuple[bool, bool, bool, float, str]:
    """Open on arrival, takes the matter in, time enough to be served, then near; one visit is worth a detour."""
    whole = ask.matter is None or len(stop.can) == 3
    return (
        not stop.opening.open,
        "accept" not in stop.can,
        _late(stop),
        stop.seconds + (0.0 if whole else ONE_VISIT_S),
        stop.point.id,
    )


def _late(stop: Stop) -> bool:
    closes = stop.opening.closes_at
    return closes is not None and closes - stop.arrival < SERVE


_BY = {
    "walk": Words("步行", "On foot"),
    "walk_slow": Words("慢走", "Walking slowly"),
    "bike": Words("骑车", "By bike"),
    "drive": Words("开车", "By car"),
}
_PART = {
    "accept": Words("受理", "hand in"),
    "review": Words("审核", "be reviewed"),
    "collect": Words("领证", "collect"),
}


def _why(ask: Ask, best: Stop) -> Words:
    """Why this one: travel, opening, what can be done there."""
    return _joined([_travel(ask, best), _opening(best), *_doing(ask, best)])


def _joined(clauses: Sequence[Words]) -> Words:
    return Words("；".join(c.zh for c in clauses) + "。", "; ".join(c.en for c in clauses) + ".")


def _travel(ask: Ask, stop: Stop) -> Words:
    minutes = max(1, round(stop.seconds / 60))
    guess = (
        Words("（按直线估算）", " (estimated from the straight line)") if stop.basis == "estimate" else Words("", "")
    )
    by = _BY[ask.mode]
    return Words(f"{by.zh}约 {minutes} 分钟{guess.zh}", f"{by.en} about {minutes} min{guess.en}")


def _opening(stop: Stop) -> Words:
    opening = stop.opening
    sure = Words("", "")
    if not stop.point.hours_confirmed:
        sure = Words("（时间未经核实，请先问一问）", " (hours not confirmed: ask first)")
    if not opening.open:
        at = _clock(opening.next_opens_at, stop.arrival)
        return Words(f"到达时不开放，{at.zh}开门{sure.zh}", f"closed on arrival, opens {at.en}{sure.en}")
    at = _clock(opening.closes_at, stop.arrival)
    late = Words("，时间很紧", ", little time left") if _late(stop) else Words("", "")
    return Words(f"到达时开放，{at.zh}关门{late.zh}{sure.zh}", f"open on arrival, closes {at.en}{late.en}{sure.en}")


def _doing(ask: Ask, stop: Stop) -> list[Words]:
    if ask.matter is None:
        return []
    if len(stop.can) == 3:
        return [Words("在这里一次办完", "everything is done in one visit")]
    named = [_PART[part] for part in stop.can]
    doing = Words(f"在这里可以{'、'.join(w.zh for w in named)}", f"here you can {', '.join(w.en for w in named)}")
    return [doing, *_courier(ask, stop)]


def _courier(ask: Ask, stop: Stop) -> list[Words]:
    if ask.matter and ask.matter.courier and "collect" not in stop.can:
        return [Words("证件可以快递到家", "the result can be couriered")]
    return []


def snapped_words(metres: float | None) -> Words | None:
    """What is to be said of the way to the nearest street: nothing where it is as near as streets usually are."""
    if metres is None:
        limit = round(SNAP_LIMIT_M)
        return Words(
            f"您的位置 {limit} 米内没有街道，时间是按直线距离估算的，实际可能更久。",
            f"No street within {limit} m of your position: times are estimated from the straight line.",
        )
    if metres <= FAR_SNAP_M:
        return None
    return Words(
        f"您的位置离最近的街道约 {metres:.0f} 米，到街道的这一段是按直线步行算的。",
        f"The nearest street is about {metres:.0f} m from your position: the way to it is reckoned as a straight walk.",
    )


def _why_none(ask: Ask, closed: Sequence[Stop], beyond: Sequence[Stop]) -> Words:
    """Why there is nothing: not done here, nothing near enough, or all closed on arrival."""
    courier = bool(ask.matter and ask.matter.courier)
    online = [Words("也可以网上办、快递送", "or apply online and use the courier")] if courier else []
    if not beyond:
        place = ask.matter.place if ask.matter else None
        if place:
            return _joined([Words(f"这件事在{place}办理，不在服务点办", f"This is done at: {place}"), *online])
        return _joined([Words("没有找到能办的服务点", "No service point found that can do this"), *online])
    nearest = beyond[0]
    if closed:
        soonest = min(closed, key=lambda stop: stop.opening.next_opens_at or NEVER)
        at = _clock(soonest.opening.next_opens_at, ask.at)
        return _joined(
            [
                Words(
                    f"{ask.minutes} 分钟内的服务点到达时都不开放", f"All within {ask.minutes} min are closed on arrival"
                ),
                Words(f"最早 {soonest.point.name} {at.zh}开门", f"the first to open is {soonest.point.name}, {at.en}"),
                *online,
            ]
        )
    travel = _travel(ask, nearest)
    return _joined(
        [
            Words(f"{ask.minutes} 分钟内没有能办的服务点", f"Nothing that can do this within {ask.minutes} min"),
            Words(f"最近的是{nearest.point.name}，{travel.zh}", f"the nearest is {nearest.point.name}: {travel.en}"),
            *online,
        ]
    )


def _clock(at: datetime | None, seen_from: datetime) -> Words:
    """A time of day in Beijing, with the date where it is another day."""
    if at is None:
        return Words("30 天内没有确定时间", "at no known time within 30 days")
    local = at.astimezone(BEIJING)
    if local.date() == seen_from.astimezone(BEIJING).date():
        return Words(f"{local:%H:%M} ", f"at {local:%H:%M}")
    return Words(f"{local.month}月{local.day}日 {local:%H:%M} ", f"on {local:%Y-%m-%d} at {local:%H:%M}")
