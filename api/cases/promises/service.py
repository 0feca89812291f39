"""The use cases of broken promises: who may not promise anew, recorded where one is broken, lifted by a supervisor.

Only what our own cases say counts (facts of other offices, 信用中国, are not asked), and only of the person themselves.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from uuid6 import uuid7

from api.audit.service import Audit
from api.cases.case import Case
from api.cases.promises.store import BrokenPromise, BrokenPromiseStore
from api.identity.actor import Actor
from api.identity.mandates.service import Mandates
from api.identity.sealing.blind import Stored
from api.identity.sealing.keyring import Keyring
from api.refusals import NotFound, Refusal

Row = dict[str, Any]


class PromiseLifted(Refusal):
    """The broken promise was lifted already."""

    code = "promise_lifted"
    zh = "这条失信记录已经修复过了，请刷新。"
    en = "This broken promise has been lifted already. Reload."


class BrokenPromises:
    """The register of broken promises, by account and by the blind index of the person's verified number."""

    def __init__(
        self,
        store: BrokenPromiseStore,
        *,
        mandates: Mandates,
        keyring: Keyring,
        audit: Audit,
        transact: Callable[[Callable[[Any], Any]], Any],
        now: Callable[[], datetime],
    ) -> None:
        self._store, self._mandates, self._keys = store, mandates, keyring
        self._audit, self._transact, self._now = audit, transact, now

    def is_excluded(self, citizen_id: str, mandate_id: str | None, principal: Stored | None = None) -> bool:
        """Whether the applicant has a broken promise that stands: the principal of the mandate, else the citizen.

        Where an officer filled it in, no citizen ("") and the index of the applicant's number as `principal`.
        """
        person = self._person(citizen_id, mandate_id, principal)
        if person and self._store.stands("person", self._keys.settled(person)):
            return True
        return bool(citizen_id) and mandate_id is None and self._store.stands("citizen", citizen_id)

    def record(self, session: Any, case: Case, kind: str) -> None:
        """Record that the promise of a case was broken, in the transaction of the act that says so."""
        person = self._person(case.owner, case.mandate, case.principal)
        self._store.add(
            session,
            BrokenPromise(
                id=str(uuid7()),
                citizen=None if case.mandate else case.owner or None,
                person=self._keys.widened(person) if person else None,
                case=case.id,
                number=case.number,
                kind=kind,
                at=self._now(),
            ),
        )

    def listed(self, state: str, before: str | None, most: int) -> list[Row]:
        """Broken promises in a state (standing, lifted), the newest first."""
        return [self._as_json(promise) for promise in self._store.listed(state, before, most)]

    def looked_at(self, actor: Actor, count: int) -> None:
        """Record that a supervisor was given `count` broken promises."""
        self._audit.record(actor.id, "read_list", "list:broken_promises", count=count)

    def of(self, actor: Any, before: str | None, most: int) -> list[Row]:
        """Those of an account, for the export of a person's data."""
        return [self._as_json(promise) for promise in self._store.of(actor.id, before, most)]

    def lift(self, actor: Actor, promise_id: str, reason: str) -> Row:
        """Lift a broken promise, with the reason; recorded. Raises NotFound, PromiseLifted."""
        if self._store.by_id(promise_id) is None:
            raise NotFound
        sealed = self._keys.seal(promise_id, "lifted_for", reason)
        change = {"lifted_at": self._now(), "lifted_by": actor.id, "lifted_for": sealed}

        def write(session: Any) -> None:
            if not self._store.lift(session, promise_id, change):
                raise PromiseLifted
            self._audit.record(actor.id, "promise.lift", f"broken_promise:{promise_id}", session=session)

        self._transact(write)
        promise = self._store.by_id(promise_id)
        assert promise is not None
        return self._as_json(promise)

    def _person(self, citizen_id: str, mandate_id: str | None, principal: Stored | None) -> Stored | None:
        if not citizen_id:
            return principal
        if mandate_id:
            return str(self._mandates.principal(mandate_id)["index"])
        citizen = Actor(citizen_id, "citizen", "", frozenset({"citizen"}), "", datetime.max.replace(tzinfo=UTC))
        return self._mandates.index_of(citizen)

    def _as_json(self, promise: BrokenPromise) -> Row:
        reason = promise.lifted_for and self._keys.open_sealed(promise.id, "lifted_for", promise.lifted_for)
        keys = ("id", "number", "kind", "at", "state", "lifted_at")
        return {**{key: getattr(promise, key) for key in keys}, "reason": reason}
