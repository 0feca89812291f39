"""The use cases of staff: log-in with a second factor, passwords, administration of posts."""

import secrets
from collections.abc import Callable
from datetime import datetime
from typing import Any

from uuid6 import uuid7

from api.identity.actor import Actor
from api.identity.names_and_numbers import clean_name
from api.identity.ports import Dependencies, Row
from api.identity.sessions.service import Sessions
from api.identity.staff import duties, log_in, second_factor
from api.identity.staff import roles as staff_roles
from api.identity.staff.credentials import Credentials, own_counter
from api.identity.staff.duties import COMMAND_LINE
from api.identity.staff.password_rule import PASSWORD_RULE, check_password
from api.refusals import BadFields, NotFound, Refusal, VersionStale, bad_field

DEVICES_KEPT = 10
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
        self.credentials = Credentials(dependencies)

    # -- log-in -----------------------------------------------------------

    def log_in(self, username: str, password: str, totp: str = "", device: str = "", *, agent: str = "") -> Row:
        """Log a member of staff in; `agent` is the code of the device (sessions/device.py).

        Raises PasswordWrong, TotpNeeded, TotpWrong, LockedOut, FirstPasswordOver. After five tries without success in
        15 minutes the user name is locked out for devices that have not logged in before; each of the others is counted
        for itself. A missing second factor counts too. An unknown name takes the same time as a wrong password, and is
        locked out alike.
        """
        named = self._store.staff_named(username)
        subject = self._subject(username, named)
        counter = self.credentials.counter(username, named, device)
        self.credentials.take_try(counter, subject)
        row = self.credentials.check(named, password, subject)
        if row["must_change"] and self._now() >= _first_password_end(row):
            raise log_in.FirstPasswordOver(subject=subject)
        if row["totp_on"]:
            self.credentials.spend_totp(row, totp)
        self.credentials.succeeded(counter)
        begun = self._sessions.begin("staff", row["_id"], agent)
        self._check_same(row, begun["token"])
        if device:
            known = self.credentials.device(row, device)
            self._store.see_device(known, {"staff": row["_id"]}, DEVICES_KEPT, self._now())
        return {**begun, "staff": self.face(row), **self._first(row)}

    def _check_same(self, row: Row, token: str) -> None:
        """End a log-in whose password was changed, or whose person left, while it was being checked."""
        newest = self._store.staff(row["_id"])
        if newest is None or not newest["active"] or newest["password"] != row["password"]:
            self._sessions.end_token(token)
            raise log_in.PasswordWrong

    def change_password(self, actor: Actor, old: str, new: str) -> Row:
        """Set one's own password and end one's other log-ins. Raises PasswordWrong, BadFields."""
        row = self._row(actor.id)
        self.credentials.take_try(own_counter(actor), f"staff:{actor.id}")
        self.credentials.check(row, old, f"staff:{actor.id}")
        with bad_field("new"):
            check_password(new, row["username"], row["name"])
            if new == old:
                raise ValueError("新密码不能与旧密码相同。")
        self.credentials.succeeded(own_counter(actor))
        change = {"password": self.credentials.hash(new), "must_change": False, "password_until": None}
        still = {"password": row["password"]}
        lost = log_in.PasswordWrong
        self._write(actor.id, "staff.password", actor.id, change, still=still, lost=lost, own=actor.session)
        self._sessions.proved(actor)
        self._sessions.forget(actor.session)
        return {"staff": self.face(self._row(actor.id)), **self._first(self._row(actor.id))}

    def way_of_proof(self, actor: Actor) -> str:
        """How a member of staff proves afresh who they are: `totp` where an authenticator is set, else `password`."""
        return "totp" if self._row(actor.id)["totp_on"] else "password"

    def check_proof(self, actor: Actor, secret: str) -> None:
        """Check the digits or the password, as `way_of_proof` says. Raises PasswordWrong, TotpWrong."""
        row = self._row(actor.id)
        if row["totp_on"]:
            self.credentials.spend_totp(row, secret)
        else:
            self.credentials.check(row, secret, f"staff:{actor.id}")

    def begin_totp(self, actor: Actor) -> Row:
        """A new secret for an authenticator, in force once confirmed. Raises TotpExists."""
        row, secret = self._row(actor.id), second_factor.new_totp_secret()
        fresh = {"totp_secret": self._keys.seal(actor.id, "totp_secret", secret), "totp_step": 0}
        if not self._store.change_staff(actor.id, fresh, still={"totp_on": False}):
            raise second_factor.TotpExists
        uri = second_factor.totp_uri(secret, row["username"])
        return {"secret": secret, "uri": uri, "qr": second_factor.totp_qr(uri)}

    def confirm_totp(self, actor: Actor, digits: str) -> Row:
        """Confirm the authenticator; from now on log-in requires it. Raises TotpExists, TotpWrong."""
        row = self._row(actor.id)
        if row["totp_on"]:
            raise second_factor.TotpExists
        self.credentials.take_try(own_counter(actor), f"staff:{actor.id}")
        self.credentials.spend_totp(row, digits)
        self.credentials.succeeded(own_counter(actor))
        still = {"totp_on": False, "totp_secret": row["totp_secret"]}
        change, lost = {"totp_on": True}, second_factor.TotpWrong
        self._write(actor.id, "staff.totp", actor.id, change, still=still, lost=lost, own=actor.session)
        self._sessions.forget(actor.session)
        return {"staff": self.face(self._row(actor.id)), **self._first(self._row(actor.id))}

    def _subject(self, username: str, row: Row | None) -> str:
        """Whose account was tried, for the audit; an unknown user name, which may be a password, as a digest."""
        return f"staff:{row['_id']}" if row else f"username:{self._keys.lasting_digest('username', username)}"

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
            check_password(password, post["username"], post["name"])
        except ValueError:
            raise ValueError(PASSWORD_RULE) from None
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
        row["added_by"] = by

        def write(session: Any) -> None:
            if not self._store.add_staff(session, row):
                raise staff_roles.UsernameTaken
            self._ports.audit(by, "staff.add", f"staff:{row['_id']}", session=session)

        self._transact(write)

    def _write(
        self,
        by: str,
        act: str,
        staff_id: str,
        change: Row,
        first: Callable[[Any], None] = lambda session: None,
        *,
        still: Row | None = None,
        lost: type[Refusal] = NotFound,
        own: str = "",
    ) -> None:
        """Set fields of a member of staff, end their log-ins except `own`, and audit it, in one transaction that begins
        with `first(session)`.

        Raises `lost` if the fields in `still` are no longer as they were read.
        """

        def write(session: Any) -> list[str]:
            first(session)
            if not self._store.change_staff(staff_id, change, session, still):
                raise lost
            self._ports.audit(by, act, f"staff:{staff_id}", session=session)
            return self._sessions.end_stored(session, staff_id, own)

        self._sessions.end_all(staff_id, own, self._transact(write))

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

        Nobody gives a role or post to themself, nor to whom they owe their own account or role; to an administrator,
        only one who is independent of them does. Raises SecondAdminNeeded, VersionStale, LastAdmin, BadFields.
        """
        row = self._row(staff_id)
        if _gains(row, change) and not self._may_raise(self._row(actor.id), row):
            stays = "admin" in change.get("roles", ("admin",))
            alone = not stays and self._store.staff_of(("admin",), None) == [staff_id]
            raise staff_roles.LastAdmin if alone else staff_roles.RoleBySecondAdmin
        self._change(actor.id, row, version, change)
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
        if _gains(before, change):
            fields |= self._raised(before, by)
        if "roles" in fields:
            fields["roles"] = _roles(fields["roles"])
        if "name" in fields:
            fields["name"] = _name(fields["name"])
        self._check_post({field: value for field, value in fields.items() if value != before.get(field)})

        def write(session: Any) -> list[str]:
            if not self._store.edit_staff(session, staff_id, version, fields):
                raise VersionStale
            if "admin" in before["roles"] and not self._store.touch_admins(session):
                raise staff_roles.LastAdmin
            detail = staff_roles.difference(before, fields)
            self._ports.audit(by, "staff.change", f"staff:{staff_id}", session=session, detail=detail)
            return self._sessions.end_stored(session, staff_id)

        self._sessions.end_all(staff_id, ended=self._transact(write))

    def reset(self, username: str) -> str | None:
        """Set a new first password from the command line and return it; None if nobody has this user name."""
        row = self._store.staff_named(username)
        return self.reset_member(row, COMMAND_LINE)["first_password"] if row else None

    def face(self, row: Row) -> Row:
        """A member of staff as JSON."""
        face = {key: row[key] for key in ("username", "name", "roles", "point", "department", "active", "version")}
        return {"id": row["_id"], "kind": "staff", **face, "totp": row["totp_on"]}

    def reset_member(self, row: Row, by: str, first: Callable[[Any], None] = lambda session: None) -> Row:
        """Set a new first password and remove the second factor, in one transaction after `first(session)`.

        Whoever reads that password has raised the person, in the sense of duties.py. Raises VersionStale.
        """
        password = secrets.token_urlsafe(16)
        fresh: Row = {
            "totp_on": False,
            "totp_secret": None,
            "totp_step": 0,
            "must_change": True,
            "password": self.credentials.hash(password),
            "password_until": log_in.first_password_end(self._now()),
        }

        def begin(session: Any) -> None:
            first(session)
            self._store.forget_staff_devices(row["_id"], session)

        raised = self._raised(row, by)
        still = {"version": row["version"]} if raised else None
        self._write(by, "staff.recover", row["_id"], fresh | raised, begin, still=still, lost=VersionStale)
        self.credentials.succeeded(self.credentials.counter(row["username"], None, ""))
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

    def _may_raise(self, actor: Row, row: Row) -> bool:
        """Whether one member of staff may give a role or post to another."""
        if actor["_id"] == row["_id"] or duties.depends(actor, row["_id"], self._store.staff):
            return False
        return "admin" not in row["roles"] or duties.is_settled(actor, self._now())

    def _raised(self, row: Row, by: str) -> Row:
        """The fields that say by whom a member of staff was raised, and when; none where the command line did it."""
        if by == COMMAND_LINE:
            return {}
        return {"raised_at": self._now(), "raised_by": sorted({*row.get("raised_by", ()), by})}

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
            "password": self.credentials.hash(password),
            "must_change": post["must_change"],
            "password_until": log_in.first_password_end(self._now()) if post["must_change"] else None,
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


def _first_password_end(row: Row) -> datetime:
    """When a first password is over; one that was given out before they had an end is over three days after that."""
    until: datetime = row.get("password_until") or log_in.first_password_end(row["created_at"])
    return until


def _gains(row: Row, change: Row) -> bool:
    """Whether a change gives a member of staff a role, another place or department, or lets them in again."""
    roles = set(change.get("roles") or ()) - set(row["roles"])
    moved = any(change.get(post) and change[post] != row[post] for post in ("point", "department"))
    return bool(roles) or moved or bool(change.get("active") and not row["active"])


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
