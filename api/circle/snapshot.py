"""The immutable snapshot that questions are answered from: points and travel times as of one revision of the store."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from api.circle.answer import point_json
from api.circle.circle import Candidate, candidate
from api.circle.point import Handling, ServicePoint, point_of
from api.circle.travel.area import Box, Spots, around
from api.circle.travel.drawing import StreetMap
from api.circle.travel.reach import Reach

AREA_MARGIN_M = 1_500.0
"""Margin of the box around a district's points in which questions are answered."""
Row = dict[str, Any]


@dataclass(frozen=True)
class CircleSnapshot:
    """Points, the versions of their rows by id, and travel times (`reach`, None without a network), as of `revision`.

    What is derived from them is computed at first use and cached.
    """

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
        """Points that have a position, by id: the order of every array below."""
        return tuple(point for point in self.points if point.position)

    @cached_property
    def spots(self) -> Spots:
        """The positions of `placed`, laid out for measuring distances."""
        return Spots([point.position for point in self.placed if point.position])

    @cached_property
    def points_json(self) -> dict[str, bytes]:
        """The JSON of each placed point that is the same for every question, by id."""
        return {point.id: point_json(point) for point in self.placed}

    def candidates(self, matter: Handling | None, facilities: frozenset[str]) -> list[Candidate | None]:
        """The placed points as candidates for a matter and facilities, None for those that cannot serve."""
        if matter is None and not facilities:
            return self._candidates
        return [candidate(point, matter, facilities) for point in self.placed]

    @cached_property
    def _candidates(self) -> list[Candidate | None]:
        return [candidate(point, None, frozenset()) for point in self.placed]

    @cached_property
    def area(self) -> tuple[Box, ...]:
        """The boxes in which questions are answered: around each district's points, and the street network's."""
        boxes = [box.grown(AREA_MARGIN_M) for box in district_boxes(self.points)]
        return (*boxes, self.reach.box) if self.reach else tuple(boxes)

    @cached_property
    def streets(self) -> StreetMap | None:
        """The streets for drawing; None without a network."""
        return StreetMap(self.reach.folder) if self.reach else None


def district_boxes(points: Sequence[ServicePoint]) -> list[Box]:
    """The smallest box around the placed points of each district."""
    places: dict[str, list[tuple[float, float]]] = {}
    for point in points:
        if point.position:
            places.setdefault(point.district, []).append(point.position)
    return [box for box in (around(positions) for positions in places.values()) if box]


def stored_point(row: Row) -> ServicePoint:
    """A point from its row in the store."""
    return point_of({**row, "id": row["_id"]})
