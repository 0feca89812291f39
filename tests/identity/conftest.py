"""Fixtures of the identity suite."""

from uuid import uuid4

import pytest

from tests.conftest import PASSWORD, Caller


@pytest.fixture
def officer(app, anyone):
    """Logs in a new officer of a point."""

    def at(point="XC-H01", role="window"):
        name = f"{role}-{uuid4().hex[:8]}"
        app.extensions["circle"].identity.seed_staff(name, PASSWORD, "王窗口", {role}, point, "SPJ")
        return Caller(app.test_client(), anyone.post("/v1/staff/sessions", {"username": name, "password": PASSWORD}))

    return at
