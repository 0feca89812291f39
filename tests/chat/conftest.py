"""The chat on a real embedded store: alone, and served over a loopback port."""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from werkzeug.serving import make_server

from api.storage.database import Database
from chat import INDEXES, Chat
from chat.talk.ids import timed_id
from tests.chat.office import FAST, Actor, Office, site, utc_now


@pytest.fixture
def office() -> Office:
    """The surroundings."""
    return Office()


@pytest.fixture
def chat(database: Database, office: Office, clock: Any) -> Iterator[Chat]:
    """The service on an empty database."""
    database.ensure(INDEXES)
    service = Chat(database, ports=office.ports(), now=clock, posts_a_minute=FAST)
    yield service
    service.close()


@pytest.fixture
def heard(chat: Chat) -> list[tuple[str, dict[str, Any], list[str]]]:
    """What was emitted, as (event, payload, rooms)."""
    events: list[tuple[str, dict[str, Any], list[str]]] = []
    chat.live.emit = lambda event, payload, rooms, *, skip=None: events.append((event, payload, list(rooms)))
    return events


@pytest.fixture
def citizen(office: Office) -> Actor:
    """A citizen with a question."""
    return office.citizen()


@pytest.fixture
def officer(office: Office) -> Actor:
    """An officer of the window."""
    return office.officer()


@pytest.fixture
def ask(chat: Chat, citizen: Actor, clock: Any) -> Callable[..., str]:
    """Open a conversation; gives its id."""

    def opened(text: str | None = None, who: Actor | None = None, **about: str) -> str:
        body = {**about, **({"text": text} if text else {})}
        return str(chat.open(who or citizen, timed_id(clock()), body)["id"])

    return opened


@pytest.fixture
def served(database: Database, office: Office) -> Iterator[str]:
    """The chat's faces on a loopback port, with threads; gives the base address."""
    app, chat = site(database, office, utc_now, "threading")
    server = make_server("127.0.0.1", 0, app, threaded=True)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.port}"
    server.shutdown()
    thread.join()
    chat.close()
