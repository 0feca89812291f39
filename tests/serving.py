"""The program as a process of its own, as a newcomer starts it, for the suites that need the real thing."""

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import requests
from click.testing import CliRunner

from api.cli import main

CIRCLE = [sys.executable, "-m", "api.cli"]


class Served:
    """`circle serve` on a free port, its data in `folder`; what it prints is read line by line."""

    def __init__(self, folder: Path, **environ: str) -> None:
        self.folder = folder
        self.port = free_port()
        self.base = f"http://127.0.0.1:{self.port}"
        self.environ = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("CIRCLE_", "MONGODB_"))},
            "PORT": str(self.port),
            "CIRCLE_VAR": str(folder / "var"),
            "CIRCLE_KEYS": str(folder / "keys"),
            **environ,
        }
        self.lines: list[str] = []
        self.process: subprocess.Popen[str] | None = None

    def start(self, program: Sequence[str] = CIRCLE) -> "Served":
        """Start, and wait until it is ready."""
        self.process = subprocess.Popen(
            [*program, "serve"], env=self.environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        self._reader = threading.Thread(target=self._read, args=(self.process.stdout,), daemon=True)
        self._reader.start()
        greeted = "  Ctrl-C stops it."
        wait_for(lambda: self.ready() and greeted in self.lines, 120, lambda: f"not ready: {self.lines[-20:]}")
        return self

    def ready(self) -> bool:
        """Whether it answers, with its store."""
        assert self.process is not None
        assert self.process.poll() is None, self.lines[-20:]
        try:
            return requests.get(f"{self.base}/readyz", timeout=10).status_code == 200
        except requests.RequestException:
            return False

    def stop(self, how: signal.Signals = signal.SIGINT) -> int:
        """End it and give its exit code."""
        assert self.process is not None
        self.process.send_signal(how)
        code = self.process.wait(60)
        self._reader.join(10)
        return code

    def children(self) -> list[int]:
        """The processes that it started."""
        assert self.process is not None
        return [
            int(pid) for pid in Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        ]

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Another circle command on the same data."""
        return subprocess.run([*CIRCLE, *command], env=self.environ, capture_output=True, text=True, timeout=300)

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        """The same in this process: a start of its own costs two seconds, and few tests are about the start."""
        others = dict.fromkeys(os.environ.keys() - self.environ.keys())
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("api.logs.set_up", lambda level="": None)
            done = CliRunner(env={**others, **self.environ}).invoke(main, words, catch_exceptions=False)
        return subprocess.CompletedProcess(words, done.exit_code, done.stdout, done.stderr)

    def staff_passwords(self) -> dict[str, str]:
        """The generated log-ins that it shows at its start."""
        return dict(re.findall(r"staff log-in: (\w+) / (\S+)", "\n".join(self.lines)))

    def codes(self) -> list[str]:
        """The log-in codes that were sent so far."""
        return [
            code for line in list(self.lines) if "验证码" in line for code in re.findall(r"(?<!\d)\d{6}(?!\d)", line)
        ]

    def _read(self, stream: Any) -> None:
        with stream:
            for line in stream:
                self.lines.append(line.rstrip("\n"))


class Session:
    """Somebody at a served process, logged in."""

    def __init__(self, base: str, token: str) -> None:
        self._base = base
        self.token = token

    def call(
        self, method: str, path: str, expect: int = 200, headers: dict[str, str] | None = None, **rest: Any
    ) -> Any:
        """One request; the parsed body."""
        told = {"Authorization": f"Bearer {self.token}", "Idempotency-Key": str(uuid4()), **(headers or {})}
        answer = requests.request(method, self._base + path, headers=told, timeout=60, **rest)
        assert answer.status_code == expect, f"{method} {path}: {answer.status_code} {answer.text[:500]}"
        return answer.json() if "json" in answer.headers.get("Content-Type", "") and answer.content else answer


class Caller(Session):
    """A session that walks the steps of tests/way.py."""

    def get(self, path: str) -> Any:
        """GET, expecting 200."""
        return self.call("GET", path)

    def post(self, path: str, json: Any = None, expect: int = 201, **rest: Any) -> Any:
        """POST, expecting 201 unless told."""
        return self.call("POST", path, expect, json=json, **rest)

    def patch(self, path: str, json: Any, version: int) -> Any:
        """PATCH against a version."""
        return self.call("PATCH", path, headers={"If-Match": f'"{version}"'}, json=json)

    def raw(self, method: str, path: str, headers: dict[str, str], content_type: str = "", **rest: Any) -> Any:
        """One request of an upload, the response as it came."""
        told = {**headers, **({"Content-Type": content_type} if content_type else {})}
        return self.call(method, path, 201 if method == "POST" else 204, told, **rest)


def log_in_citizen(served: Served, phone: str) -> Session:
    """A citizen, by the code that the console shows."""
    before = len(served.codes())
    requests.post(f"{served.base}/v1/sessions/codes", json={"phone": phone}, timeout=60).raise_for_status()
    wait_for(lambda: len(served.codes()) > before, 60, lambda: f"no code: {served.lines[-5:]}")
    body = {"phone": phone, "code": served.codes()[-1]}
    answer = requests.post(f"{served.base}/v1/sessions", json=body, timeout=60)
    return Session(served.base, answer.json()["token"])


def log_in_staff(served: Served, role: str) -> Session:
    """The generated officer of this role."""
    body = {"username": role, "password": served.staff_passwords()[role]}
    answer = requests.post(f"{served.base}/v1/staff/sessions", json=body, timeout=60)
    return Session(served.base, answer.json()["token"])


def drain_of(served: Served) -> Any:
    """Wait until no background work is due."""
    admin = log_in_staff(served, "admin")

    def settled() -> bool:
        return all(lag["due"] == 0 for lag in admin.call("GET", "/v1/desk/jobs/lag").values())

    return lambda: wait_for(settled, 60, lambda: "background work does not end")


PORTS = range(20_000, 32_000)
"""Below those that Linux gives to whoever calls out (ip_local_port_range), so that no call takes a port between its
choice and its use; each process begins elsewhere."""
_turns: dict[int, Iterator[int]] = {}
"""By process: one that is forked must not count on from where its parent was, as its siblings would too."""


def free_port() -> int:
    """A port that nobody listens on, and that no other test is about to."""
    for turn in _turns.setdefault(os.getpid(), count(os.getpid() * 97)):
        port = PORTS[turn % len(PORTS)]
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise AssertionError


def wait_for(done: Callable[[], Any], seconds: float = 60, told: Callable[[], str] = lambda: "") -> None:
    """Look until `done`. The limit is for what never comes: a busy machine must not reach it."""
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline, told()
        time.sleep(0.05)
