"""Keeps the store from deleting by the real time what was written in the time of a test's own clock."""

from collections.abc import Iterable

import pytest

from api.storage.database import Database, Index


def nothing_expires(patch: pytest.MonkeyPatch) -> None:
    """Patch the database so that it makes no index that expires rows (TTL), but still makes their collections.

    The store expires by the real time, to which a log-in code of a test's day is long over. A process that is not
    patched may still make such an index.
    """
    ensure = Database.ensure

    def lasting(self: Database, indexes: Iterable[Index]) -> None:
        wanted = list(indexes)
        ensure(self, [index for index in wanted if "expireAfterSeconds" not in index[2]])
        for name in {index[0] for index in wanted} - set(self.handle.list_collection_names()):
            self.handle.create_collection(name)

    patch.setattr(Database, "ensure", lasting)
