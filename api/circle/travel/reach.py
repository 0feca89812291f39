"""Looks up travel times in tables: seconds from any position to every service point, in well under a millisecond.

A generation is a folder that never changes once it has its name:

    generation.json        what it was built from: file, digest, box, pace, sizes
    source.osm.pbf         the street file itself, so that a host can rebuild
    streets.npz            lines for drawing
    <mode>/lines.npy …     the street grid (nearest.py)
    <mode>/ends.npy        segment -> its two nodes
    <mode>/seconds.npy     segment -> seconds along it and back, inf where the mode may not
    <mode>/reach.npy       node x column -> tenths of seconds to the column's position, FAR where it is too far
    <mode>/columns.json    the columns, see `Column`
    <mode>/grounds/…       private grounds (grounds.py)

A column belongs to a position, not to a point: a point that moves is another column. Columns for positions that came
later lie beside the table as `<mode>/side/<position>.npz` and are never removed. Times include the walk between
position and street at both ends.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from api.circle.travel.area import Box
from api.circle.travel.mode import MODES, Mode, Pace
from api.circle.travel.nearest import Foot, Snap, StreetGrid, mapped

Position = tuple[float, float]
Tenths = NDArray[np.uint16]
FAR = 65_535
LIMIT_S = 6_553.0
"""The longest time a table can hold; questions go up to 60 minutes."""


class Column(NamedTuple):
    """A position's nearest places on the streets (empty: none is near enough), and the seconds from there to it.

    For a position on private grounds, instead of these the `doors`: (node, seconds from that node to the position).
    """

    seconds: float
    feet: tuple[Foot, ...]
    doors: tuple[tuple[int, float], ...] = ()


class Travel(NamedTuple):
    """Travel times from one position: seconds per point, inf where too far, nan where the tables lack the point."""

    seconds: NDArray[np.float64]
    snap: Snap


def name_of(position: Position) -> str:
    """The name of a position's column: its degrees with six decimals, a tenth of a metre."""
    return f"{position[0]:.6f},{position[1]:.6f}"


class ModeReach:
    """The tables of one mode, for the positions of the current points."""

    def __init__(self, folder: Path, positions: Sequence[Position], walk_ms: float) -> None:
        self.grid = StreetGrid.load(folder)
        self._ends = mapped(folder / "ends.npy")
        self._seconds = mapped(folder / "seconds.npy")
        self._table = mapped(folder / "reach.npy")
        self._walk_ms = walk_ms
        names = [name_of(position) for position in positions]
        table = load_columns(folder)
        late = {name: side for name, side in load_side(folder).items() if name in names and name not in table}
        self._side = _stack([tenths for _, tenths in late.values()], len(self._table))
        known = {**table, **{name: column for name, (column, _) in late.items()}}
        place = {name: i for i, name in enumerate(known)}
        self.missing = [p for p, name in zip(positions, names, strict=True) if name not in known]
        nowhere = [
            i for i, name in enumerate(names) if name not in known or not (known[name].feet or known[name].doors)
        ]
        self._unknown = np.array(nowhere, dtype=np.intp)
        self._order = np.array([place.get(name, 0) for name in names], dtype=np.intp)
        self._on_segment: dict[int, list[tuple[int, float, float]]] = {}
        for i, name in enumerate(names):
            for foot in known[name].feet if name in known else ():
                self._on_segment.setdefault(foot.segment, []).append((i, foot.fraction, known[name].seconds))

    @property
    def covered(self) -> int:
        """How many of the positions have a street near."""
        return len(self._order) - len(self._unknown)

    def times(self, lon: float, lat: float) -> Travel | None:
        """Seconds to every point; None where no street is within reach of the position."""
        snap = self.grid.nearest(lon, lat)
        if snap is None:
            return None
        costs: dict[int, float] = {}
        for foot in snap.feet:
            for node, cost in leaving(foot, self._ends[foot.segment].tolist(), self._seconds[foot.segment].tolist()):
                costs[node] = min(cost, costs.get(node, cost))
        seconds = np.minimum.reduce([self._row(node) * 0.1 + cost for node, cost in costs.items()])[self._order]
        for foot in snap.feet:
            for i, fraction, walk in self._on_segment.get(foot.segment, ()):
                along, against = self._seconds[foot.segment].tolist()
                seconds[i] = min(seconds[i], direct(foot.fraction, fraction, along, against) + walk)
        # A node beyond the limit may be missing from a quicker way, so that sums beyond it are not to be trusted.
        seconds[seconds > LIMIT_S] = np.inf
        seconds += snap.metres / self._walk_ms
        if self._unknown.size:
            seconds[self._unknown] = np.nan
        return Travel(seconds, snap)

    def _row(self, node: int) -> Tenths:
        """Tenths of seconds from a node to every column; FAR is beyond the limit."""
        tenths: Tenths = self._table[node]
        return np.concatenate((tenths, self._side[node])) if self._side.shape[1] else tenths


def leaving(foot: Foot, ends: Sequence[int], seconds: Sequence[float]) -> list[tuple[int, float]]:
    """(node, seconds) from a place on a segment to the nodes at its ends; from an end itself, only to that node."""
    (first, second), (along, against) = ends, seconds
    if foot.fraction <= 0:
        return [(first, 0.0)]
    if foot.fraction >= 1:
        return [(second, 0.0)]
    return [(first, foot.fraction * against), (second, (1 - foot.fraction) * along)]


def direct(start: float, goal: float, along: float, against: float) -> float:
    """Seconds between two places on one segment, given as fractions from its first end, without leaving it."""
    if goal == start:
        return 0.0
    return (goal - start) * along if goal > start else (start - goal) * against


class Reach:
    """The tables of one generation, for the positions of the current points."""

    def __init__(self, folder: Path, positions: Sequence[Position]) -> None:
        about: dict[str, Any] = json.loads((folder / "generation.json").read_text("utf-8"))
        self.folder = folder
        self.generation: str = about["generation"]
        self.pace = Pace(**about["pace"])
        self.box = Box(*about["box"])
        self.modes = {mode: ModeReach(folder / mode, positions, self.pace.on_foot(mode) / 3.6) for mode in MODES}

    @property
    def missing(self) -> list[Position]:
        """Positions for which some mode has no column yet."""
        return list(dict.fromkeys(p for reach in self.modes.values() for p in reach.missing))

    def times(self, mode: Mode, lon: float, lat: float) -> Travel | None:
        """Seconds from a position to every point; None where no street is within reach of it."""
        return self.modes[mode].times(lon, lat)


def _stack(columns: list[Tenths], nodes: int) -> Tenths:
    return np.stack(columns, axis=1) if columns else np.empty((nodes, 0), dtype=np.uint16)


def load_columns(folder: Path) -> dict[str, Column]:
    """The columns of `reach.npy` by name, in their order."""
    saved: dict[str, Any] = json.loads((folder / "columns.json").read_text("utf-8"))
    return {name: _column(column) for name, column in saved.items()}


def load_side(folder: Path) -> dict[str, tuple[Column, Tenths]]:
    """The columns that were added after the table was built, by name."""
    columns = {}
    for path in sorted((folder / "side").glob("*.npz")):
        with np.load(path, allow_pickle=False) as saved:
            columns[path.stem] = (_column(json.loads(str(saved["column"]))), saved["tenths"])
    return columns


def _column(saved: Any) -> Column:
    seconds, feet, *doors = saved  # tables of earlier releases have no doors
    return Column(seconds, tuple(Foot(*foot) for foot in feet), tuple((n, s) for n, s in doors[0]) if doors else ())
