"""What the clock of a case says in words, in Chinese and English: one sentence per state, its limits, its ledger.

Every face shows these words (pages, lists, look-ups, papers), and none writes a sentence about a date of its own.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any, Literal, NamedTuple, TypeVar

from api.calendar.day_words import TwoLanguages, day_words
from api.calendar.day_words import number_of_days as days
from api.cases.case import Case
from api.cases.clock.ledger_words import OVER, ledger_lines
from api.cases.clock.reckoning import HANDOVER_LIMIT_DAYS
from api.cases.clock.start import NOTICE_LIMIT_DAYS
from api.cases.kinds import PERMIT, state_words
from api.cases.life.standing import CaseStanding
from api.times import BEIJING

Tone = Literal["calm", "soon", "late", "paused", "done"]
Clock = Mapping[str, Any]
Standing = TypeVar("Standing", Case, CaseStanding)
SOON_DAYS = 2
LIMITS = {
    "promised": TwoLanguages("承诺期限", "promised time limit"),
    "legal": TwoLanguages("法定期限", "statutory time limit"),
}
HANDOVER = TwoLanguages("送达期限", "time limit of the hand-over")


class Sentence(NamedTuple):
    """What the clock says, and how pressing it is."""

    words: TwoLanguages
    tone: Tone

    def as_json(self) -> dict[str, str]:
        """As JSON: `{text, text_en, tone}`."""
        return {"text": self.words.zh, "text_en": self.words.en, "tone": self.tone}


class DueDay(NamedTuple):
    """A due day, and whether it is provisional: it lies in a year whose working days are not announced."""

    day: date
    provisional: bool


@dataclass(frozen=True)
class ClockWords:
    """The words of one clock (`of_case.reckon_case`) of a case in a state, at an instant.

    `kind` is that of its matter (kinds.py), `end` the state in which a closed case ended, None where it is not known.
    `is_dated`: every date has its year, as on paper.
    """

    clock: Clock
    state: str
    decided_at: datetime | None
    now: datetime
    kind: str = PERMIT
    end: str | None = None
    is_dated: bool = False
    why: Mapping[str, TwoLanguages] = field(default_factory=dict)
    """By event of the ledger: who did it and why (`ledger_words.reasons`)."""

    def as_json(self) -> dict[str, Any]:
        """The clock's answer with its words: `sentence` {text, text_en, tone}, `limits`, `lines`."""
        return {
            **{name: value for name, value in self.clock.items() if name not in CODES},
            "sentence": self.sentence().as_json(),
            "limits": self.limits(),
            "lines": self.lines(),
        }

    def due(self) -> dict[str, Any]:
        """What a list says of the time: `act_by`, the day by which the case must be done, `left` of that limit with its
        `unit`; and `notice_due`, the day by which the office answers whether it accepts. Each None where none runs."""
        clock, runs = self.clock, self.state in ("submitted", "accepted") and not self.clock.get("error")
        if not runs:
            return {"act_by": None, "left": None, "unit": None, "notice_due": None}
        if not clock["accept_basis"]:
            return {"act_by": None, "left": None, "unit": None, "notice_due": clock["notice_due"]}
        which = "promised" if clock["promised_due"] and clock["promised_due"] == clock["act_by"] else self._nearest()
        left = {"left": self._left(which), "unit": self._unit(which)} if which else {"left": None, "unit": None}
        return {"act_by": clock["act_by"], "notice_due": None, **left}

    def standing(self, standing: Standing) -> Standing:
        """A case, or its standing, as the law has it: accepted and held by nobody where silence has accepted it and
        nothing has recorded that yet."""
        is_deemed = standing.state == "submitted" and self.clock.get("accept_basis")
        return replace(standing, state="accepted", officer=None) if is_deemed else standing

    def state_label(self) -> TwoLanguages:
        """What the state is called, as the law has it."""
        is_deemed = self.state == "submitted" and self.clock.get("accept_basis")
        return state_words(self.kind, "accepted" if is_deemed else self.state, self.end)

    def sentence(self) -> Sentence:
        """The one sentence about the time of this case."""
        if self.clock.get("error"):
            words = TwoLanguages(
                "期限暂时算不出来，请问窗口", "The time limit cannot be worked out now; please ask the window"
            )
            return Sentence(words, "paused")
        match self.state:
            case "supplementing":
                return Sentence(self._waiting(), "paused")
            case "submitted" | "accepted":
                return self._running() if self.clock["accept_basis"] else self._before_acceptance()
            case "granted" | "issued":
                return self._to_hand_over()
            case _:
                return Sentence(joined(self._ended(), self._late()), "done")

    def limits(self) -> list[dict[str, str]]:
        """Each limit of an accepted case: `{name, name_en, text, text_en}`; after the end the time that it took."""
        rows = [self._limit(which) for which in LIMITS if self.clock.get("accept_basis")]
        return [
            {"name": LIMITS[which].zh, "name_en": LIMITS[which].en, "text": words.zh, "text_en": words.en}
            for which, words in zip(LIMITS, rows, strict=False)
            if words
        ]

    def lines(self) -> list[dict[str, Any]]:
        """The ledger in words (ledger_words.py)."""
        return ledger_lines(self.clock, self.kind, self._today, self._year, self.why)

    # -- sentences --------------------------------------------------------------------

    def _waiting(self) -> TwoLanguages:
        """That the office waits for the applicant, and until when, if its notice gave a day."""
        words = TwoLanguages("等申请人补齐材料，其间不计时", "Waiting for the missing papers; no time runs meanwhile")
        due = self.clock.get("supplement_due")
        if not due:
            return words
        by = day_words(date.fromisoformat(due), self._year)
        if due < self._today.isoformat():
            return joined(words, TwoLanguages(f"窗口给的时间到 {by.zh}为止，已经过了", f"The day given was {by.en}"))
        return joined(words, TwoLanguages(f"请最迟 {by.zh}补齐", f"Hand them in by {by.en}"))

    def _before_acceptance(self) -> Sentence:
        due = self._due("notice")
        if self.clock["law"] != "permit":
            words = TwoLanguages(
                "窗口正在看材料，受理后开始计时", "The window is checking the papers; time runs from acceptance"
            )
            return Sentence(words, "calm")
        if due is None or self._is_past_guess(due):
            limit, why = days(NOTICE_LIMIT_DAYS, "working"), self._unknown(due)
            words = TwoLanguages(
                f"窗口在 {limit.zh}内答复是否受理{why.zh}",
                f"The window answers within {limit.en} whether it accepts{why.en}",
            )
            return Sentence(words, "calm")
        by = self._by(due)
        words = TwoLanguages(
            f"窗口最迟 {by.zh}答复是否受理，受理后开始计时",
            f"The window answers by {by.en} whether it accepts; time runs from acceptance",
        )
        return Sentence(words, "soon" if due.day <= self._today else "calm")

    def _running(self) -> Sentence:
        clock, which = self.clock, self._nearest()
        if clock["state"] == "stopped":
            used = days(clock["used"], clock["unit"]) if clock["used"] is not None else None
            words = TwoLanguages(
                f"特别程序期间暂停计时{f'，已用 {used.zh}' if used else ''}",
                f"The clock stands still during a special procedure{f'; {used.en} used' if used else ''}",
            )
            return Sentence(words, "paused")
        if clock["overdue"]:
            return self._overdue("legal")
        if clock["promise_overdue"] and which != "legal":
            return self._overdue("promised")
        if which is None:
            return Sentence(TwoLanguages("这件事没有规定办理期限", "There is no time limit for this matter"), "calm")
        if clock["promise_overdue"]:
            name = TwoLanguages(LIMITS["legal"].zh, f"{LIMITS['legal'].en.capitalize()}: ")
            past = TwoLanguages("已超过承诺期限", "Past the promised time limit")
            return Sentence(joined(past, self._until(which, name).words), "late")
        return self._until(which, TwoLanguages("", ""))

    def _until(self, which: str, called: TwoLanguages) -> Sentence:
        """How long a limit still runs; `called` names it where the sentence does not."""
        name, due, rest, left = LIMITS[which], self._due(which), self._rest(which), self._left(which)
        if due is None:
            words = TwoLanguages(
                f"{called.zh}还剩 {rest.zh}，到期日暂时算不出来" if rest else f"{name.zh}的到期日暂时算不出来",
                f"{called.en}{rest.en} left; the day cannot be worked out yet"
                if rest
                else f"The last day of the {name.en} cannot be worked out yet",
            )
            return Sentence(words, "calm")
        if self._is_past_guess(due):
            return Sentence(self._runs(name, days(self._total(which) or 0, self._unit(which)), due), "calm")
        if due.day == self._today and not due.provisional:
            words = TwoLanguages(f"今天是{name.zh}的最后一天", f"Today is the last day of the {name.en}")
            return Sentence(words, "soon")
        by = self._by(due)
        words = TwoLanguages(
            f"{called.zh}还剩 {rest.zh}，最迟 {by.zh}办结" if rest else f"{called.zh}最迟 {by.zh}办结",
            f"{called.en}{rest.en} left, done by {by.en}" if rest else f"{called.en}To be done by {by.en}",
        )
        return Sentence(words, "calm" if left is None or left > SOON_DAYS else "soon")

    def _runs(self, name: TwoLanguages, limit: TwoLanguages, due: DueDay) -> TwoLanguages:
        """That a limit runs whose last day nobody can tell, as even the guessed one has passed."""
        why = self._unknown(due)
        return TwoLanguages(f"{name.zh} {limit.zh}正在计时{why.zh}", f"The {name.en} of {limit.en} runs{why.en}")

    def _overdue(self, which: str) -> Sentence:
        name, due, late = LIMITS[which], self._due(which), self._over(which)
        last = day_words(due.day, self._year) if due else TwoLanguages("", "")
        words = TwoLanguages(
            f"已超过{name.zh}{f' {late.zh}' if late else ''}（{last.zh}到期）",
            f"Past the {name.en}{f' by {late.en}' if late else ''} (it ended on {last.en})",
        )
        return Sentence(words, "late")

    def _to_hand_over(self) -> Sentence:
        """After a grant: when it was decided, and of a permit by when the result must be handed over (第44条)."""
        decided = self.decided_at.astimezone(BEIJING).date() if self.decided_at else self._today
        on = day_words(decided, self._year)
        decision, due = TwoLanguages(f"{on.zh}已作出决定", f"Decided on {on.en}"), self._due("handover")
        if due is None:
            return Sentence(joined(decision, self._late()), "done")
        if self._is_past_guess(due):
            runs = self._runs(HANDOVER, days(HANDOVER_LIMIT_DAYS, "working"), due)
            return Sentence(joined(decision, runs, self._late()), "done")
        by = self._by(due)
        if due.day < self._today:
            words = TwoLanguages(
                f"{decision.zh}，送达已超过期限（{by.zh}到期）", f"{decision.en}; hand-over was due by {by.en}"
            )
            return Sentence(joined(words, self._late()), "late")
        words = TwoLanguages(f"{decision.zh}，最迟 {by.zh}送达", f"{decision.en}; to be handed over by {by.en}")
        return Sentence(joined(words, self._late()), "soon" if due.day == self._today else "done")

    def _ended(self) -> TwoLanguages:
        filed = FILED.get(self.end or "") if self.state == "closed" else None
        return filed or ENDS[self.state]

    def _late(self) -> TwoLanguages | None:
        """That the end came after a limit, or the hand-over after its own; None where all was in time."""
        clock = self.clock
        if clock["state"] not in OVER:
            return None
        handed_over = TwoLanguages("送达时已超过期限", "Handed over past its time limit")
        is_late_hand_over = (  # a case that ended after its grant was never handed over
            clock["handover_overdue"] and clock["state"] != "ended" and self.state in ("handed_over", "closed")
        )
        which = "legal" if clock["overdue"] else "promised" if clock["promise_overdue"] else None
        if which is None:
            return handed_over if is_late_hand_over else None
        name, over = LIMITS[which], self._over(which)
        done = self._last_step()
        words = TwoLanguages(
            f"{done.zh}时已超过{name.zh}{f' {over.zh}' if over else ''}",
            f"{done.en} {f'{over.en} ' if over else ''}past the {name.en}",
        )
        return joined(words, handed_over if is_late_hand_over else None)

    def _last_step(self) -> TwoLanguages:
        """What ended the clock, where a sentence says how late it was."""
        if self.clock["state"] != "ended" or "revoked" in (self.state, self.end):
            return TwoLanguages("作出决定", "Decided")
        is_terminated = "terminated" in (self.state, self.end)
        return TwoLanguages("终止办理", "Ended") if is_terminated else TwoLanguages("撤回", "Withdrawn")

    # -- limits -----------------------------------------------------------------------

    def _limit(self, which: str) -> TwoLanguages | None:
        clock, total, due = self.clock, self._total(which), self._due(which)
        if total is None:
            return None
        if which == "promised" and total == 0:
            whole = TwoLanguages("当场办结", "on the spot")
        else:
            whole = TwoLanguages(
                f"共 {days(total, self._unit(which)).zh}", f"{days(total, self._unit(which)).en} in all"
            )
        if clock["overdue" if which == "legal" else "promise_overdue"] and due:
            name, over, on = LIMITS[which], self._over(which), day_words(due.day, self._year)
            past = TwoLanguages(
                f"超过 {over.zh}" if over else f"超过{name.zh}", f"{over.en} over" if over else f"past the {name.en}"
            )
            return TwoLanguages(f"{whole.zh}，{on.zh}到期，{past.zh}", f"{whole.en}, until {on.en}, {past.en}")
        left = self._left(which)
        used = None if left is None or total == 0 else total - left
        is_over = clock["state"] in OVER
        verb = "用了" if is_over else "已用"
        count = TwoLanguages("", "") if used is None else TwoLanguages(f"，{verb} {used} 个", f", {used} used")
        until = TwoLanguages("", "")
        if due and not is_over:
            by = self._by(due)
            until = (
                self._unknown(due) if self._is_past_guess(due) else TwoLanguages(f"，最迟 {by.zh}", f", until {by.en}")
            )
        return TwoLanguages(whole.zh + count.zh + until.zh, whole.en + count.en + until.en)

    def _nearest(self) -> str | None:
        """The limit that ends first of those that are not over: `promised` or `legal`; None without any."""
        clock = self.clock
        has = {"promised": clock["promised_total"] is not None, "legal": clock["total"] is not None}
        has["promised"] = has["promised"] and not (clock["promise_overdue"] and has["legal"])
        open_limits = [which for which in LIMITS if has[which]]
        far = date.max
        return min(open_limits, key=lambda which: due.day if (due := self._due(which)) else far, default=None)

    def _due(self, which: str) -> DueDay | None:
        known, guess = self.clock.get(f"{which}_due"), self.clock.get("provisional", {}).get(f"{which}_due")
        text = known or guess
        return DueDay(date.fromisoformat(text[:10]), not known) if text else None

    def _is_past_guess(self, due: DueDay) -> bool:
        """Whether a provisional day has passed: then it neither binds anybody nor makes anything late."""
        return due.provisional and due.day < self._today

    def _unknown(self, due: DueDay | None) -> TwoLanguages:
        """That a last day cannot be told, as the end of a sentence; nothing where there is no guess either."""
        if due is None:
            return TwoLanguages("", "")
        year = due.day.year
        return TwoLanguages(
            f"，最后一天现在还算不出来（{year} 年放假安排未公布）",
            f"; its last day cannot be told yet (the holidays of {year} are not announced)",
        )

    def _total(self, which: str) -> int | None:
        total: int | None = self.clock["total" if which == "legal" else "promised_total"]
        return total

    def _over(self, which: str) -> TwoLanguages | None:
        """By how many days a limit was passed; None if no whole day, or where nobody counts them: of a promise."""
        number = self.clock["overdue_days"] if which == "legal" else None
        return days(number, self._unit(which)) if number else None

    def _left(self, which: str) -> int | None:
        left: int | None = self.clock["left" if which == "legal" else "promised_left"]
        return left

    def _rest(self, which: str) -> TwoLanguages | None:
        left = self._left(which)
        return days(left, self._unit(which)) if left else None

    def _unit(self, which: str) -> str:
        return str(self.clock["unit"]) if which == "legal" else "working"

    def _by(self, due: DueDay) -> TwoLanguages:
        zh, en = on = day_words(due.day, self._year)
        if not due.provisional:
            return on
        why = f"{due.day.year} 年放假安排未公布，暂按周一至周五算"
        why_en = f"provisional: the holidays of {due.day.year} are not announced"
        return TwoLanguages(f"{zh}（{why}）", f"{en} ({why_en})")

    @property
    def _year(self) -> date | None:
        """The day whose year goes without saying."""
        return None if self.is_dated else self._today

    @property
    def _today(self) -> date:
        return self.now.astimezone(BEIJING).date()


CODES = frozenset({"ledger", "telling", "handed_over"})
"""What of a clock no face shows as it is: `lines` says it in words."""
ENDS = {
    "refused": TwoLanguages("已作出决定，不再计时", "Decided; no time runs any more"),
    "handed_over": TwoLanguages("结果已送达，不再计时", "Handed over; no time runs any more"),
    "declined": TwoLanguages("没有受理，不计时", "Not accepted; no time runs"),
    "withdrawn": TwoLanguages("申请已撤回，不再计时", "Withdrawn; no time runs any more"),
    "terminated": TwoLanguages("已终止办理，不再计时", "Ended without a decision; no time runs any more"),
    "revoked": TwoLanguages("决定已撤销，不再计时", "The decision was revoked; no time runs any more"),
    "closed": TwoLanguages("已办结，不再计时", "Closed; no time runs any more"),
}
"""The sentences of the states in which a case has ended."""
FILED = {
    "declined": TwoLanguages("没有受理，已归档，不计时", "Not accepted, closed; no time runs"),
    "withdrawn": TwoLanguages("申请已撤回，已归档，不再计时", "Withdrawn, closed; no time runs any more"),
    "terminated": TwoLanguages(
        "已终止办理，已归档，不再计时", "Ended without a decision, closed; no time runs any more"
    ),
    "revoked": TwoLanguages("决定已撤销，已归档，不再计时", "Revoked, closed; no time runs any more"),
}
"""The sentences of a closed case, by the state in which it ended, where nothing was decided."""


def joined(*sentences: TwoLanguages | None) -> TwoLanguages:
    """Sentences one after another, those that are None left out."""
    rows = [sentence for sentence in sentences if sentence]
    return TwoLanguages("。".join(row.zh for row in rows), ". ".join(row.en for row in rows))
