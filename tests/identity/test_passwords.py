"""Passwords never hold up the sockets, and the command line manages staff and keys."""

import subprocess
import sys

import pytest

from api.identity.masking import UNMASKED
from api.identity.staff.password_rule import check_password
from api.identity.staff.passwords import Passwords
from api.identity.staff.roles import ROLES, SECOND_FACTOR_ROLES
from api.storage.embedded import EmbeddedStore
from tests.serving import Served

BESIDE = """
from gevent import monkey
monkey.patch_all()
import gevent
from api.identity.staff.passwords import Passwords
ticks = 0
def tick():
    global ticks
    while True:
        ticks += 1
        gevent.sleep(0.001)
passwords = Passwords()
gevent.spawn(tick)
gevent.sleep(0)
ticks = 0
kept = passwords.hash("correct-horse-battery")
assert passwords.fits(kept, "correct-horse-battery") and not passwords.fits(kept, "wrong")
print(ticks)
"""


def test_a_password_fits_itself_and_nobody_has_none():
    passwords = Passwords()
    kept = passwords.hash("㛃䶮𠮷-密码-1")
    assert passwords.fits(kept, "㛃䶮𠮷-密码-1")
    assert not passwords.fits(kept, "another")
    assert not passwords.fits(None, "another")


def test_the_loop_runs_on_while_a_password_is_checked():
    done = subprocess.run([sys.executable, "-c", BESIDE], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 5


def test_the_command_line_manages_staff_and_keys(tmp_path):
    installed = Served(tmp_path)
    store = EmbeddedStore(tmp_path / "var")
    store.start()

    def circle(*words: str, code: int = 0) -> str:
        done = installed.command(*words)
        assert done.returncode == code, (words, done.stdout, done.stderr)
        return done.stdout + done.stderr

    person = ("staff", "add", "ma", "--name", "㛃䶮𠮷", "--role", "head", "--department", "SPJ")
    circle(*person, "--password", "a-good-long-one")
    circle(*person, "--password", "a-good-long-one", code=1)
    refused = circle(*person[:-1], "XYZ", "--point", "XC-H99", "--password", "a-good-long-one", code=1)
    assert "there is no department XYZ here; there are CGJ, CL, " in refused
    assert "there is no point XC-H99 here; there are 118, such as " in refused
    circle("staff", "change", "ma", "--role", "window", "--role", "handler", "--point", "XC-H01", "--department", "")
    assert "ma  㛃䶮𠮷  handler,window   XC-H01" in circle("staff", "list", "--find", "h01")
    assert "first password of ma: " in circle("staff", "reset", "ma")
    circle("staff", "reset", "nobody", code=1)
    assert "seal-2.key" in circle("keys", "new")
    listed = circle("keys", "list", "--used")
    assert "* seal-2" in listed
    assert "  seal-1" in listed
    assert "citizens" in circle("keys", "rotate")
    store.stop()


COMMON = (
    *("5201314woaini", "woaini5201314", "woaini1314520", "WoAiNi1314520", "5201314520", "woaini520520", "1314520520"),
    *("zhongguo1949", "woaizhongguo", "mima12345678", "xincheng2026", "fuwuquan123", "guanliyuan1", "admin123456"),
    *("password123", "Password2026", "P@ssw0rd123", "1234567890", "qwertyuiop", "1qaz2wsx3edc", "asdfghjkl123"),
    *(
        "aaaaaaaaaaaa",
        "abababababab",
        "abcdefghij",
        "iloveyou1314",
        "abc123456789",
        "Aa@123456789",
        "２０２６２０２６２０２６",
    ),
    *("20261130" * 2, "19900307wangmin", "WangMin@2026!", "min.wang-1990", "wangmin-wangmin", "王敏王敏王敏王敏王敏"),
    *("wmin2026kqzx!7", "xx-WMIN2026-yy", "wang199003", "x" * 200),
)
GOOD = (
    "correct-horse-battery",
    "tB3x_9sKqlmN7w",
    "kX93-ff2-aaQz",
    "雨后的城墙上有三只灰鸽子",
    "lantern-orchard-42-bus",
    "q7" * 3 + "Zr!mW0",
)


@pytest.mark.parametrize("password", COMMON)
def test_a_common_password_or_one_made_of_name_user_name_or_year_is_refused(password):
    with pytest.raises(ValueError, match="密码"):
        check_password(password, "wmin2026", "王敏")


@pytest.mark.parametrize("password", GOOD)
def test_one_that_is_not_easily_guessed_is_taken(password):
    check_password(password, "wmin2026", "王敏")
    check_password(password, "ma", "㛃䶮𠮷")
    check_password(password, "ma", "Li")


def test_it_is_refused_wherever_one_is_set(app, anyone, staff):
    officer = staff("window")
    with pytest.raises(ValueError, match="common"):
        app.extensions["circle"].identity.add_staff("ma", "woaini5201314", "马", {"window"}, None, None)
    body = {"old": "correct-horse-battery", "new": "5201314woaini"}
    problem = officer.post("/v1/staff/password", body, expect=422)
    assert "常见" in problem["errors"]["new"][0]
    english = officer.post("/v1/staff/password", body, expect=422, headers={"Accept-Language": "en"})
    assert "common" in english["errors"]["new"][0]


def test_a_first_password_is_good_for_three_days(app, anyone, staff, clock, database):
    identity = app.extensions["circle"].identity
    made = staff("admin").post("/v1/staff", {"username": "new.one", "name": "马", "roles": ["window"]})
    identity.add_staff("by.hand", "lantern-orchard-42-bus", "马", {"window"}, None, None)
    identity.seed_staff("recovered", "lantern-orchard-42-bus", "马", {"window"}, None, None)
    first = {
        "new.one": made["first_password"],
        "by.hand": "lantern-orchard-42-bus",
        "recovered": identity.staff.reset("recovered"),
    }

    def enter(username, expect):
        return anyone.post("/v1/staff/sessions", {"username": username, "password": first[username]}, expect=expect)

    clock.move(days=2, hours=23)
    for username in first:
        assert enter(username, 201)["must_change_password"] is True
    clock.move(hours=1)
    for username in first:
        assert enter(username, 401)["code"] == "first_password_over"
        wrong = {"username": username, "password": "wrong-password"}
        assert anyone.post("/v1/staff/sessions", wrong, expect=401)["code"] == "password_wrong"
    database["staff"].update_one({"username": "by.hand"}, {"$unset": {"password_until": ""}})
    assert enter("by.hand", 401)["code"] == "first_password_over", "given out before they had an end"
    first["new.one"] = identity.staff.reset("new.one")
    enter("new.one", 201)


def test_a_password_of_ones_own_has_no_end(anyone, staff, app, clock):
    identity = app.extensions["circle"].identity
    username = identity.staff.member(staff("window").person["id"])["username"]
    clock.move(days=100)
    anyone.post("/v1/staff/sessions", {"username": username, "password": "correct-horse-battery"})


def test_whoever_sees_identity_numbers_in_full_needs_a_second_factor():
    assert UNMASKED["id_number"] <= SECOND_FACTOR_ROLES
    assert SECOND_FACTOR_ROLES == ROLES
