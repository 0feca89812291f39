"""Special procedures (特别程序): which kinds there are, when one may start or end, and what that changes.

The kinds are the eight of 行政许可法 第45条, those that the matter's own data names, and some that are written down
while the clock runs on (rule 20 of the clock).
"""

from dataclasses import replace

from api.cases.case import Action
from api.cases.life.rule import Attempt
from api.cases.life.standing import CaseStanding, Row
from api.matters.catalogue.elements import NOT_COUNTED
from api.matters.catalogue.matter import Matter
from api.refusals import BadFields, Reason, Refusal

WRITTEN_DOWN = ("现场踏勘", "公示")
"""Kinds that stop no clock, whatever the matter."""


class ProcedureRuns(Refusal):
    """A procedure of this kind runs already."""

    code = "procedure_runs"
    zh = "这种特别程序已经开始，还没有结束，不能再开始一次。"
    en = "A procedure of this kind runs already; it cannot be started twice at once."


class ProcedureNotRunning(Refusal):
    """No procedure of this kind runs, so it cannot be ended."""

    code = "procedure_not_running"
    zh = "这种特别程序没有在进行，不用结束。"
    en = "No procedure of this kind runs: there is nothing to end."


def kinds(matter: Matter) -> tuple[str, ...]:
    """The kinds of procedure that a case of this matter may have."""
    named = [str(step["name"]) for step in matter.record["special_procedures"]]
    return tuple(dict.fromkeys([*named, *sorted(NOT_COUNTED), *WRITTEN_DOWN]))


def stops_clock(matter: Matter, kind: str) -> bool:
    """Whether the limit stands still during a procedure: of a permit the eight of 第45条, else what its data says."""
    return kind in matter.clock_stops or (matter.is_permit and kind in NOT_COUNTED)


def known_procedure(attempt: Attempt) -> Refusal | None:
    """The kind is one that the clock knows."""
    if attempt.data is None or attempt.data["procedure"] in kinds(attempt.matter):
        return None
    names = "、".join(kinds(attempt.matter))
    zh, en = f"没有这种特别程序，可以选：{names}", f"There is no such procedure; choose one of: {names}"
    return BadFields({"procedure": [Reason(zh, en)]})


def once_at_a_time(attempt: Attempt) -> Refusal | None:
    """No procedure of the same kind runs."""
    running = {procedure["kind"] for procedure in attempt.standing.open_procedures}
    return ProcedureRuns() if attempt.data and attempt.data["procedure"] in running else None


def running(attempt: Attempt) -> Refusal | None:
    """A procedure of this kind runs; where no kind is named, any."""
    kinds_now = {procedure["kind"] for procedure in attempt.standing.open_procedures}
    is_running = bool(kinds_now) if attempt.data is None else attempt.data["procedure"] in kinds_now
    return None if is_running else ProcedureNotRunning()


def start_procedure(standing: CaseStanding, action: Action) -> CaseStanding:
    """The procedure runs; the applicant is told how many working days it will take (第45条)."""
    data = action.data
    begun = {"seq": action.seq, "kind": data["procedure"], "days": data["days"], "text": data["text"]}
    begun |= {"started_at": action.at, "ended_at": None, "ended_by": None}
    return replace(standing, procedures=(*standing.procedures, begun))


def end_procedure(standing: CaseStanding, action: Action) -> CaseStanding:
    """The procedure of this kind has ended."""
    return _ended(standing, action, frozenset({action.data["procedure"]}))


def all_ended(standing: CaseStanding, action: Action) -> CaseStanding:
    """Whatever runs ends with the decision or the end of the case (rules 25, 42)."""
    return _ended(standing, action, frozenset(procedure["kind"] for procedure in standing.open_procedures))


def _ended(standing: CaseStanding, action: Action, chosen: frozenset[str]) -> CaseStanding:
    def end(procedure: Row) -> Row:
        ends = procedure["ended_at"] is None and procedure["kind"] in chosen
        return {**procedure, "ended_at": action.at, "ended_by": action.act} if ends else procedure

    return replace(standing, procedures=tuple(map(end, standing.procedures)))
