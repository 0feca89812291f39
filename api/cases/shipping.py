"""The newest result of a case on its way: whether it waits to be handed over, and whether a parcel holds it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from api.cases.ground import CaseGround
from api.cases.snapshot import queued

Result = Mapping[str, Any]
"""A result of a case as its standing has it: `seq`, the act that made it, and `at`, when."""


@dataclass(frozen=True)
class Shipping:
    """What the parcels room asks of a case, and tells it. `on_its_way(number, result)`: whether a parcel that holds
    this result is on its way."""

    ground: CaseGround
    on_its_way: Callable[[str, Result], bool]

    def newest(self, number: str) -> Result | None:
        """The newest result of a case; None while there is none."""
        case = self.ground.store.by_number(number)
        return self.ground.reader.open(case).standing.result if case else None

    def waiting(self, number: str) -> Result | None:
        """The newest result of a case while it waits to be handed over."""
        case = self.ground.store.by_number(number)
        return self.ground.reader.open(case).standing.waiting_result if case else None

    def hold(self, session: Any, case_id: str, version: int) -> bool:
        """Hold a case at this version until this transaction ends; False if an act has come since."""
        return self.ground.store.hold(session, case_id, version)

    def note_sent(self, number: str) -> None:
        """Note whether the newest result is on its way with a courier, after each event that may change it.

        Idempotent, and right in whatever order the events come: what is asked is how it is now.
        """
        store = self.ground.store
        while case := store.by_number(number):
            whole = self.ground.reader.open(case)
            result = whole.standing.waiting_result
            if result is None:
                break
            is_sent = self.on_its_way(number, result)
            after = queued(replace(whole, record=replace(whole.record, is_sent=is_sent))).record
            if case.is_sent == is_sent or store.requeue(case, after):
                break
