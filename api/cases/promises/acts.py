"""Acts upon promises: what they record and need beyond the table of acts."""

from datetime import date, datetime, time, timedelta
from typing import Any

from api.cases.case import Case
from api.cases.ground import CaseGround
from api.cases.life.standing import CaseStanding
from api.cases.open_case import OpenCase
from api.cases.promises import deferral, promise
from api.cases.promises.guards import DeferralOver
from api.cases.promises.service import BrokenPromises, PromiseBroken
from api.times import BEIJING

REMIND_AT = time(9)


class PromiseActs:
    """What handling asks of promises."""

    def __init__(self, ground: CaseGround, broken: BrokenPromises) -> None:
        self._ground, self._broken = ground, broken

    def prepared(self, case: OpenCase, act: str, data: dict[str, Any]) -> dict[str, Any]:
        """The data of an act of staff with what it tells: last days. Raises PromiseBroken, DeferralOver."""
        now = self._ground.now()
        match act:
            case "defer":
                self._require_trust(case.record)
                return {**data, "deferral_due": due_as_told(self._ground, case.standing, now)}
            case "promise":
                self._require_trust(case.record)
                return {**data, "kind": "grant", "check_due": self._check_due(case, now)}
            case "request_supplement" if case.standing.state != "submitted":
                due = deferral.next_due(
                    [{**row, "state": "open"} for row in case.standing.deferrals if row["start"]],
                    self._ground.calendar.due,
                )
                if deferral.is_late(due, now):
                    raise DeferralOver
        return data

    def written(self, session: Any, case: Case, act: str, data: dict[str, Any]) -> None:
        """In the transaction of an act: record the promise that it says was broken."""
        if act == "terminate" and data.get("cause") == deferral.LATE:
            self._broken.record(session, case, "deferral")
        if act == "check_promise" and data["outcome"] == promise.BROKEN:
            self._broken.record(session, case, "promise")

    def is_late(self, standing: CaseStanding) -> bool:
        """Whether a deferred material has not come in time, so that the case is to be ended."""
        due = deferral.next_due(standing.deferrals, self._ground.calendar.due)
        return standing.state in {"accepted", "granted"} and deferral.is_late(due, self._ground.now())

    def due(self, case_id: str) -> date | None:
        """The last day of what is still to come; None where nothing is, or it is not known."""
        case = self._ground.store.by_id(case_id)
        if case is None:
            return None
        return deferral.next_due(self._ground.reader.open(case).standing.deferrals, self._ground.calendar.due)

    def _check_due(self, case: OpenCase, now: datetime) -> str | None:
        terms = case.edition.matter.promise
        if terms is None or terms.check is None:
            return None
        return promise.check_due(terms.check.days, terms.check.unit, now, self._ground.calendar.due)

    def _require_trust(self, case: Case) -> None:
        if self._broken.is_excluded(case.owner, case.mandate):
            raise PromiseBroken


def due_as_told(ground: CaseGround, standing: CaseStanding, at: datetime) -> str | None:
    """The last day of what was deferred, if the case is accepted at an instant; see `deferral.due_as_told`."""
    return deferral.due_as_told(standing.deferrals, at, ground.calendar.due)


def over_at(due: date) -> datetime:
    """The instant from which a last day is over."""
    return datetime.combine(due + timedelta(days=1), time.min, BEIJING)


def reminder_at(due: date) -> datetime:
    """When the applicant is reminded of a last day."""
    return datetime.combine(due - deferral.REMIND_BEFORE, REMIND_AT, BEIJING)
