"""The socket's namespace `/chat`: each handler authenticates, calls the service, acknowledges.

Handlers are registered on the low-level server, which saves a request context per event (half of the cost); so the
actor is kept from the connection on. Events of one connection are handled in order (`async_handlers=False`).
"""

import logging
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, Protocol

import socketio

from chat.live.hints import rooms_of, staff_room
from chat.live.sender_order import SenderOrder
from chat.ports import Document, Viewer
from chat.refusals import EarlierUnknown, NotFound, Refusal, RoleWrong, TokenBad, Unavailable
from chat.service import Chat
from chat.talk.access import EVENT_ROLES, PERSON_EVENTS, reads, serves
from chat.talk.conversation import Conversation
from chat.talk.received import read_body

log = logging.getLogger("circle.chat")

PATH = "/chat"
ActorOf = Callable[[str], Viewer | None]
LanguageOf = Callable[[str], str]
"""Accept-Language -> zh or en."""
WordsOf = Callable[[str, str], str]
"""(why a field is refused, zh or en) -> the same in this language."""
NoteRefusal = Callable[[str, Refusal, Document], object]
"""Hears who was refused (an id; "" for a stranger), why, and the WSGI environment of their line; must not raise."""

Act = Callable[["Caller", Document], Document | None]


class Caller:
    """One connection: its id, its token, who is logged in by it, the language of refusals, the WSGI environment of its
    line, the order of its posts."""

    def __init__(self, sid: str, token: str, actor: Viewer, language: str, environ: Document) -> None:
        self.sid = sid
        self.token = token
        self.actor = actor
        self.language, self.environ = language, environ
        self.order = SenderOrder()


class RoomMembers(Protocol):
    """The part of Socket.IO's client manager that knows who is connected to this process."""

    def get_participants(self, namespace: str, room: str | None) -> Iterable[tuple[str, str]]: ...
    def is_connected(self, sid: str, namespace: str) -> bool: ...


class SocketRooms(Protocol):
    """The part of the Socket.IO server that the handlers use."""

    @property
    def manager(self) -> RoomMembers: ...
    def enter_room(self, sid: str, room: str, namespace: str) -> None: ...
    def leave_room(self, sid: str, room: str, namespace: str) -> None: ...
    def disconnect(self, sid: str, namespace: str) -> None: ...


class ChatSocket:
    """The handlers of `/chat`, and the connections of this process."""

    def __init__(
        self,
        chat: Chat,
        server: SocketRooms,
        actor_of: ActorOf,
        language_of: LanguageOf,
        note_refusal: NoteRefusal = lambda person, refusal, environ: None,
        acted: Callable[[Any], object] = lambda actor: None,
        words_of: WordsOf = lambda reason, language: reason,
    ) -> None:
        self._chat = chat
        self._server = server
        self._actor_of, self._acted = actor_of, acted
        self._language_of, self._words_of = language_of, words_of
        self._note_refusal = note_refusal
        self._callers: dict[str, Caller] = {}
        self.acts: dict[str, Act] = {event: getattr(self, f"on_{event}") for event in EVENT_ROLES}

    def handler(self, event: str) -> Callable[..., Document | None]:
        """The Socket.IO handler of an event, for the roles that may send it.

        It acknowledges {ok: true, …} or {ok: false, code, detail, errors?, retry_after?, earlier?}, whatever happens:
        only an event after the end of its connection has no answer.
        """
        act, roles = self.acts[event], EVENT_ROLES[event]
        act = self._by_person(act) if event in PERSON_EVENTS else act

        def handle(sid: str, body: Any = None, *_: Any) -> Document | None:
            caller = self._callers.get(sid)
            if caller is None:  # the connection was ended
                return None
            try:
                if event == "post":
                    is_stored = partial(self._chat.has_posted, caller.actor)
                    return caller.order.take(body, is_stored, partial(self._answer, caller, act, roles, body))
                return self._answer(caller, act, roles, body)
            except Refusal as refusal:
                self._note_refusal(caller.actor.id, refusal, caller.environ)
                return self._refused(refusal, caller.language)
            except Exception:
                log.exception("socket event failed")
                return self._refused(Unavailable(retry_after=2), caller.language)

        return handle

    # -- connections -----------------------------------------------------------------

    def connect(self, sid: str, environ: Document, auth: Any = None) -> None:
        """Accept a connection: auth {token}. Refused with {code, detail}."""
        token = auth.get("token") if isinstance(auth, dict) else None
        language = self._language_of(environ.get("HTTP_ACCEPT_LANGUAGE", ""))
        try:
            actor = self._actor_of(token) if isinstance(token, str) and token and token.isascii() else None
        except Exception:
            log.exception("the log-in of a connection was not looked up")
            raise self._no_connection(Unavailable(retry_after=2), language) from None
        if actor is None:
            raise self._no_connection(TokenBad(), language)
        caller = self._callers[sid] = Caller(sid, str(token), actor, language, environ)
        self._enter_rooms(caller)

    def disconnect(self, sid: str, *_: Any) -> None:
        """Forget a connection. An officer's presence runs out by itself, unless they come back."""
        self._callers.pop(sid, None)

    def person(self, sid: str) -> str:
        """The id of who is logged in by a connection."""
        return self._callers[sid].actor.id

    def connected(self) -> int:
        """The number of this process's connections."""
        return len(self._callers)

    def check_all(self) -> None:
        """Disconnect those whose log-in ended, and renew the presence of the officers who are still connected."""
        officers = set()
        for sid in self._members():
            caller = self._callers.get(sid)
            if caller is None:
                self._disconnect(sid)
            elif self._is_logged_in(caller) and caller.actor.is_staff:
                officers.add(caller.actor.id)
        if officers:
            self._chat.officers.renew(officers)

    def revoke(self, session: str) -> None:
        """Disconnect the connections of a log-in that was ended, and any whose log-in is not known."""
        for sid in self._members():
            caller = self._callers.get(sid)
            if caller is None or getattr(caller.actor, "session", None) == session:
                self._disconnect(sid)

    def drop_readers(self, conversation: Conversation) -> None:
        """Remove from a conversation's room the staff who may not read it any more, since it went to another desk."""
        for sid in self._members(staff_room(conversation.id)):
            caller = self._callers.get(sid)
            if caller is None or not reads(conversation, caller.actor):
                self._server.leave_room(sid, staff_room(conversation.id), PATH)

    # -- events about the connection -----------------------------------------------

    def on_join(self, caller: Caller, body: Document) -> Document:
        """Follow a conversation: first enter its room, then read it, so that no message is missed in between.

        Its citizen hears it already.
        """
        conversation_id = _conversation_id(body)
        self._chat.check_reader(caller.actor, conversation_id)
        if caller.actor.is_staff:
            self._server.enter_room(caller.sid, staff_room(conversation_id), PATH)
        return _answer(self._chat.get(caller.actor, conversation_id))

    def on_leave(self, caller: Caller, body: Document) -> None:
        """Stop following a conversation."""
        self._server.leave_room(caller.sid, staff_room(_conversation_id(body)), PATH)

    def on_refresh(self, caller: Caller, body: Document) -> None:
        """Continue the connection with a renewed token of the same person. Raises TokenBad."""
        token = body.get("token")
        actor = self._actor_of(token) if isinstance(token, str) else None
        if actor is None or actor.id != caller.actor.id:
            raise TokenBad
        caller.token = str(token)
        self._renew(caller, actor)

    def on_presence(self, caller: Caller, body: Document) -> Document:
        """An officer sets their presence."""
        return self._chat.officers.set_presence(caller.actor, body)

    # -- events about a conversation -------------------------------------------------

    def on_post(self, caller: Caller, body: Document) -> Document:
        """Post a message."""
        return self._chat.post(caller.actor, _conversation_id(body), body)

    def on_delivered(self, caller: Caller, body: Document) -> None:
        """A device has everything up to `seq`."""
        self._chat.delivered(caller.actor, _conversation_id(body), body.get("seq"))

    def on_read(self, caller: Caller, body: Document) -> None:
        """Everything up to `seq` was read."""
        self._chat.read(caller.actor, _conversation_id(body), body.get("seq"))

    def on_typing(self, caller: Caller, body: Document) -> None:
        """The caller is typing."""
        self._chat.typing(caller.actor, _conversation_id(body), caller.sid)

    def on_claim(self, caller: Caller, body: Document) -> Document:
        """An officer takes a waiting conversation."""
        return _answer(self._chat.handling.claim(caller.actor, _conversation_id(body)))

    def on_transfer(self, caller: Caller, body: Document) -> Document:
        """Hand a conversation over to a colleague or a desk."""
        conversation_id, to, reason = _conversation_id(body), body.get("to"), body.get("reason")
        return _answer(self._chat.handling.transfer(caller.actor, conversation_id, to, reason))

    def on_takeover(self, caller: Caller, body: Document) -> Document:
        """An overseer replaces the officer."""
        return _answer(self._chat.handling.take_over(caller.actor, _conversation_id(body), body.get("reason")))

    def on_close(self, caller: Caller, body: Document) -> Document:
        """Close a conversation."""
        return _answer(self._chat.handling.end(caller.actor, _conversation_id(body), body.get("reason")))

    # -- helpers -----------------------------------------------------------------------

    def _by_person(self, act: Act) -> Act:
        def acted(caller: Caller, body: Document) -> Document | None:
            self._acted(caller.actor)
            return act(caller, body)

        return acted

    def _answer(self, caller: Caller, act: Act, roles: frozenset[str], body: Any) -> Document:
        if not self._is_logged_in(caller):
            raise TokenBad
        self._chat.events.take(caller.sid)
        if not caller.actor.roles & roles:
            raise RoleWrong
        return {"ok": True, **(act(caller, read_body(body)) or {})}

    def _enter_rooms(self, caller: Caller) -> None:
        """Enter the rooms of a person, and note that an officer is there."""
        for room in rooms_of(caller.actor):
            self._server.enter_room(caller.sid, room, PATH)
        if not serves(caller.actor):
            return
        try:
            self._chat.officers.set_presence(caller.actor, {})
        except Exception:
            log.exception("presence was not stored")  # the next renewal stores it

    def _renew(self, caller: Caller, actor: Viewer) -> None:
        """Take a person as they are now. Who may hear more enters more rooms; who may hear less must connect again."""
        before, caller.actor = caller.actor, actor
        if (before.roles, before.point) == (actor.roles, actor.point):
            return
        if set(rooms_of(before)) <= set(rooms_of(actor)):
            self._enter_rooms(caller)
        else:
            self._disconnect(caller.sid)

    def _members(self, room: str | None = None) -> list[str]:
        """The connections of this process that are in a room by Socket.IO's own count; None: in the namespace."""
        manager = self._server.manager
        return [sid for sid, _ in manager.get_participants(PATH, room) if manager.is_connected(sid, PATH)]

    def _is_logged_in(self, caller: Caller) -> bool:
        """Whether the log-in still holds. If not, disconnect: the client is told why when it connects again, and what
        it was sending is not refused but sent again after the next log-in."""
        actor = self._actor_of(caller.token)
        if actor is None:
            self._disconnect(caller.sid)
            return False
        self._renew(caller, actor)
        return caller.sid in self._callers

    def _no_connection(self, refusal: Refusal, language: str) -> socketio.exceptions.ConnectionRefusedError:
        answer = self._refused(refusal, language)
        return socketio.exceptions.ConnectionRefusedError(answer["detail"], answer)

    def _refused(self, refusal: Refusal, language: str) -> Document:
        answer: Document = {"ok": False, "code": refusal.code, "detail": refusal.words[language]}
        if refusal.errors:
            answer["errors"] = {
                name: [self._words_of(why, language) for why in reasons] for name, reasons in refusal.errors.items()
            }
        if refusal.retry_after:
            answer["retry_after"] = refusal.retry_after
        if isinstance(refusal, EarlierUnknown):
            answer["earlier"] = refusal.earlier
        return answer

    def _disconnect(self, sid: str) -> None:
        self._callers.pop(sid, None)
        self._server.disconnect(sid, PATH)


def _conversation_id(body: Document) -> str:
    conversation_id = body.get("conversation")
    if not isinstance(conversation_id, str):
        raise NotFound
    return conversation_id


def _answer(conversation: Document) -> Document:
    return {"conversation": conversation}
