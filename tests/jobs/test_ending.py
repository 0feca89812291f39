"""However a process ends, its threads end before its store closes; a step that takes longer is cut off in one line."""

import threading
from contextlib import nullcontext
from unittest.mock import Mock

import pytest
from click.testing import CliRunner

import api.office
from api import cli, server
from api.jobs import worker as working
from api.jobs.worker import Worker
from api.server import AddressTaken


class Office:
    """An office that is started and stopped."""

    identity = None
    extensions = property(lambda office: {"circle": office})
    circle = property(lambda office: office.refuse())

    def __init__(self):
        self.calls = []

    def start(self):
        self.calls.append("start")

    def stop(self):
        self.calls.append("stop")

    def refuse(self):
        raise AddressTaken


@pytest.fixture
def office(settings, monkeypatch):
    """The office that a server and a command assemble, on no store."""
    office = Office()
    for module in ("api.app", "api.server"):
        monkeypatch.setattr(f"{module}.create_app", lambda *_, **__: office)
    for opened in ("opened", "joined"):
        monkeypatch.setattr(f"api.server.{opened}", lambda _: nullcontext())
    monkeypatch.setenv("CIRCLE_VAR", str(settings.var))
    monkeypatch.setattr("api.logs.set_up", lambda level="": None)
    return office


def test_a_server_whose_address_is_taken_stops_what_it_started(settings, office, monkeypatch):
    for name in ("settle_memory", "allow_open_files", "_told_to_stop"):
        monkeypatch.setattr(server, name, lambda: None)
    monkeypatch.setattr(server, "first_staff", lambda *_: [])
    monkeypatch.setattr(server, "_listen", lambda *_: office.refuse())
    with pytest.raises(AddressTaken):
        server.serve(settings)
    assert office.calls == ["start", "stop"]


def test_a_command_that_is_refused_stops_its_office_too(office):
    done = CliRunner().invoke(cli.main, ["network", "use", "nothing"])
    assert (done.exit_code, office.calls) == (1, ["stop"])


def test_an_office_begins_nothing_once_its_chat_is_closed_and_ends_last_what_its_worker_began():
    office = Mock()
    api.office.Office.stop(office)
    order = ["worker.halt", "chat.close", "worker.stop", "circle.generations.end", "security.close"]
    assert [name for name, *_ in office.mock_calls][: len(order)] == order


def test_a_step_longer_than_the_end_is_cut_off_in_one_line(clock, monkeypatch, caplog):
    monkeypatch.setattr(working, "STOP_SECONDS", 0.01)
    begun, closed = threading.Event(), threading.Event()

    def step(now):
        begun.set()
        assert closed.wait(20)
        raise ValueError("Cannot use MongoClient after close")

    worker = Worker({"slow": step}, now=clock)
    worker.start()
    assert begun.wait(20)
    worker.stop()
    closed.set()
    worker._threads[0].join(20)
    [row] = [row for row in caplog.records if row.name == "circle.jobs"]
    assert (row.getMessage(), row.step, row.error, row.exc_info) == (
        "a step was cut off by the end",
        "slow",
        "ValueError",
        None,
    )
