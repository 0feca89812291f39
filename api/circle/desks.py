"""Desks: which hall accepts a district's new cases and conversations, and what is left at one that no longer does.

Centres and stations have no desk of their own yet: their questions go to the hall, whatever the matter.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date

from api.circle.point import ServicePoint


def accepting_halls(points: Iterable[ServicePoint], today: date) -> list[ServicePoint]:
    """The halls whose desks accept work today: open ones, and per district those that accept since the latest day."""
    day = today.isoformat()
    halls = [p for p in points if p.kind == "hall" and p.built != "no" and p.accepts_from <= day]
    latest: dict[str, str] = {}
    for hall in halls:
        latest[hall.district] = max(latest.get(hall.district, ""), hall.accepts_from)
    return [hall for hall in halls if hall.accepts_from == latest[hall.district]]


def desk_of(points: Sequence[ServicePoint], named: ServicePoint | None, today: date) -> str | None:
    """The id of the hall that takes a question: `named` if it accepts, else its district's, else the first, or None."""
    halls = accepting_halls(points, today)
    near = [hall for hall in halls if named and hall.district == named.district]
    wanted = [named] if named in halls else near or halls
    return wanted[0].id if wanted and wanted[0] else None


def left_behind(
    points: Iterable[ServicePoint], accepting: Sequence[ServicePoint], hangs_on: Callable[[str], Mapping[str, int]]
) -> list[str]:
    """A line for each closed point, or hall whose desk has moved, to which work or staff still belongs."""
    lines = []
    for point in points:
        if point in accepting or (point.built != "no" and point.kind != "hall"):
            continue
        if left := {what: number for what, number in hangs_on(point.id).items() if number}:
            counts = ", ".join(f"{number} {what}" for what, number in left.items())
            lines.append(f"{point.id} {point.name}: accepts nothing any more, still has {counts}")
    return lines
