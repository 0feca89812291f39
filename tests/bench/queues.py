"""Measures the lists of cases at 1,000 and at 100,000 cases, of which 90 % are closed: how much longer a page takes.

`python -m tests.bench.queues --seed N [--small S] [--large L]` prints JSON: by list the milliseconds of the quickest
page of twenty over HTTP at both sizes and their ratio: the queues of the one hall's window, a department's, a
supervisor's, and a citizen's own list. Submissions lie over a year, dues around today. The rows are written directly:
copies of one case in each state, each under its own number, days, department and owner.

`ratio` is the largest of the lists; `lines` are those of the page at both sizes: one that the small store does not fill
is the cheaper for it. Counts are no part of it: they count up to a hundred cases of a queue, which has only a few at
the small size. `filling_seconds` is how long the large store took.
"""

import argparse
import json
import random
import time
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from itertools import islice
from typing import Any

import pytest
from flask import Flask
from uuid6 import uuid7

from api.cases.desk import SHOWN
from api.cases.queue_walk import HOURS
from api.storage.database import Database
from tests.bench.submission import citizen, complete_drafts, office
from tests.conftest import PASSWORD, Caller, Clock
from tests.lasting import nothing_expires
from tests.way import FOOD, act

SMALL, LARGE = 1_000, 100_000
ROUNDS, LONGEST = 9, 12.0
"""Pages per list and size, and the seconds after which no further page of it is asked for."""
BATCH = 250
"""Rows that are stored by one command, within the time that a command has on a busy machine."""
FILLING = 270.0
"""Seconds after which the store is filled no further, on a machine that is busy; `large` is what it then holds."""
OWN_CASES = 40
"""Cases of the citizen, at either size."""
GRANT = [("accept", {}), ("decide", {"kind": "grant", "text": "符合条件。"})]
ISSUE = [*GRANT, ("issue", {"serial": "JY1"})]
WAYS: dict[str, list[tuple[str, dict[str, Any]]]] = {
    "submitted": [],
    "accepted": GRANT[:1],
    "granted": GRANT,
    "issued": ISSUE,
    "closed": [*ISSUE, ("hand_over", {"to": "王小明", "proof": "身份证"}), ("close", {})],
}
OPEN = ("submitted", "submitted", "submitted", "accepted", "accepted", "accepted", "accepted", "granted", "issued")
ROLES = ("window", "handler", "supervisor")


def log_in(app: Flask, role: str) -> Caller:
    """A member of staff at the desk and in the department of the new cases."""
    rooms = app.extensions["circle"]
    desk, department = rooms.cases._submission.place(FOOD, 1)
    rooms.identity.seed_staff(role, PASSWORD, "员工", {role}, desk, department)  # once: then the name is taken
    body = {"username": role, "password": PASSWORD}
    return Caller(app.test_client(), Caller(app.test_client()).post("/v1/staff/sessions", body))


def samples(app: Flask, database: Database, caller: Caller, staff: dict[str, Caller]) -> dict[str, dict[str, Any]]:
    """By state: a stored case, made over HTTP."""
    drafts = complete_drafts(caller, app.extensions["circle"].worker.drain, len(WAYS))
    rows = {}
    for (state, acts), draft in zip(WAYS.items(), drafts, strict=True):
        case = caller.post(f"/v1/drafts/{draft}/submit")["case"]
        for name, content in acts:
            case = act(staff["handler" if name == "decide" else "window"], case, name, **content)
        [rows[state]] = database["cases"].find({"number": case["number"]})
    database["cases"].delete_many({})
    return rows


def copies(app: Flask, rows: dict[str, dict[str, Any]], owner: str, count: int, seed: int) -> Iterator[dict[str, Any]]:
    """So many cases, one in ten open, a few of them the owner's."""
    draw, rooms, today = random.Random(seed), app.extensions["circle"], Clock()()
    names, home = rooms.matters.departments.codes(), rows["submitted"]["department"]
    for n in range(count):
        row = rows["closed"] if n % 10 else rows[draw.choice(OPEN)]
        row_id, department = str(uuid7()), draw.choice(names)
        yield {
            **row,
            "_id": row_id,
            "number": f"XC-{seed}-{n}",
            "owner": owner if n % (count // OWN_CASES) == 0 else f"citizen-{n // 4}",
            "department": department,
            "submitted_at": today - timedelta(days=draw.randrange(365), seconds=draw.randrange(86_400)),
            "masked_name": rooms.keyring.seal(row_id, "masked_name", "王*"),
            **({"queue": _moved(row["queue"], home, department, draw, today)} if row["queue"] else {}),
        }


def _moved(queue: dict[str, Any], home: str, department: str, draw: random.Random, today: datetime) -> dict[str, Any]:
    """The queues of an open case in another department: new ones due this week, one in twenty others long overdue."""
    day = date(today.year, today.month, today.day)
    is_new, hour = "until" in queue, f"T{draw.randrange(HOURS):02}"
    days = draw.randint(0, 6) if is_new else draw.randint(-300, 0) if draw.random() < 0.05 else draw.randint(-5, 30)
    due = day + timedelta(days=days)
    moved = {**queue, "due": f"{due}{hour}", "keys": [key.replace(home, department) for key in queue["keys"]]}
    if is_new:
        later = [key.replace(home, department) for key in queue["later"]]
        moved |= {"until": str(due), "later": later, "later_due": f"{due + timedelta(days=10)}{hour}"}
    return moved


def pages(callers: dict[str, Caller]) -> Iterator[tuple[str, Caller, str]]:
    """Every list: its name, who asks, and the address."""
    for role in ROLES:
        for queue, roles in SHOWN.items():
            if role in roles:
                yield f"{role}: {queue}", callers[role], f"/v1/desk/cases?queue={queue}"
        yield f"{role}: counts", callers[role], "/v1/desk/queues"
    yield "citizen: own", callers["citizen"], "/v1/cases"


def measured(callers: dict[str, Caller]) -> dict[str, tuple[float, int]]:
    """By list: the milliseconds of the quickest page, so that other programs of the machine count least; its lines."""
    quickest = {}
    for name, caller, address in pages(callers):
        lines = len(caller.get(address)["items"])
        taken: list[float] = []
        end = time.monotonic() + LONGEST
        while len(taken) < ROUNDS and (not taken or time.monotonic() < end):
            begun = time.perf_counter()
            caller.get(address)
            taken.append((time.perf_counter() - begun) * 1000)
        quickest[name] = min(taken), lines
    return quickest


def measure(seed: int, small: int, large: int) -> dict[str, Any]:
    """Measure every list at both sizes, the large one in the same store as the small one."""
    with pytest.MonkeyPatch.context() as patch, office() as (app, database, console):
        nothing_expires(patch)  # the clock stands still, the store's own does not
        callers = {role: log_in(app, role) for role in ROLES}
        callers["citizen"] = citizen(app, console)
        rows, taken = samples(app, database, callers["citizen"], callers), {}
        for n, size in enumerate((small, large)):
            database["cases"].delete_many({})
            cases = copies(app, rows, callers["citizen"].person["id"], size, seed + n)
            begun, stored = time.monotonic(), 0
            while (batch := list(islice(cases, BATCH))) and time.monotonic() - begun < FILLING:
                database["cases"].insert_many(batch)
                stored += len(batch)
            filling = time.monotonic() - begun
            taken[size] = measured(callers | {role: log_in(app, role) for role in ROLES})
    lists = {
        name: {
            "small_ms": round(taken[small][name][0], 1),
            "large_ms": round(taken[large][name][0], 1),
            "lines": [taken[small][name][1], taken[large][name][1]],
            "ratio": round(taken[large][name][0] / taken[small][name][0], 2),
        }
        for name in taken[small]
    }
    ratio = max(each["ratio"] for name, each in lists.items() if not name.endswith("counts"))
    seconds = round(filling, 1)
    return {"seed": seed, "small": small, "large": stored, "filling_seconds": seconds, "ratio": ratio, "lists": lists}


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--small", type=int, default=SMALL)
    parser.add_argument("--large", type=int, default=LARGE)
    options = parser.parse_args()
    print(json.dumps(measure(options.seed, options.small, options.large)))


if __name__ == "__main__":
    main()
