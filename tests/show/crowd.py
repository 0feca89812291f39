"""Lean chat clients for load generators, many in one process: the part of Socket.IO over websocket that they need.

Only what our server and the peer really send is understood: unfragmented text frames, one namespace, no binary. Frames
are masked with zeros, which is a valid mask and leaves the text as it is (RFC 6455 §5.3).
"""

import asyncio
import itertools
from collections.abc import Callable
from typing import Any, cast
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import orjson

PATH = b"/chat,"
UPGRADE = (
    "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\n"
    "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\r\n"
)
"""The request for a websocket as a browser sends it, with an offer of compression that the server may decline."""

Answer = dict[str, Any]
_first = uuid4().int & ~0xFFFFFFFF
_ids = itertools.count()


class Line(asyncio.Protocol):
    """One connection of one person. `heard` holds the numbers of received messages per conversation, as they came."""

    def __init__(self, token: str, host: str) -> None:
        self.token, self._host = token, host
        self.heard: dict[str, list[int]] = {}
        self.compressed = False
        self.up: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._buffer, self._read = b"", self._greeting
        self._asked: dict[int, Callable[[Answer], None]] = {}
        self._numbers = itertools.count()

    # -- asyncio ------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send the request for a websocket."""
        self._transport = cast(asyncio.Transport, transport)
        self._transport.write(UPGRADE.format(host=self._host).encode())

    def data_received(self, data: bytes) -> None:
        """Handle the complete frames among what has arrived."""
        self._buffer += data
        while self._read():
            pass

    def connection_lost(self, reason: Exception | None) -> None:
        """Fail a connection that was not accepted yet; acknowledgements that are waited for do not come any more."""
        if not self.up.done():
            self.up.set_exception(ConnectionError(f"hung up: {reason}"))

    # -- what is asked and said -----------------------------------------------------

    def ask(self, event: str, body: Answer, then: Callable[[Answer], None]) -> None:
        """Send an event; `then` gets its acknowledgement."""
        number = next(self._numbers)
        self._asked[number] = then
        self._send(b"42%s%d%s" % (PATH, number, orjson.dumps([event, body])))

    def post(self, conversation: str, text: str, then: Callable[[Answer], None]) -> None:
        """Post a text under a new client id; `then` gets the acknowledgement."""
        client_id = str(UUID(int=_first + next(_ids), version=4))
        body = {"conversation": conversation, "client_id": client_id, "kind": "text", "text": text}
        self.ask("post", body, then)

    async def asked(self, event: str, body: Answer) -> Answer:
        """Send an event and wait for its acknowledgement."""
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self.ask(event, body, answer.set_result)
        return await answer

    async def posted(self, conversation: str, text: str) -> Answer:
        """Post a text and wait for its acknowledgement."""
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self.post(conversation, text, answer.set_result)
        return await answer

    def drop(self) -> None:
        """Cut the connection without closing it properly."""
        self._transport.abort()

    # -- the wire -------------------------------------------------------------------

    def _greeting(self) -> bool:
        head, end, rest = self._buffer.partition(b"\r\n\r\n")
        if not end:
            return False
        if b" 101 " not in head.split(b"\r\n")[0]:
            self.up.set_exception(ConnectionError(head.decode(errors="replace")[:200]))
            self._transport.abort()
            return False
        self.compressed = b"permessage-deflate" in head.lower()
        self._buffer, self._read = rest, self._frame
        return True

    def _frame(self) -> bool:
        data = self._buffer
        if len(data) < 2:
            return False
        size, start = data[1], 2
        if size > 125:
            start = 4 if size == 126 else 10
            size = int.from_bytes(data[2:start], "big")
        if len(data) < start + size:
            return False
        self._buffer = data[start + size :]
        if data[0] & 0x0F == 1:
            self._packet(data[start : start + size])
        return True

    def _packet(self, packet: bytes) -> None:
        kind = packet[:2]
        if kind == b"42":
            event, body = orjson.loads(packet[packet.index(b"[") :])
            if event == "message":
                self.heard.setdefault(body["conversation"], []).append(body["seq"])
        elif kind == b"43":
            start = packet.index(b"[")
            then = self._asked.pop(int(packet[2 + len(PATH) : start]))
            then((orjson.loads(packet[start:]) or [{}])[0])
        elif kind[:1] == b"0":
            self._send(b"40%s%s" % (PATH, orjson.dumps({"token": self.token})))
        elif kind == b"40":
            self.up.set_result(None)
        elif kind == b"44":
            self.up.set_exception(ConnectionError(packet.decode()))
        elif kind[:1] == b"2":
            self._send(b"3")

    def _send(self, packet: bytes) -> None:
        size = len(packet)
        head = b"\x81" + (bytes((0x80 | size,)) if size < 126 else b"\xfe" + size.to_bytes(2, "big"))
        self._transport.write(head + b"\0\0\0\0" + packet)


async def connect(base: str, token: str) -> Line:
    """Open a connection and wait until it is accepted. Raises ConnectionError."""
    where = urlsplit(base)
    loop = asyncio.get_running_loop()
    _, line = await loop.create_connection(lambda: Line(token, where.netloc), where.hostname, where.port)
    await line.up
    return line


async def get(base: str, path: str, token: str) -> Answer:
    """Send one GET on a connection of its own; gives the JSON. Raises ConnectionError if the status is not 200."""
    where = urlsplit(base)
    reader, writer = await asyncio.open_connection(where.hostname, where.port)
    wanted = (
        f"GET {path} HTTP/1.1\r\nHost: {where.netloc}\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\r\n"
    )
    writer.write(wanted.encode())
    head, _, body = (await reader.read()).partition(b"\r\n\r\n")
    writer.close()
    if b" 200 " not in head.split(b"\r\n")[0]:
        raise ConnectionError(head.decode(errors="replace")[:200])
    return cast(Answer, orjson.loads(_unchunked(head, body)))


def _unchunked(head: bytes, body: bytes) -> bytes:
    if b"chunked" not in head.lower():
        return body
    whole = b""
    while body:
        size, _, rest = body.partition(b"\r\n")
        length = int(size, 16)
        whole, body = whole + rest[:length], rest[length + 2 :] if length else b""
    return whole
