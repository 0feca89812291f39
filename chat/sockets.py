"""Attaches the Socket.IO server to the app: options, JSON, the relay to other processes, periodic checks.

Only this file, the namespace and the relay know Socket.IO.
"""

import json
import logging
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Any

import orjson
import socketio
from flask import Flask
from flask_socketio import SocketIO

from chat.desk import presence
from chat.limits import MOST_BYTES, MOST_UNSENT, LineLimits
from chat.lines import LINE, Line, OpenLines, Wsgi, counted
from chat.live.relay import Relay
from chat.namespace import PATH, ActorOf, ChatSocket, LanguageOf, NoteRefusal, WordsOf
from chat.ports import Document
from chat.refusals import TooManyLines
from chat.service import Chat
from chat.talk.access import EVENT_ROLES
from chat.talk.conversation import Conversation

log = logging.getLogger("circle.chat")

PING_SECONDS = 25
PONG_SECONDS = 20
TICK_SECONDS = 1
CATCH_UP_SECONDS = 5
"""How often a process looks for slow connections, and for what Redis lost."""


EVENT_PACKETS = {socketio.packet.EVENT, socketio.packet.BINARY_EVENT}
NO_EVENT = ""
"""The name of an event that has no handler."""


LIBRARY = logging.getLogger("socketio.server")
LIBRARY.setLevel(logging.ERROR)
"""What the libraries log. Handed to them, so that they add no handler of their own, which writes plain lines."""


class BrokenPacket(ValueError):
    """A client sent what is no packet of Socket.IO."""


class LeanJson:
    """orjson as the JSON of the socket."""

    @staticmethod
    def dumps(value: Any, **_: Any) -> str:
        """JSON without blanks."""
        return orjson.dumps(value).decode()

    @staticmethod
    def loads(text: str | bytes) -> Any:
        """Parse JSON. Lone surrogates, which orjson refuses, are let through: the rules refuse them by field."""
        try:
            return orjson.loads(text)
        except orjson.JSONDecodeError:
            return json.loads(text)


class LeanPacket(socketio.packet.Packet):
    """A packet that is never searched for binary parts: there are none.

    An event that no client may send loses its name and arguments. The library would call its own handlers of
    `connect` and `disconnect` for a client's event of that name.
    """

    uses_binary_events = False
    json = LeanJson
    data: Any

    def decode(self, encoded_packet: str) -> int:
        """Decode a received packet; return the number of binary parts that follow. Raises BrokenPacket."""
        try:
            attachments: int = super().decode(encoded_packet)
        except (ValueError, TypeError, RecursionError) as error:
            raise BrokenPacket from error
        if self.packet_type in EVENT_PACKETS and not _is_sent_by_clients(self.data):
            if not isinstance(self.data, list):
                raise BrokenPacket
            self.data = [NO_EVENT]
        return attachments


def attach(
    app: Flask,
    chat: Chat,
    actor_of: ActorOf,
    *,
    language_of: LanguageOf,
    note_refusal: NoteRefusal,
    network_of: Callable[[str], str],
    mode: str,
    words_of: WordsOf = lambda reason, language: reason,
    acted: Callable[[Any], object] = lambda actor: None,
    redis_url: str | None = None,
    cors_origins: list[str] | None = None,
    limits: LineLimits | None = None,
    spares: Callable[[str], bool] = lambda address: False,
) -> SocketIO:
    """Attach the socket to the app. `mode` is gevent, or threading in tests; websocket is the only transport.

    `note_refusal(person, refusal, environ)` hears of each event and each line that is refused. `network_of` gives what
    a network address counts as, `words_of` why a field is refused in a language. `acted(actor)` is told of each event
    that a person causes. `cors_origins` None allows the page's own origin alone.
    With `redis_url` processes relay to one another. Limits per address do not hold for one that `spares` accepts.
    """
    relay = _relay(redis_url, chat, lambda command: _obey(chat, socket, command)) if redis_url else None
    sockets = SocketIO(
        app,
        async_mode=mode,
        async_handlers=False,
        transports=["websocket"],
        serializer=LeanPacket,
        client_manager=relay,
        cors_allowed_origins=cors_origins,
        ping_interval=PING_SECONDS,
        ping_timeout=PONG_SECONDS,
        max_http_buffer_size=MOST_BYTES,
        namespaces=[PATH],
        logger=LIBRARY,
        engineio_logger=LIBRARY,
    )
    lines = OpenLines(limits or LineLimits(), network_of, spares)
    begin_watch = _once(lambda: sockets.start_background_task(lines.watch))
    wsgi = counted(app.wsgi_app, lines, begin_watch, language_of, partial(note_refusal, ""))
    app.wsgi_app = wsgi  # type: ignore[method-assign,assignment]
    socket = ChatSocket(chat, sockets.server, actor_of, language_of, note_refusal, acted, words_of)
    _guard(sockets.server, lines)
    _register(sockets, socket, chat, lines, language_of, note_refusal)
    _connect_hints(sockets, socket, chat)
    if relay is not None:
        _share(chat, socket, relay)
    return sockets


def _is_sent_by_clients(data: Any) -> bool:
    """Whether the data of an event packet, [name, argument …], names an event that clients may send."""
    return isinstance(data, list) and bool(data) and isinstance(data[0], str) and data[0] in EVENT_ROLES


def _register(
    sockets: SocketIO,
    socket: ChatSocket,
    chat: Chat,
    lines: OpenLines,
    language_of: LanguageOf,
    note_refusal: NoteRefusal,
) -> None:
    server = sockets.server
    checks = ConnectionChecks(socket, chat, server.eio)
    chat.live.end = checks.end

    def connect(sid: str, environ: Document, auth: Any = None) -> None:
        checks.begin()
        line = environ.get(LINE) or Line("")
        try:
            socket.connect(sid, environ, auth)
            lines.enter(line, socket.person(sid))
        except socketio.exceptions.ConnectionRefusedError:
            lines.refuse(line)
            raise
        except TooManyLines as refusal:
            note_refusal(socket.person(sid), refusal, environ)
            socket.disconnect(sid)
            lines.refuse(line)
            raise _refused(refusal, language_of(environ.get("HTTP_ACCEPT_LANGUAGE", ""))) from None

    def disconnect(sid: str, *_: Any) -> None:
        socket.disconnect(sid)
        lines.leave((server.get_environ(sid, PATH) or {}).get(LINE) or Line(""))

    server.on("connect", connect, namespace=PATH)
    server.on("disconnect", disconnect, namespace=PATH)
    for event in socket.acts:
        server.on(event, socket.handler(event), namespace=PATH)


def _refused(refusal: TooManyLines, language: str) -> socketio.exceptions.ConnectionRefusedError:
    detail = refusal.words[language]
    answer = {"ok": False, "code": refusal.code, "detail": detail, "retry_after": refusal.retry_after}
    return socketio.exceptions.ConnectionRefusedError(detail, answer)


def _guard(server: Any, lines: OpenLines) -> None:
    """Have a line really hung up: on its first broken packet, where its websocket fails, and once it is disconnected.

    The library goes on after a broken packet, never forgets a connection whose websocket failed, and leaves it to the
    client to close what it has disconnected.
    """
    engine = server.eio
    handle, forget, driver = engine.handlers["message"], engine.handlers["disconnect"], engine._async["websocket"]

    def line_of(sid: str) -> Line:
        line: Line = server.environ.get(sid, {}).get(LINE) or Line("")
        return line

    def take(sid: str, packet: str | bytes) -> None:
        try:
            handle(sid, packet)
        except Exception as error:
            _log_broken(error)
            line_of(sid).hang_up()

    def end(sid: str, reason: str) -> None:
        line = line_of(sid)
        forget(sid, reason)
        lines.part(line)

    engine.on("message", take)
    engine.on("disconnect", end)
    engine._async = {**engine._async, "websocket": lambda run, _: _websocket(driver, run, line_of)}


def _websocket(driver: Callable[..., Any], run: Callable[[Any], Any], line_of: Callable[[str], Line]) -> Wsgi:
    """The library's WSGI app of one websocket. `run` is the method of the connection that serves it until it ends."""
    connection: Any = run.__self__  # type: ignore[attr-defined]
    line = line_of(connection.sid)

    def guarded(carrier: Any) -> Any:
        line.carry(carrier.ws)
        try:
            return run(carrier)
        except Exception as error:
            _log_broken(error)
            return []
        finally:
            connection.close(wait=False, abort=True)
            line.hang_up()

    websocket = driver(guarded, connection.server)
    websocket.server_args["max_message_size"] = MOST_BYTES

    def app(environ: Document, start_response: Any) -> Iterable[bytes]:
        try:
            response: Iterable[bytes] = websocket(environ, start_response)
        except (StopIteration, ConnectionError):  # how gunicorn and Werkzeug are told that there is no more to answer
            raise
        except Exception:
            log.warning("a line was hung up: its handshake failed")
            connection.close(wait=False, abort=True)
            start_response("400 Bad Request", [("Content-Length", "0"), ("Connection", "close")])
            return [b""]
        return response

    return app


def _log_broken(error: Exception) -> None:
    """One line without a word of what was sent; with the place, where it is no broken packet but may be our fault."""
    place = None if isinstance(error, ValueError) else error
    log.warning("a line was hung up: it sent what is no packet", exc_info=place)


def _connect_hints(sockets: SocketIO, socket: ChatSocket, chat: Chat) -> None:
    """Have the hints emitted through this server."""

    def emit(event: str, payload: Document, rooms: Sequence[str], *, skip: str | None = None) -> None:
        sockets.server.emit(event, payload, to=list(rooms), namespace=PATH, skip_sid=skip)

    def emit_here(event: str, payload: Document, rooms: Sequence[str]) -> None:
        sockets.server.emit(event, payload, to=list(rooms), namespace=PATH, ignore_queue=True)

    hints = chat.live
    hints.emit, hints.emit_here, hints.connected = emit, emit_here, socket.connected
    hints.revoke, hints.drop_readers = socket.revoke, socket.drop_readers


def _share(chat: Chat, socket: ChatSocket, relay: Relay) -> None:
    """With other processes: what concerns connections is done here, and sent to them as a command."""

    def revoke(session: str) -> None:
        socket.revoke(session)
        relay.send_command({"ended": session})

    def drop_readers(conversation: Conversation) -> None:
        socket.drop_readers(conversation)
        relay.send_command({"parted": conversation.id})

    end_checks = chat.live.end

    def end() -> None:
        end_checks()
        relay.end()

    chat.live.revoke, chat.live.drop_readers, chat.live.end = revoke, drop_readers, end
    chat.share()


def _relay(url: str, chat: Chat, on_command: Callable[[Document], None]) -> Relay:
    """A relay that tells the chat which messages and receipts other processes sent."""

    def on_emit(packet: Document) -> None:
        if packet["event"] == "message":
            chat.heard_messages(packet["data"])
        elif packet["event"] == "receipt":
            for receipt in packet["data"]:
                chat.heard_receipt(receipt)

    return Relay(url, on_emit=on_emit, on_command=on_command)


def _obey(chat: Chat, socket: ChatSocket, command: Document) -> None:
    """Do what another process's command says about connections."""
    if "ended" in command:
        socket.revoke(command["ended"])
    if "parted" in command:
        conversation = chat.moved_elsewhere(command["parted"])
        if conversation is not None:
            socket.drop_readers(conversation)


class ConnectionChecks:
    """Runs the checks of this process's connections in a thread, from the first connection (a server may fork before)
    until `end`."""

    def __init__(self, socket: ChatSocket, chat: Chat, engine: Any) -> None:
        self._socket, self._chat, self._engine = socket, chat, engine
        self._lock, self._ended = threading.Lock(), threading.Event()
        self._thread: threading.Thread | None = None

    def begin(self) -> None:
        """Start the thread, unless it was started or ended before."""
        with self._lock:
            if self._thread is None and not self._ended.is_set():
                self._chat.begin_catching_up()
                self._thread = threading.Thread(target=self._run, name="chat-checks", daemon=True)
                self._thread.start()

    def end(self) -> None:
        """End the thread after its current check."""
        with self._lock:
            self._ended.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        seconds = 0
        while not self._ended.wait(TICK_SECONDS):
            seconds += TICK_SECONDS
            for check in self._due(seconds):
                try:
                    check()
                except Exception:
                    log.exception("a check of the connections failed")

    def _due(self, seconds: int) -> Iterator[Callable[[], object]]:
        """The checks that are due in this second."""
        yield self._chat.tell_queues
        if seconds % CATCH_UP_SECONDS == 0:
            yield self._chat.catch_up
            yield lambda: _drop_slow(self._engine)
        if seconds % presence.RENEW_SECONDS == 0:
            yield self._socket.check_all


def _drop_slow(engine: Any) -> None:
    """Disconnect who does not take what is sent: they catch up when they come back, and keep no memory until then."""
    for connection in list(engine.sockets.values()):
        if connection.queue.qsize() > MOST_UNSENT:
            while not connection.queue.empty():
                connection.queue.get_nowait()
                connection.queue.task_done()
            connection.close(wait=False, abort=True)


def _once(start: Callable[[], object]) -> Callable[[], None]:
    lock, started = threading.Lock(), threading.Event()

    def begin() -> None:
        with lock:
            if not started.is_set():
                started.set()
                start()

    return begin
