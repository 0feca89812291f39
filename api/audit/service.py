"""Write down who read or changed what."""

from collections.abc import Callable
from datetime import datetime

from uuid6 import uuid7

from api.audit.store import AuditStore


class Audit:
    """The audit log."""

    def __init__(self, store: AuditStore, now: Callable[[], datetime]) -> None:
        self._store = store
        self._now = now

    def record(self, actor_id: str, act: str, subject: str) -> None:
        """`actor_id` did `act` (e.g. `read_unmasked`) to `subject` (e.g. `case:<id>`). Holds no personal data."""
        row = {
            "_id": str(uuid7()),
            "v": 1,
            "actor": actor_id,
            "act": act,
            "subject": subject,
            "at": self._now(),
        }
        self._store.append(row)
