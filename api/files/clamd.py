"""A client of clamd, ClamAV's scanner: its socket, and the two of its commands that are used (clamd(8), INSTREAM).

The kept client library is GPL-2.0-only, which this program does not link; the protocol is four bytes of length before
each piece, and one line as the answer.
"""

import re
import socket
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import NamedTuple

CONNECT_SECONDS = 5.0
ANSWER_SECONDS = 150.0
"""Longer than a scan takes by clamd's own limit (MaxScanTime, 120 s)."""
MOST_ANSWER = 4096
EICAR = "".join(("X5O!P%@AP[4", r"\PZX54(P^)7CC)7}$EICAR-STANDARD-", "ANTIVIRUS-TEST-FILE!$H+H*")).encode()
"""The harmless file that every scanner must report (https://www.eicar.org/), in pieces lest one reports this file."""

VERDICT = re.compile(r"stream: (?:(?P<threat>.+) FOUND|OK)")
VERSION = re.compile(r"(ClamAV [^/]+)(?:/\d+/(.+))?")


class ScannerDown(Exception):
    """clamd gave no verdict: it does not answer, or says that it failed. The file is neither clean nor refused."""


class NoVerdict(ScannerDown):
    """clamd answered, but gave no verdict on this file: it broke off, took too long, or says that it failed."""


class ScannerVersion(NamedTuple):
    """The program, and when its signatures were made; None if clamd does not say."""

    program: str
    signatures_at: datetime | None


class Clamd:
    """clamd behind the path of a Unix socket, or `host:port`."""

    def __init__(self, address: str) -> None:
        self._address = address

    def scan(self, pieces: Iterable[bytes]) -> str | None:
        """The name of the virus in these bytes, None if clamd calls them clean. Raises ScannerDown, NoVerdict."""
        with self._connected() as line:
            with suppress(BrokenPipeError, ConnectionResetError):  # it may answer before the end, e.g. size limit
                line.sendall(b"zINSTREAM\0")
                for piece in filter(None, pieces):
                    line.sendall(len(piece).to_bytes(4, "big") + piece)
                line.sendall(bytes(4))
            answer = _answer(line)
        verdict = VERDICT.fullmatch(answer)
        if verdict is None:
            raise NoVerdict(f"clamd says: {answer[:200]}")
        return verdict["threat"]

    def version(self) -> ScannerVersion:
        """Which clamd answers, and how old its signatures are. Raises ScannerDown."""
        with self._connected() as line:
            line.sendall(b"zVERSION\0")
            answer = _answer(line)
        match = VERSION.fullmatch(answer)
        if match is None:
            raise ScannerDown(f"clamd says: {answer[:200]}")
        return ScannerVersion(match[1], _time(match[2]))

    @contextmanager
    def _connected(self) -> Iterator[socket.socket]:
        """A connection for a `with` block; without one it is ScannerDown, and what goes wrong with it NoVerdict."""
        try:
            line = self._socket()
        except OSError as error:
            raise ScannerDown(f"{self._address}: {error.strerror or error}") from error
        try:
            with line:
                line.settimeout(ANSWER_SECONDS)
                yield line
        except OSError as error:
            raise NoVerdict(f"{self._address}: {error.strerror or error}") from error

    def _socket(self) -> socket.socket:
        if not self._address.startswith("/"):
            host, _, port = self._address.rpartition(":")
            return socket.create_connection((host.strip("[]"), int(port)), CONNECT_SECONDS)
        line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            line.settimeout(CONNECT_SECONDS)
            line.connect(self._address)
        except OSError:
            line.close()
            raise
        return line


def _answer(line: socket.socket) -> str:
    """One answer, which ends with a zero byte. Raises NoVerdict if the connection ends before."""
    answer = b""
    while not answer.endswith(b"\0"):
        piece = line.recv(MOST_ANSWER)
        if not piece or len(answer) > MOST_ANSWER:
            raise NoVerdict("clamd ended the connection without an answer")
        answer += piece
    return answer[:-1].decode(errors="replace").strip()


def _time(text: str | None) -> datetime | None:
    """`Sun Nov 29 08:12:05 2026`, as clamd writes it whatever its locale; taken as UTC, since only days count here."""
    with suppress(ValueError):
        return datetime.strptime(text or "", "%a %b %d %H:%M:%S %Y").replace(tzinfo=UTC)
    return None
