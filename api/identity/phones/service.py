"""The use cases of a phone number: change it with both codes, move it to an account, take it from one.

A number leads to one account at most. Notices open the address when they are sent, so from the change on none goes to
the number before, whenever it was written.
"""

from typing import Any

from uuid6 import uuid7

from api.identity.actor import Actor
from api.identity.citizens.codes import Codes
from api.identity.citizens.log_in import CodeWrong
from api.identity.citizens.service import Citizens
from api.identity.joins.service import AT_WINDOW, MOVED, Joins
from api.identity.names_and_numbers import mobile
from api.identity.phones.phone import PhoneTaken
from api.identity.ports import Dependencies, Row
from api.identity.sessions.service import Sessions
from api.identity.verifications.verification import works
from api.refusals import BadFields, NotFound, bad_field


class Phones:
    """Changes of phone numbers."""

    def __init__(
        self, dependencies: Dependencies, sessions: Sessions, citizens: Citizens, joins: Joins, codes: Codes
    ) -> None:
        self._store, self._keys, self._now = dependencies.store, dependencies.keys, dependencies.now
        self._transact, self._ports = dependencies.transact, dependencies.ports
        self._sessions, self._citizens, self._joins, self._codes = sessions, citizens, joins, codes

    def change(self, actor: Actor, body: Row) -> Row:
        """Change one's own number: a code sent to the new one (`code`) and one to the old (`old_code`) prove both.

        One's other log-ins end. Raises BadFields, PhoneTaken.
        """
        row = self._citizens.own(actor)
        phone = self.new_number(row, body["phone"])
        old = self._citizens.opened(row, "phone")
        codes = {"old_code": (old, body["old_code"]), "code": (phone, body["code"])}
        proved = self._proved(actor, actor.id, codes)
        self._check_takeable(row, phone)
        self._use(actor, actor.id, proved)
        own = actor.session
        self.end_log_ins(self._transact(lambda session: self.move(session, actor.id, phone, actor.id, own=own)), own)
        self._sessions.forget(actor.session)
        return self._citizens.face(self._citizens.own(actor))

    def new_number(self, row: Row, text: str) -> str:
        """A number as E.164 that an account does not have yet. Raises BadFields."""
        with bad_field("phone"):
            phone = mobile(text)
            if phone == self._citizens.opened(row, "phone"):
                raise ValueError("这就是现在的手机号，不用更换。")
        return phone

    def prove(self, actor: Actor, citizen_id: str, codes: dict[str, tuple[str, str]]) -> None:
        """Use up the codes of these fields, each for its phone; all must be right, else it is noted.

        Raises BadFields.
        """
        self._use(actor, citizen_id, self._proved(actor, citizen_id, codes))

    def _proved(self, actor: Actor, citizen_id: str, codes: dict[str, tuple[str, str]]) -> dict[str, str]:
        """The ids of these codes by field, none used up yet. Raises BadFields.

        Tries of `old_code`, to one's own number, are counted for the account, so that no stranger spends them.
        """
        ids: dict[str, str] = {}
        wrong: dict[str, list[str]] = {}
        for field, (phone, code) in codes.items():
            whom, own = self._keys.index("phone", phone), citizen_id if field == "old_code" else ""
            try:
                ids[field] = self._codes.tried(whom, code, own, subject=f"citizen:{citizen_id}")
            except CodeWrong as refusal:
                wrong[field] = [refusal.zh]
        self._refuse(actor, citizen_id, wrong)
        return ids

    def _use(self, actor: Actor, citizen_id: str, ids: dict[str, str]) -> None:
        wrong: dict[str, list[str]] = {}
        for field, code_id in ids.items():
            try:
                self._codes.use(code_id)
            except CodeWrong as refusal:
                wrong[field] = [refusal.zh]
        self._refuse(actor, citizen_id, wrong)

    def _refuse(self, actor: Actor, citizen_id: str, wrong: dict[str, list[str]]) -> None:
        """Note wrong codes by field, if there are any, and raise BadFields."""
        if wrong:
            subject = f"citizen:{citizen_id}"
            self._ports.note_at_once("log_in.failed", actor=actor.id, subject=subject, detail=CodeWrong.code)
            raise BadFields(wrong)

    def move(self, session: Any, citizen_id: str, phone: str, by: str, *, own: str = "") -> dict[str, list[str]]:
        """Give an account a number, in the caller's transaction; returns, by account, the log-ins that ended.

        All log-ins of the account end but `own`, that of the person who changes it; at a window ("") also its devices
        and WeChat, and those of whoever has the number, are forgotten. Whoever has the number now loses it: another
        account of the same person joins this one, any other is left without a number. Raises NotFound.
        """
        index = self._keys.index("phone", phone)
        row, holder = self._store.citizen(citizen_id, session), self._store.citizen_with_phone(index, session)
        if row is None or row.get("closed_at"):
            raise NotFound
        ended = {citizen_id: self._sessions.end_stored(session, citizen_id, own)}
        if not own:
            self._store.forget_ways_in(citizen_id, session)
        if holder and holder["_id"] != citizen_id:
            ended[holder["_id"]] = self._sessions.end_stored(session, holder["_id"])
            if self.is_same_person(row, holder):
                self._joins.begin(session, holder["_id"], citizen_id, MOVED if own else AT_WINDOW, by)
            else:
                self._release(session, holder, by)
        sealed = self._keys.seal(citizen_id, "phone", phone)
        now, stored = self._now(), self._keys.index_to_store("phone", phone)
        self._store.change_citizen(
            citizen_id, {"phone": sealed, "phone_index": stored, "phone_at": now, "seen_at": now}, session
        )
        for act in ("phone_change",) if own else ("phone_at_window", "account.rebound"):
            self._ports.audit(by, act, f"citizen:{citizen_id}", session=session)
        key = f"phone_changed:{uuid7()}"
        self._ports.tell(f"citizen:{citizen_id}", "phone_changed", {}, key=key, link="/me", session=session)
        return ended

    def end_log_ins(self, ended: dict[str, list[str]], own: str = "") -> None:
        """After a move: close the log-ins that it ended, and end those that began meanwhile, except `own`."""
        for citizen_id, ids in ended.items():
            self._sessions.end_all(citizen_id, own, ids)

    def is_same_person(self, row: Row, other: Row) -> bool:
        """Whether two accounts are of one person: both bound to the same identity number, and both bindings count."""
        now = self._now()
        both = all(each.get("id_index") and works(each, now) for each in (row, other))
        return both and self._keys.settled(row["id_index"]) == self._keys.settled(other["id_index"])

    def _release(self, session: Any, holder: Row, by: str) -> None:
        """Take the number from an account; what it holds stays, and is reached again on the card at a window."""
        citizen_id = holder["_id"]
        gone = {"phone_index": f"released:{citizen_id}"}
        self._store.unset_citizen(session, citizen_id, gone, ["phone"])
        self._store.forget_ways_in(citizen_id, session)
        self._ports.audit(by, "phone_released", f"citizen:{citizen_id}", session=session)

    def _check_takeable(self, row: Row, phone: str) -> None:
        holder = self._store.citizen_with_phone(self._keys.index("phone", phone))
        if holder is None or holder["_id"] == row["_id"] or self.is_same_person(row, holder):
            return
        if holder["assurance"] == "verified" or not self._ports.holds_nothing(holder["_id"]):
            raise PhoneTaken
