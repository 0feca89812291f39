"""Keeps the store from deleting by the real time what was written in the time of a test's own clock."""

from collections.abc import Iterable

import pytest

from api.storage.database import Database, Index

EXPIRY, FAR = "expireAfterSeconds", 2**31 - 1
"""An index's option, and the longest that it may say, in seconds: 68 years."""


def nothing_expires(patch: pytest.MonkeyPatch) -> None:
    """Make indexes without expiry: to the store, a log-in code of a test's day is over and goes while it is used."""
    ensure = Database.ensure

    def lasting(self: Database, indexes: Iterable[Index]) -> None:
        ensure(self, ((name, keys, rest | {key: FAR for key in rest if key == EXPIRY}) for name, keys, rest in indexes))

    patch.setattr(Database, "ensure", lasting)
