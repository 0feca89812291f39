"""Builds the travel-time tables: `python -m api.circle.travel.build`, one request as JSON on its standard input.

It runs as a limited process (run_build.py), because it takes seconds of CPU and hundreds of megabytes. Progress goes to
standard error, one line per step; the result is JSON on standard output. A request that cannot be met ends with status
3 and `{"code", "detail"}`.
"""

import hashlib
import json
import os
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components, dijkstra

from api.circle.travel.area import Box
from api.circle.travel.drawing import outline, save_streets
from api.circle.travel.grounds import ON_FOOT, Grounds, beside, grounds_of
from api.circle.travel.mode import MODES, Mode, Pace
from api.circle.travel.nearest import EQUALLY_M, StreetGrid, lay_grid, mapped
from api.circle.travel.network import Graph, NetworkUnusable, Streets, graph, read
from api.circle.travel.reach import FAR, LIMIT_S, Column, Position, Tenths, leaving, load_columns, name_of
from api.limited import ProcessLimits, confine

LIMITS = ProcessLimits(memory_bytes=6 * 1024**3, cpu_seconds=1_800)
CHUNK = 16
"""Columns searched at once: a search holds eight bytes per node and column."""
ISLAND = 50
"""Streets from which fewer nodes than this can be reached and left again are not snapped to: courtyards cut off by the
way they were drawn. The value is Valhalla's default `minimum_reachability`."""


def build(request: dict[str, Any], tell: Callable[[str], None]) -> dict[str, Any]:
    """Build a generation from the street file `file` for `positions` into the folder `out`.

    The folder is renamed into place when it is complete. Raises NetworkUnusable.
    """
    out, positions = Path(request["out"]), _positions(request)
    pace = Pace(**request["pace"])
    tell("reading the street file")
    streets = read(Path(request["file"]), [Box(*box) for box in request["boxes"]])
    making = out.with_name(f".{out.name}.{os.getpid()}")
    _clear_up(out.parent)
    making.mkdir(parents=True)
    try:
        inside = {foot: _grounds(streets, foot, pace) for foot in dict.fromkeys(ON_FOOT.values())}
        sizes = {
            mode: _build_mode(making / mode, streets, mode, pace, positions, inside[ON_FOOT[mode]], tell)
            for mode in MODES
        }
        save_streets(making, streets)
        shutil.copyfile(request["file"], making / "source.osm.pbf")
        about = _about(request, streets, pace, sizes, making / "source.osm.pbf")
        (making / "generation.json").write_text(json.dumps(about, ensure_ascii=False, indent=1), "utf-8")
        making.rename(out)
    finally:
        shutil.rmtree(making, ignore_errors=True)
    return about


def _clear_up(folder: Path) -> None:
    """Remove what killed builders left: folders whose name ends with the id of a process that is gone."""
    for left in folder.glob(".*.*"):
        pid = left.name.rpartition(".")[2]
        if pid == str(os.getpid()) or not Path("/proc", pid).exists():
            shutil.rmtree(left, ignore_errors=True)


def _about(
    request: dict[str, Any], streets: Streets, pace: Pace, sizes: dict[Mode, dict[str, Any]], copy: Path
) -> dict[str, Any]:
    box = streets.box
    return {
        "generation": Path(request["out"]).name,
        "file": Path(request["file"]).name,
        "sha256": hashlib.sha256(copy.read_bytes()).hexdigest(),
        "box": [box.west, box.south, box.east, box.north],
        "pace": asdict(pace),
        "modes": sizes,
        "attribution": "© OpenStreetMap contributors, ODbL 1.0",
    }


def _grounds(streets: Streets, foot: Mode, pace: Pace) -> Graph | None:
    net = graph(streets, foot, pace)
    return grounds_of(streets, foot, pace, net.origins[net.ends[lively(net, parts(net))]])


def _build_mode(
    folder: Path,
    streets: Streets,
    mode: Mode,
    pace: Pace,
    positions: Sequence[Position],
    inside: Graph | None,
    tell: Callable[[str], None],
) -> dict[str, Any]:
    folder.mkdir()
    (folder / "side").mkdir()
    net = graph(streets, mode, pace)
    part = parts(net)
    usable = lively(net, part)
    grid = lay_grid(np.hstack([net.positions[net.ends[:, 0]], net.positions[net.ends[:, 1]]]), usable)
    grid.save(folder)
    grounds = beside(inside, net, usable) if inside else None
    if grounds:
        grounds.save(folder / "grounds")
    np.save(folder / "ends.npy", net.ends)
    np.save(folder / "seconds.npy", net.seconds)
    columns = {name_of(p): column_at(grid, p, pace.on_foot(mode) / 3.6, grounds) for p in positions}
    table = np.lib.format.open_memmap(
        folder / "reach.npy", mode="w+", dtype=np.uint16, shape=(len(net.positions), len(columns))
    )
    done = 0
    for tenths in search(net.ends, net.seconds, len(net.positions), list(columns.values())):
        table[:, done : done + tenths.shape[1]] = tenths
        done += tenths.shape[1]
        if done == len(columns) or done % (16 * CHUNK) == 0:
            tell(f"{mode}: {done} of {len(columns)} places searched over {len(net.positions)} nodes")
    table.flush()
    (folder / "columns.json").write_text(json.dumps(columns), "utf-8")
    sizes = {"nodes": len(net.positions), "segments": len(net.ends), "columns": len(columns)}
    return {**sizes, **_cover(net, part, [columns[name_of(p)] for p in positions])}


def _cover(net: Graph, part: NDArray[np.int32], columns: Sequence[Column]) -> dict[str, Any]:
    """How many of the positions have a street near, and the share of their ordered pairs that a way joins (0..1)."""
    nodes = [
        net.ends[column.feet[0].segment][0] if column.feet else column.doors[0][0]
        for column in columns
        if column.feet or column.doors
    ]
    together = np.bincount(part[nodes]) if nodes else np.zeros(1, dtype=np.int64)
    pairs = len(columns) * (len(columns) - 1)
    return {
        "snapped": len(nodes),
        "joined": round(float((together * (together - 1)).sum() / pairs), 4) if pairs else 1.0,
    }


def cover(request: dict[str, Any], tell: Callable[[str], None]) -> dict[str, Any]:
    """Add columns to the generation `folder` for those of `positions` that have none yet."""
    folder, positions = Path(request["folder"]), _positions(request)
    pace = Pace(**json.loads((folder / "generation.json").read_text("utf-8"))["pace"])
    for mode in MODES:
        existing = set(load_columns(folder / mode)) | {p.stem for p in (folder / mode / "side").glob("*.npz")}
        fresh = {name_of(p): p for p in positions if name_of(p) not in existing}
        grid, grounds = StreetGrid.load(folder / mode), Grounds.load(folder / mode / "grounds")
        columns = {name: column_at(grid, p, pace.on_foot(mode) / 3.6, grounds) for name, p in fresh.items()}
        ends, seconds = mapped(folder / mode / "ends.npy"), mapped(folder / mode / "seconds.npy")
        nodes = len(mapped(folder / mode / "reach.npy"))
        searched = [column for chunk in search(ends, seconds, nodes, list(columns.values())) for column in chunk.T]
        for (name, column), tenths in zip(columns.items(), searched, strict=True):
            _save_side(folder / mode / "side" / f"{name}.npz", column, tenths)
        tell(f"{mode}: {len(columns)} new places")
    return {}


def _save_side(path: Path, column: Column, tenths: Tenths) -> None:
    making = path.with_name(f".{path.name}.{os.getpid()}")
    with making.open("wb") as file:
        np.savez(file, column=np.array(json.dumps(column)), tenths=tenths)
    making.rename(path)


def isochrone(request: dict[str, Any], tell: Callable[[str], None]) -> dict[str, Any]:
    """A GeoJSON polygon around what can be reached from (`lon`, `lat`) in `minutes`; for drawing only.

    With `to_there`, around where (`lon`, `lat`) can be reached from.
    """
    folder, mode = Path(request["folder"]), request["mode"]
    pace = Pace(**json.loads((folder / "generation.json").read_text("utf-8"))["pace"])
    grid = StreetGrid.load(folder / mode)
    column = column_at(grid, (request["lon"], request["lat"]), pace.on_foot(mode) / 3.6)
    ends, seconds = mapped(folder / mode / "ends.npy"), mapped(folder / mode / "seconds.npy")
    if request["to_there"] is False:
        seconds = seconds[:, ::-1]
    nodes = len(mapped(folder / mode / "reach.npy"))
    (tenths,) = next(search(ends, seconds, nodes, [column])).T
    reached = np.isin(ends, np.flatnonzero(tenths <= request["minutes"] * 600)).any(axis=1)
    tell(f"{int(reached.sum())} segments reached")
    lines = grid.lines[reached]
    return outline(np.concatenate([lines[:, :2], lines[:, 2:]]))


def column_at(grid: StreetGrid, position: Position, walk_ms: float, grounds: Grounds | None = None) -> Column:
    """The column of a position: the nearest places on the streets, and the seconds to walk from there.

    If private grounds are nearer and have a door, the way leads through the doors.
    """
    snap = grid.nearest(*position)
    inner = grounds.grid.nearest(*position) if grounds else None
    if grounds and inner and (snap is None or inner.metres + EQUALLY_M < snap.metres):
        arriving = Column(inner.metres / walk_ms, inner.feet)
        (tenths,) = next(search(grounds.ends, grounds.seconds, grounds.nodes, [arriving])).T
        doors = [(node, int(tenths[door]) / 10) for door, node in grounds.doors.tolist() if tenths[door] < FAR]
        if doors:
            return Column(0.0, (), tuple(doors))
    return Column(snap.metres / walk_ms, snap.feet) if snap else Column(0.0, ())


def parts(net: Graph) -> NDArray[np.int32]:
    """The number of the strongly connected part of each node."""
    edges = _edges(net.ends, net.seconds)
    matrix = csr_array((np.ones(len(edges[0])), (edges[0], edges[1])), shape=2 * (len(net.positions),))
    _, part = connected_components(matrix, directed=True, connection="strong")
    numbers: NDArray[np.int32] = part
    return numbers


def lively(net: Graph, part: NDArray[np.int32]) -> NDArray[np.int32]:
    """The indexes of segments to snap to: both ends in one strongly connected part of at least ISLAND nodes."""
    sizes = np.bincount(part)
    first, second = part[net.ends[:, 0]], part[net.ends[:, 1]]
    good = (first == second) & (sizes[first] >= min(ISLAND, sizes.max()))
    return np.flatnonzero(good).astype(np.int32)


def search(
    ends: NDArray[np.int32], seconds: NDArray[np.float64], nodes: int, columns: Sequence[Column]
) -> Iterator[Tenths]:
    """Yield tenths of seconds from every node to each column's position, as arrays of (nodes, up to CHUNK).

    One Dijkstra per column on the transposed graph: citizens travel to the point, so one-way streets count in their
    direction. The position itself is an extra node from which the search starts into both ends of its segment.
    """
    start, goal, cost = _edges(ends, seconds)
    transposed = _matrix(goal, start, cost, nodes)
    for i in range(0, len(columns), CHUNK):
        chunk = columns[i : i + CHUNK]
        times = dijkstra(
            _with_sources(transposed, chunk, ends, seconds),
            indices=nodes + np.arange(len(chunk)),
            limit=LIMIT_S,
        )[:, :nodes].T
        tenths = np.full(times.shape, FAR, dtype=np.uint16)
        near = np.isfinite(times)
        tenths[near] = np.rint(times[near] * 10)
        yield tenths


def _edges(
    ends: NDArray[np.int32], seconds: NDArray[np.float64]
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.float64]]:
    """Directed edges (start, goal, seconds) of all segments."""
    start = np.concatenate([ends[:, 0], ends[:, 1]])
    goal = np.concatenate([ends[:, 1], ends[:, 0]])
    cost = np.concatenate([seconds[:, 0], seconds[:, 1]])
    open_ = np.isfinite(cost)
    return start[open_], goal[open_], cost[open_]


def _matrix(row: NDArray[np.int32], column: NDArray[np.int32], cost: NDArray[np.float64], nodes: int) -> csr_array:
    """A sparse matrix that keeps the cheapest of parallel edges (the usual conversion would add them up)."""
    order = np.lexsort((cost, column, row))
    row, column, cost = row[order], column[order], cost[order]
    first = np.ones(len(row), dtype=bool)
    first[1:] = (row[1:] != row[:-1]) | (column[1:] != column[:-1])
    starts = np.searchsorted(row[first], np.arange(nodes + 1))
    return csr_array((cost[first], column[first], starts), shape=(nodes, nodes))


def _with_sources(
    matrix: csr_array, columns: Sequence[Column], ends: NDArray[np.int32], seconds: NDArray[np.float64]
) -> csr_array:
    """The matrix with one extra row per column: from the position into the ends of its segment."""
    goals: list[int] = []
    costs: list[float] = []
    starts: list[int] = []
    for column in columns:
        into: dict[int, float] = {}
        for foot in column.feet:
            # Backwards in time: one leaves the position against the direction of travel.
            for node, cost in leaving(foot, ends[foot.segment].tolist(), seconds[foot.segment, ::-1].tolist()):
                into[node] = min(cost, into.get(node, cost))
        reachable = {node: cost + column.seconds for node, cost in into.items() if isfinite(cost)}
        for node, cost in column.doors:
            reachable[node] = min(cost, reachable.get(node, cost))
        goals += reachable
        costs += reachable.values()
        starts.append(matrix.indptr[-1] + len(goals))
    size = matrix.shape[0] + len(columns)
    return csr_array(
        (
            np.concatenate([matrix.data, costs]),
            np.concatenate([matrix.indices, np.array(goals, dtype=matrix.indices.dtype)]),
            np.concatenate([matrix.indptr, np.array(starts, dtype=matrix.indptr.dtype)]),
        ),
        shape=(size, size),
    )


def _positions(request: dict[str, Any]) -> list[Position]:
    return [(float(lon), float(lat)) for lon, lat in request["positions"]]


ACTS = {"build": build, "cover": cover, "isochrone": isochrone}


def main() -> int:
    """Confine this process, read a request, do the act that it names, and write the result."""
    confine(LIMITS)
    request = json.load(sys.stdin)
    try:
        result = ACTS[request.pop("act")](request, lambda line: print(line, file=sys.stderr, flush=True))  # noqa: T201
    except NetworkUnusable as error:
        json.dump({"code": error.code, "detail": str(error)}, sys.stdout, ensure_ascii=False)
        return 3
    except MemoryError:
        json.dump({"code": "too_large", "detail": "the street file needs more memory than allowed"}, sys.stdout)
        return 3
    json.dump(result, sys.stdout, ensure_ascii=False)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
