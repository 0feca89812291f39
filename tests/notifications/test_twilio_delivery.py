"""The outbox over the genuine Twilio library: one SMS, whatever is lost on the way."""

from typing import Any

from notifications.channels import Call

from .conftest import PUBLIC_BASE, House
from .fake_twilio import FakeTwilio


def hear(house: House, call: dict[str, Any], notice: str, delivery: str) -> None:
    target = call["url"].removeprefix(PUBLIC_BASE)
    house.notices.take_call("twilio", Call(target, call["form"], call["signature"]), notice, delivery)
    house.drain()


def test_from_told_to_delivered(twilio_house: House, twilio: FakeTwilio) -> None:
    notice = twilio_house.accepted()
    twilio_house.drain()
    (sms,) = twilio.messages
    assert sms["to"] == "+8613800138000"
    delivery = twilio_house.deliveries(notice)[0]
    assert delivery["ref"] == sms["sid"]
    for status in ("queued", "sent", "delivered"):
        hear(twilio_house, twilio.callback(sms, status), notice, delivery["_id"])
    assert twilio_house.path(notice) == ["queued", "submitting", "accepted", "sent", "delivered"]


def test_an_answer_that_never_comes_after_taking_is_one_sms(twilio_house: House, twilio: FakeTwilio) -> None:
    twilio.hang_after_taking()
    notice = twilio_house.accepted()
    twilio_house.drain()
    assert twilio_house.state(notice) == "unknown"
    twilio_house.clock.move(minutes=1)
    twilio_house.drain()
    assert twilio_house.path(notice) == ["queued", "submitting", "unknown", "accepted"]
    assert len(twilio.messages) == 1
    assert twilio_house.deliveries(notice)[0]["ref"] == twilio.messages[0]["sid"]


def test_an_answer_lost_on_every_try_is_one_sms(twilio_house: House, twilio: FakeTwilio) -> None:
    twilio.drop_after_taking()
    notice = twilio_house.accepted()
    twilio_house.drain()
    for _ in range(3):
        twilio.refuse(503, None)
        twilio_house.clock.move(seconds=30)
        twilio_house.drain()
    assert twilio_house.state(notice) == "unknown"
    twilio_house.clock.move(minutes=2)
    twilio_house.drain()
    assert twilio_house.state(notice) == "accepted"
    assert len(twilio.messages) == 1


def test_a_callback_finds_a_delivery_whose_answer_was_lost(twilio_house: House, twilio: FakeTwilio) -> None:
    twilio.drop_after_taking()
    notice = twilio_house.accepted()
    twilio_house.drain()
    delivery = twilio_house.deliveries(notice)[0]["_id"]
    hear(twilio_house, twilio.callback(twilio.messages[0], "delivered"), notice, delivery)
    twilio_house.clock.move(minutes=10)
    twilio_house.drain()
    assert twilio_house.path(notice) == ["queued", "submitting", "unknown", "delivered"]
    assert len(twilio.messages) == 1
    assert [method for method, _ in twilio.requests] == ["POST"]


def test_what_was_never_taken_is_sent_after_two_looks(twilio_house: House, twilio: FakeTwilio) -> None:
    twilio.refuse(503, None)
    notice = twilio_house.accepted()
    twilio_house.drain()
    for _ in range(2):
        twilio_house.clock.move(minutes=2)
        twilio_house.drain()
    assert twilio_house.state(notice) == "accepted"
    assert len(twilio.messages) == 1
    assert [method for method, _ in twilio.requests] == ["POST", "GET", "GET", "POST"]


def test_a_callback_keeps_no_phone_number(twilio_house: House, twilio: FakeTwilio) -> None:
    notice = twilio_house.accepted()
    twilio_house.drain()
    hear(twilio_house, twilio.callback(twilio.messages[0], "undelivered", 30005), notice, "")
    (receipt,) = twilio_house.database["receipts"].find()
    assert set(receipt["said"]) == {"MessageSid", "MessageStatus", "ErrorCode"}
    assert twilio_house.state(notice) == "undelivered"
    assert twilio_house.deliveries(notice)[0]["error"] == "30005"
