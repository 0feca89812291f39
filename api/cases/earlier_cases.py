"""What a citizen's own cases offer to a new draft of theirs: earlier answers, and whether the same matter is open.

It never leaves one account: cases that the account filed for the same applicant, and, of the open ones, those that were
filed for the account's own verified number, which it sees in its list anyway.
"""

from api.cases.case import OPEN, Case
from api.cases.ground import CaseGround
from api.drafts.opening import edition_of
from api.drafts.prefill import EarlierCase, SameMatter
from api.identity.actor import Actor
from api.matters.guide.situation import BilingualText

EARLIER = 5
"""How many earlier cases are looked through, the newest."""
HINTED = 3


class EarlierCases:
    """The cases of one account, for the drafts of that account. `principal` is a blind index, None for oneself."""

    def __init__(self, ground: CaseGround) -> None:
        self._ground = ground

    def answered(self, actor: Actor, principal: str | None) -> list[EarlierCase]:
        """The newest cases that the account filed for this applicant, opened."""
        ground = self._ground
        cases, _ = ground.store.newest(
            [{"owner": actor.id}], ground.now(), None, EARLIER, lambda case: self._principal(case) == principal
        )
        return [self._opened(case) for case in cases]

    def open_of(self, actor: Actor, matter: str, principal: str | None) -> list[SameMatter]:
        """The open cases about a matter that concern the same applicant and that this account sees, newest first."""
        own = self._ground.identity.mandates.seen_index_of(actor) if principal is None else None
        sides = [{"owner": actor.id}, *([{"principal": own}] if own else [])]
        applicants = {principal, own or principal}

        def is_same(case: Case) -> bool:
            return case.matter.code == matter and case.state in OPEN and self._principal(case) in applicants

        cases, _ = self._ground.store.newest(sides, self._ground.now(), None, HINTED, is_same)
        return [SameMatter(case.number, case.submitted_at, self._state(case)) for case in cases]

    def _principal(self, case: Case) -> str | None:
        return self._ground.keyring.settled(case.principal) if case.principal else None

    def _state(self, case: Case) -> BilingualText:
        label = self._ground.clock(case).state_label()
        return BilingualText(label.zh, label.en)

    def _opened(self, case: Case) -> EarlierCase:
        ground = self._ground
        matter = ground.matters.matter(case.matter.code, case.matter.version)
        situation = ground.keyring.open_json(case.id, "situation", case.situation) if case.situation else {}
        edition = edition_of(ground.matters, matter, situation)
        answers = ground.reader.answers(case)
        return EarlierCase(case.number, case.submitted_at, case.matter.name, edition.form, edition.known, answers)
