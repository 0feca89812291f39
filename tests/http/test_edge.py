"""Before and behind every route: request ids, headers, CORS, the client's true address, HEAD and OPTIONS, health."""

from ipaddress import ip_network

import pytest
from flask import request, request_finished

from api.refusals import BadFields
from api.settings import read
from api.web import edge
from api.web.edge import client_address
from api.web.limits import RateLimiter
from chat.lines import OpenLines

OURS, OTHERS = "https://www.example.cn", "https://evil.example"
PLACES = (
    "/",
    "/staff",
    "/docs",
    "/healthz",
    "/readyz",
    "/openapi.json",
    "/v1/matters",
    "/v1/me",
    "/nowhere",
    "/socket.io/",
)


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    """One other origin may call, and one proxy is trusted."""
    folder = tmp_path_factory.mktemp("circle")
    environ = {"CIRCLE_VAR": str(folder / "var"), "CIRCLE_KEYS": str(folder / "keys"), "CORS_ORIGINS": OURS}
    environ |= {"CIRCLE_DEV": "1"}
    return read({**environ, "TRUSTED_PROXIES": "10.0.0.0/24", "PUBLIC_BASE": "https://circle.example.cn"})


# -- request ids ---------------------------------------------------------------


def test_each_answer_names_its_request(anyone):
    first, second = anyone.raw("GET", "/healthz"), anyone.raw("GET", "/healthz")
    assert len(first.headers["X-Request-ID"]) == 36
    assert first.headers["X-Request-ID"] != second.headers["X-Request-ID"]


def test_a_request_id_of_the_proxy_is_kept_and_stands_in_a_problem(anyone):
    answer = anyone.raw("GET", "/v1/me", headers={"X-Request-ID": "proxy-0123456789"})
    assert answer.headers["X-Request-ID"] == answer.get_json()["request_id"] == "proxy-0123456789"


@pytest.mark.parametrize(
    "given", ["short", "x" * 65, "with blanks in it", "号码号码号码号码".encode().decode("latin-1")]
)
def test_a_request_id_that_would_spoil_a_log_is_replaced(anyone, given):
    assert anyone.raw("GET", "/healthz", headers={"X-Request-ID": given}).headers["X-Request-ID"] != given


# -- headers -----------------------------------------------------------------------


@pytest.mark.parametrize("path", PLACES)
def test_every_answer_carries_the_safe_headers(anyone, path):
    with anyone.raw("GET", path) as answer:
        headers = answer.headers
    policy = dict(part.strip().split(" ", 1) for part in headers["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == policy["base-uri"] == policy["frame-ancestors"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert headers["Strict-Transport-Security"].startswith("max-age=")
    assert "microphone=()" in headers["Permissions-Policy"]


@pytest.mark.parametrize("path", ["/v1/matters", "/v1/me"])
def test_no_answer_of_the_interface_is_kept_by_a_cache(anyone, path):
    assert anyone.raw("GET", path).headers["Cache-Control"] == "no-store"


# -- other origins --------------------------------------------------------------------


def preflight(anyone, origin):
    wanted = {"Access-Control-Request-Method": "PATCH", "Access-Control-Request-Headers": "if-match"}
    return anyone.raw("OPTIONS", "/v1/me", headers={"Origin": origin, **wanted})


def test_a_listed_origin_may_call_and_read_what_it_needs(anyone):
    asked = preflight(anyone, OURS)
    assert asked.status_code == 204
    assert asked.headers["Access-Control-Allow-Origin"] == OURS
    assert "PATCH" in asked.headers["Access-Control-Allow-Methods"]
    assert {"If-Match", "Idempotency-Key", "Authorization", "X-HTTP-Method-Override"} <= set(
        asked.headers["Access-Control-Allow-Headers"].split(", ")
    )
    answer = anyone.raw("GET", "/v1/matters", headers={"Origin": OURS})
    assert answer.headers["Access-Control-Allow-Origin"] == OURS
    assert "ETag" in answer.headers["Access-Control-Expose-Headers"]
    assert "Origin" in answer.headers["Vary"]


@pytest.mark.parametrize("origin", [OTHERS, "null", OURS + ".evil.example", "http://www.example.cn"])
def test_any_other_origin_may_not(anyone, origin):
    assert "Access-Control-Allow-Origin" not in preflight(anyone, origin).headers
    assert "Access-Control-Allow-Origin" not in anyone.raw("GET", "/v1/me", headers={"Origin": origin}).headers


def test_cookies_are_never_shared_with_another_origin(anyone):
    assert "Access-Control-Allow-Credentials" not in preflight(anyone, OURS).headers


# -- behind a proxy ---------------------------------------------------------------------

PROXIES = (ip_network("10.0.0.0/24"), ip_network("::1"))

WAYS = {
    "no proxy": ("203.0.113.9", "", "203.0.113.9"),
    "no proxy of ours, and a made-up address": ("203.0.113.9", "198.51.100.1", "203.0.113.9"),
    "one proxy": ("10.0.0.7", "203.0.113.9", "203.0.113.9"),
    "two proxies": ("10.0.0.7", "203.0.113.9, 10.0.0.8", "203.0.113.9"),
    "a client that pretends": ("10.0.0.7", "127.0.0.1, 203.0.113.9", "203.0.113.9"),
    "a client that pretends to be a proxy": ("10.0.0.7", "198.51.100.1, 10.0.0.99, 203.0.113.9", "203.0.113.9"),
    "a proxy that says nothing": ("10.0.0.7", "", "10.0.0.7"),
    "a proxy that says nonsense": ("10.0.0.7", "unknown", "10.0.0.7"),
    "by IPv6": ("::1", "2001:db8::9", "2001:db8::9"),
    "a proxy that listens on IPv6": ("10.0.0.7", "203.0.113.9, ::ffff:10.0.0.8", "203.0.113.9"),
    "a client on IPv4 of a proxy that listens on IPv6": ("10.0.0.7", "::ffff:203.0.113.9", "203.0.113.9"),
}


@pytest.mark.parametrize(("peer", "forwarded", "client"), WAYS.values(), ids=WAYS.keys())
def test_the_clients_address_is_the_nearest_that_is_not_a_proxy_of_ours(peer, forwarded, client):
    assert client_address(peer, forwarded, PROXIES) == client


def test_the_app_sees_what_a_trusted_proxy_tells_and_nothing_that_others_tell(app):
    seen = []

    def look(sender, **_):
        seen.append((request.remote_addr, request.scheme))

    request_finished.connect(look, app)
    headers = {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https"}
    for peer, expected in (("10.0.0.7", ("203.0.113.9", "https")), ("198.51.100.1", ("198.51.100.1", "http"))):
        app.test_client().get("/healthz", headers=headers, environ_base={"REMOTE_ADDR": peer})
        assert seen.pop() == expected


def test_the_socket_counts_by_the_address_that_a_trusted_proxy_tells(app, monkeypatch):
    seen, open_line = [], OpenLines.open
    monkeypatch.setattr(OpenLines, "open", lambda lines, address: seen.append(address) or open_line(lines, address))
    for peer, client in (("10.0.0.7", "203.0.113.9"), ("198.51.100.1", "198.51.100.1")):
        given = {"headers": {"X-Forwarded-For": "203.0.113.9"}, "environ_base": {"REMOTE_ADDR": peer}}
        assert app.test_client().get("/socket.io/?EIO=4&transport=polling", **given).status_code == 400
        assert seen.pop() == client


def test_an_ipv4_client_of_a_server_on_ipv6_is_known_by_its_ipv4_address(app):
    seen = []

    def look(sender, **_):
        seen.append(request.remote_addr)

    request_finished.connect(look, app)
    headers = {"X-Forwarded-For": "203.0.113.9"}
    peers = {
        "::ffff:10.0.0.7": "203.0.113.9",
        "::ffff:198.51.100.1": "198.51.100.1",
        "::ffff:127.0.0.1": "127.0.0.1",
        "2001:db8::1": "2001:db8::1",
    }
    for peer in peers:
        app.test_client().get("/healthz", headers=headers, environ_base={"REMOTE_ADDR": peer})
    assert seen == list(peers.values())


# -- methods and health ------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/healthz", "/v1/matters", "/", "/openapi.json"])
def test_head_answers_as_get_without_a_body(anyone, path):
    with anyone.raw("HEAD", path) as head, anyone.raw("GET", path) as get:
        assert (head.status_code, head.content_type) == (get.status_code, get.content_type)
        assert head.data == b""


def test_options_tells_the_methods(anyone):
    answer = anyone.raw("OPTIONS", "/v1/me")
    assert answer.status_code == 200
    assert {"GET", "PATCH", "OPTIONS"} <= set(answer.headers["Allow"].split(", "))


@pytest.mark.parametrize("method", ["PUT", "POST", "TRACE"])
def test_a_method_that_is_not_there_is_told_so_with_those_that_are(anyone, method):
    answer = anyone.raw(method, "/v1/me")
    assert (answer.status_code, answer.content_type) == (405, "application/problem+json")
    assert "PATCH" in answer.headers["Allow"]


def test_health_and_readiness_need_no_log_in(anyone):
    assert anyone.raw("GET", "/healthz").data == b"ok\n"
    assert anyone.raw("GET", "/readyz").data == b"ready\n"


def test_an_unknown_path_is_a_problem_in_the_readers_language(anyone):
    assert anyone.raw("GET", "/nowhere").get_json()["title"] == "没有找到"
    english = anyone.raw("GET", "/nowhere", headers={"Accept-Language": "en"})
    assert english.get_json()["title"] == "Not found"
    assert "Accept-Language" in english.headers["Vary"]


@pytest.mark.parametrize("trouble", [None, BadFields({}), ValueError("a slip")])
def test_what_is_not_answered_quickly_goes_the_usual_way_once(trouble):
    calls = []

    def usual(environ, start_response):
        calls.append(environ["PATH_INFO"])
        raise KeyError("the usual way fails")

    def quick(query, language):
        if trouble:
            raise trouble
        return

    app = edge._quickly(usual, {"/v1/circle": quick}, RateLimiter(), lambda *told: None)
    with pytest.raises(KeyError):
        app({"PATH_INFO": "/v1/circle", "REQUEST_METHOD": "GET", "QUERY_STRING": ""}, None)
    assert calls == ["/v1/circle"]
