"""The surroundings of a trial: a store whose folder can be restored, an SMS provider that outlives it, and a clock."""

import multiprocessing
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from api.storage.embedded import OPTIONS
from tests.notifications.fake_twilio import FakeTwilio, validating
from tests.serving import free_port

FORK = multiprocessing.get_context("fork")
BEGIN = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
"""Tuesday, 10:00 in Beijing: an open office and no quiet hours."""


class Clock:
    """A clock that moves only by an assignment to `at`."""

    def __init__(self) -> None:
        self.at = BEGIN

    def __call__(self) -> datetime:
        return self.at


class Store:
    """The embedded store on one port and one folder, as `circle serve` starts it; it may be killed at any moment."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.uri = f"mongodb://127.0.0.1:{self.port}/?directConnection=true"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The id of its process."""
        assert self._process is not None
        return self._process.pid

    def died(self) -> bool:
        """Whether its process was started and has ended."""
        return self._process is not None and self._process.poll() is not None

    def start(self) -> None:
        """Start on what is in the folder, and wait for the port."""
        self.folder.mkdir(parents=True, exist_ok=True)
        program = str(Path(sys.executable).with_name("secantusd-py"))
        where = ["--port", str(self.port), "--storage-path", str(self.folder)]
        self._process = subprocess.Popen(
            [program, *where, *OPTIONS], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.01)
        raise RuntimeError("the store does not start")

    def kill(self) -> None:
        """SIGKILL, and wait until it is gone."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def keep(self, checkpoint: Path) -> None:
        """Copy what a killed store leaves behind."""
        self.kill()
        shutil.copytree(self.folder, checkpoint)

    def put_back(self, checkpoint: Path) -> None:
        """Start again from a copy."""
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)
        shutil.copytree(checkpoint, self.folder)
        self.start()


class Provider:
    """A stand-in for Twilio in a process of its own, which keeps what it took, whoever is killed. For one caller."""

    def __init__(self) -> None:
        validating()  # before the fork, so that it is imported once
        self._ours, theirs = FORK.Pipe()
        self._process = FORK.Process(target=_provide, args=(theirs,))
        self._process.start()
        theirs.close()
        self.base: str = self.ask("base")

    def ask(self, what: str, *told: Any) -> Any:
        """Send a command, give its answer: `base`, `messages`, `put_back` (messages), `callback` (message, status)."""
        self._ours.send((what, told))
        return self._ours.recv()

    def close(self) -> None:
        """End the process."""
        self._ours.close()
        os.kill(self._process.pid or 0, signal.SIGTERM)
        self._process.join()


def _provide(pipe: Connection) -> None:
    twilio = FakeTwilio(lambda: BEGIN)
    answers: dict[str, Callable[..., Any]] = {
        "base": lambda: twilio.base,
        "messages": lambda: twilio.messages,
        "put_back": lambda messages: twilio.messages.__setitem__(slice(None), messages),
        "callback": twilio.callback,
    }
    while True:
        what, told = pipe.recv()
        pipe.send(answers[what](*told))
