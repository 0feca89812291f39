"""What the parts of the cases room share: the store, the rooms below, transactions and events."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from api.audit.security.service import SecurityEvents
from api.audit.service import Audit
from api.calendar.service import Calendar
from api.cases import scope
from api.cases.access import CaseAccess
from api.cases.case import Case
from api.cases.clock.ledger_words import reasons
from api.cases.clock.of_case import is_current, reckon_case
from api.cases.clock.words import ClockWords
from api.cases.kinds import kind_of
from api.cases.life.rule import Attempt
from api.cases.life.standing import may_hold
from api.cases.open_case import OpenCase
from api.cases.promises.service import BrokenPromises
from api.cases.reader import CaseReader
from api.cases.store import CaseStore
from api.cases.templates.service import ActTemplates
from api.files.service import Files
from api.identity.actor import Actor
from api.identity.sealing.keyring import Keyring
from api.identity.service import Identity
from api.matters.service import Matters
from api.times import BEIJING


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
    broken_promises: BrokenPromises
    templates: ActTemplates
    transact: Callable[[Callable[[Any], Any]], Any]
    announce: Callable[..., None]
    now: Callable[[], datetime]
    in_draft: Callable[[str], bool]
    """Whether an upload is bound to a draft that was not submitted."""
    claim_days: int
    """Working days without an act of its officer, after which a claimed case is free again."""

    def kind(self, case: Case) -> str:
        """The kind of a case's matter, by which its words are chosen (kinds.py)."""
        matter = self.matters.matter(case.matter.code, case.matter.version)
        return kind_of(matter.kind, matter.name)

    def holder(self, case: Case, known: dict[str, Actor | None] | None = None) -> Actor | None:
        """Who has claimed a case, with their post of today; None once they could claim it no more.

        Somebody who has left, has another role, desk or department by now, or did nothing with it for `claim_days`,
        holds nothing. `known` keeps the officers who were looked up, for a page of cases.
        """
        if not case.officer or self._is_left_alone(case):
            return None
        known = {} if known is None else known
        if case.officer not in known:
            known[case.officer] = self.identity.officer(case.officer)
        officer = known[case.officer]
        return officer if officer and may_hold(case.state, scope.roles_at(officer, case)) else None

    def _is_left_alone(self, case: Case) -> bool:
        since, now = (moment.astimezone(BEIJING).date() for moment in (case.held_since or case.updated_at, self.now()))
        return self.calendar.working.guessing.working_between(since, now) > self.claim_days

    def attempt(self, actor: Actor, case: OpenCase, data: Mapping[str, Any] | None = None) -> Attempt:
        """What an act of this actor on a case, as its silence left it, is judged by (life/rule.py)."""
        holder, overdue = self.holder(case.record), self.clock(case.record).clock.get("overdue")
        standing = replace(case.standing, officer=holder.id if holder else None)
        roles = self.access.roles(actor, case.record)
        is_aided = actor.is_staff and self.access.is_aided(case.record)
        return Attempt(standing, case.edition.matter, actor.id, roles, data, bool(overdue), is_aided)

    def clock(self, case: Case, at: datetime | None = None) -> ClockWords:
        """The clock of a case now, or as it was at an instant, and its words."""
        facts, at = self.facts(case), at or self.now()
        decided_at = datetime.fromisoformat(facts["decision"]["at"]) if "decision" in facts else None
        clock = reckon_case(facts, at, self.calendar.working)
        return ClockWords(clock, case.state, decided_at, at, self.kind(case), self._end(case, facts))

    def reasoned_clock(self, case: OpenCase, at: datetime | None = None) -> ClockWords:
        """As `clock`, its ledger with who stopped or extended it and why."""
        return replace(self.clock(case.record, at), why=reasons(case.actions, self.identity.staff_name))

    def _end(self, case: Case, facts: dict[str, Any]) -> str | None:
        """The state in which a closed case ended; read from its actions if an earlier release closed it undecided."""
        if case.state != "closed" or case.end or "ended_at" not in facts:
            return case.end
        return self.reader.open(case).standing.end

    def facts(self, case: Case) -> dict[str, Any]:
        """The input of the clock; made anew of the actions if an earlier release wrote it."""
        return case.clock_facts if is_current(case.clock_facts) else self.reader.open(case).record.clock_facts
