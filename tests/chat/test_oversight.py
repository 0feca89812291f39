"""Head and supervisor of a desk: they read along unseen, whisper, take over; all of it is written down."""

import pytest

from api.web.problems import preferred
from chat.desk.presence import GONE, LEASE
from chat.live.hints import member_room, officer_room, staff_room
from chat.namespace import ChatSocket
from chat.refusals import ConversationClosed, NotFound, NotTheOfficer, RoleWrong
from chat.talk.access import oversees, reads
from tests.chat.office import said
from tests.chat.test_namespace import Server

MAY = {
    # who (role, point): reads along, whispers, takes over, speaks to all without it
    ("window", "XC-H01"): "yes yes no no",
    ("handler", "XC-H01"): "yes yes no no",
    ("head", "XC-H01"): "yes yes yes no",
    ("supervisor", "XC-H01"): "yes yes yes no",
    ("head", None): "yes yes yes no",
    ("supervisor", None): "yes yes yes no",
    ("head", "XC-H02"): "no no no no",
    ("supervisor", "XC-H02"): "no no no no",
    ("window", "XC-H02"): "no no no no",
    ("window", None): "no no no no",
    ("admin", None): "no no no no",
    ("admin", "XC-H01"): "no no no no",
}
"""A talk at XC-H01 that another officer has."""


@pytest.fixture
def talk(chat, officer, ask):
    opened = ask("在吗？")
    chat.handling.claim(officer, opened)
    chat.post(officer, opened, said("请讲"))
    return opened


@pytest.fixture
def head(office):
    return office.officer("钱主任", "head")


@pytest.mark.parametrize("who", MAY, ids=str)
def test_who_may(chat, office, talk, who):
    person = office.officer("某", *who)
    acts = (
        lambda: chat.messages(person, talk, "public", 0, 9),
        lambda: chat.post(person, talk, said("看第三条", kind="note")),
        lambda: chat.post(person, talk, said("大家好")),
        lambda: chat.handling.take_over(person, talk, "我来"),
    )
    told = []
    for act in acts:
        try:
            act()
            told.append("yes")
        except (NotFound, RoleWrong, NotTheOfficer):
            told.append("no")
    reading, whispering, speaking, taking = told
    assert [reading, whispering, taking, speaking] == MAY[who].split()


def test_reading_along_leaves_no_trace_in_the_talk_but_one_in_the_audit(
    chat, office, citizen, officer, head, talk, heard
):
    server = Server()
    socket = ChatSocket(chat, server, office.actor, preferred)
    socket.connect("h", {}, {"token": head.token})
    before = chat.get(citizen, talk), chat._store.seen(talk)
    heard.clear()
    for event in ("join", "delivered", "read"):
        assert socket.handler(event)("h", {"conversation": talk, "seq": 3})["ok"]
    assert socket.handler("typing")("h", {"conversation": talk})["code"] == "not_the_officer"
    assert (chat.get(citizen, talk), chat._store.seen(talk)) == before
    assert heard == []
    assert ("h", staff_room(talk)) in server.rooms
    assert chat._desks.presence(head.id) is None
    assert (head.id, "read_conversation", f"talk:{talk}") in office.audited


def test_a_whisper_reaches_the_officer_at_once_never_the_citizen_and_is_audited(
    chat, office, citizen, officer, head, talk, heard
):
    chat.post(head, talk, said("看第三条", kind="note"))
    [(event, shown, rooms)] = heard
    assert (event, shown["text"], shown["sender"]["name"]) == ("message", "看第三条", "钱主任")
    assert officer_room(officer.id) in rooms
    assert member_room(citizen.id) not in rooms
    assert (head.id, "conversation.whispered", f"talk:{talk}") in office.audited


def test_taking_over_is_seen_by_all_keeps_the_owner_and_lets_the_head_answer_and_end(
    chat, office, citizen, officer, head, talk
):
    taken = chat.handling.take_over(head, talk, "请休息一下")
    assert (taken["officer"]["name"], taken["owner"]["name"]) == ("钱主任", "王窗口")
    event = chat.messages(citizen, talk, "public", 0, 50)["items"][-1]["event"]
    assert (event["type"], event["officer"]["name"]) == ("taken_over", "钱主任")
    assert [one["text"] for one in chat.messages(officer, talk, "staff", 0, 9)["items"]] == ["请休息一下"]
    assert (head.id, "conversation.taken_over", f"talk:{talk}") in office.audited
    with pytest.raises(NotTheOfficer):
        chat.post(officer, talk, said("我还在"))
    chat.post(head, talk, said("我来答复"))
    assert chat.handling.take_over(head, talk, None)["version"] == taken["version"]
    assert chat.handling.end(head, talk, None)["state"] == "closed"
    with pytest.raises(ConversationClosed):
        chat.handling.take_over(head, talk, None)


def test_who_took_over_and_goes_away_leaves_it_to_the_desk_as_any_officer(chat, head, clock, talk):
    chat.handling.take_over(head, talk, None)
    chat.post(head, talk, said("稍等"))
    assert chat.get(head, talk)["officer"]["id"] == head.id
    clock.move(seconds=(LEASE + GONE).total_seconds() + 1)
    chat.step(clock())
    assert chat.get(head, talk)["state"] == "queued"


def test_a_waiting_talk_is_taken_over_too_and_then_its_own(chat, head, ask):
    taken = chat.handling.take_over(head, ask("有人吗？"), None)
    assert (taken["state"], taken["owner"]["id"]) == ("active", head.id)


def test_the_lists_of_a_desk_are_there_for_who_oversees_it(chat, office, head, talk):
    assert [one["id"] for one in chat.at_desk(head, "all", None, 9)["items"]] == [talk]
    above = office.officer("孙督查", "supervisor", None)
    assert [one["id"] for one in chat.at_desk(above, "all", None, 9, "XC-H01")["items"]] == [talk]
    assert chat.at_desk(office.officer("远", "head", "XC-H02"), "all", None, 9, "XC-H01")["items"] == []


def test_reading_ends_when_the_talk_goes_to_another_desk(chat, officer, head, talk):
    chat.handling.transfer(officer, talk, {"desk": "XC-H02"}, None)
    found = chat._store.conversation(talk)
    assert not reads(found, head)
    assert oversees(head, "XC-H01")
