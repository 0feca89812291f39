"""Measures what storing and relaying chat messages costs beside a Node socket.io server on the same store.

`python -m tests.bench.relay --seed N [--short]` prints JSON. Three servers stand on one embedded store: `ours`
(gevent, tests/chat/served.py), and `peer.mjs` twice: `node`, with one insertOne a message, and `node_grouped`, with our
group commit in front of its acknowledgement. Citizens and officers post through websockets (crowd.py, in this process,
which is not counted); every message goes to both sides and is acknowledged after a majority has it. Counted:

- `saturated`: everybody sends again as soon as they were acknowledged. CPU is the server's own, from /proc, without the
  store's; the servers take turns in rounds, in an order that the seed draws, and medians are printed.
- `steady`: a fixed number of messages per second, whatever comes back; milliseconds to the acknowledgement.
- `idle`: resident memory of connections that were let in and say nothing.
- `storm`: all connections break, some messages are posted meanwhile, and all return at once: connect, join, fetch.
- `two_processes`: two of ours with Redis between them beside one, each person on either. Saturated is their worst case:
  in every second conversation both processes number at once, and the unique index makes one of them retry.

Each time it is checked that each message was acknowledged once, with the next number, and received by both sides.
"""

import argparse
import asyncio
import itertools
import json
import os
import random
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

from api.jobs import store as jobs_store
from api.storage.database import Database
from chat import INDEXES
from chat.talk.conversation import Conversation, Participant
from tests.chat.mortal import MortalRedis, MortalStore
from tests.show.crowd import Answer, Line, connect, get

T = TypeVar("T")

ROOT = Path(__file__).parents[2]
PAGES = ROOT / "api" / "pages"
AN_OFFICER = 5
TEXT = "您好，请问办理居住证还要带什么材料？"
TICKS = os.sysconf("SC_CLK_TCK")
PAGE_KIB = os.sysconf("SC_PAGE_SIZE") / 1024
MISSED = 3
"""Messages said in each tenth conversation while its people are away."""


@dataclass(frozen=True)
class Size:
    """The sizes of the measurement: people, rates, seconds, rounds."""

    talks: tuple[int, ...] = (100, 500, 1_000)
    rounds: int = 3
    seconds: float = 3.0
    rates: tuple[int, ...] = (100, 400)
    idle: int = 5_000
    storm: int = 2_000


SHORT = Size(talks=(6,), rounds=1, seconds=0.5, rates=(40,), idle=40, storm=20)


class Server:
    """One or more processes of one kind on a database of their own."""

    def __init__(self, name: str, uri: str, commands: Sequence[list[str]]) -> None:
        self.name = name
        self.processes = [subprocess.Popen(one, cwd=ROOT, stdout=subprocess.PIPE, text=True) for one in commands]
        self.bases = [json.loads(process.stdout.readline())["base"] for process in self.processes if process.stdout]

    def cpu(self) -> float:
        """Seconds of CPU so far, of all its processes and threads (proc(5): utime and stime)."""
        stats = (Path(f"/proc/{one.pid}/stat").read_text().rpartition(")")[2].split() for one in self.processes)
        return sum(int(stat[11]) + int(stat[12]) for stat in stats) / TICKS

    def kib(self) -> float:
        """Resident memory of all its processes, in KiB."""
        sizes = (Path(f"/proc/{one.pid}/statm").read_text().split()[1] for one in self.processes)
        return sum(map(int, sizes)) * PAGE_KIB

    def end(self) -> None:
        """Kill its processes; its data are not used any more."""
        for process in self.processes:
            process.kill()
            process.wait()


class Crowd:
    """The people of some conversations at one server, connected and joined."""

    def __init__(self, server: Server, talks: dict[str, tuple[str, str]], dice: random.Random) -> None:
        self.server, self.talks, self._dice = server, talks, dice
        self.bases = {token: dice.choice(server.bases) for sides in talks.values() for token in sides}
        self.lines: dict[str, Line] = {}
        self.said: dict[str, list[int]] = defaultdict(list)

    @property
    def sides(self) -> list[tuple[Line, str]]:
        """Every (line, conversation) in which a person may post."""
        return [(self.lines[token], talk) for talk, sides in self.talks.items() for token in sides]

    async def enter(self, at_once: int = 200) -> None:
        """Connect everybody and join their conversations."""
        tokens = list(self.bases)
        for some in range(0, len(tokens), at_once):
            batch = tokens[some : some + at_once]
            lines = await asyncio.gather(*(connect(self.bases[token], token) for token in batch))
            self.lines.update(zip(batch, lines, strict=True))
        for talk, sides in self.talks.items():
            answers = await asyncio.gather(*(self.lines[one].asked("join", {"conversation": talk}) for one in sides))
            assert all(answer["ok"] for answer in answers), answers

    async def warm(self, at_once: int = 50) -> None:
        """Post once in each conversation, so that the server has its last number in memory, as in a running one."""
        talks = list(self.talks)
        for some in range(0, len(talks), at_once):
            await asyncio.gather(*(self._word(talk) for talk in talks[some : some + at_once]))
        await self.heard()

    async def _word(self, talk: str) -> None:
        self._keep(talk, await self.lines[self.talks[talk][0]].posted(talk, TEXT))

    def leave(self) -> None:
        """Disconnect everybody."""
        for line in self.lines.values():
            line.drop()
        self.lines = {}

    async def saturate(self, seconds: float) -> list[float]:
        """Let each person post whenever their last message was acknowledged, an officer in one conversation after the
        other; gives the seconds to each acknowledgement."""
        waits: list[float] = []
        end = time.perf_counter() + seconds
        talks: dict[Line, list[str]] = defaultdict(list)
        for line, talk in self.sides:
            talks[line].append(talk)
        await asyncio.gather(*(self._send_again(line, own, end, waits) for line, own in talks.items()))
        return waits

    async def _send_again(self, line: Line, talks: list[str], end: float, waits: list[float]) -> None:
        for talk in itertools.cycle(talks):
            begun = time.perf_counter()
            if begun > end:
                return
            self._keep(talk, await line.posted(talk, TEXT))
            waits.append(time.perf_counter() - begun)

    async def steady(self, rate: int, seconds: float) -> list[float]:
        """Post so many messages per second from random sides; gives the seconds to each acknowledgement."""
        waits: list[float] = []
        sides, count = self.sides, int(rate * seconds)
        begun, done = time.perf_counter(), asyncio.Event()

        def post(number: int) -> None:
            line, talk = self._dice.choice(sides)
            due = begun + number / rate

            def answered(answer: Answer) -> None:
                self._keep(talk, answer)
                waits.append(time.perf_counter() - due)
                if len(waits) == count:
                    done.set()

            line.post(talk, TEXT, answered)

        for number in range(count):
            await asyncio.sleep(max(0.0, begun + number / rate - time.perf_counter()))
            post(number)
        await asyncio.wait_for(done.wait(), 60)
        return waits

    async def heard(self) -> None:
        """Wait until both sides have received everything; check that each number was given once and came in order."""
        async with asyncio.timeout(60):
            while self._missing():
                await asyncio.sleep(0.005)
        for talk, said in self.said.items():
            told = sorted(said)
            assert told == list(range(told[0], told[0] + len(told))), f"{self.server.name}: numbers of {talk}"
            for token in self.talks[talk]:
                assert self._heard(token, talk) == told, f"{self.server.name}: what {token} heard of {talk}"
        self.said.clear()
        for line in self.lines.values():
            line.heard.clear()

    def _keep(self, talk: str, answer: Answer) -> None:
        assert answer.get("ok"), f"{self.server.name}: {answer}"
        self.said[talk].append(answer["seq"])

    def _heard(self, token: str, talk: str) -> list[int]:
        """In one's own order; across two processes a later message may come first, and the client sorts."""
        heard = self.lines[token].heard.get(talk, [])
        return heard if len(self.server.bases) == 1 and self.server.name != "node" else sorted(heard)

    def _missing(self) -> bool:
        return any(
            len(self.lines[token].heard.get(talk, ())) < len(said)
            for talk, said in self.said.items()
            for token in self.talks[talk]
        )


# -- what is measured -----------------------------------------------------------------


async def saturated(crowds: list[Crowd], size: Size, dice: random.Random) -> dict[str, Any]:
    """Messages per second, CPU per message and waits of each server, in turns; the first round warms up."""
    rounds: dict[str, list[dict[str, float]]] = defaultdict(list)
    for number in range(size.rounds + 1):
        for crowd in dice.sample(crowds, len(crowds)):
            cpu, begun = crowd.server.cpu(), time.perf_counter()
            waits = await crowd.saturate(size.seconds if number else size.seconds / 2)
            await crowd.heard()
            seconds, cpu = time.perf_counter() - begun, crowd.server.cpu() - cpu
            one = {"messages_a_second": len(waits) / seconds, "cpu_ms_a_message": cpu * 1000 / len(waits)}
            if number:
                rounds[crowd.server.name].append({**one, **milliseconds(waits)})
    return {
        name: {key: round(statistics.median(one[key] for one in found), 3) for key in found[0]}
        for name, found in rounds.items()
    }


async def steady(crowds: list[Crowd], size: Size, dice: random.Random) -> dict[str, Any]:
    """Waits and CPU at fixed rates of messages per second; the server with plain inserts only at the lowest rate."""
    told: dict[str, Any] = {}
    for rate in size.rates:
        for crowd in dice.sample(crowds, len(crowds)):
            if crowd.server.name == "node" and rate > size.rates[0]:
                continue
            cpu = crowd.server.cpu()
            waits = await crowd.steady(rate, size.seconds)
            await crowd.heard()
            cpu_ms = round((crowd.server.cpu() - cpu) * 1000 / len(waits), 3)
            told.setdefault(f"{rate}_a_second", {})[crowd.server.name] = {
                **milliseconds(waits),
                "cpu_ms_a_message": cpu_ms,
            }
    return told


async def idle(server: Server, count: int) -> dict[str, Any]:
    """Measure the resident memory of idle connections: KiB per connection."""
    before, begun = server.kib(), time.perf_counter()
    lines: list[Line] = []
    for some in range(0, count, 200):
        tokens = [f"citizen-{n}-token" for n in range(some, min(count, some + 200))]
        lines += await asyncio.gather(*(connect(server.bases[0], token) for token in tokens))
    seconds = time.perf_counter() - begun
    await asyncio.sleep(1)
    grown = server.kib() - before
    compressed = sum(line.compressed for line in lines)
    for line in lines:
        line.drop()
    await asyncio.sleep(1)
    told = {"connections": count, "kib_a_connection": round(grown / count, 1), "seconds_to_connect": round(seconds, 1)}
    return {**told, "compressed": compressed}


async def storm(crowd: Crowd) -> dict[str, Any]:
    """Break all connections; seconds until everybody has connected, joined and fetched what was posted meanwhile."""
    talks = list(crowd.talks)
    speaker = {talk: sides[1] for talk, sides in crowd.talks.items()}
    citizens = {talk: sides[0] for talk, sides in crowd.talks.items()}
    for token in citizens.values():
        crowd.lines.pop(token).drop()
    for talk in talks[::10]:
        for _ in range(MISSED):
            answer = await crowd.lines[speaker[talk]].posted(talk, TEXT)
            assert answer["ok"], answer
    cpu, begun = crowd.server.cpu(), time.perf_counter()
    waits: list[float] = []

    async def back(talk: str, token: str) -> int:
        """As a client does: again after a pause where the door is shut."""
        base = crowd.bases[token]
        line = await _until_in(lambda: connect(base, token))
        crowd.lines[token] = line
        await _until_in(lambda: _joined(line, talk))
        path = f"/v1/conversations/{talk}/messages?after_seq=0&limit=200"
        page = await _until_in(lambda: get(base, path, token))
        waits.append(time.perf_counter() - begun)
        return len(page["items"])

    found = await asyncio.gather(*(back(talk, token) for talk, token in citizens.items()))
    missed = [count for talk, count in zip(citizens, found, strict=True) if talk in set(talks[::10])]
    assert all(count >= MISSED for count in missed), missed
    return {
        "clients": len(found),
        "seconds": round(time.perf_counter() - begun, 2),
        "median_seconds": round(statistics.median(waits), 2),
        "cpu_ms_a_client": round((crowd.server.cpu() - cpu) * 1000 / len(found), 2),
    }


async def _joined(line: Line, talk: str) -> None:
    answer = await line.asked("join", {"conversation": talk})
    if not answer["ok"]:
        raise ConnectionError(str(answer))


async def _until_in(do: Callable[[], Awaitable[T]]) -> T:
    for _ in range(60):
        try:
            return await do()
        except OSError:  # ConnectionError is one
            await asyncio.sleep(random.uniform(0.2, 1.0))
    raise ConnectionError("the door stays shut")


def milliseconds(waits: list[float]) -> dict[str, float]:
    """Median and 99th percentile."""
    return {
        "p50_ms": round(statistics.median(waits) * 1000, 1),
        "p99_ms": round(statistics.quantiles(waits, n=100)[98] * 1000, 1),
    }


# -- the servers ------------------------------------------------------------------------


class Stage:
    """A store, a Redis if it is installed, and servers on them."""

    def __init__(self, folder: Path, size: Size, seed: int) -> None:
        self.size, self.dice = size, random.Random(seed)
        self.store, self.redis = MortalStore(folder / "store"), MortalRedis(folder / "redis")
        self.store.start()
        self.citizens = max(*size.talks, size.idle, size.storm)
        self.officers = -(-max(*size.talks, size.storm) // AN_OFFICER)
        self.servers: list[Server] = []

    def ours(self, name: str, processes: int = 1) -> Server:
        """Start our chat under gevent, in so many processes."""
        redis = []
        if processes > 1:
            self.redis.start()
            redis = [self.redis.url]
        sizes = ["--citizens", str(self.citizens), "--officers", str(self.officers)]
        command = [sys.executable, "-m", "tests.chat.served", self.store.uri, name, *redis, *sizes]
        return self._serve(name, [command] * processes)

    def node(self, name: str, mode: str) -> Server:
        """Start the Node peer in this mode."""
        people = {
            f"{kind}-{n}-token": {"id": f"{kind}-{n}-id", "kind": "staff" if kind == "officer" else kind, "name": title}
            for kind, title, count in (("citizen", "群众", self.citizens), ("officer", "窗口", self.officers))
            for n in range(count)
        }
        program = [shutil.which("node") or "node", str(Path(__file__).with_name("peer.mjs"))]
        told = Path(self.store.folder.parent / "people.json")
        told.write_text(json.dumps(people))
        return self._serve(name, [[*program, str(PAGES), self.store.uri, name, str(told), mode]])

    def crowd(self, server: Server, talks: int) -> Crowd:
        """The people of so many claimed conversations, whose rows are written directly."""
        made = {str(uuid4()): (f"citizen-{n}-token", f"officer-{n // AN_OFFICER}-token") for n in range(talks)}
        now = datetime.now(UTC)
        rows = []
        for talk, (citizen, officer) in made.items():
            asks, answers = (
                Participant(citizen.replace("token", "id"), "citizen"),
                Participant(officer.replace("token", "id"), "staff", "窗口"),
            )
            found = Conversation(
                talk, 2, asks, "XC-H01", "active", now, now, officer=answers, owner=answers, claimed_at=now
            )
            row = asdict(found)
            rows.append({"_id": row.pop("id"), "v": 1, **row})
        with self._database(server.name) as database:
            database["conversations"].insert_many(rows)
        return Crowd(server, made, self.dice)

    def end(self) -> None:
        """Stop all servers and the store."""
        for server in self.servers:
            server.end()
        self.redis.kill()
        self.store.kill()

    def _serve(self, name: str, commands: list[list[str]]) -> Server:
        with self._database(name) as database:
            database.ensure([*INDEXES, *jobs_store.INDEXES])
        self.servers.append(Server(name, self.store.uri, commands))
        return self.servers[-1]

    @contextmanager
    def _database(self, name: str) -> Iterator[Database]:
        database = Database(self.store.uri, name)
        yield database
        database.close()


async def measure(stage: Stage) -> dict[str, Any]:
    """Measure all; gives the figures by name."""
    size, dice = stage.size, stage.dice
    one = stage.ours("ours")
    peers = [one, stage.node("node", "plain"), stage.node("node_grouped", "grouped")]
    report: dict[str, Any] = {"idle": {}, "talks": {}, "storm": {}}
    for server in peers[:2]:
        report["idle"][server.name] = await idle(server, size.idle)
        _say(f"idle: {report['idle'][server.name]}")
    for talks in size.talks:
        crowds = [await _entered(stage, server, talks) for server in peers]
        found: dict[str, Any] = {"steady": await steady(crowds, size, dice)}
        if talks == size.talks[0]:
            report["saturated"] = await saturated(crowds, size, dice)
            _say(f"saturated: {report['saturated']}")
        report["talks"][str(talks)] = found["steady"]
        _say(f"{talks} conversations: {found}")
        for crowd in crowds:
            crowd.leave()
    for server in (one, peers[2]):
        crowd = await _entered(stage, server, size.storm)
        report["storm"][server.name] = await storm(crowd)
        crowd.leave()
        _say(f"storm: {report['storm'][server.name]}")
    two = stage.ours("two", processes=2)
    crowds = [await _entered(stage, server, size.talks[0]) for server in (one, two)]
    report["two_processes"] = {"steady": await steady(crowds, size, dice), **await saturated(crowds, size, dice)}
    _say(f"two processes: {report['two_processes']}")
    return {**report, "ratios": _ratios(report)}


async def _entered(stage: Stage, server: Server, talks: int) -> Crowd:
    crowd = stage.crowd(server, talks)
    await crowd.enter()
    await crowd.warm()
    return crowd


def _ratios(report: dict[str, Any]) -> dict[str, float]:
    """Ours to the peers'."""
    busy, both = report["saturated"], report["two_processes"]
    of = {name: found["cpu_ms_a_message"] for name, found in busy.items()}
    speed = {name: found["messages_a_second"] for name, found in (busy | {"two": both["two"]}).items()}
    idle = {name: found["kib_a_connection"] for name, found in report["idle"].items()}
    return {
        "cpu_to_node": round(of["ours"] / of["node"], 2),
        "cpu_to_node_grouped": round(of["ours"] / of["node_grouped"], 2),
        "speed_to_node": round(speed["ours"] / speed["node"], 2),
        "speed_to_node_grouped": round(speed["ours"] / speed["node_grouped"], 2),
        "memory_to_node": round(idle["ours"] / idle["node"], 2),
        "speed_of_two_to_one": round(both["two"]["messages_a_second"] / both["ours"]["messages_a_second"], 2),
    }


def run(seed: int, size: Size) -> dict[str, Any]:
    """Run it with this seed; gives the figures."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    with tempfile.TemporaryDirectory(prefix="relay-") as folder:
        stage = Stage(Path(folder), size, seed)
        try:
            return {"seed": seed, **asyncio.run(measure(stage))}
        finally:
            stage.end()


def _say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--short", action="store_true", help="a look whether it works, in some seconds")
    asked = parser.parse_args()
    print(json.dumps(run(asked.seed, SHORT if asked.short else Size()), ensure_ascii=False, indent=1))


if __name__ == "__main__":
    main()
