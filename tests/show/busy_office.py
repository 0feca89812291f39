"""An office under load, for shows and tests of cases: people and drafts in numbers, and web servers over real HTTP.

`Seeding` fills a store through an app that serves nobody else; `office_of` starts real web processes on a store, with
Redis between them, and `threaded` one server with a thread per request inside this process.
"""

import io
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

import requests
from flask import Flask
from uuid6 import uuid7
from werkzeug.serving import WSGIRequestHandler, make_server

from api.app import create_app
from api.drafts.store import SEALED
from api.office import Office
from api.settings import read
from api.storage.database import Database
from tests.chat.mortal import MortalRedis, MortalStore
from tests.conftest import PASSWORD, Caller
from tests.serving import free_port, wait_for
from tests.way import filled_in

PAPERLESS = "XC-公共服务-011"
"""A matter that asks for no paper: a draft of it is complete once its form is filled in."""
PICKUP = {"way": "pickup"}


class Person(NamedTuple):
    """Somebody who is logged in: their token, and a client of the app that serves nobody else."""

    token: str
    caller: Caller


class Seeding:
    """Makes people and drafts through an app that serves nobody else."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.office: Office = app.extensions["circle"]
        self._phones = count(13_800_000_000)

    def citizen(self) -> Person:
        """A new citizen, logged in."""
        citizens = self.office.identity.citizens
        citizen = citizens._citizen_of(f"+86{next(self._phones)}")
        return self._person(citizens._let_in(citizen, device="", agent="", language=""))

    def staff(self, *roles: str) -> Person:
        """A new member of staff of the district's hall and of the department of the paperless matter, logged in."""
        department = self.office.matters.department(PAPERLESS, self.office.matters.matter(PAPERLESS).version)
        name = f"staff-{uuid4().hex[:8]}"
        who = self.office.identity.seed_staff(name, PASSWORD, name, set(roles), "XC-H01", department)
        assert who is not None
        return self._person(self.office.identity.sessions.begin("staff", who))

    def drafts(self, person: Person, number: int) -> list[str]:
        """So many complete drafts of a citizen; gives their ids. All but the first are copies of it in the store."""
        draft = person.caller.post("/v1/drafts", {"matter": PAPERLESS, **filled_in(person.caller, PAPERLESS)})
        draft = person.caller.patch(f"/v1/drafts/{draft['id']}", {"delivery": PICKUP}, draft["version"])
        assert draft["missing"] == [], draft["missing"]
        row = self.office.database["drafts"].find_one({"_id": draft["id"]})
        assert row is not None
        copies = [self._copy(row) for _ in range(number - 1)]
        if copies:
            self.office.database["drafts"].insert_many(copies)
        return [draft["id"], *(copy["_id"] for copy in copies)]

    def _copy(self, row: dict[str, Any]) -> dict[str, Any]:
        """A draft under a new id: what is sealed is sealed for its record and field."""
        keys, new_id = self.office.keyring, str(uuid7())
        fields = {name for collection, names in SEALED if collection == "drafts" for name in names}
        sealed = {
            name: keys.seal(new_id, name, keys.open_sealed(row["_id"], name, row[name]))
            for name in fields
            if row.get(name)
        }
        return {**row, **sealed, "_id": new_id}

    def cases(self, person: Person, number: int) -> list[dict[str, Any]]:
        """So many submitted cases of a citizen."""
        drafts = self.drafts(person, number)
        return [person.caller.post(f"/v1/drafts/{draft}/submit")["case"] for draft in drafts]

    def _person(self, tokens: dict[str, Any]) -> Person:
        return Person(tokens["token"], Caller(self.app.test_client(), tokens))


@contextmanager
def threaded(app: Flask) -> Iterator[str]:
    """Serve an app by real HTTP on loopback, a thread per request; gives the address."""

    class Quiet(WSGIRequestHandler):
        protocol_version = "HTTP/1.1"

        def log(self, *line: Any) -> None:
            """Nothing."""

    server = make_server("127.0.0.1", free_port(), app, threaded=True, request_handler=Quiet)
    server.daemon_threads = True  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class Web(NamedTuple):
    """A web process: its address, and the process that answers."""

    base: str
    pid: int


class Running(NamedTuple):
    """A store with web processes on it; `store` is the id of its process."""

    seeding: Seeding
    webs: list[Web]
    uri: str
    store: int


@contextmanager
def office_of(folder: Path, webs: int) -> Iterator[Running]:
    """A store, and so many web processes as in the Procfile, with Redis between them where there are several."""
    with ExitStack() as running:
        store, redis = MortalStore(folder / "store"), MortalRedis(folder / "redis")
        for process in (store, redis) if webs > 1 else (store,):
            running.callback(process.kill)
            process.start()
        assert store.process is not None
        where = {
            "CIRCLE_VAR": str(folder / "var"),
            "CIRCLE_KEYS": str(folder / "keys"),
            "CIRCLE_DEV": "1",
            "MONGODB_URI": store.uri,
            "REDIS_URL": redis.url if webs > 1 else "",
            "TRUSTED_PROXIES": "127.0.0.1",
        }
        settings, database = read(where), Database(store.uri, "circle")
        running.callback(database.close)
        app = create_app(settings, database=database, console=io.StringIO())
        pages = [running.enter_context(web(folder / f"web-{number}.log", where)) for number in range(webs)]
        yield Running(Seeding(app), pages, store.uri, store.process.pid)


@contextmanager
def web(log: Path, where: dict[str, str], app: str = "api.wsgi:app", ready: str = "/readyz") -> Iterator[Web]:
    """A gunicorn process for an app, with these settings; waits until `ready` is answered."""
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", "-k", "gevent", "-w", "1", "--no-control-socket"]
    with log.open("w") as out:
        process = subprocess.Popen(
            [*command, "-b", f"127.0.0.1:{port}", app],
            env={**os.environ, **where, "PORT": str(port)},
            stdout=out,
            stderr=out,
        )
    base = f"http://127.0.0.1:{port}"
    try:
        wait_for(lambda: _answers(f"{base}{ready}"), 120, lambda: log.read_text()[-2000:])
        (worker,) = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        yield Web(base, int(worker))
    finally:
        process.terminate()
        process.wait(60)


def _answers(address: str) -> bool:
    """Whether an address answers, and not that it is not ready."""
    try:
        return requests.get(address, timeout=10).status_code < 500
    except requests.RequestException:
        return False
