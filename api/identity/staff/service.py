"""The use cases of staff: log-in with a second factor, passwords, administration of posts, recovery."""

import math
import secrets
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from uuid6 import uuid7

from api.identity.actor import Actor
from api.identity.names_and_numbers import clean_name
from api.identity.ports import Dependencies, Row
from api.identity.sessions import Sessions
from api.identity.staff import log_in, recovery, second_factor
from api.identity.staff import roles as staff_roles
from api.identity.staff.passwords import Passwords
from api.refusals import BadFields, NotFound, Refusal, VersionStale, bad_field

COMMAND_LINE = "command-line"
"""The actor of what is done from the command line."""

MOST_LISTED = 30
POST_UNKNOWN = {
    "department": "没有这个部门，请填部门目录中的代码，如 SPJ。",
    "point": "没有这个服务点，或它已关闭，请填服务点目录中在用的编号，如 XC-H01。",
}


class Staff:
    """Members of staff."""

    def __init__(self, dependencies: Dependencies, sessions: Sessions) -> None:
        self._store, self._keys, self._now = dependencies.store, dependencies.keys, dependencies.now
        self._transact, self._policy, self._ports = dependencies.transact, dependencies.policy, dependencies.ports
        self._sessions = sessions
        self._passwords = Passwords()

    # -- log-in -----------------------------------------------------------

    def log_in(self, username: str, password: str, totp: str = "") -> Row:
        """Log a member of staff in. Raises PasswordWrong, TotpNeeded, TotpWrong, LockedOut.

        After five tries without success in 15 minutes the user name is locked out; a missing second factor counts too.
        An unknown name takes the same time as a wrong password, and is locked out alike.
        """
        self._take_try(username)
        row = self._store.staff_named(username)
        if not self._passwords.fits(row["password"] if row and row["active"] else None, password) or row is None:
            raise log_in.PasswordWrong
        if row["totp_on"]:
            self._spend_totp(row, totp)
        self._store.drop_count(self._tries(username))
        return {**self._sessions.begin("staff", row["_id"]), "staff": self.face(row), **self._first(row)}

    def change_password(self, actor: Actor, old: str, new: str) -> Row:
        """Set one's own password and end one's other log-ins. Raises PasswordWrong, BadFields."""
        row = self._row(actor.id)
        self._take_try(row["username"])
        if not self._passwords.fits(row["password"], old):
            raise log_in.PasswordWrong
        with bad_field("new"):
            log_in.check_password(new, row["username"])
            if new == old:
                raise ValueError("新密码不能与旧密码相同。")
        self._store.drop_count(self._tries(row["username"]))
        self._write(actor.id, "staff.password", actor.id, {"password": self._passwords.hash(new), "must_change": False})
        self._sessions.end_others(actor)
        self._sessions.forget(actor.session)
        return {"staff": self.face(self._row(actor.id)), **self._first(self._row(actor.id))}

    def begin_totp(self, actor: Actor) -> Row:
        """A new secret for an authenticator, in force once confirmed. Raises TotpExists."""
        row = self._row(actor.id)
        if row["totp_on"]:
            raise second_factor.TotpExists
        secret = second_factor.new_totp_secret()
        sealed = self._keys.seal(actor.id, "totp_secret", secret)
        self._store.change_staff(actor.id, {"totp_secret": sealed, "totp_step": 0})
        uri = second_factor.totp_uri(secret, row["username"])
        return {"secret": secret, "uri": uri, "qr": second_factor.totp_qr(uri)}

    def confirm_totp(self, actor: Actor, digits: str) -> Row:
        """Confirm the authenticator; from now on log-in requires it. Raises TotpExists, TotpWrong."""
        row = self._row(actor.id)
        if row["totp_on"]:
            raise second_factor.TotpExists
        self._take_try(row["username"])
        self._spend_totp(row, digits)
        self._store.drop_count(self._tries(row["username"]))
        self._write(actor.id, "staff.totp", actor.id, {"totp_on": True})
        self._sessions.forget(actor.session)
        return {"staff": self.face(self._row(actor.id)), **self._first(self._row(actor.id))}

    def _take_try(self, username: str) -> None:
        n, ends_at = self._store.count(self._tries(username), log_in.LOCK_SECONDS, self._now())
        if n > log_in.WRONG_TRIES:
            raise log_in.LockedOut(retry_after=math.ceil((ends_at - self._now()).total_seconds()))

    def _tries(self, username: str) -> str:
        return f"tries:{self._keys.index('username', username)}"

    def _spend_totp(self, row: Row, digits: str) -> None:
        if not digits:
            raise second_factor.TotpNeeded
        secret = self._keys.open_sealed(row["_id"], "totp_secret", row["totp_secret"]) if row["totp_secret"] else ""
        step = second_factor.totp_step(secret, digits, self._now()) if secret else None
        if step is None or not self._store.use_totp_step(row["_id"], step):
            raise second_factor.TotpWrong

    def _first(self, row: Row) -> Row:
        """What a member must do before work, with a note in words."""
        wants_factor = staff_roles.wants_second_factor(row)
        duties = {"must_change_password": row["must_change"], "must_set_totp": wants_factor and not self._policy.trial}
        words = (
            staff_roles.CHANGE_PASSWORD
            if row["must_change"]
            else (staff_roles.TRIAL if self._policy.trial else staff_roles.SET_SECOND_FACTOR)
            if wants_factor
            else None
        )
        return {**duties, **({"note": {"zh": words[0], "en": words[1]}} if words else {})}

    # -- administration -----------------------------------------------------

    def add(self, actor: Actor, post: Row, new_id: str) -> Row:
        """Add a member of staff; only this answer contains the first password. Raises UsernameTaken, BadFields."""
        password = secrets.token_urlsafe(16)
        self._check_post(post)
        row = self._new_row(new_id, {**post, "must_change": True}, password)
        self._add(actor.id, row)
        return {**self.face(row), "first_password": password}

    def add_by_hand(self, post: Row, password: str) -> str | None:
        """As `add`, from the command line and with a given password; None if the user name is taken.

        `post`: username, name, roles, point, department, and must_change. Raises ValueError.
        """
        try:
            log_in.check_password(password, post["username"])
        except ValueError:
            raise ValueError(log_in.PASSWORD_RULE) from None
        staff_roles.check_roles(set(post["roles"]))
        if unknown := self._unknown_posts(post):
            raise ValueError("; ".join(unknown.values()))
        row = self._new_row(str(uuid7()), post, password)
        try:
            self._add(COMMAND_LINE, row)
        except staff_roles.UsernameTaken:
            return None
        return str(row["_id"])

    def _add(self, by: str, row: Row) -> None:
        def write(session: Any) -> None:
            if not self._store.add_staff(session, row):
                raise staff_roles.UsernameTaken
            self._ports.audit(by, "staff.add", f"staff:{row['_id']}", session=session)

        self._transact(write)

    def _write(
        self, by: str, act: str, staff_id: str, change: Row, first: Callable[[Any], None] = lambda session: None
    ) -> None:
        """Set fields of a member of staff and audit it, in one transaction that begins with `first(session)`."""

        def write(session: Any) -> None:
            first(session)
            self._store.change_staff(staff_id, change, session)
            self._ports.audit(by, act, f"staff:{staff_id}", session=session)

        self._transact(write)

    def member(self, staff_id: str) -> Row:
        """One member of staff."""
        return self.face(self._row(staff_id))

    def members(self, wanted: Row, after: str | None, limit: int) -> list[Row]:
        """Up to `limit` members of staff, in the order in which they were added.

        `wanted` narrows it: `q`, a part of name, user name, point or department; `role`; `active`.
        """
        return [self.face(row) for row in self._store.all_staff(wanted, after, limit)]

    def change(self, actor: Actor, staff_id: str, version: int, change: Row) -> Row:
        """Change name, roles, point, department or `active`, and end the sessions of the person.

        Raises VersionStale, LastAdmin, BadFields.
        """
        self._change(actor.id, self._row(staff_id), version, change)
        return self.member(staff_id)

    def change_by_hand(self, username: str, change: Row) -> Row | None:
        """As `change`, from the command line; None if nobody has this user name. Raises ValueError."""
        row = self._store.staff_named(username)
        if row is None:
            return None
        if unknown := self._unknown_posts({field: value for field, value in change.items() if value != row.get(field)}):
            raise ValueError("; ".join(unknown.values()))
        try:
            self._change(COMMAND_LINE, row, row["version"], change)
        except Refusal as error:
            raise ValueError(error.words["en"]) from None
        return self.member(row["_id"])

    def _change(self, by: str, before: Row, version: int, change: Row) -> None:
        staff_id, fields = before["_id"], dict(change)
        if "roles" in fields:
            fields["roles"] = _roles(fields["roles"])
        if "name" in fields:
            fields["name"] = _name(fields["name"])
        self._check_post({field: value for field, value in fields.items() if value != before.get(field)})

        def write(session: Any) -> None:
            if not self._store.edit_staff(session, staff_id, version, fields):
                raise VersionStale
            if "admin" in before["roles"] and not self._store.touch_admins(session):
                raise staff_roles.LastAdmin
            self._ports.audit(by, "staff.change", f"staff:{staff_id}", session=session)

        self._transact(write)
        self._sessions.end_all(staff_id)

    def open_recovery(self, actor: Actor, staff_id: str) -> Row:
        """Request the recovery of an account, which another administrator must confirm within a day."""
        row, now = self._row(staff_id), self._now()
        opened = {"_id": staff_id, "by": actor.id, "at": now, "ends_at": now + timedelta(hours=recovery.RECOVERY_HOURS)}

        def write(session: Any) -> None:
            self._store.open_recovery(session, opened)
            self._ports.audit(actor.id, "staff.open_recovery", f"staff:{staff_id}", session=session)

        self._transact(write)
        return self._recovery_face(opened, {staff_id: row, actor.id: self._row(actor.id)})

    def recoveries(self, after: str | None, limit: int) -> list[Row]:
        """The recoveries that wait for a second administrator, up to `limit`."""
        waiting = self._store.recoveries(self._now(), after, limit)
        people = self._store.staff_by_id({staff_id for row in waiting for staff_id in (row["_id"], row["by"])})
        return [self._recovery_face(row, people) for row in waiting]

    def withdraw_recovery(self, actor: Actor, staff_id: str) -> None:
        """Cancel a recovery that waits; any administrator may. Raises NoRecovery."""
        waiting = self._waiting(staff_id)

        def write(session: Any) -> None:
            self._take_recovery(session, waiting)
            self._ports.audit(actor.id, "staff.withdraw_recovery", f"staff:{staff_id}", session=session)

        self._transact(write)

    def confirm_recovery(self, actor: Actor, staff_id: str) -> Row:
        """Recover an account as the second administrator: a new first password, no second factor, all sessions ended.

        Raises NoRecovery, SecondAdminNeeded.
        """
        waiting = self._waiting(staff_id)
        if actor.id in (waiting["by"], staff_id):
            raise recovery.SecondAdminNeeded
        return self._reset(self._row(staff_id), actor.id, lambda session: self._take_recovery(session, waiting))

    def _waiting(self, staff_id: str) -> Row:
        waiting = self._store.recovery(staff_id, self._now())
        if waiting is None:
            raise recovery.NoRecovery
        return waiting

    def _take_recovery(self, session: Any, waiting: Row) -> None:
        if not self._store.take_recovery(session, waiting["_id"], waiting["by"]):
            raise recovery.NoRecovery

    @staticmethod
    def _recovery_face(row: Row, people: dict[str, Row]) -> Row:
        person, by = people.get(row["_id"], {}), people.get(row["by"], {})
        whose = {"staff": row["_id"], "name": person.get("name", ""), "username": person.get("username", "")}
        return {**whose, "by": row["by"], "by_name": by.get("name", ""), "at": row["at"], "ends_at": row["ends_at"]}

    def reset(self, username: str) -> str | None:
        """Set a new first password from the command line and return it; None if nobody has this user name."""
        row = self._store.staff_named(username)
        return self._reset(row, COMMAND_LINE)["first_password"] if row else None

    def face(self, row: Row) -> Row:
        """A member of staff as JSON."""
        face = {key: row[key] for key in ("username", "name", "roles", "point", "department", "active", "version")}
        return {"id": row["_id"], "kind": "staff", **face, "totp": row["totp_on"]}

    def _reset(self, row: Row, by: str, first: Callable[[Any], None] = lambda session: None) -> Row:
        """Set a new first password and remove the second factor, in one transaction after `first(session)`."""
        password = secrets.token_urlsafe(16)
        fresh = {"totp_on": False, "totp_secret": None, "totp_step": 0, "must_change": True}
        self._write(by, "staff.recover", row["_id"], {**fresh, "password": self._passwords.hash(password)}, first)
        self._store.drop_count(self._tries(row["username"]))
        self._sessions.end_all(row["_id"])
        return {**self.member(row["_id"]), "first_password": password}

    def _check_post(self, post: Row) -> None:
        if unknown := self._unknown_posts(post):
            raise BadFields({field: [POST_UNKNOWN[field]] for field in unknown})

    def _unknown_posts(self, post: Row) -> dict[str, str]:
        """By field: the message for a department or point that this district does not have."""
        known = {"department": self._ports.departments, "point": self._ports.points}
        named = {field: (post.get(field), codes()) for field, codes in known.items() if post.get(field)}
        return {
            field: f"there is no {field} {code} here; there are {_some(codes)}"
            for field, (code, codes) in named.items()
            if code not in codes
        }

    def _row(self, staff_id: str) -> Row:
        row = self._store.staff(staff_id)
        if row is None:
            raise NotFound
        return row

    def _new_row(self, staff_id: str, post: Row, password: str) -> Row:
        return {
            "_id": staff_id,
            "v": 1,
            "version": 1,
            "username": post["username"],
            "password": self._passwords.hash(password),
            "must_change": post["must_change"],
            "totp_on": False,
            "totp_secret": None,
            "totp_step": 0,
            "name": _name(post["name"]),
            "roles": _roles(post["roles"]),
            "point": post.get("point"),
            "department": post.get("department"),
            "active": True,
            "created_at": self._now(),
        }


def _some(codes: list[str]) -> str:
    """The codes, or a few of them if they are many."""
    return ", ".join(codes) if len(codes) <= MOST_LISTED else f"{len(codes)}, such as {', '.join(codes[:3])}"


def _roles(roles: Any) -> list[str]:
    with bad_field("roles"):
        staff_roles.check_roles(set(roles))
    return sorted(roles)


def _name(text: str) -> str:
    with bad_field("name"):
        return clean_name(text)
