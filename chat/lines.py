"""The lines (websockets) of this process: how many a network address and a person may hold, and which are hung up.

A line is inside while somebody is logged in to `/chat` by it. One that stays outside is hung up after OUTSIDE_SECONDS,
and gives way to newer ones before that where too many are outside. Hanging up closes the TCP connection, which the
library leaves to the client.
"""

import json
import logging
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any, Protocol

from chat.limits import LineLimits
from chat.ports import Document
from chat.refusals import TooManyLines

log = logging.getLogger("circle.chat")

ENDPOINT = "/socket.io/"
LINE = "circle.line"
"""The key of a line in the WSGI environment of its request."""

OUTSIDE_SECONDS = 10
PARTING_SECONDS = 1
"""How long a line may last whose end was decided: until then the last packets go out."""

CHECK_SECONDS = 0.5
MOST_REFUSED = 3
"""How many log-ins are refused on one line before it is hung up."""

Wsgi = Callable[[Document, Callable[..., Any]], Iterable[bytes]]


class Websocket(Protocol):
    """The part of a simple_websocket.Server that hanging up needs."""

    connected: bool
    input_buffer: list[Any]
    event: Any
    sock: socket.socket


class Line:
    """One websocket: the network that it comes from, the person who is logged in by it, and the connection beneath."""

    def __init__(self, network: str) -> None:
        self.network = network
        self.person: str | None = None
        self.refused = 0
        self._websocket: Websocket | None = None
        self._ended = False

    def carry(self, websocket: Websocket) -> None:
        """Take the websocket once its handshake is done."""
        self._websocket = websocket
        if self._ended:
            self.hang_up()

    def hang_up(self) -> None:
        """Close the connection at once. What the peer sent and nobody read is dropped."""
        self._ended = True
        websocket = self._websocket
        if websocket is None:
            return
        websocket.connected = False
        websocket.input_buffer.clear()
        websocket.event.set()
        with suppress(OSError):
            websocket.sock.shutdown(socket.SHUT_RDWR)


class OpenLines:
    """The lines of this process. `network_of` gives what an address counts as.

    For an address that `spares` accepts, the limits per address do not hold.
    """

    def __init__(
        self,
        limits: LineLimits,
        network_of: Callable[[str], str],
        spares: Callable[[str], bool] = lambda address: False,
    ) -> None:
        self._limits, self._network_of = limits, network_of
        self._spares = spares
        self._lock = threading.Lock()
        self._open: set[Line] = set()
        self._by_network = Counter[str]()
        self._by_person = Counter[str]()
        self._due: dict[Line, float] = {}
        """When each line outside is hung up; the oldest first."""

    def open(self, address: str) -> Line:
        """Take a new line. Raises TooManyLines."""
        line = Line("" if self._spares(address) else self._network_of(address))
        with self._lock:
            self._make_room(line.network)
            self._open.add(line)
            self._by_network[line.network] += 1
            self._due[line] = time.monotonic() + OUTSIDE_SECONDS
        return line

    def enter(self, line: Line, person: str) -> None:
        """Somebody is logged in by this line. Raises TooManyLines."""
        with self._lock:
            if line not in self._open:  # no line of ours, as in a test without a network
                return
            if self._by_person[person] >= self._limits.a_person:
                raise TooManyLines(retry_after=OUTSIDE_SECONDS)
            self._by_person[person] += 1
            line.person = person
            self._due.pop(line, None)

    def leave(self, line: Line) -> None:
        """Nobody is logged in by this line any more."""
        self._await_end(line, OUTSIDE_SECONDS)

    def part(self, line: Line) -> None:
        """The library is done with this line."""
        self._await_end(line, PARTING_SECONDS)

    def refuse(self, line: Line) -> None:
        """A log-in was refused on this line."""
        line.refused += 1
        if line.refused >= MOST_REFUSED:
            self.part(line)

    def close(self, line: Line) -> None:
        """Forget a line whose request has ended."""
        with self._lock:
            self._open.discard(line)
            self._due.pop(line, None)
            self._forget_person(line)
            _decrement(self._by_network, line.network)

    def hang_up_due(self) -> None:
        """Hang up the lines that have been outside for too long."""
        now = time.monotonic()
        with self._lock:
            for line in [line for line, due in self._due.items() if due <= now]:
                self._end(line)

    def watch(self) -> None:
        """Hang up what is due, for ever."""
        pause = threading.Event()
        while not pause.wait(CHECK_SECONDS):
            try:
                self.hang_up_due()
            except Exception:
                log.exception("a check of the lines failed")

    def _make_room(self, network: str) -> None:
        """Hang up the oldest lines outside where those are too many. Raises TooManyLines where there is no room."""
        limits = self._limits
        if network and self._by_network[network] >= limits.outside_an_address:
            outside = [line for line in self._due if line.network == network]
            if len(outside) >= limits.outside_an_address:
                self._end(outside[0])
            elif self._by_network[network] >= limits.an_address:
                raise TooManyLines(retry_after=OUTSIDE_SECONDS)
        if len(self._due) >= limits.outside:
            self._end(next(iter(self._due)))
        elif len(self._open) >= limits.in_all:
            raise TooManyLines(retry_after=OUTSIDE_SECONDS)

    def _await_end(self, line: Line, seconds: float) -> None:
        """Have the line hung up after so many seconds, unless somebody is logged in by it again."""
        with self._lock:
            self._forget_person(line)
            if line in self._open:
                self._due.pop(line, None)
                self._due[line] = time.monotonic() + seconds

    def _end(self, line: Line) -> None:
        self._due.pop(line, None)
        line.hang_up()

    def _forget_person(self, line: Line) -> None:
        if line.person is not None:
            _decrement(self._by_person, line.person)
            line.person = None


def counted(
    wsgi: Wsgi,
    lines: OpenLines,
    begin_watch: Callable[[], None],
    language_of: Callable[[str], str],
    note: Callable[[TooManyLines, Document], object],
) -> Wsgi:
    """WSGI middleware that counts the requests for a websocket, and refuses one too many, which `note` hears of.

    It declines permessage-deflate too, which costs a quarter of the CPU for messages this small.
    """

    def app(environ: Document, start_response: Any) -> Iterable[bytes]:
        if not environ["PATH_INFO"].startswith(ENDPOINT):
            return wsgi(environ, start_response)
        environ.pop("HTTP_SEC_WEBSOCKET_EXTENSIONS", None)
        begin_watch()
        try:
            line = environ[LINE] = lines.open(environ.get("REMOTE_ADDR", ""))
        except TooManyLines as refusal:
            note(refusal, environ)
            return _refused(refusal, language_of(environ.get("HTTP_ACCEPT_LANGUAGE", "")), start_response)
        try:
            return wsgi(environ, start_response)
        finally:
            lines.close(line)

    return app


def _refused(refusal: TooManyLines, language: str, start_response: Any) -> list[bytes]:
    """The refusal as RFC 9457, in the shape of every other; a script of a page never gets to see it."""
    words = {"title": refusal.words[language], "detail": refusal.words[language]}
    problem = {"type": f"/docs#problem-{refusal.code}", "status": 429, "code": refusal.code, **words}
    body = json.dumps(problem, ensure_ascii=False).encode()
    headers = [("Content-Type", "application/problem+json"), ("Content-Length", str(len(body)))]
    headers += [("Retry-After", str(refusal.retry_after)), ("Connection", "close")]
    start_response("429 Too Many Requests", headers)
    return [body]


def _decrement(counter: Counter[str], key: str) -> None:
    counter[key] -= 1
    if counter[key] <= 0:
        del counter[key]
