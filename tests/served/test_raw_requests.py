"""Requests whose end could be read in two ways are refused by both servers that we run on (RFC 9112 §6, ASVS V4.2.1).

A proxy that read one the other way would take what comes after it for the request of the next person on the line.
"""

import socket
import subprocess
import sys
from contextlib import closing

import pytest

from tests.serving import Served, free_port, wait_for

pytestmark = pytest.mark.served

BODY = b'{"phone":"1"}'
HEAD = b"POST /v1/sessions/codes HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
NEXT = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"

TWO_WAYS = {
    "a length and chunks": HEAD + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "two lengths": HEAD + b"Content-Length: 13\r\nContent-Length: 5\r\n\r\n" + BODY,
    "a list of lengths": HEAD + b"Content-Length: 13, 13\r\n\r\n" + BODY,
    "a length with a sign": HEAD + b"Content-Length: +13\r\n\r\n" + BODY,
    "a length with a mark": HEAD + b"Content-Length: 1_3\r\n\r\n" + BODY,
    "a length below nothing": HEAD + b"Content-Length: -1\r\n\r\n" + BODY,
    "an unknown coding": HEAD + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "a blank before the colon": HEAD + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
    "a second coding": HEAD + b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
    "two codings": HEAD + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n",
    "a folded field": HEAD + b"X: a\r\n Transfer-Encoding: chunked\r\nContent-Length: 13\r\n\r\n" + BODY,
    "a field within a field": HEAD + b"X: a\rTransfer-Encoding: chunked\r\nContent-Length: 13\r\n\r\n" + BODY,
    "two hosts": b"GET /healthz HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
}

BARE = """
def app(environ, start_response):
    environ["wsgi.input"].read()
    start_response("200 OK", [("Content-Length", "3")])
    return [b"ok\\n"]
"""
"""Something behind gunicorn: what is tried here is its reading of requests, which is all before the app."""


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """The port of `circle serve`."""
    server = Served(tmp_path_factory.mktemp("raw")).start()
    yield server.port
    server.stop()


@pytest.fixture(scope="module")
def gunicorn(tmp_path_factory):
    """The port of gunicorn as the Procfile starts it."""
    folder, port = tmp_path_factory.mktemp("bare"), free_port()
    (folder / "bare.py").write_text(BARE)
    command = [sys.executable, "-m", "gunicorn", "-k", "gevent", "-w", "1", "-b", f"127.0.0.1:{port}", "bare:app"]
    process = subprocess.Popen(command, cwd=folder, stderr=subprocess.DEVNULL)
    wait_for(lambda: answer_of(port, NEXT).startswith(b"HTTP/1.1 200"))
    yield port
    process.terminate()
    process.wait()


def answer_of(port, request):
    """All that comes until the line is closed, or for a second."""
    try:
        line = socket.create_connection(("127.0.0.1", port), 5)
    except OSError:
        return b""
    with closing(line):
        line.sendall(request)
        line.settimeout(1)
        answer = b""
        try:
            while piece := line.recv(65_536):
                answer += piece
        except OSError:
            return answer + b"<open>"
        return answer


@pytest.mark.parametrize("server", ["served", "gunicorn"])
@pytest.mark.parametrize("name", TWO_WAYS)
def test_a_request_whose_end_could_be_read_in_two_ways_is_refused(server, name, request):
    answer = answer_of(request.getfixturevalue(server), TWO_WAYS[name] + NEXT)
    assert answer.startswith((b"HTTP/1.1 400", b"HTTP/1.1 501"))
    assert answer.count(b"HTTP/1.1 ") == 1, "what came after it was answered too"
    assert not answer.endswith(b"<open>")


@pytest.mark.parametrize("server", ["served", "gunicorn"])
def test_a_sound_request_is_answered_and_so_is_the_next_on_its_line(server, request):
    chunked = HEAD + b"Transfer-Encoding: chunked\r\n\r\nd\r\n" + BODY + b"\r\n0\r\n\r\n"
    for sound in (HEAD + b"Content-Length: 13\r\n\r\n" + BODY, chunked):
        assert answer_of(request.getfixturevalue(server), sound + NEXT).count(b"HTTP/1.1 ") == 2
