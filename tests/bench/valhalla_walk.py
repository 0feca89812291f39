"""Valhalla's walking times between positions, by its own reading of the same file: an independent peer.

`PYTHON tests/bench/valhalla_walk.py`, run by a Python that has the package `pyvalhalla-weekly` (never one of ours: see
`python_with_valhalla`). On standard input `{file, origins, goals, kmh}`; on standard output `{seconds, us, tiles_s}`:
seconds of every origin to every goal, null if there is no way; microseconds of each 1 × goals matrix, of time and of
CPU; how long its tiles took to build.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

OURS = Path(__file__).parents[2] / ".valhalla" / "bin" / "python"
"""Where `make bench` installs it."""


def python_with_valhalla() -> str | None:
    """The Python that has Valhalla: that of VALHALLA_PYTHON, of `make bench`, or this one; None if none has."""
    for python in (os.environ.get("VALHALLA_PYTHON", ""), str(OURS), sys.executable):
        if python and Path(python).exists():
            found = subprocess.run([python, "-c", "import valhalla"], capture_output=True, check=False)
            if found.returncode == 0:
                return python
    return None


def asked(python: str, request: dict[str, object]) -> dict[str, list[list[float | None]]]:
    """Run this program by that Python with a request; gives its answer."""
    done = subprocess.run([python, __file__], input=json.dumps(request), capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr[-1000:])
    told: dict[str, list[list[float | None]]] = json.loads(done.stdout.splitlines()[-1])
    return told


def tiles(file: str, folder: Path) -> Path:
    """Build the tiles of a street file; gives the path of their configuration."""
    import valhalla

    (folder / "tiles").mkdir()
    config = folder / "valhalla.json"
    config.write_text(json.dumps(valhalla.get_config(tile_extract="", tile_dir=str(folder / "tiles"), verbose=False)))
    builder = Path(valhalla.__file__).parent / "bin" / "valhalla_build_tiles"
    subprocess.run([str(builder), "-c", str(config), file], check=True, capture_output=True, cwd=folder)
    return config


def main() -> None:
    """Answer the one request on standard input."""
    import valhalla

    request = json.load(sys.stdin)
    with tempfile.TemporaryDirectory() as folder:
        begun = time.perf_counter()
        actor = valhalla.Actor(str(tiles(request["file"], Path(folder))))
        built = time.perf_counter() - begun
        goals = [{"lon": lon, "lat": lat} for lon, lat in request["goals"]]
        rest = {
            "targets": goals,
            "costing": "pedestrian",
            "costing_options": {"pedestrian": {"walking_speed": request["kmh"]}},
        }
        seconds, took = [], []
        for lon, lat in request["origins"]:
            cpu, wall = time.process_time(), time.perf_counter()
            answer = actor.matrix({"sources": [{"lon": lon, "lat": lat}], **rest})
            took.append(((time.perf_counter() - wall) * 1e6, (time.process_time() - cpu) * 1e6))
            seconds.append(row(answer))
    print(json.dumps({"seconds": seconds, "us": took, "tiles_s": built}))


def row(answer: dict[str, object]) -> list[float | None]:
    """The times of a matrix from one origin, in the order of the goals."""
    (times,) = answer["sources_to_targets"]  # type: ignore[misc]
    if isinstance(times, dict):
        return list(times["durations"])
    return [one["time"] for one in times]


if __name__ == "__main__":
    main()
