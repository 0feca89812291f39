"""The rules of staff: roles, passwords, the second factor, lock-out, idle log-out, recovery, and their refusals."""

from datetime import datetime, timedelta
from typing import Any

import pyotp
import segno

from api.refusals import Refusal

ROLES = frozenset({"window", "handler", "head", "supervisor", "admin"})
SECOND_FACTOR_ROLES = frozenset({"head", "supervisor", "admin"})
NEWCOMER = "newcomer"
"""The one role of a log-in that must first set a password or a second factor: it opens those routes alone."""

SHORTEST_PASSWORD = 10
PASSWORD_RULE = f"a password has at least {SHORTEST_PASSWORD} characters and is not easily guessed from the user name"
WRONG_TRIES = 5
LOCK_SECONDS = 15 * 60
IDLE_MINUTES = 30
RECOVERY_HOURS = 24
TOTP_STEP = 30
ISSUER = "新城服务圈"

CHANGE_PASSWORD = ("请先修改初始密码，再开始工作。", "Change the first password before you begin to work.")
SET_SECOND_FACTOR = (
    "您的岗位要求两步验证：请先绑定身份验证器，再开始工作。",
    "Your post requires a second factor: set up an authenticator before you begin to work.",
)
TRIAL = (
    "试用环境：暂不要求两步验证。正式使用时，您的岗位必须绑定身份验证器。",
    "This is a trial: no second factor is asked for. In real use your post requires an authenticator.",
)


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


class TotpNeeded(Refusal):
    """The password is right; the code of the authenticator is missing."""

    code = "totp_needed"
    zh = "请输入身份验证器上的 6 位数字。"
    en = "Give the six digits of your authenticator."


class TotpWrong(Refusal):
    """Not the code of now, or one that was used already."""

    code = "totp_wrong"
    zh = "验证器上的数字不对或已用过，请等下一组数字。"
    en = "The digits are wrong or were used. Wait for the next ones."


class TotpExists(Refusal):
    """A second factor is only replaced through a recovery."""

    code = "totp_exists"
    zh = "已经绑定身份验证器。如需更换，请两位管理员恢复账号。"
    en = "An authenticator is set already. To replace it, two administrators recover the account."


class UsernameTaken(Refusal):
    """Two people cannot share a user name."""

    code = "username_taken"
    zh = "这个用户名已被使用，请换一个。"
    en = "This user name is taken. Choose another."


class LastAdmin(Refusal):
    """Somebody must be left who can manage staff."""

    code = "last_admin"
    zh = "这是最后一位管理员，请先指定另一位。"
    en = "This is the last administrator. Appoint another first."


class NoRecovery(Refusal):
    """No recovery of this account is open."""

    code = "no_recovery"
    zh = "没有待确认的恢复申请，或申请已过期，请重新发起。"
    en = "No recovery is waiting, or it has expired. Open one first."


class SecondAdminNeeded(Refusal):
    """Who opened a recovery, or is recovered, cannot confirm it."""

    code = "second_admin_needed"
    zh = "恢复账号须由另一位管理员确认。"
    en = "Another administrator must confirm the recovery."


def check_roles(roles: set[str]) -> None:
    """Raises ValueError where a role is not one of ours, or there is none."""
    if not roles or not roles <= ROLES:
        raise ValueError(f"岗位只能是 {'、'.join(sorted(ROLES))}。")


def check_password(password: str, username: str) -> None:
    """Raises ValueError with what a password must be: long, and not the user name (NIST SP 800-63B §5.1.1.2)."""
    if len(password) < SHORTEST_PASSWORD:
        raise ValueError(f"密码至少 {SHORTEST_PASSWORD} 个字符。")
    if username.lower() in password.lower() or len(set(password)) < 5:
        raise ValueError("密码太容易猜，请换一个。")


def wants_second_factor(row: dict[str, Any]) -> bool:
    """Whether the post requires a second factor that is not set yet."""
    return not row.get("totp_on") and bool(SECOND_FACTOR_ROLES & set(row["roles"]))


def is_newcomer(row: dict[str, Any], trial: bool) -> bool:
    """Whether this officer must first set a password or a second factor."""
    return bool(row.get("must_change")) or (wants_second_factor(row) and not trial)


def roles_of(row: dict[str, Any], trial: bool) -> frozenset[str]:
    """The roles that a log-in of this officer has now."""
    return frozenset({NEWCOMER}) if is_newcomer(row, trial) else frozenset({"staff", *row["roles"]})


def is_idle(seen_at: datetime | None, now: datetime) -> bool:
    """Whether a log-in was left alone for too long."""
    return seen_at is not None and now - seen_at > timedelta(minutes=IDLE_MINUTES)


def totp_step(secret: str, digits: str, now: datetime) -> int | None:
    """The step (RFC 6238, of 30 s) that these digits belong to, one before or after now allowed; None where wrong."""
    totp, step = pyotp.TOTP(secret), int(now.timestamp()) // TOTP_STEP
    for candidate in (step, step - 1, step + 1):
        if pyotp.utils.strings_equal(digits.strip(), totp.generate_otp(candidate)):
            return candidate
    return None


def new_totp_secret() -> str:
    """160 random bits in base32."""
    return pyotp.random_base32()


def totp_qr(uri: str) -> str:
    """The address for an authenticator as a QR code: an SVG picture as a data URI."""
    return segno.make_qr(uri, error="m").svg_data_uri(omitsize=True)


def totp_uri(secret: str, username: str) -> str:
    """What an authenticator reads from a QR code."""
    return pyotp.TOTP(secret).provisioning_uri(name=username, issuer_name=ISSUER)
