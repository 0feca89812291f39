"""Starts the program as a process of its own, as a newcomer does, and talks to it over real HTTP."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
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
        self.begin([*program, "serve"])
        greeted = "  Ctrl-C stops it."
        wait_for(lambda: self.ready() and greeted in self.lines, 120, lambda: f"not ready: {self.lines[-20:]}")
        return self

    def begin(self, command: Sequence[str]) -> None:
        """Start a command in its surroundings, and read what it prints, without waiting."""
        self.process = subprocess.Popen(
            command, env=self.environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        self._reader = threading.Thread(target=self._read, args=(self.process.stdout,), daemon=True)
        self._reader.start()

    def ready(self) -> bool:
        """Whether `/readyz` answers 200, so that the process and its store take requests."""
        assert self.process is not None
        assert self.process.poll() is None, self.lines[-20:]
        try:
            return requests.get(f"{self.base}/readyz", timeout=10).status_code == 200
        except requests.RequestException:
            return False

    def stop(self, how: signal.Signals = signal.SIGINT) -> int:
        """End it by this signal, and give its exit code."""
        assert self.process is not None
        self.process.send_signal(how)
        code = self.process.wait(60)
        self._reader.join(10)
        return code

    def children(self) -> list[int]:
        """The ids of the processes that it started."""
        assert self.process is not None
        return [
            int(pid) for pid in Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        ]

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run another `circle` command on the same data, as a process."""
        return subprocess.run([*CIRCLE, *command], env=self.environ, capture_output=True, text=True, timeout=300)

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        """As `run`, but inside of this process, which saves the two seconds of a start."""
        others = dict.fromkeys(os.environ.keys() - self.environ.keys())
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("api.logs.set_up", lambda level="": None)
            done = CliRunner(env={**others, **self.environ}).invoke(main, words, catch_exceptions=False)
        return subprocess.CompletedProcess(words, done.exit_code, done.stdout, done.stderr)

    def staff_passwords(self) -> dict[str, str]:
        """The generated log-ins of staff that it printed at its start, as {username: password}."""
        return dict(re.findall(r"staff log-in: (\w+) / (\S+)", "\n".join(self.lines)))

    def codes(self) -> list[str]:
        """The log-in codes that it has printed so far, in order."""
        return [
            code for line in list(self.lines) if "验证码" in line for code in re.findall(r"(?<!\d)\d{6}(?!\d)", line)
        ]

    def _read(self, stream: Any) -> None:
        with stream:
            for line in stream:
                self.lines.append(line.rstrip("\n"))


class Session:
    """An HTTP client of a served process, with a log-in."""

    def __init__(self, base: str, token: str) -> None:
        self._base = base
        self.token = token

    def call(
        self, method: str, path: str, expect: int = 200, headers: dict[str, str] | None = None, **rest: Any
    ) -> Any:
        """Send one request that must be answered with status `expect`; gives the parsed JSON."""
        told = {"Authorization": f"Bearer {self.token}", "Idempotency-Key": str(uuid4()), **(headers or {})}
        answer = requests.request(method, self._base + path, headers=told, timeout=60, **rest)
        assert answer.status_code == expect, f"{method} {path}: {answer.status_code} {answer.text[:500]}"
        return answer.json() if "json" in answer.headers.get("Content-Type", "") and answer.content else answer


class Caller(Session):
    """A session with the methods of conftest's `Caller`, so that the steps of tests/way.py work with it."""

    def get(self, path: str) -> Any:
        """GET; the status must be 200."""
        return self.call("GET", path)

    def post(self, path: str, json: Any = None, expect: int = 201, **rest: Any) -> Any:
        """POST; the status must be 201 unless `expect` is given."""
        return self.call("POST", path, expect, json=json, **rest)

    def patch(self, path: str, json: Any, version: int, expect: int = 200) -> Any:
        """PATCH with this version in If-Match; the status must be 200 unless `expect` is given."""
        return self.call("PATCH", path, expect, headers={"If-Match": f'"{version}"'}, json=json)

    def raw(self, method: str, path: str, headers: dict[str, str], content_type: str = "", **rest: Any) -> Any:
        """Send one request of an upload; gives the response, whatever its status."""
        told = {**headers, **({"Content-Type": content_type} if content_type else {})}
        return self.call(method, path, 201 if method == "POST" else 204, told, **rest)


def log_in_citizen(served: Served, phone: str) -> Session:
    """Log a citizen in by the code that the process prints."""
    before = len(served.codes())
    requests.post(f"{served.base}/v1/sessions/codes", json={"phone": phone}, timeout=60).raise_for_status()
    wait_for(lambda: len(served.codes()) > before, 60, lambda: f"no code: {served.lines[-5:]}")
    body = {"phone": phone, "code": served.codes()[-1]}
    answer = requests.post(f"{served.base}/v1/sessions", json=body, timeout=60)
    return Session(served.base, answer.json()["token"])


def log_in_staff(served: Served, role: str) -> Session:
    """Log in the generated member of staff with this role."""
    body = {"username": role, "password": served.staff_passwords()[role]}
    answer = requests.post(f"{served.base}/v1/staff/sessions", json=body, timeout=60)
    return Session(served.base, answer.json()["token"])


@contextmanager
def haproxy(folder: Path, *bases: str) -> Iterator[str]:
    """HAProxy as docs/operating.md sets it up, before the two addresses `bases`; gives its own."""
    program = shutil.which("haproxy")
    if program is None:
        missing = "haproxy is needed"
        pytest.fail(missing) if os.environ.get("CI") else pytest.skip(missing)
    guide = (Path(__file__).parents[1] / "docs" / "operating.md").read_text()
    example = re.search(r"<!-- haproxy.*?```\n(.*?)```", guide, re.S)
    assert example is not None
    port, text = free_port(), example[1].replace("maxconn 8000", "maxconn 2000")
    for here, there in zip((8080, 8001, 8002), (port, *(base.rsplit(":", 1)[1] for base in bases)), strict=True):
        text = text.replace(f"127.0.0.1:{here}", f"127.0.0.1:{there}")
    (folder / "haproxy.cfg").write_text(text)
    process = subprocess.Popen([program, "-q", "-db", "-f", str(folder / "haproxy.cfg")])
    try:
        wait_for(lambda: answers(f"http://127.0.0.1:{port}/readyz"))
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()


def answers(address: str) -> bool:
    """Whether a GET of the address is answered 200."""
    try:
        return requests.get(address, timeout=2).status_code == 200
    except requests.RequestException:
        return False


def drain_of(served: Served) -> Any:
    """A function that waits until no background work of a served process is due."""
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
    """A free port that no other process of the run will be given."""
    for turn in _turns.setdefault(os.getpid(), count(os.getpid() * 97)):
        port = PORTS[turn % len(PORTS)]
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise AssertionError


def wait_for(done: Callable[[], Any], seconds: float = 60, told: Callable[[], str] = lambda: "") -> None:
    """Poll until `done()`; fail after `seconds`, which a busy machine must not reach, with the text of `told`."""
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline, told()
        time.sleep(0.05)
