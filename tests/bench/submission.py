"""Measures what a submission costs our process: `POST …/submit` beside the bare transaction that writes the same rows.

`python -m tests.bench.submission --seed N [--rounds R]` prints JSON: CPU milliseconds of our process per submission
(medians over rounds, in which the two take turns in an order that the seed draws), their ratio, and how many sealed
fields a submission opens. Each draft has a situation, a form and two bound papers; the store is a process of its own.
"""

import argparse
import io
import json
import random
import re
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from pathlib import Path
from typing import Any
from unittest import mock
from uuid import uuid4

from flask import Flask

from api.app import create_app
from api.identity.sealing.keyring import Keyring
from api.settings import read
from api.storage.database import Database
from api.storage.embedded import EmbeddedStore
from tests.conftest import Caller, Clock
from tests.way import COURIER, FOOD, accepted_upload, filled_in

ROUNDS, EACH = 12, 5
PHONE = "13800138000"
ROWS = {
    "cases": {"_id": "$case"},
    "case_actions": {"case": "$case"},
    "drafts": {"_id": "$draft"},
    "events": {"subject": "$case"},
}
"""The rows that a submission leaves behind."""


@contextmanager
def office() -> Iterator[tuple[Flask, Database, io.StringIO]]:
    """The whole app on an embedded store of its own, without background work: (app, database, console)."""
    with tempfile.TemporaryDirectory(prefix="circle-bench-") as folder:
        store, console = EmbeddedStore(Path(folder) / "store"), io.StringIO()
        database = Database(store.start(), "bench")
        try:
            settings = read({"CIRCLE_VAR": f"{folder}/var", "CIRCLE_KEYS": f"{folder}/keys"})
            keyring = Keyring.open(Path(folder) / "keys")
            yield (
                create_app(settings, database=database, keyring=keyring, now=Clock(), console=console),
                database,
                console,
            )
        finally:
            database.close()
            store.stop()


def citizen(app: Flask, console: io.StringIO) -> Caller:
    """Log a citizen in by phone."""
    anyone = Caller(app.test_client())
    anyone.post("/v1/sessions/codes", {"phone": PHONE}, expect=202)
    app.extensions["circle"].worker.drain()
    code = re.findall(r"\d{6}", console.getvalue())[-1]
    return Caller(app.test_client(), anyone.post("/v1/sessions", {"phone": PHONE, "code": code}))


def complete_drafts(caller: Caller, drain: Callable[[], None], count: int) -> list[str]:
    """Complete so many drafts, each with two papers of each material; gives their ids."""
    papers = [accepted_upload(caller, drain) for _ in range(2)]
    drafts = []
    for _ in range(count):
        draft = caller.post("/v1/drafts", {"matter": FOOD, **filled_in(caller)})
        change = {"materials": {"m4": papers, "m5": papers}, "delivery": COURIER}
        draft = caller.patch(f"/v1/drafts/{draft['id']}", change, draft["version"])
        assert draft["missing"] == [], draft["missing"]
        assert draft["situation"]
        drafts.append(draft["id"])
    return drafts


def written(database: Database, case: str, draft: str) -> dict[str, Any]:
    """Copy the rows that a submission wrote, under new keys."""
    names = {"$case": case, "$draft": draft}
    rows = {}
    for name, wanted in ROWS.items():
        found = database[name].find_one({field: names[value] for field, value in wanted.items()})
        assert found is not None, name
        rows[name] = {**deepcopy(found), "_id": str(uuid4())}
    rows["cases"]["number"] = str(uuid4())
    rows["case_actions"]["case"] = rows["cases"]["_id"]
    return rows


def write(database: Database, rows: dict[str, Any], draft: str, papers: list[str]) -> None:
    """Write these rows in one bare transaction: two documents, an event, the papers and the draft."""

    def work(session: Any) -> None:
        database["cases"].insert_one(rows["cases"], session=session)
        database["case_actions"].insert_one(rows["case_actions"], session=session)
        database["uploads"].update_many({"_id": {"$in": papers}}, {"$set": {"of_case": True}}, session=session)
        change = {"$set": {"case": rows["cases"]["number"]}, "$inc": {"version": 1}}
        database["drafts"].update_one({"_id": draft}, change, session=session)
        database["events"].insert_one(rows["events"], session=session)

    database.transact(work)


def measure(seed: int, rounds: int = ROUNDS, each: int = EACH) -> dict[str, Any]:
    """Measure the milliseconds of CPU per submission and per bare transaction, and their ratio."""
    with office() as (app, database, console):
        caller = citizen(app, console)
        drafts = complete_drafts(caller, app.extensions["circle"].worker.drain, (rounds + 1) * each + 1)
        first = drafts.pop()
        opened, case = _opened(lambda: caller.post(f"/v1/drafts/{first}/submit"))
        row = database["cases"].find_one({"number": case["case"]["number"]})
        assert row is not None
        batches = [
            (drafts[each * n : each * (n + 1)], [written(database, row["_id"], first) for _ in range(each)])
            for n in range(rounds + 1)
        ]
        taken: dict[str, list[float]] = {"submission": [], "transaction": []}
        draw = random.Random(seed)
        for ids, rows in batches:
            acts = {
                "submission": [_submitting(caller, draft) for draft in ids],
                "transaction": [_writing(database, one, first, row["uploads"]) for one in rows],
            }
            for name in draw.sample(list(acts), len(acts)):
                taken[name].append(_cpu_ms(acts[name]))
    medians = {name: statistics.median(values[1:]) for name, values in taken.items()}
    return {
        "seed": seed,
        "submissions": rounds * each,
        **{f"{name}_cpu_ms": round(value, 2) for name, value in medians.items()},
        "ratio": round(medians["submission"] / medians["transaction"], 2),
        "sealed_fields_opened": opened,
    }


def _submitting(caller: Caller, draft: str) -> Callable[[], object]:
    return lambda: caller.post(f"/v1/drafts/{draft}/submit")


def _writing(database: Database, rows: dict[str, Any], draft: str, papers: list[str]) -> Callable[[], object]:
    return lambda: write(database, rows, draft, papers)


def _cpu_ms(acts: list[Callable[[], object]]) -> float:
    begun = time.process_time()
    for act in acts:
        act()
    return (time.process_time() - begun) * 1000 / len(acts)


def _opened(act: Callable[[], Any]) -> tuple[int, Any]:
    """How many sealed fields an act opens, and what it answers."""
    really, count = Keyring.open_bytes, 0

    def counted(self: Keyring, record: str, field: str, sealed: bytes) -> bytes:
        nonlocal count
        count += 1
        return really(self, record, field, sealed)

    with mock.patch.object(Keyring, "open_bytes", counted):
        answer = act()
    return count, answer


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    options = parser.parse_args()
    print(json.dumps(measure(options.seed, options.rounds)))


if __name__ == "__main__":
    main()
