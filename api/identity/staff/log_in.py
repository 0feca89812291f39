"""The rules of staff log-in: lock-out after wrong tries, the end of a first password, and the refusals."""

from datetime import datetime, timedelta

from api.refusals import Refusal

WRONG_TRIES = 5
LOCK_SECONDS = 15 * 60
FIRST_PASSWORD_DAYS = 3


class PasswordWrong(Refusal):
    """Unknown user or wrong password: both look the same."""

    code = "password_wrong"
    zh = "用户名或密码不对。"
    en = "Wrong user name or password."


class FirstPasswordOver(Refusal):
    """The first password is right and was not used in time."""

    code = "first_password_over"
    zh = "初始密码已过期，请管理员重新发一个。"
    en = "The first password has expired. Ask an administrator for another."


class LockedOut(Refusal):
    """Too many wrong tries for this user name, whether or not there is such a user."""

    code = "locked_out"
    zh = "错误次数太多，请过一会儿再试，或请管理员恢复账号。"
    en = "Too many wrong tries. Wait, or ask an administrator for a recovery."


def first_password_end(given_at: datetime) -> datetime:
    """When a first password that was given out is good no more."""
    return given_at + timedelta(days=FIRST_PASSWORD_DAYS)
