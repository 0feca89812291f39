"""Reads an `.osm.pbf` file into one directed graph per mode. Only the builder imports it: it loads osmium.

Every node of every way is kept, so that a position can snap to any place along it. A way is cut where the file lacks a
node, and at a barrier that stops the mode.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import osmium
from numpy.typing import NDArray

from api.circle.travel.area import EARTH_M, Box
from api.circle.travel.mode import Mode, Pace, Tags, bars, speeds, without_private

Floats = NDArray[np.float64]
Ints = NDArray[np.int32]


class NetworkUnusable(ValueError):
    """The street file cannot be used; `code` is broken, empty or far_away."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code


@dataclass
class Way:
    """A street without gaps: its tags and its nodes in order, as indexes into `Streets.positions`."""

    tags: dict[str, str]
    nodes: list[int]


@dataclass
class Streets:
    """The streets of a file. `positions` is (longitude, latitude) by node; `barriers` are tags by node."""

    positions: Floats
    ways: list[Way]
    barriers: dict[int, Tags]

    @property
    def box(self) -> Box:
        """The smallest box that holds all nodes."""
        west, south = self.positions.min(axis=0)
        east, north = self.positions.max(axis=0)
        return Box(float(west), float(south), float(east), float(north))


@dataclass(frozen=True)
class Graph:
    """The streets of one mode as segments between neighbouring nodes.

    positions: (nodes, 2) longitude, latitude. ends: (segments, 2) node indexes. seconds: (segments, 2) from the
    first end to the second and back, inf where the mode may not. origins: (nodes,) index into `Streets.positions`; a
    node at which a barrier stops the mode is there once per segment. stopped: those origins.
    """

    positions: Floats
    ends: Ints
    seconds: Floats
    origins: NDArray[np.int64]
    stopped: NDArray[np.int64]


@dataclass
class _Reader:
    """Collects what is near the boxes, numbering nodes as they come."""

    boxes: Sequence[Box]
    index: dict[int, int] = field(default_factory=dict)
    positions: list[tuple[float, float]] = field(default_factory=list)
    ways: list[Way] = field(default_factory=list)
    barriers: dict[int, Tags] = field(default_factory=dict)
    seen: int = 0

    def take_way(self, way: osmium.osm.Way) -> None:
        """Keep a street that touches a box."""
        self.seen += 1
        tags: dict[str, str] | None = None
        for run in _runs(way):
            if len(run) > 1 and any(box.holds(lon, lat) for _, lon, lat in run for box in self.boxes):
                tags = tags or {tag.k: tag.v for tag in way.tags}
                self.ways.append(Way(tags, [self._number(*node) for node in run]))

    def _number(self, ref: int, lon: float, lat: float) -> int:
        number = self.index.setdefault(ref, len(self.positions))
        if number == len(self.positions):
            self.positions.append((lon, lat))
        return number

    def streets(self) -> Streets:
        """The streets that were read, with the barriers that lie on one of them."""
        on_streets = {self.index[ref]: tags for ref, tags in self.barriers.items() if ref in self.index}
        return Streets(np.array(self.positions), self.ways, on_streets)


def _runs(way: osmium.osm.Way) -> Iterator[list[tuple[int, float, float]]]:
    """The stretches of a way whose nodes are all in the file."""
    run: list[tuple[int, float, float]] = []
    for node in way.nodes:
        if node.location.valid():
            run.append((node.ref, node.location.lon, node.location.lat))
        elif run:
            yield run
            run = []
    if run:
        yield run


def read(path: Path, boxes: Sequence[Box]) -> Streets:
    """Read the streets of the file that touch one of the boxes.

    Raises NetworkUnusable: `broken` where it is no readable .osm.pbf, `empty` where it has no street, `far_away` where
    none of them touches a box.
    """
    reader = _Reader(boxes)
    try:
        source = osmium.io.File(str(path), "pbf")
        wanted = osmium.filter.KeyFilter("highway", "barrier")
        for thing in osmium.FileProcessor(source).with_locations().with_filter(wanted):
            if isinstance(thing, osmium.osm.Way) and "highway" in thing.tags:
                reader.take_way(thing)
            elif isinstance(thing, osmium.osm.Node) and "barrier" in thing.tags:
                reader.barriers[thing.id] = {tag.k: tag.v for tag in thing.tags}
    except (RuntimeError, ValueError, OSError) as error:
        raise NetworkUnusable("broken", f"not a readable .osm.pbf: {error}") from error
    if not reader.seen:
        raise NetworkUnusable("empty", "the file has no street")
    if not reader.ways:
        raise NetworkUnusable("far_away", "no street of the file is near a service point")
    return reader.streets()


def graph(streets: Streets, mode: Mode, pace: Pace, *, invited: bool = False) -> Graph:
    """The part of the streets that `mode` may use; with `invited`, private ones too.

    Raises NetworkUnusable("empty") where that is nothing.
    """

    def tags_for(tags: Tags) -> Tags:
        return without_private(mode, tags) if invited else tags

    first: list[int] = []
    second: list[int] = []
    kmh: list[tuple[float, float]] = []
    for way in streets.ways:
        pair = speeds(mode, tags_for(way.tags), pace)
        if any(pair):
            first += way.nodes[:-1]
            second += way.nodes[1:]
            kmh += [pair] * (len(way.nodes) - 1)
    ends = np.array([first, second], dtype=np.int64).T.reshape(-1, 2)
    distinct = ends[:, 0] != ends[:, 1]
    ends, speed = ends[distinct], np.array(kmh, dtype=float).reshape(-1, 2)[distinct]
    if not len(ends):
        raise NetworkUnusable("empty", f"the file has no street for {mode}")
    stopped = np.array([node for node, tags in streets.barriers.items() if bars(mode, tags_for(tags))], dtype=np.int64)
    ends, positions, origins = _cut(ends, streets.positions, stopped)
    kept, compact = np.unique(ends, return_inverse=True)
    positions, between = positions[kept], compact.reshape(-1, 2).astype(np.int32)
    metres = lengths(positions[between[:, 0]], positions[between[:, 1]])
    with np.errstate(divide="ignore"):
        seconds = np.where(speed > 0, metres[:, None] / (speed / 3.6), np.inf)
    return Graph(positions, between, seconds, origins[kept], stopped)


def _cut(
    ends: NDArray[np.int64], positions: Floats, stopped: NDArray[np.int64]
) -> tuple[NDArray[np.int64], Floats, NDArray[np.int64]]:
    """Give every segment at a stopped node a node of its own there, so that no path leads through.

    Gives the new ends and positions, and of each node the one that it stands for.
    """
    meets = np.isin(ends, stopped)
    fresh = len(positions) + np.arange(meets.sum())
    origins = np.concatenate([np.arange(len(positions)), ends[meets]])
    ends = ends.copy()
    ends[meets] = fresh
    return ends, positions[origins], origins


def lengths(a: Floats, b: Floats) -> Floats:
    """Metres between positions, row by row (haversine)."""
    lon_a, lat_a, lon_b, lat_b = np.radians([a[:, 0], a[:, 1], b[:, 0], b[:, 1]])
    chord = np.sin((lat_b - lat_a) / 2) ** 2 + np.cos(lat_a) * np.cos(lat_b) * np.sin((lon_b - lon_a) / 2) ** 2
    return 2 * EARTH_M * np.arcsin(np.sqrt(chord))
