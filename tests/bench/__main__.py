"""Runs the benches one after the other, and prints one JSON object: figures and ratios by name.

`python -m tests.bench --seed N [NAME …]`. Each measures ours and a peer or bound in the same run, so that a ratio
holds on a slower or busier machine too; each is a command of its own, `python -m MODULE`.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from typing import Any

BENCHES: dict[str, tuple[str, ...]] = {
    "overhead": ("tests.bench.overhead",),
    "submission": ("tests.bench.submission",),
    "handling": ("tests.bench.handling",),
    "clock": ("tests.bench.clock",),
    "jobs": ("tests.show.jobs",),
    "chat": ("tests.bench.chat",),
    "relay": ("tests.bench.relay",),
    "travel": ("tests.show.circle", "--origins", "2000", "--network", "liechtenstein"),
    "search": ("tests.show.search",),
    "queues": ("tests.bench.queues",),
    "circle": ("tests.bench.circle",),
}
"""Name, then module and what bounds it: an empty route against bare Flask; a submission against the bare transaction
that writes the same rows; submissions and acts over HTTP against a bare app that writes the same rows; folding a clock
against reading and writing its JSON; events and jobs, one worker and two; acknowledgements while images are processed;
the chat beside a Node server that does the same; travel times against a second reading; search against plain BM25;
every list of cases at 1,000 and 100,000 cases; look-ups, `GET /v1/circle` and generations, each beside what else could
answer."""
LONGEST = 450


def run(name: str, seed: int) -> dict[str, Any]:
    """Run one bench in a process of its own, so that no cache of another is warm."""
    module, *bounds = BENCHES[name]
    command = [sys.executable, "-m", module, "--seed", str(seed), *bounds]
    begun = time.monotonic()
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=LONGEST)
    except subprocess.TimeoutExpired:
        return {"failed": f"not done within {LONGEST} s"}
    took = {"seconds": round(time.monotonic() - begun, 1)}
    if not done.stdout.startswith("{"):
        return {**took, "failed": done.stderr[-500:]}
    return {**took, **json.loads(done.stdout)}


def main() -> int:
    """Print all figures; exit status 1 if a bench failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("names", nargs="*", help=f"of {', '.join(BENCHES)}; all unless said")
    asked = parser.parse_args()
    if unknown := set(asked.names) - set(BENCHES):
        parser.error(f"no such bench: {', '.join(sorted(unknown))}")
    machine = {"cores": os.cpu_count(), "load_average": round(os.getloadavg()[0], 2)}
    found = {name: run(name, asked.seed) for name in asked.names or BENCHES}
    print(json.dumps({"seed": asked.seed, "machine": machine, **found}, ensure_ascii=False, indent=1))
    return 1 if any("failed" in one for one in found.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
