"""Streets and outlines for drawing a map; never for deciding which points are inside.

Streets come from the generation's file, simplified to what a phone needs: the line, its class, its name.
"""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from api.circle.travel.area import DEGREE_M, Box

if TYPE_CHECKING:
    from api.circle.travel.network import Streets

CLASSES = (
    "motorway", "trunk", "primary", "secondary", "tertiary", "unclassified", "residential", "living_street",
    "pedestrian", "service", "cycleway", "footway", "path", "track", "steps",
)  # fmt: skip
"""Classes of `highway` that are drawn, the most important first; a `_link` belongs to its class."""
MAX_STREETS = 1_000
OUTLINE_POINTS = 1_500


def save_streets(folder: Path, streets: "Streets") -> None:
    """Write the streets into a generation's folder, for `StreetMap`."""
    order = {name: i for i, name in enumerate(CLASSES)}
    drawn = [(order.get(way.tags.get("highway", "").removesuffix("_link")), way) for way in streets.ways]
    ways = sorted(((rank, way) for rank, way in drawn if rank is not None), key=lambda pair: pair[0])
    nodes = [node for _, way in ways for node in way.nodes]
    starts = np.cumsum([0, *(len(way.nodes) for _, way in ways)])
    positions = streets.positions[nodes].reshape(-1, 2)
    np.savez(folder / "streets.npz", ranks=[r for r, _ in ways], starts=starts, positions=np.round(positions, 6))
    names = [way.tags.get("name") for _, way in ways]
    (folder / "streets.json").write_text(json.dumps(names, ensure_ascii=False), "utf-8")


class StreetMap:
    """The streets of a generation, for drawing those in a box."""

    def __init__(self, folder: Path) -> None:
        with np.load(folder / "streets.npz", allow_pickle=False) as saved:
            self._ranks, self._starts, self._positions = saved["ranks"], saved["starts"], saved["positions"]
        self._names: list[str | None] = json.loads((folder / "streets.json").read_text("utf-8"))
        begins = self._starts[:-1]
        self._low = np.minimum.reduceat(self._positions, begins) if len(begins) else np.empty((0, 2))
        self._high = np.maximum.reduceat(self._positions, begins) if len(begins) else np.empty((0, 2))

    def inside(self, box: Box) -> dict[str, Any]:
        """A GeoJSON FeatureCollection of the streets that meet the box, the most important first.

        `truncated` is true where there were more than MAX_STREETS: ask for a smaller box.
        """
        meets = (
            (self._low[:, 0] <= box.east)
            & (self._high[:, 0] >= box.west)
            & (self._low[:, 1] <= box.north)
            & (self._high[:, 1] >= box.south)
        )
        inside = np.flatnonzero(meets)
        return {
            "type": "FeatureCollection",
            "truncated": bool(len(inside) > MAX_STREETS),
            "attribution": "© OpenStreetMap contributors, ODbL 1.0",
            "features": [self._feature(i) for i in inside[:MAX_STREETS].tolist()],
        }

    def _feature(self, i: int) -> dict[str, Any]:
        line = self._positions[self._starts[i] : self._starts[i + 1]].tolist()
        about = {"class": CLASSES[self._ranks[i]], "name": self._names[i]}
        return {
            "type": "Feature",
            "properties": about,
            "geometry": {"type": "LineString", "coordinates": line},
        }


def outline(positions: NDArray[np.float64]) -> dict[str, Any]:
    """A GeoJSON geometry around the positions: their concave hull, thinned to what a screen can show."""
    from shapely import MultiPoint, concave_hull
    from shapely.geometry import mapping

    if len(positions) < 3:
        return {"type": "MultiPoint", "coordinates": positions.tolist()}
    cell = 20.0 / DEGREE_M
    thin = positions
    while len(thin) > OUTLINE_POINTS:
        _, first = np.unique(np.floor(positions / cell), axis=0, return_index=True)
        thin, cell = positions[first], cell * 1.5
    shape: dict[str, Any] = mapping(concave_hull(MultiPoint(thin), ratio=0.15))
    return shape
