"""Ends log-ins from the command line: of one member of staff, of one citizen, or of everybody."""

from collections.abc import Callable
from typing import Any

from api.identity.names_and_numbers import mobile
from api.identity.sealing.keyring import Keyring
from api.identity.store import IdentityStore, SealedRows

BY = "command-line"
BATCH = 500


class Ending:
    """Ends log-ins where something happened: a phone was lost, a log-in stolen. Each is audited."""

    def __init__(
        self,
        store: IdentityStore,
        rows: SealedRows,
        *,
        keyring: Keyring,
        end_all: Callable[[str], Any],
        record: Callable[..., Any],
    ) -> None:
        self._store, self._rows, self._keys, self._end_all, self._record = store, rows, keyring, end_all, record

    def of_staff(self, username: str) -> bool:
        """End every log-in of a member of staff; False if nobody has this user name."""
        row = self._store.staff_named(username)
        if row is not None:
            self._end(row["_id"], f"staff:{row['_id']}")
        return row is not None

    def of_citizen(self, phone: str) -> bool:
        """End every log-in of the citizen with this phone; False if there is none. Raises ValueError for no number."""
        row = self._store.citizen_with_phone(self._keys.index("phone", mobile(phone)))
        if row is not None:
            self._end(row["_id"], f"citizen:{row['_id']}")
        return row is not None

    def of_everybody(self) -> int:
        """End every log-in; returns of how many people."""
        people: set[str] = set()
        after = None
        while rows := self._rows.batch("sessions", ("who",), after, BATCH):
            people.update(row["who"] for row in rows)
            after = rows[-1]["_id"]
        for who in sorted(people):
            self._end_all(who)
        self._record(BY, "sessions.end", "everybody")
        return len(people)

    def _end(self, who: str, subject: str) -> None:
        self._end_all(who)
        self._record(BY, "sessions.end", subject)
