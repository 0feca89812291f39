"""Shows how much background work one worker process does per second, what it costs, and what a second one adds.

`python -m tests.show.jobs --seed N [COUNT]` prints JSON: for one and for two workers on an embedded store of their own,
events (each with one reaction) and jobs per second, CPU milliseconds of workers and store per piece of work, and the
ratio of two to one. Once the work is empty, so that our own mechanism alone is measured and the embedded store is the
limit; once it waits for WORK_MS, as for a provider. The seed draws how many events each subject has, from
1 to 5.
"""

import argparse
import json
import os
import random
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from api.storage.embedded import EmbeddedStore
from tests.jobs.crew import fill, opened, process, told, work

MOST = 1000
"""Keeps a run under a minute on two quiet cores."""
WORK_MS = 20
TICK = os.sysconf("SC_CLK_TCK")


def store_cpu(pid: int) -> float:
    """CPU seconds that a process has used (proc(5))."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def run(store: EmbeddedStore, workers: int, count: int, each: int, work_ms: int) -> dict[str, Any]:
    """Let so many workers process `count` events, then as many jobs; gives rates and costs."""
    name = f"show-{workers}-{work_ms}"
    database, jobs = opened(store.uri, name)
    fill(database, jobs, count, each)
    report: dict[str, Any] = {}
    with ExitStack() as crew:
        lines = [crew.enter_context(process(work, store.uri, name, n, work_ms))[1] for n in range(workers)]
        for line in lines:
            told(line)
        for collection in ("events", "jobs"):
            before, begun = store_cpu(store.pid), time.perf_counter()
            for line in lines:
                line.send("go")
            answers = [told(line) for line in lines]
            seconds = time.perf_counter() - begun
            assert sum(pieces for _, pieces in answers) == count
            report[collection] = {
                "a_second": round(count / seconds, 1),
                "worker_cpu_ms_each": round(sum(cpu for cpu, _ in answers) * 1000 / count, 3),
                "store_cpu_ms_each": round((store_cpu(store.pid) - before) * 1000 / count, 3),
                "by_worker": [pieces for _, pieces in answers],
            }
    database.close()
    return report


def compared(store: EmbeddedStore, count: int, each: int, work_ms: int) -> dict[str, Any]:
    """Measure one worker and two; gives both and the ratio of two to one."""
    one, two = (run(store, workers, count, each, work_ms) for workers in (1, 2))
    ratio = {name: round(two[name]["a_second"] / one[name]["a_second"], 2) for name in ("events", "jobs")}
    return {"count": count, "one_worker": one, "two_workers": two, "two_to_one": ratio}


def report(seed: int, count: int, works: tuple[int, ...] = (0, WORK_MS)) -> dict[str, Any]:
    """Measure the mechanism alone and with work that waits; gives both."""
    each, begun = random.Random(seed).randint(1, 5), time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="circle-show-") as folder:
        store = EmbeddedStore(Path(folder))
        store.start()
        try:
            found = {f"work_of_{ms}_ms": compared(store, count // 4 if ms else count, each, ms) for ms in works}
        finally:
            store.stop()
    return {
        "seed": seed,
        "events_a_subject": each,
        "cores": os.cpu_count(),
        **found,
        "seconds": round(time.perf_counter() - begun, 1),
    }


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("count", type=int, nargs="?", default=600)
    told_to = parser.parse_args()
    print(json.dumps(report(told_to.seed, min(told_to.count, MOST)), ensure_ascii=False, indent=1))


if __name__ == "__main__":
    main()
