"""The Flask app: the assembled office behind its routes, the edge, the errors, the documents and the socket."""

import sys
from collections.abc import Callable
from datetime import datetime
from typing import IO, Any

from flask import Flask, Response

import chat
import notifications
from api.circle import routes as circle_routes
from api.identity.sealing.keyring import Keyring
from api.office import Office
from api.operations.service import open_keys
from api.operations.store import OperationsStore
from api.pages import routes as pages_routes
from api.pages.plain import routes as plain_routes
from api.refusals import Refusal
from api.settings import Settings, is_loopback
from api.storage.database import UNAVAILABLE, Database
from api.times import utc_now
from api.web import bodies, edge, guard, metrics, openapi, problems, timeouts
from api.web.field_words import field_words
from api.web.limits import RateLimiter, network_of

TEXT = "text/plain; charset=utf-8"


def create_app(
    settings: Settings,
    *,
    database: Database,
    keyring: Keyring | None = None,
    now: Callable[[], datetime] = utc_now,
    console: IO[str] = sys.stdout,
    live: str = "threading",
) -> Flask:
    """Assemble the Flask app on one database: services, routes, error handlers, documents and socket.

    Tests replace `keyring`, `now` and `console` (where SMS are printed); `live` is Socket.IO's `async_mode`.
    """
    keys = keyring or open_keys(OperationsStore(database), settings.keys)
    office = Office(settings, database=database, keyring=keys, now=now, console=console)
    app = Flask("circle", static_folder=None)
    app.extensions["circle"] = office
    app.url_map.merge_slashes = False  # an empty id is not found; the default redirects, in HTML, to another route
    app.config |= {"MAX_CONTENT_LENGTH": bodies.LARGEST, "PROPAGATE_EXCEPTIONS": False}
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    app.json.sort_keys = False  # type: ignore[attr-defined]
    spares = is_loopback if settings.pocket else lambda address: False
    app.extensions["limits"] = limits = RateLimiter(settings.redis_url, spares=spares)
    web = _guard(office, limits)
    measured = metrics.Metrics(office.readings())
    edge.register(
        app,
        limits=limits,
        origins=settings.cors_origins,
        observe=measured.observe,
        quick=circle_routes.quick(office.circle),
    )
    refusals = (Refusal, chat.Refusal, notifications.Refusal)
    problems.register(app, refusals, UNAVAILABLE, office.security.note_refusal)
    described = openapi.describe(app)
    for blueprint in office.blueprints(web):
        described.register_blueprint(blueprint)
    openapi.complete(app, described, web.allow)
    _pages(app, office, web, now)
    _health(app, web, database)
    metrics.register(app, web, measured, settings.metrics_token, is_loopback)
    _attach_socket(app, office, settings, live, spares)
    wsgi = edge.with_headers(app.wsgi_app, settings.hsts)
    app.wsgi_app = edge.behind(wsgi, settings.trusted_proxies)  # type: ignore[method-assign,assignment]
    if live == "gevent":
        app.wsgi_app = timeouts.timed(app.wsgi_app, chat.ENDPOINT)  # type: ignore[method-assign,assignment]
    return app


def _guard(office: Office, limits: RateLimiter) -> guard.Http:
    identity = office.identity
    return guard.Http(
        actor_of=identity.actor,
        once=office.once,
        limit=limits.person,
        acted=identity.sessions.acted,
        is_fresh=identity.sessions.fresh_until,
    )


def _attach_socket(app: Flask, office: Office, settings: Settings, live: str, spares: Callable[[str], bool]) -> None:
    def note_refusal(person: str, refusal: chat.Refusal, environ: dict[str, Any]) -> None:
        with app.request_context(environ):  # for the address
            status = problems.status_of(refusal.code)
            office.security.note_refusal(refusal.code, status, person, refusal.subject)

    chat.attach(
        app,
        office.chat,
        office.identity.actor,
        acted=office.identity.sessions.acted,
        language_of=problems.preferred,
        words_of=field_words,
        note_refusal=note_refusal,
        network_of=network_of,
        redis_url=settings.redis_url or None,
        mode=live,
        cors_origins=[settings.public_base, *settings.cors_origins] if settings.cors_origins else None,
        limits=chat.LineLimits(settings.connections, settings.connections_an_address, settings.connections_a_person),
        spares=spares,
    )


def _pages(app: Flask, office: Office, web: guard.Http, now: Callable[[], datetime]) -> None:
    trial = office.settings.lenient
    app.register_blueprint(pages_routes.blueprint(web, trial=trial))
    app.register_blueprint(
        plain_routes.blueprint(
            circle=office.circle,
            calendar=office.calendar,
            matters=office.matters,
            cases=office.cases,
            http=web,
            now=now,
            trial=trial,
        )
    )


def _health(app: Flask, web: guard.Http, database: Database) -> None:
    @app.get("/healthz")
    @web.allow("anyone")
    def healthz() -> Response:
        """Liveness: 200 as long as this process answers."""
        return Response("ok\n", content_type=TEXT)

    @app.get("/asyncapi.json")
    @web.allow("anyone")
    def asyncapi() -> Response:
        """The AsyncAPI description of the socket."""
        return Response(app.json.dumps(chat.describe()), content_type="application/json")

    @app.get("/readyz")
    @web.allow("anyone")
    def readyz() -> Response:
        """Readiness: 200 if the store takes a write, else 503."""
        database.probe()
        return Response("ready\n", content_type=TEXT)
