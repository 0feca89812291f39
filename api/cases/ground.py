"""What the parts of the cases room stand on: the store, the rooms below, and how to write and announce."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from api.audit.service import Audit
from api.calendar.service import Calendar
from api.cases.access import CaseAccess
from api.cases.case import Case
from api.cases.clock.reckoning import reckon
from api.cases.reader import CaseReader
from api.cases.store import CaseStore
from api.files.service import Files
from api.identity.sealing.keyring import Keyring
from api.identity.service import Identity
from api.matters.service import Matters


@dataclass(frozen=True)
class CaseGround:
    """Handed to each part of the room by `Cases`."""

    store: CaseStore
    reader: CaseReader
    access: CaseAccess
    matters: Matters
    files: Files
    identity: Identity
    calendar: Calendar
    audit: Audit
    keyring: Keyring
    transact: Callable[[Callable[[Any], Any]], Any]
    announce: Callable[..., None]
    now: Callable[[], datetime]

    def clock(self, case: Case) -> dict[str, Any]:
        """The reckoning at this moment; an unpublished year gives `{"error": …}` and the page says so."""
        return reckon({**case.clock_facts, "as_of": self.now().isoformat()}, self.calendar.working)
