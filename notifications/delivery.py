"""Processes the outbox: of each lane one due delivery at a time, under a lease, its outcome written before the next.

No transaction and no connection is held while a provider is asked. `submitting` is written before the call: a process
that finds it later knows that the outcome is unknown, and looks at the provider's own list before sending again.
"""

import logging
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial

from uuid6 import uuid7

from notifications import plan, wording
from notifications.channels import Callbacks, Channel, Fault, LookFailed, Message, Remedy, Report
from notifications.kind import CRITICAL, KINDS
from notifications.lanes import Lane
from notifications.notice import FAILED, LOOKS, NEWS_WITHIN, SECRET, AddressOf, Digest, Seal, address_to, opened
from notifications.store import NoticeStore, Row

log = logging.getLogger("circle.notices")

LONGEST_PAUSE = timedelta(minutes=10)
STUMBLE = Fault(Remedy.AGAIN, timedelta(seconds=5))
"""Something of ours failed before the call: retry after a pause, until the delivery expires."""


class Outbox:
    """Delivers notices to their recipients, and processes the callbacks of providers."""

    def __init__(
        self,
        store: NoticeStore,
        channels: Mapping[str, Channel],
        callbacks: Mapping[str, Callbacks],
        address_of: AddressOf,
        open_sealed: Seal,
        digest: Digest,
    ) -> None:
        self._store, self._digest = store, digest
        self._channels = channels
        self._callbacks = callbacks
        self._address_of = address_of
        self._open_sealed = open_sealed
        self._closed: dict[str, datetime] = {}
        self._receipts = Lane(store, "receipts", {})
        lanes = plan.lanes(channels.keys())
        self._lanes = {lane: (channel, Lane(store, "deliveries", {"lane": lane})) for lane, channel in lanes.items()}
        self._due = {
            "held": self._release,
            "queued": self._send,
            "submitting": self._lose,
            "unknown": self._look,
            "accepted": self._wait,
            "sent": self._wait,
        }

    @property
    def steps(self) -> dict[str, Callable[[datetime], bool]]:
        """The steps of the worker, each for a loop of its own: the callbacks, and each lane of each channel."""
        lanes = {lane: partial(self._deliver, lane) for lane in self._lanes}
        return {"receipts": self._hear, **lanes}

    def step(self, now: datetime) -> bool:
        """Do one piece of due work of the first lane that has any; gives whether there was one. For a single loop."""
        return any(step(now) for step in self.steps.values())

    def give_back(self, now: datetime) -> None:
        """At the end of this process: release what it has leased and not begun, so that others may lease it."""
        for lane in (self._receipts, *(lane for _, lane in self._lanes.values())):
            lane.give_back(now)

    def _hear(self, now: datetime) -> bool:
        receipt = self._receipts.next_row(now)
        if receipt is None:
            return False
        channel = self._callbacks.get(receipt["provider"])
        report = channel.heard(receipt["said"]) if channel else None
        self._store.end_receipt(receipt, self._learn(receipt, report, now) if report else "unread")
        return True

    def _learn(self, receipt: Row, report: Report, now: datetime) -> str:
        row = self._store.delivery(receipt["delivery"]) or self._store.delivery_of_ref(report.ref or "")
        notice = self._store.notice(row["notice"]) if row else None
        if row is None or notice is None:
            return "nobody's"
        if row.get("ref", report.ref) != report.ref:
            log.warning("news of a second message", extra={"delivery": row["_id"]})
            return "another's"
        changes, further = self._news(row, notice, report, now)
        return "moved" if self._store.learn(row, report.state, now, changes, further) else "no news"

    def _deliver(self, lane: str, now: datetime) -> bool:
        channel, rows = self._lanes[lane]
        row = rows.next_row(now) if self._open(channel, now) else None
        if row is None:
            return False
        try:
            self._due[row["state"]](row, now)
        except Exception:
            log.exception("delivery stumbled", extra={"delivery": row["_id"]})
            self._store.postpone(row, now + _pause(STUMBLE, row), now)
        return True

    # -- one method a state ----------------------------------------------

    def _release(self, row: Row, now: datetime) -> None:
        """The night is over."""
        self._store.finish(row, "queued", now, {"due_at": now})

    def _send(self, row: Row, now: datetime) -> None:
        notice = self._store.notice(row["notice"])
        if notice is None or now >= _ends(row, notice):
            self._end(row, notice, "expired", now)
            return
        if self._channels[row["channel"]].outward and plan.is_enough(notice):
            self._store.finish(row, "suppressed", now, {"error": "seen"})
            return
        wait = plan.earliest(notice["template"], row["channel"], now, notice["_id"])
        if wait > now:
            self._store.postpone(row, wait, now)
            return
        message = self._message(row, notice, now)
        if message is None:
            self._end(row, notice, _without_address(row, notice), now, "no address")
        elif not self._may_say(row, message, now) and KINDS[notice["template"]].category != CRITICAL:
            self._end(row, notice, "undelivered" if row["number"] > 1 else "suppressed", now, "third_same")
        elif self._store.begin(row, now):
            self._settle(row, notice, self._submit(row["channel"], message), now)

    def _lose(self, row: Row, now: datetime) -> None:
        """Whoever submitted it never wrote what came of it."""
        due_at = max(now, row["submitted_at"] + LOOKS[0])
        self._store.finish(row, "unknown", now, {"due_at": due_at, "looks": 0})

    def _look(self, row: Row, now: datetime) -> None:
        notice, looks = self._store.notice(row["notice"]), row["looks"] + 1
        if notice is None:
            self._store.finish(row, "expired", now, {})
            return
        try:
            report = self._look_up(row, notice, now)
        except LookFailed:
            self._stay_unknown(row, notice, now)
            return
        if report is not None:
            self._settle(row, notice, report, now)
        elif looks < len(LOOKS):
            self._store.postpone(row, now + LOOKS[looks], now, looks=looks)
        else:
            self._store.finish(row, "queued", now, {"due_at": now})

    def _stay_unknown(self, row: Row, notice: Row, now: datetime) -> None:
        """The list cannot be read: look again later, and never send without having looked."""
        if now >= _ends(row, notice):
            self._end(row, notice, "expired", now)
        else:
            self._store.postpone(row, now + _pause(STUMBLE, row), now)

    def _wait(self, row: Row, now: datetime) -> None:
        """Its patience is over, and the next step is taken; or so are 72 hours without news."""
        notice = self._store.notice(row["notice"])
        if notice is None or row.get("next_at") is None or now < row["next_at"]:
            is_outward = self._channels[row["channel"]].outward
            self._end(row, notice, "expired" if is_outward else "unseen", now)
            return
        further, end = plan.following(notice, row, now), row["at"] + NEWS_WITHIN
        if further is None:
            self._store.postpone(row, end, now, next_at=None)
        else:
            self._store.pass_on(row, further, end, now)

    # -- inside -----------------------------------------------------------

    def _end(self, row: Row, notice: Row | None, state: str, now: datetime, error: str | None = None) -> None:
        """End a delivery that reached nobody; the next step follows."""
        further = plan.following(notice, row, now) if notice else None
        self._store.finish(row, state, now, {"error": error}, further)

    def _may_say(self, row: Row, message: Message, now: datetime) -> bool:
        """Whether a carrier will take this text for this number once more; counted, under a digest of both."""
        if row["channel"] != "sms":
            return True
        digest = self._digest("sms", f"{message.address}\n{message.sms}")
        return self._store.count_same(digest, row["_id"], plan.MOST_SAME, plan.SAME_WITHIN, now)

    def _submit(self, channel: str, message: Message) -> Report:
        try:
            return self._channels[channel].submit(message)
        except Exception as error:
            log.exception("a channel broke", extra={"delivery": message.delivery})
            return Report("unknown", error=type(error).__name__, fault=Fault(Remedy.LOOK))

    def _look_up(self, row: Row, notice: Row, now: datetime) -> Report | None:
        """What the provider has of this delivery and of no other. Raises LookFailed."""
        message = self._message(row, notice, now)
        if message is None:
            return None
        reports = self._channels[row["channel"]].find(message, row["submitted_at"])
        known = self._store.refs_known(report.ref for report in reports if report.ref)
        return next((report for report in reports if report.ref not in known), None)

    def _settle(self, row: Row, notice: Row, report: Report, now: datetime) -> None:
        """Write what came of a call."""
        changes, further = self._news(row, notice, report, now)
        self._store.finish(row, report.state, now, changes, further)

    def _news(self, row: Row, notice: Row, report: Report, now: datetime) -> tuple[Row, Row | None]:
        """What a report changes in a delivery, and the delivery that it leads to: a further try, or the next step's."""
        fault = report.fault
        if fault is not None and fault.remedy is Remedy.STOP:
            self._close(row["channel"], fault, report, now)
        changes: Row = {"error": report.error, "due_at": _next(row, report, now)}
        if report.ref is not None:
            changes["ref"] = report.ref
        if report.state not in FAILED:
            return changes, None
        return changes, self._further(row, notice, fault, now) or plan.following(notice, row, now)

    def _further(self, row: Row, notice: Row, fault: Fault | None, now: datetime) -> Row | None:
        if notice.get("group") == SECRET:  # its values are gone; whoever waits for it asks for another
            return None
        if fault is None or fault.remedy not in {Remedy.AGAIN, Remedy.STOP} or row["number"] > fault.most:
            return None
        further = plan.delivery(str(uuid7()), notice, row["channel"], row["number"] + 1, now, now + fault.pause)
        return further if further["due_at"] < _ends(further, notice) else None

    def _message(self, row: Row, notice: Row, now: datetime) -> Message | None:
        """What is handed over, or None where the recipient cannot be reached by this channel, or a secret is spent."""
        recipient, channel = notice["recipient"], row["channel"]
        if notice.get("group") == SECRET and not notice["values"]:
            return None
        outward = self._channels[channel].outward
        address = address_to(notice, channel, self._address_of, self._open_sealed) if outward else recipient
        if address is None:
            return None
        template = wording.version_of(notice["template"], notice["version"])
        values = opened(notice, self._open_sealed)
        words = wording.say(template, values, notice["language"], notice["created_at"])
        return Message(
            delivery=row["_id"],
            notice=notice["_id"],
            recipient=recipient,
            address=address,
            template=template.name,
            version=template.version,
            language=notice["language"],
            values=values,
            sms=words.sms,
            title=words.title,
            text=words.text,
            link=notice["link"],
            good_for=_ends(row, notice) - now,
        )

    def _open(self, channel: str, now: datetime) -> bool:
        return now >= self._closed.get(channel, now)

    def _close(self, channel: str, fault: Fault, report: Report, now: datetime) -> None:
        self._closed[channel] = now + fault.pause
        log.error("channel closed: our account is at fault", extra={"channel": channel, "error": report.error})


def _ends(row: Row, notice: Row) -> datetime:
    return plan.ends(notice["template"], notice["created_at"], row["created_at"])


def _without_address(row: Row, notice: Row) -> str:
    """How a try without an address ends: `failed`, so that staff are told, where nothing has told a citizen."""
    is_news = notice["recipient"].startswith("citizen:") and notice.get("group") != SECRET
    return "failed" if is_news and notice["shown_at"] is None else "suppressed"


def _pause(fault: Fault, row: Row) -> timedelta:
    """Doubling with every time it was taken up, up to ten minutes or the fault's own pause."""
    doubled = fault.pause * 2 ** min(row["attempts"] - 1, 10)
    return max(fault.pause, min(doubled, LONGEST_PAUSE))


def _next(row: Row, report: Report, now: datetime) -> datetime:
    """When a delivery is to be looked at again after this report."""
    if report.state == "queued":
        return now + _pause(report.fault or STUMBLE, row)
    if report.state == "unknown":
        return now + LOOKS[0]
    return min(now + NEWS_WITHIN, row.get("next_at") or datetime.max.replace(tzinfo=UTC))
