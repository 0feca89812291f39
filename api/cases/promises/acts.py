"""Acts upon promises: what they record and need beyond the table of acts."""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import Any

from api.cases import scope
from api.cases.case import Case
from api.cases.ground import CaseGround
from api.cases.life.standing import WAITING, CaseStanding
from api.cases.open_case import OpenCase
from api.cases.promises import deferral, promise
from api.cases.promises.guards import DeferralOver, PromiseBroken
from api.jobs.job import NotYet
from api.times import BEIJING

REMIND_AT = time(9)
AGAIN = timedelta(days=1)
"""When a last day is looked at again that the published calendars do not reach."""


class PromiseActs:
    """What handling asks of promises."""

    def __init__(self, ground: CaseGround) -> None:
        self._ground, self._broken = ground, ground.broken_promises

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
            case "decide" | "finish" if case.standing.promise and data["kind"] == "grant":
                return {**data, "check_due": self._check_due(case, now)}
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
        return standing.state in WAITING and deferral.is_late(due, self._ground.now())

    def notice_values(self, case: OpenCase) -> dict[str, str]:
        """The values of a notice about what is still to come: `due`, an ISO date or "", and the names."""
        deferrals, names = case.standing.deferrals, {material.key: material.name for material in case.papers}
        due = deferral.next_due(deferrals, self._ground.calendar.due)
        to_come = [names[key] for key in sorted(deferral.to_come(deferrals))]
        return {"due": due.isoformat() if due else "", "materials": "、".join(to_come)}

    def is_waiting(self, case_id: str) -> bool:
        """Whether something is still to come in a case that goes on."""
        standing = self._standing(case_id)
        return standing is not None and bool(deferral.to_come(standing.deferrals))

    def require_late(self, case_id: str) -> None:
        """For a job: return where a case is to be ended now, or waits for nothing. Raises NotYet until its day is over.

        While the last day is not known, it is looked at again the next day.
        """
        self._at(case_id, over_at)

    def reminder_due(self, case_id: str) -> date | None:
        """For a job: the last day of which the applicant is to be reminded now; None where nothing is to come, or the
        day is over. Raises NotYet before."""
        due = self._at(case_id, reminder_at)
        return due if due is not None and not deferral.is_late(due, self._ground.now()) else None

    def is_open(self, number: str) -> bool:
        """Whether the promise of a case waits for its check, or was found untrue and is not settled."""
        case = self._ground.store.by_number(number)
        standing = self._ground.reader.open(case).standing if case else None
        if standing is None or standing.promise is None:
            return False
        waits = promise.waits_for_check(standing.promise, standing.end or standing.state)
        return waits or promise.is_unsettled(standing.promise)

    def check_day(self, case_id: str) -> date | None:
        """The day by which the promise of a case is to be checked; None where it is not, or no day was told."""
        case = self._ground.store.by_id(case_id)
        standing = self._ground.reader.open(case).standing if case else None
        if standing is None or not promise.waits_for_check(standing.promise, standing.end or standing.state):
            return None
        due = (standing.promise or {})["check_due"]
        return date.fromisoformat(due) if due else None

    def check_reminder_due(self, case_id: str) -> date | None:
        """For a job: the day of `check_day` once the department is to be reminded of it. Raises NotYet before."""
        due = self.check_day(case_id)
        if due is not None and reminder_at(due) > self._ground.now():
            raise NotYet(reminder_at(due))
        return due

    def checkers(self, case_id: str) -> list[str]:
        """The approval officers of the department of a case, who check its promise."""
        case = self._ground.store.by_id(case_id)
        posted = self._ground.identity.officers_at("", case.department or "") if case else []
        return [officer.id for officer in posted if case and "handler" in scope.roles_at(officer, case)]

    def is_over(self, due: date) -> bool:
        """Whether a last day is over."""
        return deferral.is_late(due, self._ground.now())

    def _at(self, case_id: str, begins: Callable[[date], datetime]) -> date | None:
        """The last day of what is to come, once what begins by it has begun; None where nothing is to come."""
        standing, now = self._standing(case_id), self._ground.now()
        if standing is None or not deferral.to_come(standing.deferrals):
            return None
        due = deferral.next_due(standing.deferrals, self._ground.calendar.due)
        at = begins(due) if due else now + AGAIN
        if at > now:
            raise NotYet(at)
        return due

    def _standing(self, case_id: str) -> CaseStanding | None:
        """The standing of a case in which something may still be to come; None of any other."""
        case = self._ground.store.by_id(case_id)
        return self._ground.reader.open(case).standing if case and case.state in WAITING else None

    def _check_due(self, case: OpenCase, now: datetime) -> str | None:
        terms = case.edition.matter.promise
        if terms is None or terms.check is None:
            return None
        return promise.check_due(terms.check.days, terms.check.unit, now, self._ground.calendar.due)

    def _require_trust(self, case: Case) -> None:
        if self._broken.is_excluded(case.owner, case.mandate, case.principal):
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
