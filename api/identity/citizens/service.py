"""The use cases of citizens: log-in by SMS or WeChat, verification, consents, export and closing of the account."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

from uuid6 import uuid7

from api.identity.actor import Actor
from api.identity.citizens import consent
from api.identity.citizens import log_in as rules
from api.identity.citizens.codes import Codes
from api.identity.mandates.service import Mandates
from api.identity.masking import mask_phone, mask_unless_allowed
from api.identity.names_and_numbers import clean_name, identity_number, mobile
from api.identity.ports import Dependencies, Row
from api.identity.sessions.service import Sessions
from api.identity.tokens import digest
from api.refusals import NotFound, Refusal, bad_field
from api.times import BEIJING

CLOSED_NAME = "已注销用户"
REGISTER_TRIES = 5


class NameConfirmed(Refusal):
    """A verified name was confirmed by a card; only a window changes it."""

    code = "name_confirmed"
    zh = "姓名已经核验。如果改了名字，请带身份证到窗口更新。"
    en = "Your name is verified. If it has changed, bring your card to a window."


class VerifiedAsOther(Refusal):
    """The account already belongs to a person with another number."""

    code = "verified_as_other"
    zh = "这个账号已核验为另一位持证人，请核对；换人使用请先注销旧账号。"
    en = "This account is verified as somebody else. Close it before another person uses it."


class CaseOpen(Refusal):
    """An account with a case under way, or with a promise in one that is not settled, cannot be closed."""

    code = "case_open"
    zh = "还有没办完的办件，或者有承诺还没有核查、没有改正。都了结以后才能注销账号。"
    en = "A case is still open, or a promise in one is still to be checked or put right. Close the account after that."


class Citizens:
    """Citizens and their records."""

    def __init__(self, dependencies: Dependencies, sessions: Sessions, mandates: Mandates, codes: Codes) -> None:
        self._store, self._keys, self._now = dependencies.store, dependencies.keys, dependencies.now
        self._transact, self._policy, self._ports = dependencies.transact, dependencies.policy, dependencies.ports
        self._sessions, self._mandates = sessions, mandates
        self._codes = codes

    # -- log-in -----------------------------------------------------------

    def send_code(self, phone_text: str, address: str, device: str = "", *, language: str = "zh") -> dict[str, int]:
        """Send a one-time code to a phone, in `language`. The answer is the same whether or not the number is known.

        Raises TooSoon, and LimitReached where the number, the address or the whole office has reached its limit.
        """
        phone = _mobile(phone_text)
        index = self._keys.index("phone", phone)
        stored = self._keys.index_to_store("phone", phone)
        known = self._known_device(index, device)
        return self._codes.send(phone, index, address, known, stored=stored, language=language)

    def log_in(
        self, phone_text: str, code: str, device: str = "", id_number: str = "", *, agent: str = "", language: str = ""
    ) -> Row:
        """Log a citizen in with the code sent to their phone; `agent` is the code of the device (sessions/device.py),
        `language` that of their notices from now on, "" for no other than before.

        The code stays valid if only the identity number is missing or wrong, within its five tries. Raises BadFields,
        CodeWrong, IdentityNeeded, IdentityWrong.
        """
        phone = _mobile(phone_text)
        index = self._keys.index("phone", phone)
        known = self._known_device(index, device)
        code_id = self._codes.tried(index, code, known, subject=self._subject(phone))
        citizen = self._citizen_of(phone)
        self._check_same_person(citizen, device, id_number)
        self._codes.use(code_id)
        return self._let_in(citizen, device, agent, language)

    def log_in_by_wechat(
        self,
        code: str,
        phone_code: str = "",
        device: str = "",
        id_number: str = "",
        *,
        agent: str = "",
        language: str = "",
    ) -> Row:
        """Log a citizen in by WeChat; the first time with `phone_code`, and again where that account was closed.

        Raises NotFound if this installation has no WeChat, PhoneNeeded, IdentityNeeded, IdentityWrong, and the refusals
        of wechat.py.
        """
        if self._ports.wechat is None:
            raise NotFound
        account = self._ports.wechat.account(code)
        index = self._keys.fixed_index("openid", account.openid)
        bound = self._store.wechat_account(index)
        citizen = self._store.citizen(bound["citizen"]) if bound else None
        if bound and (citizen is None or citizen.get("closed_at")):
            self._store.unbind_wechat(index, bound["citizen"])
            citizen = None
        if citizen is None:
            citizen = self._bound_by_phone(index, account.openid, phone_code, device, id_number)
        elif device and not self._store.knows_device(self._device(citizen, device)):
            device = ""  # a known device has shown the phone: else WeChat could make any number, and spend their codes
        return self._let_in(citizen, device, agent, language)

    def _bound_by_phone(self, index: str, openid: str, phone_code: str, device: str, id_number: str) -> Row:
        """Bind a WeChat account to the citizen of the phone that it shares, or give whom another log-in bound first."""
        assert self._ports.wechat is not None
        if not phone_code:
            raise rules.PhoneNeeded
        citizen = self._citizen_of(_mobile(self._ports.wechat.phone(phone_code)))
        self._check_same_person(citizen, device, id_number)
        sealed = self._keys.seal(index, "openid", openid)
        row = {"_id": index, "citizen": citizen["_id"], "openid": sealed, "at": self._now()}
        bound = self._store.citizen(self._store.add_wechat_account(row)["citizen"])
        if bound is None:
            raise NotFound
        if bound["_id"] == citizen["_id"] and citizen["assurance"] == "verified":
            self._ports.audit(citizen["_id"], "account.rebound", f"citizen:{citizen['_id']}", detail="wechat")
        return bound

    def _let_in(self, citizen: Row, device: str, agent: str, language: str) -> Row:
        if language and language != citizen.get("language", "zh"):
            self._store.set_citizens_language(citizen["_id"], language)
            citizen = {**citizen, "language": language}
        if device:
            owner = {"citizen": citizen["_id"]}
            self._store.see_device(self._device(citizen, device), owner, rules.DEVICES_KEPT, self._now())
        return {**self._sessions.begin("citizen", citizen["_id"], agent), "citizen": self.face(citizen)}

    def _check_same_person(self, citizen: Row, device: str, id_number: str) -> None:
        """Require the identity number from an unknown device if the phone number was unused for long (a new owner?)."""
        knows = bool(device) and self._store.knows_device(self._device(citizen, device))
        if not citizen.get("id_index") or rules.is_enough_proof(citizen.get("seen_at"), knows, self._now()):
            return
        if not id_number:
            raise rules.IdentityNeeded
        self._codes.take(f"identity:{citizen['_id']}", rules.CODE_TRIES, rules.DAY)
        if self._keys.index("id_number", self._number(id_number)) != self._keys.settled(citizen["id_index"]):
            raise rules.IdentityWrong(subject=f"citizen:{citizen['_id']}")

    def _subject(self, phone: str) -> str:
        """Whose account was tried, for the audit; a phone without an account as a digest."""
        citizen = self._store.citizen_with_phone(self._keys.index("phone", phone))
        return f"citizen:{citizen['_id']}" if citizen else f"phone:{self._keys.lasting_digest('phone', phone)}"

    def _known_device(self, phone_index: str, device: str) -> str:
        """The digest of a device that has logged in to the account of this number before; "" for every other."""
        citizen = self._store.citizen_with_phone(phone_index) if device else None
        known = self._device(citizen, device) if citizen else ""
        return known if known and self._store.knows_device(known) else ""

    def _device(self, citizen: Row, device: str) -> str:
        return digest(f"{citizen['_id']}:{device}")

    def _citizen_of(self, phone: str) -> Row:
        citizen_id = str(uuid7())
        return self._store.citizen_of_phone(
            {
                "_id": citizen_id,
                "v": 1,
                "phone_index": self._keys.index_to_store("phone", phone),
                "phone": self._keys.seal(citizen_id, "phone", phone),
                "name": None,
                "assurance": "phone",
                "created_at": self._now(),
            }
        )

    # -- one's own record ---------------------------------------------------

    def change(self, actor: Actor, body: Row) -> Row:
        """Change one's own `name`, unless it is verified, and the `language` of one's notices. Raises NameConfirmed."""
        row = self.own(actor)
        if "name" in body:
            self._rename(actor, body["name"])
        if body.get("language", row.get("language", "zh")) != row.get("language", "zh"):
            self._store.set_citizens_language(actor.id, body["language"])
        return self.face(self.own(actor))

    def language_of(self, citizen_id: str) -> str:
        """The language in which a citizen is told things: that of the last log-in, or what was chosen since."""
        return str((self._store.citizen(citizen_id) or {}).get("language", "zh"))

    def _rename(self, actor: Actor, name: str) -> None:
        if self.own(actor)["assurance"] == "verified":
            raise NameConfirmed
        if not self._store.rename_citizen(actor.id, self._keys.seal(actor.id, "name", _name(name))):
            raise NameConfirmed
        self._sessions.forget(actor.session)

    def face(self, row: Row, roles: frozenset[str] = frozenset()) -> Row:
        """A citizen's record as JSON: the name in full, the phone masked unless `roles` may see it."""
        return {
            "id": row["_id"],
            "kind": "citizen",
            "name": self.opened(row, "name"),
            "phone": mask_unless_allowed("phone", self.opened(row, "phone"), roles),
            "assurance": row["assurance"],
            "language": row.get("language", "zh"),
        }

    def opened(self, row: Row, field: str) -> str:
        """The plaintext of a sealed field of a citizen, or "" if there is none."""
        return self._keys.open_sealed(row["_id"], field, row[field]) if row.get(field) else ""

    def name(self, row: Row) -> str:
        """The display name of a citizen: the name, else the masked phone; CLOSED_NAME after closing."""
        if row.get("closed_at"):
            return CLOSED_NAME
        return self.opened(row, "name") or mask_phone(self.opened(row, "phone"))

    def own(self, actor: Actor) -> Row:
        """The record of the citizen who acts. Raises NotFound if the account is closed."""
        row = self._store.citizen(actor.id)
        if row is None or row.get("closed_at"):
            raise NotFound
        return row

    # -- notice and consents ------------------------------------------------------

    def notice(self) -> Row:
        """What this installation settles of the notice of how personal information is handled."""
        return asdict(self._policy.notice)

    def consents(self, actor: Actor) -> Row:
        """The purposes with their texts and state, and the ledger of consents."""
        ledger = self._store.consents(actor.id)
        purposes = [
            {
                "purpose": name,
                "text_version": purpose.version,
                "zh": purpose.zh,
                "en": purpose.en,
                "articles": [*purpose.articles, consent.WITHDRAWAL],
                "state": consent.state_of(ledger, name),
            }
            for name, purpose in consent.PURPOSES.items()
            if consent.is_listed(ledger, name)
        ]
        return {"purposes": purposes, "ledger": [_entry(row) for row in ledger]}

    def consent(self, actor: Actor, decision: Row) -> Row:
        """Give or withdraw consent to a text that was displayed. Raises TextOutdated, also where it is not offered."""
        purpose = consent.PURPOSES[decision["purpose"]]
        if decision["given"] and (decision["text_version"] != purpose.version or not purpose.offered):
            raise consent.TextOutdated
        self._store.add_consent({"_id": str(uuid7()), "v": 1, "citizen": actor.id, **decision, "at": self._now()})
        return self.consents(actor)

    # -- copy and deletion ---------------------------------------------------------

    def export(self, actor: Actor) -> Row:
        """Export all data of a citizen, room by room, in full (PIPL art. 45)."""
        row = self.own(actor)
        own: Row = {field: self.opened(row, field) or None for field in ("name", "phone", "id_number")}
        verified = {key: value for key, value in (row.get("verified") or {}).items() if key != "by"} or None
        own |= {"id": actor.id, "assurance": row["assurance"], "created_at": row["created_at"], "verified": verified}
        own["wechat"] = self._store.wechat_of(actor.id) is not None
        own["log_ins"] = self._sessions.mine(actor)
        sections = self._ports.export(actor)
        ledger = [_entry(entry) for entry in self._store.consents(actor.id)]
        self._ports.audit(actor.id, "export", f"citizen:{actor.id}")
        return {"made_at": self._now(), "data": _plain({"person": own, "consents": ledger, **sections})}

    def close(self, actor: Actor) -> None:
        """Close the account (PIPL art. 47): erase name, phone, identity number, WeChat and devices. Raises CaseOpen.

        Mandates and sessions end, drafts and unused files are deleted, conversations are ended and the citizen's words
        in them overwritten. Closed cases and their files stay as long as the archives law requires, under an id that
        no longer leads to a person.
        """
        row = self.own(actor)
        if self._ports.open_cases(actor):
            raise CaseOpen
        self._ports.forget(actor)
        closed = {"phone_index": f"closed:{actor.id}", "name": None, "closed_at": self._now()}

        def write(session: Any) -> list[str]:
            if row.get("id_index"):
                self._mandates.end_all(session, actor, self._keys.settled(row["id_index"]))
            if not self._store.close_citizen(session, actor.id, closed, ["phone", "id_number", "id_index"]):
                raise NotFound
            self._ports.audit(actor.id, "close_account", f"citizen:{actor.id}", session=session)
            self._store.forget_ways_in(actor.id, session)
            return self._sessions.forget_stored(session, actor.id)

        self._sessions.close(self._transact(write))

    def _number(self, text: str) -> str:
        with bad_field("id_number"):
            return identity_number(text, self._now())


def _mobile(text: str) -> str:
    with bad_field("phone"):
        return mobile(text)


def _name(text: str) -> str:
    with bad_field("name"):
        return clean_name(text)


def _entry(row: Row) -> Row:
    return {key: row[key] for key in ("purpose", "text_version", "channel", "given", "at")}


def _plain(value: Any) -> Any:
    """A value for JSON: times as text in Beijing time, sequences as lists, other objects as text."""
    if isinstance(value, datetime):
        return value.astimezone(BEIJING).isoformat(timespec="seconds")
    if isinstance(value, dict):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(inner) for inner in value]
    return value if isinstance(value, str | int | float | bool | None) else str(value)
