"""Shows that live conversations lose, double and reorder no message, whatever is killed meanwhile.

`python -m tests.show.chaos --seed N [MESSAGES] [--talks T] [--kills K]` prints JSON. Citizens and officers write in T
conversations through two web processes on an embedded store of their own, with Redis between; every other citizen sends
on without waiting for acknowledgements. Lines break, messages are sent twice; K times one of the web processes or the
store is killed (SIGKILL) and started again, the store is stopped (SIGSTOP) for longer than a post is tried, or Redis is
killed and stays away for a while. In the end the clients' own
records of what was acknowledged are compared with the store and with what each side sees. Progress goes to stderr. The
seed draws who is killed when, and when clients lose their lines.
"""

from gevent import monkey

monkey.patch_all()

import argparse  # noqa: E402
import json  # noqa: E402
import random  # noqa: E402
import sys  # noqa: E402
import tempfile  # noqa: E402
import time  # noqa: E402
from collections import Counter, defaultdict  # noqa: E402
from collections.abc import Iterator  # noqa: E402
from contextlib import contextmanager  # noqa: E402
from functools import partial  # noqa: E402
from itertools import pairwise  # noqa: E402
from pathlib import Path  # noqa: E402
from typing import Any  # noqa: E402
from uuid import uuid4  # noqa: E402

import gevent  # noqa: E402

from api.jobs import store as jobs_store  # noqa: E402
from api.storage.database import Database  # noqa: E402
from chat import INDEXES  # noqa: E402
from chat.live.writer import DEADLINE_SECONDS  # noqa: E402
from tests.chat.mortal import MortalRedis, MortalStore, MortalWeb  # noqa: E402
from tests.chat.phone import PATH, Phone  # noqa: E402

MESSAGES, TALKS, KILLS = 50_000, 200, 24
AN_OFFICER = 20
WEBS = 2
LONGEST_SECONDS = 1_500
"""After so long it has failed, however many messages are acknowledged."""

QUIET_SECONDS = 60
NOTES = 0.1
OPENING = ("public", 2)
"""Where the question is with which each conversation begins; it was asked over HTTP."""
STALL_SECONDS = DEADLINE_SECONDS + 1.5


class World:
    """The processes, the people and the conversations."""

    def __init__(self, folder: Path, seed: int, talks: int) -> None:
        self.dice = random.Random(seed)
        self.store, self.redis = MortalStore(folder / "store"), MortalRedis(folder / "redis")
        self.store.start()
        self.redis.start()
        self.officer_count = -(-talks // AN_OFFICER)
        with self.database() as database:
            database.ensure([*INDEXES, *jobs_store.INDEXES])
        sizes = ["--citizens", str(talks), "--officers", str(self.officer_count)]
        self.webs = [MortalWeb(folder, self.store.uri, "chaos", self.redis.url, *sizes) for _ in range(WEBS)]
        for web in self.webs:
            web.start()
        self.bases = [web.base for web in self.webs]
        self.citizens = [self._phone(f"citizen-{n}-token") for n in range(talks)]
        self.officers = [self._phone(f"officer-{n}-token") for n in range(self.officer_count)]
        self.tablets: list[Phone] = []
        self.kills: Counter[str] = Counter()

    @property
    def phones(self) -> list[Phone]:
        """Every client: each citizen's, each officer's, and the tablets that only listen."""
        return [*self.citizens, *self.officers, *self.tablets]

    @property
    def promised(self) -> int:
        """How many messages were acknowledged to any client."""
        return sum(len(phone.promised) for phone in self.phones)

    @contextmanager
    def database(self) -> Iterator[Database]:
        """A connection to the store, closed when the block ends."""
        database = Database(self.store.uri, "chaos")
        yield database
        database.close()

    def open(self) -> None:
        """Open the conversations; each officer takes twenty, every fifth citizen has a tablet that only listens."""
        for number, citizen in enumerate(self.citizens):
            talk = citizen.get("/v1/conversations", {"text": "在吗？"}, **{"Idempotency-Key": str(uuid4())})["id"]
            officer = self.officers[number // AN_OFFICER]
            for phone in (citizen, officer):
                phone.talks.append(talk)
            if number % 5 == 0:
                self.tablets.append(self._phone(citizen.token, talk))
        for phone in self.phones:
            gevent.spawn(phone.live)
        until(lambda: all(phone.client for phone in self.phones))
        for officer in self.officers:
            officer.client.call("presence", {"state": "here", "capacity": AN_OFFICER}, namespace=PATH)
            for talk in officer.talks:
                told = officer.client.call("claim", {"conversation": talk}, namespace=PATH)
                assert told["ok"], told

    def talk(self, messages: int) -> list[Any]:
        """Let both sides of each conversation send their share of the messages, all at once; gives the greenlets."""
        part = -(-messages // (2 * len(self.citizens)))
        pouring = set(self.citizens[::2])
        return [
            gevent.spawn(self._pour if phone in pouring else self._speak, phone, talk, part)
            for phone in (*self.citizens, *self.officers)
            for talk in phone.talks
        ]

    @staticmethod
    def _pour(phone: Phone, talk: str, count: int) -> None:
        phone.pour(talk, [f"{phone.token} {number}" for number in range(count)])

    def _speak(self, phone: Phone, talk: str, count: int) -> None:
        for number in range(count):
            note = "staff" in phone.streams and phone.dice.random() < NOTES
            phone.say(talk, f"{phone.token} {number}", "note" if note else "text")
            if phone.dice.random() < 0.005:
                phone.drop()

    def kill(self, which: str, messages: int) -> None:
        """Kill one process; it is restarted at once, Redis only after some messages were sent without it."""
        self.kills[which] += 1
        if which == "stall":
            self.store.stall(STALL_SECONDS)
            return
        victim = {"web": self.dice.choice(self.webs), "store": self.store, "redis": self.redis}[which]
        victim.kill()
        if which == "redis":
            said = self.promised
            until(lambda: self.promised >= min(messages, said + messages // 20), seconds=30, strict=[])
        victim.start()

    def end(self) -> None:
        """Disconnect all clients and stop all processes."""
        for phone in self.phones:
            phone.end()
        for process in (*self.webs, self.redis, self.store):
            process.kill()

    def _phone(self, token: str, *talks: str) -> Phone:
        return Phone(token, self.bases, list(talks), self.dice.getrandbits(32))


def until(done: Any, seconds: float = 120, strict: Any = None) -> bool:
    """Poll until `done()` is true, at most `seconds`; gives whether it is. With `strict` None, fails if it is not."""
    deadline = time.monotonic() + seconds
    while not done():
        if time.monotonic() > deadline:
            assert strict is not None, "too slow"
            return False
        gevent.sleep(0.02)
    return True


def run(seed: int, messages: int = MESSAGES, talks: int = TALKS, kills: int = KILLS) -> dict[str, Any]:
    """Run it with this seed; gives the counts."""
    with tempfile.TemporaryDirectory(prefix="chaos-") as folder:
        world = World(Path(folder), seed, talks)
        try:
            world.open()
            begun = time.monotonic()
            speakers = world.talk(messages)
            _play(world, speakers, messages, kills)
            seconds = time.monotonic() - begun
            healed = until(lambda: not _behind(world), QUIET_SECONDS, strict=[])
            behind = _behind(world)
            for phone in world.phones:
                for talk in phone.talks:
                    for stream in phone.streams:
                        phone.fill((talk, stream))
            report = _verdict(world)
        finally:
            world.end()
    told = {"seed": seed, "talks": talks, "seconds": round(seconds, 1), "kills": dict(world.kills)}
    return {**told, **report, "all_told_without_asking": healed, "streams_to_fetch_in_the_end": behind}


def _play(world: World, speakers: list[Any], messages: int, kills: int) -> None:
    """Kill somebody whenever another part of the messages is acknowledged, until everything is said."""
    which = (["web", "store", "redis", "stall"] * kills)[:kills]
    world.dice.shuffle(which)
    begun, end = time.monotonic(), time.monotonic() + LONGEST_SECONDS
    for number, victim in enumerate(which, 1):
        wanted = int(messages * (number - world.dice.random() * 0.8) / (kills + 1))
        until(partial(_said, world, speakers, wanted), seconds=end - time.monotonic())
        world.kill(victim, messages)
        _say(f"{time.monotonic() - begun:6.1f} s: {world.promised} acknowledged, {number} killed ({victim})")
    gevent.joinall(speakers, timeout=end - time.monotonic(), raise_error=True)
    assert all(one.ready() for one in speakers), f"too slow: {world.promised} acknowledged"


def _say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)


def _said(world: World, speakers: list[Any], wanted: int) -> bool:
    return world.promised >= wanted or all(one.ready() for one in speakers)


def _rows(world: World) -> dict[tuple[str, str], list[dict[str, Any]]]:
    streams = defaultdict(list)
    with world.database() as database:
        for row in database["messages"].find().sort([("conversation", 1), ("stream", 1), ("seq", 1)]):
            streams[row["conversation"], row["stream"]].append(row)
    return streams


def _behind(world: World) -> int:
    """How many streams of how many devices are shorter than the longest view that anybody has of them."""
    longest: Counter[tuple[str, str]] = Counter()
    views = [(place, len(view)) for phone in world.phones for place, view in phone.views.items()]
    for place, length in views:
        longest[place] = max(longest[place], length)
    return sum(length < longest[place] for place, length in views)


def _verdict(world: World) -> dict[str, Any]:
    """The clients' records against the store, and each view against it."""
    streams = _rows(world)
    promised = {key: told for phone in world.phones for key, told in phone.promised.items()}
    found: Counter[str] = Counter(row["client_id"] for rows in streams.values() for row in rows)
    kept = {row["client_id"]: (*place, row["seq"]) for place, rows in streams.items() for row in rows}
    holes = [place for place, rows in streams.items() if [row["seq"] for row in rows] != list(range(1, len(rows) + 1))]
    views = [(place, view, streams[place]) for phone in world.phones for place, view in phone.views.items()]
    faults = [fault for phone in world.phones for fault in phone.wrong]
    counts: Counter[str] = sum((Counter(phone.counts) for phone in world.phones), Counter())
    return {
        "acknowledged": len(promised),
        "lost": sum(key not in kept for key in promised),
        "doubled": sum(number > 1 for number in found.values()),
        "under_another_number": sum(kept.get(key, told) != told for key, told in promised.items()),
        "out_of_order": _inversions(world, kept),
        "never_acknowledged_but_stored": sum(
            _by_people(row) and row["client_id"] not in promised for row in _all(streams)
        ),
        "streams_with_holes": len(holes),
        "views": len(views),
        "views_unlike_the_store": sum(_ids(view) != [row["_id"] for row in rows] for _, view, rows in views),
        "notes_seen_by_citizens": sum(
            message["stream"] != "public"
            for phone in world.citizens
            for view in phone.views.values()
            for message in view
        ),
        "without_an_answer": counts["unanswered"],
        "faults": faults[:20],
        "clients": dict(counts),
    }


def _inversions(world: World, kept: dict[str, Any]) -> int:
    """Pairs that somebody said one after the other in one stream, and that are stored the other way round."""
    streams = [made for phone in world.phones for made in phone.made.values()]
    numbers = [[kept[key][2] for key in made if key in kept] for made in streams]
    return sum(later < earlier for stream in numbers for earlier, later in pairwise(stream))


def _all(streams: dict[Any, list[dict[str, Any]]]) -> Iterator[dict[str, Any]]:
    for rows in streams.values():
        yield from rows


def _by_people(row: dict[str, Any]) -> bool:
    return row["kind"] != "event" and (row["stream"], row["seq"]) != OPENING


def _ids(view: list[dict[str, Any]]) -> list[str]:
    return [message["id"] for message in view]


def main() -> None:
    """Print the counts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("messages", type=int, nargs="?", default=MESSAGES)
    parser.add_argument("--talks", type=int, default=TALKS)
    parser.add_argument("--kills", type=int, default=KILLS)
    told = parser.parse_args()
    print(json.dumps(run(told.seed, told.messages, told.talks, told.kills), ensure_ascii=False, indent=1))


if __name__ == "__main__":
    main()
