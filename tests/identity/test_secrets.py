"""Secrets of staff: how long they are, what of them counts, for how long they are good."""

from datetime import timedelta

import pyotp

from api.identity.staff.second_factor import TOTP_STEP, new_totp_secret, totp_step
from tests.conftest import PASSWORD

LONG = "雨后城墙上有三只灰鸽子 and a lantern-orchard ‽ " * 3 + "tB3x_9sKqlmN7w"


def test_a_long_password_is_taken_and_counts_to_its_last_sign(anyone, staff, app):
    officer = staff("window")
    username = app.extensions["circle"].identity.staff.member(officer.person["id"])["username"]
    assert len(LONG) > 64
    officer.post("/v1/staff/password", {"old": PASSWORD, "new": LONG}, expect=200)
    for wrong in (LONG[:-1], LONG[:64], LONG.upper(), f"{LONG} "):
        body = {"username": username, "password": wrong}
        assert anyone.post("/v1/staff/sessions", body, expect=401)["code"] == "password_wrong"
    anyone.post("/v1/staff/sessions", {"username": username, "password": LONG})


def test_a_first_password_has_128_random_bits(staff):
    made = [
        staff("admin").post("/v1/staff", {"username": f"new.{n}", "name": "马", "roles": ["window"]})["first_password"]
        for n in range(2)
    ]
    assert [len(password) for password in made] == [22, 22], "22 signs of base64 hold 128 bits"
    assert made[0] != made[1]


def test_digits_are_good_for_their_step_and_the_next(clock):
    secret, step = new_totp_secret(), timedelta(seconds=TOTP_STEP)
    totp, now = pyotp.TOTP(secret), clock()
    taken = {n: totp_step(secret, totp.at(now + n * step), now) is not None for n in range(-3, 4)}
    assert taken == {-3: False, -2: False, -1: True, 0: True, 1: False, 2: False, 3: False}
