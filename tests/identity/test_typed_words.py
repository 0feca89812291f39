"""What was typed and not sent is sealed by keys that a live log-in of that account alone is given, for some days."""

import base64

KEYS = "/v1/me/typed-keys"


def keys(caller):
    answer = caller.get(KEYS)
    assert answer["owner"] == caller.get("/v1/me")["id"]
    return {row["day"]: row["key"] for row in answer["keys"]}


def test_the_next_log_in_of_an_account_opens_what_the_last_one_sealed_and_no_other_does(
    citizen, log_in, officer, clock
):
    sealed_under = keys(citizen)
    citizen.call("DELETE", "/v1/sessions/current", expect=204)
    citizen.get(KEYS, expect=401)
    clock.move(minutes=2)
    assert keys(log_in("13800138000")) == sealed_under
    others = [*keys(log_in("13900139000")).values(), *keys(officer()).values(), *keys(officer()).values()]
    assert len({*others, *sealed_under.values()}) == 12
    assert {len(base64.b64decode(key)) for key in others} == {32}


def test_nobody_is_given_the_key_of_a_day_that_is_past(log_in, clock):
    before = keys(log_in("13700137001"))
    assert list(before) == ["2026-11-24", "2026-11-23", "2026-11-22"]
    clock.move(hours=13.99)
    assert keys(log_in("13700137001")) == before
    clock.move(hours=0.1)
    after = keys(log_in("13700137001"))
    assert list(after) == ["2026-11-25", "2026-11-24", "2026-11-23"]
    assert after["2026-11-24"] == before["2026-11-24"]
    assert len({*after.values(), *before.values()}) == 4
