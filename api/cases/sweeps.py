"""Work over many cases, as jobs: one that raises holds up no other, and the job says in the end how many did."""

import logging
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from api.cases.ground import CaseGround
from api.jobs.job import NotYet

log = logging.getLogger("circle.cases")

FOLD_SECONDS = 240.0
"""How long one run of `ClockFolding` lasts, well below the longest run of a job (`jobs.job.LONGEST_RUN`)."""


class SweepIncomplete(Exception):
    """Some cases of a sweep raised; all others were looked at. The job is tried again, then parked for staff."""


def sweep(
    ground: CaseGround, wanted: Sequence[dict[str, Any]], act: Callable[[str], None], *, seconds: float = math.inf
) -> None:
    """Do something with the id of every case that matches one of the equalities; one that raises is logged.

    Raises SweepIncomplete in the end if any did. After `seconds`, with some done, raises NotYet: the job goes on at
    once, so what is done must no longer match.
    """
    end, wrong, done = time.monotonic() + seconds, list[str](), 0
    for case_id in chain.from_iterable(map(ground.store.ids, wanted)):
        if done and time.monotonic() > end:
            raise NotYet(ground.now())
        try:
            act(case_id)
        except Exception:
            log.exception("a case raised in a sweep", extra={"case": case_id})
            wrong.append(case_id)
        else:
            done += 1
    if wrong:
        raise SweepIncomplete(f"{len(wrong)} cases raised, the first {wrong[0]}")


@dataclass(frozen=True)
class ClockFolding:
    """Stores the clock's input of cases of an older release, made anew of their actions (`old_clock`)."""

    ground: CaseGround

    def run(self) -> None:
        """A job: bring the clocks forward that are left; a killed run is gone on with. Raises as `sweep` does."""
        sweep(self.ground, [{"old_clock": True}], self._fold, seconds=FOLD_SECONDS)

    def _fold(self, case_id: str) -> None:
        store = self.ground.store
        while case := store.by_id(case_id):
            if store.fold_clock(case, self.ground.reader.open(case).record.clock_facts):
                break
