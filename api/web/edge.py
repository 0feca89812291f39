"""The middleware around every route: client address, request id, rate limits, checks of bodies, CORS, security headers,
access log and metrics."""

import logging
import re
import time
from collections.abc import Callable, Iterable, Mapping
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Any
from uuid import uuid4

from flask import Flask, Response, g, has_request_context, request
from werkzeug.exceptions import BadRequest

from api.refusals import Refusal
from api.web import bodies, queries
from api.web.limits import RateLimiter, class_of, network_of
from api.web.problems import preferred

log = logging.getLogger("circle.access")

Networks = tuple[IPv4Network | IPv6Network, ...]
Quick = Callable[[str, str], bytes | None]
"""(query, language) -> a JSON answer without Flask; if None or an exception, the route answers."""
Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
Observe = Callable[[str, str, int, float], None]
"""Called with (method, route, status, seconds) of each request."""

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; worker-src 'self'; "
    "connect-src 'self'; img-src 'self' data: blob:; manifest-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": CSP,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "geolocation=(self), camera=(self), microphone=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
REQUEST_ID = re.compile(r"[\w-]{8,64}", re.ASCII)

OVERRIDES = frozenset({"PATCH", "PUT", "DELETE"})
"""The methods that a POST may stand for, as tus 1.0 asks of a server: some clients have no PATCH."""

UNUSUAL = frozenset({"HTTP_ORIGIN", "HTTP_X_REQUEST_ID", "CONTENT_LENGTH", "HTTP_TRANSFER_ENCODING"})
"""Requests with one of these are never answered without Flask: another origin, the client's own id, a body."""

CORS_METHODS = "GET, POST, PATCH, DELETE, HEAD"
CORS_SENT = (
    "Authorization, Content-Type, Accept-Language, Idempotency-Key, If-Match, X-Request-ID, X-HTTP-Method-Override, "
    "X-Person-Act, "
    "Tus-Resumable, Upload-Length, Upload-Metadata, Upload-Offset, Upload-Checksum"
)
CORS_READ = (
    "ETag, Location, Retry-After, X-Request-ID, Tus-Resumable, Tus-Version, Tus-Extension, Tus-Max-Size, "
    "Upload-Offset, Upload-Length, Upload-Expires"
)


class MethodOverrideWrong(Refusal):
    """A POST names in X-HTTP-Method-Override a method that it cannot stand for."""

    code = "method_override_wrong"
    zh = "X-HTTP-Method-Override 只能是 PATCH、PUT 或 DELETE。"
    en = "X-HTTP-Method-Override takes PATCH, PUT or DELETE."


def register(
    app: Flask,
    *,
    limits: RateLimiter,
    origins: frozenset[str],
    observe: Observe,
    quick: Mapping[str, Quick],
) -> None:
    """Wrap every route of `app` in the middleware of this module.

    Plain requests to the paths in `quick` are answered without Flask. `observe` is given each request's method, route,
    status and seconds. The headers of every answer are added by `with_headers`, around the socket too.
    """
    app.wsgi_app = _quickly(_overridden(app.wsgi_app), quick, limits, observe)  # type: ignore[method-assign,assignment]

    @app.before_request
    def begin() -> Response | None:
        given = request.headers.get("X-Request-ID", "")
        g.request_id = given if REQUEST_ID.fullmatch(given) else str(uuid4())
        g.begun = time.perf_counter()
        if _is_preflight() and request.headers.get("Origin") in origins:
            return Response(status=204)
        if "\0" in request.path:
            raise BadRequest
        g.limited = class_of(request.method, request.url_rule.rule if request.url_rule else "")
        limits.address(g.limited, request.remote_addr or "")
        _check_override()
        queries.check(request, _query_names(app))
        bodies.check(request)
        return None

    @app.after_request
    def end(response: Response) -> Response:
        response.headers.add("X-Request-ID", g.get("request_id", ""))
        if request.path.startswith("/v1/") and "Cache-Control" not in response.headers:
            response.headers.add("Cache-Control", "no-store")
        _answer_origin(response, origins)
        route = request.url_rule.rule if request.url_rule else "-"
        seconds = time.perf_counter() - g.get("begun", time.perf_counter())
        _account(observe, request.method, route, response.status_code, seconds, g.get("request_id", ""))
        return response


def with_headers(wsgi: Wsgi, hsts: str) -> Wsgi:
    """WSGI middleware that adds the headers which an answer has not set, whoever made it.

    `hsts` is the header Strict-Transport-Security, if any. Not done in Flask, whose header list is slow.
    """
    always = {**HEADERS, "Strict-Transport-Security": hsts} if hsts else HEADERS
    known = [(name.lower(), (name, value)) for name, value in always.items()]

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        def start(status: str, headers: list[tuple[str, str]], *error: Any) -> Any:
            there = {name.lower() for name, _ in headers}
            headers += [pair for name, pair in known if name not in there]
            return start_response(status, headers, *error)

        return wsgi(environ, start)

    return app


def _overridden(wsgi: Wsgi) -> Wsgi:
    """WSGI middleware that makes a POST with X-HTTP-Method-Override that method, for all that comes after.

    On other methods the header means nothing; a value that is no method of OVERRIDES is left to `_check_override`.
    """

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        method = environ.get("HTTP_X_HTTP_METHOD_OVERRIDE")
        if method in OVERRIDES and environ["REQUEST_METHOD"] == "POST":
            environ["REQUEST_METHOD"] = method
        return wsgi(environ, start_response)

    return app


def _check_override() -> None:
    """Raises MethodOverrideWrong. A method that may be overridden into is no longer POST here."""
    if request.method == "POST" and "X-HTTP-Method-Override" in request.headers:
        raise MethodOverrideWrong


def _quickly(wsgi: Wsgi, quick: Mapping[str, Quick], limits: RateLimiter, observe: Observe) -> Wsgi:
    """WSGI middleware that answers plain requests without Flask, whose overhead exceeds the work itself.

    Any other request, one with an unusual header and one beyond a rate limit go to Flask, which answers or refuses.
    """

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        answer = quick.get(environ["PATH_INFO"])
        if answer is None or environ["REQUEST_METHOD"] != "GET" or not UNUSUAL.isdisjoint(environ):
            return wsgi(environ, start_response)
        begun, path, body = time.perf_counter(), environ["PATH_INFO"], None
        try:
            body = answer(environ["QUERY_STRING"], preferred(environ.get("HTTP_ACCEPT_LANGUAGE", "")))
            if body is not None:
                limits.address("read", environ["REMOTE_ADDR"])
        except Refusal:
            body = None  # the route refuses in words
        except Exception:
            log.exception("not answered quickly", extra={"route": path})
            body = None
        if body is None:
            return wsgi(environ, start_response)
        own = [("Content-Type", "application/json"), ("Content-Length", str(len(body))), ("Cache-Control", "no-store")]
        request_id = str(uuid4())
        start_response("200 OK", [*own, ("X-Request-ID", request_id)])
        _account(observe, "GET", path, 200, time.perf_counter() - begun, request_id)
        return [body]

    return app


def _account(observe: Observe, method: str, route: str, status: int, seconds: float, request_id: str) -> None:
    """Log and measure one request, without personal data: the route as declared, no path, query or body."""
    observe(method, route, status, seconds)
    if log.isEnabledFor(logging.INFO):
        fields = {"request_id": request_id, "method": method, "route": route, "status": status}
        log.info("request", extra={**fields, "ms": round(seconds * 1000, 1)})


def _query_names(app: Flask) -> frozenset[str] | None:
    """The query parameters of the route that was asked for, as described; None for one that takes any, e.g. a page."""
    view = app.view_functions.get(request.endpoint or "")
    return getattr(view, "query_names", None)


# -- other origins (https://fetch.spec.whatwg.org/#http-cors-protocol) --------------------


def _is_preflight() -> bool:
    return request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers


def _answer_origin(response: Response, origins: frozenset[str]) -> None:
    if not origins:
        return
    response.vary.add("Origin")
    origin = request.headers.get("Origin", "")
    if origin not in origins:
        return
    response.headers["Access-Control-Allow-Origin"] = origin
    response.headers["Access-Control-Expose-Headers"] = CORS_READ
    if _is_preflight():
        response.headers["Access-Control-Allow-Methods"] = CORS_METHODS
        response.headers["Access-Control-Allow-Headers"] = CORS_SENT
        response.headers["Access-Control-Max-Age"] = "7200"


# -- where a request comes from, for the audit --------------------------------------------------


def origin() -> tuple[str, str, str]:
    """Of the present request: whose address counts as one, the wider network as text, the route; outside of one, "".

    The network (/24 or /48) is what an officer may see; the address itself is nobody's to read.
    """
    if not has_request_context():
        return "", "", ""
    route = f"{request.method} {request.url_rule.rule}" if request.url_rule else ""
    address = _parsed(request.remote_addr or "")
    if address is None:
        return "", "", route
    wider = ip_network((address, 24 if address.version == 4 else 48), strict=False)
    return network_of(str(address)), str(wider), route


# -- behind a proxy --------------------------------------------------------------------------


def client_address(peer: str, forwarded: str, proxies: Networks) -> str:
    """The client's address: the last one in X-Forwarded-For that is not a trusted proxy; else the peer."""
    address = peer
    hops = [hop.strip() for hop in forwarded.split(",") if hop.strip()]
    while is_one_of(address, proxies) and hops and _parsed(hops[-1]):
        address = without_ipv6_prefix(hops.pop())
    return address


def behind(wsgi: Wsgi, proxies: Networks) -> Wsgi:
    """WSGI middleware that sets the client's address and scheme from the X-Forwarded headers of a trusted proxy, and
    takes NUL bytes out of the query.

    It stands before everything that counts by address: the routes, and the socket, which is attached around them.
    An IPv4 client of a server on `::` comes as ::ffff:192.0.2.1 (RFC 4291 2.5.5.2) and is set as 192.0.2.1.
    """

    def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        environ["QUERY_STRING"] = queries.without_nul(environ.get("QUERY_STRING", ""))
        peer = environ["REMOTE_ADDR"] = without_ipv6_prefix(environ.get("REMOTE_ADDR", ""))
        if is_one_of(peer, proxies):
            environ["REMOTE_ADDR"] = client_address(peer, environ.get("HTTP_X_FORWARDED_FOR", ""), proxies)
            if environ.get("HTTP_X_FORWARDED_PROTO") in {"http", "https"}:
                environ["wsgi.url_scheme"] = environ["HTTP_X_FORWARDED_PROTO"]
        return wsgi(environ, start_response)

    return app


def without_ipv6_prefix(address: str) -> str:
    """An IPv4 address that came as ::ffff:192.0.2.1 (RFC 4291 2.5.5.2) as 192.0.2.1; any other as it is."""
    mapped = getattr(_parsed(address), "ipv4_mapped", None) if ":" in address else None
    return str(mapped) if mapped else address


def _parsed(text: str) -> Any:
    try:
        return ip_address(text)
    except ValueError:
        return None


def is_one_of(address: str, networks: Networks) -> bool:
    """Whether an address lies in one of the networks."""
    parsed = _parsed(address) if networks else None
    return parsed is not None and any(parsed in network for network in networks)
