"""The tokens of a session: how they are created and stored, and how long they are valid."""

import hashlib
import secrets

from api.refusals import Refusal

TOKEN_SECONDS = 2 * 3600
REFRESH_DAYS = 30


class RefreshBad(Refusal):
    """The refresh token is unknown, expired or used; a used one ends its whole family of sessions."""

    code = "refresh_bad"
    zh = "登录已过期，请重新登录。"
    en = "Your log-in has expired. Log in again."


def new_token() -> str:
    """A new opaque token of 256 random bits."""
    return secrets.token_urlsafe(32)


def digest(secret: str) -> str:
    """The stored hash of a token: SHA-256, which is enough for 256 random bits."""
    return hashlib.sha256(secret.encode()).hexdigest()
