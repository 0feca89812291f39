"""Who may send each event of the socket, against a table written by hand."""

from uuid import uuid4

import pytest

from api.web.problems import preferred
from chat.namespace import Caller, ChatSocket
from chat.talk.access import EVENT_ROLES
from tests.access.world import World

ACTORS = ("owner", "other", "window", "handler", "head", "supervisor", "admin", "elsewhere", "elsewhere_window")

MUST = {
    # event: owner, other, window, handler, head, supervisor, admin, elsewhere, elsewhere_window
    "join": "ok not_found ok ok ok ok role_wrong ok not_found",
    "leave": "ok ok ok ok ok ok role_wrong ok ok",
    "post": "ok not_found ok not_the_officer not_the_officer not_the_officer role_wrong not_the_officer not_found",
    "delivered": "ok not_found ok ok ok ok role_wrong ok not_found",
    "read": "ok not_found ok ok ok ok role_wrong ok not_found",
    "typing": "ok not_found ok not_the_officer not_the_officer not_the_officer role_wrong not_the_officer not_found",
    "refresh": "ok ok ok ok ok ok ok ok ok",
    "presence": "role_wrong role_wrong ok ok role_wrong role_wrong role_wrong ok ok",
    "claim": "role_wrong role_wrong ok already_claimed role_wrong role_wrong role_wrong already_claimed not_found",
    "transfer": "role_wrong role_wrong ok not_the_officer not_the_officer not_the_officer role_wrong "
    "not_the_officer not_found",
    "takeover": "role_wrong role_wrong role_wrong role_wrong ok ok role_wrong role_wrong role_wrong",
    "close": "ok not_found ok not_the_officer not_the_officer not_the_officer role_wrong not_the_officer not_found",
}


class Rooms:
    """Rooms that nobody listens in."""

    def enter_room(self, *_):
        """Somebody would hear from now on."""

    leave_room = disconnect = enter_room


def body(world: World, event: str, talk: dict, token: str) -> dict:
    """What a client would send."""
    about = {"conversation": talk["id"]}
    return {
        "post": {**about, "client_id": str(uuid4()), "kind": "text", "text": "您好"},
        "delivered": {**about, "seq": 1},
        "read": {**about, "seq": 1},
        "refresh": {"token": token},
        "presence": {"state": "here", "capacity": 5},
        "transfer": {**about, "to": {"desk": "XC-H01"}, "reason": "换个窗口"},
    }.get(event, about)


@pytest.fixture(scope="module")
def socket(world):
    """The handlers, without a wire."""
    return ChatSocket(world.office.chat, Rooms(), world.office.identity.actor, preferred)


def test_every_event_is_declared_and_in_the_table(socket):
    assert set(socket.acts) == set(EVENT_ROLES) == set(MUST)


def test_nobody_is_connected_without_a_log_in(socket):
    for token in (None, "", "wrong", 7):
        with pytest.raises(Exception, match="登录已过期"):
            socket.connect("sid", {}, {"token": token})


@pytest.mark.parametrize("event", MUST)
def test_an_event_is_taken_from_whom_it_must_be_and_from_nobody_else(world, socket, event):
    told = {}
    handle = socket.handler(event)
    for actor in ACTORS:
        caller = world.actors[actor]
        talk = world.new_conversation()
        socket._callers["sid"] = Caller("sid", caller.token, world.office.identity.actor(caller.token), "zh", {})
        answer = handle("sid", body(world, event, talk, caller.token))
        told[actor] = "ok" if answer["ok"] else answer["code"]
    assert told == dict(zip(ACTORS, MUST[event].split(), strict=True))


def test_a_newcomer_may_send_nothing(world, socket):
    caller = world.actors["newcomer"]
    actor = world.office.identity.actor(caller.token)
    socket._callers["sid"] = Caller("sid", caller.token, actor, "zh", {})
    for event in socket.acts:
        answer = socket.handler(event)("sid", body(world, event, world.conversation, caller.token))
        assert answer["code"] == "role_wrong", event


def test_a_refused_event_is_noted_with_who_sent_it_and_about_whose_conversation(world):
    heard, other = [], world.actors["other"]
    socket = ChatSocket(
        world.office.chat,
        Rooms(),
        world.office.identity.actor,
        preferred,
        lambda person, refusal, environ: heard.append((person, refusal.code, refusal.subject)),
    )
    socket._callers["sid"] = Caller("sid", other.token, world.office.identity.actor(other.token), "zh", {})
    for event in ("join", "claim"):
        socket.handler(event)("sid", body(world, event, world.conversation, other.token))
    about = f"talk:{world.conversation['id']}"
    assert heard == [(other.person["id"], "not_found", about), (other.person["id"], "role_wrong", "")]
