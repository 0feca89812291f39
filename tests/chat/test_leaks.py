"""Every event of every act against every kind of person: notes reach no citizen, nothing reaches who is no member."""

import pytest

from api.web.problems import preferred
from chat.namespace import ChatSocket
from chat.talk.access import EVENT_ROLES, reads
from tests.chat.office import said
from tests.chat.test_following import ACTS, Scene
from tests.chat.test_namespace import Server


@pytest.fixture
def scene(chat, office, citizen, officer, ask, heard, clock):
    return Scene(chat, office, citizen, officer, ask("第一问"), clock)


@pytest.fixture
def people(scene, office):
    """Everybody there can be, by name."""
    return {
        "citizen": scene.citizen,
        "another citizen": scene.stranger,
        "officer": scene.officer,
        "colleague": scene.colleague,
        "other desk": scene.clerk,
        "third desk": office.officer("丙", point="XC-H03"),
        "head": office.officer("丁", "head"),
        "supervisor": office.officer("戊", "supervisor"),
        "admin": office.officer("己", "admin"),
        "other head": office.officer("庚", "head", point="XC-H03"),
        "other supervisor": office.officer("辛", "supervisor", point="XC-H03"),
    }


@pytest.fixture
def door(chat, office, people):
    """All are connected."""
    server = Server()
    socket = ChatSocket(chat, server, office.actor, preferred)
    chat.live.drop_readers = socket.drop_readers
    for name, who in people.items():
        socket.connect(name, {}, {"token": who.token})
    return socket, server


def all_join(door, people, talk):
    socket, _ = door
    for name in people:
        socket.handler("join")(name, {"conversation": talk})


def test_every_event_of_every_act_reaches_members_alone_and_notes_no_citizen(scene, heard, people, door):
    _, server = door
    leaks = []
    for act_name, act in ACTS.items():
        all_join(door, people, scene.talk)
        before = {name for name, who in people.items() if scene.reads(who)}
        heard.clear()
        act(scene)
        after = scene.chat._store.conversation(scene.talk)
        may = before | {name for name, who in people.items() if reads(after, who)}
        for event, payload, rooms in heard:
            hears = {name for name in people if any((name, room) in server.rooms for room in rooms)}
            if event == "message":
                leaks += [(act_name, event, name) for name in hears - may]
            else:  # who of the desks concerned looks at their lists may know that a place moved
                leaks += [(act_name, event, name) for name in hears if not people[name].is_staff and name != "citizen"]
            if payload.get("stream") == "staff" or "暗语" in repr(payload):
                leaks += [(act_name, "note", name) for name in hears if not people[name].is_staff]
    assert leaks == []


def test_no_event_of_who_is_no_member_does_anything_or_tells_anything(scene, heard, people, door):
    socket, server = door
    scene.chat.handling.claim(scene.officer, scene.talk)
    scene.chat.post(scene.officer, scene.talk, said("暗语", kind="note"))
    body = {"conversation": scene.talk, "seq": 1, "to": {"desk": "XC-H01"}, **said("x")}
    kept = scene.chat.get(scene.citizen, scene.talk)
    heard.clear()
    for name in ("another citizen", "third desk", "other head", "other supervisor", "admin"):
        for event in set(EVENT_ROLES) - {"leave", "refresh", "presence"}:
            told = socket.handler(event)(name, dict(body))
            assert told["code"] in {"not_found", "role_wrong"}, (name, event)
            assert "暗语" not in repr(told)
        assert (name, f"{scene.talk}:staff") not in server.rooms
    assert heard == []
    assert scene.chat.get(scene.citizen, scene.talk) == kept


def test_no_answer_to_a_citizen_holds_a_note(scene, people, door):
    socket, _ = door
    scene.chat.handling.claim(scene.officer, scene.talk)
    scene.chat.post(scene.officer, scene.talk, said("暗语", kind="note"))
    body = {"conversation": scene.talk, "seq": 1, **said("x")}
    answers = [socket.handler(event)("citizen", dict(body)) for event in sorted(EVENT_ROLES)]
    chat, citizen = scene.chat, scene.citizen
    answers += [chat.search.in_conversation(citizen, scene.talk, "暗语", (None, 9)), chat.mine(citizen, None, 9)]
    assert "暗语" not in repr(answers)
