"""Starts gunicorn as in the Procfile on a free port, and keeps it busy by a client that is small, since both share one
machine.
"""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path

from tests.serving import free_port, wait_for

CONNECTIONS = 4
"""How many connections are kept alive: while the client reads one answer, the server works on the next."""
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass
class Server:
    """A running gunicorn: its port, and the process that answers."""

    port: int
    master: int

    @property
    def worker(self) -> int:
        """The one worker process."""
        return int(Path(f"/proc/{self.master}/task/{self.master}/children").read_text().split()[0])

    def cpu_seconds(self) -> float:
        """Seconds of CPU that the worker has used so far, its threads included."""
        fields = Path(f"/proc/{self.worker}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def memory_mib(self) -> dict[str, float]:
        """The worker's memory in MiB: resident, its own, and shared with others."""
        lines = Path(f"/proc/{self.worker}/smaps_rollup").read_text().splitlines()[1:]
        kib = {name: int(value.split()[0]) for name, _, value in (line.partition(":") for line in lines)}
        own = kib["Private_Clean"] + kib["Private_Dirty"]
        return {
            "resident": round(kib["Rss"] / 1024, 1),
            "own": round(own / 1024, 1),
            "shared": round((kib["Rss"] - own) / 1024, 1),
        }


@contextmanager
def gunicorn(app: str, log: Path, **environ: str) -> Iterator[Server]:
    """Serve `app` (module:name) by one gevent worker, until the block is left."""
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", "-k", "gevent", "-w", "1", "--worker-connections", "5000"]
    command += ["--no-control-socket"]
    command += ["--logger-class", "api.gunicorn_logger.JsonLogger"]
    with log.open("w") as out:
        master = subprocess.Popen(
            [*command, "-b", f"127.0.0.1:{port}", app],
            env={**os.environ, "PORT": str(port), **environ},
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    try:
        wait_for(lambda: _listens(port), 60, lambda: f"{app} does not listen: {log.read_text()[-2000:]}")
        yield Server(port, master.pid)
    finally:
        master.terminate()
        master.wait(30)


def _listens(port: int) -> bool:
    try:
        return ask(port, "/")[0] > 0
    except OSError:
        return False


def ask(port: int, path: str) -> tuple[int, bytes]:
    """Send one GET; gives (status, body)."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as line:
        line.sendall(_request(path))
        head, body = _answer(line)
    return int(head.split(b" ", 2)[1]), body


def busy(server: Server, paths: Sequence[str], seconds: float) -> tuple[float, float]:
    """Keep the server busy by CONNECTIONS for so long; gives (requests per second, worker's CPU per request in µs)."""
    lines = [socket.create_connection(("127.0.0.1", server.port), timeout=10) for _ in range(CONNECTIONS)]
    requests, answered = cycle([_request(path) for path in paths]), 0
    try:
        for line in lines:
            line.sendall(next(requests))
        cpu, begun = server.cpu_seconds(), time.perf_counter()
        while time.perf_counter() - begun < seconds:
            for line in lines:
                head, _ = _answer(line)
                assert head.startswith(b"HTTP/1.1 200"), head
                line.sendall(next(requests))
            answered += len(lines)
        took = time.perf_counter() - begun
        used = server.cpu_seconds() - cpu
    finally:
        for line in lines:
            line.close()
    return answered / took, used / answered * 1e6


def _request(path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode()


def _answer(line: socket.socket) -> tuple[bytes, bytes]:
    """Head and body of one answer that names its length."""
    received = b""
    while True:
        part = line.recv(65_536)
        if not part:
            raise ConnectionError("the server hung up")
        received += part
        head, found, body = received.partition(b"\r\n\r\n")
        if found:
            length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
            if len(body) >= length:
                return head, body
