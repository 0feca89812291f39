"""One contract for every SMS provider, then what is Twilio's own."""

from datetime import timedelta
from io import StringIO
from typing import Any

import pytest

from notifications.channels import Call, Channel, LookFailed, Message, Remedy
from notifications.channels.console import ConsoleSms
from notifications.channels.in_app import InApp
from notifications.channels.twilio_sms import FAULTS, TwilioSms

from .conftest import PUBLIC_BASE
from .fake_twilio import ACCOUNT, SERVICE, FakeTwilio, sign


def message(sms: str = "【新城服务圈】验证码246810", delivery: str = "d1", address: str = "+8613800138000") -> Message:
    return Message(
        delivery=delivery,
        notice="n1",
        recipient="citizen:zhang",
        address=address,
        template="login_code",
        version=1,
        language="zh",
        values={"code": "246810"},
        sms=sms,
        title="登录验证码",
        text="验证码已发到您的手机",
        link=None,
        good_for=timedelta(minutes=5),
    )


class Provider:
    """A channel and what arrived on its other side, as (phone, words)."""

    def __init__(self, channel: Channel, arrived: Any) -> None:
        self.channel = channel
        self.arrived = arrived


def console_provider() -> Provider:
    stream = StringIO()

    def arrived() -> list[tuple[str, str]]:
        lines = stream.getvalue().splitlines()
        return [(line[7:18], line[20:]) for line in lines]

    return Provider(ConsoleSms(stream), arrived)


def twilio_provider(fake: FakeTwilio, channel: TwilioSms) -> Provider:
    def arrived() -> list[tuple[str, str]]:
        return [(f"{m['to'][3:6]}****{m['to'][-4:]}", m["body"]) for m in fake.messages]

    return Provider(channel, arrived)


@pytest.fixture(params=["twilio", "console"])
def provider(request: pytest.FixtureRequest, twilio: FakeTwilio, twilio_sms: TwilioSms) -> Provider:
    return twilio_provider(twilio, twilio_sms) if request.param == "twilio" else console_provider()


# -- the contract -------------------------------------------------------------


@pytest.mark.parametrize("words", ["【新城服务圈】验证码246810，5分钟内有效。", "𠮷田“证”—①㐂👍 & <b> %s\\n", "plain"])
def test_words_arrive_as_they_were(provider: Provider, words: str) -> None:
    provider.channel.submit(message(words))
    assert provider.arrived() == [("138****8000", words)]


def test_what_was_taken_has_a_reference_and_is_on_its_way(provider: Provider) -> None:
    report = provider.channel.submit(message())
    assert report.ref
    assert report.state in {"accepted", "sent", "delivered"}
    assert report.fault is None


def test_two_messages_have_two_references(provider: Provider) -> None:
    first, second = provider.channel.submit(message()), provider.channel.submit(message(delivery="d2"))
    assert first.ref != second.ref


def test_what_was_taken_is_found_by_its_reference(provider: Provider, clock: Any) -> None:
    report = provider.channel.submit(message())
    assert report.ref in {found.ref for found in provider.channel.find(message(), clock())}


def test_what_was_never_handed_over_is_not_found(provider: Provider, clock: Any) -> None:
    provider.channel.submit(message())
    assert provider.channel.find(message("other words", "d2"), clock()) == []


def test_it_leaves_the_house_and_so_needs_an_address(provider: Provider) -> None:
    assert provider.channel.outward


# -- the console --------------------------------------------------------------


def test_the_console_shows_the_code_and_hides_the_number() -> None:
    stream = StringIO()
    assert ConsoleSms(stream).submit(message()).state == "delivered"
    assert stream.getvalue() == "SMS to 138****8000: 【新城服务圈】验证码246810\n"


# -- the inbox ----------------------------------------------------------------


def test_the_inbox_says_so_to_the_open_pages() -> None:
    said: list[Any] = []
    channel = InApp(lambda member, word: said.append((member, word)))
    assert channel.submit(message()).state == "accepted"
    word = {"id": "n1", "kind": "login_code", "title": "登录验证码", "text": "验证码已发到您的手机", "link": None}
    assert said == [("citizen:zhang", word)]


def test_a_lost_word_to_the_open_pages_loses_no_notice() -> None:
    def nobody(member: str, word: Any) -> None:
        raise ConnectionError

    assert InApp(nobody).submit(message()).state == "accepted"


# -- Twilio -------------------------------------------------------------------


def test_twilio_is_told_where_to_call_back_and_for_how_long_it_holds(twilio: FakeTwilio, twilio_sms: TwilioSms) -> None:
    twilio_sms.submit(message())
    (_, form) = twilio.requests[0]
    assert form == {
        "To": "+8613800138000",
        "Body": "【新城服务圈】验证码246810",
        "MessagingServiceSid": SERVICE,
        "StatusCallback": f"{PUBLIC_BASE}/v1/providers/twilio/status?notice=n1&delivery=d1",
        "ValidityPeriod": "300",
    }


@pytest.mark.parametrize(
    ("status", "code", "state", "remedy"),
    [
        (429, 20429, "queued", Remedy.AGAIN),
        (429, None, "queued", Remedy.AGAIN),
        (400, 21611, "queued", Remedy.AGAIN),
        (400, 21211, "failed", Remedy.NEVER),
        (400, 21614, "failed", Remedy.NEVER),
        (400, 21610, "failed", Remedy.NEVER),
        (400, 99999, "failed", Remedy.NEVER),
        (401, 20003, "queued", Remedy.STOP),
        (403, None, "queued", Remedy.STOP),
        (400, 60220, "queued", Remedy.STOP),
        (500, 20500, "unknown", Remedy.LOOK),
        (503, None, "unknown", Remedy.LOOK),
    ],
)
def test_a_refusal_is_put_in_its_class(
    twilio: FakeTwilio, twilio_sms: TwilioSms, status: int, code: int | None, state: str, remedy: Remedy
) -> None:
    twilio.refuse(status, code)
    report = twilio_sms.submit(message())
    assert (report.state, report.error) == (state, str(code or status))
    assert report.fault is not None
    assert report.fault.remedy is remedy
    assert twilio_sms.submit(message()).state == "accepted"


def test_every_code_of_the_table_helps_itself_within_bounds() -> None:
    again = {code: fault for code, fault in FAULTS.items() if fault.remedy is Remedy.AGAIN}
    assert set(again) == {20429, 30001, 21611, 30003, 30008}
    assert (again[30003].pause, again[30003].most) == (timedelta(minutes=30), 3)
    assert again[30008].most == 1
    assert all(fault.most and fault.pause for fault in again.values())


def test_wrong_credentials_are_our_fault_and_stop_the_channel(twilio: FakeTwilio) -> None:
    wrong = TwilioSms(ACCOUNT, "not-it", SERVICE, PUBLIC_BASE, api_base=twilio.base, timeout=20)
    report = wrong.submit(message())
    assert (report.state, report.error) == ("queued", "20003")
    assert report.fault is not None
    assert report.fault.remedy is Remedy.STOP


def test_no_answer_means_that_nobody_knows(twilio: FakeTwilio, twilio_sms: TwilioSms) -> None:
    twilio.hang_after_taking()
    assert twilio_sms.submit(message()).state == "unknown"
    assert len(twilio.messages) == 1


def test_a_lost_connection_means_that_nobody_knows_and_is_not_tried_again_by_itself(
    twilio: FakeTwilio, twilio_sms: TwilioSms
) -> None:
    twilio.drop_after_taking()
    assert twilio_sms.submit(message()).state == "unknown"
    assert len(twilio.messages) == 1


def test_a_list_that_cannot_be_read_is_no_empty_list(twilio: FakeTwilio, twilio_sms: TwilioSms, clock: Any) -> None:
    twilio.refuse(503, None)
    with pytest.raises(LookFailed):
        twilio_sms.find(message(), clock())


def test_an_older_message_with_the_same_words_is_not_found(
    twilio: FakeTwilio, twilio_sms: TwilioSms, clock: Any
) -> None:
    twilio_sms.submit(message())
    clock.move(minutes=30)
    assert twilio_sms.find(message(), clock()) == []


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("accepted", "accepted"),
        ("scheduled", "accepted"),
        ("queued", "accepted"),
        ("sending", "accepted"),
        ("sent", "sent"),
        ("partially_delivered", "sent"),
        ("delivered", "delivered"),
        ("read", "delivered"),
        ("undelivered", "undelivered"),
        ("failed", "failed"),
        ("canceled", "canceled"),
    ],
)
def test_every_status_of_twilio_has_a_state_of_ours(twilio_sms: TwilioSms, status: str, state: str) -> None:
    report = twilio_sms.heard({"MessageSid": "SM1", "MessageStatus": status})
    assert report is not None
    assert (report.state, report.ref, report.fault) == (state, "SM1", None)


@pytest.mark.parametrize("form", [{}, {"MessageSid": "SM1"}, {"MessageSid": "SM1", "MessageStatus": "received"}])
def test_a_call_that_is_not_about_a_message_of_ours_says_nothing(twilio_sms: TwilioSms, form: dict[str, str]) -> None:
    assert twilio_sms.heard(form) is None


def test_only_twilio_can_sign(twilio_sms: TwilioSms) -> None:
    target, form = "/v1/providers/twilio/status?notice=n1", {"MessageSid": "SM1", "MessageStatus": "sent"}
    good = sign(PUBLIC_BASE + target, form)
    assert twilio_sms.genuine(Call(target, form, good))
    assert not twilio_sms.genuine(Call(target, form, ""))
    assert not twilio_sms.genuine(Call(target + "2", form, good))
    assert not twilio_sms.genuine(Call(target, {**form, "MessageStatus": "delivered"}, good))
    assert not twilio_sms.genuine(Call(target, form, sign(PUBLIC_BASE + target, form, "another token")))


def test_the_library_logs_no_phone_numbers(twilio_sms: TwilioSms, caplog: pytest.LogCaptureFixture, clock: Any) -> None:
    caplog.set_level("DEBUG", logger="twilio")
    twilio_sms.submit(message())
    twilio_sms.find(message(), clock())
    assert "13800138000" not in caplog.text
