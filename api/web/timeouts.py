"""How long a request may take to arrive, and its answer to leave, under gevent: head, body, response.

`timed` bounds bodies and responses under both servers, gunicorn and gevent's own; `Handler` bounds what gevent's own
server (`circle serve`) would wait for without end: the head, the next request, and a body that nobody read. gunicorn
bounds these three by its `keepalive` (2 s).
"""

import errno
import logging
import socket
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import Any

import gevent
from gevent.pywsgi import Input

from api.refusals import Refusal
from api.web.framing import StrictHandler

log = logging.getLogger("circle.http")

HEAD_SECONDS = 10
"""From the connection, or the first byte of a later request, to the end of the head."""

KEPT_SECONDS = 30
"""How long a connection may wait for its next request."""

BODY_SECONDS = 10
BODY_BYTES_A_SECOND = 1_000
"""A body has this many seconds, and one more for each so many bytes that came."""

REST_SECONDS = 2
"""How long the rest of a body that nobody read is awaited, so that the client gets the answer before the end."""

PIECE_BYTES = 4 * 1024
RESPONSE_PIECE_BYTES = 64 * 1024
RESPONSE_PIECE_SECONDS = 60
"""How long a client may take for each piece of an answer."""

SOCKET = "circle.socket"
"""The key of the connection's socket in the WSGI environment; `gunicorn.socket` under gunicorn."""

REFUSED = b"HTTP/1.1 %s\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"

Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class BodyTooSlow(Refusal):
    """The body of a request came too slowly."""

    code = "body_too_slow"
    zh = "内容发送得太慢，连接已断开。请换个网络好的地方再试。"
    en = "The request came too slowly and was given up. Try again where the network is better."


class TimedBody:
    """The body of a request, read in pieces, each within the seconds that are left."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self._seconds = float(BODY_SECONDS)

    def read(self, size: int | None = -1) -> bytes:
        """Up to `size` bytes, or all. Raises BodyTooSlow."""
        if size is not None and 0 <= size <= PIECE_BYTES:
            return self._timed(self._stream.read, size)
        left, pieces = -1 if size is None else size, []
        while left and (piece := self._timed(self._stream.read, PIECE_BYTES if left < 0 else min(left, PIECE_BYTES))):
            pieces.append(piece)
            left -= len(piece) if left > 0 else 0
        return b"".join(pieces)

    def readline(self, size: int = -1) -> bytes:
        """The next line, PIECE_BYTES of it at most. Raises BodyTooSlow."""
        return self._timed(self._stream.readline, PIECE_BYTES if size < 0 else min(size, PIECE_BYTES))

    def readlines(self, hint: int = -1) -> list[bytes]:
        """All lines. Raises BodyTooSlow."""
        return list(self)

    def __iter__(self) -> Iterator[bytes]:
        while line := self.readline():
            yield line

    def _timed(self, read: Callable[[int], bytes], size: int) -> bytes:
        begun = time.monotonic()
        with gevent.Timeout(max(self._seconds, 0.001), BodyTooSlow):
            data = read(size)
        self._seconds += len(data) / BODY_BYTES_A_SECOND - (time.monotonic() - begun)
        return data


class Pieces:
    """A response whose long parts are cut into pieces, since the time limit of a socket holds for each."""

    def __init__(self, response: Iterable[bytes]) -> None:
        self._response = response
        self.close: Callable[[], None] = getattr(response, "close", lambda: None)

    def __iter__(self) -> Iterator[bytes]:
        for part in self._response:
            if len(part) <= RESPONSE_PIECE_BYTES:
                yield part
            else:
                for start in range(0, len(part), RESPONSE_PIECE_BYTES):
                    yield part[start : start + RESPONSE_PIECE_BYTES]


def timed(wsgi: Wsgi, untimed: str) -> Wsgi:
    """WSGI middleware that bounds how long a body and a response take. Below the path `untimed` a line stays open."""

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        line: socket.socket = environ.get("gunicorn.socket") or environ[SOCKET]
        if environ["PATH_INFO"].startswith(untimed):
            line.settimeout(None)
            return wsgi(environ, start_response)
        line.settimeout(RESPONSE_PIECE_SECONDS)
        if environ.get("CONTENT_LENGTH") or "HTTP_TRANSFER_ENCODING" in environ:
            environ["wsgi.input"] = TimedBody(environ["wsgi.input"])
        response = wsgi(environ, start_response)
        if isinstance(response, environ.get("wsgi.file_wrapper", ())):
            return response  # gunicorn sends it in pieces
        return Pieces(response)

    return app


class Handler(StrictHandler):
    """gevent's handler of one connection, with limits of time, and without its plain lines about bad requests."""

    wsgi_input: Input
    close_connection: bool
    _kept = False

    def handle_one_request(self) -> Any:
        """Read and answer one request."""
        self.socket.settimeout(None)  # the last answer may have set one
        self._timer = gevent.Timeout.start_new(KEPT_SECONDS if self._kept else HEAD_SECONDS, TimeoutError)
        try:
            return super().handle_one_request()
        finally:
            self._timer.cancel()

    def read_requestline(self) -> str:
        """The first line. Raises TimeoutError."""
        if self._kept:
            self.rfile.peek(1)
            self._timer.cancel()
            self._timer = gevent.Timeout.start_new(HEAD_SECONDS, TimeoutError)
        self._kept = True
        return str(super().read_requestline())

    def get_environ(self) -> dict[str, Any]:
        """The WSGI environment; the head is complete."""
        self._timer.cancel()
        environ: dict[str, Any] = super().get_environ()
        environ[SOCKET] = self.socket
        return environ

    def run_application(self) -> None:
        """Have the request answered, and read what is left of its body, for a moment. After a websocket comes none."""
        self.close_connection = self.close_connection or "HTTP_UPGRADE" in self.environ
        try:
            super().run_application()
        finally:
            self._read_rest()

    def _read_rest(self) -> None:
        with suppress(OSError), gevent.Timeout(REST_SECONDS, False):
            self.wsgi_input._discard()
            return
        self.close_connection = True
        self.wsgi_input = Input(self.rfile, 0)

    def _sendall(self, data: bytes) -> None:
        try:
            super()._sendall(data)
        except TimeoutError:
            raise ConnectionResetError(errno.ECONNRESET, "the client does not take the answer") from None

    def _handle_client_error(self, error: Exception) -> tuple[str, bytes]:
        log.warning("what is no HTTP, or too slow, was refused", extra={"error": type(error).__name__})
        status = b"408 Request Timeout" if isinstance(error, TimeoutError) else b"400 Bad Request"
        return status[:3].decode(), REFUSED % status
