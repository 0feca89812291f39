"""One trial: put the world back to a checkpoint, let one process do one step, kill, start again, look."""

import contextlib
import os
import pickle
import signal
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from multiprocessing.connection import wait
from pathlib import Path
from typing import Any

from tests.kills.checks import faults
from tests.kills.child import Command, Kill, Place, World, live
from tests.kills.lab import FORK, Provider, Store
from tests.kills.story import (
    ACTS_ON_CASES,
    BEFORE,
    PLACE,
    STEPS,
    Refused,
    Step,
    file_is_there,
    goes_on,
    submit_anew,
)

LONGEST = 150.0
PAUSE = timedelta(minutes=3)
"""How far the clock moves before due work is done again: past a lease, a key in flight, the looks at the provider."""
UNSEEN = timedelta(minutes=10)
"""How long the inbox has before an SMS goes out."""
ABANDONED = 75.0
"""Seconds in which a store has dropped an abandoned transaction: MongoDB's transactionLifetimeLimitSeconds is 60."""
Known = dict[str, Any]


@dataclass
class Ended:
    """How a process ended: `done`, `broke` (the error in `answer`), or `killed`."""

    how: str
    answer: Any = None
    known: Known = field(default_factory=dict)
    seen: list[Command] = field(default_factory=list)
    store_died: bool = False


class Lane:
    """A folder with a store and a provider, on which one trial runs at a time."""

    def __init__(self, folder: Path, keys: Path) -> None:
        self.store = Store(folder / "store")
        self.provider = Provider()
        self.place = Place(self.store.uri, keys, self.provider)

    def run(self, job: Callable[[World], Any], known: Known, kill: Kill | None = None) -> Ended:
        """Do a job in a process, which may be killed. A store that dies meanwhile is restarted at once."""
        ours, theirs = FORK.Pipe()
        process = FORK.Process(target=live, args=(theirs, self.place, known, kill, job))
        process.start()
        theirs.close()
        deadline, ended = time.monotonic() + LONGEST, Ended("killed")
        while True:
            ready = wait([ours, process.sentinel], 0.005)
            if self.store.died():
                ended.store_died = True
                self.store.start()
            if ours in ready:
                with contextlib.suppress(EOFError):
                    ended.how, ended.answer, ended.known, ended.seen = ours.recv()
                break
            if process.sentinel in ready:
                break
            if time.monotonic() > deadline:
                os.kill(process.pid or 0, signal.SIGKILL)
                ended.how, ended.answer = "broke", f"hangs for {LONGEST:.0f} s"
                break
        process.join()
        ours.close()
        if self.store.died():  # by the last signal of a process that ended meanwhile
            ended.store_died = True
            self.store.start()
        return ended

    def close(self) -> None:
        """End what was started."""
        self.store.kill()
        self.provider.close()


@contextlib.contextmanager
def lane(folder: Path, keys: Path) -> Iterator[Lane]:
    """A lane that is closed when the block ends."""
    opened = Lane(folder, keys)
    try:
        yield opened
    finally:
        opened.close()


# -- checkpoints ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Checkpoint:
    """The world just before a step, and how long each store command of that step took."""

    folder: Path

    @property
    def told(self) -> dict[str, Any]:
        """What was kept with the store's folder: {known, messages of the provider, seen store commands}."""
        return pickle.loads((self.folder / "told").read_bytes())  # noqa: S301 (our own file)


def lay_out(on: Lane, folder: Path, acts: Iterable[str]) -> dict[str, Checkpoint]:
    """Run the story once, keeping a checkpoint before each counted step of these acts; gives them by step."""
    steps = _needed(set(acts))
    followed = {
        BEFORE[step.name] for step, before in zip(steps[1:], steps, strict=False) if follows(step) != before.name
    }
    ends: dict[str, tuple[Path, Known, Any]] = {}
    known: Known = {}
    kept: dict[str, Checkpoint] = {}
    on.store.start()
    for before, step in zip((None, *steps), steps, strict=False):
        if before and follows(step) != before.name:
            there, known, messages = ends[follows(step)]
            on.provider.ask("put_back", messages)
            on.store.put_back(there)
        here = folder / step.name
        told = {"known": known, "messages": on.provider.ask("messages")}
        if step.act in acts:
            on.store.keep(here / "store")
            on.store.start()
        ended = on.run(_counted(step), known)
        if ended.how != "done" or "refused" in (ended.answer or {}):
            raise RuntimeError(f"{step.name}: {ended.answer}")
        if step.act in acts:
            (here / "told").write_bytes(pickle.dumps({**told, "seen": ended.seen}))
            kept[step.name] = Checkpoint(here)
        known = ended.known
        if step.name in followed:
            on.store.keep(here / "after")
            on.store.start()
            ends[step.name] = (here / "after", known, on.provider.ask("messages"))
    return kept


def follows(step: Step) -> str:
    """The name of the step that it follows."""
    return BEFORE[step.name]


def _needed(acts: set[str]) -> list[Step]:
    """The steps of these acts, and all that lead to them, in order."""
    needed: set[str] = set()
    for step in STEPS:
        name = step.name if step.act in acts else ""
        while name and name not in needed:
            needed.add(name)
            name = BEFORE[name]
    return [step for step in STEPS if step.name in needed]


def _counted(step: Step) -> Callable[[World], Any]:
    """The step, its store commands counted; an unexpected answer is an answer too."""

    def job(world: World) -> Any:
        world.counter.armed = True
        try:
            return step.do(world)
        except Refused as refused:
            return {"refused": str(refused)}
        finally:
            world.counter.armed = False

    return job


# -- a trial ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Plan:
    """The victim, step, store command (`n`) and moment of a kill; `during` comes after this `part` of its time."""

    step: str
    victim: str
    moment: str
    n: int
    part: float = 0.0
    abandons: bool = False
    """The store keeps the dead client's transaction until it drops it by itself."""


@dataclass
class Result:
    """The result of a plan: whether the victim was killed, what the caller was answered, and the inconsistencies."""

    plan: Plan
    command: str
    killed: bool
    answered: str
    faults: list[str]


def attempt(on: Lane, checkpoint: Checkpoint, plan: Plan) -> Result:
    """Run one trial: restore the checkpoint, run the step and kill, then recover and check.

    If a client died in a transaction, the store is restarted to end it, unless the plan abandons it.
    """
    step, told = STEPS[PLACE[plan.step]], checkpoint.told
    on.provider.ask("put_back", told["messages"])
    on.store.put_back(checkpoint.folder / "store")
    command: Command = told["seen"][plan.n - 1]
    pid = on.store.pid if plan.victim == "store" else 0
    ended = on.run(_counted(step), told["known"], Kill(pid, plan.n, plan.moment, plan.part * command.seconds))
    killed = ended.store_died if plan.victim == "store" else ended.how == "killed"
    if plan.victim != "store" and command.in_transaction and not plan.abandons:
        on.store.kill()
        on.store.start()
    found = [f"broke: {ended.answer}"] if ended.how == "broke" else []
    refused = (ended.answer or {}).get("refused") if ended.how == "done" else None
    if refused and not refused.startswith("503"):
        found.append(f"answered {refused}")
    patience = ABANDONED if plan.abandons else 0.0
    after = on.run(_recovery(step, None if refused else ended.answer, patience), ended.known or told["known"])
    found += after.answer if after.how == "done" else [f"after it: {after.answer or after.how}"]
    answered = ended.how if ended.how != "done" else refused or "acknowledged"
    return Result(plan, command.name, killed, answered, found)


def _recovery(step: Step, acknowledged: Any, patience: float) -> Callable[[World], list[str]]:
    """A new process on the same store: the work drains, the client repeats, life goes on; what is wrong with it."""

    def job(world: World) -> list[str]:
        found: list[str] = []
        _settle(world, patience)
        found += _repeated(world, step, acknowledged)
        _settle(world)
        found += _single(world, step)
        if step.next:
            found += _answered(world, STEPS[PLACE[step.next]])
            _settle(world)
        elif step in ACTS_ON_CASES:
            found += goes_on(world)
            _settle(world)
        world.clock.at += UNSEEN
        world.work()
        return found + faults(world)

    return job


def _settle(world: World, seconds: float = 0.0) -> None:
    """Let the time pass and the work drain, thrice; before that, for so many real seconds, at their own pace."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        time.sleep(1.0)
        world.clock.at += timedelta(seconds=1)
        world.work()
    for _ in range(3):
        world.clock.at += PAUSE
        world.work()
    world.known["at"] = world.clock.at


def _repeated(world: World, step: Step, acknowledged: Any) -> list[str]:
    """The client, or the worker, does the same again: one result, the one that was acknowledged."""
    if step.name == "submit.worker":
        return []
    try:
        again = step.do(world)
    except Refused as refused:
        return [f"the repeat was answered {refused}"]
    if not acknowledged or step.who == "worker":
        return []
    if acknowledged.get("number") != (again or {}).get("number"):
        return [f"acknowledged {acknowledged}, but the repeat was answered {again}"]
    if (step.act == "action" or step in ACTS_ON_CASES) and again["status"] != 412:
        return ["an act that was acknowledged could be done again"]
    return []


def _single(world: World, step: Step) -> list[str]:
    """What the step made is there, once."""
    if step.act == "file":
        return file_is_there(world)
    if step.act == "submit" and (told := submit_anew(world)) != "409 draft_submitted":
        return [f"the draft, submitted under another key, was answered {told}"]
    return []


def _answered(world: World, step: Step) -> list[str]:
    try:
        step.do(world)
    except (Refused, AssertionError) as refused:
        return [f"the next act, {step.name}, was answered {refused}"]
    return []
