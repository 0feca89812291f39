"""The kinds of notices: one per occasion, with its category, its plan, and how long it is worth sending."""

from dataclasses import dataclass
from datetime import timedelta

SECRET, CRITICAL, ORDINARY = "secret", "critical", "ordinary"
"""The categories. A secret lets somebody in: no inbox, no list of staff, no further try after it was sent, no night,
and its values are removed once it was sent. What is critical goes out at night too: the recipient may have to stop
somebody."""


@dataclass(frozen=True)
class Step:
    """One step of a plan: a channel, and how long it has to reach the recipient before the next step is taken."""

    channel: str
    patience: timedelta = timedelta(0)


FIRST_INBOX = (Step("in_app", timedelta(minutes=10)), Step("sms"))
AT_ONCE, SMS_ALONE, INBOX_ALONE = (Step("in_app"), Step("sms")), (Step("sms"),), (Step("in_app"),)
"""The plans. Who has the page open is told there, and gets no SMS. What is critical goes out by both at once, and the
SMS also where the page has displayed it: somebody else may sit before it."""


@dataclass(frozen=True)
class Kind:
    """One occasion, such as `case_accepted`: by which channels in turn, and until when after it was created."""

    name: str
    category: str = ORDINARY
    steps: tuple[Step, ...] = FIRST_INBOX
    good_for: timedelta | None = None
    """None: every try is worth 72 hours."""
    keeps_phone: bool = False
    """Its SMS goes to the phone of when it was created, at whatever try: it warns of a change of that phone."""

    @property
    def channels(self) -> tuple[str, ...]:
        """The channels of its plan, in their order."""
        return tuple(step.channel for step in self.steps)

    def patience(self, channel: str) -> timedelta:
        """How long a channel has before the next step is taken; zero where none waits for it."""
        return next((step.patience for step in self.steps if step.channel == channel), timedelta(0))

    @property
    def is_secret(self) -> bool:
        """Whether it lets somebody in."""
        return self.category == SECRET

    @property
    def waits_for_morning(self) -> bool:
        """Whether it is held during the quiet hours."""
        return self.category == ORDINARY


_STAFF = ("case_near_due", "case_overdue", "papers_not_brought", "rectification_to_check")
_TALKS = ("talk_promise_due", "talk_promise_overdue")
_ACCOUNT = ("identity_bound", "identity_bound_elsewhere", "phone_changed")
_ORDINARY = (
    *("identity_tried_elsewhere", "verification_stopped", "accounts_joined", "report_settled", "talk_waiting"),
    *("draft_ends", "case_submitted", "case_accepted", "case_deemed_accepted", "case_deferred", "case_declined"),
    *("case_withdrawn", "case_granted", "case_refused", "case_finished", "case_terminated", "case_corrected"),
    *("case_due_changed", "case_handed_over", "supplement_requested", "supplement_near", "supplement_over"),
    *("deferral_due", "deferral_again", "promise_checked", "procedure_started", "procedure_ended", "limit_extended"),
    *("rectification_ordered", "rectification_near", "rectification_over", "rectification_checked", "decision_revoked"),
    *("result_issued", "result_reissued", "parcel_sent", "parcel_out_for_delivery", "parcel_delivered"),
)

KINDS = {
    kind.name: kind
    for kind in (
        Kind("login_code", SECRET, SMS_ALONE, timedelta(minutes=5)),
        Kind("identity_check", SECRET, SMS_ALONE, timedelta(minutes=30)),
        Kind("security_alarm", CRITICAL, INBOX_ALONE),
        *(Kind(name, CRITICAL, AT_ONCE) for name in _ACCOUNT),
        Kind("phone_change_opened", CRITICAL, AT_ONCE, keeps_phone=True),
        *(Kind(name, steps=INBOX_ALONE) for name in (*_STAFF, *_TALKS)),
        *(Kind(name) for name in _ORDINARY),
    )
}
"""Every kind. A code that is to be read out at a window also stands on the citizen's own page; staff have no phone
number here."""
