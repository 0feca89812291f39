"""Shows that travel times are exact: tables against a second reading of the same file, pair by pair.

`python -m tests.show.circle --seed N` takes 10,000 origins × 100 points × 4 modes on both networks (four minutes); the
flags make it smaller. Prints JSON counts; ends with status 1 if a time is off by more than TOLERANCE_S or a
membership differs further from the limit than that. Where Valhalla is installed (valhalla_walk.py), the first origins
are also compared with its walking times: it reads tags by other rules, so that its differences are printed only.
"""

import argparse
import json
import math
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from api.circle.travel.mode import MODES, Mode
from api.circle.travel.reach import LIMIT_S, Position, Reach
from tests.bench import valhalla_walk
from tests.circle.second_reading import SecondReading

NETWORKS = Path(__file__).parents[1] / "data" / "networks"
BOXES = {
    "helsinki": (24.9355, 60.1644, 24.9532, 60.1789),
    "liechtenstein": (9.49, 47.09, 9.56, 47.24),
}
TOLERANCE_S = 0.2
MINUTES = 15
FORWARD = 5
"""How many origins per mode are searched forwards too, in the citizen's direction of travel."""
BY_VALHALLA = 100
"""Origins that Valhalla is asked for."""
NEAR_S = 2 * MINUTES * 60
"""The longest times that are compared with Valhalla's."""


def draw(name: str, count: int, rng: random.Random) -> list[Position]:
    """Draw random positions in the network's box."""
    west, south, east, north = BOXES[name]
    return [(round(rng.uniform(west, east), 6), round(rng.uniform(south, north), 6)) for _ in range(count)]


def built(name: str, positions: list[Position], folder: Path) -> Reach:
    """Build a generation of the network for the positions, in a process of its own, and open it."""
    request = {
        "act": "build",
        "file": str(NETWORKS / f"{name}.osm.pbf"),
        "out": str(folder / name),
        "positions": positions,
        "boxes": [(-180, -90, 180, 90)],
        "pace": {},
    }
    subprocess.run(
        [sys.executable, "-m", "api.circle.travel.build"],
        input=json.dumps(request),
        text=True,
        check=True,
        capture_output=True,
    )
    return Reach(folder / name, positions)


def compare(name: str, mode: Mode, reach: Reach, origins: list[Position], goals: list[Position]) -> dict[str, Any]:
    """Compare every pair by our tables and by the second reading's Dijkstra; gives counts and differences by name."""
    second = SecondReading(str(NETWORKS / f"{name}.osm.pbf"), mode)
    starts, ends = [second.place(*p) for p in origins], [second.goal(*p) for p in goals]
    travels = [reach.times(mode, *p) for p in origins]
    forward = {i: second.seconds_from(start, ends) for i, start in enumerate(starts[:FORWARD]) if start}
    count = dict.fromkeys(("pairs", "within_limit", "membership_differs", "membership_wrong", "one_sided"), 0)
    count["snapped_differently"] = sum((a is None) != (b is None) for a, b in zip(travels, starts, strict=True))
    worst = apart = 0.0
    for g, end in enumerate(ends):
        theirs = second.seconds_to(end, starts) if end else []
        for i, travel in enumerate(travels if end else ()):
            if travel is not None and starts[i] is not None:
                worst = max(worst, _count(count, float(travel.seconds[g]), theirs[i]))
        apart = max([apart, *(_apart(times[g], theirs[i]) for i, times in forward.items() if end)])
    return {**count, "max_difference_s": round(worst, 4), "forward_differs_s": round(apart, 9)}


def _apart(one: float, other: float) -> float:
    """The difference of two times that may both be infinite."""
    return 0.0 if one == other else abs(one - other)


def _count(count: dict[str, int], ours: float, theirs: float) -> float:
    """Count one pair; the difference of the two times where both know one."""
    count["pairs"] += 1
    if math.isinf(ours) and math.isinf(theirs):
        return 0.0
    if not (math.isfinite(ours) and math.isfinite(theirs)):
        # A table ends at LIMIT_S from the street; a heap does not.
        count["one_sided"] += math.isnan(ours) or min(ours, theirs) < LIMIT_S - 1
        return 0.0
    inside, limit = ours <= MINUTES * 60, MINUTES * 60
    count["within_limit"] += inside
    if inside != (theirs <= limit):
        count["membership_differs"] += 1
        count["membership_wrong"] += abs(theirs - limit) > TOLERANCE_S
    return abs(ours - theirs)


def beside_valhalla(name: str, reach: Reach, origins: list[Position], goals: list[Position]) -> dict[str, Any] | str:
    """How often Valhalla agrees on what is within the limit on foot, and how much its times differ; or that it is not
    installed."""
    python = valhalla_walk.python_with_valhalla()
    if python is None:
        return "not installed"
    request = {"file": str(NETWORKS / f"{name}.osm.pbf"), "origins": origins, "goals": goals, "kmh": reach.pace.walk}
    theirs = valhalla_walk.asked(python, request)["seconds"]
    travels = [reach.times("walk", *origin) for origin in origins]
    pairs = [
        (ours, other)
        for travel, row in zip(travels, theirs, strict=True)
        for ours, other in zip(travel.seconds.tolist() if travel else (), row, strict=travel is not None)
        if other is not None and math.isfinite(ours)
    ]
    agrees = sum((ours <= MINUTES * 60) == (other <= MINUTES * 60) for ours, other in pairs)
    return {
        "pairs": len(pairs),
        "membership_agrees": round(agrees / len(pairs), 4),
        "median_difference_s": round(statistics.median(other - ours for ours, other in pairs if ours <= NEAR_S), 1),
    }


def show(seed: int, origins: int, points: int, networks: list[str]) -> dict[str, Any]:
    """Compare on each network and in each mode; gives the counts by network."""
    report: dict[str, Any] = {"seed": seed, "origins": origins, "points": points, "networks": {}, "valhalla": {}}
    with tempfile.TemporaryDirectory() as folder:
        for name in networks:
            rng = random.Random(f"{seed} {name}")
            starts, goals = draw(name, origins, rng), draw(name, points, rng)
            reach = built(name, goals, Path(folder))
            report["networks"][name] = {mode: compare(name, mode, reach, starts, goals) for mode in MODES}
            report["valhalla"][name] = beside_valhalla(name, reach, starts[:BY_VALHALLA], goals)
    counts = [count for modes in report["networks"].values() for count in modes.values()]
    report["pairs"] = sum(count["pairs"] for count in counts)
    report["max_difference_s"] = max(count["max_difference_s"] for count in counts)
    report["membership_differs"] = sum(count["membership_differs"] for count in counts)
    report["ok"] = report["max_difference_s"] <= TOLERANCE_S and not any(
        count["membership_wrong"]
        or count["one_sided"]
        or count["snapped_differently"]
        or count["forward_differs_s"] > 1e-6
        for count in counts
    )
    return report


def main() -> int:
    """Print the comparison; exit status 1 if a time is wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--origins", type=int, default=10_000)
    parser.add_argument("--points", type=int, default=100)
    parser.add_argument("--network", action="append", choices=sorted(BOXES), help="default: both")
    args = parser.parse_args()
    began = time.monotonic()
    report = show(args.seed, args.origins, args.points, args.network or sorted(BOXES))
    print(json.dumps({**report, "took_s": round(time.monotonic() - began, 1)}, indent=1))
    return 0 if report["ok"] else 1


if __name__ == "__main__":
    sys.exit(main())
