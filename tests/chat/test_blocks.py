"""A citizen may not write to one desk for some hours: told why, never kept from reading, and free again by itself."""

import threading

import pytest

from chat import Chat
from chat.refusals import AlreadyBlocked, BadFields, Blocked, NotFound, NotTheOfficer, RoleWrong
from chat.talk.store import Unsettled
from tests.chat.office import said

WHY = {"hours": 2, "reason": "多次辱骂工作人员"}


@pytest.fixture
def talk(chat, officer, ask):
    """A talk that the officer has."""
    opened = ask("在吗？")
    chat.handling.claim(officer, opened)
    return opened


@pytest.fixture
def head(office):
    return office.officer("钱主任", "head")


@pytest.fixture
def blocked(chat, officer, talk):
    """Its citizen is blocked."""
    return chat.blocks.block(officer, "b1", talk, WHY)


def test_a_blocked_citizen_writes_nothing_to_that_desk_opens_nothing_there_and_is_not_seen_writing(
    chat, citizen, ask, talk, blocked
):
    for act in (
        lambda: chat.post(citizen, talk, said("喂")),
        lambda: chat.typing(citizen, talk, None),
        lambda: ask("另一问"),
    ):
        with pytest.raises(Blocked):
            act()


def test_reading_ending_rating_and_every_other_desk_stay(chat, citizen, officer, ask, talk, blocked):
    assert chat.messages(citizen, talk, "public", 0, 9)["items"]
    chat.read(citizen, talk, 1)
    chat.handling.end(citizen, talk, None)
    assert chat.handling.rate(citizen, talk, {"score": 1})["rating"]["score"] == 1
    with pytest.raises(Blocked):
        chat.handling.reopen(citizen, talk)
    assert ask("别的窗口", point="XC-H02")
    assert chat.handling.reopen(officer, talk)["state"] == "queued"


def test_the_citizen_sees_until_when_and_why_and_is_told_by_a_notice_when_away(chat, citizen, office, clock, talk):
    chat.read(citizen, talk, 99)
    chat.blocks.block(office.officer("钱主任", "head"), "b1", talk, {**WHY, "reason": "发 13800138000 骚扰"})
    seen = chat.get(citizen, talk)["blocked"]
    event = chat.messages(citizen, talk, "public", 0, 9)["items"][-1]["event"]
    assert event["type"] == "blocked"
    assert event["block"] == {"id": "b1", **seen}
    assert seen["reason"] == "发 138****8000 骚扰"
    clock.move(seconds=15)
    while chat.step(clock()):
        clock.move(seconds=2)
    assert (f"citizen:{citizen.id}", talk) in [told[:2] for told in office.told]


def test_it_ends_by_itself(chat, citizen, clock, talk, blocked):
    clock.move(hours=2)
    assert chat.post(citizen, talk, said("我改"))["seq"]
    assert chat.get(citizen, talk)["blocked"] is None


def test_what_was_stored_before_is_still_answered_as_stored(chat, citizen, officer, talk):
    first = said("已经发出")
    stored = chat.post(citizen, talk, first)
    chat.blocks.block(officer, "b1", talk, WHY)
    assert chat.post(citizen, talk, first) == stored


def test_who_may_and_for_how_long(chat, office, citizen, officer, head, talk):
    colleague, elsewhere = office.officer("李"), office.officer("远", "head", point="XC-H02")
    for who, refusal in ((citizen, RoleWrong), (colleague, NotTheOfficer), (elsewhere, NotFound)):
        with pytest.raises(refusal):
            chat.blocks.block(who, "b0", talk, WHY)
    for who, hours in ((officer, 25), (head, 73), (officer, 0), (officer, True), (officer, "2")):
        with pytest.raises(BadFields):
            chat.blocks.block(who, "b0", talk, {**WHY, "hours": hours})
    with pytest.raises(BadFields):
        chat.blocks.block(officer, "b0", talk, {"hours": 2, "reason": " "})
    chat.blocks.block(head, "b1", talk, {**WHY, "hours": 72})
    with pytest.raises(AlreadyBlocked):
        chat.blocks.block(officer, "b2", talk, WHY)


def test_who_decided_it_and_who_oversees_the_desk_lift_it_and_again_changes_nothing(
    chat, office, citizen, officer, head, talk, blocked
):
    with pytest.raises(NotTheOfficer):
        chat.blocks.lift(office.officer("李"), "b1")
    with pytest.raises(NotFound):
        chat.blocks.lift(office.officer("远", "head", point="XC-H02"), "b1")
    assert chat.blocks.lift(head, "b1")["lifted"]["by"] == "钱主任"
    last = chat.get(citizen, talk)["last_seq"]
    assert chat.blocks.lift(officer, "b1")["lifted"]["by"] == "钱主任"
    assert chat.get(citizen, talk)["last_seq"] == last
    assert chat.post(citizen, talk, said("谢谢"))["seq"] == last + 1


def test_two_who_lift_it_at_once_tell_it_once(chat, citizen, officer, head, talk, blocked):
    both = [threading.Thread(target=chat.blocks.lift, args=(who, "b1")) for who in (officer, head)]
    for one in both:
        one.start()
    for one in both:
        one.join()
    items = chat.messages(citizen, talk, "public", 0, 50)["items"]
    assert [one["event"]["type"] for one in items if "event" in one].count("unblocked") == 1


def test_the_list_shows_those_that_hold_and_both_acts_are_audited(chat, office, officer, head, clock, talk, blocked):
    [one] = chat.blocks.at_desk(officer, None, 9)["items"]
    assert (one["id"], one["citizen"]["name"], one["by"]["name"]) == ("b1", "张三", "王窗口")
    assert chat.blocks.at_desk(office.officer("远", point="XC-H02"), None, 9)["items"] == []
    chat.blocks.lift(head, "b1")
    assert chat.blocks.at_desk(head, None, 9)["items"] == []
    assert {(officer.id, "conversation.blocked"), (head.id, "conversation.unblocked")} <= {
        told[:2] for told in office.audited
    }


def test_another_process_knows_it_within_seconds(chat, database, office, citizen, officer, clock, talk, monkeypatch):
    monkeypatch.setattr("chat.blocks.in_force.SECONDS", 0)
    other = Chat(database, ports=office.ports(), now=clock)
    try:
        other.post(citizen, talk, said("先"))
        chat.blocks.block(officer, "b1", talk, WHY)
        with pytest.raises(Blocked):
            other.post(citizen, talk, said("后"))
    finally:
        other.close()


def test_while_the_store_is_away_what_is_known_holds_on(chat, citizen, office, talk, blocked, monkeypatch):
    monkeypatch.setattr("chat.blocks.in_force.SECONDS", 0)
    assert chat.blocks.in_force.of(citizen.id, "XC-H01")

    def away(now):
        raise Unsettled

    monkeypatch.setattr(chat.blocks._store, "in_force_at_once", away)
    with pytest.raises(Blocked):
        chat.post(citizen, talk, said("喂"))
    assert chat.blocks.in_force.of(office.citizen("李四").id, "XC-H01") is None


def test_what_is_left_of_a_block_is_forgotten_after_half_a_year(chat, officer, clock, blocked):
    assert chat.blocks.created(officer, "b1") == blocked
    clock.move(days=181)
    chat.step(clock())
    assert chat.blocks.created(officer, "b1") is None
