"""Ranks service points for a question: who handles the matter, is near enough in time, and is open on arrival."""

from collections.abc import Iterable, Iterator, Sequence
from math import inf
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from api.circle.arrival import openings, too_late
from api.circle.point import Handling, Part, ServicePoint, parts_at, usual_parts
from api.circle.question import Answer, Basis, CircleQuestion, OpeningAt, Stop
from api.circle.travel.mode import Pace
from api.circle.why import why, why_none

Floats = NDArray[np.float64]
DETOUR = 1.3
"""Factor from the straight line to the way along streets, where no street network is loaded."""
ONE_VISIT_S = 300.0
"""Extra seconds of travel that a point is worth where everything is done in one visit."""
MOST_BEYOND = 3


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
    opening_on = openings(question, opening_at)
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
        return Answer(tuple(inside), best, why(question, best), ())
    near = [stop for stop in outside if stop.seconds <= limit]
    first = tuple(outside[:MOST_BEYOND])
    return Answer((), None, why_none(question, near, first), first)


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
        too_late(question, stop),
        stop.seconds + (0.0 if whole else ONE_VISIT_S),
        stop.point.id,
    )
