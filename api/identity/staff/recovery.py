"""The rules of recovery: two administrators reset the password and second factor of a member of staff."""

from api.refusals import Refusal

RECOVERY_HOURS = 24


class NoRecovery(Refusal):
    """No recovery of this account is open."""

    code = "no_recovery"
    zh = "没有待确认的恢复申请，或申请已过期，请重新发起。"
    en = "No recovery is waiting, or it has expired. Open one first."


class SecondAdminNeeded(Refusal):
    """Who opened a recovery, or is recovered, cannot confirm it; nor who depends on the opener, or is new today."""

    code = "second_admin_needed"
    zh = "恢复账号须由另一位管理员确认：不能是发起人添加或提升的人，也不能是今天刚添加或提升的人。"
    en = "Another administrator must confirm: not one whom the opener added or raised, nor one added or raised today."
