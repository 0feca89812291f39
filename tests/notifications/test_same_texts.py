"""The third same text to a number within 24 hours is not sent: carriers in China refuse it, and may bar the sender."""

import threading
from datetime import timedelta

from notifications import INDEXES
from notifications.channels import Fault, Remedy, Report

from .conftest import NUMBER, House

BUSY = Report("queued", error="20429", fault=Fault(Remedy.AGAIN, timedelta(seconds=5)))


def told(house: House, count: int) -> list[str]:
    notices = [house.accepted(key=f"{house.clock()}-{n}", number=NUMBER) for n in range(count)]
    house.drain()
    return notices


def test_two_same_texts_go_out_and_the_third_does_not(house: House) -> None:
    notices = told(house, 4)
    assert [house.state(notice) for notice in notices] == ["accepted", "accepted", "suppressed", "suppressed"]
    assert house.deliveries(notices[2])[0]["error"] == "third_same"
    assert len(house.sms.taken) == 2


def test_another_number_and_another_text_are_counted_apart(house: House) -> None:
    told(house, 2)
    other = house.accepted("citizen:li", key="other number", number=NUMBER)
    house.notices.tell("citizen:zhang", "report_settled", {"about": "x", "words": "y"}, key="other text")
    house.clock.move(minutes=10)
    house.drain()
    assert (house.state(other), len(house.sms.taken)) == ("accepted", 4)


def test_a_code_that_is_asked_again_is_another_text_and_always_goes_out(house: House) -> None:
    codes = [f"{n:06d}" for n in range(5)]
    for kind in ("login_code", "identity_check"):
        notices = [house.notices.tell("citizen:zhang", kind, {"code": code}, key=f"{kind}{code}") for code in codes]
        house.drain()
        assert [house.state(notice) for notice in notices] == ["accepted"] * len(codes)


def test_a_day_after_the_first_of_them_it_goes_out_again(house: House) -> None:
    told(house, 2)
    house.clock.move(hours=23, minutes=59)
    assert house.state(told(house, 1)[0]) == "suppressed"
    house.clock.move(minutes=1)
    assert house.state(told(house, 1)[0]) == "accepted"


def test_what_the_provider_did_not_take_counts_once_however_often_it_is_tried(house: House) -> None:
    house.sms.answers = [BUSY, BUSY, BUSY]
    [notice] = told(house, 1)
    for _ in range(3):
        house.clock.move(minutes=1)
        house.drain()
    assert (house.state(notice), len(house.sms.taken)) == ("accepted", 4)
    assert [house.state(notice) for notice in told(house, 2)] == ["accepted", "suppressed"]


def test_two_workers_at_once_send_no_third(house: House) -> None:
    notices = [house.accepted(key=str(n), number=NUMBER) for n in range(6)]
    second = house.another_worker()

    def work(step: object) -> None:
        while step(house.clock()):  # type: ignore[operator]
            pass

    threads = [threading.Thread(target=work, args=(step,)) for step in (house.notices.step, second.step)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    house.drain()
    assert sorted(house.state(notice) for notice in notices) == ["accepted"] * 2 + ["suppressed"] * 4


def test_what_is_counted_holds_no_number_and_no_text_and_is_gone_after_a_day(house: House) -> None:
    told(house, 1)
    [row] = house.database["same_texts"].find()
    assert row["delete_at"] == house.clock() + timedelta(hours=24)
    assert not any(word in str(row) for word in ("13800138000", "食品", "XC2026", "zhang"))
    assert ("same_texts", [("delete_at", 1)], {"expireAfterSeconds": 0}) in INDEXES
