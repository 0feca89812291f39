"""Stores, Redis servers and web processes on fixed ports, to be killed and started again."""

import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from tests.serving import free_port

ROOT = Path(__file__).parents[2]


class Mortal:
    """A process on a port of its own. `start` waits for the port; `kill` is SIGKILL, no word of goodbye."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        self.process: subprocess.Popen[Any] | None = None

    def command(self) -> list[str]:
        """What to start."""
        raise NotImplementedError

    def start(self) -> None:
        """Start, and wait until it listens."""
        self.process = subprocess.Popen(self.command(), cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(3000):
            assert self.process.poll() is None, f"{self.command()[0]} ended"
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.02)
        raise AssertionError(f"{self.command()[0]} did not start")

    def stall(self, seconds: float) -> None:
        """Stop it for a while: connections stay, and nothing is answered."""
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)
        time.sleep(seconds)
        self.process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        """SIGKILL, if it runs."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()


class MortalStore(Mortal):
    """An embedded store on the data in its folder."""

    @property
    def uri(self) -> str:
        """Where it is."""
        return f"mongodb://127.0.0.1:{self.port}/?directConnection=true"

    def command(self) -> list[str]:
        """With sync on commit, as the program starts it."""
        program = str(Path(sys.executable).with_name("secantusd-py"))
        where = ["--host", "127.0.0.1", "--port", str(self.port), "--storage-path", str(self.folder)]
        return [program, *where, "--sync-on-commit", "--log-level", "ERROR"]


class MortalRedis(Mortal):
    """A Redis that keeps nothing."""

    @property
    def url(self) -> str:
        """Where it is."""
        return f"redis://127.0.0.1:{self.port}/0"

    def command(self) -> list[str]:
        """Nothing saved."""
        self.folder.mkdir(exist_ok=True)
        return [
            "redis-server",
            "--port",
            str(self.port),
            "--bind",
            "127.0.0.1",
            "--save",
            "",
            "--dir",
            str(self.folder),
        ]


class MortalWeb(Mortal):
    """The chat's faces as a gevent process."""

    def __init__(self, folder: Path, *where: str) -> None:
        super().__init__(folder)
        self.where = where

    @property
    def base(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    def command(self) -> list[str]:
        """`where` are further arguments of tests.chat.served."""
        return [sys.executable, "-m", "tests.chat.served", *self.where, "--port", str(self.port)]
