"""Online rotation of the sealing keys: re-encrypts what older keys encrypted, then retires those keys.

A room takes part by one line in its store, `SEALED = [(collection, paths), …]` (see `identity.store.SEALED`).
"""

import logging
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from uuid6 import uuid7

from api.identity.sealing.keyring import Keyring, SealBroken, key_of
from api.identity.store import SealedRows
from api.jobs.job import Enqueue

log = logging.getLogger("circle.keys")

Sealed = tuple[str, tuple[str, ...]]
"""A collection and the paths of its sealed fields."""

BATCH = 200
RETIRE_AFTER = timedelta(minutes=2)
"""The wait after the last batch: other processes may encrypt with an older key for up to a second."""


class Rotation:
    """Re-encrypts with the current key, collection by collection, in batches; each batch enqueues the next as a job."""

    def __init__(
        self,
        rows: SealedRows,
        *,
        keyring: Keyring,
        sealed: Sequence[Sealed],
        enqueue: Enqueue,
        now: Callable[[], datetime],
    ) -> None:
        self._rows, self._keys, self.sealed, self._enqueue, self._now = rows, keyring, sealed, enqueue, now

    def handlers(self) -> dict[str, Callable[[dict[str, Any]], None]]:
        """The handlers of the jobs of a rotation, per kind."""
        return {"keys.reseal": self.reseal, "keys.retire": self.retire}

    def start(self) -> list[str]:
        """Begin a run over every listed collection, and return the collections."""
        collections = sorted({collection for collection, _ in self.sealed})
        self._next(str(uuid7()), collections, None)
        return collections

    def reseal(self, payload: dict[str, Any]) -> None:
        """A job: re-encrypt one batch of the first collection that is left, and enqueue the next batch."""
        run, left = payload["run"], payload["left"]
        paths = tuple(path for name, paths in self.sealed if name == left[0] for path in paths)
        rows = self._rows.batch(left[0], paths, payload["after"], BATCH)
        for row in rows:
            for path, value in _sealed_values(row, paths):
                self._reseal(left[0], row["_id"], path, value)
        if len(rows) == BATCH:
            self._next(run, left, rows[-1]["_id"])
        else:
            self._next(run, left[1:], None)

    def retire(self, payload: dict[str, Any]) -> None:
        """A job: retire the older keys that encrypt nothing any more; those that still do are logged."""
        used = self.used()
        for key_id in self._keys.ids():
            if key_id == self._keys.current:
                continue
            if where := used.get(key_id):
                log.warning("an old key is still in use", extra={"key": key_id, "fields": dict(where)})
            else:
                self._keys.retire(key_id)

    def used(self) -> dict[str, Counter[str]]:
        """The number of values per key id and field (`collection.path`), listed or not. Reads the whole store."""
        used: dict[str, Counter[str]] = {}
        for collection, row in self._rows.everything():
            for path, value in _values(row):
                key_id = key_of(value)
                if key_id in self._keys.ids():
                    used.setdefault(str(key_id), Counter())[f"{collection}.{path}"] += 1
        return used

    def _next(self, run: str, left: list[str], after: Any) -> None:
        if left:
            payload = {"run": run, "left": left, "after": after}
            self._enqueue(f"reseal:{run}:{left[0]}:{after}", "keys.reseal", payload, due_at=self._now())
        else:
            self._enqueue(f"retire:{run}", "keys.retire", {}, due_at=self._now() + RETIRE_AFTER)

    def _reseal(self, collection: str, record: Any, path: str, value: str | bytes) -> None:
        if key_of(value) in (None, self._keys.current):
            return
        try:
            anew = self._keys.resealed(str(record), path.rsplit(".", 1)[-1], value)
        except SealBroken:
            log.error("a sealed field does not open", extra={"collection": collection, "field": path})
            return
        self._rows.swap(collection, record, path, value, anew)


def check_listed(sealed: Iterable[Sealed], used: Iterable[str]) -> list[str]:
    """Those of the fields in use (`collection.path`) that no room lists as sealed."""
    listed = {f"{collection}.{path}" for collection, paths in sealed for path in paths}
    return sorted(field for field in used if field not in listed and f"{field.rsplit('.', 1)[0]}.*" not in listed)


def _sealed_values(row: dict[str, Any], paths: tuple[str, ...]) -> Iterator[tuple[str, str | bytes]]:
    """The values under the listed paths, each with its path."""
    for path, value in _values(row):
        if path in paths or f"{path.rpartition('.')[0]}.*" in paths:
            yield path, value


def _values(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every text and every bytes value in a document, with its path."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _values(inner, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        for inner in value:
            yield from _values(inner, path)
    elif isinstance(value, str | bytes):
        yield path, value
