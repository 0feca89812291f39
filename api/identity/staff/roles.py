"""The roles of staff, and what a member of staff must set before work."""

from collections.abc import Mapping
from typing import Any

from api.identity.masking import UNMASKED
from api.refusals import Refusal

ROLES = frozenset({"window", "handler", "head", "supervisor", "admin"})
SECOND_FACTOR_ROLES = frozenset({"supervisor", "admin"}) | UNMASKED["id_number"]
"""Who oversees or administers, and whoever sees identity numbers in full."""

NEWCOMER = "newcomer"
"""The one role of a log-in that must first set a password or a second factor: it opens those routes alone."""

CHANGE_PASSWORD = ("请先修改初始密码，再开始工作。", "Change the first password before you begin to work.")
SET_SECOND_FACTOR = (
    "您的岗位要求两步验证：请先绑定身份验证器，再开始工作。",
    "Your post requires a second factor: set up an authenticator before you begin to work.",
)
TRIAL = (
    "试用环境：暂不要求两步验证。正式使用时，您的岗位必须绑定身份验证器。",
    "This is a trial: no second factor is asked for. In real use your post requires an authenticator.",
)


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


class RoleBySecondAdmin(Refusal):
    """Nobody gives themself a role or post, alone or by way of an administrator whom they added or raised."""

    code = "second_admin_needed"
    zh = "自己的岗位和权限须由另一位管理员修改；由您添加或提升的人、今天刚添加或提升的人也不行。"
    en = (
        "Another administrator must give you a role or post: not one whom you added or raised, nor one who was added "
        "or raised today."
    )


def check_roles(roles: set[str]) -> None:
    """Raises ValueError where a role is not one of ours, or there is none."""
    if not roles or not roles <= ROLES:
        raise ValueError(f"岗位只能是 {'、'.join(sorted(ROLES))}。")


def wants_second_factor(row: dict[str, Any]) -> bool:
    """Whether the post requires a second factor that is not set yet."""
    return not row.get("totp_on") and bool(SECOND_FACTOR_ROLES & set(row["roles"]))


def is_newcomer(row: dict[str, Any], trial: bool) -> bool:
    """Whether this member of staff must first set a password or a second factor."""
    return bool(row.get("must_change")) or (wants_second_factor(row) and not trial)


def roles_of(row: dict[str, Any], trial: bool) -> frozenset[str]:
    """The roles that a session of this member of staff has now."""
    return frozenset({NEWCOMER}) if is_newcomer(row, trial) else frozenset({"staff", *row["roles"]})


def difference(before: Mapping[str, Any], change: Mapping[str, Any]) -> str:
    """What a change makes of roles, point, department and `active`, in codes for the audit; names are left out."""
    return "; ".join(
        f"{field}: {_codes(before[field])} -> {_codes(change[field])}"
        for field in ("roles", "point", "department", "active")
        if field in change and change[field] != before[field]
    )


def _codes(value: object) -> str:
    return ",".join(sorted(map(str, value))) if isinstance(value, list | tuple | set) else str(value or "-")
