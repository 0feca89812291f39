"""Shows that lines which cost a stranger nothing are hung up in time, that real users go on meanwhile, and that
strangers fill no log.

`python -m tests.show.lines --seed N [--count L]` opens L lines of each sort at once: websockets that never log in
(eight kinds, drawn by the seed), heads and bodies of which a byte comes a second. It does so against `circle serve`,
against gunicorn as in the Procfile, and behind HAProxy as docs/operating.md sets it up; then it sends what is no HTTP
and no packet, and wrong passwords. Prints JSON counts; ends with status 1 if a line is left, if a user fails, or if a
line of the log is no JSON or too long, or strangers cause more log than they send.
"""

import argparse
import base64
import json
import random
import selectors
import socket
import sys
import tempfile
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import requests

from tests.chat.conformance import Line
from tests.serving import Served, haproxy, log_in_citizen
from tests.show.loopback import gunicorn

LONGEST_SECONDS = 25
"""After so long a line counts as left."""

MOST_LOGGED = 1.0
"""Bytes of log per byte that a stranger sends."""

LONGEST_LINE = 2_000
HOST = "127.0.0.1"
TOKEN = "nobody's token"


def frame(text: str | bytes, opcode: int = 1) -> bytes:
    """A masked websocket frame of up to 125 bytes (RFC 6455 §5.2), masked with zeros."""
    data = text.encode() if isinstance(text, str) else text
    return bytes((0x80 | opcode, 0x80 | len(data))) + b"\0\0\0\0" + data


def upgrade(rng: random.Random) -> bytes:
    """The request for a websocket."""
    key = base64.b64encode(rng.randbytes(16)).decode()
    return (
        f"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: {HOST}\r\nUpgrade: websocket\r\n"
        f"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n"
    ).encode()


SILENT: dict[str, tuple[bytes, bytes]] = {
    "nothing": (b"", b""),
    "half a frame": (b"\x81\xfe\x10\x00\0\0\0\0", b"4"),
    "pongs": (frame("3"), frame("3")),
    "websocket pings": (frame(b"", 9), frame(b"", 9)),
    "namespace /": (frame("40"), frame("3")),
    "another namespace": (frame("40/desk,{}"), frame("3")),
    "a wrong token": (frame(f'40/chat,{{"token":"{TOKEN}"}}'), frame("3")),
    "events without a log-in": (frame('42/chat,["typing",{}]'), frame('42/chat,["typing",{}]')),
}
"""Kinds of websockets that never log in: what they send at first, and every second."""

HEAD = f"POST /v1/sessions HTTP/1.1\r\nHost: {HOST}\r\nX-Slow: ".encode()
BODY = (
    f'POST /v1/sessions HTTP/1.1\r\nHost: {HOST}\r\nContent-Type: application/json\r\nContent-Length: 4000\r\n\r\n{{"'
).encode()

BROKEN_PACKETS = (
    "x",
    "4",
    "4x",
    "49",
    "44",
    "45-",
    "42",
    "42/chat,{",
    "40/chat,[",
    "451-[",
    "42" + "[" * 60,
    "4\n{",
)
NO_HTTP = (
    b"\r\n",
    b"GET\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
    b"GET / HTTP/9.9\r\n\r\n",
    b"GET / HTTP/1.1\r\nno colon\r\n\r\n",
    b'GET /"}\x85{"level":"error"} HTTP/1.1\r\n: x\r\n\r\n',
    b"POST /v1/sessions HTTP/1.1\r\nContent-Length: x\r\n\r\n",
    b"POST /v1/sessions HTTP/1.1\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    b"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
    b"GET /socket.io/?EIO=3&transport=polling&sid=x HTTP/1.1\r\nOrigin: http://x\r\n\r\n",
)


class Hanging:
    """One line that a stranger holds: what it sends every second, and when it was hung up."""

    def __init__(self, port: int, sort: str, first: bytes, drip: bytes, handshake: bytes = b"") -> None:
        self.sort, self.drip = sort, drip
        self.sent = len(handshake) + len(first)
        self.closed_after: float | None = None
        self.socket = socket.socket()
        self.socket.settimeout(5)
        self.opened = time.monotonic()
        try:
            self.socket.connect((HOST, port))
            if handshake:
                self.socket.sendall(handshake)
                self.socket.recv(65_536)
            self.socket.sendall(first)
        except OSError:
            self.end()
        else:
            self.socket.setblocking(False)

    def end(self) -> None:
        """It was hung up."""
        if self.closed_after is None:
            self.closed_after = time.monotonic() - self.opened
            self.socket.close()

    def look(self) -> None:
        """Take what came, and note the end."""
        try:
            if not self.socket.recv(65_536):
                self.end()
        except BlockingIOError:
            pass
        except OSError:
            self.end()

    def send(self) -> None:
        """Send what this sort sends every second."""
        try:
            if self.drip:
                self.sent += self.socket.send(self.drip)
        except BlockingIOError:
            pass
        except OSError:
            self.end()


def hanging(port: int, rng: random.Random, count: int) -> list[Hanging]:
    """`count` lines of each sort."""
    lines = []
    for _ in range(count):
        kind = rng.choice(list(SILENT))
        first, drip = SILENT[kind]
        lines.append(Hanging(port, "silent_websockets", first, drip, upgrade(rng)))
        lines.append(Hanging(port, "slow_heads", HEAD[: rng.randrange(1, len(HEAD))], b"a"))
        lines.append(Hanging(port, "slow_bodies", BODY, b"a"))
    return lines


def wait(lines: list[Hanging], seconds: float) -> dict[str, Any]:
    """Wait until all are hung up; gives for each sort how many were, how many are left, and the longest in seconds."""
    end, next_drip = time.monotonic() + seconds, time.monotonic()
    with selectors.DefaultSelector() as selector:
        for line in lines:
            if line.closed_after is None:
                selector.register(line.socket, selectors.EVENT_READ, line)
        while selector.get_map() and time.monotonic() < end:
            for key, _ in selector.select(0.1):
                key.data.look()
            if time.monotonic() >= next_drip:
                next_drip += 1
                for line in [key.data for key in selector.get_map().values()]:
                    line.send()
            for key in [key for key in selector.get_map().values() if key.data.closed_after is not None]:
                selector.unregister(key.fileobj)
    report: dict[str, Any] = {}
    for sort in sorted({line.sort for line in lines}):
        ends = [line.closed_after for line in lines if line.sort == sort]
        closed = [after for after in ends if after is not None]
        report[sort] = {"opened": len(ends), "hung_up": len(closed), "left": len(ends) - len(closed)}
        report[sort]["longest_s"] = round(max(closed), 1) if closed else None
    for line in lines:
        line.socket.close()
    return report


class Users:
    """Somebody who reads pages, asks, and logs in to the live line, again and again."""

    def __init__(self, base: str, token: str) -> None:
        self._base, self._token, self._over = base, token, threading.Event()
        self.answered, self.failed, self.longest = 0, list[str](), 0.0
        self._thread = threading.Thread(target=self._go_on)

    def __enter__(self) -> "Users":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _go_on(self) -> None:
        while not self._over.wait(0.2):
            begun = time.monotonic()
            try:
                requests.get(f"{self._base}/v1/matters", timeout=20).raise_for_status()
                line = Line(self._base, self._token)
                answer = line.ask("join", {"conversation": "nowhere"})
                line.close()
                assert answer["code"] == "not_found", answer
                self.answered += 1
            except Exception as error:
                self.failed.append(f"{type(error).__name__}: {error}"[:200])
            self.longest = max(self.longest, time.monotonic() - begun)

    def report(self) -> dict[str, Any]:
        """How often it went well, what failed, and the longest in seconds."""
        return {"went_well": self.answered, "failed": self.failed, "longest_s": round(self.longest, 1)}


def send(port: int, *pieces: bytes) -> int:
    """Send the pieces on one connection, wait a moment for the end; gives the number of bytes sent."""
    sent = 0
    with socket.create_connection((HOST, port), timeout=5) as line, suppress(OSError):
        for piece in pieces:
            line.sendall(piece)
            sent += len(piece)
            line.settimeout(0.3)
            line.recv(65_536)
        while line.recv(65_536):
            pass
    return sent


def flood(port: int, rng: random.Random, count: int) -> int:
    """Send what is no HTTP, what is no packet, and wrong passwords, `count` of each; gives the bytes sent."""
    sent: Counter[str] = Counter()
    for _ in range(count):
        sent["no_http"] += send(port, rng.choice(NO_HTTP))
        sent["no_packet"] += send(port, upgrade(rng), frame(rng.choice([*BROKEN_PACKETS, "9"])) * 20)
        body = json.dumps({"username": "admin", "password": f"wrong-{rng.random()}"}).encode()
        requests.post(
            f"http://{HOST}:{port}/v1/staff/sessions", body, headers={"Content-Type": "application/json"}, timeout=60
        )
        sent["wrong_passwords"] += len(body) + 200
    return sum(sent.values())


def judge(lines: list[str], sent: int) -> dict[str, Any]:
    """What was logged: lines, bytes, bytes per byte sent, lines that are no JSON, the longest line."""
    size = sum(len(line.encode()) + 1 for line in lines)
    plain = [line[:200] for line in lines if not _is_json(line)]
    return {
        "bytes_sent": sent,
        "lines": len(lines),
        "bytes_logged": size,
        "logged_per_byte": round(size / sent, 2),
        "plain": len(plain),
        "plain_examples": plain[:3],
        "longest_line": max(map(len, lines), default=0),
    }


def _is_json(line: str) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except ValueError:
        return False


def attack(base: str, token: str, rng: random.Random, count: int) -> tuple[dict[str, Any], int]:
    """All attacks on one address; gives the counts, and the bytes that the strangers sent."""
    port = int(base.rsplit(":", 1)[1])
    Line(base, token).close()
    with Users(base, token) as users:
        lines = hanging(port, rng, count)
        report = wait(lines, LONGEST_SECONDS)
    sent = sum(line.sent for line in lines) + flood(port, rng, max(1, count // 5))
    return {**report, "users": users.report()}, sent


def run(seed: int, count: int, folder: Path) -> dict[str, Any]:
    """Attack `circle serve`, then gunicorn directly and behind HAProxy at once; gives the counts by arrangement."""
    served = Served(folder).start()
    try:
        token = log_in_citizen(served, "13800138000").token
        begun = len(served.lines)
        direct, sent = attack(served.base, token, random.Random(seed), count)
        direct["log"] = judge(served.lines[begun:], sent)
    finally:
        served.stop()
    log = folder / "log"
    environ = {"CIRCLE_DEV": "1", "CIRCLE_VAR": str(folder / "var"), "CIRCLE_KEYS": str(folder / "keys")}
    with (
        gunicorn("api.wsgi:app", log, TRUSTED_PROXIES=HOST, **environ) as server,
        haproxy(folder, *[f"http://{HOST}:{server.port}"] * 2) as before,
        ThreadPoolExecutor(2) as pool,
    ):
        bases = (f"http://{HOST}:{server.port}", before)
        begun = len(log.read_text().splitlines())
        reports = list(pool.map(lambda base: attack(base, token, random.Random(seed), count), bases))
        lines = log.read_text().split("\n")[:-1]
        plain = [line for line in lines[:begun] if not _is_json(line)]
    (alone, sent), (behind, sent_behind) = reports
    logged = {**judge(lines[begun:], sent + sent_behind), "plain_at_start": plain}
    report = {"circle_serve": direct, "gunicorn": {**alone, "log": logged}, "haproxy": {**behind, "log": logged}}
    return {"seed": seed, "lines_of_each_sort": count, **report, "kept": all(map(kept, report.values()))}


def kept(part: dict[str, Any]) -> bool:
    """Whether every promise was kept in one arrangement."""
    log, users = part["log"], part["users"]
    return (
        bool(users["went_well"])
        and not users["failed"]
        and not any(part[sort]["left"] for sort in ("silent_websockets", "slow_heads", "slow_bodies"))
        and not log["plain"]
        and log["longest_line"] <= LONGEST_LINE
        and log["logged_per_byte"] <= MOST_LOGGED
    )


def main() -> None:
    """Print the counts; exit status 1 if one of the promises is broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=200)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        report = run(arguments.seed, arguments.count, Path(folder))
    print(json.dumps(report, indent=1, ensure_ascii=False))
    sys.exit(not report["kept"])


if __name__ == "__main__":
    main()
