"""The world that all tests of access share: none may change what another looks at."""

import pytest

from tests.access.world import World


@pytest.fixture(scope="module")
def world(shared_app, shared_database, shared_clock, shared_sent):
    """The world of the module: everybody of the matrix, and something of everything."""
    return World(shared_app, shared_clock, shared_sent)
