"""Finds the street segment nearest to a position, by a grid of cells in plain arrays that processes share.

A tree of geometries would have to be built in the memory of every process; these arrays are memory-mapped from the
generation's folder, and three slices of them answer nearly every question.
"""

from dataclasses import dataclass
from math import ceil, cos, radians, sqrt
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from api.circle.travel.area import DEGREE_M

CELL_M = 120.0
SNAP_LIMIT_M = 500.0
"""Beyond this the streets say nothing about how to get there; the answer is then an estimate and says so."""
FAR_SNAP_M = 150.0
"""A nearest street further away than this is reported: city streets lie at most 300 m apart (GB 50180-2018, 6.0.2), so
that the position or the map is in doubt."""
EQUALLY_M = 0.001
"""Segments whose distances differ by no more than this are equally near: two ways drawn along one line, the two sides
of a gate. A traveller may take any of them."""
MAX_CELLS = 4_000_000


class Foot(NamedTuple):
    """A place on a street: the index of the segment, and the fraction along it (0..1)."""

    segment: int
    fraction: float


class Snap(NamedTuple):
    """The nearest place on the streets and its distance in metres; several places where they are equally near."""

    metres: float
    feet: tuple[Foot, ...]


@dataclass(frozen=True)
class StreetGrid:
    """A grid over segments: cells of `step` degrees from (west, south), numbered row by row.

    `segments[starts[c]:starts[c + 1]]` touch cell c.
    """

    west: float
    south: float
    step: tuple[float, float]
    columns: int
    rows: int
    starts: NDArray[np.int64]
    segments: NDArray[np.int32]
    lines: NDArray[np.float64]
    """By segment: longitude and latitude of its first end, then of its second."""

    def nearest(self, lon: float, lat: float) -> Snap | None:
        """The nearest segment within SNAP_LIMIT_M, measured in a plane that touches the Earth at the position."""
        column = int((lon - self.west) // self.step[0])
        row = int((lat - self.south) // self.step[1])
        east_m, north_m = DEGREE_M * cos(radians(lat)), DEGREE_M
        cell_m = min(self.step[0] * east_m, self.step[1] * north_m)
        reach, furthest = 1, ceil(SNAP_LIMIT_M / cell_m)
        while True:
            best = self._best(self._around(column, row, reach), lon, lat, east_m, north_m)
            # Outside the block of cells nothing is nearer than the block's border, `reach` cells away.
            if best is not None and best.metres <= min(reach * cell_m, SNAP_LIMIT_M):
                return best
            if reach >= furthest:
                return None
            reach = min(2 * reach, furthest)

    def _around(self, column: int, row: int, reach: int) -> NDArray[np.int32]:
        """Segments that touch the block of cells `reach` around one."""
        left, right = max(column - reach, 0), min(column + reach, self.columns - 1)
        if left > right:
            return self.segments[:0]
        rows = range(max(row - reach, 0), min(row + reach, self.rows - 1) + 1)
        starts, base = self.starts, self.columns
        by_row = [self.segments[starts[r * base + left] : starts[r * base + right + 1]] for r in rows]
        return np.concatenate(by_row) if by_row else self.segments[:0]

    def _best(
        self, candidates: NDArray[np.int32], lon: float, lat: float, east_m: float, north_m: float
    ) -> Snap | None:
        if not candidates.size:
            return None
        # Ends and offsets as complex numbers of metres, east and north: half the steps of doing each by itself.
        lines = self.lines.take(candidates, axis=0)
        lines -= (lon, lat, lon, lat)
        lines *= (east_m, north_m, east_m, north_m)
        start, end = lines.view(np.complex128).T
        way = end - start
        length = way.real**2
        length += way.imag**2
        along = (start * way.conj()).real
        along /= np.maximum(length, 1e-12, out=length)
        along = np.minimum(np.maximum(np.negative(along, out=along), 0.0, out=along), 1.0, out=along)
        foot = start + along * way
        away = foot.real**2
        away += foot.imag**2
        metres = sqrt(np.minimum.reduce(away))
        (near,) = (away <= (metres + EQUALLY_M) ** 2).nonzero()
        return Snap(metres, tuple(map(Foot, candidates[near].tolist(), along[near].tolist())))

    def save(self, folder: Path) -> None:
        """Write the arrays into `folder`."""
        corner = np.array([self.west, self.south, *self.step, self.columns, self.rows])
        for name, values in (
            ("grid", corner),
            ("cell_starts", self.starts),
            ("cell_segments", self.segments),
            ("lines", self.lines),
        ):
            np.save(folder / f"{name}.npy", values)

    @classmethod
    def load(cls, folder: Path) -> "StreetGrid":
        """Memory-map the arrays that `save` wrote."""
        west, south, step_x, step_y, columns, rows = np.load(folder / "grid.npy").tolist()
        return cls(
            west,
            south,
            (step_x, step_y),
            int(columns),
            int(rows),
            mapped(folder / "cell_starts.npy"),
            mapped(folder / "cell_segments.npy"),
            mapped(folder / "lines.npy"),
        )


def mapped(path: Path) -> NDArray[Any]:
    """A saved array, memory-mapped and read-only, as a plain ndarray (indexing np.memmap costs a class per slice)."""
    return np.asarray(np.load(path, mmap_mode="r", allow_pickle=False)).view(np.ndarray)


def lay_grid(lines: NDArray[np.float64], usable: NDArray[np.int32]) -> StreetGrid:
    """Build a grid over those segments of `lines` whose indexes are in `usable` (at least one)."""
    x, y = lines[usable][:, [0, 2]], lines[usable][:, [1, 3]]
    west, south, east, north = x.min(), y.min(), x.max(), y.max()
    step_y = CELL_M / DEGREE_M
    step_x = step_y / cos(radians((south + north) / 2))
    while ((east - west) / step_x + 1) * ((north - south) / step_y + 1) > MAX_CELLS:
        step_x, step_y = 2 * step_x, 2 * step_y
    columns, rows = int((east - west) // step_x) + 1, int((north - south) // step_y) + 1
    left, right = (
        ((x - west) // step_x).astype(np.int64).min(1),
        ((x - west) // step_x).astype(np.int64).max(1),
    )
    low, high = (
        ((y - south) // step_y).astype(np.int64).min(1),
        ((y - south) // step_y).astype(np.int64).max(1),
    )
    wide = right - left + 1
    covers = wide * (high - low + 1)
    segment = np.repeat(np.arange(len(usable)), covers)
    nth = np.arange(covers.sum()) - np.repeat(np.cumsum(covers) - covers, covers)
    cell = (low[segment] + nth // wide[segment]) * columns + left[segment] + nth % wide[segment]
    order = np.argsort(cell, kind="stable")
    starts = np.searchsorted(cell[order], np.arange(columns * rows + 1))
    return StreetGrid(
        float(west),
        float(south),
        (float(step_x), float(step_y)),
        columns,
        rows,
        starts.astype(np.int64),
        usable[segment[order]].astype(np.int32),
        lines,
    )
