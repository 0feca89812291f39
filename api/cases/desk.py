"""The lists of the desk: its queues, how many cases lie in each, and the search by number, name or telephone."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from api.cases import scope
from api.cases.case import Case
from api.cases.clock.words import SOON_DAYS
from api.cases.ground import CaseGround
from api.cases.number import number_in, refuse_slip
from api.cases.queue_walk import QueueDays, QueueWalk, Row
from api.cases.queues import (
    AFTER_SILENCE,
    BY_DAY,
    DEPARTMENT,
    EVERYWHERE,
    OFFICER,
    QUEUES,
    QueueKey,
    holds,
    key,
)
from api.cases.snapshot import NAME, PHONE, name_as_searched, phone_as_searched
from api.cases.store import QueuedRow
from api.identity.actor import Actor
from api.times import BEIJING

MOST_COUNTED = 99
"""How far a queue is counted: a page says `99+` beyond."""
SHOWN: dict[str, frozenset[str]] = {
    **dict.fromkeys(("new", "supplement_back", "to_issue", "counter", "to_send"), frozenset({"window"})),
    "to_decide": frozenset({"handler", "head"}),
    "extension_asked": frozenset({"head"}),
    "deferred_due": frozenset({"window", "handler", "head"}),
    "promise_broken": frozenset({"handler", "head"}),
    "near_due": frozenset({"window", "handler", "head", "supervisor"}),
    "overdue": frozenset({"window", "handler", "head", "supervisor"}),
    "mine": frozenset({"window", "handler"}),
    "department": frozenset({"handler", "head"}),
    "all": frozenset({"window", "handler", "head", "supervisor"}),
}
"""The queues that the console shows, in the order of the work, and to whom; every other stays readable."""
TURNS = frozenset({"new", "supplement_back", "to_decide", "to_issue", "counter", "to_send"})
"""The queues whose cases wait for this post to move them on; no case stands in two of them."""
COUNTED = frozenset(SHOWN) - {"all", "department"}


class DeskQueues:
    """The queues of staff, each by their post (scope.py): the window's of its point, who decides those of theirs."""

    def __init__(self, ground: CaseGround) -> None:
        self._ground, self._walk = ground, QueueWalk()

    def page(self, actor: Actor, queue: str, after: str | None, most: int) -> tuple[Sequence[Case], str | None]:
        """One page of a queue and where the next goes on: soonest due first, `all` by submission, the newest first.

        Raises ValueError where `after` is not what an earlier page gave.
        """
        if queue == "all":
            return self._ground.store.newest(self._ground.access.within(actor), self._ground.now(), after, most)
        streams, today = self._streams(actor, queue), self._today()

        def read(low: str, high: str) -> list[Row]:
            rows = self._ground.store.queued(streams, low, high)
            held = (row for row in rows if holds(row.document["queue"], today, is_later=row.is_later))
            return [(row.due, row.document["_id"], row) for row in held]

        def keep(row: QueuedRow) -> bool:
            return queue != "mine" or self._is_held_by(actor, row)

        days = self._days(queue, today)
        rows, following = self._walk.page((queue, *streams), read, days, today, after, most, keep)
        return [row.case for row in rows], following

    def counts(self, actor: Actor) -> list[dict[str, Any]]:
        """The queues that this actor is shown: `{queue, label, label_en, turn, count, more}`, null if not counted."""
        shown = {queue: QUEUES[queue] for queue, roles in SHOWN.items() if actor.roles & roles}
        return [
            {"queue": queue, "label": words.zh, "label_en": words.en, "turn": queue in TURNS}
            | self._count(actor, queue)
            for queue, words in shown.items()
        ]

    def search(self, actor: Actor, text: str, after: str | None, most: int) -> tuple[Sequence[Case], str | None]:
        """One page of the cases that this actor may see, the last submitted first: by their number, however it is typed
        or read aloud, by the applicant's whole name or their telephone. The audit keeps a digest of what was asked.

        Raises NumberSlip, and ValueError where `after` is not what an earlier page gave.
        """
        by, normal, streams = self._asked(text)
        if by == "number":
            case = self._ground.store.by_number(normal)
            if case is None:
                refuse_slip(normal)
            cases, following = [case] if case and self._ground.access.may_see(actor, case) else [], None
        else:
            cases, following = self._ground.store.newest(
                streams, self._ground.now(), after, most, lambda case: self._ground.access.may_see(actor, case)
            )
        digest = self._ground.keyring.lasting_digest(f"search_{by}", normal)
        detail = f"by={by} of={digest}"
        self._ground.security.look(actor.id, "search_cases", "list:cases", detail=detail, count=len(cases))
        return cases, following

    def _asked(self, text: str) -> tuple[str, str, list[dict[str, Any]]]:
        """By what is searched, in its stored form, and the equalities that find it."""
        keys = self._ground.keyring
        if phone := phone_as_searched(text):
            citizen = self._ground.identity.citizen_by_phone(phone)
            own = [{"owner": citizen}] if citizen else []
            return "phone", phone, [{"phone_index": keys.index(PHONE, phone)}, *own]
        if number := number_in(text):
            return "number", number, []
        name = name_as_searched(text)
        return "name", name or "", [{"name_index": keys.index(NAME, name)}] if name else []

    def _count(self, actor: Actor, queue: str) -> dict[str, Any]:
        if queue not in COUNTED:
            return {"count": None, "more": False}
        rows, following = self.page(actor, queue, None, MOST_COUNTED)
        return {"count": len(rows), "more": following is not None}

    def _streams(self, actor: Actor, queue: str) -> list[QueueKey]:
        stored = "work" if queue in BY_DAY else queue
        if queue == "mine":
            keys = [key(OFFICER, actor.id, "mine")]
        elif self._ground.access.within(actor) == [{}]:
            keys = [key(EVERYWHERE, "-", stored)]
        else:
            posts = sorted(set(scope.reach(actor).values()))
            own = [post for post in posts if post[0] == DEPARTMENT] if queue == "department" else []
            keys = [key(*post, stored) for post in own or posts]
        times = (False, True) if queue in AFTER_SILENCE else (False,)
        return [QueueKey(each, is_later) for each in keys for is_later in times]

    def _days(self, queue: str, today: date) -> QueueDays:
        if queue == "overdue":
            return QueueDays(high=today - timedelta(days=1), groups=("",))
        if queue == "near_due":
            return QueueDays(today, self._ground.calendar.working.guessing.add_working(today, SOON_DAYS), ("",))
        return QueueDays()

    def _is_held_by(self, actor: Actor, row: QueuedRow) -> bool:
        return not row.is_later and self._ground.holder(row.case, {actor.id: actor}) is not None

    def _today(self) -> date:
        return self._ground.now().astimezone(BEIJING).date()
