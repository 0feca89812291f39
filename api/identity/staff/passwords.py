"""Password hashing by argon2 (RFC 9106), off the event loop: one hash takes some 50 ms of a core."""

import secrets
from collections.abc import Callable
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError


def off_loop(work: Callable[..., Any], *args: Any) -> Any:
    """Run `work(*args)` in gevent's thread pool if gevent is patched in, else in this thread."""
    from gevent import get_hub, monkey

    if monkey.is_module_patched("threading"):
        return get_hub().threadpool.apply(work, args)
    return work(*args)


class Passwords:
    """Hashes and verifies passwords."""

    def __init__(self) -> None:
        self._hasher = PasswordHasher()
        self._never = self._hasher.hash(secrets.token_urlsafe())

    def hash(self, password: str) -> str:
        """The hash of a password, as stored."""
        return str(off_loop(self._hasher.hash, password))

    def fits(self, kept: str | None, password: str) -> bool:
        """Whether the password matches the stored hash; for None, no, in the same time."""
        return bool(off_loop(self._verify, kept or self._never, password)) and kept is not None

    def _verify(self, kept: str, password: str) -> bool:
        """Caught here, since gevent prints what is raised in its thread pool."""
        try:
            return self._hasher.verify(kept, password)
        except (VerificationError, InvalidHashError):
            return False
