"""The use cases of verifications: open one at a window, confirm it, object to it, and what follows a day later.

In one file, since each of them reads and changes the same row, and what one of them may do depends on the others.
"""

import hmac
from datetime import datetime, timedelta
from itertools import product
from typing import Any

from uuid6 import uuid7

from api.identity.actor import Actor
from api.identity.citizens.codes import Codes
from api.identity.citizens.log_in import DAY
from api.identity.citizens.register import NoRegister, Unconfirmed
from api.identity.citizens.service import REGISTER_TRIES, Citizens, VerifiedAsOther
from api.identity.joins.service import FIRST, JOINING, Joins
from api.identity.mandates.mandate import VerificationNeeded
from api.identity.mandates.service import Mandates
from api.identity.names_and_numbers import identity_number
from api.identity.phones.service import Phones
from api.identity.ports import Dependencies, Row
from api.identity.sessions.service import Sessions
from api.identity.staff.duties import depends
from api.identity.verifications import verification as rules
from api.identity.verifications.store import VerificationStore
from api.identity.verifications.views import VerificationViews
from api.refusals import NotFound, bad_field
from api.texts import bare
from api.times import BEIJING

LISTED = 20
"""The most of one's own verifications that are looked through: the newest."""
CARD_DIGITS = 18


class Verifications:
    """Verifications of accounts and of their phone numbers."""

    def __init__(
        self,
        dependencies: Dependencies,
        store: VerificationStore,
        *,
        sessions: Sessions,
        citizens: Citizens,
        mandates: Mandates,
        phones: Phones,
        joins: Joins,
        codes: Codes,
    ) -> None:
        self._people, self._keys, self._now = dependencies.store, dependencies.keys, dependencies.now
        self._transact, self._ports = dependencies.transact, dependencies.ports
        self._store, self._citizens, self._mandates = store, citizens, mandates
        self._phones, self._joins, self._sessions, self._codes = phones, joins, sessions, codes
        people = dependencies.store
        self._views = VerificationViews(self._keys, people.citizen, people.staff_by_id, citizens.face, self._now)

    # -- opening --------------------------------------------------------------

    def verify_online(self, actor: Actor, name: str, id_number: str) -> Row:
        """Have the national register confirm one's name and number, to which no other account is bound yet.

        The register knows the name, not who holds this phone: nothing of another account follows from it. Raises
        NoRegister, Unconfirmed, VerifiedAsOther, BoundElsewhere.
        """
        if self._ports.register is None:
            raise NoRegister
        name, number = rules.card_of({"name": name, "id_number": id_number}, self._now())
        if len(number) != CARD_DIGITS:
            raise NoRegister  # it knows the documents of our own issue alone
        account = self._account(actor.id)
        self._check_number(account, number)
        if account["assurance"] == "verified":
            return self._citizens.face(account)  # a card that was seen proves more
        self._codes.take(f"register:{actor.id}", REGISTER_TRIES, DAY)
        if not self._ports.register.confirms(name, number):
            raise Unconfirmed
        row = rules.new_row(str(uuid7()), rules.CARD, actor.id, self._now())
        row |= self._sealed(row["_id"], {"name": name, "id_number": number})
        try:
            self._settle_card(row, by=actor.id, how="register")
        except rules.BoundElsewhere as refusal:
            self._warn(actor.id, refusal.subject)
            raise
        self._sessions.forget(actor.session)
        return self._citizens.face(self._account(actor.id))

    def _warn(self, citizen_id: str, bound: str) -> None:
        """Notify, once a day, the account (`citizen:ID`) bound to a number by which another tried to verify itself."""
        day = self._now().astimezone(BEIJING)
        template = "identity_tried_elsewhere"
        key = f"{template}:{bound}:{citizen_id}:{day:%Y-%m-%d}"
        self._transact(lambda session: self._ports.tell(bound, template, {}, key=key, link="/me", session=session))

    def open_card(self, actor: Actor, body: Row) -> Row:
        """Open the verification of a citizen whose card was seen, by `citizen` id or by a `case` of theirs.

        A code goes to the account's own phone and page. The same again, while it waits, opens none. Raises NotFound,
        BadFields, VerifiedAsOther, LimitReached.
        """
        name, number = rules.card_of(body, self._now())
        account = self._account(body.get("citizen") or self._ports.owner_of_case(body.get("case") or ""))
        self._check_number(account, number)
        for waiting in self._waiting(account["_id"], rules.CARD):
            card = [self._views.opened(waiting, field) for field in ("name", "id_number")]
            if waiting["opened_by"] == actor.id and card == [name, number]:
                return self._views.opening(waiting, account)
        row = rules.new_row(str(uuid7()), rules.CARD, account["_id"], self._now(), actor)
        code = rules.new_code()
        row |= self._sealed(row["_id"], {"name": name, "id_number": number, "code": code})
        row["ends_at"] = self._now() + timedelta(minutes=rules.OPEN_MINUTES)
        self._open(actor, row, "identity_check", {"code": code})
        return self._views.opening(row, account)

    def open_phone(self, actor: Actor, citizen_id: str, body: Row) -> Row:
        """Open the change of a citizen's number at a window: the card was seen, `code` was sent to the new number.

        `citizen_id` is that of the account, or a case number. The number is changed a day later, or once a second
        officer confirms; that before is notified now. Raises NotFound, VerificationNeeded, BadFields, LimitReached.
        """
        known = self._people.citizen(citizen_id)
        account = (
            known if known and not known.get("closed_at") else self._account(self._ports.owner_of_case(citizen_id))
        )
        if account["assurance"] != "verified":
            raise VerificationNeeded
        with bad_field("id_number"):
            if not self._is_number(account, identity_number(body["id_number"], self._now())):
                raise ValueError("证件号码与这个账号核验过的不一致，请核对证件。")
        phone = self._phones.new_number(account, body["phone"])
        self._phones.prove(actor, account["_id"], {"code": (phone, body["code"])})
        row = rules.new_row(str(uuid7()), rules.PHONE, account["_id"], self._now(), actor)
        row |= self._sealed(row["_id"], {"phone": phone})
        self._open(actor, row, "phone_change_opened", {"tail": phone[-4:], "until": self._day(row)})
        return self._views.opening(row, account)

    def _open(self, actor: Actor, row: Row, template: str, values: dict[str, str]) -> None:
        """Store a new verification in the place of those that wait, notify the account, and plan what follows."""
        self._codes.take(f"verify:{row['citizen']}", rules.OPENINGS_A_DAY, DAY)
        before = self._waiting(row["citizen"], row["kind"])

        def write(session: Any) -> None:
            for waiting in before:
                self._store.end(session, waiting["_id"], "waiting", {"state": "withdrawn"})
            self._store.add(session, row)
            self._tell(session, row["citizen"], template, values, row)
            self._ports.audit(actor.id, f"open_{row['kind']}", f"citizen:{row['citizen']}", session=session)
            self._plan(session, row, row["ends_at"])

        self._transact(write)

    # -- confirming -----------------------------------------------------------

    def confirm(self, actor: Actor, verification_id: str, code: str = "") -> Row:
        """Confirm a verification: with the code on the account's device, or as a second officer of the same place.

        Again after it is confirmed it changes nothing. Raises NotFound, NotWaiting, ConfirmationWrong,
        SecondOfficerNeeded, VerifiedAsOther.
        """
        row = self._at(actor, verification_id)
        if row["state"] == "confirmed":
            return self._views.line(row)
        if rules.state(row, self._now()) != "waiting":
            raise rules.NotWaiting
        if code and row["kind"] == rules.CARD:
            self._check_code(row, code)
            how = "code"
        else:
            self._check_second(actor, row)
            how = "second_officer"
        settle = self._settle_card if row["kind"] == rules.CARD else self._settle_phone
        settle(row, by=actor.id, how=how)
        return self._views.line(self._row(verification_id))

    def _check_code(self, row: Row, code: str) -> None:
        live = self._store.take_try(row["_id"], rules.CODE_TRIES)
        if not live or not hmac.compare_digest(self._views.opened(row, "code").encode(), bare(code).encode()):
            raise rules.ConfirmationWrong(subject=f"citizen:{row['citizen']}")

    def _check_second(self, actor: Actor, row: Row) -> None:
        """Require another officer than the one who opened it, who does not depend on that one, nor that one on them."""
        opener, second = self._people.staff(row["opened_by"]), self._people.staff(actor.id)
        if actor.id == row["opened_by"] or not opener or not second:
            raise rules.SecondOfficerNeeded
        if depends(opener, actor.id, self._people.staff) or depends(second, row["opened_by"], self._people.staff):
            raise rules.SecondOfficerNeeded

    def _settle_card(self, row: Row, *, by: str, how: str) -> None:
        """Bind an account to its number: all of it in one transaction, so that it is there once or not at all."""
        self._transact(lambda session: self._bind(session, row, by, how))

    def _bind(self, session: Any, row: Row, by: str, how: str) -> None:
        citizen_id, now = row["citizen"], self._now()
        name, number = self._views.opened(row, "name"), self._views.opened(row, "id_number")
        account, index = self._account(citizen_id, session), self._keys.index("id_number", number)
        self._check_number(account, number)
        is_new = account["assurance"] != "verified"
        others = rules.others_of(self._people.accounts_numbered(index), citizen_id)
        if others and how == "register":
            raise rules.BoundElsewhere(subject=f"citizen:{others[0]['_id']}")
        if not is_new and self._is_joining(citizen_id):
            others = []
        first = others[0] if others else None
        by_device = rules.keeps_number(account, first, how)
        done = {
            "state": "confirmed",
            "confirmed_by": by,
            "confirmed_how": how,
            "confirmed_at": now,
            "works_from": now + rules.WAIT,
            "is_new": is_new,
            "was_by_register": not is_new and rules.is_by_register_alone(account),
            **({"joins": first["_id"], "number_of": JOINING if by_device else FIRST} if first else {}),
        }
        where = "register" if how == "register" else "window"
        change = {
            "name": self._keys.seal(citizen_id, "name", name),
            "id_number": self._keys.seal(citizen_id, "id_number", number),
            "id_index": self._keys.index_to_store("id_number", number),
            "assurance": "verified",
            "verified": {"how": where, "by": by, **rules.since(account, how, now)},
        }
        if how == "register":
            self._store.add(session, {**row, "state": "waiting"})
        if not self._store.end(session, row["_id"], "waiting", done):
            raise rules.NotWaiting
        self._people.change_citizen(citizen_id, change, session)
        self._ports.audit(by, f"verify_by_{where}", f"citizen:{citizen_id}", session=session)
        for other in others:
            self._note_rebound(session, by, other["_id"], f"also {citizen_id}")
        self._tell_bound(session, {**row, **done}, account, first)
        if first:
            self._plan(session, row, done["works_from"])

    def _is_joining(self, citizen_id: str) -> bool:
        """Whether this account is to join another, or another this one, so that no second join is planned."""
        rows, now = self._store.of(citizen_id, LISTED) + self._store.joining(citizen_id, LISTED), self._now()
        return any(row.get("joins") and row["state"] == "confirmed" and row["works_from"] > now for row in rows)

    def _tell_bound(self, session: Any, row: Row, account: Row, first: Row | None) -> None:
        """Notify the account that was bound and the earlier one of the same person; nobody where one did it alone."""
        phones = {JOINING: account, FIRST: first or account}
        tail = self._citizens.opened(phones[row.get("number_of", JOINING)], "phone")[-4:]
        until = self._day(row) if first else ""
        if first or row["opened_by"]:
            values = {"until": until, "tail": tail if first else ""}
            self._tell(session, account["_id"], "identity_bound", values, row)
        if first:
            self._tell(session, first["_id"], "identity_bound_elsewhere", {"until": until, "tail": tail}, row)

    def _settle_phone(self, row: Row, *, by: str, how: str) -> None:
        """Give the account its new number, and end its log-ins: whoever has the phone before is out."""
        phone, now = self._views.opened(row, "phone"), self._now()
        done = {"state": "confirmed", "confirmed_by": by, "confirmed_how": how, "confirmed_at": now, "works_from": now}

        def write(session: Any) -> dict[str, list[str]]:
            if not self._store.end(session, row["_id"], "waiting", done):
                raise rules.NotWaiting
            if self._account(row["citizen"], session)["assurance"] != "verified":
                raise VerificationNeeded
            return self._phones.move(session, row["citizen"], phone, by)

        self._phones.end_log_ins(self._transact(write))

    # -- objections -----------------------------------------------------------

    def object(self, actor: Actor, verification_id: str) -> Row:
        """Stop a verification of one's own account, or of another account as oneself; what it bound is undone.

        Again it changes nothing. Raises NotFound, TooLate.
        """
        row = self._row(verification_id)
        if row["citizen"] != actor.id and row.get("joins") != actor.id:
            raise NotFound
        if row["state"] not in ("objected", "withdrawn", "revoked", "expired"):
            if not rules.may_object(row, self._now()):
                raise rules.TooLate
            self._undo(row, "objected", actor)
        return self._views.own(self._row(verification_id), actor.id)

    def revoke(self, actor: Actor, verification_id: str) -> Row:
        """Undo a verification as a supervisor: the account is bound to nobody. Raises NotFound, NotWaiting."""
        row = self._row(verification_id)
        if row["state"] != "revoked":
            account = self._people.citizen(row["citizen"])
            stands = row["state"] == "waiting" or (row["state"] == "confirmed" and row["kind"] == rules.CARD)
            if not stands or account is None or account.get("closed_at"):
                raise rules.NotWaiting
            self._undo(row, "revoked", actor)
        return self._views.line(self._row(verification_id))

    def _undo(self, row: Row, state: str, actor: Actor) -> None:
        """End a verification; where that unbinds the account, also all else of it that waits or does not work yet."""
        now, citizen_id = self._now(), row["citizen"]
        change = {"state": state, "stopped_by": actor.id, "stopped_at": now}

        def write(session: Any) -> None:
            if not self._store.end(session, row["_id"], row["state"], change):
                raise rules.NotWaiting
            standing = [other for other in self._store.of(citizen_id, LISTED) if rules.may_object(other, now)]
            others = [other for other in standing if other["_id"] != row["_id"]]
            if rules.unbinds(row, state, others):
                self._unbind(session, citizen_id, actor)
                for other, before in product(others, ("waiting", "confirmed")):
                    self._store.end(session, other["_id"], before, {**change, "state": "withdrawn"})
            elif rules.unsees(row, others):
                self._unsee(session, citizen_id)
            self._ports.audit(actor.id, f"verification_{state}", f"citizen:{citizen_id}", session=session)
            for notified in {citizen_id, row.get("joins") or citizen_id}:
                self._tell(session, notified, "verification_stopped", {}, row)

        self._transact(write)

    def _unbind(self, session: Any, citizen_id: str, actor: Actor) -> None:
        account = self._people.citizen(citizen_id, session) or {}
        self._mandates.end_given(session, actor, self._keys.settled(account.get("id_index", "")), citizen_id)
        gone = ["id_number", "id_index", "verified"]
        self._people.unset_citizen(session, citizen_id, {"name": None, "assurance": "phone"}, gone)

    def _unsee(self, session: Any, citizen_id: str) -> None:
        """Leave an account bound as the register alone had bound it, since nobody saw its person's card after all."""
        verified = (self._people.citizen(citizen_id, session) or {}).get("verified") or {}
        kept = {field: value for field, value in verified.items() if field != "seen_from"}
        self._people.change_citizen(citizen_id, {"verified": {**kept, "how": "register"}}, session)

    # -- what follows ---------------------------------------------------------

    def follow(self, payload: Row) -> None:
        """A job, when a wait is over: change a number that nobody objected to, join an account to the first one, or
        end what nobody confirmed."""
        row = self._store.verification(payload["verification"])
        account = self._people.citizen(row["citizen"]) if row else None
        if row is None or account is None or row["state"] not in ("waiting", "confirmed"):
            return
        may_move = account["assurance"] == "verified" and not account.get("closed_at")
        if row["state"] == "waiting" and row["kind"] == rules.PHONE and may_move:
            self._settle_phone(row, by=row["opened_by"], how="wait")
        elif row["state"] == "waiting":
            self._transact(lambda session: self._store.end(session, row["_id"], "waiting", {"state": "expired"}))
        elif row.get("joins") and row["works_from"] <= self._now():
            self._transact(lambda session: self._join(session, row))

    def _join(self, session: Any, row: Row) -> None:
        """Begin to join, unless somebody objects in this very moment, or the two are no longer of one person.

        What an earlier release planned upon the register's word alone is not joined.
        """
        if row["confirmed_how"] == "register":
            return
        account, first = (self._people.citizen(row[side], session) or {} for side in ("citizen", "joins"))
        if not self._phones.is_same_person(account, first):
            return
        if self._store.end(session, row["_id"], "confirmed", {"joined_at": self._now()}):
            begun = self._joins.begin(session, row["citizen"], row["joins"], row["number_of"], row["confirmed_by"])
            kept, lost = ("citizen", "joins") if row["number_of"] == JOINING else ("joins", "citizen")
            if begun:
                self._note_rebound(session, row["confirmed_by"], row[lost], f"number of {row[kept]}")

    def _note_rebound(self, session: Any, by: str, citizen_id: str, detail: str) -> None:
        """Record that a verified account answers to another phone, or is about to: the row rings an alarm."""
        self._ports.audit(by, "account.rebound", f"citizen:{citizen_id}", session=session, detail=detail)

    def _plan(self, session: Any, row: Row, due_at: datetime) -> None:
        key = f"verification:{row['_id']}:{due_at.isoformat()}"
        self._ports.enqueue(key, "identity.follow", {"verification": row["_id"]}, due_at=due_at, session=session)

    # -- reading --------------------------------------------------------------

    def mine(self, actor: Actor) -> list[Row]:
        """One's own verifications, and those of other accounts that are to join one's own, newest first."""
        rows = self._store.of(actor.id, LISTED) + self._store.joining(actor.id, LISTED)
        newest = sorted(rows, key=lambda row: str(row["_id"]), reverse=True)
        return [self._views.own(row, actor.id) for row in newest[:LISTED]]

    def waiting(self, actor: Actor, after: str | None, most: int) -> list[Row]:
        """Those that wait at an officer's own place for a second officer or the code; recorded."""
        rows = self._store.waiting_at(actor.point or rules.NOWHERE, after, most)
        self._ports.audit(actor.id, "read_verifications", f"point:{actor.point or rules.NOWHERE}")
        return self._views.lines(rows)

    def listed(self, actor: Actor, wanted: Row, after: str | None, most: int) -> list[Row]:
        """The verifications of a month, newest first: who, where, when, which account; recorded."""
        month = wanted.get("month") or rules.month_of(self._now().astimezone(BEIJING))
        self._ports.audit(actor.id, "read_verifications", f"month:{month}")
        return self._views.lines(self._store.of_month(month, wanted.get("state"), after, most))

    # -- inside ---------------------------------------------------------------

    def _account(self, citizen_id: str | None, session: Any = None) -> Row:
        row = self._people.citizen(citizen_id, session) if citizen_id else None
        if row is None or row.get("closed_at"):
            raise NotFound
        return row

    def _row(self, verification_id: str) -> Row:
        row = self._store.verification(verification_id)
        if row is None:
            raise NotFound
        return row

    def _at(self, actor: Actor, verification_id: str) -> Row:
        """A verification at an officer's own place; elsewhere there is none for them."""
        row = self._row(verification_id)
        if row["opened_by"] is None or row["point"] != actor.point:
            raise NotFound
        return row

    def _waiting(self, citizen_id: str, kind: str) -> list[Row]:
        now = self._now()
        rows = self._store.of(citizen_id, LISTED)
        return [row for row in rows if row["kind"] == kind and rules.state(row, now) == "waiting"]

    def _check_number(self, account: Row, number: str) -> None:
        if account.get("id_index") and not self._is_number(account, number):
            raise VerifiedAsOther

    def _is_number(self, account: Row, number: str) -> bool:
        return self._keys.settled(account["id_index"]) == self._keys.index("id_number", number)

    def _tell(self, session: Any, citizen_id: str, template: str, values: dict[str, str], row: Row) -> None:
        key = f"{template}:{row['_id']}" + ("" if citizen_id == row["citizen"] else ":first")
        self._ports.tell(f"citizen:{citizen_id}", template, values, key=key, link="/me", session=session)

    def _day(self, row: Row) -> str:
        """The instant from which a verification counts, for people: the day and the minute in Beijing."""
        return f"{row['works_from'].astimezone(BEIJING):%m-%d %H:%M}"

    def _sealed(self, verification_id: str, values: dict[str, str]) -> Row:
        return {field: self._keys.seal(verification_id, field, value) for field, value in values.items()}
