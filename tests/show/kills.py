"""Kills worker, web and store by SIGKILL at the n-th store command of a submit, a delivery, a file completion and each
act on a case, and looks whether all is consistent and complete after the restart.

`python -m tests.show.kills --seed N` prints JSON: for each step and victim how many store commands there are, how many
times somebody was killed at each moment, what the caller was answered, and what was wrong. `web` and `worker` are
processes beside a store that goes on; it is restarted if it would hold the dead client's open transaction for 60 s more
(in the full form, twice that is waited for). A killed `store` is started again while its caller still waits.
The seed draws the instant within a command, for the moment `during`.

`submit`, `delivery` and `file`, and the worker in what follows them, are killed at every command and moment: a client
`before` it is sent, a store `before` and `during` it, both `after` the last; `after` any other is `before` the next.
The acts on cases (`action` are acceptance and decision) all go the same way through the code, so each is killed at
every command, but once: the seed draws who, and the moment. `acts_never_killed` are those that no step does; `untried`
are the trials that SECONDS left no time for, with which a slow or busy machine must not take for ever.

After each kill, a restart, the work that is due then, and the client's repeat under the same key or version, a trial
asserts that nothing acknowledged is lost (the repeat gets the same number, or 412 where the act was acknowledged);
nothing is there by half (actions, snapshot, events, documents, files, broken promises and draft belong together, and no
due has moved of which nobody was told); nothing is there or was told twice (one action, one notice, one message at the
provider); nothing is stuck (no job, key or transaction is left); and the next act on the case goes through.
"""

import argparse
import json
import random
import tempfile
import time
from collections import Counter, defaultdict, deque
from collections.abc import Sequence
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

from api.cases.life.acts import EVENTS
from api.identity.sealing.keyring import Keyring
from tests.kills.child import MOMENTS, reader
from tests.kills.lab import FORK
from tests.kills.story import ACTS_ON_CASES, KILLED, PLACE, STEPS
from tests.kills.trial import Checkpoint, Plan, Result, attempt, lane, lay_out

WHOLE = ("submit", "delivery", "file")
"""What is killed at every command and moment."""
MAIN_WAY = (*WHOLE, "action")
ACTS = (*MAIN_WAY, *(step.act for step in ACTS_ON_CASES if step.act))
VICTIMS = ("worker", "web", "store")
LANES = 2
SECONDS = 1_140.0
"""After so many seconds no further trial begins."""


def plans(kept: dict[str, Checkpoint], victims: Sequence[str], every: int, rng: random.Random) -> list[Plan]:
    """The plans of every step, or each `every`-th of these from a drawn one on.

    The moment `during` is for a store alone: when a client dies, its store sees no difference.
    """
    made = []
    for name, checkpoint in kept.items():
        total, step = len(checkpoint.told["seen"]), STEPS[PLACE[name]]
        for n in range(1, total + 1):
            each = [
                (victim, moment)
                for victim in sorted({step.who, "store"} & set(victims))
                for moment in MOMENTS
                if (moment != "after" or n == total) and (moment != "during" or victim == "store")
            ]
            chosen = each if step.act in WHOLE or not each else [rng.choice(each)]
            made += [Plan(name, victim, moment, n, rng.random()) for victim, moment in chosen]
    return made[rng.randrange(every) :: every] if every > 1 else made


def abandoned(kept: dict[str, Checkpoint], victims: Sequence[str]) -> list[Plan]:
    """The plans in which a web process and a worker leave a transaction open in a store that goes on."""
    made = []
    for name in ("submit.web", "accept.worker"):
        if name in kept and STEPS[PLACE[name]].who in victims:
            commit = [command.name for command in kept[name].told["seen"]].index("commitTransaction") + 1
            made.append(Plan(name, STEPS[PLACE[name]].who, "before", commit, abandons=True))
    return made


def run(
    seed: int,
    acts: Sequence[str] = ACTS,
    victims: Sequence[str] = VICTIMS,
    every: int = 1,
    seconds: float = SECONDS,
) -> dict[str, Any]:
    """Run the trials with this seed, in an order that it draws, in so many seconds; gives the counts."""
    begun, rng = time.monotonic(), random.Random(seed)
    with tempfile.TemporaryDirectory(prefix="kills-") as name:
        folder = Path(name)
        Keyring.open(folder / "keys")
        reader(None)
        with lane(folder / "story", folder / "keys") as first:
            kept = lay_out(first, folder / "kept", acts)
        todo = plans(kept, victims, every, rng)
        rng.shuffle(todo)
        todo = [*(abandoned(kept, victims) if every == 1 else ()), *todo]  # the longest first, side by side
        results = _in_lanes(folder, kept, todo, begun + seconds)
        report = _report(kept, results)
    took = round(time.monotonic() - begun)
    return {"seed": seed, "every": every, "seconds": took, "untried": len(todo) - len(results), **report}


def _in_lanes(folder: Path, kept: dict[str, Checkpoint], todo: Sequence[Plan], until: float) -> list[Result]:
    """The trials, side by side: whichever lane is free takes the next, until that moment of the monotonic clock."""
    waiting, results, lanes = deque(todo), list[Result](), {}
    for number in range(LANES):
        ours, theirs = FORK.Pipe()
        process = FORK.Process(target=_lane, args=(theirs, folder / str(number), folder / "keys", kept))
        process.start()
        theirs.close()
        lanes[ours] = process
    while lanes:
        for line in wait(list(lanes)):
            result = line.recv()
            results += [result] if result else []
            goes_on = waiting and time.monotonic() < until
            line.send(waiting.popleft() if goes_on else None)
            if not goes_on:
                lanes.pop(line).join()
    return results


def _lane(pipe: Connection, folder: Path, keys: Path, kept: dict[str, Checkpoint]) -> None:
    """Say that it is free, do the plan that it is then given, send its result, and so on until it is given None."""
    with lane(folder, keys) as on:
        pipe.send(None)
        while plan := pipe.recv():
            pipe.send(attempt(on, kept[plan.step], plan))


def _report(kept: dict[str, Checkpoint], results: list[Result]) -> dict[str, Any]:
    steps: dict[str, Any] = {}
    for name, checkpoint in kept.items():
        victims: dict[str, Any] = defaultdict(lambda: defaultdict(Counter))
        for result in (one for one in results if one.plan.step == name):
            count = victims[result.plan.victim][result.plan.moment]
            count["killed" if result.killed else "too_late"] += 1
            count[result.answered] += 1
            count["violations"] += bool(result.faults)
        steps[name] = {"commands": len(checkpoint.told["seen"]), **victims}
    wrong = [
        {**vars(one.plan), "command": one.command, "answered": one.answered, "faults": one.faults}
        for one in sorted(results, key=lambda one: (one.plan.step, one.plan.victim, one.plan.n))
        if one.faults
    ]
    return {
        "kills": sum(one.killed for one in results),
        "trials": len(results),
        "violations": len(wrong),
        "acts_never_killed": sorted(EVENTS.keys() - KILLED),
        "steps": steps,
        "wrong": wrong,
    }


def main() -> None:
    """Print the counts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--acts", default=",".join(ACTS), help="some of them, e.g. submit,file")
    parser.add_argument("--who", default=",".join(VICTIMS), help="some of them, e.g. web,store")
    parser.add_argument("--every", type=int, default=1, help="only each K-th command")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="after which no further trial begins")
    told = parser.parse_args()
    report = run(told.seed, told.acts.split(","), told.who.split(","), told.every, told.seconds)
    print(json.dumps(report, ensure_ascii=False, indent=1))


if __name__ == "__main__":
    main()
