"""A write that loses its store is sent again, by us and not by the driver."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from threading import Event, Thread

import pytest
from pymongo.client_session import ClientSession
from pymongo.errors import AutoReconnect

from api.storage.database import Database
from api.storage.embedded import EmbeddedStore


@pytest.fixture
def store(tmp_path: Path) -> Iterator[EmbeddedStore]:
    store = EmbeddedStore(tmp_path)
    store.start()
    yield store
    store.stop()


@pytest.fixture
def database(store: EmbeddedStore) -> Iterator[Database]:
    database = Database(store.uri, "circle")
    database["rows"].insert_one({"_id": "before"})
    yield database
    database.close()


def kill(store: EmbeddedStore) -> None:
    os.kill(store.pid, signal.SIGKILL)


def test_a_write_that_meets_a_dead_store_takes_place_once_it_is_back(store: EmbeddedStore, database: Database) -> None:
    kill(store)
    writing = Thread(target=lambda: database["rows"].insert_one({"_id": "after"}))
    writing.start()
    store.restart()
    writing.join()
    kill(store)
    writing = Thread(target=lambda: database["rows"].update_one({"_id": "before"}, {"$set": {"changed": True}}))
    writing.start()
    store.restart()
    writing.join()
    assert [row["_id"] for row in database["rows"].find().sort("_id", 1)] == ["after", "before"]
    assert database["rows"].find_one({"_id": "before", "changed": True})


def test_within_a_transaction_the_whole_is_repeated_and_no_write_alone(
    store: EmbeddedStore, database: Database
) -> None:
    runs: list[int] = []
    dead = Event()

    def work(session: ClientSession) -> None:
        runs.append(1)
        database["rows"].insert_one({"_id": "in"}, session=session)
        if len(runs) == 1:
            kill(store)
            dead.set()
        database["rows"].insert_one({"_id": "too"}, session=session)

    working = Thread(target=lambda: database.transact(work))
    working.start()
    dead.wait()
    store.restart()
    working.join()
    assert len(runs) > 1
    assert database["rows"].count_documents({}) == 3


def test_a_write_is_given_up_after_three_lost_connections(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    sent = []

    def lost(*_: object, **__: object) -> None:
        sent.append(1)
        raise AutoReconnect("lost")

    monkeypatch.setattr("pymongo.collection.Collection._update_retryable", lost)
    with pytest.raises(AutoReconnect):
        database["rows"].update_one({"_id": "before"}, {"$set": {"changed": True}})
    assert len(sent) == 3


def test_a_server_that_keeps_what_it_answered_is_left_to_the_driver() -> None:
    database = Database("mongodb://127.0.0.1:1/", "circle")
    assert database.client.options.retry_writes
    assert type(database["rows"]).__name__ == "Collection"
    database.close()
