"""The socket `/chat`: authenticates, calls the service, acknowledges. Only this file and the relay know Socket.IO.

Handlers are registered on the low-level server, which spares a request context an event (half of the cost); so who acts
is kept from the connection on. Events of a connection are handled in their order (`async_handlers=False`).
"""

import json
import logging
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Protocol

import orjson
import socketio
from flask import Flask
from flask_socketio import SocketIO
from werkzeug.datastructures import LanguageAccept
from werkzeug.http import parse_accept_header

from chat.desk import presence
from chat.live.hints import desk_room, member_room, staff_room
from chat.live.relay import Relay
from chat.ports import Document, Viewer
from chat.refusals import BadFields, NotFound, Refusal, RoleWrong, TokenBad, Unavailable
from chat.service import Chat
from chat.talk.conversation import EVENTS, Conversation, reads, serves

log = logging.getLogger("circle.chat")

PATH = "/chat"
PING_SECONDS = 25
PONG_SECONDS = 20
MOST_BYTES = 32 * 1024
TICK_SECONDS = 1
BEAT_SECONDS = 5
"""How often a process looks at its connections, and for what Redis lost."""

MOST_UNSENT = 500
"""Packets that may wait for one connection."""

ActorOf = Callable[[str], Viewer | None]
Act = Callable[["Caller", Document], Document | None]


class LeanJson:
    """orjson for what goes over the wire."""

    @staticmethod
    def dumps(value: Any, **_: Any) -> str:
        """JSON without blanks."""
        return orjson.dumps(value).decode()

    @staticmethod
    def loads(text: str | bytes) -> Any:
        """What JSON says. Half characters, which orjson refuses, are let through: the rules refuse them in words."""
        try:
            return orjson.loads(text)
        except orjson.JSONDecodeError:
            return json.loads(text)


class LeanPacket(socketio.packet.Packet):
    """A packet that is never searched for binary parts: there are none."""

    uses_binary_events = False
    json = LeanJson


class Caller:
    """Who is at the other end of a connection."""

    def __init__(self, sid: str, token: str, actor: Viewer, language: str) -> None:
        self.sid = sid
        self.token = token
        self.actor = actor
        self.language = language


class Rooms(Protocol):
    """What of the Socket.IO server the handlers use."""

    def enter_room(self, sid: str, room: str, namespace: str) -> None: ...
    def leave_room(self, sid: str, room: str, namespace: str) -> None: ...
    def disconnect(self, sid: str, namespace: str) -> None: ...


class ChatSocket:
    """The handlers of `/chat`, and the connections of this process."""

    def __init__(self, chat: Chat, server: Rooms, actor_of: ActorOf) -> None:
        self._chat = chat
        self._server = server
        self._actor_of = actor_of
        self._callers: dict[str, Caller] = {}
        self.acts: dict[str, Act] = {
            "join": self._join,
            "leave": self._leave,
            "post": lambda caller, body: chat.post(caller.actor, _conversation(body), body),
            "delivered": lambda caller, body: chat.delivered(caller.actor, _conversation(body), body.get("seq")),
            "read": lambda caller, body: chat.read(caller.actor, _conversation(body), body.get("seq")),
            "typing": lambda caller, body: chat.typing(caller.actor, _conversation(body), caller.sid),
            "refresh": self._refresh,
            "presence": lambda caller, body: chat.say_presence(caller.actor, body),
            "claim": lambda caller, body: _with(chat.claim(caller.actor, _conversation(body))),
            "transfer": lambda caller, body: _with(
                chat.transfer(caller.actor, _conversation(body), body.get("to"), body.get("reason"))
            ),
            "takeover": lambda caller, body: _with(
                chat.take_over(caller.actor, _conversation(body), body.get("reason"))
            ),
            "close": lambda caller, body: _with(chat.end(caller.actor, _conversation(body), body.get("reason"))),
        }

    def connect(self, sid: str, environ: Document, auth: Any = None) -> None:
        """Let somebody in: auth {token}. Refused with {code, detail}."""
        token = auth.get("token") if isinstance(auth, dict) else None
        language = _language(environ.get("HTTP_ACCEPT_LANGUAGE", ""))
        actor = self._actor_of(token) if isinstance(token, str) and token else None
        if actor is None:
            told = _told(TokenBad(), language)
            raise socketio.exceptions.ConnectionRefusedError(told["detail"], told)
        caller = self._callers[sid] = Caller(sid, str(token), actor, language)
        self._server.enter_room(sid, member_room(actor.id), PATH)
        if actor.is_staff:
            self._arrive(caller)

    def disconnect(self, sid: str, *_: Any) -> None:
        """Somebody is gone. An officer's presence runs out by itself, unless they come back."""
        self._callers.pop(sid, None)

    def handler(self, event: str) -> Callable[..., Document | None]:
        """The Socket.IO handler of an event, for whoever may send it.

        It acknowledges {ok: true, …} or {ok: false, code, detail, errors?, retry_after?}.
        """
        act, roles = self.acts[event], EVENTS[event]

        def handle(sid: str, body: Any = None, *_: Any) -> Document | None:
            caller = self._callers.get(sid)
            if caller is None or not self._still_in(caller):
                return None
            try:
                self._chat.events.take(caller.sid)
                if not caller.actor.roles & roles:
                    raise RoleWrong
                return {"ok": True, **(act(caller, _fields(body)) or {})}
            except Refusal as refusal:
                return _told(refusal, caller.language)
            except Exception:
                log.exception("socket event failed")
                return _told(Unavailable(retry_after=2), caller.language)

        return handle

    def connected(self) -> int:
        """How many are connected to this process."""
        return len(self._callers)

    def check_all(self) -> None:
        """Send away whose log-in ended, and give a sign of life of the officers who are still connected."""
        still_in = [caller for caller in list(self._callers.values()) if self._still_in(caller)]
        officers = {caller.actor.id for caller in still_in if caller.actor.is_staff}
        if officers:
            self._chat.still_here(officers)

    def revoke(self, session: str) -> None:
        """A log-in was ended: so are its connections, at once."""
        for caller in list(self._callers.values()):
            if getattr(caller.actor, "session", None) == session:
                self._hang_up(caller)

    def part(self, conversation: Conversation) -> None:
        """A conversation went to another desk: staff who may not read it any more stop hearing it."""
        for caller in list(self._callers.values()):
            if caller.actor.is_staff and not reads(conversation, caller.actor):
                for room in (conversation.id, staff_room(conversation.id)):
                    self._server.leave_room(caller.sid, room, PATH)

    # -- acts that are about the connection itself ---------------------------------

    def _join(self, caller: Caller, body: Document) -> Document:
        """Follow a conversation. First the room, then the look: so nothing falls between."""
        conversation = _conversation(body)
        self._chat.check_reader(caller.actor, conversation)
        self._server.enter_room(caller.sid, conversation, PATH)
        if caller.actor.is_staff:
            self._server.enter_room(caller.sid, staff_room(conversation), PATH)
        return _with(self._chat.get(caller.actor, conversation))

    def _leave(self, caller: Caller, body: Document) -> None:
        conversation = _conversation(body)
        for room in (conversation, staff_room(conversation)):
            self._server.leave_room(caller.sid, room, PATH)

    def _refresh(self, caller: Caller, body: Document) -> None:
        """A renewed token of the same person."""
        token = body.get("token")
        actor = self._actor_of(token) if isinstance(token, str) else None
        if actor is None or actor.id != caller.actor.id:
            raise TokenBad
        caller.token, caller.actor = str(token), actor

    def _arrive(self, caller: Caller) -> None:
        if caller.actor.point:
            self._server.enter_room(caller.sid, desk_room(caller.actor.point), PATH)
        if not serves(caller.actor):
            return
        try:
            self._chat.say_presence(caller.actor, {})
        except Exception:
            log.exception("presence was not kept")  # the next sign of life keeps it

    def _still_in(self, caller: Caller) -> bool:
        """Whether the log-in still holds. If not, hang up: the client hears why when it comes back to the door, and
        what it was sending is not refused but sent again after the next log-in."""
        actor = self._actor_of(caller.token)
        if actor is None:
            self._hang_up(caller)
            return False
        caller.actor = actor
        return True

    def _hang_up(self, caller: Caller) -> None:
        self._callers.pop(caller.sid, None)
        self._server.disconnect(caller.sid, PATH)


def attach(
    app: Flask,
    chat: Chat,
    actor_of: ActorOf,
    *,
    mode: str,
    redis_url: str | None = None,
    cors_origins: list[str] | None = None,
) -> SocketIO:
    """Put the socket beside the app. `mode` is gevent, or threading in tests; websocket is the only transport.

    `cors_origins` None allows the page's own origin alone. With `redis_url` several processes hear one another.
    """
    relay = _relay(redis_url, chat, lambda word: _obey(chat, socket, word)) if redis_url else None
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
    )
    app.wsgi_app = _uncompressed(app.wsgi_app)  # type: ignore[method-assign]
    socket = ChatSocket(chat, sockets.server, actor_of)
    begin = _once(lambda: sockets.start_background_task(_watch, socket, chat, sockets.server.eio))

    def connect(sid: str, environ: Document, auth: Any = None) -> None:
        begin()
        socket.connect(sid, environ, auth)

    sockets.server.on("connect", connect, namespace=PATH)
    sockets.server.on("disconnect", socket.disconnect, namespace=PATH)
    for event in socket.acts:
        sockets.server.on(event, socket.handler(event), namespace=PATH)

    def emit(event: str, payload: Document, rooms: Sequence[str], *, skip: str | None = None) -> None:
        sockets.server.emit(event, payload, to=list(rooms), namespace=PATH, skip_sid=skip)

    def emit_here(event: str, payload: Document, rooms: Sequence[str]) -> None:
        sockets.server.emit(event, payload, to=list(rooms), namespace=PATH, ignore_queue=True)

    chat.live.emit, chat.live.emit_here, chat.live.connected = emit, emit_here, socket.connected
    chat.live.revoke, chat.live.parted = socket.revoke, socket.part
    if relay is not None:
        _share(chat, socket, relay)
    return sockets


def _share(chat: Chat, socket: ChatSocket, relay: Relay) -> None:
    """There are other processes: what concerns connections is done here and said to them."""

    def revoke(session: str) -> None:
        socket.revoke(session)
        relay.say({"ended": session})

    def part(conversation: Conversation) -> None:
        socket.part(conversation)
        relay.say({"parted": conversation.id})

    chat.live.revoke, chat.live.parted = revoke, part
    chat.share()


def _relay(url: str, chat: Chat, word: Callable[[Document], None]) -> Relay:
    """A message or receipt that another process tells needs not be looked for in the store."""

    def hear(told: Document) -> None:
        if told["event"] == "message":
            chat.heard(told["data"])
        elif told["event"] == "receipt":
            for shown in told["data"]:
                chat.heard_receipt(shown)

    return Relay(url, hear=hear, word=word)


def _obey(chat: Chat, socket: ChatSocket, word: Document) -> None:
    """What another process said about connections."""
    if "ended" in word:
        socket.revoke(word["ended"])
    if "parted" in word:
        conversation = chat.moved_elsewhere(word["parted"])
        if conversation is not None:
            socket.part(conversation)


def _watch(socket: ChatSocket, chat: Chat, engine: Any) -> None:
    """Look at all connections now and then. Begun by the first connection, so that a server may fork before."""
    pause, seconds = threading.Event(), 0
    while not pause.wait(TICK_SECONDS):
        seconds += TICK_SECONDS
        for look in _looks(socket, chat, engine, seconds):
            try:
                look()
            except Exception:
                log.exception("a look at the connections failed")


def _looks(socket: ChatSocket, chat: Chat, engine: Any, seconds: int) -> Iterator[Callable[[], object]]:
    """What is due in this second."""
    yield chat.tell_queues
    if seconds % BEAT_SECONDS == 0:
        yield chat.beat
        yield lambda: _drop_slow(engine)
    if seconds % presence.RENEW_SECONDS == 0:
        yield socket.check_all


def _drop_slow(engine: Any) -> None:
    """Hang up who does not take what is sent: they catch up when they come back, and keep no memory until then."""
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


def _uncompressed(wsgi: Callable[..., Iterable[bytes]]) -> Callable[..., Iterable[bytes]]:
    """Decline permessage-deflate: it costs a quarter of the CPU for messages this small."""

    def app(environ: Document, start_response: Any) -> Iterable[bytes]:
        environ.pop("HTTP_SEC_WEBSOCKET_EXTENSIONS", None)
        return wsgi(environ, start_response)

    return app


def _fields(body: Any) -> Document:
    if not isinstance(body, dict):
        raise BadFields({"body": ["应为一组键值。"]})
    return body


def _conversation(body: Document) -> str:
    conversation = body.get("conversation")
    if not isinstance(conversation, str):
        raise NotFound
    return conversation


def _with(conversation: Document) -> Document:
    return {"conversation": conversation}


def _language(accepted: str) -> str:
    return parse_accept_header(accepted, LanguageAccept).best_match(["zh", "en"], "zh")


def _told(refusal: Refusal, language: str) -> Document:
    told: Document = {"ok": False, "code": refusal.code, "detail": refusal.words[language]}
    if refusal.errors:
        told["errors"] = refusal.errors
    if refusal.retry_after:
        told["retry_after"] = refusal.retry_after
    return told
