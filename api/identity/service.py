"""Identity as other rooms use it: the actor of a token, names, addresses, and members of staff by role."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

from api.identity.actor import Actor
from api.identity.citizens.codes import Codes
from api.identity.citizens.service import Citizens
from api.identity.joins.service import Joins
from api.identity.mandates.service import Mandates
from api.identity.phones.service import Phones
from api.identity.ports import Dependencies, IdentityPorts, Policy, Row
from api.identity.proofs.service import FreshProofs
from api.identity.sealing import typed_words
from api.identity.sealing.keyring import Keyring
from api.identity.sessions.service import Sessions
from api.identity.sessions.store import SessionStore
from api.identity.staff.recoveries import Recoveries
from api.identity.staff.roles import roles_of
from api.identity.staff.service import Staff
from api.identity.store import IdentityStore
from api.identity.verifications.service import Verifications
from api.identity.verifications.store import VerificationStore

__all__ = ["Identity", "IdentityPorts", "Policy"]


MOST_NAMESAKES = 50


class Identity:
    """Identity for other rooms; the use cases are in its attributes (`citizens`, `staff`, `sessions`, `mandates` …)."""

    def __init__(
        self,
        store: IdentityStore,
        *,
        sessions: SessionStore,
        verifications: VerificationStore,
        keyring: Keyring,
        transact: Callable[[Callable[[Any], Any]], Any],
        now: Callable[[], datetime],
        policy: Policy,
        ports: IdentityPorts,
    ) -> None:
        self._store, self._keys, self._policy, self._now = store, keyring, policy, now
        dependencies = Dependencies(
            store=store, sessions=sessions, keys=keyring, transact=transact, now=now, policy=policy, ports=ports
        )
        codes = Codes(dependencies)
        self.sessions = Sessions(dependencies, self._person)
        self.mandates = Mandates(dependencies)
        self.citizens = Citizens(dependencies, self.sessions, self.mandates, codes)
        self.staff = Staff(dependencies, self.sessions)
        self.recoveries = Recoveries(dependencies, self.staff)
        self.proofs = FreshProofs(dependencies, self.sessions, self.staff, codes)
        self.joins = Joins(dependencies, self.sessions)
        self.phones = Phones(dependencies, self.sessions, self.citizens, self.joins, codes)
        self.verifications = Verifications(
            dependencies,
            verifications,
            sessions=self.sessions,
            citizens=self.citizens,
            mandates=self.mandates,
            phones=self.phones,
            joins=self.joins,
            codes=codes,
        )

    def handlers(self) -> dict[str, Callable[[Row], None]]:
        """The handlers of this room's jobs, per kind."""
        return {"identity.follow": self.verifications.follow, "identity.join": self.joins.step}

    def actor(self, token: str) -> Actor | None:
        """The actor who holds this token, or None."""
        return self.sessions.actor(token)

    def me(self, actor: Actor) -> Row:
        """The person behind this log-in, as JSON."""
        if actor.is_staff:
            return self.staff.member(actor.id)
        citizen = self._store.citizen(actor.id)
        assert citizen is not None
        return self.citizens.face(citizen)

    def profile(self, actor: Actor) -> dict[str, str]:
        """What a citizen's own record offers to a form: name, phone, and the identity number once it is verified."""
        row = self.citizens.own(actor)
        number = self.citizens.opened(row, "id_number") if self.mandates.index_of(actor) else ""
        phone = self.citizens.opened(row, "phone").removeprefix("+86")
        return {"applicant_name": self.citizens.opened(row, "name"), "id_number": number, "phone": phone}

    def typed_keys(self, actor: Actor) -> list[Row]:
        """The keys by which a device of this person seals what was typed: `[{day, key}]`, the newest first."""
        return typed_words.keys_of(self._keys, actor.id, self._now())

    def address_of(self, recipient: str, channel: str) -> str | None:
        """The address of `citizen:<id>` or `login:<id>`: a phone (E.164) for `sms`, an openid for `wechat`, or None.

        It is decrypted here, so call this only to send.
        """
        kind, _, key = recipient.partition(":")
        if channel == "wechat" and kind == "citizen":
            bound = self._store.wechat_of(key)
            return self._keys.open_sealed(bound["_id"], "openid", bound["openid"]) if bound else None
        if channel != "sms" or kind not in {"citizen", "login"}:
            return None
        row = self._store.citizen(key) if kind == "citizen" else self._store.code(key)
        return self._keys.open_sealed(key, "phone", row["phone"]) if row and row.get("phone") else None

    def language_of(self, recipient: str) -> str:
        """The language in which `citizen:<id>` is told things, `zh` or `en`; Chinese for everybody else."""
        kind, _, key = recipient.partition(":")
        return self.citizens.language_of(key) if kind == "citizen" else "zh"

    def name_of(self, citizen_id: str) -> str:
        """A citizen's own name, or the masked phone where none was given; of a joined account, that of the first."""
        row = self._store.citizen(citizen_id)
        if row and row.get("joined"):
            row = self._store.citizen(row["joined"])
        return self.citizens.name(row) if row else ""

    def is_closed(self, citizen_id: str) -> bool:
        """Whether a citizen has closed this account, so that nobody reads what is told to it."""
        row = self._store.citizen(citizen_id)
        return bool(row and row.get("closed_at") and not row.get("joined"))

    def citizen_by_phone(self, phone: str) -> str | None:
        """The id of the citizen who logs in with this number (E.164) now; None if nobody does."""
        row = self._store.citizen_with_phone(self._keys.index("phone", phone))
        return str(row["_id"]) if row else None

    def staff_name(self, staff_id: str) -> str:
        """The name of a member of staff."""
        row = self._store.staff(staff_id)
        return row["name"] if row else ""

    def officer(self, staff_id: str) -> Actor | None:
        """A member of staff with the roles and the post of today; None for one who has left, or was never here."""
        row = self._store.staff(staff_id)
        return _officer(row) if row and row["active"] else None

    def officers_at(self, point: str, department: str) -> list[Actor]:
        """The members of staff who work at a point or in a department, by name, each once."""
        posts = [("point", point), ("department", department)]
        rows = [row for field, value in posts if value for row in self._store.staff_posted(field, value)]
        return list({row["_id"]: _officer(row) for row in rows}.values())

    def staff_names(self, ids: Iterable[str]) -> dict[str, str]:
        """By id: the names of those who are members of staff."""
        return {staff_id: row["name"] for staff_id, row in self._store.staff_by_id(set(ids)).items()}

    def staff_id(self, text: str) -> str | None:
        """The id of the member of staff with this user name, or with this name if only one has it."""
        row = self._store.staff_named(text)
        if row is not None:
            return str(row["_id"])
        namesakes = [row["_id"] for row in self._store.all_staff({"q": text}, None, MOST_NAMESAKES)]
        same = [staff_id for staff_id, name in self.staff_names(namesakes).items() if name == text]
        return same[0] if len(same) == 1 else None

    def staff_at(self, point: str) -> int:
        """How many active members of staff work at a point."""
        return self._store.staff_at(point)

    def staff_of(self, *, roles: tuple[str, ...], point: str | None = None) -> list[str]:
        """The active members of staff with one of these roles, at a point or anywhere."""
        return self._store.staff_of(roles, point)

    def any_staff(self) -> bool:
        """Whether any member of staff exists."""
        return self._store.any_staff()

    def add_staff(
        self, username: str, password: str, name: str, roles: set[str], point: str | None, department: str | None
    ) -> str | None:
        """Add a member of staff, who must change this password at the first log-in, and return the id.

        None if the user name is taken. Raises ValueError.
        """
        post = {"username": username, "name": name, "roles": roles, "point": point, "department": department}
        return self.staff.add_by_hand({**post, "must_change": True}, password)

    def seed_staff(
        self, username: str, password: str, name: str, roles: set[str], point: str | None, department: str | None
    ) -> str | None:
        """As `add_staff`, but the password need not be changed: for trials and tests. Raises ValueError."""
        post = {"username": username, "name": name, "roles": roles, "point": point, "department": department}
        return self.staff.add_by_hand({**post, "must_change": False}, password)

    def _person(self, log_in: Row, ends_at: datetime) -> Actor | None:
        """The actor of a log-in with a token until `ends_at`, or None where the person is gone."""
        who, session = log_in["who"], log_in["_id"]
        if log_in["kind"] == "citizen":
            citizen = self._store.citizen(who)
            if citizen is None or citizen.get("closed_at"):
                return None
            return Actor(who, "citizen", self.citizens.name(citizen), frozenset({"citizen"}), session, ends_at)
        row = self._store.staff(who)
        if row is None or not row["active"]:
            return None
        roles = roles_of(row, self._policy.trial)
        return Actor(who, "staff", row["name"], roles, session, ends_at, row["point"], row["department"])


def _officer(row: Row) -> Actor:
    """A member of staff with the roles and the post of today, without a log-in."""
    never, roles = datetime.max.replace(tzinfo=UTC), frozenset(row["roles"])
    return Actor(row["_id"], "staff", row["name"], roles, "", never, row["point"], row["department"])
