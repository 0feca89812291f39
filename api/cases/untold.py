"""News of cases whose applicant nobody can reach: without a phone and an account, they are told at the counter.

Such a case was filled in by an officer at a window. Once its applicant has a verified account, notices go to that.
"""

from datetime import datetime, timedelta
from typing import Any

from api.cases import scope
from api.cases.case import Case
from api.cases.ground import CaseGround
from api.cases.number import unknown
from api.cases.views import CaseViews
from api.identity.actor import Actor
from api.refusals import NotFound, Refusal, VersionStale

Row = dict[str, Any]
SECOND = timedelta(seconds=1)


class ToldByAnother(Refusal):
    """Whoever withdrew a case for its applicant is not the one who tells them, so that two officers know of it."""

    code = "told_by_another"
    zh = "这件申请是您代申请人撤回的，请由另一位同事告知申请人并记下。"
    en = "You withdrew it for the applicant: another officer must tell them and note it."


class UntoldNews:
    """What the counter must tell people itself: noted by the notices that have no recipient, until somebody told it."""

    def __init__(self, ground: CaseGround, views: CaseViews) -> None:
        self._ground = ground
        self._views = views

    def add(self, number: str, at: datetime | None) -> None:
        """Note that there is news since this instant, or now. What is no newer than what was told is no news."""
        self._ground.store.note_untold(number, at or self._ground.now())

    def page(self, actor: Actor, after: str | None, most: int) -> tuple[list[Row], str | None]:
        """One page of the cases at one's desk with news that nobody has told, the latest first."""
        store, ground = self._ground.store, self._ground
        cases, following = store.untold(actor.point or "", ground.now(), after, most) if actor.point else ([], None)
        lines = self._views.lines(cases)
        rows = [
            {**line, "since": case.untold_at, "language": case.aided} for line, case in zip(lines, cases, strict=True)
        ]
        return rows, following

    def note_told(self, actor: Actor, number: str, version: int, how: str, since: datetime | None) -> Row:
        """Note that the applicant was told how the case stands at this version, and whether there is news left.

        With `since`, to the second as it was listed, nothing newer counts as told. Raises NotFound, VersionStale,
        ToldByAnother.
        """
        store = self._ground.store
        case = store.by_number(number)
        if case is None:
            raise unknown(number)
        if not self._is_at_desk(actor, case):
            raise NotFound(subject=f"case:{case.id}")
        if case.version != version:
            raise VersionStale
        if any((action.act, action.by) == ("withdraw", actor.id) for action in store.actions(case.id)):
            raise ToldByAnother
        is_newer = since is not None and case.untold_at is not None and case.untold_at >= since + SECOND

        def write(session: Any) -> None:
            if store.note_told(session, case):
                self._ground.audit.record(actor.id, "case.told", f"case:{case.id}", session=session, detail=how)

        if not is_newer:
            self._ground.transact(write)
        left = store.by_number(number)
        return {"number": case.number, "untold": left is not None and left.untold_at is not None}

    def _is_at_desk(self, actor: Actor, case: Case) -> bool:
        return "window" in scope.roles_at(actor, case)
