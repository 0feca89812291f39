"""The plan step by step: the next channel is taken when the one before failed, or was not seen in time; once."""

from datetime import timedelta
from typing import Any

import pytest

from notifications.channels import Fault, Remedy, Report
from notifications.kind import KINDS, Kind, Step

from .conftest import PATIENCE, House

ZHANG = type("Citizen", (), {"id": "zhang", "kind": "citizen"})()
LI = type("Citizen", (), {"id": "li", "kind": "citizen"})()
WANG = type("Officer", (), {"id": "wang", "kind": "staff"})()
NOT_THERE = Report("failed", error="21211", fault=Fault(Remedy.NEVER))


def tell(house: House, key: str = "k", kind: str = "case_submitted", recipient: str = "citizen:zhang") -> str:
    values = {"number": "XC20261124001", "matter": "食品经营许可", "tail": "8000", "until": "11-25 10:00"}
    return house.notices.tell(recipient, kind, values, key=key)


def made(house: House, notice: str) -> list[tuple[str, str]]:
    rows = house.database["deliveries"].find({"notice": notice}).sort([("channel", 1), ("number", 1)])
    return [(row["channel"], row["state"]) for row in rows]


def test_no_sms_is_made_before_the_inbox_had_its_time(house: House) -> None:
    notice = tell(house)
    house.drain()
    assert made(house, notice) == [("in_app", "accepted")]
    house.clock.at += PATIENCE - timedelta(seconds=1)
    house.drain()
    assert (made(house, notice), house.sms.taken) == ([("in_app", "accepted")], [])
    house.clock.move(seconds=1)
    house.drain()
    assert made(house, notice) == [("in_app", "accepted"), ("sms", "accepted")]
    house.clock.move(hours=1)
    house.drain()
    assert len(house.sms.taken) == 1


@pytest.mark.parametrize("how", ["shown", "read"])
def test_what_was_seen_in_the_inbox_goes_by_no_sms(house: House, how: str) -> None:
    notice = tell(house)
    house.drain()
    house.notices.note_displayed(ZHANG, [notice]) if how == "shown" else house.notices.read(ZHANG, notice)
    house.clock.move(days=4)
    house.drain()
    assert (made(house, notice), house.sms.taken) == ([("in_app", "displayed")], [])
    assert house.path(notice, "in_app") == ["queued", "submitting", "accepted", "displayed"]


def test_seen_before_the_worker_came_to_it_is_seen(house: House) -> None:
    notice = tell(house)
    house.notices.note_displayed(ZHANG, [notice])
    house.clock.move(days=4)
    house.drain()
    assert (made(house, notice), house.pushed) == ([("in_app", "displayed")], [])


def test_an_sms_held_for_the_morning_is_not_sent_to_who_has_seen_it_meanwhile(house: House) -> None:
    house.clock.move(hours=12)  # 22:00
    notice = tell(house)
    house.clock.at += PATIENCE
    house.drain()
    assert made(house, notice) == [("in_app", "accepted"), ("sms", "held")]
    house.notices.note_displayed(ZHANG, [notice])
    house.clock.move(hours=11)
    house.drain()
    assert (made(house, notice), house.sms.taken) == ([("in_app", "displayed"), ("sms", "suppressed")], [])


def test_to_have_seen_it_is_ones_own_act_counts_once_and_is_shown(house: House) -> None:
    notice, code = tell(house), house.code()
    house.drain()
    for _ in range(2):
        house.notices.note_displayed(LI, [notice])
        house.notices.note_displayed(WANG, [notice, "no-such"])
        assert house.state(notice, "in_app") == "accepted"
    at = house.clock()
    for _ in range(2):
        house.notices.note_displayed(ZHANG, [notice, notice, code, "no-such"])
        house.clock.move(minutes=1)
    [item] = house.notices.inbox(ZHANG, None, 20, "zh")["items"]
    assert (item["shown_at"], item["read_at"]) == (at, None)
    house.notices.read(ZHANG, notice)
    [item] = house.notices.inbox(ZHANG, None, 20, "zh")["items"]
    assert (item["shown_at"], item["read_at"]) == (at, house.clock())


def test_what_nobody_looked_at_for_three_days_is_unseen(house: House) -> None:
    notice = tell(house, recipient="staff:wang", kind="talk_promise_due")
    house.drain()
    house.clock.move(hours=71)
    house.drain()
    assert made(house, notice) == [("in_app", "accepted")]
    house.clock.move(hours=1)
    house.drain()
    assert made(house, notice) == [("in_app", "unseen")]
    house.notices.read(WANG, notice)
    assert made(house, notice) == [("in_app", "unseen")]


def test_what_is_critical_goes_by_both_at_once_whoever_has_seen_it(house: House) -> None:
    notice = tell(house, kind="phone_change_opened")
    house.notices.note_displayed(ZHANG, [notice])
    house.drain()
    assert made(house, notice) == [("in_app", "displayed"), ("sms", "accepted")]


OFF = Fault(Remedy.AGAIN, timedelta(minutes=30), most=3)
FAILS, LOST = Report("undelivered", error="30003", fault=OFF), Report("unknown", fault=Fault(Remedy.LOOK))


@pytest.mark.parametrize("before", [[FAILS], [FAILS, FAILS, FAILS], [LOST]])
def test_a_warning_of_a_change_goes_to_the_phone_before_it_at_every_try(house: House, before: list[Any]) -> None:
    house.sms.answers = list(before)
    notice = tell(house, kind="phone_change_opened")
    house.drain()
    house.phones["citizen:zhang"] = "+8613900139999"
    for _ in before:
        house.clock.move(minutes=30)
        house.drain()
    house.clock.move(minutes=2)
    house.drain()
    assert house.state(notice) == "accepted"
    assert {sms.address for sms in house.sms.taken} == {"+8613800138000"}
    assert "13800138000" not in str(house.database["notices"].find_one())
    lines = house.notices.desk(WANG, None, None, 10, "zh")["items"]
    assert {line["to"] for line in lines} == {"138****8000"}
    house.notices.forget_phones(ZHANG)  # the account is closed
    assert "phone" not in (house.database["notices"].find_one() or {})


def test_a_warning_to_who_had_no_phone_never_goes_to_the_new_one(house: House) -> None:
    notice = tell(house, kind="phone_change_opened", recipient="citizen:nobody")
    house.phones["citizen:nobody"] = "+8613900139999"
    house.drain()
    assert (house.state(notice), house.sms.taken) == ("failed", [])


@pytest.fixture
def sms_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """A plan whose first channel can fail, and has an hour."""
    steps = (Step("sms", timedelta(hours=1)), Step("in_app"))
    monkeypatch.setitem(KINDS, "case_submitted", Kind("case_submitted", steps=steps))


@pytest.mark.usefixtures("sms_first")
def test_a_failed_step_is_followed_by_the_next_at_once_and_once(house: House) -> None:
    house.sms.answers = [NOT_THERE]
    notice = tell(house)
    house.drain()
    assert made(house, notice) == [("in_app", "accepted"), ("sms", "failed")]
    house.clock.move(hours=2)
    house.drain()
    assert len(made(house, notice)) == 2


@pytest.mark.usefixtures("sms_first")
@pytest.mark.parametrize(("recipient", "state"), [("staff:wang", "suppressed"), ("citizen:nobody", "failed")])
def test_who_cannot_be_reached_by_a_channel_gets_the_next(house: House, recipient: str, state: str) -> None:
    notice = tell(house, recipient=recipient)
    house.drain()
    assert made(house, notice) == [("in_app", "accepted"), ("sms", state)]


@pytest.mark.usefixtures("sms_first")
@pytest.mark.parametrize("late", ["undelivered", "delivered"])
def test_news_after_the_next_step_was_taken_makes_no_third(house: House, late: str) -> None:
    notice = tell(house)
    house.drain()
    assert made(house, notice) == [("sms", "accepted")]
    house.clock.move(hours=1)
    house.drain()
    assert made(house, notice) == [("in_app", "accepted"), ("sms", "accepted")]
    house.news(notice, late, error="30005" if late == "undelivered" else "")
    house.drain()
    assert made(house, notice) == [("in_app", "accepted"), ("sms", late)]


@pytest.mark.usefixtures("sms_first")
def test_further_tries_of_one_step_come_before_the_next(house: House) -> None:
    notice = tell(house)
    house.drain()
    house.news(notice, "undelivered", error="30003")
    house.drain()
    assert made(house, notice) == [("sms", "undelivered"), ("sms", "queued")]
    house.clock.move(minutes=30)
    house.drain()
    house.news(notice, "undelivered", ref="ref-2", error="30005")
    house.drain()
    assert made(house, notice) == [("in_app", "accepted"), *[("sms", "undelivered")] * 2]


@pytest.mark.usefixtures("sms_first")
def test_news_in_time_takes_no_next_step(house: House) -> None:
    notice = tell(house)
    house.drain()
    house.news(notice, "delivered")
    house.drain()
    house.clock.move(days=4)
    house.drain()
    assert made(house, notice) == [("sms", "delivered")]


@pytest.mark.usefixtures("sms_first")
def test_two_workers_at_once_take_one_next_step(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    notice = tell(house)
    house.drain()
    house.clock.move(hours=1)
    really, second = house.store.pass_on, house.another_worker()

    def slow(*step: Any) -> None:
        monkeypatch.setattr(house.store, "pass_on", really)
        assert second.step(house.clock() + timedelta(seconds=61))  # its lease has run out meanwhile
        really(*step)

    monkeypatch.setattr(house.notices._outbox._store, "pass_on", slow)
    house.drain()
    assert [channel for channel, _ in made(house, notice)] == ["in_app", "sms"]


def test_deliveries_of_earlier_releases_are_followed_by_none(house: House) -> None:
    from api.office import shape
    from api.operations.service import Migrations
    from api.operations.store import OperationsStore

    notice = house.accepted()
    house.drain()
    house.database["notices"].update_many({}, {"$set": {"v": 3, "read_at": house.clock()}, "$unset": {"shown_at": ""}})
    house.database["deliveries"].update_many({}, {"$set": {"v": 2}, "$unset": {"next_at": ""}})
    Migrations(OperationsStore(house.database), shape=shape(), now=house.clock).run()
    assert [row["shown_at"] for row in house.database["notices"].find()] == [house.clock()]
    house.news(notice, "failed", error="30007")
    house.drain()
    house.clock.move(days=4)
    house.drain()
    assert made(house, notice) == [("in_app", "unseen"), ("sms", "failed")]
