"""Shows how much memory an idle installation holds: the web process and its store.

`python -m tests.show.memory --seed N` prints JSON in MiB: resident memory of each process, their sum, and the sum of
what is theirs alone. The installation is new; `--seed` is taken for uniformity and draws nothing.
"""

import argparse
import json
import re
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.serving import Served

SETTLE_SECONDS = 5.0
MOST_MIB = 300


def measure(settle: float = SETTLE_SECONDS) -> dict[str, Any]:
    """Start an installation, wait `settle` seconds, and read its memory in MiB."""
    with tempfile.TemporaryDirectory() as folder:
        served = Served(Path(folder)).start()
        try:
            time.sleep(settle)  # at rest is what is measured
            assert served.process is not None
            processes = {"web": served.process.pid, "store": served.children()[0]}
            found = {name: _memory(pid) for name, pid in processes.items()}
        finally:
            served.stop()
    total = sum(one["resident"] for one in found.values())
    return {**found, "resident": total, "allowed": MOST_MIB, "within": total < MOST_MIB}


def _memory(pid: int) -> dict[str, int]:
    status = Path(f"/proc/{pid}/status").read_text()
    kib = {name: int(re.search(rf"{field}:\s+(\d+)", status)[1]) for name, field in FIELDS.items()}  # type: ignore[index]
    return {name: value // 1024 for name, value in kib.items()}


FIELDS = {"resident": "VmRSS", "own": "RssAnon"}


def main() -> None:
    """Print the measurement."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.parse_args()
    print(json.dumps(measure(), indent=1))


if __name__ == "__main__":
    main()
