"""The lanes: what is due is read many at a time, a code waits for no notice, and a hanging provider for nobody."""

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from pymongo import monitoring

from notifications.channels import Message, Report

from .conftest import House


class Reads(monitoring.CommandListener):
    """Counts the reads by which a process looks for what is due."""

    def __init__(self) -> None:
        self.count = 0

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        """Count it, if it is one."""
        self.count += event.command_name == "find" and "due_at" in event.command["filter"]

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        """Only what is sent counts."""

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        """Only what is sent counts."""


READS = Reads()
monitoring.register(READS)


def waiting(house: House, many: int) -> list[str]:
    """So many notices whose SMS is due."""
    notices = [house.accepted(key=f"waiting {n}") for n in range(many)]
    work_off(house.notices.steps["in_app"], house)
    return notices


def sent(house: House) -> list[str]:
    return [message.notice for message in house.sms.taken]


def test_a_backlog_is_looked_for_once_and_not_once_a_notice(house: House) -> None:
    notices = waiting(house, 40)
    before = READS.count
    for _ in notices:
        assert house.notices.steps["sms"](house.clock())
    assert sorted(sent(house)) == sorted(notices)
    assert READS.count - before == 1
    assert not house.notices.steps["sms"](house.clock())


def test_what_is_due_longest_goes_first(house: House) -> None:
    notices = waiting(house, 6)
    for n, notice in enumerate(notices):
        due_at, by_sms = house.clock() - timedelta(minutes=n), {"notice": notice, "channel": "sms"}
        house.database["deliveries"].update_one(by_sms, {"$set": {"due_at": due_at}})
    house.drain()
    assert sent(house) == notices[::-1]


def test_two_workers_share_a_backlog_and_send_nothing_twice(house: House) -> None:
    notices = waiting(house, 30)
    second = house.another_worker()
    threads = [threading.Thread(target=work_off, args=(step, house)) for step in (house.notices.step, second.step)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(sent(house)) == sorted(notices)


def work_off(step: Callable[[Any], bool], house: House) -> None:
    while step(house.clock()):
        pass


def test_a_provider_that_hangs_holds_up_neither_a_code_nor_the_inbox(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    hangs, goes_on, really = threading.Event(), threading.Event(), house.sms.submit

    def submit(message: Message) -> Report:
        if message.template != "login_code":
            hangs.set()
            assert goes_on.wait(60)
        return really(message)

    monkeypatch.setattr(house.sms, "submit", submit)
    first, second = house.accepted(key="1"), house.accepted(key="2")
    steps = house.notices.steps
    while steps["in_app"](house.clock()):
        pass
    stuck = threading.Thread(target=lambda: steps["sms"](house.clock()))
    stuck.start()
    assert hangs.wait(60)
    code, third = house.code(), house.accepted(key="3")
    assert steps["sms:secret"](house.clock())
    assert steps["in_app"](house.clock())
    assert (house.state(code), house.state(third, "in_app")) == ("accepted", "accepted")
    goes_on.set()
    stuck.join()
    house.drain()
    assert {house.state(notice) for notice in (first, second, third)} == {"accepted"}


def test_a_code_waits_for_no_notice(house: House) -> None:
    waiting(house, 5)
    house.code()
    house.drain()
    assert house.sms.taken[0].template == "login_code"


def test_what_a_process_has_leased_and_not_begun_is_given_back_at_its_end(house: House) -> None:
    notices = waiting(house, 12)
    house.notices.steps["sms"](house.clock())
    second = house.another_worker()
    house.notices.give_back(house.clock())
    work_off(second.step, house)
    assert sorted(sent(house)) == sorted(notices)
    assert {row["attempts"] for row in house.database["deliveries"].find({"channel": "sms"})} == {1}


def test_leases_that_ran_out_are_taken_by_another_and_nothing_is_sent_twice(house: House) -> None:
    notices = waiting(house, 10)
    house.notices.steps["sms"](house.clock())
    house.clock.move(seconds=61)
    work_off(house.another_worker().step, house)
    house.drain()
    assert sorted(sent(house)) == sorted(notices)


def test_callbacks_are_taken_in_batches_too(house: House) -> None:
    notice = house.accepted()
    house.drain()
    for n in range(12):
        house.news(notice, "sent", error=f"{n}")
    before = READS.count
    while house.notices.steps["receipts"](house.clock()):
        pass
    assert READS.count - before <= 2
    assert house.state(notice) == "sent"
