"""A store as a whole, and empty ones to bring it to."""

from uuid import uuid4

import pytest

from api.database import Database
from api.operations.store import OperationsStore
from tests.conftest import SERVER


@pytest.fixture
def whole(shared_database):
    """The store of the assembled app."""
    return OperationsStore(shared_database)


@pytest.fixture
def elsewhere(store_uri):
    """A database with nothing in it."""
    database = Database(store_uri, f"t{uuid4().hex}")
    yield database
    if SERVER:
        database.client.drop_database(database.handle.name)
    database.close()


@pytest.fixture
def empty(elsewhere):
    """The empty database as a whole."""
    return OperationsStore(elsewhere)
