"""The outbox: told once, sent once, forward only, not at night, whatever happens on the way."""

import itertools
import threading
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest

from api.identity.sealing.keyring import SealBroken
from notifications.channels import Fault, LookFailed, Message, Remedy, Report
from notifications.refusals import NotFound, NotResendable

from .conftest import House

STAFF = type("Staff", (), {"id": "wang", "kind": "staff"})()
ACCOUNT_FAULT = Fault(Remedy.STOP, timedelta(minutes=5), most=3)
BUSY = Report("queued", error="20429", fault=Fault(Remedy.AGAIN, timedelta(seconds=5)))
NOBODY_KNOWS = Report("unknown", error="ReadTimeout", fault=Fault(Remedy.LOOK))


class RolledBack(Exception):
    """The caller's transaction did not come to its end."""


# -- telling ------------------------------------------------------------------


def test_a_notice_goes_to_the_inbox_and_by_sms(house: House) -> None:
    notice = house.accepted()
    house.drain()
    assert house.path(notice) == ["queued", "submitting", "accepted"]
    assert house.path(notice, "in_app") == ["queued", "submitting", "accepted"]
    (sms,) = house.sms.taken
    assert (sms.address, sms.notice) == ("+8613800138000", notice)
    assert "食品经营许可" in sms.sms
    ((member, word),) = house.pushed
    assert (member, word["id"], word["link"]) == ("citizen:zhang", notice, "/cases/XC20261124001")


def test_a_code_goes_by_sms_alone(house: House) -> None:
    notice = house.code()
    house.drain()
    assert house.deliveries(notice, "in_app") == []
    assert "246810" in house.sms.taken[0].sms
    assert house.sms.taken[0].good_for == timedelta(minutes=5)


def test_a_key_told_twice_is_one_notice(house: House) -> None:
    assert house.accepted() == house.accepted()
    house.drain()
    assert house.accepted() == house.accepted()
    house.drain()
    assert len(house.sms.taken) == 1


def test_a_key_told_by_many_at_once_is_one_notice(house: House) -> None:
    told: list[str] = []
    threads = [threading.Thread(target=lambda: told.append(house.code())) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    house.drain()
    assert len(told) == 6
    assert len(set(told)) == 1
    assert len(house.sms.taken) == 1


@pytest.mark.parametrize("comes_to_its_end", [True, False])
def test_no_commit_no_notice(house: House, comes_to_its_end: bool) -> None:
    def work(session: Any) -> None:
        house.database["cases"].insert_one({"_id": "c1"}, session=session)
        house.notices.tell("citizen:zhang", "talk_waiting", {"count": 1}, key="k", session=session)
        assert not house.notices.step(house.clock())
        if not comes_to_its_end:
            raise RolledBack

    with suppress(RolledBack):
        house.database.transact(work)
    for _ in range(2):
        house.drain()
        house.clock.move(minutes=10)
    assert len(house.sms.taken) == house.database["notices"].count_documents({}) == int(comes_to_its_end)


def test_values_are_sealed_and_cannot_be_moved(house: House) -> None:
    notice = house.code()
    row = house.database["notices"].find_one({"_id": notice})
    assert row is not None
    assert "246810" not in str(row)
    assert "246810" not in str(house.deliveries(notice))
    assert house.keyring.open_sealed(notice, "code", row["values"]["code"]) == "246810"
    with pytest.raises(SealBroken):
        house.keyring.open_sealed(notice, "number", row["values"]["code"])


def test_a_broken_seal_is_never_sent_and_holds_up_nobody(house: House, caplog: pytest.LogCaptureFixture) -> None:
    broken, whole = house.code(), house.accepted()
    house.database["notices"].update_one({"_id": broken}, {"$set": {"values.code": "AAAA"}})
    house.drain()
    assert [m.notice for m in house.sms.taken] == [whole]
    assert "delivery stumbled" in caplog.text
    house.clock.move(minutes=6)
    house.drain()
    assert house.state(broken) == "expired"


def test_who_has_no_phone_is_told_in_the_inbox_alone(house: House) -> None:
    notice = house.accepted("staff:wang")
    house.drain()
    assert (house.state(notice), house.state(notice, "in_app")) == ("suppressed", "accepted")
    assert house.sms.taken == []


@pytest.mark.parametrize(("is_seen", "state", "resendable"), [(False, "failed", True), (True, "suppressed", False)])
def test_news_for_a_citizen_who_has_no_phone_any_more_stands_as_failed_until_seen(
    house: House, is_seen: bool, state: str, resendable: bool
) -> None:
    del house.phones["citizen:zhang"]
    notice = house.notices.tell("citizen:zhang", "phone_changed", {}, key="k")
    if is_seen:
        house.store.mark_shown("citizen:zhang", [notice], house.clock())
    house.drain()
    assert [(row["state"], row["error"]) for row in house.deliveries(notice)] == [(state, "no address")]
    listed = house.notices.desk(STAFF, "failed", None, 10, "zh")["items"]
    assert [line["id"] for line in listed] == [notice] * resendable
    if resendable:
        house.phones["citizen:zhang"] = "+8613800138000"
        house.notices.resend(STAFF, notice, "again", "zh")
        house.drain()
        assert house.state(notice) == "accepted"


# -- quiet hours --------------------------------------------------------------


def test_at_night_an_sms_is_held_until_eight_but_the_inbox_and_a_code_are_not(house: House) -> None:
    house.clock.move(hours=12)  # 22:00
    notice, code = house.accepted(), house.code()
    house.drain()
    assert [m.notice for m in house.sms.taken] == [code]
    assert (house.state(notice), house.state(notice, "in_app")) == ("held", "accepted")
    house.clock.move(hours=9, minutes=59)
    house.drain()
    assert house.state(notice) == "held"
    house.clock.move(minutes=31)
    house.drain()
    assert house.path(notice) == ["held", "queued", "submitting", "accepted"]


def test_what_is_late_into_the_night_waits_for_the_morning(house: House) -> None:
    house.clock.move(hours=11, minutes=29)  # 21:29
    house.sms.answers = [BUSY]
    notice = house.accepted()
    house.drain()
    house.clock.move(minutes=2)
    house.drain()
    assert (house.state(notice), len(house.sms.taken)) == ("queued", 1)
    house.clock.move(hours=10, minutes=59)
    house.drain()
    assert house.state(notice) == "accepted"


@pytest.mark.parametrize("has_gone_out", [True, False])
def test_what_waited_in_a_backup_is_looked_up_before_it_is_sent(house: House, has_gone_out: bool) -> None:
    house.clock.move(hours=12)  # 22:00
    notice = house.accepted()
    house.drain()
    assert house.state(notice) == "held"
    house.clock.move(hours=12)  # 10:00, restored
    house.store.doubt_unsent(house.clock())
    house.sms.listed = [Report("delivered", ref="ref-of-eight")] if has_gone_out else []
    for _ in range(3):
        house.drain()
        house.clock.move(minutes=2)
    assert (house.state(notice), len(house.sms.taken)) == (("delivered", 0) if has_gone_out else ("accepted", 1))


# -- what a provider says -----------------------------------------------------


def test_callbacks_in_any_order_come_to_the_same_end(house: House) -> None:
    for turn, order in enumerate(itertools.permutations(["accepted", "sent", "delivered"])):
        notice = house.accepted(key=f"turn-{turn}")
        house.drain()
        for state in order:
            house.news(notice, state, ref=f"ref-{len(house.sms.taken)}")
            house.drain()
        assert house.state(notice) == "delivered", order


def test_the_first_final_word_stays_and_every_word_is_kept(house: House) -> None:
    notice = house.accepted()
    house.drain()
    for state in ("delivered", "failed", "undelivered", "sent", "delivered"):
        house.news(notice, state)
        house.drain()
    assert house.path(notice) == ["queued", "submitting", "accepted", "delivered"]
    kept = {r["said"]["state"]: (r["times"], r["outcome"]) for r in house.database["receipts"].find()}
    assert kept == {
        "delivered": (2, "moved"),
        "failed": (1, "no news"),
        "undelivered": (1, "no news"),
        "sent": (1, "no news"),
    }


def test_news_that_comes_before_the_answer_is_not_undone_by_it(house: House) -> None:
    notice = house.accepted()

    def news_first(message: Message) -> Report:
        house.sms.taken.append(message)
        house.news(notice, "delivered")
        assert house.another_worker().step(house.clock())
        return Report("accepted", ref="ref-1")

    house.sms.submit = news_first
    house.drain()
    assert house.path(notice) == ["queued", "submitting", "delivered"]


def test_news_of_nobody_and_of_another_message_moves_nothing(house: House) -> None:
    notice = house.accepted()
    house.drain()
    house.news(notice, "delivered", ref="another")
    house.drain()
    assert house.state(notice) == "accepted"
    house.database["deliveries"].delete_many({})
    house.news(notice, "sent")
    house.drain()
    assert {r["outcome"] for r in house.database["receipts"].find()} == {"another's", "nobody's"}


def test_72_hours_without_news_is_the_end(house: House) -> None:
    notice = house.accepted()
    house.drain()
    house.clock.move(hours=71)
    house.news(notice, "sent")
    house.drain()
    house.clock.move(hours=71)
    house.drain()
    assert house.state(notice) == "sent"
    house.clock.move(hours=1)
    house.drain()
    assert house.state(notice) == "expired"
    house.news(notice, "delivered")
    house.drain()
    assert house.state(notice) == "expired"


# -- faults -------------------------------------------------------------------


def test_a_busy_provider_is_asked_again_after_growing_pauses(house: House) -> None:
    house.sms.answers = [BUSY, BUSY]
    notice = house.accepted()
    house.drain()
    assert (house.state(notice), len(house.sms.taken)) == ("queued", 1)
    house.clock.move(seconds=5)
    house.drain()
    house.clock.move(seconds=5)
    house.drain()
    assert len(house.sms.taken) == 2
    house.clock.move(seconds=5)
    house.drain()
    assert (house.state(notice), len(house.sms.taken)) == ("accepted", 3)


def test_a_phone_that_is_off_is_tried_again_after_half_an_hour_but_not_with_a_third_same_text(house: House) -> None:
    notice = house.accepted()
    house.drain()
    for number in (1, 2):
        house.news(notice, "undelivered", ref=f"ref-{number}", error="30003")
        house.drain()
        house.clock.move(minutes=30)
        house.drain()
    tries = house.deliveries(notice)
    assert [(t["state"], t["error"]) for t in tries] == [
        ("undelivered", "30003"),
        ("undelivered", "30003"),
        ("undelivered", "third_same"),  # the last of them is what staff are shown
    ]
    assert [t["superseded"] for t in tries] == [True, True, False]
    assert len(house.sms.taken) == 2


def test_a_code_is_not_tried_again_when_it_has_ended(house: House) -> None:
    notice = house.code()
    house.drain()
    house.news(notice, "undelivered", error="30003")
    house.drain()
    assert [t["state"] for t in house.deliveries(notice)] == ["undelivered"]


def test_a_code_that_could_not_go_out_in_time_does_not_go_out(house: House) -> None:
    notice = house.code()
    house.clock.move(minutes=5)
    house.drain()
    assert (house.state(notice), house.sms.taken) == ("expired", [])


def test_a_fault_of_our_account_closes_the_channel_and_is_reported(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    house.sms.answers = [Report("queued", error="20003", fault=ACCOUNT_FAULT)]
    notices = [house.accepted(key=str(n)) for n in range(5)]
    house.drain()
    assert len(house.sms.taken) == 1
    assert [r.levelname for r in caplog.records if "account is at fault" in r.message] == ["ERROR"]
    assert {house.state(n, "in_app") for n in notices} == {"accepted"}
    house.clock.move(minutes=5)
    house.drain()
    assert {house.state(n) for n in notices} == {"accepted"}
    assert len(house.sms.taken) == 6


def test_a_fault_of_our_account_that_is_called_back_leads_to_a_further_try(house: House) -> None:
    notice = house.accepted()
    house.drain()
    house.news(notice, "failed", error="30002")
    house.drain()
    assert len(house.sms.taken) == 1
    house.clock.move(minutes=5)
    house.drain()
    assert [t["state"] for t in house.deliveries(notice)] == ["failed", "accepted"]


# -- nobody knows -------------------------------------------------------------


def test_a_lost_answer_is_looked_up_before_anything_is_sent_again(house: House) -> None:
    house.sms.answers = [NOBODY_KNOWS]
    notice = house.accepted()
    house.drain()
    assert (house.state(notice), house.sms.finds) == ("unknown", 0)
    house.sms.listed = [Report("sent", ref="found")]
    house.clock.move(seconds=30)
    house.drain()
    assert house.path(notice) == ["queued", "submitting", "unknown", "sent"]
    assert len(house.sms.taken) == 1


def test_only_after_two_looks_that_find_nothing_is_it_sent_again(house: House) -> None:
    house.sms.answers = [NOBODY_KNOWS]
    notice = house.accepted()
    house.drain()
    house.clock.move(seconds=30)
    house.drain()
    assert (house.state(notice), house.sms.finds, len(house.sms.taken)) == ("unknown", 1, 1)
    house.clock.move(minutes=2)
    house.drain()
    assert house.path(notice) == ["queued", "submitting", "unknown", "queued", "submitting", "accepted"]
    assert len(house.sms.taken) == 2


def test_a_callback_spares_the_look(house: House) -> None:
    house.sms.answers = [NOBODY_KNOWS]
    notice = house.accepted()
    house.drain()
    house.news(notice, "sent", ref="its own")
    house.drain()
    house.clock.move(minutes=10)
    house.drain()
    assert (house.state(notice), house.sms.finds, len(house.sms.taken)) == ("sent", 0, 1)


def test_while_the_list_cannot_be_read_nothing_is_sent_and_a_code_ends(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_list(*_: object) -> list[Report]:
        raise LookFailed

    monkeypatch.setattr(house.sms, "find", no_list)
    house.sms.answers = [NOBODY_KNOWS]
    notice = house.code()
    for _ in range(5):
        house.drain()
        assert house.state(notice) in {"unknown", "expired"}
        house.clock.move(minutes=2)
    assert (house.state(notice), len(house.sms.taken)) == ("expired", 1)


def test_what_belongs_to_another_delivery_is_not_taken_for_ones_own(house: House) -> None:
    other = house.accepted(key="other")
    house.drain()
    house.sms.answers = [NOBODY_KNOWS]
    notice = house.accepted(key="mine")
    house.drain()
    house.sms.listed = [Report("delivered", ref="ref-1")]
    house.clock.move(seconds=30)
    house.drain()
    assert (house.state(other), house.state(notice)) == ("accepted", "unknown")


def test_a_channel_that_breaks_counts_as_nobody_knows(house: House, caplog: pytest.LogCaptureFixture) -> None:
    house.sms.answers = [ZeroDivisionError()]
    notice = house.accepted()
    house.drain()
    assert house.state(notice) == "unknown"
    assert "a channel broke" in caplog.text


def test_a_worker_that_dies_in_the_call_leaves_a_look_not_a_second_message(house: House) -> None:
    notice = house.accepted()
    house.sms.answers = [KeyboardInterrupt()]
    with pytest.raises(KeyboardInterrupt):
        house.drain()
    assert house.state(notice) == "submitting"
    house.drain()
    house.sms.listed = [Report("accepted", ref="ref-1")]
    house.clock.move(seconds=60)
    house.drain()
    assert house.path(notice) == ["queued", "submitting", "unknown", "accepted"]
    assert len(house.sms.taken) == 1


def test_a_worker_that_was_thought_dead_changes_nothing_when_it_comes_back(house: House) -> None:
    notice = house.accepted()
    second = house.another_worker()

    def slow(message: object) -> Report:
        later = house.clock() + timedelta(seconds=61)
        assert second.step(later)
        assert house.state(notice) == "unknown"
        return Report("failed", ref="late", error="21211")

    house.sms.submit = slow
    house.drain()
    assert house.state(notice) == "unknown"


# -- sending again ------------------------------------------------------------


def test_what_failed_is_sent_again_once(house: House) -> None:
    notice = house.accepted()
    house.drain()
    house.news(notice, "failed", error="30007")
    house.drain()
    line = house.notices.resend(STAFF, notice, "new-1", "zh")
    assert (line["id"], line["state"], line["number"], line["to"]) == (notice, "queued", 2, "138****8000")
    with pytest.raises(NotResendable):
        house.notices.resend(STAFF, notice, "new-2", "zh")
    house.drain()
    assert [t["state"] for t in house.deliveries(notice)] == ["failed", "accepted"]
    assert house.deliveries(notice)[1]["by"] == "wang"
    assert house.notices.resent(STAFF, "new-1", "zh") is not None
    assert house.notices.resent(STAFF, "new-2", "zh") is None


def test_what_has_not_failed_is_not_sent_again(house: House) -> None:
    notice = house.accepted()
    with pytest.raises(NotResendable):
        house.notices.resend(STAFF, notice, "new", "zh")
    house.drain()
    with pytest.raises(NotResendable):
        house.notices.resend(STAFF, notice, "new", "zh")
    with pytest.raises(NotFound):
        house.notices.resend(STAFF, "no-such", "new", "zh")


def test_a_code_is_not_there_for_staff(house: House) -> None:
    notice = house.code()
    house.clock.move(minutes=6)
    house.drain()
    assert house.state(notice) == "expired"
    assert house.notices.desk(STAFF, None, None, 20, "zh")["items"] == []
    with pytest.raises(NotFound):
        house.notices.resend(STAFF, notice, "new", "zh")
