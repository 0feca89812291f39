"""Submits many drafts under load, with keys sent again and answers cut off, and counts what became of them.

`python -m tests.show.submissions --seed N [COUNT]` prints JSON. Two real web processes stand on one store with Redis
between them; client threads send each draft's submission to either of them: once, again after its answer, with its
answer cut off and then again, twice at once under one key, or at once under two keys. The seed draws all of it. Shown:
there are as many cases as drafts, no number is used twice, and each that was acknowledged is there, with its one act
and event. Exit status 1 if anything is wrong. What SECONDS leave no time for on a slow machine is not begun, and
counted as `not_begun`.
"""

import argparse
import json
import math
import random
import shutil
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from api.storage.database import Database
from tests.conftest import MEMORY
from tests.show.busy_office import Person, Seeding, office_of

EACH = 50
"""Drafts of one citizen."""
CLIENTS, WEBS = 8, 2
WAYS = ("once", "again", "cut", "cut", "at once", "two keys")
TRIES = 200
SECONDS = 540.0
"""After so many seconds of submitting no further draft is begun, so that a whole run takes some twelve minutes."""
GONE = 30.0
"""Seconds after which an answer is given up for lost."""


@dataclass
class Tally:
    """What the clients saw: answers by status and code, acknowledged numbers by draft, and what was wrong."""

    answers: Counter[str] = field(default_factory=Counter)
    numbers: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    milliseconds: list[float] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    begun: set[str] = field(default_factory=set)
    """The drafts of which a submission was sent."""


@dataclass(frozen=True)
class Submitting:
    """The submissions of one draft, sent to one of the servers at a time."""

    bases: Sequence[str]
    tally: Tally
    draft: str
    owner: Person
    address: str
    dice: random.Random

    def run(self, way: str, helper: ThreadPoolExecutor) -> None:
        """Send it in one of WAYS until it is acknowledged."""
        self.tally.answers[f"way {way}"] += 1
        if way == "cut":
            for _ in range(self.dice.randint(1, 3)):
                self._cut("first")
        if way in ("at once", "two keys"):
            other = helper.submit(self._until_answered, "first" if way == "at once" else "second")
            self._until_answered("first")
            other.result()
        else:
            self._until_answered("first")
        if way == "again":
            for _ in range(self.dice.randint(1, 2)):
                self._until_answered(self.dice.choice(("first", "first", "second")))

    def _until_answered(self, key: str) -> None:
        """Send it under a key until a 201, or a refusal since another key was first."""
        for _ in range(TRIES):
            try:
                begun = time.perf_counter()
                status, body = self._send(key)
            except (OSError, HTTPException):
                self.tally.answers["no answer"] += 1
                continue
            code = body.get("code", "")
            self.tally.answers[f"{status} {code}".strip()] += 1
            if status == 201:
                self.tally.milliseconds.append((time.perf_counter() - begun) * 1000)
                self.tally.numbers[self.draft].add(body["case"]["number"])
                return
            if code in ("draft_submitted", "version_stale"):
                return
            if code not in ("key_in_flight", "too_many"):
                self.tally.faults.append(f"{status} {code} {body.get('detail')}")
                return
            time.sleep(self.dice.uniform(0.1, 0.4))
        self.tally.faults.append(f"a draft was not submitted after {TRIES} tries")

    def _send(self, key: str) -> tuple[int, dict[str, Any]]:
        with closing(self._request(key)) as line:
            answer = line.getresponse()
            return answer.status, json.loads(answer.read())

    def _cut(self, key: str) -> None:
        """Send it, and hang up before an answer can come or while it comes."""
        with closing(self._request(key)):
            time.sleep(self.dice.choice((0.0, 0.0, self.dice.uniform(0, 0.05))))
        self.tally.answers["cut"] += 1

    def _request(self, key: str) -> HTTPConnection:
        line = HTTPConnection(urlsplit(self.dice.choice(self.bases)).netloc, timeout=GONE)
        headers = {
            "Authorization": f"Bearer {self.owner.token}",
            "Idempotency-Key": f"{key}-{self.draft}",
            "X-Forwarded-For": self.address,
            "Content-Length": "0",
        }
        line.request("POST", f"/v1/drafts/{self.draft}/submit", headers=headers)
        return line


def submit_all(
    bases: Sequence[str], drafts: dict[str, Person], seed: int, clients: int = CLIENTS, seconds: float = math.inf
) -> Tally:
    """Submit all drafts by so many client threads, or those of them that are begun within so many seconds."""
    tally, until = Tally(), time.monotonic() + seconds
    owners = {id(owner): number for number, owner in enumerate({id(one): one for one in drafts.values()}.values())}
    addresses = {key: f"10.{number // 200}.{number % 200}.7" for key, number in owners.items()}

    def work(mine: Sequence[str], number: int) -> None:
        dice = random.Random(f"{seed}-{number}")
        with ThreadPoolExecutor(1) as helper:
            for draft in mine:
                if time.monotonic() > until:
                    break
                tally.begun.add(draft)
                owner = drafts[draft]
                address = addresses.get(id(owner), "10.255.0.7")
                one = Submitting(bases, tally, draft, owner, address, random.Random(dice.random()))
                one.run(dice.choice(WAYS), helper)

    order = random.Random(seed).sample(list(drafts), len(drafts))
    with ThreadPoolExecutor(clients) as pool:
        for done in [pool.submit(work, order[number::clients], number) for number in range(clients)]:
            done.result()
    return tally


def faults(
    database: Database, drafts: dict[str, Person], tally: Tally, shown: Callable[[Person], set[str]]
) -> list[str]:
    """Everything that is wrong in the store and over HTTP after all drafts were submitted; `shown` lists a citizen's
    cases."""
    wrong = list(tally.faults)
    cases = {row["number"]: row for row in database["cases"].find({}, {"number": 1, "owner": 1, "version": 1})}
    rows = {row["_id"]: row for row in database["drafts"].find({}, {"case": 1}) if row["_id"] in drafts}
    numbers = Counter(row["number"] for row in database["cases"].find({}, {"number": 1}))
    wrong += [f"{number} is the number of {times} cases" for number, times in numbers.items() if times > 1]
    if len(cases) != len(drafts):
        wrong.append(f"{len(cases)} cases of {len(drafts)} drafts")
    acts = Counter((row["case"], row["act"]) for row in database["case_actions"].find({}, {"case": 1, "act": 1}))
    events = Counter(row["subject"] for row in database["events"].find({"type": "case.submitted"}, {"subject": 1}))
    for number, row in cases.items():
        if acts[row["_id"], "submit"] != 1 or events[row["_id"]] != 1:
            wrong.append(f"{number} has {acts[row['_id'], 'submit']} submissions and {events[row['_id']]} events")
    for draft in drafts:
        acknowledged = tally.numbers[draft]
        if len(acknowledged) != 1 or acknowledged != {rows[draft]["case"]} or not acknowledged <= cases.keys():
            wrong.append(f"a draft with the case {rows[draft]['case']} was acknowledged as {sorted(acknowledged)}")
    in_flight = [row["_id"] for row in database["idempotency"].find({"state": "in_flight"}, {"_id": 1})]
    wrong += [f"a key is in flight: {key}" for key in in_flight]
    owners = {id(owner): owner for owner in drafts.values()}
    for key, owner in owners.items():
        own = {number for draft, one in drafts.items() if id(one) == key for number in tally.numbers[draft]}
        if missing := own - shown(owner):
            wrong.append(f"acknowledged and not shown to their owner: {sorted(missing)}")
    return wrong


def shown_to(person: Person) -> set[str]:
    """The numbers of all cases that a citizen is shown, page by page."""
    numbers: set[str] = set()
    cursor = ""
    while True:
        page = person.caller.get(f"/v1/cases?limit=50{cursor}")
        numbers.update(case["number"] for case in page["items"])
        if not page["next"]:
            return numbers
        cursor = f"&cursor={page['next']}"


def seeded(seeding: Seeding, number: int, each: int = EACH) -> dict[str, Person]:
    """So many drafts, `each` of one citizen: {draft: owner}."""
    drafts: dict[str, Person] = {}
    while len(drafts) < number:
        owner = seeding.citizen()
        drafts.update(dict.fromkeys(seeding.drafts(owner, min(each, number - len(drafts))), owner))
    return drafts


def report(tally: Tally, drafts: dict[str, Person], wrong: list[str], seconds: float) -> dict[str, Any]:
    """The counts as JSON."""
    times = sorted(tally.milliseconds)
    return {
        "drafts": len(drafts),
        "acknowledged": sum(bool(tally.numbers[draft]) for draft in drafts),
        "answers": dict(sorted(tally.answers.items())),
        "submissions_a_second": round(len(drafts) / seconds, 1),
        "ms": {"p50": round(times[len(times) // 2], 1), "p99": round(times[int(len(times) * 0.99)], 1)},
        "wrong": len(wrong),
        "faults": wrong[:20],
    }


def run(seed: int, number: int) -> dict[str, Any]:
    """Make and submit so many drafts on two web processes; gives the counts."""
    place = MEMORY if MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > 4 << 30 else None
    with (
        tempfile.TemporaryDirectory(prefix="submissions-", dir=place) as folder,
        office_of(Path(folder), WEBS) as running,
    ):
        seeding, bases = running.seeding, [web.base for web in running.webs]
        begun = time.monotonic()
        drafts = seeded(seeding, number)
        made, begun = time.monotonic() - begun, time.monotonic()
        tally = submit_all(bases, drafts, seed, seconds=SECONDS)
        submitted, begun = time.monotonic() - begun, time.monotonic()
        drafts = {draft: owner for draft, owner in drafts.items() if draft in tally.begun}
        wrong = faults(seeding.office.database, drafts, tally, shown_to)
        seconds = {"drafts": made, "submissions": submitted, "looks": time.monotonic() - begun}
        return {
            "seed": seed,
            "processes": len(bases),
            "clients": CLIENTS,
            "not_begun": number - len(drafts),
            "seconds": {name: round(value) for name, value in seconds.items()},
            **report(tally, drafts, wrong, submitted),
        }


def main() -> None:
    """Print the counts; exit status 1 if anything is wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("count", type=int, nargs="?", default=10_000)
    asked = parser.parse_args()
    counts = run(asked.seed, asked.count)
    print(json.dumps(counts, ensure_ascii=False, indent=1))
    sys.exit(bool(counts["wrong"]))


if __name__ == "__main__":
    main()
