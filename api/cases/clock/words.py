"""What the clock of a case says in words, in Chinese and English: one sentence per state, its limits, its ledger.

Every face shows these words (pages, lists, look-ups, papers), and none writes a sentence about a date of its own.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Literal, NamedTuple

from api.calendar.day_words import TwoLanguages, day_words
from api.calendar.day_words import number_of_days as days
from api.cases.case import CaseStanding
from api.times import BEIJING

Tone = Literal["calm", "soon", "late", "paused", "done"]
Clock = Mapping[str, Any]
SOON_DAYS = 2
LIMITS = {
    "promised": TwoLanguages("承诺期限", "promised time limit"),
    "legal": TwoLanguages("法定期限", "statutory time limit"),
}


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

    `is_dated`: every date has its year, as on paper.
    """

    clock: Clock
    state: str
    decided_at: datetime | None
    now: datetime
    is_dated: bool = False

    def as_json(self) -> dict[str, Any]:
        """The clock's answer with its words: `sentence` {text, text_en, tone}, `limits`, `lines`."""
        return {
            **self.clock,
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

    def standing(self, standing: CaseStanding) -> CaseStanding:
        """The standing as the law has it: accepted where silence has done so and nothing has recorded it yet."""
        is_deemed = standing.state == "submitted" and self.clock.get("accept_basis")
        return replace(standing, state="accepted", officer=None) if is_deemed else standing

    def sentence(self) -> Sentence:
        """The one sentence about the time of this case."""
        if self.clock.get("error"):
            words = TwoLanguages(
                "期限暂时算不出来，请问窗口", "The time limit cannot be worked out now; please ask the window"
            )
            return Sentence(words, "paused")
        match self.state:
            case "supplementing":
                words = TwoLanguages(
                    "等申请人补齐材料，其间不计时", "Waiting for the missing papers; no time runs meanwhile"
                )
                return Sentence(words, "paused")
            case "submitted" | "accepted":
                return self._running() if self.clock["accept_basis"] else self._before_acceptance()
            case "granted" | "issued":
                return self._to_hand_over()
            case _:
                return Sentence(ENDS[self.state], "done")

    def limits(self) -> list[dict[str, str]]:
        """Each limit of an accepted case: `{name, name_en, text, text_en}`; after the end the time that it took."""
        rows = [self._limit(which) for which in LIMITS if self.clock.get("accept_basis")]
        return [
            {"name": LIMITS[which].zh, "name_en": LIMITS[which].en, "text": words.zh, "text_en": words.en}
            for which, words in zip(LIMITS, rows, strict=False)
            if words
        ]

    def lines(self) -> list[dict[str, Any]]:
        """The ledger: `{date, day, day_en, text, text_en, used, used_text, used_text_en}` per line. Limits that an end
        has overtaken are left out."""
        return list(self._lines())

    # -- sentences --------------------------------------------------------------------

    def _before_acceptance(self) -> Sentence:
        due = self._due("notice")
        if self.clock["law"] != "permit":
            words = TwoLanguages(
                "窗口正在看材料，受理后开始计时", "The window is checking the papers; time runs from acceptance"
            )
            return Sentence(words, "calm")
        if due is None:
            words = TwoLanguages(
                "窗口在 5 个工作日内答复是否受理", "The window answers within 5 working days whether it accepts"
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
        due = self._due(which)
        if due is None:
            rest = self._rest(which) or LIMITS[which]
            return Sentence(
                TwoLanguages(
                    f"还剩 {rest.zh}，到期日暂时算不出来", f"{rest.en} left; the day cannot be worked out yet"
                ),
                "calm",
            )
        words, tone = self._until(which, due)
        if clock["promise_overdue"]:
            return Sentence(
                TwoLanguages(
                    f"已超过承诺期限；法定期限{words.zh}", f"Past the promised time limit; statutory: {words.en}"
                ),
                "late",
            )
        return Sentence(words, tone)

    def _until(self, which: str, due: DueDay) -> Sentence:
        by, rest = self._by(due), self._rest(which)
        if due.day == self._today and not due.provisional:
            name = LIMITS[which]
            return Sentence(
                TwoLanguages(f"今天是{name.zh}的最后一天", f"Today is the last day of the {name.en}"), "soon"
            )
        is_soon = (self._left(which) or 0) <= SOON_DAYS
        words = TwoLanguages(
            f"还剩 {rest.zh}，最迟 {by.zh}办结" if rest else f"最迟 {by.zh}办结",
            f"{rest.en} left, done by {by.en}" if rest else f"Done by {by.en}",
        )
        return Sentence(words, "soon" if is_soon else "calm")

    def _overdue(self, which: str) -> Sentence:
        name, due = LIMITS[which], self._due(which)
        number = self.clock["overdue_days"] if which == "legal" else None
        late = days(number, self.clock["unit"]) if number else None
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
        due = self._due("handover")
        if due is None:
            return Sentence(TwoLanguages(f"{on.zh}已作出决定", f"Decided on {on.en}"), "done")
        by = self._by(due)
        if due.day < self._today:
            words = TwoLanguages(
                f"{on.zh}已作出决定，送达已超过期限（{by.zh}到期）", f"Decided on {on.en}; hand-over was due by {by.en}"
            )
            return Sentence(words, "late")
        words = TwoLanguages(f"{on.zh}已作出决定，最迟 {by.zh}送达", f"Decided on {on.en}; handed over by {by.en}")
        return Sentence(words, "soon" if due.day == self._today else "done")

    # -- limits -----------------------------------------------------------------------

    def _limit(self, which: str) -> TwoLanguages | None:
        clock = self.clock
        total = clock["total"] if which == "legal" else clock["promised_total"]
        if total is None:
            return None
        if which == "promised" and total == 0:
            whole = TwoLanguages("当场办结", "on the spot")
        else:
            whole = TwoLanguages(
                f"共 {days(total, self._unit(which)).zh}", f"{days(total, self._unit(which)).en} in all"
            )
        left = self._left(which)
        used = None if left is None or total == 0 else total - left
        is_over = clock["state"] in ("decided", "ended")
        verb = "用了" if is_over else "已用"
        count = TwoLanguages("", "") if used is None else TwoLanguages(f"，{verb} {used} 个", f", {used} used")
        due = None if is_over else self._due(which)
        until = (
            TwoLanguages(f"，最迟 {self._by(due).zh}", f", until {self._by(due).en}") if due else TwoLanguages("", "")
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

    # -- the ledger -------------------------------------------------------------------

    def _lines(self) -> Iterator[dict[str, Any]]:
        is_over = self.clock.get("state") in ("decided", "ended")
        unit = self.clock.get("unit") or "working"
        for line in self.clock.get("ledger", ()):
            day_text, code, count = line.split(" ")
            if is_over and code in ("promised_due", "legal_due"):
                continue
            day, used = date.fromisoformat(day_text), None if count == "?" else int(count)
            words, on = ledger_words(code, unit), day_words(day, self._year)
            nth = (
                TwoLanguages("", "")
                if used is None
                else TwoLanguages(f"已用 {days(used, unit).zh}", f"{days(used, unit).en} used")
            )
            yield {
                "date": day_text,
                "day": on.zh,
                "day_en": on.en,
                "text": words.zh,
                "text_en": words.en,
                "used": used,
                "used_text": nth.zh,
                "used_text_en": nth.en,
            }


ENDS = {
    "refused": TwoLanguages("已作出决定，不再计时", "Decided; no time runs any more"),
    "handed_over": TwoLanguages("结果已送达，不再计时", "Handed over; no time runs any more"),
    "declined": TwoLanguages("没有受理，不计时", "Not accepted; no time runs"),
    "withdrawn": TwoLanguages("申请已撤回，不再计时", "Withdrawn; no time runs any more"),
    "closed": TwoLanguages("已办结，不再计时", "Closed; no time runs any more"),
}
"""The sentences of the states in which a case has ended."""

LEDGER = {
    "start:accepted": TwoLanguages("受理，开始计时", "Accepted; time begins to run"),
    "start:deemed": TwoLanguages(
        "期限内没有答复，视为受理，从收到材料之日起计时", "No answer in time: deemed accepted from the day of arrival"
    ),
    "decision:grant": TwoLanguages("作出准予的决定", "Granted"),
    "decision:refuse": TwoLanguages("作出不予的决定", "Refused"),
    "decision:end": TwoLanguages("办理结束", "Ended"),
    "handed_over": TwoLanguages("结果送达", "Handed over"),
    "promised_due": TwoLanguages("承诺期限的最后一天", "Last day of the promised time limit"),
    "legal_due": TwoLanguages("法定期限的最后一天", "Last day of the statutory time limit"),
    "handover_due": TwoLanguages("送达期限的最后一天", "Last day for handing over"),
}
PROCEDURES = {
    "stop": TwoLanguages("{what}开始，暂停计时", "{what} begins; the clock stops"),
    "resume": TwoLanguages("{what}结束，继续计时", "{what} ends; the clock runs on"),
    "runs": TwoLanguages("{what}（照常计时）", "{what} (the clock runs on)"),
    "extend_refused": TwoLanguages("延长没有生效", "The extension has no effect"),
}


def ledger_words(code: str, unit: str) -> TwoLanguages:
    """A code of the ledger (rule 37) in words; an extension in the unit of the legal limit."""
    if code in LEDGER:
        return LEDGER[code]
    verb, _, what = code.partition(":")
    if verb == "extend":
        more = days(int(what), unit)
        return TwoLanguages(f"经批准延长 {more.zh}", f"Extended by {more.en}")
    words = PROCEDURES[verb]
    return TwoLanguages(words.zh.format(what=what), words.en.format(what=what))
