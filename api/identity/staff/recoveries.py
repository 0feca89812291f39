"""The use cases of recovery: one administrator asks for it, another confirms it, and the account begins anew."""

from datetime import timedelta
from typing import Any

from api.identity.actor import Actor
from api.identity.ports import Dependencies, Row
from api.identity.staff import duties, recovery
from api.identity.staff.service import Staff
from api.refusals import NotFound


class Recoveries:
    """Recoveries of accounts of staff."""

    def __init__(self, dependencies: Dependencies, staff: Staff) -> None:
        self._store, self._now, self._staff = dependencies.store, dependencies.now, staff
        self._transact, self._ports = dependencies.transact, dependencies.ports

    def open(self, actor: Actor, staff_id: str) -> Row:
        """Request the recovery of an account, which another administrator must confirm within a day."""
        row, now = self._row(staff_id), self._now()
        opened = {"_id": staff_id, "by": actor.id, "at": now, "ends_at": now + timedelta(hours=recovery.RECOVERY_HOURS)}

        def write(session: Any) -> None:
            self._store.open_recovery(session, opened)
            self._ports.audit(actor.id, "staff.open_recovery", f"staff:{staff_id}", session=session)

        self._transact(write)
        return self._face(opened, {staff_id: row, actor.id: self._row(actor.id)})

    def waiting(self, after: str | None, limit: int) -> list[Row]:
        """The recoveries that wait for a second administrator, up to `limit`."""
        waiting = self._store.recoveries(self._now(), after, limit)
        people = self._store.staff_by_id({staff_id for row in waiting for staff_id in (row["_id"], row["by"])})
        return [self._face(row, people) for row in waiting]

    def withdraw(self, actor: Actor, staff_id: str) -> None:
        """Cancel a recovery that waits; any administrator may. Raises NoRecovery."""
        waiting = self._open(staff_id)

        def write(session: Any) -> None:
            self._take(session, waiting)
            self._ports.audit(actor.id, "staff.withdraw_recovery", f"staff:{staff_id}", session=session)

        self._transact(write)

    def confirm(self, actor: Actor, staff_id: str) -> Row:
        """Recover an account as the second administrator: a new first password, no second factor, all sessions ended.

        Raises NoRecovery, SecondAdminNeeded.
        """
        waiting = self._open(staff_id)
        opener = self._store.staff(waiting["by"])
        if (
            actor.id == staff_id
            or not opener
            or not duties.are_two(opener, self._row(actor.id), self._store.staff, self._now())
        ):
            raise recovery.SecondAdminNeeded
        row = self._row(staff_id)
        return self._staff.reset_member(row, actor.id, lambda session: self._take(session, waiting))

    def _open(self, staff_id: str) -> Row:
        waiting = self._store.recovery(staff_id, self._now())
        if waiting is None:
            raise recovery.NoRecovery
        return waiting

    def _take(self, session: Any, waiting: Row) -> None:
        if not self._store.take_recovery(session, waiting["_id"], waiting["by"]):
            raise recovery.NoRecovery

    @staticmethod
    def _face(row: Row, people: dict[str, Row]) -> Row:
        person, by = people.get(row["_id"], {}), people.get(row["by"], {})
        whose = {"staff": row["_id"], "name": person.get("name", ""), "username": person.get("username", "")}
        return {**whose, "by": row["by"], "by_name": by.get("name", ""), "at": row["at"], "ends_at": row["ends_at"]}

    def _row(self, staff_id: str) -> Row:
        row = self._store.staff(staff_id)
        if row is None:
            raise NotFound
        return row
