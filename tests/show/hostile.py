"""Shows that hostile files are refused, that nothing of them stays in the store, and that no process dies of them.

`python -m tests.show.hostile --seed N` uploads 200 of them (17 sorts, see tests/files/papers.py) to a served process
and asks it for its health all the while. Prints JSON counts; ends with status 1 if one is accepted or leaves a byte in
the store, or if the process or its worker does not take a sound file afterwards.
"""

import argparse
import base64
import json
import os
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

import requests

from api.storage.database import Database
from api.storage.embedded import running_uri
from tests.files.papers import hostile, photo
from tests.serving import Served, Session, log_in_citizen, wait_for

STREAM = "application/offset+octet-stream"
A_CITIZEN = 100
"""How many files one citizen uploads; 200 are allowed in a day."""


class Health:
    """Asks a process for `/healthz` again and again, and keeps the longest wait in milliseconds."""

    def __init__(self, base: str) -> None:
        self.waits: list[float] = []
        self._base, self._over = base, threading.Event()
        self._thread = threading.Thread(target=self._ask)

    def __enter__(self) -> "Health":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _ask(self) -> None:
        with requests.Session() as line:
            while not self._over.wait(0.05):
                begun = time.perf_counter()
                line.get(f"{self._base}/healthz", timeout=20).raise_for_status()
                self.waits.append((time.perf_counter() - begun) * 1000)


def send(citizen: Session, name: str, data: bytes) -> dict[str, Any]:
    """Upload a file and wait for the result of its check."""
    told = {"Upload-Length": str(len(data)), "Upload-Metadata": f"filename {base64.b64encode(name.encode()).decode()}"}
    path = citizen.call("POST", "/v1/uploads", 201, {"Tus-Resumable": "1.0.0", **told}).headers["Location"]
    headers = {"Tus-Resumable": "1.0.0", "Upload-Offset": "0", "Content-Type": STREAM}
    citizen.call("PATCH", path, 204, headers, data=data)
    wait_for(lambda: citizen.call("GET", path)["state"] != "checking", 90, lambda: f"still checking {name}")
    return citizen.call("GET", path)


def attack(seed: int, count: int, folder: Path) -> dict[str, Any]:
    """Upload `count` hostile files to a served process; gives the counts."""
    served = Served(folder).start()
    assert served.process is not None
    pid, sorts, reasons, accepted = served.process.pid, Counter[str](), Counter[str](), list[str]()
    try:
        with Health(served.base) as health:
            for turn, (sort, name, data) in enumerate(hostile(seed, count)):
                if turn % A_CITIZEN == 0:
                    citizen = log_in_citizen(served, f"1380013{turn // A_CITIZEN:04}")
                row = send(citizen, name, data)
                sorts[sort] += 1
                reasons[row["code"] or row["state"]] += 1
                if row["state"] != "refused":
                    accepted.append(f"{turn}: {sort}")
        uri = running_uri(folder / "var")
        assert uri is not None
        stored = left_in_store(uri)
        sound = send(citizen, "好.jpg", photo())["state"]
        os.kill(pid, 0)
    finally:
        served.stop()
    waits = sorted(health.waits)
    return {
        "seed": seed,
        "files": count,
        "refused": count - len(accepted),
        "accepted": accepted,
        "stored": stored,
        "sound_file_afterwards": sound,
        "health_ms": {"p99": round(waits[int(len(waits) * 0.99)], 1), "most": round(waits[-1], 1), "asked": len(waits)},
        "sorts": dict(sorts),
        "reasons": dict(reasons),
    }


def left_in_store(uri: str) -> int:
    """The number of upload parts and content chunks that are still in the store."""
    database = Database(uri, "circle")
    try:
        return sum(database[name].count_documents({}) for name in ("upload_parts", "files.chunks", "files.files"))
    finally:
        database.close()


def main() -> None:
    """Print the counts; exit status 1 if one of the promises is broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=200)
    told = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        counts = attack(told.seed, told.count, Path(folder))
    print(json.dumps(counts, indent=1, ensure_ascii=False))
    sys.exit(bool(counts["accepted"] or counts["stored"] or counts["sound_file_afterwards"] != "accepted"))


if __name__ == "__main__":
    main()
