"""The acts that the audit knows, by kind; which refusal is noted as which act; how many of an act ring an alarm.

An act is `noun.verb`, or `read_…` for a look at what belongs to somebody. Older rows keep the names they were written
with. tests/audit/test_acts.py holds the table complete against every call of `record`, and tries each act.
"""

from datetime import timedelta
from typing import NamedTuple

KINDS: dict[str, frozenset[str]] = {
    "log_in": frozenset({"log_in", "log_in.failed", "log_in.locked", "log_out", "refresh.reused", "code.limited"}),
    "refused": frozenset(
        {
            *("refused.role", "refused.record", "refused.rule", "refused.signature", "refused.limit"),
            *("lookup.wrong", "lookup.locked"),
        }
    ),
    "account": frozenset(
        {
            *("verify_by_register", "verify_by_window", "account.rebound", "close_account", "export"),
            *("open_card", "open_phone", "verification_objected", "verification_revoked", "join_accounts"),
            *("phone_change", "phone_at_window", "phone_released"),
            *("mandate.give", "mandate.end", "staff.add", "staff.change", "staff.password"),
            *("sessions.end", "staff.totp", "staff.open_recovery", "staff.withdraw_recovery", "staff.recover"),
        }
    ),
    "look": frozenset(
        {
            *("read_unmasked", "read_masked", "read_timeline", "read_clock", "read_parcel", "read_file", "read_list"),
            *("read_documents",),
            *("read_conversation", "read_talk", "read_original", "read_audit", "read_verifications"),
            "search_cases",
        }
    ),
    "operation": frozenset(
        {
            *("keys.new", "keys.gone", "keys.rotate", "keys.rotate_index", "backup", "restore"),
            *("setting.weak", "setting.restored", "alarm", "network.add", "network.use", "retry_job", "drop_job"),
        }
    ),
    "act": frozenset(
        {
            *(f"case.{act}" for act in ("supplement", "withdraw", "claim", "release", "accept", "deem", "decline")),
            *(f"case.{act}" for act in ("request_supplement", "transfer", "decide", "issue", "hand_over", "note")),
            *("case.submit_for", "case.supplement_for", "case.withdraw_for", "case.told"),
            *("case.close", "case.told_late", "case.overdue", "case.due_changed", "promise.lift"),
            *(f"template.{act}" for act in ("add", "change", "retire")),
            *(f"case.{act}" for act in ("defer", "promise", "check_promise", "order_rectification", "revoke")),
            "case.check_rectification",
            *(f"case.{act}" for act in ("start_procedure", "end_procedure", "survey", "review", "assign", "finish")),
            *(f"case.{act}" for act in ("correct", "reissue", "terminate")),
            *(f"case.{act}" for act in ("request_extension", "approve_extension", "refuse_extension")),
            *(f"conversation.{event}" for event in ("assigned", "transferred", "queued", "taken_over", "returned")),
            *(f"conversation.{event}" for event in ("left", "closed", "warned", "rated", "reopened", "tied")),
            *(f"conversation.{event}" for event in ("blocked", "unblocked", "whispered")),
            *(f"point.{act}" for act in ("add", "change", "remove")),
            *(f"calendar.{kind}" for kind in ("rest", "work", "usual")),
            *(f"matter.{act}" for act in ("draft", "change", "drop", "publish", "load")),
            *(f"report.{outcome}" for outcome in ("corrected", "not_wrong", "duplicate")),
            *("parcel.send", "take_over_file", "notice.resend"),
        }
    ),
}
"""Every act, by the kind that a reader of the audit filters by."""

KIND_OF = {act: kind for kind, acts in KINDS.items() for act in acts}

OF_REFUSAL: dict[str, str] = {
    "password_wrong": "log_in.failed",
    "totp_wrong": "log_in.failed",
    "code_wrong": "log_in.failed",
    "wechat_code_wrong": "log_in.failed",
    "identity_wrong": "log_in.failed",
    "confirmation_wrong": "log_in.failed",
    "locked_out": "log_in.locked",
    "limit_reached": "code.limited",
    "role_wrong": "refused.role",
    "signature_bad": "refused.signature",
    "too_many": "refused.limit",
    "too_often": "refused.limit",
    "too_many_lines": "refused.limit",
}
"""The act that a refusal with this code is noted as. Other refusals with status 403 are `refused.rule`; not_found is
`refused.record` where the service knows whose record was asked for."""

WITHIN = timedelta(minutes=10)
"""The span in which the numbers of ALARMS are counted."""


class Alarm(NamedTuple):
    """How many of an act within ten minutes ring an alarm, over all processes; and what the act is, in words."""

    bound: int
    zh: str
    en: str


ALARMS: dict[str, Alarm] = {
    "log_in.failed": Alarm(100, "登录失败", "Failed log-in"),
    "log_in.locked": Alarm(20, "账号因多次输错被暂停登录", "Log-in locked after wrong tries"),
    "refused.role": Alarm(100, "越权操作被拒绝", "Act beyond one's role refused"),
    "refused.record": Alarm(50, "查看他人信息被拒绝", "Look at another's record refused"),
    "refused.signature": Alarm(20, "伪造的回调被拒绝", "Forged callback refused"),
    "lookup.wrong": Alarm(50, "查询码输错", "Wrong receipt code"),
    "lookup.locked": Alarm(20, "办件因查询码输错被暂停查询", "Look-ups of a case paused"),
    "refresh.reused": Alarm(1, "登录凭证被重复使用，可能被盗", "Log-in token used twice, perhaps stolen"),
    "account.rebound": Alarm(1, "已核验账号换绑", "Verified account bound anew"),
    "setting.weak": Alarm(1, "系统设置降低了安全性", "Setting that weakens security"),
}
"""The acts that ring alarms."""


def kind_of(act: str) -> str:
    """The kind of an act; `act` for one that the table does not know."""
    return KIND_OF.get(act, "act")
