"""Ranks service points for a question: who handles the matter, is near enough in time, and is open on arrival."""

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
"""Factor from the straight line to the way along streets, where no street network is loaded."""
SERVE = timedelta(minutes=20)
"""Less time than this between arrival and closing counts as too late to be served."""
ONE_VISIT_S = 300.0
"""Extra seconds of travel that a point is worth where everything is done in one visit."""
MOST_BEYOND = 3
FAR_SNAP_M = 150.0
"""A nearest street further away than this is reported: city streets lie at most 300 m apart (GB 50180-2018, 6.0.2), so
that the position or the map is in doubt."""
MICROSECOND = 1e-6
"""The resolution of `datetime`, in seconds."""
NEVER = datetime.max.replace(tzinfo=UTC)

When = Literal["arrival", "any"]
WHENS: tuple[When, ...] = get_args(When)
Basis = Literal["network", "estimate"]


class OpeningStatus(Protocol):
    """Whether a place is open at an instant, and when that changes (api/calendar/hours.py)."""

    @property
    def open(self) -> bool: ...
    @property
    def closes_at(self) -> datetime | None: ...
    @property
    def next_opens_at(self) -> datetime | None: ...
    @property
    def provisional(self) -> bool: ...


OpeningAt = Callable[[str, datetime], OpeningStatus]
"""(weekly hours, instant) -> the opening status of a place with these hours at that instant."""


class Bilingual(NamedTuple):
    """One sentence in Chinese and in English."""

    zh: str
    en: str


@dataclass(frozen=True)
class CircleQuestion:
    """A validated question: a WGS-84 position, `minutes` 1 to 60, `at` aware; at most `limit` points, None for all."""

    lon: float
    lat: float
    mode: Mode
    minutes: int
    at: datetime
    when: When = "arrival"
    matter: Handling | None = None
    limit: int | None = None


class Stop(NamedTuple):
    """A point of the answer: seconds of travel, straight-line distance in metres, its opening status on arrival."""

    point: ServicePoint
    seconds: float
    basis: Basis
    distance_m: float
    opening: OpeningStatus
    can: tuple[Part, ...]


@dataclass(frozen=True)
class Answer:
    """The points within the time limit (`inside`), nearest first; the recommended one (`best`) and the reason (`why`).

    `beyond` holds the nearest points outside, only if nothing is inside.
    """

    inside: tuple[Stop, ...]
    best: Stop | None
    why: Bilingual
    beyond: tuple[Stop, ...]


class Candidate(NamedTuple):
    """A point that can serve the question: its hours as one text, and the parts of the matter that it does."""

    point: ServicePoint
    hours: str
    can: tuple[Part, ...]


def candidate(point: ServicePoint, matter: Handling | None, facilities: frozenset[str]) -> Candidate | None:
    """The point as a candidate; None where it is not built, lacks a facility, or does no part that needs a visit."""
    if point.built == "no" or not facilities.issubset(point.facilities):
        return None
    can = parts_at(matter, point) if matter else usual_parts(point.kind)
    if matter and "accept" not in can and "collect" not in can:
        return None
    return Candidate(point, point.opening_hours, can)


Reached = tuple[Candidate | None, float, Basis, float]
"""A candidate, seconds to it (inf: cannot be reached), where they come from, and the straight line in metres."""


def reached(
    question: CircleQuestion,
    candidates: Sequence[Candidate | None],
    metres: Floats,
    pace: Pace,
    seconds: Floats | None = None,
) -> Iterator[Reached]:
    """Yield the candidates by travel time, equally near ones by id; `candidates` must be sorted by id.

    `metres` and `seconds` are arrays with one value per candidate. A time that the tables lack (nan, or `seconds` is
    None) is estimated from the straight line in `metres` and DETOUR; its basis is `estimate`.
    """
    estimated = metres * (DETOUR / (getattr(pace, question.mode) / 3.6))
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


def answer(question: CircleQuestion, reached: Iterable[Reached], opening_at: OpeningAt) -> Answer:
    """Filter what was `reached` (nearest first) by the time limit and by the opening status on arrival."""
    limit, most = question.minutes * 60, question.limit
    opening_on = _openings(question, opening_at)
    outside: list[Stop] = []
    inside: list[Stop] = []
    for candidate, seconds, basis, metres in reached:
        if len(inside) == most or (seconds > limit and (inside or len(outside) >= MOST_BEYOND)):
            break
        if candidate is None or seconds == inf:
            continue
        point, hours, can = candidate
        opening = opening_on(hours, seconds)
        stop = Stop(point, seconds, basis, metres, opening, can)
        if seconds <= limit and (opening.open or question.when == "any"):
            inside.append(stop)
        elif not inside:
            outside.append(stop)
    if inside:
        best = _best(question, inside)
        return Answer(tuple(inside), best, _why(question, best), ())
    near = [stop for stop in outside if stop.seconds <= limit]
    first = tuple(outside[:MOST_BEYOND])
    return Answer((), None, _why_none(question, near, first), first)


def _openings(question: CircleQuestion, opening_at: OpeningAt) -> Callable[[str, float], OpeningStatus]:
    """A function of (hours, seconds of travel) that gives the opening status on arrival.

    It is called with rising seconds, so that a status is cached per hours until the instant at which it changes.
    """
    cached: dict[str, tuple[float, OpeningStatus]] = {}

    def at(hours: str, seconds: float) -> OpeningStatus:
        entry = cached.get(hours)
        if entry is None or seconds >= entry[0]:
            opening = opening_at(hours, question.at + timedelta(seconds=seconds))
            change = opening.closes_at if opening.open else opening.next_opens_at
            until = inf if change is None else (change - question.at).total_seconds() - MICROSECOND
            entry = cached[hours] = (until, opening)
        return entry[1]

    return at


def _best(question: CircleQuestion, inside: Sequence[Stop]) -> Stop:
    """The best stop by `_preference`. Stops come nearest first, so the search ends at one that lacks nothing."""
    best, best_preference = inside[0], _preference(question, inside[0])
    for stop in inside[1:]:
        if not any(best_preference[:3]) and stop.seconds > best_preference[3]:
            break
        preference = _preference(question, stop)
        if preference < best_preference:
            best, best_preference = stop, preference
    return best


def _preference(question: CircleQuestion, stop: Stop) -> tuple[bool, bool, bool, float, str]:
    """A sort key: open on arrival, accepts the matter, time enough to be served, then near, with ONE_VISIT_S off."""
    whole = question.matter is None or len(stop.can) == 3
    return (
        not stop.opening.open,
        "accept" not in stop.can,
        _late(question, stop),
        stop.seconds + (0.0 if whole else ONE_VISIT_S),
        stop.point.id,
    )


def _late(question: CircleQuestion, stop: Stop) -> bool:
    closes = stop.opening.closes_at
    return closes is not None and closes - _arrival(question, stop) < SERVE


def _arrival(question: CircleQuestion, stop: Stop) -> datetime:
    return question.at + timedelta(seconds=stop.seconds)


_BY = {
    "walk": Bilingual("步行", "On foot"),
    "walk_slow": Bilingual("慢走", "Walking slowly"),
    "bike": Bilingual("骑车", "By bike"),
    "drive": Bilingual("开车", "By car"),
}
_PART = {
    "accept": Bilingual("受理", "hand in"),
    "review": Bilingual("审核", "be reviewed"),
    "collect": Bilingual("领证", "collect"),
}


def _why(question: CircleQuestion, best: Stop) -> Bilingual:
    """Why the best stop is recommended: travel, opening, what can be done there."""
    return _joined([_travel(question, best), _opening(question, best), *_doing(question, best)])


def _joined(clauses: Sequence[Bilingual]) -> Bilingual:
    return Bilingual("；".join(c.zh for c in clauses) + "。", "; ".join(c.en for c in clauses) + ".")


def _travel(question: CircleQuestion, stop: Stop) -> Bilingual:
    minutes = max(1, round(stop.seconds / 60))
    guess = (
        Bilingual("（按直线估算）", " (estimated from the straight line)")
        if stop.basis == "estimate"
        else Bilingual("", "")
    )
    by = _BY[question.mode]
    return Bilingual(f"{by.zh}约 {minutes} 分钟{guess.zh}", f"{by.en} about {minutes} min{guess.en}")


def _opening(question: CircleQuestion, stop: Stop) -> Bilingual:
    opening, arrival = stop.opening, _arrival(question, stop)
    sure = Bilingual("", "")
    if not stop.point.hours_confirmed:
        sure = Bilingual("（时间未经核实，请先问一问）", " (hours not confirmed: ask first)")
    if not opening.open:
        at = _clock(opening.next_opens_at, arrival)
        return Bilingual(f"到达时不开放，{at.zh}开门{sure.zh}", f"closed on arrival, opens {at.en}{sure.en}")
    at = _clock(opening.closes_at, arrival)
    late = Bilingual("，时间很紧", ", little time left") if _late(question, stop) else Bilingual("", "")
    return Bilingual(f"到达时开放，{at.zh}关门{late.zh}{sure.zh}", f"open on arrival, closes {at.en}{late.en}{sure.en}")


def _doing(question: CircleQuestion, stop: Stop) -> list[Bilingual]:
    if question.matter is None:
        return []
    if len(stop.can) == 3:
        return [Bilingual("在这里一次办完", "everything is done in one visit")]
    named = [_PART[part] for part in stop.can]
    doing = Bilingual(f"在这里可以{'、'.join(w.zh for w in named)}", f"here you can {', '.join(w.en for w in named)}")
    return [doing, *_courier(question, stop)]


def _courier(question: CircleQuestion, stop: Stop) -> list[Bilingual]:
    if question.matter and question.matter.courier and "collect" not in stop.can:
        return [Bilingual("证件可以快递到家", "the result can be couriered")]
    return []


def snap_notice(metres: float | None) -> Bilingual | None:
    """A notice that the nearest street is far (`metres`) or that none is within SNAP_LIMIT_M (None); else None."""
    if metres is None:
        limit = round(SNAP_LIMIT_M)
        return Bilingual(
            f"您的位置 {limit} 米内没有街道，时间是按直线距离估算的，实际可能更久。",
            f"No street within {limit} m of your position: times are estimated from the straight line.",
        )
    if metres <= FAR_SNAP_M:
        return None
    return Bilingual(
        f"您的位置离最近的街道约 {metres:.0f} 米，到街道的这一段是按直线步行算的。",
        f"The nearest street is about {metres:.0f} m from your position: the way to it is reckoned as a straight walk.",
    )


def _why_none(question: CircleQuestion, closed: Sequence[Stop], beyond: Sequence[Stop]) -> Bilingual:
    """Why no point is inside: not done here, nothing near enough, or all closed on arrival."""
    courier = bool(question.matter and question.matter.courier)
    online = [Bilingual("也可以网上办、快递送", "or apply online and use the courier")] if courier else []
    if not beyond:
        place = question.matter.place if question.matter else None
        if place:
            return _joined([Bilingual(f"这件事在{place}办理，不在服务点办", f"This is done at: {place}"), *online])
        return _joined([Bilingual("没有找到能办的服务点", "No service point found that can do this"), *online])
    nearest = beyond[0]
    if closed:
        soonest = min(closed, key=lambda stop: stop.opening.next_opens_at or NEVER)
        at = _clock(soonest.opening.next_opens_at, question.at)
        return _joined(
            [
                Bilingual(
                    f"{question.minutes} 分钟内的服务点到达时都不开放",
                    f"All within {question.minutes} min are closed on arrival",
                ),
                Bilingual(
                    f"最早 {soonest.point.name} {at.zh}开门", f"the first to open is {soonest.point.name}, {at.en}"
                ),
                *online,
            ]
        )
    travel = _travel(question, nearest)
    return _joined(
        [
            Bilingual(
                f"{question.minutes} 分钟内没有能办的服务点", f"Nothing that can do this within {question.minutes} min"
            ),
            Bilingual(
                f"最近的是{nearest.point.name}，{travel.zh}", f"the nearest is {nearest.point.name}: {travel.en}"
            ),
            *online,
        ]
    )


def _clock(at: datetime | None, seen_from: datetime) -> Bilingual:
    """A time of day in Beijing, with the date where it is not the day of `seen_from`."""
    if at is None:
        return Bilingual("30 天内没有确定时间", "at no known time within 30 days")
    return _clock_on(at, seen_from.astimezone(BEIJING).date())


@lru_cache(1_024)
def _clock_on(at: datetime, day: date) -> Bilingual:
    local = at.astimezone(BEIJING)
    if local.date() == day:
        return Bilingual(f"{local:%H:%M} ", f"at {local:%H:%M}")
    return Bilingual(f"{local.month}月{local.day}日 {local:%H:%M} ", f"on {local:%Y-%m-%d} at {local:%H:%M}")
