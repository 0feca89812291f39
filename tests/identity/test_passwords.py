"""Passwords never hold up the sockets, and the command line manages staff and keys."""

import subprocess
import sys

from api.identity.staff.passwords import Passwords
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
    assert "there is no point XC-H99 here; there are 119, such as " in refused
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
