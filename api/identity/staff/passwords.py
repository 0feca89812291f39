"""Passwords by argon2 (RFC 9106), beside the event loop: one takes some 50 ms of a core and lets go of the lock."""

import secrets
from collections.abc import Callable
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError


def off_loop(work: Callable[..., Any], *args: Any) -> Any:
    """`work(*args)`, in gevent's pool of real threads where gevent runs the sockets, else right here."""
    from gevent import get_hub, monkey

    if monkey.is_module_patched("threading"):
        return get_hub().threadpool.apply(work, args)
    return work(*args)


class Passwords:
    """Hash and check."""

    def __init__(self) -> None:
        self._hasher = PasswordHasher()
        self._never = self._hasher.hash(secrets.token_urlsafe())

    def hash(self, password: str) -> str:
        """What is kept of a password."""
        return str(off_loop(self._hasher.hash, password))

    def fits(self, kept: str | None, password: str) -> bool:
        """Whether it is this one. Where there is nobody (None) it takes the same time and never is."""
        try:
            off_loop(self._hasher.verify, kept or self._never, password)
        except (VerificationError, InvalidHashError):
            return False
        return kept is not None
