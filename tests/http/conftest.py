"""One world for the tests that call every route."""

import pytest

from tests.access.world import World


@pytest.fixture(scope="module")
def world(shared_app, shared_database, shared_clock, shared_sent):
    """Everybody and everything."""
    return World(shared_app, shared_clock, shared_sent)
