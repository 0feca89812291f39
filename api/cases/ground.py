"""What the parts of the cases room share: the store, the rooms below, transactions and events."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from api.audit.security.service import SecurityEvents
from api.audit.service import Audit
from api.calendar.service import Calendar
from api.cases import scope
from api.cases.access import CaseAccess
from api.cases.case import Case, may_hold
from api.cases.clock.reckoning import reckon
from api.cases.reader import CaseReader
from api.cases.store import CaseStore
from api.files.service import Files
from api.identity.actor import Actor
from api.identity.sealing.keyring import Keyring
from api.identity.service import Identity
from api.matters.service import Matters


@dataclass(frozen=True)
class CaseGround:
    """The dependencies that `Cases` passes to each part of this room."""

    store: CaseStore
    reader: CaseReader
    access: CaseAccess
    matters: Matters
    files: Files
    identity: Identity
    calendar: Calendar
    audit: Audit
    security: SecurityEvents
    keyring: Keyring
    transact: Callable[[Callable[[Any], Any]], Any]
    announce: Callable[..., None]
    now: Callable[[], datetime]

    def holder(self, case: Case) -> Actor | None:
        """Who has claimed a case, with their post of today; None once they could claim it no more.

        Somebody who has left, or has another role, desk or department by now, holds nothing.
        """
        officer = self.identity.officer(case.officer) if case.officer else None
        return officer if officer and may_hold(case.state, scope.roles_at(officer, case)) else None

    def clock(self, case: Case, at: datetime | None = None) -> dict[str, Any]:
        """The clock's answer for a case now, or as it was at an instant, as JSON.

        `{"error": …}` if it needs a year without a published notice.
        """
        return reckon({**case.clock_facts, "as_of": (at or self.now()).isoformat()}, self.calendar.working)
