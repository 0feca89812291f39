"""Shows how long a start takes, from the command to the first 200 of `/readyz`: the first on a folder, and later ones.

`python -m tests.show.start --seed N [--count M]` prints JSON in seconds; `cpu` is the CPU time of the web process and
its store, which a busy machine does not stretch. `--seed` is taken for uniformity and draws nothing.
"""

import argparse
import json
import os
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.serving import Served

MOST_SECONDS = 5.0


def measure(count: int = 5) -> dict[str, Any]:
    """Measure the first start on a folder and `count` later ones."""
    with tempfile.TemporaryDirectory() as folder:
        served = Served(Path(folder))
        first, cpu_first = _start(served)
        starts = [_start(served) for _ in range(count)]
    later = sorted(took for took, _ in starts)
    middle = later[len(later) // 2]
    return {
        "first": first,
        "later": later,
        "median": middle,
        "cpu_first": cpu_first,
        "cpu": min(cpu for _, cpu in starts),
        "allowed": MOST_SECONDS,
        "within": middle < MOST_SECONDS,
        "load_average": round(os.getloadavg()[0], 2),
    }


def _start(served: Served) -> tuple[float, float]:
    served.lines.clear()
    began = time.monotonic()
    served.start()
    took = time.monotonic() - began
    assert served.process is not None
    cpu = sum(_cpu(pid) for pid in (served.process.pid, *served.children()))
    served.stop()
    return round(took, 2), round(cpu, 2)


def _cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    """Print the measurement."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=5)
    print(json.dumps(measure(parser.parse_args().count), indent=1))


if __name__ == "__main__":
    main()
