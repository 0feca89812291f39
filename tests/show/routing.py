(
    """Shows that every citizen who asks gets an officer: 500 at once, 20 officers, two services on one store.

`python -m tests.show.routing --seed N [ARRIVALS] [--officers M]` prints JSON. The citizens of two desks ask from many
threads at once, through two services on an embedded store, as two processes would. Officers answer and end what they
have in hand; half of them are given conversations, half take them. Looked at all the while: nobody holds more than
their capacity. In the end: nobody was forgotten, nothing was in two officers' hands; and within a desk nobody was taken
before somebody who had come earlier. The seed draws the desks and the capacities.
"""
    ""
)

import argparse
import json
import random
import tempfile
import threading
import time
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import uuid4

from api.storage.database import Database
from api.storage.embedded import EmbeddedStore
from chat import INDEXES, Chat, Refusal
from tests.chat.office import FAST, Actor, Office, said, utc_now

ARRIVALS, OFFICERS = 500, 20
DESKS = ("XC-H01", "XC-H02")
SERVICES = 2
THREADS = 24
LONGEST_SECONDS = 900


class Day:
    """The desks, their officers, and what is observed of them."""

    def __init__(self, uri: str, seed: int, officers: int) -> None:
        self.dice = random.Random(seed)
        self.office = Office()
        self.databases = [Database(uri, "routing") for _ in range(SERVICES)]
        self.databases[0].ensure(INDEXES)
        self.chats = [Chat(one, ports=self.office.ports(), now=utc_now, posts_a_minute=FAST) for one in self.databases]
        self.chats[0].share()
        self.chats[1].share()
        self.officers = [self.office.officer(f"{n} 号", point=DESKS[n % len(DESKS)]) for n in range(officers)]
        self.capacity = {one.id: self.dice.randint(1, 5) for one in self.officers}
        self.takes = {one.id: ("push", "pull")[n // len(DESKS) % 2] for n, one in enumerate(self.officers)}
        self.over = 0
        self.ended: Counter[str] = Counter()
        self.lock = threading.Lock()

    def begin(self) -> None:
        """Set the presence of all officers."""
        for one in self.officers:
            word = {"state": "here", "capacity": self.capacity[one.id], "takes": self.takes[one.id]}
            self.chats[0].officers.set_presence(one, word)

    def arrive(self, number: int) -> tuple[Actor, str]:
        """Let one citizen ask; gives them and their conversation."""
        citizen, desk = self.office.citizen(f"{number}"), DESKS[self.dice.randrange(len(DESKS))]
        opened = self.chats[number % SERVICES].open(citizen, str(uuid4()), {"point": desk, "text": "在吗？"})
        return citizen, opened["id"]

    def work(self, officer: Actor, all_ended: threading.Event) -> None:
        """Let an officer answer and close what they hold, and claim more if they take `pull`, until all were served."""
        chat, dice = self.chats[self.officers.index(officer) % SERVICES], random.Random(officer.name)
        while not all_ended.is_set():
            held = chat.at_desk(officer, "mine", None, 50)["items"]
            self.over += len(held) > self.capacity[officer.id]
            if self.takes[officer.id] == "pull":
                self._pull(chat, officer)
            for talk in dice.sample(held, min(len(held), 2)):
                self._serve(chat, officer, talk["id"])
            if not held:
                all_ended.wait(0.05)

    def _pull(self, chat: Chat, officer: Actor) -> None:
        for waiting in chat.at_desk(officer, "waiting", None, 1)["items"]:
            try:
                chat.handling.claim(officer, waiting["id"])
            except Refusal:
                continue

    def _serve(self, chat: Chat, officer: Actor, talk: str) -> None:
        try:
            chat.post(officer, talk, said("您好"))
            chat.handling.end(officer, talk, None)
        except Refusal:
            return
        with self.lock:
            self.ended[talk] += 1


def run(seed: int, arrivals: int = ARRIVALS, officers: int = OFFICERS) -> dict[str, Any]:
    """Run one day with this seed; gives the counts."""
    with tempfile.TemporaryDirectory(prefix="routing-") as folder:
        store = EmbeddedStore(Path(folder))
        day = Day(store.start(), seed, officers)
        day.begin()
        begun, all_ended = time.monotonic(), threading.Event()
        with ThreadPoolExecutor(THREADS + officers) as pool:
            workers = [pool.submit(day.work, one, all_ended) for one in day.officers]
            asked = list(pool.map(day.arrive, range(arrivals)))
            while len(day.ended) < arrivals and time.monotonic() - begun < LONGEST_SECONDS:
                time.sleep(0.1)
            all_ended.set()
            for worker in workers:
                worker.result()
        seconds = time.monotonic() - begun
        report = _verdict(day, [talk for _, talk in asked])
        for chat, database in zip(day.chats, day.databases, strict=True):
            chat.close()
            database.close()
        store.stop()
    return {"seed": seed, "arrivals": arrivals, "officers": officers, "seconds": round(seconds, 1), **report}


def _verdict(day: Day, talks: list[str]) -> dict[str, Any]:
    rows = {row["_id"]: row for row in day.databases[0]["conversations"].find()}
    events = defaultdict(list)
    for row in day.databases[0]["messages"].find({"kind": "event"}).sort("seq", 1):
        events[row["conversation"]].append(row["event"]["type"])
    assigned = [row for row in rows.values() if row["claimed_at"]]
    return {
        "ended": sum(row["state"] == "closed" for row in rows.values()),
        "forgotten": sum(rows[talk]["claimed_at"] is None for talk in talks),
        "taken_twice": sum(kinds.count("assigned") != 1 for kinds in events.values()),
        "ended_twice": sum(count != 1 for count in day.ended.values()),
        "over_capacity": day.over,
        "overtaken": sum(_overtaken([row for row in assigned if row["desk"] == desk]) for desk in DESKS),
        "given": sum(day.takes[row["owner"]["id"]] == "push" for row in assigned),
        "taken": sum(day.takes[row["owner"]["id"]] == "pull" for row in assigned),
        "longest_wait_seconds": round(max(row["waited"] for row in assigned), 1),
    }


def _overtaken(rows: list[dict[str, Any]]) -> int:
    """Who was taken after somebody who had come a second or more later: nearer than that, threads and clocks decide."""
    latest, wrong = None, 0
    for row in sorted(rows, key=lambda row: row["claimed_at"]):
        wrong += latest is not None and (latest - row["waiting_since"]).total_seconds() > 1
        latest = max(latest, row["waiting_since"]) if latest else row["waiting_since"]
    return wrong


def main() -> None:
    """Print the counts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("arrivals", type=int, nargs="?", default=ARRIVALS)
    parser.add_argument("--officers", type=int, default=OFFICERS)
    told = parser.parse_args()
    print(json.dumps(run(told.seed, told.arrivals, told.officers), indent=1))


if __name__ == "__main__":
    main()
