"""A store as a whole, and empty ones to bring it to."""

import pytest

from api.operations.store import OperationsStore
from tests.conftest import database_of_its_own


@pytest.fixture
def whole(shared_database):
    """The store of the assembled app."""
    return OperationsStore(shared_database)


@pytest.fixture
def elsewhere(store_uri):
    """A database with nothing in it."""
    with database_of_its_own(store_uri) as database:
        yield database


@pytest.fixture
def empty(elsewhere):
    """The empty database as a whole."""
    return OperationsStore(elsewhere)
