"""Shows that no fault at any step of a start ends in a traceback: the store dies, the store hangs, a disk is full.

`python -m tests.show.starts --seed N [--count M]` starts `circle serve` on a new folder once per row of STEPS and fault
(M of them, drawn by the seed; all without it), with the fault just before that step. Prints JSON counts; ends with
status 1 unless each start serves in the end, with log-ins that work once it is ready, or says in a sentence why not;
and unless the next start on the same folder serves.
"""

import argparse
import errno
import json
import os
import random
import resource
import signal
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import requests

from tests.serving import Served, log_in_staff, wait_for

STEPS = {
    "the data folder": ("api.private", "make_folder"),
    "the store's process": ("api.storage.embedded", "EmbeddedStore._run"),
    "the store's user": ("api.storage.embedded", "EmbeddedStore._make_shards"),
    "the store's address": ("api.storage.embedded", "EmbeddedStore._say_where"),
    "the keys": ("api.app", "open_keys"),
    "the key files": ("api.identity.sealing.keyring", "_write_key"),
    "the migrations": ("api.operations.service", "Migrations.run"),
    "the indexes": ("api.storage.database", "Database.ensure"),
    "the catalogue": ("api.office", "Office._catalogue"),
    "the background work": ("api.office", "Office.start"),
    "the file of log-ins": ("api.server", "first_staff"),
    "the log-ins": ("api.identity.service", "Identity.seed_staff"),
    "the door": ("api.server", "_listen"),
    "the greeting": ("api.server", "_greet"),
}
"""By step of a start, in order, the function that does it; written by hand."""

WITHOUT_STORE = {"the data folder", "the store's process"}
"""Steps before which there is no store that could die or hang."""
FILES = {"the data folder", "the store's process", "the store's address", "the key files", "the file of log-ins"}
"""Steps that write files of ours: a full disk is met by them. At the others the store's own writes fail."""
FAULTS = ("dead", "hanging", "full")


def cases() -> list[tuple[str, str]]:
    """Every step with every fault that can meet it."""
    return [(step, fault) for step in STEPS for fault in FAULTS if fault == "full" or step not in WITHOUT_STORE]


# -- in the started process -----------------------------------------------------------------


def child(step: str, fault: str) -> None:
    """Run `circle serve` with the fault before the step, and patience cut short."""
    from gevent import monkey

    monkey.patch_all()
    from api.cli import main as circle
    from api.storage import database, embedded, faults

    database.TIMEOUT_MS, database.TRANSACTION_SECONDS = 1_500, 3.0
    embedded.WRITTEN_SECONDS, embedded.START_SECONDS = 0.7, 5
    faults.PATIENCE_SECONDS, faults.PAUSE_SECONDS = 25.0, 0.2
    _quick_watch(embedded)
    _patch(*STEPS[step], _fault(step, fault, embedded))
    circle(["serve"])


def _quick_watch(embedded: Any) -> None:
    begin = embedded.Watch.__init__
    embedded.Watch.__init__ = lambda self, store, probe: begin(self, store, probe, pause=0.2, most_misses=2)


def _fault(step: str, fault: str, embedded: Any) -> Callable[[], None]:
    """Does the fault, the first time that it is called."""
    stores: list[Any] = []
    begun = embedded.EmbeddedStore.__init__

    def remembered(self: Any, var: Path) -> None:
        begun(self, var)
        stores.append(self)

    embedded.EmbeddedStore.__init__ = remembered
    left = [1]

    def happen() -> None:
        if not left or not left.pop():
            return
        if fault == "full" and step in FILES:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        pid = stores[-1].pid
        if fault == "full":
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (1, resource.RLIM_INFINITY))
        else:
            os.kill(pid, signal.SIGKILL if fault == "dead" else signal.SIGSTOP)

    return happen


def _patch(module: str, name: str, happen: Callable[[], None]) -> None:
    owner: Any = import_module(module)
    *outer, last = name.split(".")
    for part in outer:
        owner = getattr(owner, part)
    real = getattr(owner, last)

    def first_the_fault(*args: Any, **kwargs: Any) -> Any:
        happen()
        return real(*args, **kwargs)

    setattr(owner, last, first_the_fault)


# -- from outside ------------------------------------------------------------------------------


def start(step: str, fault: str, folder: Path) -> tuple[str, list[str]]:
    """Start with a fault, then without; gives what became of the first, `served` or `said`, and what was wrong."""
    served, wrong = Served(folder), []
    served.begin([sys.executable, "-m", "tests.show.starts", "--child", step, fault])
    process = served.process
    assert process is not None
    wait_for(lambda: process.poll() is not None or _is_ready(served), 120, lambda: str(served.lines[-20:]))
    if process.poll() is None:
        outcome = "served"
        wrong += _log_ins(served)
        served.stop()
    else:
        served.stop()
        outcome = "said"
        if process.returncode != 1 or not any(line.startswith("circle: ") for line in served.lines):
            wrong.append(f"exit {process.returncode} without a sentence")
    if any("Traceback" in line for line in served.lines):
        wrong.append("a traceback: " + " | ".join(served.lines[-12:]))
    served.lines.clear()
    served.start()
    wrong += _log_ins(served)
    served.stop()
    return outcome, [f"{step}, {fault}: {line}" for line in wrong]


def _is_ready(served: Served) -> bool:
    try:
        return requests.get(f"{served.base}/readyz", timeout=5).status_code == 200
    except requests.RequestException:
        return False


def _log_ins(served: Served) -> list[str]:
    """What is wrong with the first log-ins of a process that says that it is ready."""
    passwords = dict(
        line.removeprefix("staff log-in: ").split(" / ")
        for line in (served.folder / "var" / "first-staff.txt").read_text().splitlines()
    )
    wrong = [] if set(passwords) == {"window", "handler", "admin"} else [f"log-ins of {sorted(passwords)} alone"]
    served.lines += [f"staff log-in: {name} / {password}" for name, password in passwords.items()]
    for role in passwords:
        try:
            log_in_staff(served, role)
        except KeyError:
            wrong.append(f"{role} cannot log in though it is ready")
    return wrong


def examine(drawn: list[tuple[str, str]]) -> dict[str, Any]:
    """Start once per step and fault; gives the counts."""
    outcomes, wrong = Counter[str](), []
    for step, fault in drawn:
        with tempfile.TemporaryDirectory() as folder:
            outcome, lines = start(step, fault, Path(folder))
        outcomes[f"{fault}: {outcome}"] += 1
        wrong += lines
    return {"starts": len(drawn), "outcomes": dict(sorted(outcomes.items())), "wrong": wrong}


def main() -> None:
    """Print the counts; exit status 1 if anything is wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=len(cases()))
    parser.add_argument("--child", nargs=2)
    given = parser.parse_args()
    if given.child:
        child(*given.child)
        return
    counts = examine(random.Random(given.seed).sample(cases(), min(given.count, len(cases()))))
    print(json.dumps({"seed": given.seed, **counts}, indent=1, ensure_ascii=False))
    sys.exit(bool(counts["wrong"]))


if __name__ == "__main__":
    main()
