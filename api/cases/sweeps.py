"""Work over many cases, as jobs: one that raises holds up no other, and the job says in the end how many did."""

import logging
import math
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from api.cases.case import OPEN
from api.cases.ground import CaseGround
from api.jobs.job import NotYet

log = logging.getLogger("circle.cases")

FOLD_SECONDS = 240.0
"""How long one run of `ClockFolding` lasts, well below the longest run of a job (`jobs.job.LONGEST_RUN`)."""
SLICE = 200
"""How many open cases one job looks at, some 60 ms each: far below the longest run, so that a slow machine ends too."""


class SweepIncomplete(Exception):
    """Some cases of a sweep raised; all others were looked at. The job is tried again, then parked for staff."""


def sweep(ground: CaseGround, ids: Iterable[str], act: Callable[[str], None], *, seconds: float = math.inf) -> None:
    """Do something with the id of each of these cases; one that raises is logged.

    Raises SweepIncomplete in the end if any did. After `seconds`, with some done, raises NotYet: the job goes on at
    once, so what is done must no longer be among the ids.
    """
    end, wrong, done = time.monotonic() + seconds, list[str](), 0
    for case_id in ids:
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


def open_slice(ground: CaseGround, state: str | None, after: str | None) -> tuple[list[str], dict[str, Any] | None]:
    """The ids of the next SLICE open cases, state by state, the newest first, and where the slice behind them begins:
    `{state, after}`, None behind the last. This one begins in `state`, behind the id `after`; None: from the start."""
    ids = list[str]()
    for each in sorted(OPEN):
        if state is None or each >= state:
            ids += ground.store.older_ids(each, after if each == state else None, SLICE - len(ids))
            if len(ids) == SLICE:
                return ids, {"state": each, "after": ids[-1]}
    return ids, None


@dataclass(frozen=True)
class ClockFolding:
    """Stores the clock's input of cases of an older release, made anew of their actions (`old_clock`)."""

    ground: CaseGround

    def run(self) -> None:
        """A job: bring the clocks forward that are left; a killed run is gone on with. Raises as `sweep` does."""
        sweep(self.ground, self.ground.store.ids({"old_clock": True}), self._fold, seconds=FOLD_SECONDS)

    def _fold(self, case_id: str) -> None:
        store = self.ground.store
        while case := store.by_id(case_id):
            if store.fold_clock(case, self.ground.reader.open(case).record.clock_facts):
                break
