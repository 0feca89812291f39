"""The connections of one process: looked at now and then, and hung up when a log-in ends."""

from typing import Any

import pytest
import socketio

from api.web.problems import preferred
from chat.asyncapi import SENT
from chat.live.hints import desk_room, member_room, officer_room, staff_room
from chat.namespace import PATH, ChatSocket
from chat.sockets import _obey
from chat.talk.access import EVENT_ROLES
from tests.chat.office import site, utc_now

OTHERS = (
    "message",
    "json",
    "error",
    "connecting",
    "disconnecting",
    "reconnect",
    "ping",
    "pong",
    "open",
    "close",
    "*",
    "",
)
"""Event names that Socket.IO, Engine.IO or Flask-SocketIO use somewhere, beside those that they list as reserved."""

NO_NAMES = (None, 7, True, [], ["disconnect"], {"disconnect": 1})
"""First elements of an event packet that are no name at all."""

NAMES = {
    *socketio.Server.reserved_events,
    *socketio.Client.reserved_events,
    *EVENT_ROLES,
    *SENT,
    *OTHERS,
}


class Server:
    """Who is in which room, and who was hung up."""

    def __init__(self) -> None:
        self.rooms: set[tuple[str, str]] = set()
        self.gone: list[str] = []

    def enter_room(self, sid: str, room: str, namespace: str) -> None:
        self.rooms.add((sid, room))

    def leave_room(self, sid: str, room: str, namespace: str) -> None:
        self.rooms.discard((sid, room))

    def disconnect(self, sid: str, namespace: str) -> None:
        self.gone.append(sid)

    @property
    def manager(self) -> "Server":
        return self

    def get_participants(self, namespace: str, room: str | None) -> list[tuple[str, str]]:
        return [(sid, sid) for sid in sorted({sid for sid, entered in self.rooms if room in (None, entered)})]

    def is_connected(self, sid: str, namespace: str) -> bool:
        return sid not in self.gone


@pytest.fixture
def server() -> Server:
    """A server without a network."""
    return Server()


@pytest.fixture
def door(chat: Any, server: Server, office: Any, citizen: Any, officer: Any) -> ChatSocket:
    """A citizen (connection c) and an officer (connection o) are in."""
    socket = ChatSocket(chat, server, office.actor, preferred)
    for sid, who in (("c", citizen), ("o", officer)):
        socket.connect(sid, {}, {"token": who.token})
    return socket


def test_everyone_hears_what_is_theirs_and_only_staff_the_desks(door, server, citizen, officer):
    own = {("o", member_room(officer.id)), ("o", officer_room(officer.id)), ("o", desk_room("XC-H01"))}
    assert server.rooms == {("c", member_room(citizen.id)), *own}


def test_a_citizen_who_joins_never_comes_into_the_room_of_the_staff(door, server, ask):
    talk = ask()
    join = door.handler("join")
    assert [join(sid, {"conversation": talk})["ok"] for sid in "co"] == [True, True]
    assert ("o", staff_room(talk)) in server.rooms
    assert ("c", staff_room(talk)) not in server.rooms


def test_a_look_round_hangs_up_who_is_no_longer_logged_in_even_if_they_say_nothing(door, server, office, citizen):
    door.check_all()
    assert server.gone == []
    del office.people[citizen.token]
    door.check_all()
    assert server.gone == ["c"]


def test_a_look_round_keeps_the_presence_of_connected_officers(door, chat, officer, ask, office, clock):
    talk, colleague = ask(), office.officer("李审批")
    chat.handling.claim(colleague, talk)
    for _ in range(4):
        clock.move(seconds=60)
        door.check_all()
    assert chat.handling.transfer(colleague, talk, {"officer": officer.id}, None)["officer"]["id"] == officer.id


def test_a_revoked_log_in_is_hung_up_at_once(door, server, citizen):
    door.revoke(citizen.session)
    assert server.gone == ["c"]
    assert door.handler("join")("c", {"conversation": "x"}) is None


def test_trouble_of_ours_is_told_as_such_and_the_connection_stays(door, server, chat, monkeypatch):
    monkeypatch.setattr(chat, "get", lambda *_: 1 / 0)
    monkeypatch.setattr(chat, "check_reader", lambda *_: None)
    told = door.handler("join")("c", {"conversation": "x"})
    assert (told["ok"], told["code"], told["retry_after"]) == (False, "unavailable", 2)
    assert server.gone == []


def test_who_may_not_read_a_talk_that_went_to_another_desk_hears_no_more_of_it(
    door, server, chat, ask, office, officer
):
    talk, colleague = ask(), office.officer("李窗口")
    door.connect("x", {}, {"token": colleague.token})
    chat.handling.claim(officer, talk)
    assert [door.handler("join")(sid, {"conversation": talk})["ok"] for sid in "cox"] == [True, True, True]
    chat.live.drop_readers = door.drop_readers
    chat.handling.transfer(officer, talk, {"desk": "XC-H02"}, "那边办")
    assert ("o", staff_room(talk)) in server.rooms  # who took it first stays responsible (首问负责)
    assert ("x", staff_room(talk)) not in server.rooms


def test_what_another_process_says_of_log_ins_and_moves_is_done_here_too(door, server, chat, ask, office, officer):
    talk, colleague = ask(), office.officer("李窗口")
    door.connect("x", {}, {"token": colleague.token})
    assert door.handler("join")("x", {"conversation": talk})["ok"]
    chat.handling.claim(officer, talk)
    chat.handling.transfer(officer, talk, {"desk": "XC-H02"}, None)
    _obey(chat, door, {"parted": talk})
    assert ("x", staff_room(talk)) not in server.rooms
    _obey(chat, door, {"ended": colleague.session})
    assert server.gone == ["x"]


@pytest.mark.parametrize("way", ["check_all", "revoke", "obey"])
def test_a_connection_whose_log_in_is_not_known_is_hung_up_and_hears_no_conversation(
    door, server, chat, ask, officer, way
):
    conversation = ask()
    assert door.handler("join")("o", {"conversation": conversation})["ok"]
    door.disconnect("o")  # forgotten, though it is still in its rooms
    chat.handling.claim(officer, conversation)
    _obey(chat, door, {"parted": conversation})
    assert ("o", staff_room(conversation)) not in server.rooms
    hang_up = {
        "check_all": door.check_all,
        "revoke": lambda: door.revoke(officer.session),
        "obey": lambda: _obey(chat, door, {"ended": officer.session}),
    }
    hang_up[way]()
    assert server.gone == ["o"]


# -- events by name, through the library's own server ------------------------------------


@pytest.fixture
def served_site(database, office):
    """The chat's app without a port, and its Socket.IO server."""
    app, chat = site(database, office, utc_now, "threading")
    yield app, chat, app.extensions["socketio"]
    chat.close()


def _rooms(server: Any) -> dict[str, set[str]]:
    """Each connection of the namespace, with its rooms."""
    manager = server.server.manager
    return {sid: set(manager.get_rooms(sid, PATH)) for sid, _ in manager.get_participants(PATH, None)}


@pytest.mark.parametrize("arguments", [(), ({},), ({"HTTP_ACCEPT_LANGUAGE": "en"}, "auth")], ids=["none", "one", "two"])
def test_an_event_of_any_name_neither_forgets_a_connection_nor_moves_it_nor_lets_another_in(
    served_site, officer, office, arguments
):
    app, chat, server = served_site
    colleague = office.officer("李窗口")
    sent = [{"token": colleague.token} if argument == "auth" else argument for argument in arguments]
    wrong = []
    for name in (*sorted(NAMES), *NO_NAMES):
        client = server.test_client(app, namespace=PATH, auth={"token": officer.token})
        before = _rooms(server)
        client.emit(name, *sent, namespace=PATH)
        as_before = (chat.live.connected(), _rooms(server)) == (1, before)
        chat.live.revoke(colleague.session)
        stays = client.is_connected(PATH)
        chat.live.revoke(officer.session)
        gone = (client.is_connected(PATH), chat.live.connected(), _rooms(server)) == (False, 0, {})
        wrong += [] if as_before and stays and gone else [name]
    assert wrong == []


def test_an_event_that_clients_do_not_send_is_not_acknowledged(served_site, officer):
    app, _, server = served_site
    client = server.test_client(app, namespace=PATH, auth={"token": officer.token})
    names = sorted(NAMES - set(EVENT_ROLES))
    assert {name: client.emit(name, {}, namespace=PATH, callback=True) for name in names} == dict.fromkeys(names)
    assert client.emit("presence", {}, namespace=PATH, callback=True)["ok"]


def test_a_binary_event_reaches_no_handler_of_the_library_either(served_site, officer):
    app, chat, server = served_site
    client = server.test_client(app, namespace=PATH, auth={"token": officer.token})
    before = _rooms(server)
    for packet in (f'51-{PATH},["disconnect",{{"_placeholder":true,"num":0}}]', b"x"):
        server.server._handle_eio_message(client.eio_sid, packet)
    assert (chat.live.connected(), _rooms(server)) == (1, before)
