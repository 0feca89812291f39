"""Log-in and its tokens: citizens by SMS code, staff by password; who is acting."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Protocol

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from uuid6 import uuid7

from api.identity import identity as rules
from api.identity.identity import Actor
from api.identity.sealing import Keyring
from api.identity.store import IdentityStore
from api.refusals import BadFields

CACHE_SECONDS = 30
Row = dict[str, Any]


class Tell(Protocol):
    """Leave a notice in the outbox, in the caller's transaction."""

    def __call__(self, recipient: str, template: str, values: dict[str, str], *, key: str, session: Any) -> object: ...


class Identity:
    """Citizens, staff and their log-ins."""

    def __init__(
        self,
        store: IdentityStore,
        keyring: Keyring,
        transact: Callable[[Callable[[Any], Any]], Any],
        now: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._keys = keyring
        self._transact = transact
        self._now = now
        self.tell: Tell | None = None
        self.ended: Callable[[str], object] = lambda session: None
        self._hasher = PasswordHasher()
        self._never = self._hasher.hash(rules.new_token())
        self._actors: dict[str, tuple[datetime, Actor]] = {}
        self._lock = threading.Lock()

    # -- citizens ---------------------------------------------------------

    def send_code(self, phone_text: str) -> dict[str, int]:
        """Send a code to a phone. The answer is the same whether or not the number is known."""
        phone, now = self._mobile(phone_text), self._now()
        index = self._keys.index("phone", phone)
        last = self._store.latest_code(index)
        if last is not None:
            wait = last["created_at"] + timedelta(seconds=rules.RESEND_SECONDS) - now
            if wait > timedelta(0):
                raise rules.TooSoon(retry_after=int(wait.total_seconds()) + 1)
        code_id, code = str(uuid7()), rules.new_code()
        row = {
            "_id": code_id,
            "phone_index": index,
            "phone": self._keys.seal(code_id, "phone", phone),
            "code": rules.code_digest(code_id, code),
            "tries": 0,
            "used": False,
            "created_at": now,
            "expires_at": rules.code_end(now),
            "delete_at": now + timedelta(days=1),
        }

        def write(session: Any) -> None:
            self._store.add_code(session, row)
            assert self.tell is not None
            self.tell(f"login:{code_id}", "login_code", {"code": code}, key=f"login:{code_id}", session=session)

        self._transact(write)
        return {"expires_in": rules.CODE_SECONDS, "resend_in": rules.RESEND_SECONDS}

    def log_in_citizen(self, phone_text: str, code: str) -> Row:
        """A log-in for the person who can read this phone's messages. Raises CodeWrong."""
        phone, now = self._mobile(phone_text), self._now()
        sent = self._store.latest_code(self._keys.index("phone", phone))
        tried = sent and self._store.take_try(sent["_id"], rules.CODE_TRIES, now)
        if (
            not tried
            or tried["code"] != rules.code_digest(tried["_id"], code)
            or not self._store.use_code(tried["_id"])
        ):
            raise rules.CodeWrong
        citizen_id = str(uuid7())
        citizen = self._store.citizen_of_phone(
            {
                "_id": citizen_id,
                "v": 1,
                "phone_index": self._keys.index("phone", phone),
                "phone": self._keys.seal(citizen_id, "phone", phone),
                "name": None,
                "assurance": "phone",
                "created_at": now,
            }
        )
        return {
            **self._log_in("citizen", citizen["_id"], str(uuid7())),
            "citizen": self._citizen_face(citizen),
        }

    def rename(self, actor: Actor, name: str) -> Row:
        """Change one's own name."""
        try:
            clean = rules.clean_name(name)
        except ValueError as error:
            raise BadFields({"name": [str(error)]}) from None
        self._store.change_citizen(actor.id, {"name": self._keys.seal(actor.id, "name", clean)})
        self.forget(actor.session)
        return self.me(actor)

    # -- staff ------------------------------------------------------------

    def add_staff(
        self,
        username: str,
        password: str,
        name: str,
        roles: set[str],
        point: str | None,
        department: str | None,
    ) -> str | None:
        """A new member of staff; None where the user name is taken. Raises ValueError."""
        if not roles or not roles <= rules.STAFF_ROLES:
            raise ValueError(f"roles are {', '.join(sorted(rules.STAFF_ROLES))}")
        if len(password) < 10:
            raise ValueError("a password has at least 10 characters")
        staff_id = str(uuid7())
        row = {
            "_id": staff_id,
            "v": 1,
            "username": username,
            "password": self._hasher.hash(password),
            "name": rules.clean_name(name),
            "roles": sorted(roles),
            "point": point,
            "department": department,
            "created_at": self._now(),
        }
        return staff_id if self._store.add_staff(row) else None

    def any_staff(self) -> bool:
        """Whether there is staff at all."""
        return self._store.any_staff()

    def log_in_staff(self, username: str, password: str) -> Row:
        """A log-in for staff. Raises PasswordWrong; an unknown name costs the same time as a wrong password."""
        staff = self._store.staff_named(username)
        try:
            self._hasher.verify(staff["password"] if staff else self._never, password)
        except (VerificationError, InvalidHashError):
            raise rules.PasswordWrong from None
        if staff is None:
            raise rules.PasswordWrong
        return {**self._log_in("staff", staff["_id"], str(uuid7())), "staff": self._staff_face(staff)}

    # -- tokens -----------------------------------------------------------

    def actor(self, token: str) -> Actor | None:
        """Who holds this token, or None. Cached for at most 30 s; ending a log-in here forgets it at once."""
        now, session = self._now(), rules.digest(token)
        cached = self._actors.get(session)
        if cached and cached[0] > now:
            return cached[1] if cached[1].expires_at > now else None
        row = self._store.session(session)
        if row is None or row["ended"] or row["expires_at"] <= now:
            return None
        actor = self._actor(row)
        if actor is not None:
            with self._lock:
                self._actors[session] = (now + timedelta(seconds=CACHE_SECONDS), actor)
        return actor

    def refresh(self, refresh_token: str) -> Row:
        """New tokens for old. A refresh token that comes twice was stolen or replayed: its family ends."""
        row = self._store.spend_refresh(rules.digest(refresh_token))
        if row is None or row["ended"] or row["refresh_ends_at"] <= self._now():
            raise rules.RefreshBad
        if row["refresh_used"]:
            self._end(row["family"])
            raise rules.RefreshBad
        return self._log_in(row["kind"], row["who"], row["family"])

    def log_out(self, actor: Actor) -> None:
        """End this log-in and what was refreshed from it."""
        row = self._store.session(actor.session)
        if row is not None:
            self._end(row["family"])

    def forget(self, session: str) -> None:
        """Drop a cached actor."""
        with self._lock:
            self._actors.pop(session, None)

    # -- for others -------------------------------------------------------

    def me(self, actor: Actor) -> Row:
        """The person behind this log-in."""
        if actor.is_staff:
            staff = self._store.staff(actor.id)
            assert staff is not None
            return self._staff_face(staff)
        citizen = self._store.citizen(actor.id)
        assert citizen is not None
        return self._citizen_face(citizen)

    def address_of(self, recipient: str, channel: str) -> str | None:
        """The phone (E.164) of `citizen:<id>` or `login:<id>` for the SMS channel; opened only at sending."""
        kind, _, key = recipient.partition(":")
        if channel != "sms" or kind not in {"citizen", "login"}:
            return None
        row = self._store.citizen(key) if kind == "citizen" else self._store.code(key)
        return self._keys.open_sealed(key, "phone", row["phone"]) if row else None

    def name_of(self, citizen_id: str) -> str:
        """A citizen's own name, or the masked phone where none was given."""
        row = self._store.citizen(citizen_id)
        if row is None:
            return ""
        return self._name(row) or rules.mask_phone(self._keys.open_sealed(citizen_id, "phone", row["phone"]))

    def staff_name(self, staff_id: str) -> str:
        """The name of a member of staff."""
        row = self._store.staff(staff_id)
        return row["name"] if row else ""

    # -- inside -----------------------------------------------------------

    def _mobile(self, text: str) -> str:
        try:
            return rules.mobile(text)
        except ValueError as error:
            raise BadFields({"phone": [str(error)]}) from None

    def _name(self, row: Row) -> str:
        return self._keys.open_sealed(row["_id"], "name", row["name"]) if row["name"] else ""

    def _citizen_face(self, row: Row) -> Row:
        phone = self._keys.open_sealed(row["_id"], "phone", row["phone"])
        return {
            "id": row["_id"],
            "kind": "citizen",
            "name": self._name(row),
            "phone": rules.mask_phone(phone),
            "assurance": row["assurance"],
        }

    def _staff_face(self, row: Row) -> Row:
        face = {key: row[key] for key in ("name", "roles", "point", "department")}
        return {"id": row["_id"], "kind": "staff", **face}

    def _log_in(self, kind: str, who: str, family: str) -> Row:
        now, token, refresh = self._now(), rules.new_token(), rules.new_token()
        refresh_ends_at = now + timedelta(days=rules.REFRESH_DAYS)
        self._store.add_session(
            {
                "_id": rules.digest(token),
                "refresh": rules.digest(refresh),
                "refresh_used": False,
                "family": family,
                "kind": kind,
                "who": who,
                "ended": False,
                "expires_at": now + timedelta(seconds=rules.TOKEN_SECONDS),
                "refresh_ends_at": refresh_ends_at,
                "delete_at": refresh_ends_at,
            }
        )
        return {"token": token, "refresh_token": refresh, "expires_in": rules.TOKEN_SECONDS}

    def _end(self, family: str) -> None:
        for session in self._store.end_family(family):
            self.forget(session)
            self.ended(session)

    def _actor(self, row: Row) -> Actor | None:
        if row["kind"] == "citizen":
            citizen = self._store.citizen(row["who"])
            if citizen is None:
                return None
            return Actor(
                row["who"],
                "citizen",
                self.name_of(row["who"]),
                frozenset({"citizen"}),
                row["_id"],
                row["expires_at"],
            )
        staff = self._store.staff(row["who"])
        if staff is None:
            return None
        roles = frozenset({"staff", *staff["roles"]})
        return Actor(
            row["who"],
            "staff",
            staff["name"],
            roles,
            row["_id"],
            row["expires_at"],
            staff["point"],
            staff["department"],
        )
