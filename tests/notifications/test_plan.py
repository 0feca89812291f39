"""Channels and quiet hours."""

from datetime import UTC, datetime, time, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications import plan
from notifications.kind import KINDS

moments = st.datetimes(
    datetime(2020, 1, 1),  # noqa: DTZ001 - hypothesis adds the zone
    datetime(2040, 1, 1),  # noqa: DTZ001
    timezones=st.sampled_from([UTC, plan.BEIJING, timezone(timedelta(hours=-5))]),
)


def beijing(hour: int, minute: int = 0, second: int = 0) -> datetime:
    return datetime(2026, 11, 24, hour, minute, second, tzinfo=plan.BEIJING)


def news(created_at: datetime, kind: str = "case_accepted", recipient: str = "citizen:zhang") -> dict[str, Any]:
    return {"template": kind, "recipient": recipient, "created_at": created_at}


def test_a_code_goes_by_sms_alone_what_staff_are_told_by_the_inbox_alone_and_everything_else_by_both() -> None:
    alone = dict.fromkeys(("login_code", "identity_check"), ("sms",))
    staff = ("security_alarm", "case_near_due", "case_overdue", "papers_not_brought", "rectification_to_check")
    alone |= dict.fromkeys((*staff, "talk_promise_due", "talk_promise_overdue"), ("in_app",))
    for name, kind in KINDS.items():
        assert kind.channels == alone.get(name, ("in_app", "sms")), name


@pytest.mark.parametrize(
    ("at", "is_quiet"),
    [
        (beijing(21, 29, 59), False),
        (beijing(21, 30), True),
        (beijing(0), True),
        (beijing(7, 59, 59), True),
        (beijing(8), False),
        (beijing(8).astimezone(UTC), False),
    ],
)
def test_the_quiet_hours_are_reckoned_in_china(at: datetime, is_quiet: bool) -> None:
    assert plan.quiet(at) is is_quiet


@given(moments)
def test_an_sms_never_goes_out_in_the_quiet_hours_and_waits_no_longer_than_they_last(at: datetime) -> None:
    out = plan.earliest(news(at), "sms", at)
    assert not plan.quiet(out)
    assert timedelta(0) <= out - at <= timedelta(hours=11)


@given(moments)
def test_what_waits_goes_out_within_half_an_hour_from_eight_and_the_rest_at_once(at: datetime) -> None:
    out = plan.earliest(news(at), "sms", at)
    if plan.quiet(at):
        assert time(8) <= out.astimezone(plan.BEIJING).time() < time(8, 30)
    else:
        assert out == at


@given(moments)
def test_a_code_and_the_inbox_know_no_night(at: datetime) -> None:
    assert plan.earliest(news(at, "login_code"), "sms", at) == at
    assert plan.earliest(news(at), "in_app", at) == at


def test_a_code_counts_from_when_it_was_told_however_often_it_is_tried() -> None:
    told, tried = beijing(10), beijing(12)
    assert plan.ends("login_code", told, tried) == beijing(10, 5)
    assert plan.ends("case_accepted", told, tried) == tried + timedelta(hours=72)


def test_what_was_held_over_night_is_spread_evenly_over_the_minutes_each_at_a_moment_of_its_own() -> None:
    told = [news(beijing(22), recipient=f"citizen:{n}") for n in range(3000)]
    moments = [plan.earliest(each, "sms", beijing(23)) for each in told]
    assert moments == [plan.earliest(each, "sms", beijing(3) + timedelta(days=1)) for each in told]
    minutes = [moment.astimezone(plan.BEIJING).minute for moment in moments]
    assert all(60 <= minutes.count(minute) <= 140 for minute in range(1, 29))  # the ends are half full


def test_what_one_recipient_is_sent_after_the_night_comes_in_the_order_in_which_it_was_created() -> None:
    told = [
        beijing(10) - timedelta(days=3),
        beijing(21, 31),
        beijing(21, 40),
        beijing(23),
        beijing(3) + timedelta(days=1),
    ]
    for recipient in ("citizen:zhang", "citizen:li"):
        moments = [plan.earliest(news(at, recipient=recipient), "sms", beijing(4) + timedelta(days=1)) for at in told]
        assert moments == sorted(set(moments))
        assert moments[-1] - moments[0] <= plan.IN_ORDER
