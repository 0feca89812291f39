"""Getting a person: given to who is free, in the order of coming; back to the old place where nobody answers."""

import time
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest

from chat.desk.presence import GONE, LEASE
from chat.refusals import WrongState
from chat.talk.deadlines import FIRST_REPLY
from chat.talk.ids import timed_id
from tests.chat.office import Hours, hours_later, said
from tests.show.routing import run

PUSH = {"state": "here", "takes": "push"}


@pytest.fixture
def pushed(chat, officer):
    """An officer who is given conversations, two at once."""
    chat.officers.set_presence(officer, {**PUSH, "capacity": 2})
    return officer


@pytest.fixture
def arrive(chat, office, clock):
    """Somebody asks; gives (citizen, conversation)."""

    def arrived(name="李四", **about):
        who = office.citizen(name)
        opened = chat.open(who, timed_id(clock()), about)
        clock.move(seconds=1)
        return who, opened

    return arrived


def in_hand(chat, officer):
    return [one["id"] for one in chat.at_desk(officer, "mine", None, 50)["items"]]


def test_who_asks_is_given_to_a_free_officer_at_once(chat, pushed, arrive):
    _, opened = arrive()
    assert (opened["state"], opened["officer"]["id"], opened["version"]) == ("active", pushed.id, 2)


def test_capacity_holds_for_what_is_given_and_what_comes_free_goes_to_who_waits_longest(chat, pushed, arrive):
    talks = [arrive(f"{n}") for n in range(4)]
    assert [chat.get(*one_of)["state"] for one_of in ids(talks)] == ["active", "active", "queued", "queued"]
    chat.handling.end(pushed, talks[0][1]["id"], None)
    assert [chat.get(*one_of)["state"] for one_of in ids(talks)] == ["closed", "active", "active", "queued"]
    chat.officers.set_presence(pushed, {"capacity": 3})
    assert chat.get(*ids(talks)[3])["state"] == "active"


def ids(talks):
    return [(who, talk["id"]) for who, talk in talks]


def test_nobody_is_given_anything_who_takes_by_hand_or_sits_at_another_desk(chat, officer, office, arrive):
    chat.officers.set_presence(officer, {"state": "here"})
    chat.officers.set_presence(office.officer(point="XC-H02"), PUSH)
    assert arrive()[1]["state"] == "queued"


def test_it_goes_to_the_least_loaded_who_knows_the_matter(chat, office, officer, pushed, arrive):
    office.mine |= {("guide", "0202"): None}
    office.skills |= {"0202": "不动产"}
    expert = office.officer("赵专窗")
    chat.officers.set_presence(expert, {**PUSH, "skills": ["不动产"]})
    chat.officers.set_presence(pushed, {"skills": ["户籍"], "capacity": 10})
    assert [arrive(matter="0202")[1]["officer"]["name"] for _ in range(2)] == ["赵专窗"] * 2
    assert [arrive()[1]["officer"]["name"] for _ in range(2)] == ["王窗口", "王窗口"]


def test_the_last_officer_is_preferred_where_the_citizen_asks_for_them(chat, citizen, officer, office, clock):
    colleague = office.officer("李窗口")
    for one in (officer, colleague):
        chat.officers.set_presence(one, PUSH)
    first = chat.open(citizen, timed_id(clock()), {})
    chat.handling.end(citizen, first["id"], None)
    for _ in range(3):
        again = chat.open(citizen, timed_id(clock()), {"last_officer": True})
        assert again["officer"] == first["officer"]


def test_no_first_word_in_time_sends_it_back_to_its_old_place_and_the_citizen_sees_it(
    chat, officer, citizen, ask, arrive, clock, heard, office
):
    talk = ask("在吗？")
    clock.move(seconds=1)
    _, later = arrive()
    chat.handling.claim(officer, talk)
    clock.move(seconds=FIRST_REPLY.total_seconds() + 1)
    chat.step(clock())
    back = chat.get(citizen, talk)
    assert (back["state"], back["officer"], back["owner"]["id"]) == ("queued", None, officer.id)
    assert back["queue"]["position"] == 1
    event = chat.messages(citizen, talk, "public", 0, 9)["items"][-1]["event"]
    assert (event["type"], event["because"]) == ("returned", "no_reply")
    assert [p["state"] for event, p, rooms in heard if event == "state" and p["conversation"] == talk][-1] == "queued"
    chat.delivered(citizen, talk, 3)
    office.told.clear()
    clock.move(seconds=11)
    chat.step(clock())
    assert office.told == [(f"citizen:{citizen.id}", talk, 4)], "who is away is told as of a message"


def test_who_has_answered_once_keeps_it(chat, officer, citizen, ask, clock):
    talk = ask("在吗？")
    chat.handling.claim(officer, talk)
    chat.post(officer, talk, said("稍等"))
    for _ in range(3):
        clock.move(seconds=FIRST_REPLY.total_seconds() + 1)
        chat.step(clock())
    assert chat.get(citizen, talk)["state"] == "active"


def test_a_note_is_no_answer(chat, officer, citizen, ask, clock):
    talk = ask("在吗？")
    chat.handling.claim(officer, talk)
    chat.post(officer, talk, said("难", kind="note"))
    clock.move(seconds=FIRST_REPLY.total_seconds() + 1)
    chat.step(clock())
    assert chat.get(citizen, talk)["state"] == "queued"


def test_what_an_officer_who_is_gone_left_behind_goes_back_even_if_they_had_answered(
    chat, officer, citizen, ask, clock
):
    talk = ask("在吗？")
    chat.officers.set_presence(officer, {})
    chat.handling.claim(officer, talk)
    chat.post(officer, talk, said("稍等"))
    clock.move(seconds=(LEASE + GONE).total_seconds() - 5)
    chat.step(clock())
    assert chat.get(citizen, talk)["state"] == "active", "a short absence is none"
    clock.move(seconds=20)
    chat.step(clock())
    assert chat.get(citizen, talk)["state"] == "queued"


def test_what_comes_back_after_hours_becomes_a_message_with_a_promise(chat, officer, citizen, ask, clock, office):
    talk = ask("在吗？")
    chat.handling.claim(officer, talk)
    office.hours = hours_later(clock())
    clock.move(seconds=FIRST_REPLY.total_seconds() + 1)
    chat.step(clock())
    back = chat.get(citizen, talk)
    assert (back["state"], back["promised_at"] is None) == ("left_message", False)


def test_what_came_back_is_given_to_somebody_else(chat, officer, citizen, ask, office, clock):
    talk, colleague = ask("在吗？"), office.officer("李窗口")
    chat.handling.claim(officer, talk)
    clock.move(seconds=FIRST_REPLY.total_seconds() + 1)
    chat.officers.set_presence(colleague, PUSH)
    chat.step(clock())
    assert chat.get(citizen, talk)["officer"]["id"] == colleague.id


def test_who_waits_may_leave_a_message_instead(chat, citizen, officer, ask, clock, office):
    talk = ask("在吗？")
    left = chat.handling.leave_message(citizen, talk)
    assert (left["state"], left["queue"]) == ("left_message", None)
    assert left["promised_at"] == "2026-11-24T12:00:00.000+08:00"
    assert [one["id"] for one in chat.at_desk(officer, "waiting", None, 9)["items"]] == [talk]
    chat.handling.claim(officer, talk)
    with pytest.raises(WrongState):
        chat.handling.leave_message(citizen, talk)
    office.hours = Hours(open=False)


def test_queues_are_counted_at_most_once_a_second_and_only_news_is_told(chat, arrive, heard, officer):
    talks = [arrive(f"{n}") for n in range(5)]
    told = [payload for event, payload, _ in heard if event == "queue"]
    assert len(told) == 1
    chat._queues.pause = 0
    chat.tell_queues()
    told = [payload for event, payload, _ in heard if event == "queue"]
    assert [one["position"] for one in told] == [1, 2, 3, 4, 5]
    heard.clear()
    chat.handling.claim(officer, talks[4][1]["id"])
    assert [payload for event, payload, _ in heard if event == "queue"] == [], "nobody before it has moved"


def test_arrivals_and_endings_at_once_forget_nobody_and_overload_nobody(chat, office, clock):
    officers = [office.officer(f"{n} 号") for n in range(3)]
    for one in officers:
        chat.officers.set_presence(one, {**PUSH, "capacity": 2})

    def come(n):
        return chat.open(office.citizen(f"{n}"), str(uuid4()), {})["id"]

    with ThreadPoolExecutor(12) as pool:
        talks = list(pool.map(come, range(24)))

        def work(officer):
            while len(closed) < len(talks) and time.monotonic() < end:
                held = in_hand(chat, officer)
                assert len(held) <= 2
                for talk in held:
                    chat.handling.end(officer, talk, None)
                    closed.append(talk)

        closed, end = [], time.monotonic() + 60
        list(pool.map(work, officers))
    assert sorted(closed) == sorted(talks)


def test_everybody_who_asks_gets_an_officer():
    """The short form of `make show-routing SEED=…`."""
    report = run(3, 24, 4)
    wrong = ("forgotten", "taken_twice", "ended_twice", "over_capacity", "overtaken")
    assert {name: report[name] for name in wrong} == dict.fromkeys(wrong, 0)
    assert report["ended"] == 24
