"""Measures how long a chat message waits for its acknowledgement while 20 photographs are processed, and while none is.

`python -m tests.bench.chat --seed N [--images M]` prints JSON: milliseconds from the sending of a chat message on
a socket to its acknowledgement, which is after the store's commit, in one served process: `idle`; while the same checks
run `elsewhere`, in a process that is not ours, so that only the machine is shared; while the photographs are uploaded
and `checked` by the program. `checked` against `elsewhere` is what our own arrangement costs. The seed draws the
images.
"""

import argparse
import json
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from api.files import run_check
from tests.chat.conformance import Line, text
from tests.files.papers import photo
from tests.serving import Served, Session, log_in_citizen, wait_for

IMAGES = 20
SIDE = (4000, 3000)
"""12 megapixels: what telephones take."""
PAUSE = 0.02
IDLE_SECONDS = 15.0
LONGEST = 60.0
TUS = {"Tus-Resumable": "1.0.0"}


def talk(line: Line, conversation: str, until: Callable[[], bool]) -> list[float]:
    """Post messages until `until()` is true; gives the milliseconds to each acknowledgement."""
    waits, end = [], time.monotonic() + LONGEST
    while not until() and time.monotonic() < end:
        begun = time.perf_counter()
        assert line.ask("post", text(conversation, "还要带什么材料？"))["seq"]
        waits.append((time.perf_counter() - begun) * 1000)
        time.sleep(PAUSE)
    return waits


def told(waits: list[float]) -> dict[str, float]:
    """The count, median, 99th percentile and longest of the waits, in milliseconds."""
    p99 = statistics.quantiles(waits, n=100)[98]
    return {
        "posts": len(waits),
        "p50": round(statistics.median(waits), 1),
        "p99": round(p99, 1),
        "max": round(max(waits), 1),
    }


def upload(citizen: Session, picture: bytes) -> str:
    """Upload one photograph; gives the path of the upload."""
    headers = {**TUS, "Upload-Length": str(len(picture))}
    path = citizen.call("POST", "/v1/uploads", 201, headers).headers["Location"]
    part = {**TUS, "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
    citizen.call("PATCH", path, 204, part, data=picture)
    return str(path)


def uploaded(citizen: Session, pictures: list[bytes]) -> None:
    """Upload all photographs, and wait until each is accepted."""
    with ThreadPoolExecutor(4) as pool:
        paths = list(pool.map(lambda picture: upload(citizen, picture), pictures))

    def pending() -> bool:
        paths[:] = [path for path in paths if citizen.call("GET", path)["state"] != "accepted"]
        return bool(paths)

    wait_for(lambda: not pending(), LONGEST)


def elsewhere(pictures: list[bytes]) -> None:
    """Run the same checks one after the other in this process, which is not the served one."""

    def drop(which: str, size: int, content: Iterator[bytes]) -> None:
        for _ in content:
            pass

    for picture in pictures:
        assert run_check.check(iter([picture]), drop).refused is None


def beside(work: Callable[[], None], line: Line, conversation: str) -> dict[str, float]:
    """Post messages while `work` runs in another thread; gives the waits as `told` does."""
    thread = threading.Thread(target=work)
    thread.start()
    begun = time.monotonic()
    waits = talk(line, conversation, lambda: not thread.is_alive())
    thread.join()
    return {**told(waits), "seconds": round(time.monotonic() - begun, 1)}


def measure(seed: int, images: int = IMAGES, idle_seconds: float = IDLE_SECONDS) -> dict[str, Any]:
    """Measure `idle`, `elsewhere` and `checked` in one run on one served process."""
    pictures = [photo(*SIDE, seed=seed + n) for n in range(images)]
    with tempfile.TemporaryDirectory() as folder:
        served = Served(Path(folder), POSTS_A_MINUTE="1000000").start()
        try:
            citizen = log_in_citizen(served, "13800138000")
            conversation = citizen.call("POST", "/v1/conversations", 201, json={})["id"]
            line = Line(served.base, citizen.token)
            talk(line, conversation, _after(1.0))
            report = {
                "idle": told(talk(line, conversation, _after(idle_seconds))),
                "elsewhere": beside(lambda: elsewhere(pictures), line, conversation),
                "checked": beside(lambda: uploaded(citizen, pictures), line, conversation),
            }
            line.close()
        finally:
            served.stop()
    p99 = {name: one["p99"] for name, one in report.items()}
    return {
        "seed": seed,
        "images": images,
        "megapixels": SIDE[0] * SIDE[1] / 1e6,
        "megabytes": round(sum(map(len, pictures)) / 1e6, 1),
        "ms": report,
        "p99_checked_to_idle": round(p99["checked"] / p99["idle"], 2),
        "p99_checked_to_elsewhere": round(p99["checked"] / p99["elsewhere"], 2),
    }


def _after(seconds: float) -> Callable[[], bool]:
    end = time.monotonic() + seconds
    return lambda: time.monotonic() > end


def main() -> None:
    """Print the measurement."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--images", type=int, default=IMAGES)
    asked = parser.parse_args()
    print(json.dumps(measure(asked.seed, asked.images), indent=1))


if __name__ == "__main__":
    main()
