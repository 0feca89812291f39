"""Who may see a case and act on it: the applicant, the principal of an agent, the staff of its desk and department."""

from typing import Any

from api.cases import scope
from api.cases.case import Case
from api.identity.actor import Actor
from api.identity.mandates.service import Mandates


class CaseAccess:
    """The rule of scope, and beside it what mandates say."""

    def __init__(self, mandates: Mandates) -> None:
        self._mandates = mandates

    def may_see(self, actor: Actor, case: Case) -> bool:
        """Whether a case is there for somebody at all."""
        return scope.may_see(actor, case) or self.concerns(actor, case)

    def concerns(self, actor: Actor, case: Case) -> bool:
        """Who applied, and for whom. An agent goes on seeing what they filed, also after the mandate's end."""
        if case.owner == actor.id:
            return True
        return bool(case.principal) and case.principal == self._mandates.index_of(actor)

    def roles(self, actor: Actor, case: Case) -> frozenset[str]:
        """The roles in which an actor may act on a case; empty where the case is not there for them."""
        return scope.roles_at(actor, case) or (actor.roles if self.concerns(actor, case) else frozenset())

    def may_act(self, actor: Actor, case: Case) -> bool:
        """Staff by the rules alone; the applicant always; an agent while the mandate holds."""
        if actor.is_staff or case.owner != actor.id or not case.mandate:
            return True
        return self._mandates.holds(actor, case.mandate, case.matter.code)

    def hold_mandate(self, session: Any, actor: Actor, case: Case) -> None:
        """An agent's mandate holds until this transaction has committed. Raises MandateEnded."""
        if case.mandate and case.owner == actor.id:
            self._mandates.hold(session, actor, case.mandate, case.matter.code)
