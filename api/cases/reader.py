"""Opens a case: decrypts its fields and its actions, and looks up its matter and its mandate."""

from dataclasses import replace
from typing import Any

from api.calendar.service import Calendar
from api.cases import case as rules
from api.cases.case import Action, Case, SealedAction
from api.cases.clock.of_case import folded_facts, is_current
from api.cases.life.acts import fold
from api.cases.open_case import OpenCase
from api.cases.store import CaseStore
from api.drafts.opening import edition_of
from api.identity.mandates.service import Mandates
from api.identity.masking import mask_name
from api.identity.sealing.keyring import Keyring
from api.matters.service import Matters


class CaseReader:
    """Decrypts cases and their actions."""

    def __init__(
        self, store: CaseStore, *, keyring: Keyring, matters: Matters, mandates: Mandates, calendar: Calendar
    ) -> None:
        self._store = store
        self._calendar = calendar
        self._keys = keyring
        self._matters = matters
        self._mandates = mandates

    def open(self, case: Case) -> OpenCase:
        """Decrypt a case and its actions, and look up its matter and mandate.

        The clock's input is made anew of the actions if an earlier release wrote it. A row of a queue is read
        again, since it has nothing sealed.
        """
        case = case if case.answers else self._store.by_id(case.id) or case
        matter = self._matters.matter(case.matter.code, case.matter.version)
        situation = self._keys.open_json(case.id, "situation", case.situation) if case.situation else {}
        edition, actions = edition_of(self._matters, matter, situation), self.actions(case.id)
        if not is_current(case.clock_facts):
            case = replace(case, clock_facts=folded_facts(edition.matter, actions, self._calendar.working))
        return OpenCase(
            record=case,
            matter=matter,
            edition=edition,
            situation=situation,
            answers=self.answers(case),
            delivery=self.delivery(case),
            receipt=self._keys.open_sealed(case.id, "receipt", case.receipt),
            agent=str(self._mandates.principal(case.mandate)["agent_name"]) if case.mandate else None,
            actions=actions,
            standing=fold(actions),
            calendar=self._calendar.working,
        )

    def actions(self, case_id: str) -> tuple[Action, ...]:
        """The actions of a case in order, decrypted, each in the current shape."""
        return tuple(self._action(action) for action in self._store.actions(case_id))

    def is_photograph(self, case: Case, upload: str) -> bool:
        """Whether a file of a case is a photograph of a survey, which is the office's own, and was not handed in."""
        own = [action for action in self.actions(case.id) if action.act == "survey"]
        return upload in rules.photographs(own)

    def answers(self, case: Case) -> dict[str, Any]:
        """The answers of the form, decrypted."""
        return self._keys.open_json(case.id, "answers", case.answers)

    def masked_name(self, case: Case) -> str:
        """The applicant's masked name, as lists show it; made of the answers if an earlier release stored the case."""
        if case.masked_name:
            return self._keys.open_sealed(case.id, "masked_name", case.masked_name)
        whole = case if case.answers else self._store.by_id(case.id)
        return mask_name(str(self.answers(whole)["applicant_name"])) if whole else ""

    def delivery(self, case: Case) -> dict[str, Any]:
        """The delivery of the result, decrypted: pickup or courier, and the address."""
        return self._keys.open_json(case.id, "delivery", case.delivery)

    def _action(self, sealed: SealedAction) -> Action:
        data = rules.upcast(sealed.act, sealed.v, self._keys.open_json(sealed.id, "data", sealed.data))
        return Action(sealed.seq, sealed.act, sealed.at, sealed.by, sealed.role, data)
