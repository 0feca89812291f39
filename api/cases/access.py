"""Who may see a case and act on it: the applicant, the principal of an agent, the staff of its desk and department."""

from collections.abc import Callable
from typing import Any

from api.cases import scope
from api.cases.case import Case
from api.identity.actor import Actor
from api.identity.mandates.service import Mandates

GOVERNMENT_HEAD = "government_head"
"""The role at every case of whoever heads the government of the district."""


class CaseAccess:
    """Who may see and act on a case: staff by scope (scope.py), citizens as applicant, agent or principal.

    `is_government(department)`: the head of that one is the head of the district's government, who sees every case
    masked and approves what the law leaves to the government.
    """

    def __init__(self, mandates: Mandates, is_government: Callable[[str | None], bool]) -> None:
        self._mandates = mandates
        self._is_government = is_government

    def may_see(self, actor: Actor, case: Case) -> bool:
        """Whether somebody may see a case; for all others it does not exist (NotFound)."""
        return scope.may_see(actor, case) or self._heads_government(actor) or self.concerns(actor, case)

    def concerns(self, actor: Actor, case: Case) -> bool:
        """Whether somebody filed a case, or is its principal. An agent keeps seeing it after the mandate has ended."""
        return case.owner == actor.id or self._mandates.is_applicant(actor, case.principal, case.mandate)

    def is_aided(self, case: Case) -> bool:
        """Whether an officer filled a case in for somebody who has no account yet that was verified in person."""
        return not case.owner and not self.applicants(case)

    def applicants(self, case: Case) -> list[str]:
        """The accounts that a case concerns as its principal, or as the applicant whom an officer filled it in for."""
        return self._mandates.accounts(case.principal, case.mandate) if case.principal else []

    def concerns_visitor(self, visitor: Any, case: Case) -> bool:
        """As `concerns`, for somebody who may not be logged in."""
        return "citizen" in visitor.roles and self.concerns(visitor, case)

    def roles(self, actor: Actor, case: Case) -> frozenset[str]:
        """The roles in which an actor may act on a case; empty if they may not see it."""
        bound = scope.roles_at(actor, case) | ({GOVERNMENT_HEAD} if self._heads_government(actor) else frozenset())
        return bound or (actor.roles if self.concerns(actor, case) else frozenset())

    def within(self, actor: Actor) -> list[dict[str, str]]:
        """The filters of a list for staff, one of which must match, as `scope.within`."""
        return [{}] if self._heads_government(actor) else scope.within(actor)

    def _heads_government(self, actor: Actor) -> bool:
        return actor.is_staff and "head" in actor.roles and self._is_government(actor.department)

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
