"""Checks the password and the authenticator of a member of staff, within a number of wrong tries."""

import math

from api.identity.actor import Actor
from api.identity.ports import Dependencies, Row
from api.identity.staff import log_in, second_factor
from api.identity.staff.passwords import Passwords
from api.identity.tokens import digest


class Credentials:
    """Passwords, second factors, and the counters of tries.

    A known device, and a log-in, have counters of their own: a stranger who tries a user name can keep its person from
    logging in on a new device for a while, and from nothing else.
    """

    def __init__(self, dependencies: Dependencies) -> None:
        self._store, self._keys, self._now = dependencies.store, dependencies.keys, dependencies.now
        self._passwords = Passwords()

    def hash(self, password: str) -> str:
        """The hash of a password, as stored."""
        return self._passwords.hash(password)

    def counter(self, username: str, row: Row | None, device: str) -> str:
        """The counter of tries of a user name: of this device where it is known, else of all unknown ones."""
        name = f"tries:{self._keys.index('username', username)}"
        known = self.device(row, device) if row and device else ""
        return f"{name}:{known}" if known and self._store.knows_device(known) else name

    def device(self, row: Row, device: str) -> str:
        """The digest of a device of a member of staff."""
        return digest(f"{row['_id']}:{device}")

    def take_try(self, counter: str, subject: str) -> None:
        """Count one more try, of the account `subject` (for the audit). Raises LockedOut after five without success in
        15 minutes."""
        n, ends_at = self._store.count(counter, log_in.LOCK_SECONDS, self._now())
        if n > log_in.WRONG_TRIES:
            wait = math.ceil((ends_at - self._now()).total_seconds())
            raise log_in.LockedOut(retry_after=wait, subject=subject)

    def check(self, row: Row | None, password: str, subject: str) -> Row:
        """The row, if the password is that of this active member of staff. Raises PasswordWrong, in the same time."""
        if not self._passwords.fits(row["password"] if row and row["active"] else None, password) or row is None:
            raise log_in.PasswordWrong(subject=subject)
        return row

    def spend_totp(self, row: Row, digits: str) -> None:
        """Use the digits of the authenticator up: they are good once. Raises TotpNeeded, TotpWrong."""
        if not digits:
            raise second_factor.TotpNeeded
        secret = self._keys.open_sealed(row["_id"], "totp_secret", row["totp_secret"]) if row["totp_secret"] else ""
        step = second_factor.totp_step(secret, digits, self._now()) if secret else None
        if step is None or not self._store.use_totp_step(row["_id"], step):
            raise second_factor.TotpWrong(subject=f"staff:{row['_id']}")

    def succeeded(self, counter: str) -> None:
        """Begin a counter anew after a success."""
        self._store.drop_count(counter)


def own_counter(actor: Actor) -> str:
    """The counter of what is tried under a log-in, which nobody else can fill."""
    return f"tries:{actor.session}"
