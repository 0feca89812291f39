"""Runs `circle serve` (web server, worker and embedded store together) and `circle worker` (background work alone)."""

import gc
import logging
import os
import re
import resource
import secrets
import signal
import socket
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import gevent
import gevent.event
from gevent.pywsgi import WSGIServer

from api import private
from api.app import create_app
from api.office import Office
from api.refusals import CannotStart
from api.settings import TRIAL_RIGHTS, Settings, authority, is_loopback
from api.storage import embedded
from api.storage.database import UNAVAILABLE, Database
from api.storage.embedded import EmbeddedStore, Watch, running_uri
from api.storage.faults import patiently
from api.web import edge, timeouts
from api.web.limits import network_of

log = logging.getLogger("circle.start")

FIRST_STAFF = (("window", "王窗口"), ("handler", "李审批"), ("admin", "赵管理"))


class AddressTaken(CannotStart):
    """The web server cannot listen where it was told to; the message says what to do."""


class BoundedServer(WSGIServer):
    """gevent's server with limits of time (`timeouts.Handler`), and of connections per address.

    A connection beyond `an_address` is closed; those of an address that `spares` accepts are not counted.
    """

    handler_class = timeouts.Handler

    def __init__(
        self,
        address: tuple[str, int],
        app: Any,
        *,
        an_address: int = 1_000,
        spares: Callable[[str], bool] = lambda address: False,
    ) -> None:
        self._an_address, self._spares, self._connections = an_address, spares, Counter[str]()
        super().__init__(address, app, log=None, error_log=logging.getLogger("gevent.pywsgi"))

    def handle(self, sock: socket.socket, address: tuple[str, int]) -> None:
        """Serve one connection to its end."""
        peer = edge.without_ipv6_prefix(address[0])
        if self._spares(peer):
            super().handle(sock, address)
            return
        network = network_of(peer)
        if self._connections[network] >= self._an_address:
            return
        self._connections[network] += 1
        try:
            super().handle(sock, address)
        finally:
            self._connections[network] -= 1
            if not self._connections[network]:
                del self._connections[network]


@contextmanager
def opened(settings: Settings) -> Iterator[Database]:
    """The database of these settings: MONGODB_URI, or the embedded store as a supervised child process.

    Raises StoreBusy or StoreUnfit.
    """
    private.make_folder(settings.var)
    if not settings.mongodb_uri:
        with _embedded(settings) as database:
            yield database
        return
    database = Database(settings.mongodb_uri, settings.mongodb_database)
    try:
        database.require_replica_set()
        yield database
    finally:
        database.close()


@contextmanager
def _embedded(settings: Settings) -> Iterator[Database]:
    store = EmbeddedStore(settings.var)
    uri = patiently(store.start)
    database = Database(uri, settings.mongodb_database)
    # A connection of its own: many slow requests at once must not look like a store that hangs.
    prober = Database(uri, settings.mongodb_database, most_connections=1)
    watch = Watch(store, lambda: prober.probe(embedded.WRITTEN_SECONDS))
    watch.start()
    try:
        yield database
    finally:
        watch.stop()
        prober.close()
        database.close()
        store.stop()


@contextmanager
def joined(settings: Settings) -> Iterator[Database]:
    """As `opened`, for a command: connects to the embedded store of a running server if there is one."""
    uri = None if settings.mongodb_uri else running_uri(settings.var)
    if uri is None:
        with opened(settings) as database:
            yield database
    else:
        database = Database(uri, settings.mongodb_database)
        try:
            yield database
        finally:
            database.close()


def serve(settings: Settings) -> None:
    """Serve until SIGINT or SIGTERM; then finish open requests (5 s at most) and stop the worker and the store.

    Nothing is answered before all of the start is done, the first log-ins included. Raises CannotStart.
    """
    allow_open_files()
    with opened(settings) as database:
        app = patiently(lambda: create_app(settings, database=database, live="gevent"))
        office: Office = app.extensions["circle"]
        with _started(office):
            _serve(settings, app, office)


def _serve(settings: Settings, app: Any, office: Office) -> None:
    log_ins = patiently(lambda: first_staff(settings, office.identity))
    server = BoundedServer(
        (settings.host, settings.port),
        app,
        an_address=settings.connections_an_address,
        spares=lambda peer: (settings.pocket and is_loopback(peer)) or edge.is_one_of(peer, settings.trusted_proxies),
    )
    stopping = _told_to_stop()
    settle_memory()
    _listen(server, settings)
    _greet(settings, log_ins)
    stopping.wait()
    server.stop(timeout=5)


def work(settings: Settings) -> None:
    """Run background work only, until SIGINT or SIGTERM, beside web processes on the same MongoDB."""
    with opened(settings) as database:
        office = patiently(lambda: create_app(settings, database=database)).extensions["circle"]
        stopping = _told_to_stop()
        with _started(office):
            stopping.wait()


@contextmanager
def _started(office: Office) -> Iterator[None]:
    """Start the office for a `with` block, and stop it however that ends: its threads end before the store closes.

    A store that is away in the end is noted, and no reason for an error.
    """
    patiently(office.start)
    try:
        yield
    finally:
        try:
            office.stop()
        except UNAVAILABLE as error:
            log.warning("the store was away at the end", extra={"error": type(error).__name__})


def _listen(server: WSGIServer, settings: Settings) -> None:
    try:
        start_undelayed(server)
    except OSError as error:
        raise AddressTaken(
            f"Cannot listen on {authority(settings.host, settings.port)} ({error.strerror}). "
            "Stop the program that uses this port, or set PORT to another."
        ) from None


def settle_memory() -> None:
    """Freeze the objects made so far (gc.freeze) and collect garbage less often, since requests hardly make cycles.

    This spares a tenth of a message's CPU and a third of its p99.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


def allow_open_files() -> None:
    """Let this process have as many files open as it may (setrlimit(2)): each connection is one or two."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def start_undelayed(server: WSGIServer) -> None:
    """Start the server with TCP_NODELAY, which its connections inherit; gunicorn does the same.

    Nagle's algorithm delayed every second event of a socket by 40 ms.
    """
    server.init_socket()
    server.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    server.start()


def _told_to_stop() -> gevent.event.Event:
    """An event that SIGINT and SIGTERM set."""
    stopping = gevent.event.Event()
    for signal_number in (signal.SIGINT, signal.SIGTERM):
        gevent.signal_handler(signal_number, stopping.set)
    return stopping


def _greet(settings: Settings, log_ins: list[str]) -> None:
    lines = [
        "",
        f"  新城服务圈 Service Circle is ready: {settings.public_base}",
        f"  Staff console: {settings.public_base}/staff",
    ]
    if settings.lenient:
        lines.append(f"  This is a trial: {TRIAL_RIGHTS}.")
    lines += [f"  {line}" for line in log_ins]
    try:
        os.write(1, ("\n".join([*lines, "  Ctrl-C stops it.", "", ""])).encode())
    except OSError as error:  # a log file on a full disk, a pipe whose reader is gone: no reason not to serve
        log.warning("the greeting was not printed", extra={"error": error.strerror})


def first_staff(settings: Settings, identity: Any) -> list[str]:
    """Seed a trial that has no staff with one member per role of FIRST_STAFF; return a line per log-in.

    The generated passwords are kept in `first-staff.txt` in CIRCLE_VAR, and read from there at later starts. They are
    written before anybody is seeded, under another name until all are, so that an interrupted start is taken up again.
    """
    note, making = settings.var / "first-staff.txt", settings.var / "first-staff.making"
    if settings.lenient and (making.exists() or not identity.any_staff()):
        if not making.exists():
            created = [(role, secrets.token_urlsafe(16)) for role, _ in FIRST_STAFF]
            private.make_folder(settings.var)
            private.write(making, "".join(f"staff log-in: {role} / {password}\n" for role, password in created))
        passwords = dict(re.findall(r"^staff log-in: (\w+) / (\S+)$", making.read_text(), re.MULTILINE))
        for role, name in FIRST_STAFF:
            identity.seed_staff(role, passwords[role], name, {role}, "XC-H01", "SPJ")  # nothing if it is done already
        making.replace(note)
    return note.read_text().splitlines() if note.exists() else []
