"""What a stranger sends or takes slowly ends by itself under gevent's own server; real requests go on meanwhile."""

import socket
import threading
import time
from contextlib import suppress

import gevent
import pytest
from gevent.event import Event

from api.server import BoundedServer
from api.web import timeouts
from api.web.timeouts import BodyTooSlow, Pieces, TimedBody

GET = b"GET /%s HTTP/1.1\r\nHost: x\r\n\r\n"
POST = b"POST /%s HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n"
LARGE = 16 * 1024 * 1024
PATIENCE = 60


def app(environ, start_response):
    """/read reads the body, /large answers much, everything else answers `ok`."""
    status, answer = "200 OK", b"ok"
    if environ["PATH_INFO"] == "/read":
        try:
            answer = b"%d" % len(environ["wsgi.input"].read())
        except BodyTooSlow:
            status, answer = "408 Request Timeout", b""
    elif environ["PATH_INFO"] == "/large":
        answer = bytes(LARGE)
    start_response(status, [("Content-Length", str(len(answer)))])
    return [answer]


@pytest.fixture(scope="module")
def short():
    """Short times, so that the tests are."""
    with pytest.MonkeyPatch.context() as patch:
        for name, seconds in {"HEAD": 1, "KEPT": 5, "BODY": 1, "REST": 0.3, "RESPONSE_PIECE": 1}.items():
            patch.setattr(timeouts, f"{name}_SECONDS", seconds)
        yield


@pytest.fixture(scope="module")
def port(short):
    """The app under our server, in a thread with a hub of its own; gives its port."""
    ready, ports, over = threading.Event(), [], []

    def serve():
        server = BoundedServer(("127.0.0.1", 0), timeouts.timed(app, "/socket.io/"), an_address=20)
        server.start()
        over.append((gevent.get_hub().loop.async_(), Event()))
        over[0][0].start(over[0][1].set)
        ports.append(server.server_port)
        ready.set()
        over[0][1].wait()
        server.stop(timeout=1)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    assert ready.wait(PATIENCE)
    yield ports[0]
    over[0][0].send()
    thread.join(PATIENCE)


def connect(port, *parts):
    line = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
    for part in parts:
        line.sendall(part)
    return line


def all_of(line):
    """Everything until the server hangs up."""
    received = bytearray()
    with line, suppress(ConnectionError):
        while part := line.recv(65_536):
            received += part
    return bytes(received)


def answer_of(line, end=b"ok"):
    """What comes until the answer ends so."""
    received = b""
    while not received.endswith(end):
        part = line.recv(4096)
        assert part, received
        received += part
    return received


def drip(line, part=b"a"):
    """Send a part every tenth of a second until the server hangs up."""
    with line, suppress(ConnectionError):
        for _ in range(PATIENCE * 10):
            line.sendall(part)
            time.sleep(0.1)
        pytest.fail("never hung up")


def is_served(port):
    return all_of(connect(port, GET.replace(b"Host", b"Connection: close\r\nHost") % b"")).endswith(b"ok")


@pytest.mark.parametrize("begun", [b"", b"GET /", b"GET / HTTP/1.1\r\nHost: x\r\n", b"GET / HTTP/1.1\r\nX-Slow: "])
def test_a_head_that_does_not_come_ends_the_line(port, begun):
    line = connect(port, begun)
    assert is_served(port)
    assert b"200" not in all_of(line)


def test_a_head_of_which_a_byte_comes_now_and_then_ends_too(port):
    drip(connect(port, b"GET / HTTP/1.1\r\nX-Slow: "))


def test_a_kept_connection_waits_longer_for_its_next_request_and_not_without_end(port):
    line = connect(port, GET % b"")
    answer_of(line)
    time.sleep(1.5)
    line.sendall((GET % b"")[:10])
    time.sleep(0.1)
    line.sendall((GET % b"")[10:])
    answer_of(line)
    assert all_of(line) == b""


def test_a_body_that_stops_is_refused(port):
    assert all_of(connect(port, POST % (b"read", 4000), b"x" * 100)).startswith(b"HTTP/1.1 408 ")


def test_a_body_of_which_a_byte_comes_now_and_then_is_refused(port):
    drip(connect(port, POST % (b"read", 4000)))


def test_a_body_that_comes_steadily_has_the_time_that_it_needs(port):
    with connect(port, POST % (b"read", 20_000)) as line:
        for _ in range(20):
            time.sleep(0.1)
            line.sendall(b"x" * 1000)
        answer_of(line, b"20000")


def test_a_body_that_nobody_reads_is_awaited_for_a_moment(port):
    line = connect(port, POST % (b"", 10**9))
    answer_of(line)
    drip(line)


def test_a_body_that_nobody_reads_but_that_came_leaves_the_connection(port):
    line = connect(port, POST % (b"", 5), b"12345", GET % b"")
    with line:
        received = b""
        while received.count(b"ok") < 2:
            received += line.recv(4096)


def test_an_answer_that_nobody_takes_is_cut_and_one_that_is_taken_is_whole(port):
    line = socket.socket()
    line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    line.connect(("127.0.0.1", port))
    line.sendall(GET % b"large")
    time.sleep(3)
    assert is_served(port)
    assert len(all_of(line)) < LARGE
    assert len(all_of(connect(port, GET.replace(b"Host", b"Connection: close\r\nHost") % b"large"))) > LARGE


def test_one_address_holds_so_many_connections(port):
    lines = [connect(port) for _ in range(20)]
    more = connect(port)
    more.settimeout(0.3)
    assert more.recv(1) == b""
    for line in (*lines, more):
        line.close()
    time.sleep(0.2)
    assert is_served(port)


class Stream:
    """A body that is all there."""

    def __init__(self, data):
        self.data, self.sizes = data, []

    def read(self, size):
        self.sizes.append(size)
        part, self.data = self.data[:size], self.data[size:]
        return part

    def readline(self, size):
        return self.read(min(size, self.data.find(b"\n") + 1 or size))


@pytest.mark.parametrize("size", [-1, None, 0, 1, 4_096, 4_097, 99_999, 100_000, 100_001])
def test_a_body_is_read_as_it_is_and_in_pieces(size):
    data = bytes(range(250)) * 400
    stream = Stream(data)
    assert TimedBody(stream).read(size) == (data if size in (-1, None) else data[:size])
    assert max(stream.sizes) <= timeouts.PIECE_BYTES


def test_a_body_is_read_by_lines():
    assert TimedBody(Stream(b"a\nbc\n\nd")).readlines() == [b"a\n", b"bc\n", b"\n", b"d"]
    assert TimedBody(Stream(b"abc\nd")).readline(2) == b"ab"


def test_an_answer_is_cut_into_pieces_and_closed():
    class Response(list):
        closed = False

        def close(self):
            self.closed = True

    response = Response([b"a", b"b" * 150_000, b"", b"c"])
    pieces = Pieces(response)
    parts = list(pieces)
    pieces.close()
    assert (b"".join(parts), max(map(len, parts)), response.closed) == (b"".join(response), 65_536, True)
    Pieces([b"x"]).close()
