"""Brings the cases of earlier releases into the lists: their queues, the masked name, and by what staff search."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from api.cases.ground import CaseGround
from api.cases.open_case import OpenCase
from api.cases.shipping import Result
from api.cases.snapshot import named, queued, snapshot
from api.cases.sweeps import FOLD_SECONDS, sweep


@dataclass(frozen=True)
class QueueFolding:
    """Stores with a case what its lists need, made anew of its actions."""

    ground: CaseGround
    on_its_way: Callable[[str, Result], bool]
    """As in `Shipping`."""

    def run(self) -> None:
        """A job: fold the cases that an upgrade marked; a killed run is gone on with. Raises as `sweep` does."""
        sweep(self.ground, self.ground.store.ids({"old_queue": True}), self.fold, seconds=FOLD_SECONDS)

    def fold(self, case_id: str) -> None:
        """Fold one case, whatever act comes meanwhile."""
        ground = self.ground
        while record := ground.store.by_id(case_id):
            if ground.store.fold_queue(record, self.folded(ground.reader.open(record)).record):
                break

    def folded(self, case: OpenCase) -> OpenCase:
        """The case as a list needs it."""
        fields = snapshot(case.edition.matter, case.standing, case.actions, case.record.clock_facts)
        result = case.standing.waiting_result
        is_sent = result is not None and self.on_its_way(case.record.number, result)
        record = replace(case.record, held_since=fields["held_since"], is_sent=is_sent)
        return queued(named(replace(case, record=record), self.ground.keyring))
