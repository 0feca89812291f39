"""The answer to "where?": who can do the matter, is near enough in time, and is open when one gets there."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from math import inf
from typing import Literal, NamedTuple, Protocol, get_args

import numpy as np
from numpy.typing import NDArray

from api.circle.point import Handling, Part, ServicePoint, parts_at, usual_parts
from api.circle.travel.mode import Mode, Pace
from api.circle.travel.nearest import SNAP_LIMIT_M
from api.times import BEIJING

Floats = NDArray[np.float64]
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
MICROSECOND = 1e-6
"""What instants are exact to."""
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
    limit: int | None = None


class Stop(NamedTuple):
    """A point on the answer: seconds to get there, the straight line in metres, how it stands on arrival."""

    point: ServicePoint
    seconds: float
    basis: Basis
    distance_m: float
    opening: Opening
    can: tuple[Part, ...]


@dataclass(frozen=True)
class Answer:
    """`inside` nearest first; `beyond` the nearest others where nothing is inside; `why` explains `best`."""

    inside: tuple[Stop, ...]
    best: Stop | None
    why: Words
    beyond: tuple[Stop, ...]


class Candidate(NamedTuple):
    """A point that may be gone to: its hours as one text, and what one would go there for."""

    point: ServicePoint
    hours: str
    can: tuple[Part, ...]


def candidate(point: ServicePoint, matter: Handling | None, facilities: frozenset[str]) -> Candidate | None:
    """None where going makes no sense: not built, lacking something asked for, or a place that only reviews."""
    if point.built == "no" or not facilities.issubset(point.facilities):
        return None
    can = parts_at(matter, point) if matter else usual_parts(point.kind)
    if matter and "accept" not in can and "collect" not in can:
        return None
    return Candidate(point, point.opening_hours, can)


Reached = tuple[Candidate | None, float, Basis, float]
"""A candidate, seconds to it (inf: cannot be reached), where they come from, and the straight line in metres."""


def reached(
    ask: Ask, candidates: Sequence[Candidate | None], metres: Floats, pace: Pace, seconds: Floats | None = None
) -> Iterator[Reached]:
    """The candidates, which come by id, nearest first; equally near ones by id.

    Where the tables know no time (nan, or no `seconds` at all), it is estimated from the straight line in `metres`
    and a usual detour, and marked so.
    """
    estimated = metres * (DETOUR / (getattr(pace, ask.mode) / 3.6))
    times, bases = estimated, ["estimate"] * len(metres)
    if seconds is not None:
        unknown = np.isnan(seconds)
        times, bases = seconds, ["network"] * len(metres)
        if unknown.any():
            times = np.where(unknown, estimated, seconds)
            bases = ["estimate" if guess else "network" for guess in unknown.tolist()]
    order = times.argsort(kind="stable").tolist()
    near, far = times.tolist(), metres.tolist()
    return ((candidates[i], near[i], bases[i], far[i]) for i in order)


def answer(ask: Ask, reached: Iterable[Reached], opening_at: OpeningAt) -> Answer:
    """Apply the limit and the opening on arrival to what is `reached`, nearest first."""
    limit, wanted = ask.minutes * 60, ask.limit
    opening_on = _openings(ask, opening_at)
    passed: list[Stop] = []
    inside: list[Stop] = []
    for there, seconds, basis, metres in reached:
        if len(inside) == wanted or (seconds > limit and (inside or len(passed) >= MOST_BEYOND)):
            break
        if there is None or seconds == inf:
            continue
        point, hours, can = there
        opening = opening_on(hours, seconds)
        stop = Stop(point, seconds, basis, metres, opening, can)
        if seconds <= limit and (opening.open or ask.when == "any"):
            inside.append(stop)
        elif not inside:
            passed.append(stop)
    if inside:
        best = _best(ask, inside)
        return Answer(tuple(inside), best, _why(ask, best), ())
    near = [stop for stop in passed if stop.seconds <= limit]
    first = tuple(passed[:MOST_BEYOND])
    return Answer((), None, _why_none(ask, near, first), first)


def _openings(ask: Ask, opening_at: OpeningAt) -> Callable[[str, float], Opening]:
    """(hours, seconds on the way) -> how a place stands on arrival. Asked in order of time, so that one answer holds
    for the next arrivals too, until the place's next change.
    """
    known: dict[str, tuple[float, Opening]] = {}

    def at(hours: str, seconds: float) -> Opening:
        found = known.get(hours)
        if found is None or seconds >= found[0]:
            opening = opening_at(hours, ask.at + timedelta(seconds=seconds))
            change = opening.closes_at if opening.open else opening.next_opens_at
            until = inf if change is None else (change - ask.at).total_seconds() - MICROSECOND
            found = known[hours] = (until, opening)
        return found[1]

    return at


def _best(ask: Ask, inside: Sequence[Stop]) -> Stop:
    """The one to go to: once a place is found that lacks nothing, what is further away than a detour is not better."""
    best, liked = inside[0], _preference(ask, inside[0])
    for stop in inside[1:]:
        if not any(liked[:3]) and stop.seconds > liked[3]:
            break
        preference = _preference(ask, stop)
        if preference < liked:
            best, liked = stop, preference
    return best


def _preference(ask: Ask, stop: Stop) -> tuple[bool, bool, bool, float, str]:
    """Open on arrival, takes the matter in, time enough to be served, then near; one visit is worth a detour."""
    whole = ask.matter is None or len(stop.can) == 3
    return (
        not stop.opening.open,
        "accept" not in stop.can,
        _late(ask, stop),
        stop.seconds + (0.0 if whole else ONE_VISIT_S),
        stop.point.id,
    )


def _late(ask: Ask, stop: Stop) -> bool:
    closes = stop.opening.closes_at
    return closes is not None and closes - _arrival(ask, stop) < SERVE


def _arrival(ask: Ask, stop: Stop) -> datetime:
    return ask.at + timedelta(seconds=stop.seconds)


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
    return _joined([_travel(ask, best), _opening(ask, best), *_doing(ask, best)])


def _joined(clauses: Sequence[Words]) -> Words:
    return Words("；".join(c.zh for c in clauses) + "。", "; ".join(c.en for c in clauses) + ".")


def _travel(ask: Ask, stop: Stop) -> Words:
    minutes = max(1, round(stop.seconds / 60))
    guess = (
        Words("（按直线估算）", " (estimated from the straight line)") if stop.basis == "estimate" else Words("", "")
    )
    by = _BY[ask.mode]
    return Words(f"{by.zh}约 {minutes} 分钟{guess.zh}", f"{by.en} about {minutes} min{guess.en}")


def _opening(ask: Ask, stop: Stop) -> Words:
    opening, arrival = stop.opening, _arrival(ask, stop)
    sure = Words("", "")
    if not stop.point.hours_confirmed:
        sure = Words("（时间未经核实，请先问一问）", " (hours not confirmed: ask first)")
    if not opening.open:
        at = _clock(opening.next_opens_at, arrival)
        return Words(f"到达时不开放，{at.zh}开门{sure.zh}", f"closed on arrival, opens {at.en}{sure.en}")
    at = _clock(opening.closes_at, arrival)
    late = Words("，时间很紧", ", little time left") if _late(ask, stop) else Words("", "")
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
    return _clock_on(at, seen_from.astimezone(BEIJING).date())


@lru_cache(1_024)
def _clock_on(at: datetime, day: date) -> Words:
    local = at.astimezone(BEIJING)
    if local.date() == day:
        return Words(f"{local:%H:%M} ", f"at {local:%H:%M}")
    return Words(f"{local.month}月{local.day}日 {local:%H:%M} ", f"on {local:%Y-%m-%d} at {local:%H:%M}")
