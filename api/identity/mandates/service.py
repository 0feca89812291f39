"""The use cases of mandates: give one (as a verified principal, or recorded at a window), end it, act under it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from api.identity.actor import Actor
from api.identity.mandates import mandate as rules
from api.identity.mandates.mandate import Mandate
from api.identity.masking import mask_unless_allowed
from api.identity.names_and_numbers import clean_name, credit_code, identity_number
from api.identity.ports import Dependencies, Row
from api.identity.sealing.blind import Stored
from api.identity.verifications.verification import CardAwaited, card_awaited, was_seen, works
from api.refusals import BadFields, NotFound
from api.texts import listed
from api.times import BEIJING

Counts = Callable[[Row, datetime], bool]
"""Whether the binding of an account counts at an instant."""
SEALED = ("principal_name", "principal_number", "agent_name", "agent_number")


class Mandates:
    """Mandates: who may act for whom."""

    def __init__(self, dependencies: Dependencies) -> None:
        self._store, self._keys, self._now, self._ports = (
            dependencies.store,
            dependencies.keys,
            dependencies.now,
            dependencies.ports,
        )
        self._transact = dependencies.transact

    def give(self, actor: Actor, body: Row, new_id: str) -> Row:
        """Create a mandate: a citizen gives their own; staff record one whose papers they have seen.

        Raises VerificationNeeded, AtWindowOnly, BadFields.
        """
        principal = self._party_at_window(body) if actor.is_staff else self._myself(actor, body["kind"])
        account = {} if actor.is_staff else self._store.citizen(actor.id) or {}
        agent = self._party("agent", body["agent"], rules.AGENT)
        matters = sorted(set(body.get("matters") or []))
        self._check(body, principal, agent, matters)
        row = {
            "_id": new_id,
            "v": 1,
            "kind": body["kind"],
            "principal_name": self._keys.seal(new_id, "principal_name", principal["name"]),
            "principal_number": self._keys.seal(new_id, "principal_number", principal["number"]),
            "principal_index": self._blind(body["kind"], principal["number"]),
            "agent_name": self._keys.seal(new_id, "agent_name", agent["name"]),
            "agent_number": self._keys.seal(new_id, "agent_number", agent["number"]),
            "agent_index": self._blind(rules.AGENT, agent["number"]),
            "matters": matters,
            "valid_until": body["valid_until"].isoformat(),
            "recorded_at": actor.point if actor.is_staff else None,
            "works_from": (account.get("verified") or {}).get("works_from"),
            "by": actor.id,
            "created_at": self._now(),
            "ended_at": None,
        }

        def write(session: Any) -> None:
            self._store.add_mandate(session, row)
            self._ports.audit(actor.id, "mandate.give", f"mandate:{new_id}", session=session)

        self._transact(write)
        return self._face(row, self._side(actor, row), actor.roles)

    def mine(self, actor: Actor) -> list[Row]:
        """The mandates that a citizen has given or holds, newest first.

        On the first day of a binding that could be objected to, only those that this account gave itself.
        """
        citizen = self._store.citizen(actor.id) or {}
        index = citizen.get("id_index")
        rows = self._store.mandates_of(self._keys.settled(index)) if index else []
        seen = [(row, self._side(actor, row)) for row in rows]
        return [self._face(row, side, actor.roles) for row, side in seen if side]

    def mandate(self, actor: Actor, mandate_id: str) -> Row:
        """One mandate: masked for its two sides, in full for staff, whose read is audited. Raises NotFound."""
        row = self._visible(actor, mandate_id)
        if actor.is_staff:
            self._ports.audit(actor.id, "read_unmasked", f"mandate:{mandate_id}")
        return self._face(row, self._side(actor, row), actor.roles)

    def end(self, actor: Actor, mandate_id: str) -> None:
        """End a mandate: by its principal, its agent, or at a window. Idempotent."""
        row = self._visible(actor, mandate_id)
        self._transact(lambda session: self._end(session, row["_id"], actor))

    def end_all(self, session: Any, actor: Actor, index: str) -> None:
        """End every mandate that the holder of this number gave or holds, when they close their account."""
        for given in self._store.mandates_of(index):
            self._end(session, given["_id"], actor)

    def end_given(self, session: Any, actor: Actor, index: str, giver: str) -> None:
        """End the mandates that an account gave under a number that turned out not to be its own."""
        for given in self._store.mandates_of(index):
            if given["by"] == giver:
                self._end(session, given["_id"], actor)

    def _end(self, session: Any, mandate_id: str, actor: Actor) -> None:
        if self._store.end_mandate(session, mandate_id, actor.id, self._now()):
            self._ports.audit(actor.id, "mandate.end", f"mandate:{mandate_id}", session=session)

    def acting(self, actor: Actor, mandate_id: str, matter: str) -> Row:
        """The mandate under which this citizen may act in a matter today. Raises NotFound."""
        row = self._store.mandate(mandate_id)
        if row is None or not self.holds(actor, mandate_id, matter):
            raise NotFound
        return self._face(row, "held", actor.roles)

    def hold(self, session: Any, actor: Actor, mandate_id: str, matter: str) -> None:
        """Require that the mandate is valid and stays so until this transaction commits. Raises MandateEnded.

        It writes to the mandate, so that a concurrent withdrawal conflicts with this transaction.
        """
        self._store.touch_mandate(session, mandate_id)
        if not self.holds(actor, mandate_id, matter, session):
            raise rules.MandateEnded

    def holds(self, actor: Actor, mandate_id: str, matter: str, session: Any = None) -> bool:
        """Whether this citizen may act in a matter today under this mandate."""
        row = self._store.mandate(mandate_id, session)
        index = self._number_index(actor)
        if row is None or not index or not _has_begun(row, self._now()):
            return False
        held = replace(_read(row), agent=self._keys.settled(row["agent_index"]))
        return rules.may_act_for([held], index, held.principal, matter, self._today()) is not None

    def principal(self, mandate_id: str) -> Row:
        """The principal of a mandate: `{index, kind, principal_name, agent_name}`. Raises NotFound."""
        row = self._store.mandate(mandate_id)
        if row is None:
            raise NotFound
        names = {f: self._keys.open_sealed(mandate_id, f, row[f]) for f in ("principal_name", "agent_name")}
        return {"index": self._keys.settled(row["principal_index"]), "kind": row["kind"], **names}

    def index_of(self, actor: Actor) -> str | None:
        """The blind index of a verified citizen's own number; None for everybody else."""
        return self._number_index(actor)

    def seen_index_of(self, actor: Actor) -> str | None:
        """As `index_of`, for a citizen whose card somebody saw: what opens the cases of the person with that number."""
        return self._number_index(actor, was_seen)

    def is_applicant(self, actor: Actor, index: Stored | None, mandate_id: str | None) -> bool:
        """Whether a citizen is the person with the number of a stored blind index, for whom something was applied.

        Their card was seen, or their account gave the mandate under which an agent applied: then it knows of it anyway.
        """
        number = self._keys.settled(index) if index else None
        if number is None or self.seen_index_of(actor) == number:
            return number is not None
        return bool(mandate_id) and self.index_of(actor) == number and self._giver(mandate_id) == actor.id

    def card_awaited(self, actor: Actor) -> CardAwaited | None:
        """What still keeps the cases under a verified citizen's number closed to them; None if nothing does."""
        citizen = None if actor.is_staff else self._store.citizen(actor.id)
        return card_awaited(citizen, self._now()) if citizen else None

    def accounts(self, index: Stored, mandate_id: str | None = None) -> list[str]:
        """The ids of the accounts for which `is_applicant` holds."""
        rows, now = self._store.accounts_numbered(self._keys.settled(index)), self._now()
        giver = self._giver(mandate_id) if rows else None
        return [row["_id"] for row in rows if was_seen(row, now) or (row["_id"] == giver and works(row, now))]

    # -- inside -------------------------------------------------------------

    def _visible(self, actor: Actor, mandate_id: str) -> Row:
        row = self._store.mandate(mandate_id)
        if row is None or not (self._concerns(actor, row) if actor.is_staff else self._side(actor, row)):
            raise NotFound(subject=f"mandate:{mandate_id}" if row else "")
        return row

    def _concerns(self, actor: Actor, row: Row) -> bool:
        """Whether an officer works with a mandate: recorded it, at their window, or works on a case under it."""
        at_window = "window" in actor.roles and bool(actor.point) and row["recorded_at"] == actor.point
        return row["by"] == actor.id or at_window or self._ports.works_under(actor, row["_id"])

    def _side(self, actor: Actor, row: Row) -> str | None:
        """`given` or `held` from this citizen's side, or given by this very account; None if they are neither."""
        if actor.is_staff:
            return None
        index = self._number_index(actor)
        settled = self._keys.settled
        sides = {settled(row["agent_index"]): "held", settled(row["principal_index"]): "given"}
        return sides.get(index) if index else "given" if row["by"] == actor.id else None

    def _giver(self, mandate_id: str | None) -> str | None:
        """Who gave a mandate, or recorded it at a window."""
        row = self._store.mandate(mandate_id) if mandate_id else None
        return row["by"] if row else None

    def _number_index(self, actor: Actor, does_count: Counts = works) -> str | None:
        """The index of a citizen's own number; None before their binding counts."""
        citizen = None if actor.is_staff else self._store.citizen(actor.id)
        counts = citizen and citizen.get("id_index") and does_count(citizen, self._now())
        return self._keys.settled(citizen["id_index"]) if citizen and counts else None

    def _myself(self, actor: Actor, kind: str) -> Row:
        if kind not in rules.BY_PRINCIPAL:
            raise rules.AtWindowOnly
        row = self._store.citizen(actor.id)
        if row is None or row["assurance"] != "verified":
            raise rules.VerificationNeeded
        opened = {field: self._keys.open_sealed(actor.id, field, row[field]) for field in ("name", "id_number")}
        return {"name": opened["name"], "number": opened["id_number"]}

    def _party_at_window(self, body: Row) -> Row:
        if not body.get("principal"):
            raise BadFields({"principal": ["请填写委托人。"]})
        return self._party("principal", body["principal"], body["kind"])

    def _party(self, side: str, party: Row, kind: str) -> Row:
        """A side of a mandate, its name and number checked."""
        company = side == "principal" and kind == rules.COMPANY
        errors, checked = {}, {}
        try:
            checked["name"] = clean_name(party["name"])
        except ValueError as error:
            errors[f"{side}.name"] = [str(error)]
        try:
            number = party["number"]
            checked["number"] = credit_code(number) if company else identity_number(number, self._now())
        except ValueError as error:
            errors[f"{side}.number"] = [str(error)]
        if errors:
            raise BadFields(errors)
        return checked

    def _check(self, body: Row, principal: Row, agent: Row, matters: list[str]) -> None:
        errors: dict[str, list[str]] = {}
        if principal["number"] == agent["number"]:
            errors["agent.number"] = ["不能委托自己。"]
        unknown = [code for code in matters if not self._ports.knows_matter(code)]
        if unknown:
            errors["matters"] = [f"没有这个事项：{listed(unknown)}。"]
        try:
            rules.check_span(body["kind"], principal["number"], body["valid_until"], self._today())
        except ValueError as error:
            errors["valid_until"] = [str(error)]
        if errors:
            raise BadFields(errors)

    def _blind(self, kind: str, number: str) -> Stored:
        return self._keys.index_to_store("credit_code" if kind == rules.COMPANY else "id_number", number)

    def _today(self) -> date:
        return self._now().astimezone(BEIJING).date()

    def _state(self, row: Row) -> str:
        state = _read(row).state(self._today())
        return "pending" if state == "valid" and not _has_begun(row, self._now()) else state

    def _face(self, row: Row, side: str | None, roles: frozenset[str]) -> Row:
        opened = {field: self._keys.open_sealed(row["_id"], field, row[field]) for field in SEALED}
        number = "credit_code" if row["kind"] == rules.COMPANY else "id_number"
        return {
            "id": row["_id"],
            "kind": row["kind"],
            "side": side,
            "principal": {
                "name": opened["principal_name"],
                "number": mask_unless_allowed(number, opened["principal_number"], roles),
            },
            "agent": {
                "name": opened["agent_name"],
                "number": mask_unless_allowed("id_number", opened["agent_number"], roles),
            },
            "matters": row["matters"],
            "valid_until": date.fromisoformat(row["valid_until"]),
            "state": self._state(row),
            "works_from": row.get("works_from") or row["created_at"],
            "created_at": row["created_at"],
        }


def _has_begun(row: Row, now: datetime) -> bool:
    """Whether a mandate works yet. Older releases wrote no `works_from`."""
    return (row.get("works_from") or now) <= now


def _read(row: dict[str, Any]) -> Mandate:
    return Mandate(
        row["_id"],
        row["kind"],
        row["principal_index"],
        row["agent_index"],
        frozenset(row["matters"]),
        date.fromisoformat(row["valid_until"]),
        row["ended_at"] is not None,
    )
