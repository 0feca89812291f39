"""Measures look-ups, requests and generations of the circle, each figure beside its peer in the same run.

`python -m tests.bench.circle --seed N [--seconds S]` prints JSON (two minutes; S is how long the servers are kept
busy a round):

look_up    microseconds of a look-up alone, 100 points, on a real network; beside it a live Dijkstra on the same graph,
           Valhalla's matrix where it is installed (valhalla_walk.py), the straight line with its precision and recall
flat       the same look-up on made-up grids of 16,000 to 1,000,000 nodes, whose times are known and checked
http       `GET /v1/circle` as the page asks it, by gunicorn as in the Procfile; beside it a bare Flask app under the
           same server, which says `{"ok": true}` or writes the same answer out; memory of each worker
generation how long a generation takes to build, and its size
followed   seconds that it takes to move a point, its travel times included, after which the process that did it answers
           with it; and from then on until another process does; never a wrong or estimated time in between
"""

import argparse
import json
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import numpy as np
import requests
from scipy.sparse.csgraph import dijkstra

from api.circle.circle import DETOUR
from api.circle.point import ServicePoint
from api.circle.points_csv import write_points
from api.circle.service import Circle
from api.circle.travel.area import DEGREE_M, Spots
from api.circle.travel.build import _edges, _matrix, column_at
from api.circle.travel.nearest import lay_grid, mapped
from api.circle.travel.reach import FAR, ModeReach, Position, Reach, name_of
from api.server import joined
from api.settings import read
from api.times import utc_now
from tests.bench import valhalla_walk
from tests.circle.conftest import circle_on
from tests.circle.places import HELSINKI, made
from tests.serving import Served, wait_for
from tests.show.circle import NETWORKS, built, draw
from tests.show.loopback import Server, ask, busy, gunicorn

POINTS, ORIGINS, LIMIT_S = 100, 2_000, 900
SIDES = (128, 256, 512, 1_000)
"""Nodes along one side of a made-up grid."""
STEP_M, WALK_MS = 60.0, 4.0 / 3.6
BY_VALHALLA = 40
ROUNDS, SECONDS = 5, 1.0
MOVES = 10
TUESDAY_10 = "2026-11-24T10:00:00+08:00"
Figures = dict[str, Any]


def timed(act: Callable[[Position], object], origins: Sequence[Position]) -> Figures:
    """Microseconds of an act for each origin: median and 99th percentile of time, mean of CPU."""
    for origin in origins[:50]:
        act(origin)
    took, cpu = [], time.thread_time()
    for origin in origins:
        begun = time.perf_counter()
        act(origin)
        took.append((time.perf_counter() - begun) * 1e6)
    used = (time.thread_time() - cpu) / len(origins) * 1e6
    return {"p50_us": round(statistics.median(took), 1), "p99_us": p99(took), "cpu_us": round(used, 1)}


def p99(took: list[float]) -> float:
    """The 99th percentile."""
    return round(statistics.quantiles(took, n=100)[98], 1)


# -- a look-up, beside what else could answer ------------------------------------------


def look_up(name: str, folder: Path, rng: random.Random) -> tuple[Figures, Figures]:
    """Measure look-ups on a real network; gives (figures of look-ups, figures of its generation)."""
    goals, origins = draw(name, POINTS, rng), draw(name, ORIGINS, rng)
    begun = time.perf_counter()
    reach = built(name, goals, folder)
    took = time.perf_counter() - begun
    origins = [origin for origin in origins if reach.times("walk", *origin)]
    ours = timed(lambda at: reach.times("walk", *at), origins)
    live = timed(live_dijkstra(reach), origins[:300])
    found = {"table": ours, "live_dijkstra": {**live, "times_ours": round(live["p50_us"] / ours["p50_us"], 1)}}
    found["valhalla_matrix"] = valhalla_matrix(name, origins[:BY_VALHALLA], goals, ours["p50_us"])
    return {**found, **straight_line(reach, origins, goals)}, {"seconds": round(took, 1), **size(reach)}


def live_dijkstra(reach: Reach) -> Callable[[Position], object]:
    """The peer that searches the same streets anew for each origin (Dijkstra), no further than the limit."""
    mode = reach.modes["walk"]
    folder = reach.folder / "walk"
    ends, nodes = mapped(folder / "ends.npy"), len(mapped(folder / "reach.npy"))
    start, goal, cost = _edges(ends, mapped(folder / "seconds.npy"))
    matrix = _matrix(start, goal, cost, nodes)

    def search(at: Position) -> object:
        snap = mode.grid.nearest(*at)
        assert snap is not None
        return dijkstra(matrix, indices=int(ends[snap.feet[0].segment, 0]), limit=LIMIT_S)

    return search


def valhalla_matrix(name: str, origins: list[Position], goals: list[Position], ours: float) -> Figures | str:
    """Measure Valhalla's matrix of one origin to all points, in a process of its own; or say why it cannot be."""
    python = valhalla_walk.python_with_valhalla()
    if python is None:
        return "not installed"
    request = {"file": str(NETWORKS / f"{name}.osm.pbf"), "origins": origins, "goals": goals, "kmh": 4.0}
    took: list[Any] = valhalla_walk.asked(python, request)["us"]
    wall, cpu = (statistics.median(pair[i] for pair in took) for i in (0, 1))
    return {"p50_us": round(wall, 1), "cpu_us": round(cpu, 1), "times_ours": round(wall / ours, 1)}


def straight_line(reach: Reach, origins: list[Position], goals: list[Position]) -> Figures:
    """Measure the straight line with a limit: its cost, and its precision and recall of what is within 15 minutes."""
    spots = Spots(goals)
    cost = timed(lambda at: spots.distances_m(*at) <= LIMIT_S * WALK_MS, origins)
    truth = np.array([travel.seconds <= LIMIT_S for at in origins if (travel := reach.times("walk", *at))])
    metres = np.array([spots.distances_m(*at) for at in origins])
    return {
        "straight_line": {**cost, **rightness(metres / WALK_MS <= LIMIT_S, truth)},
        "straight_line_with_detour": rightness(metres * DETOUR / WALK_MS <= LIMIT_S, truth),
    }


def rightness(said: np.ndarray, truth: np.ndarray) -> Figures:
    """Precision and recall of `said` against `truth`."""
    both = (said & truth).sum()
    return {"precision": round(float(both / said.sum()), 3), "recall": round(float(both / truth.sum()), 3)}


def size(reach: Reach) -> Figures:
    """The size on disk of a generation of four modes."""
    whole = sum(path.stat().st_size for path in reach.folder.rglob("*") if path.is_file())
    tables = sum(path.stat().st_size for path in reach.folder.rglob("reach.npy"))
    nodes = len(mapped(reach.folder / "walk" / "reach.npy"))
    return {
        "nodes_walk": nodes,
        "points": POINTS,
        "mib": round(whole / 2**20, 1),
        "of_it_tables_mib": round(tables / 2**20, 1),
    }


# -- growing networks -----------------------------------------------------------------


def flat(side: int, folder: Path, rng: random.Random) -> Figures:
    """Measure look-ups on a square grid of streets, whose exact times are known (Manhattan distance)."""
    lon_step, lat_step = STEP_M / (DEGREE_M * np.cos(np.radians(34.2))), STEP_M / DEGREE_M
    number = np.arange(side * side, dtype=np.int32).reshape(side, side)
    pairs = [(number[:, :-1], number[:, 1:]), (number[:-1], number[1:])]
    ends = np.concatenate([np.stack([a.ravel(), b.ravel()], axis=1) for a, b in pairs])
    places = np.stack([108.9 + number.ravel() % side * lon_step, 34.2 + number.ravel() // side * lat_step], axis=1)
    lines = np.hstack([places[ends[:, 0]], places[ends[:, 1]]])
    grid = lay_grid(lines, np.arange(len(ends), dtype=np.int32))
    (folder / "side").mkdir(parents=True)
    grid.save(folder)
    np.save(folder / "ends.npy", ends)
    np.save(folder / "seconds.npy", np.full((len(ends), 2), STEP_M / WALK_MS))
    goals = rng.sample(range(side * side), POINTS)
    positions = [(float(lon), float(lat)) for lon, lat in places[goals]]
    columns = {name_of(at): column_at(grid, at, WALK_MS) for at in positions}
    (folder / "columns.json").write_text(json.dumps(columns), "utf-8")
    _fill(folder / "reach.npy", side, goals)
    mode = ModeReach(folder, positions, WALK_MS)
    east, north = side * lon_step, side * lat_step
    origins = [(108.9 + rng.random() * east * 0.99, 34.2 + rng.random() * north * 0.99) for _ in range(ORIGINS)]
    found = timed(lambda at: mode.times(*at), origins)
    return {**found, "max_difference_s": _check(mode, places, side, goals, rng)}


def _fill(path: Path, side: int, goals: list[int]) -> None:
    """Tenths of seconds from every node to every goal, some rows of nodes at a time."""
    table = np.lib.format.open_memmap(path, mode="w+", dtype=np.uint16, shape=(side * side, POINTS))
    x, y = np.array(goals) % side, np.array(goals) // side
    for row in range(side):
        blocks = np.abs(np.arange(side)[:, None] - x) + np.abs(row - y)
        table[row * side : (row + 1) * side] = np.minimum(np.rint(blocks * STEP_M / WALK_MS * 10), FAR)
    table.flush()


def _check(mode: ModeReach, places: np.ndarray, side: int, goals: list[int], rng: random.Random) -> float:
    """The largest difference from the known time, from some nodes to all goals."""
    worst = 0.0
    for node in rng.sample(range(side * side), 50):
        travel = mode.times(*places[node])
        assert travel is not None
        for seconds, goal in zip(travel.seconds.tolist(), goals, strict=True):
            known = (abs(node % side - goal % side) + abs(node // side - goal // side)) * STEP_M / WALK_MS
            if known < FAR / 10 - STEP_M / WALK_MS:
                worst = max(worst, abs(seconds - known))
    return round(worst, 3)


# -- over HTTP ------------------------------------------------------------------------


def http(folder: Path, rng: random.Random, seconds: float) -> Figures:
    """Measure requests per second of one gunicorn worker, and the CPU of each, beside a bare Flask app."""
    points = [made(f"HEL-{i:03}", *at) for i, at in enumerate(draw("helsinki", POINTS, rng))]
    (folder / "points.csv").write_text(write_points(points), "utf-8")
    installed = Served(folder)
    for command in (("load", str(folder / "points.csv")), ("network", "add", str(HELSINKI))):
        done = installed.run(*command)
        assert done.returncode == 0, done.stderr[-2000:]
    paths = [question(at) for at in draw("helsinki", 500, rng)]
    where = {name: installed.environ[name] for name in ("CIRCLE_VAR", "CIRCLE_KEYS")}
    with gunicorn("api.wsgi:app", folder / "ours.log", **where, CIRCLE_DEV="1") as ours:
        status, body = ask(ours.port, paths[0])
        assert status == 200, body
        assert json.loads(body)["basis"] == "network"
        (folder / "answer.json").write_bytes(body)
        with gunicorn("tests.bench.bare:app", folder / "bare.log", BARE_ANSWER=str(folder / "answer.json")) as bare:
            ways = {"circle": (ours, paths), "bare": (bare, ["/"]), "bare_same_answer": (bare, ["/answer"])}
            found = rounds(ways, seconds)
            memory = {"ours": ours.memory_mib(), "bare": bare.memory_mib()}
    return {
        **found,
        "points_shown": len(json.loads(body)["points"]),
        "of_bare": share(found, "bare"),
        "of_bare_same_answer": share(found, "bare_same_answer"),
        "worker_mib": memory,
    }


def question(at: Position) -> str:
    """The path and query of `GET /v1/circle` as the page asks it."""
    told = {"lon": at[0], "lat": at[1], "crs": "wgs84", "mode": "walk", "minutes": 15, "limit": 30, "at": TUESDAY_10}
    return f"/v1/circle?{urlencode(told)}"


def rounds(ways: dict[str, tuple[Server, list[str]]], seconds: float) -> dict[str, Figures]:
    """Keep the servers busy in rounds, in which all take turns; gives the medians by name."""
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
    for _ in range(ROUNDS):
        for name, (server, paths) in ways.items():
            taken[name].append(busy(server, paths, seconds))
    return {
        name: {
            "per_second": round(statistics.median(pair[0] for pair in pairs)),
            "cpu_us": round(statistics.median(pair[1] for pair in pairs)),
        }
        for name, pairs in taken.items()
    }


def share(found: dict[str, Figures], peer: str) -> float:
    """The ratio of our requests per second to the peer's."""
    return round(float(found["circle"]["per_second"] / found[peer]["per_second"]), 2)


# -- a point that moves ------------------------------------------------------------------


def followed(folder: Path, rng: random.Random) -> Figures:
    """Measure how soon a moved point is exact, in this process and in a served one."""
    folder.mkdir()
    served = Served(folder).start()
    try:
        with joined(read(served.environ)) as database:
            circle = circle_on(database, folder / "var" / "networks", utc_now)
            _load(circle, folder, [made(f"HEL-{i}", *at) for i, at in enumerate(draw("helsinki", 10, rng))])
            circle.generations.add(HELSINKI)
            wait_for(lambda: _shown(served)[0] == "network", 30)
            moves = [_moved(served, circle, folder, at) for at in draw("helsinki", MOVES, rng)]
    finally:
        served.stop()
    told = {name: [move[name] for move in moves] for name in moves[0]}
    return {
        "moves": MOVES,
        **{f"{name}_s": {"p50": round(statistics.median(s), 2), "max": round(max(s), 2)} for name, s in told.items()},
    }


def _moved(served: Served, circle: Circle, folder: Path, to: Position) -> dict[str, float]:
    """Seconds of one move: `here`, until it is done; `there`, after that until another process shows it."""
    before, began = _shown(served), time.perf_counter()
    _load(circle, folder, [made("HEL-0", *to)])
    done = time.perf_counter()
    wait_for(lambda: _shown(served) != before, 30)
    seen = time.perf_counter()
    assert _shown(served)[0] == "network"
    return {"here": done - began, "there": seen - done}


def _load(circle: Circle, folder: Path, points: list[ServicePoint]) -> None:
    (folder / "points.csv").write_text(write_points(points), "utf-8")
    assert circle.changes.load(folder / "points.csv") == []


def _shown(served: Served) -> tuple[str, int]:
    """What the served process says of the time to the point that moves."""
    asked = {"lon": 24.9435, "lat": 60.1710, "open": "any", "minutes": 60, "at": TUESDAY_10}
    found = requests.get(f"{served.base}/v1/circle", params=asked, timeout=10).json()
    row = next((row for row in found.get("points", ()) if row["id"] == "HEL-0"), None)
    return (row["basis"], row["seconds"]) if row else ("", 0)


def measure(seed: int, seconds: float) -> Figures:
    """Measure all; gives the figures by name."""
    rng = random.Random(seed)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        looked, generations = {}, {}
        for name in ("helsinki", "liechtenstein"):
            looked[name], generations[name] = look_up(name, folder, rng)
        grown = {str(side * side): flat(side, folder / f"grid{side}", rng) for side in SIDES}
        served = http(folder, rng, seconds)
        moved = followed(folder / "followed", rng)
    first, last = (grown[str(side * side)]["p50_us"] for side in (SIDES[0], SIDES[-1]))
    return {
        "seed": seed,
        "look_up": looked,
        "flat": {**grown, "largest_to_smallest": round(last / first, 2)},
        "http": served,
        "generation": generations,
        "followed": moved,
    }


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=SECONDS)
    told = parser.parse_args()
    begun = time.monotonic()
    print(json.dumps({**measure(told.seed, told.seconds), "took_s": round(time.monotonic() - begun, 1)}))


if __name__ == "__main__":
    main()
