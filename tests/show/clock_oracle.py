"""A second reading of the working-day clock (facts of the clock, rules 1-38): it looks at every day, one by one.

Written from the rules alone, not from the program, and kept as plain as they are: nothing here is quick. `judge` takes
the clock's input (§8) and the notices of the years; it gives each answer that the rules allow, and the rules it used.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, timezone
from typing import Any

BEIJING = timezone(timedelta(hours=8))
A_DAY = timedelta(days=1)
STOPS = ("听证", "招标", "拍卖", "检验", "检测", "检疫", "鉴定", "专家评审")
NOTICE_DAYS = 5
HANDOVER_DAYS = 10
FAR = datetime(9999, 12, 31, tzinfo=BEIJING)

Input = Mapping[str, Any]


@dataclass(frozen=True)
class Notices:
    """What the yearly notices say: for each published year its rest days and its make-up days.

    `holidays` are the days that the law on holidays fixes before any notice: whether they count as known is not said.
    `exceptions` win over all (rule 3).
    """

    years: Mapping[int, tuple[frozenset[date], frozenset[date]]]
    holidays: frozenset[date] = frozenset()
    exceptions: Mapping[date, str] = field(default_factory=dict)


@dataclass
class Judgement:
    """What the rules allow: one of `errors` if the answer must be an error, else `answer`.

    A value of `answer` that is a set stands for any of its members; `perhaps` are errors that may come instead.
    """

    errors: set[str] = field(default_factory=set)
    perhaps: set[str] = field(default_factory=set)
    answer: dict[str, Any] = field(default_factory=dict)
    rules: set[int] = field(default_factory=set)


class Unknown(Exception):
    """A day of a year without a notice was needed (rule 4)."""

    def __init__(self, year: int) -> None:
        super().__init__(f"calendar_unknown:{year}")


class Unclear(Exception):
    """The rules do not say what the answer is."""


@dataclass(frozen=True)
class Period:
    """A special procedure as it stands at the moment asked for; `end` is FAR while it is open."""

    kind: str
    start: datetime
    end: datetime
    stops: bool
    told: bool
    closed_by_decision: bool

    def holds(self, day: date) -> bool:
        """Whether the clock stands still on this day: the day of the stop, not that of the resumption (rule 21)."""
        return self.stops and self.start.date() <= day < self.end.date()


@dataclass(frozen=True)
class Start:
    """How the clock began (rules 5-13), or that it has not."""

    state: str
    basis: str | None = None
    accepted: datetime | None = None
    day0: date | None = None
    notice_due: date | None = None
    perhaps_no_notice_due: bool = False


def judge(raw: Input, notices: Notices) -> Judgement:
    """All answers that the rules allow for this input. Raises Unclear where they do not say."""
    return Reading(raw, notices).judgement()


class Reading:
    """One input, read rule by rule."""

    lawful_stops: tuple[str, ...] = STOPS
    """Kinds of procedure that stop the clock, whatever the matter says (rule 20)."""

    def __init__(self, raw: Input, notices: Notices) -> None:
        self.raw, self.notices = raw, notices
        self.verdict = Judgement()
        self.warnings: set[str] = set()
        own = {date.fromisoformat(day): mark for day, mark in (raw.get("exceptions") or {}).items()}
        self.exceptions = {**notices.exceptions, **own}

    def judgement(self) -> Judgement:
        texts = [raw for raw in _times(self.raw) if datetime.fromisoformat(raw).tzinfo is None]
        if texts:
            return Judgement(errors={"naive_time"})
        decided, handed_over = self._at(self.raw.get("decision") or {}), self._moment("handed_over_at")
        last = max((at for at in (decided, handed_over, *self._made_anew()) if at), default=None)
        as_of = self._moment("as_of") or last
        if as_of is None:
            return Judgement(errors={"as_of_missing"})
        self.as_of = as_of
        try:
            self.judge()
        except Unknown as unknown:
            self.verdict.errors.add(str(unknown))
            self._use(4)
        return self.verdict

    # -- times and days ------------------------------------------------------------------

    def _use(self, *rules: int) -> None:
        self.verdict.rules.update(rules)

    def _moment(self, name: str) -> datetime | None:
        return _beijing(self.raw[name]) if self.raw.get(name) else None

    def _at(self, act: Input) -> datetime | None:
        return _beijing(act["at"]) if act else None

    def _seen(self, name: str) -> datetime | None:
        """A time of the input, if it is known at the moment asked for (rule 31)."""
        at = self._moment(name)
        if at and at > self.as_of:
            self._use(31)
            return None
        return at

    def _made_anew(self) -> list[datetime]:
        """Every time that a result was made anew after its hand-over."""
        return [_beijing(one["at"]) for one in self.raw.get("reissues") or ()]

    def _hand_overs(self) -> list[datetime]:
        """Every hand-over that took place by the moment asked for, of whichever result."""
        earlier = [_beijing(one["handed_over_at"]) for one in self.raw.get("reissues") or ()]
        newest = self._seen("handed_over_at")
        return sorted([*(at for at in earlier if at <= self.as_of), *([newest] if newest else [])])

    def _newest_is_from(self) -> datetime | None:
        """When the newest result was made anew, if any was by the moment asked for."""
        return max((at for at in self._made_anew() if at <= self.as_of), default=None)

    def _handed_over(self) -> datetime | None:
        """The hand-over of the newest result: one before it was made anew is another's."""
        since = self._newest_is_from()
        return max((at for at in self._hand_overs() if since is None or at > since), default=None)

    def works(self, day: date) -> bool:
        """Whether it is a working day (rules 1-4). Raises Unknown."""
        self._use(1)
        if day in self.exceptions:
            self._use(3)
            return self.exceptions[day] == "work"
        if day.year not in self.notices.years:
            if day not in self.notices.holidays:
                raise Unknown(day.year)
            self.verdict.perhaps.add(f"calendar_unknown:{day.year}")
            return False
        rest, make_up = self.notices.years[day.year]
        if (day.month, day.day) in {(3, 8), (5, 4)} and day.weekday() < 5 and day not in rest:
            self._use(2)
        return day in make_up or (day.weekday() < 5 and day not in rest)

    def after(self, day: date, count: int) -> date:
        """The working day that is so many after `day`. Raises Unknown."""
        while count:
            day += A_DAY
            count -= self.works(day)
        return day

    def day0(self, at: datetime) -> date:
        """The day from which is counted for what came at this moment (rules 5-7). Raises Unknown."""
        self._use(5)
        if self.raw.get("after_hours", "same_day") == "same_day":
            self._use(6)
            return at.date()
        closing = time.fromisoformat(self.raw.get("closing") or "17:30")
        if at.time() >= closing or not self.works(at.date()):
            self._use(7)
            return self.after(at.date(), 1)
        return at.date()

    # -- the beginning --------------------------------------------------------------------

    def start(self) -> Start:
        """Rules 5-13. Raises Unknown and Unclear."""
        accepted = self._seen("accepted_at")
        if not self.raw.get("received_at"):
            if accepted is None:
                return Start("not_started")
            return Start("started", "accepted", accepted, self.day0(accepted))
        received, noticed = self._seen("received_at"), self._seen("notice_at")
        supplemented, refused = self._seen("supplement_at"), self._seen("refused_at")
        if received is None or any(at and at < received for at in (noticed, supplemented, refused, accepted)):
            raise Unclear("something came before the materials")
        if supplemented and (noticed is None or supplemented < noticed):
            raise Unclear("a supplement that no notice asked for")
        if accepted and refused and self._both_in_time(received, accepted, refused):
            raise Unclear("accepted and refused")
        self._use(8)
        limit = self.after(self.day0(received), NOTICE_DAYS)
        first = min((at for at in (noticed, accepted, refused) if at), default=None)
        if first is None or self._is_late(first, limit):
            return self._silence(received, limit, noticed)
        if first != noticed:
            if noticed and accepted == first:
                raise Unclear("a notice after the acceptance")
            return self._answered(accepted, refused, limit)
        self._use(11)
        early = min((at for at in (accepted, refused) if at), default=None)
        if supplemented is None or (early and early < supplemented):
            if early:
                return self._answered(accepted, refused, limit)
            return Start("not_started", notice_due=limit, perhaps_no_notice_due=True)
        self._use(12)
        limit = self.after(self.day0(supplemented), NOTICE_DAYS)
        if early is None or self._is_late(early, limit):
            return self._silence(supplemented, limit, None)
        return self._answered(accepted, refused, limit)

    def _both_in_time(self, received: datetime, accepted: datetime, refused: datetime) -> bool:
        """Whether the earlier of an acceptance and a refusal was in time, so that the later has no rule."""
        first, arrival = min(accepted, refused), received
        supplemented, noticed = self._seen("supplement_at"), self._seen("notice_at")
        if noticed and not self._is_late(noticed, self.after(self.day0(received), NOTICE_DAYS)) and noticed < first:
            if supplemented is None or first < supplemented:
                return True
            arrival = supplemented
        return not self._is_late(first, self.after(self.day0(arrival), NOTICE_DAYS))

    def _is_late(self, at: datetime, limit: date) -> bool:
        if not self.raw.get("deemed_acceptance", True):
            self._use(13)
            return False
        return at.date() > limit

    def _answered(self, accepted: datetime | None, refused: datetime | None, limit: date) -> Start:
        if accepted:
            return Start("started", "accepted", accepted, self.day0(accepted), limit)
        return Start("refused", notice_due=limit, perhaps_no_notice_due=True)

    def _silence(self, arrived: datetime, limit: date, late_notice: datetime | None) -> Start:
        """Nothing came within the limit: accepted, looking back, once it has passed (rules 9, 10)."""
        if self.as_of.date() <= limit or not self.raw.get("deemed_acceptance", True):
            self._use(9)
            return Start("not_started", notice_due=limit)
        self._use(9)
        for name, at in (
            ("late_notice", late_notice),
            ("late_refusal_ignored", self._seen("refused_at")),
            ("late_acceptance_ignored", self._seen("accepted_at")),
        ):
            if at:
                self._use(10)
                self.warnings.add(name)
        return Start("started", "deemed", arrived, self.day0(arrived), limit)

    # -- what cannot be ---------------------------------------------------------------------

    def _refuse(self, code: str, is_certain: bool) -> None:
        (self.verdict.errors if is_certain else self.verdict.perhaps).add(code)

    def _notice_impossible(self, decided: datetime | None) -> None:
        """What cannot be, whenever it is asked about: the rules do not say whether it is an error before it is known,
        nor which of two errors is named."""
        for raw in self.raw.get("procedures") or ():
            begun, end = _beijing(raw["start"]), _beijing(raw["end"]) if raw.get("end") else None
            if end and end < begun:
                self.verdict.perhaps.add("procedure_end_before_start")
            if decided and begun > decided:
                self.verdict.perhaps.add("procedure_after_decision")

    def _refuse_impossible(self, start: Start) -> None:
        """Rules 26, 30 and 31: what came before the acceptance, or cannot be at all."""
        accepted = start.accepted if start.state == "started" else FAR
        for raw in self.raw.get("procedures") or ():
            begun, end = _beijing(raw["start"]), _beijing(raw["end"]) if raw.get("end") else None
            known = begun <= self.as_of
            if end and end < begun:
                self._use(26)
                self._refuse("procedure_end_before_start", end <= self.as_of)
            if begun < accepted:
                self._use(26)
                self._refuse("procedure_before_acceptance", known and not self._is_same_day(begun, start))
            if self.decided and begun > self.decided:
                self._use(26)
                self._refuse("procedure_after_decision", known)
        for raw in self.raw.get("extensions") or ():
            approved = _beijing(raw["approved_at"])
            if approved < accepted:
                self._use(30)
                self._refuse(
                    "extension_before_acceptance", approved <= self.as_of and not self._is_same_day(approved, start)
                )
        if self.decided and self.decided < accepted:
            self._use(31)
            self._refuse("decision_before_acceptance", not self._is_same_day(self.decided, start))

    @staticmethod
    def _is_same_day(at: datetime, start: Start) -> bool:
        """Whether something came on the very day of an acceptance by silence, whose hour means nothing."""
        return start.basis == "deemed" and start.accepted is not None and start.accepted.date() == at.date()

    # -- the clock -------------------------------------------------------------------------------

    def judge(self) -> None:
        """Fill the judgement. Raises Unknown and Unclear."""
        raw = self.raw
        decision = raw.get("decision") or {}
        decided = self._at(decision)
        self._notice_impossible(decided)
        self.decided = decided if decided and decided <= self.as_of else None
        self.decision = decision.get("kind") if self.decided else None
        start = self.start()
        self._refuse_impossible(start)
        if self.verdict.errors:
            return
        if start.day0 is None:
            due = _last_second(start.notice_due)
            self.verdict.answer = {
                **EMPTY,
                "state": start.state,
                "notice_due": {due, None} if start.perhaps_no_notice_due else due,
                "warnings": self.warnings,
            }
            return
        self.zero = start.day0
        self.periods = list(self._periods())
        if any(one.holds(other.start.date()) for one in self.periods for other in self.periods if one is not other):
            self._use(22)
        self.reference = (self.decided or self.as_of).date()
        legal = raw.get("legal")
        self.unit = legal["unit"] if legal else "working"
        self.outcomes, total = self._extensions(legal)
        legal_due = self._due(total, self.unit) if legal else None
        promised = raw.get("promised_days")
        promised_due = self._due(promised, "working") if promised is not None else None
        self._use(14, 32, 34, 36, 37, 38, *((16,) if self.reference == legal_due else ()))
        self._fill(start, total, legal_due, promised, promised_due)

    def _periods(self) -> Iterator[Period]:
        """The procedures as they are known, each closed by the decision if it was open then (rules 20-25)."""
        kinds = {*self.lawful_stops, *(self.raw.get("matter_stops") or ())}
        for raw in self.raw.get("procedures") or ():
            begun, end = _beijing(raw["start"]), _beijing(raw["end"]) if raw.get("end") else FAR
            if begun > self.as_of:
                self._use(31)
                continue
            end = end if end <= self.as_of else FAR
            closed = self.decided is not None and end > self.decided
            stops = raw["kind"] in kinds
            self._use(20, *((21,) if stops and end != FAR else ()))
            if closed and stops:
                self._use(25)
                self.warnings.add(f"closed_by_decision:{raw['kind']}")
            if stops and not raw.get("told", True):
                self._use(23)
                self.warnings.add(f"not_told_in_writing:{raw['kind']}")
            closing = self.decided if closed and self.decided else end
            yield Period(raw["kind"], begun, closing, stops, raw.get("told", True), closed)

    def counts(self, day: date, unit: str) -> bool:
        """Whether a day counts (rules 14, 21, 22). Raises Unknown."""
        if any(period.holds(day) for period in self.periods):
            return False
        return unit == "calendar" or self.works(day)

    def _due(self, total: int, unit: str) -> date | None:
        """The due day (rules 15-17, 24, 25); None while a stop is open before it, or where it needs an unknown year.

        The latter is a warning.
        """
        if total == 0:
            return self.zero
        day, counted = self.zero, 0
        opened = min((one.start.date() for one in self.periods if one.stops and one.end == FAR), default=date.max)
        while True:
            day += A_DAY
            if counted == total - 1 and any(one.stops and one.start.date() == day for one in self.periods):
                self._use(24)
            if day >= opened:
                self._use(25)
                return None
            try:
                counted += self.counts(day, unit)
                if counted >= total and not any(one.holds(day) for one in self.periods):
                    if self.works(day):
                        return day
                    self._use(15)
            except Unknown as unknown:
                self._use(4)
                self.warnings.add(str(unknown))
                return None

    def count(self, upto: date, total: int, unit: str, due: date | None) -> int | None:
        """The days used on a date (rule 32). Raises Unknown."""
        day, counted = self.zero, 0
        last = min(upto, due) if due else upto
        while day < last and counted < total:
            day += A_DAY
            counted += self.counts(day, unit)
        return counted

    def _extensions(self, legal: Input | None) -> tuple[list[str], int]:
        """What became of each extension, in the order of the input, and the total of the limit (rules 27-30)."""
        rule = self.raw.get("extension_rule")
        known = [
            (at, number, raw)
            for number, raw in enumerate(self.raw.get("extensions") or ())
            if (at := _beijing(raw["approved_at"])) <= self.as_of
        ]
        outcomes: dict[int, str] = {}
        total = legal["days"] if legal else 0
        for at, number, raw in sorted(known, key=lambda one: one[:2]):
            self._use(29)
            reason = self._refusal(at, raw, rule, legal, total, outcomes)
            outcomes[number] = reason or "ok"
            if reason is None:
                self._use(27)
                total += raw["days"]
            else:
                self._use(30)
        self.approved = [(at, raw["days"], outcomes[number]) for at, number, raw in known]
        return [outcomes[number] for _, number, _ in known], total

    def _refusal(
        self, at: datetime, raw: Input, rule: Input | None, legal: Input | None, total: int, before: Mapping[int, str]
    ) -> str | None:
        if not legal or not rule:
            return "not_allowed"
        if self.decided and at > self.decided:
            return "after_decision"
        self._use(28)
        warned = set(self.warnings)
        due = self._due(total, self.unit)
        if self.warnings != warned:
            self.warnings = warned
            if at.date().year not in self.notices.years:
                raise Unclear("whether an extension is late needs an unknown year")
        if due and at.date() > due:
            return "late"
        if "ok" in before.values():
            return "second"
        if raw["days"] > rule["max_days"]:
            return "over_max"
        return None if raw.get("approver", "agency_head") == rule.get("approver", "agency_head") else "wrong_approver"

    # -- the answer ------------------------------------------------------------------------------

    def _fill(
        self, start: Start, total: int, legal_due: date | None, promised: int | None, promised_due: date | None
    ) -> None:
        legal = self.raw.get("legal")
        self._use(*((17,) if promised is not None else ()), *((18,) if legal and promised is not None else ()))
        after_legal = legal and promised is not None and legal_due and promised_due and promised_due > legal_due
        if after_legal:
            self.warnings.add("promise_after_legal")
        perhaps = set()
        if legal and promised is not None and legal_due and not promised_due:
            perhaps.add("promise_after_legal")
        used = self.count(self.reference, total, self.unit, legal_due) if legal else None
        promise_used = self.count(self.reference, promised, "working", promised_due) if promised is not None else None
        overdue = bool(legal_due and self.reference > legal_due)
        promise_overdue = bool(promised_due and self.reference > promised_due)
        if overdue:
            self._use(33)
        over = self.between(legal_due, self.reference) if overdue and legal_due else 0
        handover = self.handover()
        dues = [due for due in (legal_due, promised_due) if due]
        self.verdict.answer = {
            "state": self._state(overdue, promise_overdue),
            "accept_basis": start.basis,
            "day0": self.zero.isoformat(),
            "notice_due": _last_second(start.notice_due),
            "legal_due": _last_second(legal_due),
            "promised_due": _last_second(promised_due),
            "act_by": _last_second(min(dues, default=None)),
            "total": total if legal else None,
            "used": used,
            "left": total - used if used is not None else None,
            "overdue": overdue,
            "overdue_days": over,
            "promise_overdue": promise_overdue,
            "promised_left": promised - promise_used if promised is not None and promise_used is not None else None,
            "extensions": self.outcomes,
            "handover_due": _last_second(handover),
            "handover_overdue": bool(handover and (self._handed_over() or self.as_of).date() > handover),
            "warnings": self.warnings,
            "perhaps_warnings": perhaps,
            "ledger": self._ledger(start, total, legal_due, promised, promised_due, handover),
        }

    def between(self, due: date, upto: date) -> int | None:
        """Days of the unit after a due day (rule 33): stops do not shorten it. Raises Unknown."""
        day, counted = due, 0
        while day < upto:
            day += A_DAY
            counted += self.unit == "calendar" or self.works(day)
        return counted

    def _state(self, overdue: bool, promise_overdue: bool) -> str:
        if self.decided:
            return "decided"
        if overdue or (promise_overdue and not self.raw.get("legal")):
            return "overdue"
        return "stopped" if any(one.stops and one.end == FAR for one in self.periods) else "running"

    def handover(self) -> date | None:
        """Ten working days after a grant (rule 35), or after a result was made anew that had been handed over, if the
        years are known."""
        if self.decision != "grant" or self.decided is None:
            return None
        self._use(35)
        try:
            return self.after((self._newest_is_from() or self.decided).date(), HANDOVER_DAYS)
        except Unknown as unknown:
            self.warnings.add(str(unknown))
            return None

    def _ledger(
        self,
        start: Start,
        total: int,
        legal_due: date | None,
        promised: int | None,
        promised_due: date | None,
        handover: date | None,
    ) -> list[str]:
        """One line per event (rules 36-38)."""
        measured: Callable[[date], int | None]
        if self.raw.get("legal"):
            measured = lambda day: self.count(day, total, self.unit, legal_due)  # noqa: E731
        elif promised is not None:
            measured = lambda day: self.count(day, promised, "working", promised_due)  # noqa: E731
        else:
            measured = lambda day: 0  # noqa: E731
        events = [(_at_zero(self.zero), 0, f"start:{start.basis}")]
        for one in self.periods:
            events.append((one.start, 1, f"{'stop' if one.stops else 'runs'}:{one.kind}"))
            if one.stops and one.end != FAR:
                events.append((one.end, 1, f"resume:{one.kind}"))
        for at, days, outcome in self.approved:
            events.append((at, 1, f"extend:+{days}" if outcome == "ok" else f"extend_refused:{outcome}"))
        if self.decided:
            events.append((self.decided, 2, f"decision:{self.decision}"))
        events += [(at, 3, "handed_over") for at in self._hand_overs()]
        dues = (("promised_due", promised_due), ("legal_due", legal_due), ("handover_due", handover))
        for order, (code, due) in enumerate(dues):
            if due:
                events.append((datetime.combine(due, time(23, 59, 59), BEIJING), 4 + order, code))
        events.sort()
        cap = self.decided.date() if self.decided else date.max
        return [f"{at.date()} {code} {measured(min(at.date(), cap))}" for at, _, code in events]


EMPTY: dict[str, Any] = {
    "accept_basis": None,
    "day0": None,
    "legal_due": None,
    "promised_due": None,
    "act_by": None,
    "total": None,
    "used": None,
    "left": None,
    "overdue": False,
    "overdue_days": 0,
    "promise_overdue": False,
    "promised_left": None,
    "extensions": [],
    "handover_due": None,
    "handover_overdue": False,
    "perhaps_warnings": set(),
    "ledger": [],
}
"""The answer where no clock runs."""


def differences(judgement: Judgement, output: Mapping[str, Any]) -> list[str]:
    """The fields in which an output is none of those that the rules allow; `error` if one of the two has no answer."""
    if "error" in output:
        allowed = judgement.errors | judgement.perhaps
        return [] if output["error"] in allowed else ["error"]
    if judgement.errors:
        return ["error"]
    wrong = [] if output.keys() == judgement.answer.keys() - {"perhaps_warnings"} else ["fields"]
    for name, expected in judgement.answer.items():
        if name == "perhaps_warnings":
            continue
        value = output.get(name, "nothing")
        if name == "warnings":
            extra = set(value) ^ expected
            right = extra <= judgement.answer["perhaps_warnings"] and len(set(value)) == len(value)
        elif isinstance(expected, set):
            right = value in expected
        else:
            right = value == expected
        if not right:
            wrong.append(name)
    return wrong


def _times(raw: Input) -> Iterator[str]:
    """Every time of an input, as text."""
    for name in ("accepted_at", "received_at", "notice_at", "supplement_at", "refused_at", "handed_over_at", "as_of"):
        if raw.get(name):
            yield raw[name]
    for one in raw.get("procedures") or ():
        yield from (one[name] for name in ("start", "end") if one.get(name))
    for one in raw.get("reissues") or ():
        yield from (one["handed_over_at"], one["at"])
    yield from (one["approved_at"] for one in raw.get("extensions") or ())
    if raw.get("decision"):
        yield raw["decision"]["at"]


def _beijing(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(BEIJING)


def _at_zero(day: date) -> datetime:
    return datetime.combine(day, time.min, BEIJING)


def _last_second(day: date | None) -> str | None:
    return f"{day}T23:59:59+08:00" if day else None
