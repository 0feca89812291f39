"""The end: no thread of the chat outlives its store, and what comes after the end is refused in words."""

import json
import logging
import queue
import socket
import threading

import pytest
import redis

from chat import Chat
from chat.live import relay as relaying
from chat.live.relay import Relay
from chat.refusals import Unavailable
from chat.sockets import LeanPacket
from tests.chat.conformance import Line
from tests.chat.office import FAST, said
from tests.chat.test_lines import site_with

SECRET = "redis://:hunter2@10.0.0.9:6379/0 said -ERR 李四 130"


def threads():
    """The threads of the chat that use a store."""
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("chat-")]


def test_the_checks_of_connections_end_before_the_store_closes(database, office, citizen):
    with site_with(database, office) as base:
        line = Line(base, citizen.token)
        assert "chat-checks" in threads()
        line.close()
    assert threads() == []


def test_what_is_posted_after_the_end_is_refused_and_starts_no_thread(database, office, citizen, clock):
    chat = Chat(database, ports=office.ports(), now=clock, posts_a_minute=FAST)
    talk = chat.open(citizen, "t-1", {"text": "一"})["id"]
    chat.post(citizen, talk, said("二"))
    chat.close()
    chat.close()
    with pytest.raises(Unavailable):
        chat.post(citizen, talk, said("三"))
    with pytest.raises(Unavailable):
        chat.handling.end(citizen, talk, None)
    assert threads() == []


class Channel:
    """What a subscriber of Redis is given: what a test puts into `packets`; an exception is raised."""

    def __init__(self):
        self.packets, self.idle = queue.Queue(), threading.Event()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def pubsub(self, **_):
        return self

    def subscribe(self, name):
        pass

    def get_message(self, timeout):
        try:
            packet = self.packets.get(timeout=0.01)
        except queue.Empty:
            self.idle.set()
            return None
        if isinstance(packet, Exception):
            raise packet
        return {"data": packet}

    def publish(self, name, data):
        raise redis.ConnectionError(SECRET)

    def give(self, *packets):
        """Wait until the listener has taken these packets and come back for more."""
        for packet in packets:
            self.packets.put(packet)
        for _ in range(2):
            self.idle.clear()
            assert self.idle.wait(20)


class Server:
    """The part of a Socket.IO server that the relay uses."""

    async_mode = "threading"
    logger, packet_class = logging.getLogger("socketio.server"), LeanPacket

    def start_background_task(self, work):
        """Run it in a thread."""
        thread = threading.Thread(target=work, name="relay", daemon=True)
        thread.start()
        return thread


@pytest.fixture
def channel(monkeypatch):
    """A Redis that a test plays."""
    channel = Channel()
    monkeypatch.setattr(relaying, "AGAIN_SECONDS", 0.01)
    monkeypatch.setattr(relaying.redis.Redis, "from_url", lambda *_, **__: channel)
    return channel


@pytest.fixture
def commands():
    """What the relay was told by other processes."""
    return []


@pytest.fixture
def relay(channel, commands):
    """A relay that listens. The command "fails" is one that fails here."""

    def obey(command):
        if command == "fails":
            raise OSError
        commands.append(command)

    relay = Relay("redis://127.0.0.1:1/0", on_emit=print, on_command=obey)
    relay.set_server(Server())
    relay.initialize()
    yield relay
    relay.end()


def batch(*commands):
    return json.dumps({"from": "other", "batch": [{"method": "word", "word": command} for command in commands]})


def test_no_bytes_of_a_stranger_and_no_password_are_logged_and_what_is_whole_is_taken(
    relay, channel, commands, caplog, capsys
):
    strange = [SECRET, json.dumps({"hunter2": 1}), json.dumps(["hunter2"]), redis.ConnectionError(SECRET)]
    channel.give(*strange, batch("one"))
    relay.send_command({"ended": "a"})
    channel.give(batch("fails", "two"))
    assert commands == ["one", "two"]
    shown = caplog.text + capsys.readouterr().err
    assert "nothing comes in through Redis" in shown
    assert not any(part in shown for part in ("hunter2", "李四", "10.0.0.9"))


def test_the_relay_listens_no_more_after_its_end(relay, channel, commands, caplog):
    channel.give(batch("one"))
    relay.end()
    channel.packets.put(batch("two"))
    assert not relay.thread.is_alive()
    assert (commands, caplog.text) == (["one"], "")


def test_a_redis_that_takes_the_connection_and_never_answers_keeps_no_process_from_ending(monkeypatch):
    monkeypatch.setattr(relaying, "ANSWER_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as frozen:
        frozen.settimeout(20)
        relay = Relay(f"redis://127.0.0.1:{frozen.getsockname()[1]}/0", on_emit=print, on_command=print)
        relay.set_server(Server())
        relay.initialize()
        with frozen.accept()[0]:
            ended = threading.Thread(target=relay.end, daemon=True)
            ended.start()
            ended.join(20)
            assert not ended.is_alive()
            assert not relay.thread.is_alive()


def test_the_end_waits_for_a_listener_that_hangs_only_so_long(monkeypatch):
    monkeypatch.setattr(relaying, "END_SECONDS", 0.05)
    relay, go_on = Relay("redis://127.0.0.1:1/0", on_emit=print, on_command=print), threading.Event()
    relay.thread = threading.Thread(target=go_on.wait, args=(20,), daemon=True)
    relay.thread.start()
    relay.end()
    assert relay.thread.is_alive()
    go_on.set()
