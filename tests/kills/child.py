"""The program as a process that kills itself, or its store, at the n-th store command.

Commands are counted by pymongo's own command monitoring. The signals are real: the process is gone in the middle of
its line, no `finally` and no `except` runs.
"""

import logging
import os
import signal
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache, partial
from io import StringIO
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher
from flask_smorest import Blueprint
from pymongo import monitoring
from pymongo.errors import PyMongoError

import api.matters.service
from api.app import create_app
from api.identity.sealing.keyring import Keyring
from api.matters.search.index import Index
from api.matters.search.reading import Reader
from api.office import Office
from api.settings import read
from api.storage.database import Database
from tests.conftest import Caller
from tests.kills.lab import BEGIN, Clock, Provider
from tests.lasting import nothing_expires
from tests.notifications.fake_twilio import ACCOUNT, SERVICE, TOKEN

MOMENTS = ("before", "during", "after")


@dataclass(frozen=True)
class Kill:
    """Whom to kill, and when: `before` the n-th command is sent, `during` it, or `after` its answer was read."""

    pid: int
    """0: the process itself."""
    n: int
    moment: str
    delay: float = 0.0
    """Seconds from the sending, for `during`."""


@dataclass
class Command:
    """One store command of the step: its name, the seconds to its answer, whether it belongs to a transaction."""

    name: str
    seconds: float
    in_transaction: bool


@dataclass
class Counter(monitoring.CommandListener):
    """Counts this process's store commands from the moment it is armed, and kills at the one that is named."""

    kill: Kill | None = None
    armed: bool = False
    seen: list[Command] = field(default_factory=list)

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        """Count a command before it is sent, and kill if the moment is `before` or `during` it."""
        if not self.armed:
            return
        self.seen.append(Command(event.command_name, 0.0, "autocommit" in event.command))
        if self.kill and self.kill.n == len(self.seen):
            if self.kill.moment == "before":
                self._strike()
            elif self.kill.moment == "during":
                threading.Timer(self.kill.delay, self._strike).start()

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        """Note how long a command took, and kill if the moment is `after` it."""
        if not self.armed:
            return
        self.seen[-1].seconds = event.duration_micros / 1e6
        if self.kill and self.kill.n == len(self.seen) and self.kill.moment == "after":
            self._strike()

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        """Do nothing: a failed command, e.g. because the store is gone, was counted before."""

    def _strike(self) -> None:
        assert self.kill is not None
        os.kill(self.kill.pid or os.getpid(), signal.SIGKILL)
        while self.kill.moment != "during" and _lives(self.kill.pid):
            time.sleep(0.001)


def _lives(pid: int) -> bool:
    """Whether it still runs; a zombie does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


@dataclass
class Place:
    """What a process is started with: the store's URI, the folder of keys, the provider."""

    uri: str
    keys: Path
    provider: Provider


class World:
    """The assembled program in one process; `known` is what the story has so far, such as tokens and ids."""

    def __init__(self, place: Place, known: dict[str, Any], counter: Counter) -> None:
        self.known = known
        self.provider = place.provider
        self.counter = counter
        self.clock = Clock()
        self.clock.at = known.get("at", BEGIN)
        settings = read(
            {
                "CIRCLE_VAR": str(place.keys.parent / "var"),
                "CIRCLE_KEYS": str(place.keys),
                "CIRCLE_DEV": "1",
                "TWILIO_ACCOUNT_SID": ACCOUNT,
                "TWILIO_AUTH_TOKEN": TOKEN,
                "TWILIO_MESSAGING_SERVICE_SID": SERVICE,
                "TWILIO_API_BASE": place.provider.base,
            }
        )
        if not counter.kill:
            nothing_expires(pytest.MonkeyPatch())
        database = Database(place.uri, "circle")
        app = create_app(
            settings, database=database, keyring=Keyring.open(place.keys), now=self.clock, console=StringIO()
        )
        self.office: Office = app.extensions["circle"]
        self._client = app.test_client()

    def caller(self, who: str = "") -> Caller:
        """An HTTP client as `citizen`, `window` or `handler`, or without a log-in."""
        return Caller(self._client, self.known[who] if who else None)

    def work(self, *steps: str) -> None:
        """Do all due work, of these steps of the worker or of all; a step that fails is retried, as the worker does."""
        all_steps = self.office.worker._steps
        chosen = [all_steps[name] for name in steps or all_steps]
        stumbles = 0
        while stumbles < 50:
            try:
                if not sum([step(self.clock()) for step in chosen]):
                    return
            except PyMongoError:
                stumbles += 1
        raise RuntimeError("the work does not end")


def quicker(kill: Kill | None) -> None:
    """Patch out of an assembly what no trial uses and what costs most of its time.

    These are the search of matters (an empty index with one shared reader), the description of the interface, the cost
    of a password's hash, and, in a process that is to be killed, the indexes, which the store has from before.
    """
    matters: Any = api.matters.service
    matters.Reader = reader
    matters.Index = lambda entries, told: Index([], told)
    patch = pytest.MonkeyPatch()
    patch.setattr(Blueprint, "register_views_in_doc", lambda *told, **more: None)
    cheap = partial(PasswordHasher, time_cost=1, memory_cost=8, parallelism=1)
    patch.setattr("api.identity.staff.passwords.PasswordHasher", cheap)
    if kill:
        patch.setattr(Database, "ensure", lambda database, indexes: None)


@cache
def _reader() -> Reader:
    return Reader(api.matters.service._data("lexicon.json"))


def reader(lexicon: Any) -> Reader:
    """The reader that was made before the forks."""
    return _reader()


def live(pipe: Connection, place: Place, known: dict[str, Any], kill: Kill | None, job: Callable[[World], Any]) -> None:
    """The main function of a forked process: assemble the program, do the job, send its result through the pipe."""
    os.setpgid(0, 0)
    logging.disable()
    quicker(kill)
    counter = Counter(kill)
    monitoring.register(counter)
    try:
        world = World(place, known, counter)
        answer = job(world)
        pipe.send(("done", answer, world.known, counter.seen))
    except BaseException:
        pipe.send(("broke", traceback.format_exc(), known, counter.seen))
    pipe.close()
    os._exit(0)
