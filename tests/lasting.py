"""Keeps the store from deleting by the real time what was written in the time of a test's own clock."""

from collections.abc import Iterable
from typing import Any

import pytest
from pymongo.errors import OperationFailure

from api.storage.database import Database, Index

EXPIRY, FAR = "expireAfterSeconds", 2**31 - 1
"""An index's option, and the longest that it may say, in seconds: 68 years."""


def nothing_expires(patch: pytest.MonkeyPatch) -> None:
    """Make indexes without expiry: to the store, a log-in code of a test's day is over and goes while it is used."""
    ensure = Database.ensure

    def lasting(self: Database, indexes: Iterable[Index]) -> None:
        as_they_are = list(indexes)
        try:
            ensure(self, [(name, keys, rest | _far(rest)) for name, keys, rest in as_they_are])
        except OperationFailure:  # the store of a served program, which lives in the real time and has made them itself
            ensure(self, as_they_are)

    patch.setattr(Database, "ensure", lasting)


def _far(options: dict[str, Any]) -> dict[str, int]:
    return {EXPIRY: FAR} if EXPIRY in options else {}
