"""The use case of joining two verified accounts of one person: one ends, the other gets what it held, step by step.

The first transaction settles who is who: the ended account loses its number, its identity number and every way in. Then
a job moves its rows, a bounded number per step, room after room (SECTIONS of api/own_data.py). A step moves what still
stands under the ended account, so it may come twice, or be cut off anywhere; a second round finds what a request that
was under way wrote meanwhile.
"""

from datetime import timedelta
from typing import Any

from uuid6 import uuid7

from api.identity.ports import Dependencies, Row
from api.identity.sessions.service import CACHE_SECONDS, Sessions

OWN = "identity"
"""The name of this room's own section: consents, WeChat, log-ins."""

ROUNDS = (timedelta(0), timedelta(seconds=2 * CACHE_SECONDS))
"""When the rounds begin; the last one when no process takes the ended account for open any more."""

JOINING, FIRST, MOVED, AT_WINDOW = "joining", "first", "moved", "window"
"""Whose number the account keeps: that of the one that joins, its own, or one that the caller gives it: by the codes of
both phones, or at a window, where nobody had the phone before."""


class Joins:
    """Joins one account to another."""

    def __init__(self, dependencies: Dependencies, sessions: Sessions) -> None:
        self._store, self._keys, self._now = dependencies.store, dependencies.keys, dependencies.now
        self._ports, self._sessions = dependencies.ports, sessions

    def begin(self, session: Any, joining_id: str, first_id: str, number_of: str, by: str) -> bool:
        """End an account in favour of the first one of its person, in the caller's transaction; False if one is closed.

        `number_of` says whose number the account keeps: JOINING (then its log-ins end), FIRST, MOVED or AT_WINDOW. The
        other is nobody's from then on, and the WeChat and devices of the account whose number goes lead nowhere: they
        may be those of whoever has the phone that was lost.
        """
        joining, first = (self._store.citizen(citizen_id, session) for citizen_id in (joining_id, first_id))
        if not joining or not first or joining.get("closed_at") or first.get("closed_at"):
            return False
        now = self._now()
        lost = {JOINING: [first_id], FIRST: [joining_id], MOVED: [], AT_WINDOW: [joining_id]}[number_of]
        for citizen_id in lost:
            self._store.forget_ways_in(citizen_id, session)
        ended = {"phone_index": f"joined:{joining_id}", "name": None, "assurance": "phone", "closed_at": now}
        gone = ["phone", "id_number", "id_index", "verified"]
        self._store.unset_citizen(session, joining_id, {**ended, "joined": first_id}, gone)
        if number_of == JOINING and joining.get("phone"):
            phone = self._keys.open_sealed(joining_id, "phone", joining["phone"])
            number = {
                "phone": self._keys.seal(first_id, "phone", phone),
                "phone_index": self._keys.widened(joining["phone_index"]),
                "verified": {**first["verified"], "how": joining["verified"]["how"]},
            }
            self._store.change_citizen(first_id, {**number, "phone_at": now, "seen_at": now}, session)
        for citizen_id in (joining_id, first_id):
            self._ports.audit(by, "join_accounts", f"citizen:{citizen_id}", session=session)
        key = f"accounts_joined:{uuid7()}"
        self._ports.tell(f"citizen:{first_id}", "accounts_joined", {}, key=key, link="/cases", session=session)
        shared = {"from": joining_id, "into": first_id, "left": [OWN, *self._ports.sections()], "step": 0}
        for turn, after in enumerate(ROUNDS):
            ends = number_of == JOINING and not turn
            again = [citizen_id for citizen_id in lost if ends or citizen_id == joining_id]
            self._enqueue({**shared, "ends": ends, "lost": again, "round": turn}, after, session)
        return True

    def step(self, payload: Row) -> None:
        """A job: end the log-ins, move some rows of the first section that is left, and enqueue the next step.

        Ways in that a request under way tied meanwhile to the account whose number went are forgotten too. A job of an
        earlier release has no `lost`.
        """
        if not payload["step"]:
            for citizen_id in payload.get("lost", ()):
                self._store.forget_ways_in(citizen_id)
            for citizen_id in (payload["from"], *([payload["into"]] if payload["ends"] else [])):
                self._sessions.end_all(citizen_id)
        left = payload["left"]
        if self._move(left[0], payload["from"], payload["into"]):
            left = left[1:]
        if left:
            self._enqueue({**payload, "left": left, "step": payload["step"] + 1}, timedelta(0))

    def _move(self, section: str, joining_id: str, first_id: str) -> bool:
        """Move some rows of a section; True once none is left."""
        if section == OWN:
            return self._store.hand_over(joining_id, first_id)
        return self._ports.join(section, joining_id, first_id)

    def _enqueue(self, payload: Row, after: timedelta, session: Any = None) -> None:
        key = f"join:{payload['from']}:{payload['round']}:{payload['step']}"
        self._ports.enqueue(key, "identity.join", payload, due_at=self._now() + after, session=session)
