"""One world for the whole matrix: no row may change what another looks at."""

import pytest

from tests.access.world import World


@pytest.fixture(scope="module")
def world(shared_app, shared_database, shared_clock, shared_sent):
    """Everybody and everything."""
    return World(shared_app, shared_clock, shared_sent)
