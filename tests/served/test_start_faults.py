"""A store that dies or hangs and a disk that fills during a start: a sentence, or another try; never a traceback."""

import errno
import os

import click
import pytest
from click.testing import CliRunner
from pymongo.errors import AutoReconnect, DuplicateKeyError, NetworkTimeout, OperationFailure

from api import private, server
from api.cli.errors import errors_in_words
from api.settings import read
from api.storage import faults
from tests.show import starts

STORE = {"dead": AutoReconnect("connection closed"), "hanging": NetworkTimeout("timed out")}
ROLES = {"window", "handler", "admin"}


def full(*_args, **_rest):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


class Staff:
    """Stands for the identity room: seeds by name, and breaks `at` the given call, once."""

    def __init__(self, at=None, error=None):
        self.seeded, self._left, self._error = {}, at, error

    def any_staff(self):
        return bool(self.seeded)

    def seed_staff(self, username, password, *_post):
        if self._left is not None:
            self._left -= 1
            if self._left < 0:
                self._left = None
                raise self._error
        return self.seeded.setdefault(username, password)


@pytest.fixture
def trial(tmp_path):
    return read({"CIRCLE_VAR": str(tmp_path / "var"), "CIRCLE_KEYS": str(tmp_path / "keys")})


def log_ins(lines):
    return dict(line.removeprefix("staff log-in: ").split(" / ") for line in lines)


@pytest.mark.parametrize("fault", STORE)
@pytest.mark.parametrize("at", [0, 1, 2])
def test_first_log_ins_that_were_interrupted_are_finished_with_the_same_passwords(trial, at, fault):
    identity = Staff(at, STORE[fault])
    with pytest.raises(type(STORE[fault])):
        server.first_staff(trial, identity)
    lines = server.first_staff(trial, identity)
    assert log_ins(lines) == identity.seeded
    assert set(identity.seeded) == ROLES
    assert server.first_staff(trial, identity) == lines


def test_nobody_is_seeded_whose_password_could_not_be_written(trial, monkeypatch):
    identity = Staff()
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space left") as refused:
            server.first_staff(trial, identity)
    assert "first-staff" in faults.sentence(refused.value)
    assert identity.seeded == {}
    assert set(log_ins(server.first_staff(trial, identity))) == ROLES


def test_a_file_that_could_not_be_replaced_is_as_it_was(tmp_path, monkeypatch):
    file = tmp_path / "note"
    private.write(file, "before")
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        private.write(file, "after")
    assert [path.name for path in tmp_path.iterdir()] == ["note"]
    assert file.read_text() == "before"


@pytest.mark.parametrize("fault", STORE)
def test_what_needs_the_store_is_tried_again_while_it_is_away(monkeypatch, fault):
    monkeypatch.setattr(faults, "PAUSE_SECONDS", 0)
    left = [STORE[fault]] * 3

    def act():
        if left:
            raise left.pop()
        return "begun"

    assert faults.patiently(act) == "begun"


@pytest.mark.parametrize("fault", STORE)
def test_a_store_that_stays_away_ends_the_start_in_a_sentence(monkeypatch, fault):
    monkeypatch.setattr(faults, "PATIENCE_SECONDS", 0)

    def act():
        raise STORE[fault]

    with pytest.raises(faults.StoreAway, match=r"The store does not answer .* store\.log"):
        faults.patiently(act)


SAID = {
    "a full disk": (OSError(errno.ENOSPC, "No space left on device", "/var/x"), "The disk is full: /var/x"),
    "a full disk, somewhere": (OSError(errno.ENOSPC, "No space left on device"), "The disk is full: A file"),
    "a quota": (OSError(errno.EDQUOT, "Disk quota exceeded", "/var/x"), "The disk is full: /var/x"),
    "another's folder": (PermissionError(errno.EACCES, "Permission denied", "/var/x"), "/var/x cannot be opened"),
    "a disk that is only read": (OSError(errno.EROFS, "Read-only file system", "/var/x"), "/var/x cannot be opened"),
    "too many open files": (OSError(errno.EMFILE, "Too many open files"), "Too many open files"),
    "a store that died": (STORE["dead"], "The store does not answer"),
    "a store that hangs": (STORE["hanging"], "The store does not answer"),
    "a store whose disk is full": (OperationFailure("no space", 14031), "The disk of the store is full"),
    "a store that refuses a command": (OperationFailure("no", 13), "refused a command (OperationFailure 13)"),
    "a row that is there twice": (DuplicateKeyError("twice", 11000), "refused a command (DuplicateKeyError 11000)"),
}
"""A fault, and how its sentence begins or goes on."""


@pytest.mark.parametrize(("error", "words"), SAID.values(), ids=SAID)
def test_a_command_says_a_fault_from_outside_in_a_sentence(error, words):
    @click.command()
    def command():
        with errors_in_words():
            raise error

    done = CliRunner().invoke(command)
    assert done.exit_code == 1
    assert done.output.startswith("circle: ")
    assert words in done.output
    assert "Traceback" not in done.output


@pytest.mark.parametrize(("error", "logged"), [(OperationFailure("no", 13), 1), (STORE["dead"], 0)])
def test_an_error_of_the_driver_that_may_be_ours_is_logged_with_its_traceback(caplog, error, logged):
    faults.sentence(error)
    assert [record.exc_info[1] for record in caplog.records if record.exc_info] == [error] * logged


def test_a_fault_of_ours_is_no_fault_from_outside():
    assert faults.sentence(KeyError("x")) is None


def test_a_greeting_that_cannot_be_printed_is_no_reason_not_to_serve(trial, monkeypatch):
    monkeypatch.setattr(os, "write", full)
    server._greet(trial, [])


@pytest.mark.served
def test_a_start_whose_store_dies_before_the_log_ins_serves_and_so_does_the_next(tmp_path):
    """One row of `make show-starts`, which takes every step with every fault."""
    assert starts.start("the log-ins", "dead", tmp_path) == ("served", [])


def test_ready_means_that_the_first_log_ins_are_there(trial, monkeypatch):
    order = []
    monkeypatch.setattr(server, "first_staff", lambda *_: order.append("log-ins") or [])
    monkeypatch.setattr(server, "_listen", lambda *_: order.append("door"))

    class Office:
        identity = None
        start = stop = staticmethod(lambda: None)

    app = type("App", (), {"extensions": {"circle": Office()}})
    monkeypatch.setattr(server, "create_app", lambda *_a, **_k: app)
    monkeypatch.setattr(server, "_embedded", lambda settings: pytest.MonkeyPatch.context())
    monkeypatch.setattr(server, "settle_memory", lambda: None)
    monkeypatch.setattr(server, "allow_open_files", lambda: None)
    stop = type("Stop", (), {"wait": lambda self: None})
    monkeypatch.setattr(server, "_told_to_stop", stop)
    server.serve(trial)
    assert order == ["log-ins", "door"]
