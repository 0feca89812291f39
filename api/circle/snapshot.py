"""What questions are answered from: the points and the travel times as they stood at one revision, immutable."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from api.circle.answer import face
from api.circle.circle import Candidate, candidate
from api.circle.point import Handling, ServicePoint, point_of
from api.circle.travel.area import Box, Spots, around
from api.circle.travel.drawing import StreetMap
from api.circle.travel.reach import Reach

AREA_MARGIN_M = 1_500.0
"""How far around the points of a district questions are answered."""
Row = dict[str, Any]


@dataclass(frozen=True)
class Picture:
    """Everything a question needs, as it stood at one revision."""

    revision: int
    points: tuple[ServicePoint, ...]
    versions: dict[str, int]
    reach: Reach | None

    @cached_property
    def by_id(self) -> dict[str, ServicePoint]:
        """Points by id."""
        return {point.id: point for point in self.points}

    @cached_property
    def placed(self) -> tuple[ServicePoint, ...]:
        """Points that have a position, in the order of the tables."""
        return tuple(point for point in self.points if point.position)

    @cached_property
    def spots(self) -> Spots:
        """Where those are."""
        return Spots([point.position for point in self.placed if point.position])

    @cached_property
    def faces(self) -> dict[str, bytes]:
        """What an answer says of each of those, whoever asks, by id."""
        return {point.id: face(point) for point in self.placed}

    def candidates(self, matter: Handling | None, facilities: frozenset[str]) -> list[Candidate | None]:
        """Those who may be gone to for this, in the order of the tables."""
        if matter is None and not facilities:
            return self._candidates
        return [candidate(point, matter, facilities) for point in self.placed]

    @cached_property
    def _candidates(self) -> list[Candidate | None]:
        return [candidate(point, None, frozenset()) for point in self.placed]

    @cached_property
    def area(self) -> tuple[Box, ...]:
        """Where questions are answered: around each district's points, and where there are streets."""
        boxes = [box.grown(AREA_MARGIN_M) for box in district_boxes(self.points)]
        return (*boxes, self.reach.box) if self.reach else tuple(boxes)

    @cached_property
    def streets(self) -> StreetMap | None:
        """The lines for drawing."""
        return StreetMap(self.reach.folder) if self.reach else None


def district_boxes(points: Sequence[ServicePoint]) -> list[Box]:
    """The box of each district's placed points."""
    places: dict[str, list[tuple[float, float]]] = {}
    for point in points:
        if point.position:
            places.setdefault(point.district, []).append(point.position)
    return [box for box in (around(positions) for positions in places.values()) if box]


def stored_point(row: Row) -> ServicePoint:
    """The point of a stored row."""
    return point_of({**row, "id": row["_id"]})
