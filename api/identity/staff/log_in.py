"""The rules of staff log-in: what a password must be, lock-out after wrong tries, and idle log-out."""

from datetime import datetime, timedelta

from api.refusals import Refusal

SHORTEST_PASSWORD = 10
PASSWORD_RULE = f"a password has at least {SHORTEST_PASSWORD} characters and is not easily guessed from the user name"
WRONG_TRIES = 5
LOCK_SECONDS = 15 * 60
IDLE_MINUTES = 30


class PasswordWrong(Refusal):
    """Unknown user or wrong password: both look the same."""

    code = "password_wrong"
    zh = "用户名或密码不对。"
    en = "Wrong user name or password."


class LockedOut(Refusal):
    """Too many wrong tries for this user name, whether or not there is such a user."""

    code = "locked_out"
    zh = "错误次数太多，请过一会儿再试，或请管理员恢复账号。"
    en = "Too many wrong tries. Wait, or ask an administrator for a recovery."


def check_password(password: str, username: str) -> None:
    """Raises ValueError with what a password must be: long, and not the user name (NIST SP 800-63B §5.1.1.2)."""
    if len(password) < SHORTEST_PASSWORD:
        raise ValueError(f"密码至少 {SHORTEST_PASSWORD} 个字符。")
    if username.lower() in password.lower() or len(set(password)) < 5:
        raise ValueError("密码太容易猜，请换一个。")


def is_idle(seen_at: datetime | None, now: datetime) -> bool:
    """Whether a log-in has been unused for longer than IDLE_MINUTES."""
    return seen_at is not None and now - seen_at > timedelta(minutes=IDLE_MINUTES)
