"""Measures submissions and acts of staff over real HTTP, beside a bare Flask app that writes the same rows.

`python -m tests.bench.handling --seed N [--rounds R]` prints JSON. One gunicorn process of ours and one bare, on one
embedded store, take turns in rounds, in an order that the seed draws; some clients with a connection each send as fast
as they are answered. Per submission and per act (an acceptance): how many a second, milliseconds to the answer (p50,
p99), CPU milliseconds of the web process and of the store. Ours does its background work in the same process (notices,
jobs), which is counted; each turn waits until it is done. What web and store use while nobody asks for anything is
taken off (`idle`). `ratio` is ours to bare in CPU of both processes.
"""

import argparse
import json
import os
import random
import shutil
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

from bson import json_util

from api.storage.database import Database
from tests.conftest import MEMORY
from tests.serving import wait_for
from tests.show.busy_office import Person, Running, Seeding, office_of, web

CLIENTS, EACH, ROUNDS, IDLE = 4, 40, 3, 4.0
TICKS = os.sysconf("SC_CLK_TCK")
Request = tuple[str, dict[str, str], bytes]
"""Path, headers and body of a POST."""


def cpu(pid: int) -> float:
    """Milliseconds of CPU that a process and its ended children have used (proc(5): utime, stime)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * 1000 / TICKS


class Side:
    """One server and the store behind it; `settled` waits for its background work."""

    def __init__(self, base: str, pid: int, store: int, settled: Callable[[], None] = lambda: None) -> None:
        self.base, self.pid, self.store, self.settled = base, pid, store, settled
        self.taken: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
        self.idle = (0.0, 0.0)

    def rest(self) -> None:
        """Take what web and store use while nobody asks for anything: CPU milliseconds a second."""
        self.settled()
        before, begun = (cpu(self.pid), cpu(self.store)), time.perf_counter()
        time.sleep(IDLE)
        took = time.perf_counter() - begun
        self.idle = (cpu(self.pid) - before[0]) / took, (cpu(self.store) - before[1]) / took

    def send(self, what: str, requests: Sequence[Request], expect: int) -> list[Any]:
        """Send these requests by CLIENTS, and take the figures; gives the answers."""
        self.settled()
        before, begun = (cpu(self.pid), cpu(self.store)), time.perf_counter()
        with ThreadPoolExecutor(CLIENTS) as pool:
            parts = list(pool.map(self._client, [(requests[n::CLIENTS], expect) for n in range(CLIENTS)]))
        took = time.perf_counter() - begun
        self.settled()
        figures, whole = self.taken[what], time.perf_counter() - begun
        figures["seconds"].append(took)
        figures["web"].append(cpu(self.pid) - before[0] - self.idle[0] * whole)
        figures["store"].append(cpu(self.store) - before[1] - self.idle[1] * whole)
        figures["ms"] += [ms for part in parts for ms, _ in part]
        return [answer for part in parts for _, answer in part]

    def _client(self, mine: tuple[Sequence[Request], int]) -> list[tuple[float, Any]]:
        requests, expect = mine
        answers = []
        with closing(HTTPConnection(urlsplit(self.base).netloc, timeout=60)) as line:
            for path, headers, body in requests:
                begun = time.perf_counter()
                line.request("POST", path, body, headers)
                answer = line.getresponse()
                content = answer.read()
                assert answer.status == expect, (path, answer.status, content[:300])
                answers.append(((time.perf_counter() - begun) * 1000, json.loads(content)))
        return answers

    def figures(self, what: str) -> dict[str, Any]:
        """The figures of one act over all rounds."""
        taken = self.taken[what]
        times, count = sorted(taken["ms"]), len(taken["ms"])
        return {
            "a_second": round(count / sum(taken["seconds"]), 1),
            "p50_ms": round(times[count // 2], 1),
            "p99_ms": round(times[int(count * 0.99)], 1),
            "web_cpu_ms": round(sum(taken["web"]) / count, 2),
            "store_cpu_ms": round(sum(taken["store"]) / count, 2),
        }


def posting(person: Person, path: str, body: dict[str, Any] | None = None, version: int = 0) -> Request:
    """A POST of ours."""
    headers = {"Authorization": f"Bearer {person.token}", "Idempotency-Key": str(uuid4())}
    headers |= {"If-Match": f'"{version}"', "Content-Type": "application/json"} if body else {"Content-Length": "0"}
    return path, headers, json.dumps(body).encode() if body else b""


def written(database: Database, number: str) -> dict[str, dict[str, Any]]:
    """The rows that a submission and an acceptance of ours left behind, by `submit` and `act`."""
    case = database["cases"].find_one({"number": number})
    assert case is not None
    rows: dict[str, dict[str, Any]] = {}
    for seq, name, event in ((1, "submit", "case.submitted"), (2, "act", "case.accepted")):
        action = database["case_actions"].find_one({"case": case["_id"], "seq": seq})
        announced = database["events"].find_one({"subject": case["_id"], "type": event})
        rows[name] = {"cases": {**case, "version": 1}, "case_actions": action, "events": announced}
    rows["submit"]["drafts"] = database["drafts"].find_one({"case": number})
    rows["act"]["audit"] = database["audit"].find_one({"subject": f"case:{case['_id']}", "act": "case.accept"})
    missing = [f"{name}.{part}" for name, parts in rows.items() for part, row in parts.items() if row is None]
    assert not missing, missing
    return rows


def turn_of_ours(side: Side, seeding: Seeding, staff: Sequence[Person]) -> None:
    """One round of ours: submit EACH drafts, then accept them."""
    owner = seeding.citizen()
    submit = [posting(owner, f"/v1/drafts/{draft}/submit") for draft in seeding.drafts(owner, EACH)]
    cases = [answer["case"] for answer in side.send("submit", submit, 201)]
    paths = [f"/v1/cases/{case['number']}/actions" for case in cases]
    accept = [posting(staff[n % len(staff)], path, {"act": "accept"}, 1) for n, path in enumerate(paths)]
    side.send("act", accept, 200)


def turn_of_bare(side: Side) -> None:
    """One round of the bare app: the same."""
    nothing = {"Content-Length": "0"}
    cases = [answer["case"] for answer in side.send("submit", [("/submit", nothing, b"")] * EACH, 200)]
    side.send("act", [(f"/act/{case}", nothing, b"") for case in cases], 200)


def measure(seed: int, rounds: int = ROUNDS) -> dict[str, Any]:
    """Measure both sides; gives the figures."""
    place = MEMORY if MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > 2 << 30 else None
    dice = random.Random(seed)
    with tempfile.TemporaryDirectory(prefix="handling-", dir=place) as name, office_of(Path(name), 1) as running:
        seeding, staff = running.seeding, [running.seeding.staff("window") for _ in range(CLIENTS)]
        ours = Side(running.webs[0].base, running.webs[0].pid, running.store, _settled(running))
        turn_of_ours(ours, seeding, staff)
        database = seeding.office.database
        first = database["cases"].find_one({"state": "accepted"})
        assert first is not None
        rows = Path(name) / "rows.json"
        rows.write_text(json_util.dumps(written(database, first["number"])), "utf-8")
        where = {"BARE_STORE": running.uri, "BARE_ROWS": str(rows)}
        with web(Path(name) / "bare.log", where, "tests.bench.bare_handling:app", "/") as peer:
            bare = Side(peer.base, peer.pid, running.store)
            turn_of_bare(bare)
            for side in (ours, bare):
                side.taken.clear()
                side.rest()
            for _ in range(rounds):
                turns = [lambda: turn_of_ours(ours, seeding, staff), lambda: turn_of_bare(bare)]
                for turn in dice.sample(turns, 2):
                    turn()
        report: dict[str, Any] = {"seed": seed, "clients": CLIENTS, "each": rounds * EACH}
        report["idle"] = {"web_cpu_ms_a_second": round(ours.idle[0]), "store_cpu_ms_a_second": round(ours.idle[1])}
        for act in ("submit", "act"):
            pair = {"ours": ours.figures(act), "bare": bare.figures(act)}
            both = {side: sum(figures[f"{who}_cpu_ms"] for who in ("web", "store")) for side, figures in pair.items()}
            report[act] = {**pair, "ratio": round(both["ours"] / both["bare"], 2)}
        return report


def _settled(running: Running) -> Callable[[], None]:
    """Waits until no event or job of ours is due."""
    database = running.seeding.office.database

    def is_done() -> bool:
        return not database["events"].find_one({"state": {"$in": ["pending", "running"]}})

    return lambda: wait_for(is_done, 60, lambda: "background work does not end")


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    asked = parser.parse_args()
    print(json.dumps(measure(asked.seed, asked.rounds)))


if __name__ == "__main__":
    main()
