"""Lines that nobody logs in by are hung up, an address and a person hold so many, one broken packet ends one."""

import json
import random
import re
import socket
import threading
import time
from contextlib import contextmanager
from types import SimpleNamespace

import pytest
import socketio
from werkzeug.serving import make_server

from api.settings import read
from api.web import edge
from api.web.limits import network_of
from chat import lines as chat_lines
from chat import sockets as chat_sockets
from chat.limits import LineLimits
from chat.lines import OpenLines
from chat.refusals import TooManyLines
from tests.chat.conformance import Line
from tests.chat.office import site, utc_now
from tests.show.lines import BROKEN_PACKETS, SILENT, Hanging, frame, upgrade, wait

# -- the count, without a network -------------------------------------------------------


@pytest.fixture
def now(monkeypatch):
    """A monotonic clock that a test moves."""
    clock = SimpleNamespace(seconds=100.0)
    monkeypatch.setattr(chat_lines.time, "monotonic", lambda: clock.seconds)
    return clock


def opened(lines, address="203.0.113.9", count=1):
    """So many lines, each with a websocket that notes whether it was hung up."""
    created = []
    for _ in range(count):
        line = lines.open(address)
        line.carry(Carried())
        created.append(line)
    return created


class Carried:
    """A websocket without a network."""

    def __init__(self):
        self.connected, self.input_buffer, self.event, self.sock = True, ["unread"], threading.Event(), self

    def shutdown(self, how):
        """Nothing to close."""


def hung_up(line):
    websocket = line._websocket
    return (websocket.connected, websocket.input_buffer) == (False, [])


def test_only_who_stays_outside_is_hung_up(now):
    lines = OpenLines(LineLimits(), network_of)
    inside, outside, left = opened(lines, count=3)
    lines.enter(inside, "a")
    lines.enter(left, "b")
    now.seconds += 9.9
    lines.leave(left)
    lines.hang_up_due()
    assert [hung_up(line) for line in (inside, outside, left)] == [False, False, False]
    now.seconds += 0.2
    lines.hang_up_due()
    assert [hung_up(line) for line in (inside, outside, left)] == [False, True, False]
    now.seconds += 10
    lines.hang_up_due()
    assert [hung_up(line) for line in (inside, outside, left)] == [False, True, True]


def test_who_comes_back_on_the_same_line_stays(now):
    lines = OpenLines(LineLimits(), network_of)
    [line] = opened(lines)
    for _ in range(3):
        lines.enter(line, "a")
        lines.leave(line)
        now.seconds += 9
    lines.enter(line, "a")
    now.seconds += 60
    lines.hang_up_due()
    assert not hung_up(line)


def test_a_stranger_s_silent_lines_give_way_to_the_people_behind_the_same_address(now):
    lines = OpenLines(LineLimits(an_address=50), network_of)
    people = []
    for number in range(20):
        people += opened(lines)
        lines.enter(people[-1], f"person-{number}")
    silent = opened(lines, count=30)
    assert [hung_up(line) for line in silent] == [True] * 25 + [False] * 5
    for line in silent[:25]:
        lines.close(line)
    [late] = opened(lines)
    lines.enter(late, "late")
    assert not any(map(hung_up, [*people, late]))


def test_a_carrier_s_address_and_the_hall_s_wifi_hold_a_thousand_people_but_no_more():
    lines = OpenLines(LineLimits(), network_of)
    for number in range(1_000):
        lines.enter(*opened(lines), f"person-{number}")
    with pytest.raises(TooManyLines):
        lines.open("203.0.113.9")
    opened(lines, "203.0.113.10")


def test_one_64_of_ipv6_is_one_address():
    lines = OpenLines(LineLimits(an_address=10), network_of)
    for number in range(10):
        lines.enter(*opened(lines, f"2001:db8::{number:x}"), f"person-{number}")
    with pytest.raises(TooManyLines):
        lines.open("2001:db8::ffff")
    opened(lines, "2001:db8:0:1::1")


def test_all_addresses_together_leave_room_for_other_requests():
    lines = OpenLines(LineLimits(in_all=8, an_address=4), network_of)
    for number in range(8):
        lines.enter(*opened(lines, f"203.0.113.{number}"), f"person-{number}")
    with pytest.raises(TooManyLines):
        lines.open("203.0.113.9")


def test_an_address_that_is_spared_is_bounded_by_all_alone():
    lines = OpenLines(LineLimits(an_address=10), network_of, spares=lambda address: address == "127.0.0.1")
    assert not any(map(hung_up, opened(lines, "127.0.0.1", 500)))


def test_a_person_holds_so_many_lines_and_another_person_is_not_concerned():
    lines = OpenLines(LineLimits(a_person=3), network_of)
    first, *_ = mine = opened(lines, count=3)
    for line in mine:
        lines.enter(line, "a")
    [fourth] = opened(lines)
    with pytest.raises(TooManyLines):
        lines.enter(fourth, "a")
    lines.enter(fourth, "b")
    lines.close(first)
    [fifth] = opened(lines)
    lines.enter(fifth, "a")


@pytest.mark.parametrize("seed", range(5))
def test_whatever_comes_in_whatever_order_nothing_is_counted_after_the_end(seed):
    rng, lines, held = random.Random(seed), OpenLines(LineLimits(40, 20, 3), network_of), []
    for _ in range(2_000):
        act = rng.choice(["open", "enter", "leave", "refuse", "close", "close"])
        try:
            if act == "open" or not held:
                held += opened(lines, f"203.0.113.{rng.randrange(3)}")
                continue
            line = rng.choice(held)
            if act == "enter" and line.person is None:
                lines.enter(line, f"person-{rng.randrange(4)}")
            elif act == "leave":
                rng.choice([lines.leave, lines.part])(line)
            elif act == "refuse":
                lines.refuse(line)
            elif act == "close":
                held.remove(line)
                lines.close(line)
        except TooManyLines:
            pass
        assert sum(lines._by_network.values()) == len(held) == len(lines._open)
    for line in held:
        lines.close(line)
        lines.leave(line)
    assert not any([lines._open, lines._by_network, lines._by_person, lines._due])


# -- at the socket itself, by gevent and by threads -------------------------------------------------


@contextmanager
def site_with(database, office, mode="threading", limits=None, proxies=()):
    """The chat's faces with these limits, on a loopback port."""
    app, chat = site(database, office, utc_now, mode, limits=limits or LineLimits())
    app.wsgi_app = edge.behind(app.wsgi_app, proxies)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.port}"
    server.shutdown()
    thread.join()
    chat.close()


@pytest.fixture
def soon(monkeypatch):
    """A line outside is hung up after a second."""
    monkeypatch.setattr(chat_lines, "OUTSIDE_SECONDS", 1)


def received_until(line, part):
    """What comes until this part of it does, or the end."""
    received = b""
    while part not in received and (more := line.recv(65_536)):
        received += more
    return received


def port_of(base):
    return int(base.rsplit(":", 1)[1])


def hanging(base, first=b"", drip=b""):
    return Hanging(port_of(base), "silent", first, drip, upgrade(random.Random(1)))


def test_every_kind_of_silence_is_hung_up_and_who_is_logged_in_stays(database, office, citizen, soon):
    with site_with(database, office) as base:
        line = Line(base, citizen.token)
        silent = [hanging(base, *SILENT[kind]) for kind in SILENT for _ in range(3)]
        report = wait(silent, 30)["silent"]
        assert (report["left"], report["opened"]) == (0, 3 * len(SILENT))
        assert line.ask("join", {"conversation": "nowhere"})["code"] == "not_found"
        line.close()


def test_who_parts_but_stays_connected_is_hung_up(database, office, citizen, soon):
    with site_with(database, office) as base:
        parting = hanging(base, frame("40/chat," + json.dumps({"token": citizen.token})))
        time.sleep(0.3)
        parting.socket.setblocking(True)
        parting.socket.sendall(frame("41/chat,"))
        parting.socket.setblocking(False)
        assert wait([parting], 30)["silent"]["left"] == 0


@pytest.mark.parametrize("packet", BROKEN_PACKETS)
def test_the_first_broken_packet_ends_a_line_at_once_whoever_is_logged_in_by_it(database, office, citizen, packet):
    with site_with(database, office) as base:
        other = Line(base, citizen.token)
        lines = [hanging(base, frame("40/chat," + json.dumps({"token": citizen.token}))), hanging(base)]
        time.sleep(0.3)
        begun = time.monotonic()
        for line in lines:
            line.socket.setblocking(True)
            line.socket.sendall(frame(packet) * 50)
            line.socket.setblocking(False)
        assert wait(lines, chat_lines.OUTSIDE_SECONDS - 2)["silent"]["left"] == 0
        assert time.monotonic() - begun < chat_lines.OUTSIDE_SECONDS - 2
        assert other.ask("join", {"conversation": "nowhere"})["code"] == "not_found"
        other.close()


def test_a_handshake_that_fails_is_answered_and_leaves_nothing(database, office, citizen):
    with site_with(database, office) as base:
        without_key = re.sub(rb"Sec-WebSocket-Key: .*\r\n", b"", upgrade(random.Random(1)))
        with socket.create_connection(("127.0.0.1", port_of(base)), timeout=20) as line:
            line.sendall(without_key)
            assert b" 400 " in line.recv(4096).split(b"\r\n")[0]
            while line.recv(4096):
                pass


def test_the_namespace_of_everybody_is_refused(database, office, citizen):
    with site_with(database, office) as base:
        client = socketio.Client(reconnection=False)
        with pytest.raises(socketio.exceptions.ConnectionError):
            client.connect(base, namespaces=["/"], transports=["websocket"])
        client.disconnect()


def test_a_dead_peer_is_hung_up_after_a_ping_without_an_answer(database, office, citizen, monkeypatch):
    monkeypatch.setattr(chat_sockets, "PING_SECONDS", 1)
    monkeypatch.setattr(chat_sockets, "PONG_SECONDS", 1)
    with site_with(database, office) as base:
        alive = Line(base, citizen.token)
        dead = [hanging(base, frame("40/chat," + json.dumps({"token": citizen.token}))) for _ in range(3)]
        assert wait(dead, 60)["silent"]["left"] == 0
        assert alive.ask("join", {"conversation": "nowhere"})["code"] == "not_found"
        alive.close()


def test_a_message_longer_than_any_of_ours_is_refused_before_it_is_whole(database, office):
    with site_with(database, office) as base:
        endless = hanging(base)
        endless.socket.setblocking(True)
        endless.socket.settimeout(20)
        with pytest.raises(ConnectionError):
            endless.socket.sendall((b"\x01\xfe\x10\x00\0\0\0\0" + b"4" * 4096) * 10_000)
        endless.end()


def test_one_window_too_many_of_a_person_is_refused_in_words_until_another_is_closed(database, office, citizen):
    with site_with(database, office, limits=LineLimits(a_person=2)) as base:
        first, second, third = (Line(base, citizen.token) for _ in range(3))
        assert (third.refused["data"]["code"], third.client.connected) == ("too_many_lines", False)
        assert third.refused["data"]["retry_after"]
        third.close()
        assert office.refused == [(citizen.id, "too_many_lines")]
        other = Line(base, office.citizen("李四").token)
        first.close()
        again = None
        for _ in range(600):
            again = Line(base, citizen.token)
            if again.client.connected:
                break
            again.close()
            time.sleep(0.1)
        for line in (second, other, again):
            assert line.ask("join", {"conversation": "nowhere"})["code"] == "not_found"
            line.close()


def test_behind_a_trusted_proxy_the_forwarded_address_counts(database, office):
    def handshake(base, address):
        line = socket.create_connection(("127.0.0.1", port_of(base)), timeout=20)
        line.sendall(upgrade(random.Random(1)).replace(b"\r\n\r\n", f"\r\nX-Forwarded-For: {address}\r\n\r\n".encode()))
        return line, line.recv(65_536)

    people = [office.citizen(f"群众{number}") for number in range(3)]
    proxies = read({"TRUSTED_PROXIES": "127.0.0.1", "CIRCLE_DEV": "1"}).trusted_proxies
    with site_with(database, office, limits=LineLimits(an_address=2), proxies=proxies) as base:
        lines = []
        for person in people[:2]:
            line, _ = handshake(base, "2001:db8::1")
            line.sendall(frame("40/chat," + json.dumps({"token": person.token})))
            assert b"40/chat" in received_until(line, b"40/chat")
            lines.append(line)
        refused, answer = handshake(base, "2001:db8::2")
        assert answer.startswith(b"HTTP/1.1 429 ")
        assert b"too_many_lines" in answer + received_until(refused, b"}")
        assert office.refused == [("", "too_many_lines")]
        taken, answer = handshake(base, "2001:db8:0:1::1")
        assert b" 101 " in answer.split(b"\r\n")[0]
        for line in (*lines, refused, taken):
            line.close()
