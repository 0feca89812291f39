"""Shows that acts on one row cost the same however many rows there are: 500 and 50,000 of each, in one run.

`python -m tests.show.store --seed N [ROWS]` assembles the whole on an embedded store of its own, fills the collections
with copies of genuine rows and measures, at both sizes and in random order: the refresh of a log-in, a piece of an
upload, the try and use of a log-in code, the claim of a job that was tried before, the claim of a conversation. Before
the second time one row is also written 12,000 times: what was written must not make a write dearer either. Prints JSON:
the medians of the milliseconds and of the store's CPU per act, and the ratio of the sizes. Ends with status 1 if
a ratio of the CPU is above MOST_RATIO.
"""

import argparse
import copy
import json
import random
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from api.app import create_app
from api.identity.sealing.keyring import Keyring
from api.identity.store import IdentityStore
from api.jobs.store import JobStore
from api.settings import read
from api.storage.database import Database
from api.storage.embedded import EmbeddedStore
from tests.conftest import PASSWORD, Clock, SmsBox
from tests.lasting import nothing_expires

FEW, MANY = 500, 50_000
TIMES = 30
BATCH = 1000
MOST_RATIO = 1.5
WRITES = 12_000
"""More than the 10,000 retryable writes whose answers the store keeps."""
Row = dict[str, Any]
Act = Callable[[Any], None]


class Scene:
    """An assembled office, a citizen and an officer in it, and genuine rows to copy."""

    def __init__(self, store: EmbeddedStore, folder: Path) -> None:
        self.pid = store.pid
        self.clock, box = Clock(), SmsBox()
        self.database = Database(store.uri, "show")
        settings = read({"CIRCLE_VAR": str(folder / "var"), "CIRCLE_KEYS": str(folder / "keys")})
        keyring = Keyring.open(folder / "keys")
        app = create_app(settings, database=self.database, keyring=keyring, now=self.clock, console=box)
        self.office = app.extensions["circle"]
        self.office.identity.seed_staff("window", PASSWORD, "王窗口", {"window"}, "XC-H01", None)
        client = app.test_client()
        client.post("/v1/sessions/codes", json={"phone": "13800138000"}, headers=_key())
        self.office.worker.drain()
        [code] = [code for _, text in box.messages for code in re.findall(r"\d{6}", text)]
        citizen = client.post("/v1/sessions", json={"phone": "13800138000", "code": code}, headers=_key()).get_json()
        body = {"username": "window", "password": PASSWORD}
        staff = client.post("/v1/staff/sessions", json=body, headers=_key()).get_json()
        self.citizen = self.office.identity.actor(citizen["token"])
        self.officer = self.office.identity.actor(staff["token"])
        self.person = citizen["citizen"]["id"]

    def stop(self) -> None:
        """End it."""
        self.office.stop()
        self.database.close()

    def genuine(self) -> dict[str, Row]:
        """One row per collection, as the program itself wrote it."""
        self.office.files.begin(self.citizen, 100, "", str(uuid4()))
        self.converse()
        self.office.jobs.enqueue("show", "show", {}, due_at=self.clock())
        wanted = {"log_ins": {"who": self.person}, "jobs": {"_id": "show"}}
        names = ("log_ins", "sessions", "uploads", "login_codes", "jobs", "conversations")
        rows = {name: self.database[name].find_one(wanted.get(name, {})) for name in names}
        self.database["jobs"].delete_one({"_id": "show"})
        assert all(rows.values()), rows
        return rows

    def converse(self) -> str:
        """Open a conversation that waits for an officer; gives its id."""
        body = {"point": "XC-H01", "text": "在吗？"}
        return str(self.office.chat.open(self.citizen, str(uuid4()), body)["id"])

    # -- what is measured: how it is made ready, which is not measured, and the act itself ----

    def acts(self) -> dict[str, tuple[Callable[[], Any], Act]]:
        """The measured acts by name, each with the function that prepares its argument."""
        identity, jobs = IdentityStore(self.database), JobStore(self.database)
        sessions, files, chat = self.office.identity.sessions, self.office.files, self.office.chat
        return {
            "refresh of a session": (
                lambda: sessions.begin("citizen", self.person)["refresh_token"],
                sessions.refresh,
            ),
            "piece of an upload": (
                lambda: files.begin(self.citizen, 100, "", str(uuid4()))["id"],
                lambda upload: files.receive(self.citizen, upload, 0, [b"x" * 50], None),
            ),
            "log-in code": (
                self._code,
                lambda code: (identity.take_try(code, 5, self.clock()), identity.use_code(code)),
            ),
            "job tried before": (self._tried, lambda job: self._claim(jobs, job)),
            "claim of a conversation": (
                self.converse,
                lambda conversation: chat.handling.claim(self.officer, conversation),
            ),
        }

    def _code(self) -> str:
        code = {**self.rows["login_codes"], "_id": str(uuid4()), "used": False, "tries": 0}
        self.database["login_codes"].insert_one(code)
        return str(code["_id"])

    def _tried(self) -> str:
        job = {**self.rows["jobs"], "_id": str(uuid4()), "attempts": 1}
        self.database["jobs"].insert_one(job)
        return str(job["_id"])

    def _claim(self, jobs: JobStore, job: str) -> None:
        [row] = jobs.claim("jobs", self.clock())
        assert row["_id"] == job
        jobs.mark("jobs", row, {"$set": {"state": "done"}})

    # -- filling ----

    def fill(self, rows: dict[str, Row], before: int, count: int) -> None:
        """Copy each row until there are `count` instead of `before`; each copy is somebody else's, and done."""
        self.rows = rows
        for name, row in rows.items():
            for begin in range(before, count, BATCH):
                copies = [another(name, row) for _ in range(begin, min(count, begin + BATCH))]
                self.database[name].insert_many(copies, ordered=False)

    def write(self, times: int) -> None:
        """Write one row so often."""
        for turn in range(times):
            self.database["show_writes"].update_one({"_id": "show"}, {"$set": {"turn": turn}}, upsert=True)

    def between(self) -> None:
        """Reset what acts leave behind: the officer's conversations and the citizen's rate limits."""
        closed = {"$set": {"state": "closed"}}
        self.database["conversations"].update_many({"officer.id": self.officer.id, "state": "active"}, closed)
        for name in ("upload_days", "login_counts"):
            self.database[name].delete_many({})
        self.clock.move(seconds=1)

    def cpu(self) -> dict[str, int]:
        """The nanoseconds of CPU that the store has used, by thread (schedstat of proc(5))."""
        used = {}
        for path in Path(f"/proc/{self.pid}/task").iterdir():
            with suppress(OSError):  # it has ended meanwhile
                used[path.name] = int((path / "schedstat").read_text().split()[0])
        return used

    def measure(self, rng: random.Random, times: int) -> dict[str, dict[str, float]]:
        """The medians by act of its milliseconds and of the store's CPU; acts come in random order."""
        acts = self.acts()
        took: dict[str, list[float]] = {name: [] for name in acts}
        used: dict[str, list[float]] = {name: [] for name in acts}
        order = [name for name in acts for _ in range(times)]
        rng.shuffle(order)
        for name in order:
            self.between()
            ready, act = acts[name]
            prepared, cpu = ready(), self.cpu()
            begun = time.perf_counter()
            act(prepared)
            took[name].append((time.perf_counter() - begun) * 1000)
            used[name].append(sum(spent - cpu.get(thread, 0) for thread, spent in self.cpu().items()) / 1e6)
        return {name: {"ms": _median(took[name]), "store_cpu_ms": _median(used[name])} for name in acts}


def _median(values: list[float]) -> float:
    return round(statistics.median(values), 1)


def another(name: str, row: Row) -> Row:
    """A copy that is somebody else's, and in a state in which rows gather."""
    fresh: Row = {**copy.deepcopy(row), "_id": str(uuid4())}
    if name == "sessions":
        fresh |= {"refresh": uuid4().hex, "family": str(uuid4())}
    elif name == "log_ins":
        fresh |= {"who": str(uuid4()), "ended_at": row["began_at"]}
    elif name == "uploads":
        fresh |= {"owner": str(uuid4()), "state": "accepted", "look_at": None}
    elif name == "login_codes":
        fresh |= {"phone_index": uuid4().hex, "used": True}
    elif name == "jobs":
        fresh |= {"state": "done", "due_at": row["due_at"] - timedelta(days=1)}
    else:
        fresh |= {"citizen": {**row["citizen"], "id": str(uuid4())}, "state": "closed", "waiting_since": None}
    return fresh


def report(seed: int, few: int, many: int, times: int) -> dict[str, Any]:
    """Measure at both sizes in one run; gives the medians and their ratios."""
    rng, begun = random.Random(seed), time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="circle-show-") as folder, pytest.MonkeyPatch.context() as patch:
        nothing_expires(patch)
        patch.setattr("api.storage.database.TIMEOUT_MS", 60_000)
        store = EmbeddedStore(Path(folder) / "store")
        store.start()
        scene = Scene(store, Path(folder))
        try:
            rows = scene.genuine()
            scene.fill(rows, 0, few)
            scene.measure(rng, 3)  # once to warm up
            at_few = scene.measure(rng, times)
            filling = time.perf_counter()
            scene.fill(rows, few, many)
            scene.write(min(many, WRITES))
            filled = round(time.perf_counter() - filling, 1)
            at_many = scene.measure(rng, times)
        finally:
            scene.stop()
            store.stop()
    ratios = {
        name: {unit: round(at_many[name][unit] / max(at_few[name][unit], 0.1), 2) for unit in at_few[name]}
        for name in at_few
    }
    seconds = round(time.perf_counter() - begun, 1)
    return {
        "seed": seed,
        f"at_{few}": at_few,
        f"at_{many}": at_many,
        "ratio": ratios,
        "filled_in": filled,
        "seconds": seconds,
    }


def _key() -> dict[str, str]:
    return {"Idempotency-Key": str(uuid4())}


def main() -> None:
    """Print the counts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("rows", type=int, nargs="?", default=MANY)
    asked = parser.parse_args()
    counts = report(asked.seed, FEW, asked.rows, TIMES)
    print(json.dumps(counts, ensure_ascii=False, indent=1))
    sys.exit(any(ratio["store_cpu_ms"] > MOST_RATIO for ratio in counts["ratio"].values()))


if __name__ == "__main__":
    main()
