"""Who may see a case and act on it: the applicant, the principal of an agent, the staff of its desk and department."""

from typing import Any

from api.cases import scope
from api.cases.case import Case
from api.identity.actor import Actor
from api.identity.mandates.service import Mandates


class CaseAccess:
    """Who may see and act on a case: staff by scope (scope.py), citizens as applicant, agent or principal."""

    def __init__(self, mandates: Mandates) -> None:
        self._mandates = mandates

    def may_see(self, actor: Actor, case: Case) -> bool:
        """Whether somebody may see a case; for all others it does not exist (NotFound)."""
        return scope.may_see(actor, case) or self.concerns(actor, case)

    def concerns(self, actor: Actor, case: Case) -> bool:
        """Whether somebody filed a case, or is its principal. An agent keeps seeing it after the mandate has ended."""
        if case.owner == actor.id:
            return True
        return self._mandates.is_number_of(actor, case.principal)

    def roles(self, actor: Actor, case: Case) -> frozenset[str]:
        """The roles in which an actor may act on a case; empty if they may not see it."""
        return scope.roles_at(actor, case) or (actor.roles if self.concerns(actor, case) else frozenset())

    def may_act(self, actor: Actor, case: Case) -> bool:
        """Whether the mandate of the agent who filed the case still holds; True for everybody but that agent.

        What the actor may do otherwise is up to `roles` and the rules of the act.
        """
        if actor.is_staff or case.owner != actor.id or not case.mandate:
            return True
        return self._mandates.holds(actor, case.mandate, case.matter.code)

    def hold_mandate(self, session: Any, actor: Actor, case: Case) -> None:
        """Require that the agent's mandate holds until this transaction commits. Raises MandateEnded."""
        if case.mandate and case.owner == actor.id:
            self._mandates.hold(session, actor, case.mandate, case.matter.code)
