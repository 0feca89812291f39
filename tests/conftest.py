"""Fixtures that every suite shares: a real embedded store, an assembled app, callers, a clock that a test moves."""

import gc
import json
import os
import re
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from importlib import resources
from itertools import chain, islice
from pathlib import Path
from typing import Any
from uuid import uuid4
from weakref import WeakKeyDictionary

import hypothesis
import pytest
from apispec import APISpec
from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient
from flask_smorest import Blueprint
from pymongo import DeleteMany
from werkzeug.test import TestResponse

from api import pdf
from api.app import create_app
from api.files import run_check
from api.identity.sealing.keyring import Keyring
from api.matters.search.index import Index, SearchEntry
from api.matters.search.reading import Reader
from api.settings import Settings, read
from api.storage.database import Database
from api.storage.embedded import EmbeddedStore
from tests.lasting import nothing_expires
from tests.shapes import flat_queries
from tests.way import PNG

__all__ = ["flat_queries"]  # an autouse fixture

PASSWORD = "correct-horse-battery"
LONGEST_FIRST = (
    "access/test_matrix.py",
    "served",
    "http/test_openapi.py",
    "kills",
    "browser",
    "chat",
    "operations",
    "parcels",
    "audit",
    "files",
    "jobs",
    "identity",
    "circle",
)
"""Files and folders that take long, the longest first; all others come after them."""
MEMORY, ROOM = Path("/dev/shm"), 4 << 30
"""A folder in memory, and how many bytes must be free there and in memory for a run to lie in it."""
USES_A_STORE = ("worker-", "chat-", "network-rebuild")
"""How the names of our threads begin that read and write a store."""
SERVER = os.environ.get("MONGODB_URI", "")
"""A real MongoDB to test on; without it the embedded store."""


class Clock:
    """A clock that only `move` moves on. It starts on Tuesday, 24 November 2026, 10:00 in Beijing."""

    def __init__(self) -> None:
        self.at = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.at

    def move(self, **span: float) -> None:
        """Move on by a timedelta's arguments."""
        self.at += timedelta(**span)


class SmsBox:
    """An SMS channel that keeps what it was given, as a list of (phone, text)."""

    name = "sms"

    def __init__(self) -> None:
        self.messages: list[tuple[str, str]] = []

    def write(self, line: str) -> None:
        """Take one line of the console channel."""
        found = re.fullmatch(r"SMS to (\S+): (.*)\n?", line)
        if found:
            self.messages.append((found[1], found[2]))

    def flush(self) -> None:
        """Nothing is buffered."""


class Caller:
    """An HTTP client of the app in this process, with or without a log-in. `person` is who is logged in."""

    def __init__(self, client: FlaskClient, tokens: dict[str, Any] | None = None) -> None:
        self._client = client
        self.tokens = tokens or {}
        self.person: dict[str, Any] = self.tokens.get("citizen") or self.tokens.get("staff") or {}

    @property
    def token(self) -> str:
        """The bearer token."""
        return str(self.tokens["token"])

    def call(
        self,
        method: str,
        path: str,
        json: Any = None,
        expect: int = 200,
        headers: dict[str, str] | None = None,
        **rest: Any,
    ) -> Any:
        """Send one request that must be answered with status `expect`; gives the parsed JSON, or the response."""
        response = self.raw(method, path, json=json, headers=headers, **rest)
        assert response.status_code == expect, f"{method} {path}: {response.status_code} {response.text[:800]}"
        return response.get_json() if response.data and "json" in response.content_type else response

    def raw(self, method: str, path: str, headers: dict[str, str] | None = None, **rest: Any) -> TestResponse:
        """Send one request, a POST with a new Idempotency-Key; gives the response, whatever its status."""
        sent = {"Authorization": f"Bearer {self.token}"} if self.tokens else {}
        if method == "POST":
            sent["Idempotency-Key"] = str(uuid4())
        return self._client.open(path, method=method, headers={**sent, **(headers or {})}, **rest)

    def get(self, path: str, **rest: Any) -> Any:
        """GET; the status must be 200 unless `expect` is given."""
        return self.call("GET", path, **rest)

    def post(self, path: str, json: Any = None, expect: int = 201, **rest: Any) -> Any:
        """POST; the status must be 201 unless `expect` is given."""
        return self.call("POST", path, json, expect, **rest)

    def patch(self, path: str, json: Any, version: int, expect: int = 200) -> Any:
        """PATCH with this version in If-Match; the status must be 200 unless `expect` is given."""
        return self.call("PATCH", path, json, expect, headers={"If-Match": f'"{version}"'})


@pytest.fixture(scope="session", autouse=True)
def patient_with_the_store() -> Iterator[None]:
    """Long timeouts of the store, and rows that never expire, so that tests pass on a busy machine."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("api.storage.database.TIMEOUT_MS", 60_000)
        patch.setattr("api.storage.database.TRANSACTION_SECONDS", 60.0)
        nothing_expires(patch)
        yield


@pytest.fixture(scope="session")
def store_uri(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URI of an embedded store for the whole run, or MONGODB_URI if that is set."""
    if SERVER:
        yield SERVER
        return
    store = EmbeddedStore(tmp_path_factory.mktemp("store"))
    yield store.start()
    store.stop()


@pytest.fixture(scope="session")
def keyring(tmp_path_factory: pytest.TempPathFactory) -> Keyring:
    """Sealing keys, made once per run."""
    return Keyring.open(tmp_path_factory.mktemp("keys"))


@contextmanager
def database_of_its_own(uri: str) -> Iterator[Database]:
    """A new database; on a real server it is dropped in the end."""
    database = Database(uri, f"t{uuid4().hex}")
    yield database
    left = [thread.name for thread in threading.enumerate() if thread.name.startswith(USES_A_STORE)]
    assert not left, f"threads outlive their store: {left}"
    if SERVER:
        database.client.drop_database(database.handle.name)
    database.close()


@pytest.fixture(scope="module")
def shared_database(store_uri: str) -> Iterator[Database]:
    """A new database per module of tests."""
    with database_of_its_own(store_uri) as database:
        yield database


@pytest.fixture
def database(shared_database: Database) -> Iterator[Database]:
    """The module's database; after the test it is emptied, but for what an assembled app loads at its start."""
    yield shared_database
    kept = getattr(shared_database, "kept", frozenset())
    written = set(shared_database.handle.list_collection_names()) - kept
    if SERVER:  # one before MongoDB 8 does not know the command below
        for name in written:
            shared_database[name].delete_many({})
    elif written:
        everything = [DeleteMany({}, namespace=f"{shared_database.handle.name}.{name}") for name in sorted(written)]
        shared_database.client.bulk_write(everything)  # one command instead of some forty


@pytest.fixture(scope="module")
def shared_clock() -> Clock:
    """The clock of the module's app."""
    return Clock()


@pytest.fixture
def clock(shared_clock: Clock) -> Clock:
    """The clock of the app, set to its start; the test moves it."""
    shared_clock.at = Clock().at
    return shared_clock


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Pocket-size settings in a folder of their own; a module may have others."""
    folder = tmp_path_factory.mktemp("circle")
    return read({"CIRCLE_VAR": str(folder / "var"), "CIRCLE_KEYS": str(folder / "keys")})


@pytest.fixture(scope="module")
def shared_sent() -> SmsBox:
    """The SMS box of the module's app."""
    return SmsBox()


@pytest.fixture
def sent(shared_sent: SmsBox) -> SmsBox:
    """The SMS box of the app, emptied before the test."""
    shared_sent.messages.clear()
    return shared_sent


@pytest.fixture(scope="module")
def shared_app(
    settings: Settings, shared_database: Database, keyring: Keyring, shared_clock: Clock, shared_sent: SmsBox
) -> Iterator[Flask]:
    """The whole app, assembled once per module; background work is run only by `drain`."""
    app = create_app(settings, database=shared_database, keyring=keyring, now=shared_clock, console=shared_sent)
    handle = shared_database.handle
    loaded = (name for name in handle.list_collection_names() if handle[name].find_one())
    shared_database.kept = frozenset(loaded) - {"events", "audit"}  # type: ignore[attr-defined]
    yield app
    app.extensions["circle"].stop()


@pytest.fixture
def app(shared_app: Flask, database: Database, clock: Clock, sent: SmsBox) -> Flask:
    """The module's app with an empty database, the clock at its start and no SMS sent."""
    shared_app.extensions["circle"].security.write(clock(), everything=True)  # what the test before left in memory
    database["audit"].delete_many({})
    return shared_app


@pytest.fixture
def starter_again(app: Flask, clock: Clock) -> Iterator[None]:
    """Take back what the test publishes of the catalogue, so that the next one begins with the starter alone."""
    yield
    office = app.extensions["circle"]
    if office.database["matters"].delete_many({"published": {"$exists": True}}).deleted_count:
        office.database["catalogue"].update_one({"_id": "current"}, {"$inc": {"revision": 1}})
    office.matters.follow(clock())


@pytest.fixture
def drain(app: Flask) -> Any:
    """Run all background work until none is left."""
    return app.extensions["circle"].worker.drain


@pytest.fixture
def anyone(app: Flask) -> Caller:
    """Somebody who is not logged in."""
    return Caller(app.test_client())


@pytest.fixture
def log_in(app: Flask, anyone: Caller, sent: SmsBox, drain: Any) -> Any:
    """Log a citizen in by phone; gives a Caller."""

    def by_phone(phone: str) -> Caller:
        anyone.post("/v1/sessions/codes", {"phone": phone}, expect=202)
        drain()
        codes = [code for _, text in sent.messages if "验证码" in text for code in re.findall(r"\d{6}", text)]
        return Caller(app.test_client(), anyone.post("/v1/sessions", {"phone": phone, "code": codes[-1]}))

    return by_phone


@pytest.fixture
def citizen(log_in: Any) -> Caller:
    """A citizen, logged in by phone."""
    return log_in("13800138000")


@pytest.fixture
def other_citizen(log_in: Any) -> Caller:
    """Another citizen, logged in by phone, to whom nothing of `citizen` belongs."""
    return log_in("13900139000")


def pytest_configure() -> None:
    """Put temporary folders into memory (/dev/shm) if there is room, since each commit of a store waits for its disk.
    TMPDIR, if set, stays. A killed process loses nothing in either place."""
    if "TMPDIR" not in os.environ and MEMORY.is_dir() and min(shutil.disk_usage(MEMORY).free, _free_memory()) > ROOM:
        os.environ["TMPDIR"] = tempfile.tempdir = str(MEMORY)


def _free_memory() -> int:
    """Bytes that programs can still take (proc_meminfo(5))."""
    (line,) = re.findall(r"^MemAvailable:\s+(\d+) kB$", Path("/proc/meminfo").read_text(), re.MULTILINE)
    return int(line) * 1024


hypothesis.settings.register_profile(
    "fixed",
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("fixed")
"""Properties try the same examples in every run, however slow the machine; `make show-properties SEED=…` tries others.
Loaded before a test module is, as `@settings` takes over what is loaded when it is read."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the files that take long first, so that workers end together (`make test` gives each worker whole files)."""
    here = Path(__file__).parent

    def turn(item: pytest.Item) -> int:
        path = item.path.relative_to(here)
        names = (path.as_posix(), path.parts[0])
        return next((n for n, name in enumerate(LONGEST_FIRST) if name in names), len(LONGEST_FIRST))

    items.sort(key=turn)


def pytest_collection_finish() -> None:
    """Leave what is loaded by now out of every later search for garbage, each of which it made half a second longer."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def catalogue_read_once() -> Iterator[None]:
    """Cache the search index of the starter catalogue, which is the same in every app: built once per run."""
    only = Reader(json.loads(resources.files("api.matters").joinpath("data", "lexicon.json").read_bytes()))
    only.written = cache(only.written)  # type: ignore[method-assign]
    made: dict[Any, Index] = {}

    def index(entries: Sequence[SearchEntry], reader: Reader) -> Index:
        texts = tuple((entry.code, tuple(entry.texts)) for entry in entries)
        if texts not in made:
            made[texts] = Index(entries, reader)
        return made[texts]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("api.matters.service.Reader", lambda lexicon: only)
        patch.setattr("api.matters.service.Index", index)
        yield


@pytest.fixture(scope="session", autouse=True)
def routes_described_once() -> Iterator[None]:
    """Cache the description of the same routes, half of the time of an assembly: made once per run."""
    register, to_dict = Blueprint.register_views_in_doc, APISpec.to_dict
    left: WeakKeyDictionary[APISpec, list[tuple[Flask, Callable[[], None]]]] = WeakKeyDictionary()
    made: dict[Any, str] = {}

    def later(self: Blueprint, api: Any, app: Flask, spec: APISpec, **named: Any) -> None:
        left.setdefault(spec, []).append((app, partial(register, self, api, app, spec, **named)))

    def described(self: APISpec) -> Any:
        if self not in left:
            return to_dict(self)
        app, _ = left[self][0]
        views = {name: (view.__module__, view.__qualname__) for name, view in app.view_functions.items()}
        routes = frozenset(
            (rule.rule, frozenset(rule.methods or ()), views[rule.endpoint]) for rule in app.url_map.iter_rules()
        )
        if routes not in made:
            for _, one in left.pop(self):
                one()
            made[routes] = json.dumps(to_dict(self))
        return json.loads(made[routes])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Blueprint, "register_views_in_doc", later)
        patch.setattr(APISpec, "to_dict", described)
        yield


@pytest.fixture(scope="session", autouse=True)
def picture_checked_once() -> Iterator[None]:
    """Cache the check of the picture of `way.py`, which every case needs several times; other files are checked."""
    really = run_check.check

    @cache
    def found() -> tuple[run_check.Checked, list[tuple[str, int, bytes]]]:
        kept: list[tuple[str, int, bytes]] = []
        return really([PNG], lambda which, size, pieces: kept.append((which, size, b"".join(pieces)))), kept

    def check(pieces: Iterable[bytes], keep: run_check.Keep) -> run_check.Checked:
        arriving = iter(pieces)
        begin = list(islice(arriving, 2))
        if begin != [PNG]:
            return really(chain(begin, arriving), keep)
        answer, kept = found()
        for which, size, content in kept:
            keep(which, size, iter([content]))
        return answer

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run_check, "check", check)
        yield


@pytest.fixture(scope="session", autouse=True)
def paper_set_once() -> Iterator[None]:
    """Cache printed PDFs by content, for the whole run."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("api.pdf.pressed", cache(pdf.pressed))
        yield


@pytest.fixture(scope="session", autouse=True)
def quick_passwords() -> Iterator[None]:
    """Hash passwords as cheaply as argon2 allows, since staff log in hundreds of times per run."""
    cheap = partial(PasswordHasher, time_cost=1, memory_cost=8, parallelism=1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("api.identity.staff.passwords.PasswordHasher", cheap)
        yield


@pytest.fixture
def staff(app: Flask, anyone: Caller) -> Any:
    """Log in a new member of staff with these roles; gives a Caller."""

    def with_roles(*roles: str, name: str = "", department: str = "SPJ") -> Caller:
        username = f"{'-'.join(roles)}-{uuid4().hex[:6]}"
        person = name or {"window": "王窗口", "handler": "李审批"}.get(roles[0], "赵工")
        app.extensions["circle"].identity.seed_staff(username, PASSWORD, person, set(roles), "XC-H01", department)
        return Caller(
            app.test_client(), anyone.post("/v1/staff/sessions", {"username": username, "password": PASSWORD})
        )

    return with_roles


@pytest.fixture
def window(staff: Any) -> Caller:
    """An officer of the window."""
    return staff("window")


@pytest.fixture
def handler(staff: Any) -> Caller:
    """An officer who reviews and decides."""
    return staff("handler")


@pytest.fixture(autouse=True)
def no_thread_left_behind() -> Iterator[None]:
    """Fail if a worker's thread, begun by the test, still runs after it."""
    before = set(threading.enumerate())
    yield
    left = [t for t in threading.enumerate() if t not in before and t.name.startswith("worker-")]
    assert not left, left
