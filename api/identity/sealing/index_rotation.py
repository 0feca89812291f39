"""Online rotation of the index key: every stored blind index is brought under a new key while everything runs.

A room takes part by one line in its store, `BLIND = [(collection, field), …]`. Expand, then contract: first every row
holds its index under the old and the new key, and so do the rows that are written meanwhile; once all processes have
the new key, all look up by it; then the old index is taken away. At any moment a row is found by the key in force, and
a unique index refuses a second row, as both hold the index that any two processes share.
"""

import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from uuid6 import uuid7

from api.identity.sealing.blind import Stored
from api.identity.sealing.keyring import Keyring
from api.identity.store import SealedRows
from api.jobs.job import Enqueue

log = logging.getLogger("circle.keys")

Blind = tuple[str, str]
"""A collection, and a field that holds a blind index."""

BATCH = 200
SETTLE = timedelta(minutes=2)
"""The wait between two phases: other processes may know an older state for some seconds."""
AGAIN = timedelta(seconds=10)


class IndexRotation:
    """Rewrites the blind indexes of all listed fields in batches; each batch enqueues the next as a job."""

    def __init__(
        self,
        rows: SealedRows,
        *,
        keyring: Keyring,
        listed: Sequence[Blind],
        enqueue: Enqueue,
        lacking: Callable[[int], list[str]],
        move_floor: Callable[[int], None],
        now: Callable[[], datetime],
    ) -> None:
        """`lacking(stage)` are the hosts of processes without that key; `move_floor` tells all processes of a floor."""
        self._rows, self._keys, self._enqueue, self._now = rows, keyring, enqueue, now
        self.listed, self._lacking, self._move_floor = sorted(listed), lacking, move_floor

    def handlers(self) -> dict[str, Callable[[dict[str, Any]], None]]:
        """The handlers of the jobs of a rotation, per kind."""
        return {"keys.index": self.rewrite, "keys.floor": self.move_floor}

    def start(self) -> int:
        """Begin a run under a new key, or under the newest if a rotation to it was not finished; returns its stage."""
        stage = self._keys.index_keys()
        if stage == self._keys.floor:
            stage = self._keys.add_index_key()
        self._rewrite_from({"run": str(uuid7()), "phase": "expand", "to": stage, "turn": 0}, at=0)
        return stage

    def rewrite(self, payload: dict[str, Any]) -> None:
        """A job: rewrite one batch of a listed field, and enqueue the next batch or phase."""
        if payload["at"] == len(self.listed):
            return self._finish(payload)
        collection, field = self.listed[payload["at"]]
        rows = self._rows.batch(collection, (field,), payload["after"], BATCH)
        rewrite = self._keys.widened if payload["phase"] == "expand" else self._keys.settled
        changed = sum(self._swap(collection, field, row, rewrite) for row in rows if row.get(field))
        changed += payload["changed"]
        if len(rows) == BATCH:
            return self._rewrite_from(payload, at=payload["at"], after=rows[-1]["_id"], changed=changed)
        return self._rewrite_from(payload, at=payload["at"] + 1, changed=changed)

    def move_floor(self, payload: dict[str, Any]) -> None:
        """A job: once all processes have the new key and a second look changed nothing, look up by it from now on."""
        hosts = self._lacking(payload["to"])
        if hosts:
            log.error("a process lacks the new index key", extra={"key": f"index-{payload['to']}.key", "hosts": hosts})
            return self._enqueue_once("keys.floor", {**payload, "turn": payload["turn"] + 1}, AGAIN)
        if payload["changed"] or not payload["again"]:
            return self._rewrite_from({**payload, "turn": payload["turn"] + 1, "again": True}, at=0)
        self._move_floor(payload["to"])
        return self._rewrite_from({**payload, "phase": "contract"}, at=0, wait=SETTLE)

    def _finish(self, payload: dict[str, Any]) -> None:
        if payload["phase"] == "expand":
            self._enqueue_once("keys.floor", payload, SETTLE)
        else:
            log.warning("the blind indexes are under the new key", extra={"key": f"index-{payload['to']}.key"})

    def _swap(self, collection: str, field: str, row: dict[str, Any], rewrite: Callable[[Stored], Stored]) -> bool:
        old = row[field]
        new = rewrite(old)
        return new != old and self._rows.swap(collection, row["_id"], field, old, new)

    def _rewrite_from(
        self, payload: dict[str, Any], *, at: int, after: Any = None, changed: int = 0, wait: timedelta = timedelta(0)
    ) -> None:
        self._enqueue_once(
            "keys.index", {"again": False, **payload, "at": at, "after": after, "changed": changed}, wait
        )

    def _enqueue_once(self, kind: str, payload: dict[str, Any], wait: timedelta) -> None:
        """Enqueue a job once, however often the one before it is run: its key says how far the run is."""
        place = ":".join(str(payload[name]) for name in ("run", "phase", "turn", "at", "after"))
        self._enqueue(f"{kind}:{place}", kind, payload, due_at=self._now() + wait)
