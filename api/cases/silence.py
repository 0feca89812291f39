"""Acceptance by silence (行政许可法 第32条): recorded before a later act is judged, or by a job."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from api.cases.case import Action, Case
from api.cases.clock.words import Clock
from api.cases.ground import CaseGround
from api.cases.life.acts import EVENTS
from api.cases.open_case import OpenCase
from api.cases.promises.acts import due_as_told
from api.cases.snapshot import acted, sealed_action
from api.identity.actor import Actor
from api.refusals import VersionStale

SYSTEM = Actor("system", "system", "系统", frozenset({"system"}), "", datetime.max.replace(tzinfo=UTC))


@dataclass(frozen=True)
class Silence:
    """Appends the `deem` that the law has done: day 0, the limit that passed, and the version of the calendar."""

    ground: CaseGround

    def applied(self, case: OpenCase) -> OpenCase:
        """The case with its acceptance by silence appended, if the notice limit has passed; else the same case.

        Nothing is written: `write` does that, in the transaction of whatever is done next (rule 40).
        """
        clock = self._clock_if_deemed(case.record)
        if clock is None:
            return case
        data = {
            "day0": clock["day0"],
            "notice_due": clock["notice_due"] and clock["notice_due"][:10],
            "calendar": self.ground.calendar.version,
        }
        if case.standing.deferrals:
            data["deferral_due"] = due_as_told(self.ground, case.standing, self.ground.now())
        action = Action(case.standing.version + 1, "deem", self.ground.now(), SYSTEM.id, "system", data)
        return acted(case, action, self.ground.calendar)

    def write(self, session: Any, before: OpenCase, deemed: OpenCase) -> None:
        """Store the acceptance by silence that `applied` appended, if any, with its event. Raises VersionStale."""
        if deemed is before:
            return
        ground, record = self.ground, deemed.record
        if not ground.store.append(session, record, sealed_action(ground.keyring, record.id, deemed.actions[-1])):
            raise VersionStale
        ground.announce(
            session, EVENTS["deem"], record.id, number=record.number, state=record.state, seq=record.version
        )

    def keep(self, case: OpenCase) -> OpenCase:
        """Store the acceptance by silence, if there is one, and return the case after it. Raises VersionStale."""
        deemed = self.applied(case)
        if deemed is not case:
            self.ground.transact(lambda session: self.write(session, case, deemed))
        return deemed

    # -- jobs -------------------------------------------------------------------------

    def deem_accepted(self, case_id: str) -> None:
        """Deem a case accepted if the office gave no notice within the notice limit. Idempotent."""
        case = self.ground.store.by_id(case_id)
        if case and self._clock_if_deemed(case):
            self.keep(self.ground.reader.open(case))

    def _clock_if_deemed(self, case: Case) -> Clock | None:
        if case.state != "submitted":
            return None
        clock = self.ground.clock(case).clock
        return clock if clock.get("accept_basis") == "deemed" else None
