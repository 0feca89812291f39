"""A second reading of the clock's rules 39-45: from a case's acts to its clock, by the rules alone.

The clock itself is that of clock_oracle.py; what differs is how it begins and ends, and that a year without a calendar
takes away only what needs it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import takewhile
from typing import Any, NamedTuple

from tests.show.clock_oracle import (
    BEIJING,
    EMPTY,
    NOTICE_DAYS,
    STOPS,
    Judgement,
    Notices,
    Reading,
    Start,
    Unclear,
    Unknown,
)

DUES = ("notice_due", "legal_due", "promised_due", "act_by", "handover_due")
ACCEPTING = ("accept", "deem", "defer", "promise", "finish")
"""What accepts a case that was not: expressly, by silence, with materials to follow (容缺), or as it is decided on the
spot or upon a promise (告知承诺)."""
DECIDING = ("decide", "promise", "finish")
ENDING = ("withdraw", "decline", "terminate")
TELLING = {
    *("submit", "supplement", "withdraw", "accept", "defer", "deem", "decline", "request_supplement"),
    *("start_procedure", "end_procedure", "approve_extension", "decide", "promise", "check_promise", "finish"),
    *("issue", "hand_over", "reissue", "correct", "terminate", "due_changed", "close"),
}
"""The acts of which the applicant is told in full, and with them of the dues: all but the office's own (note, transfer,
survey, review)."""


@dataclass(frozen=True)
class MatterData:
    """What the clock knows of a matter: `law` is `permit` or `other` (rule 43)."""

    law: str
    legal: Mapping[str, Any] | None
    promised_days: int | None
    extension_rule: Mapping[str, Any] | None
    stops: tuple[str, ...]


class Done(NamedTuple):
    """An act that was done: `detail` is in words of the clock's input (a procedure, a decision's kind)."""

    act: str
    at: datetime
    detail: Mapping[str, Any]


class CaseReading(Reading):
    """The acts of one case, read at a moment with the notices that are known then."""

    def __init__(self, matter: MatterData, done: Sequence[Done], at: datetime, notices: Notices) -> None:
        self.matter, self.done = matter, done
        self.lawful_stops = STOPS if matter.law == "permit" else ()
        self.ended = next((act.at for act in done if act.act in ENDING), None)
        raw: dict[str, Any] = {
            "legal": matter.legal,
            "promised_days": matter.promised_days,
            "extension_rule": matter.extension_rule,
            "matter_stops": list(matter.stops),
            "procedures": self._procedures(),
            "extensions": [act.detail for act in done if act.act == "approve_extension"],
            "reissues": [],
            "as_of": (self.ended or at).isoformat(),
        }
        for act in done:
            if act.act in DECIDING:
                raw["decision"] = {"at": act.at.isoformat(), "kind": act.detail["kind"]}
            if act.act == "hand_over" or (act.act == "finish" and act.detail["to"]):
                raw["handed_over_at"] = act.at.isoformat()
            if act.act == "reissue" and "handed_over_at" in raw:
                raw["reissues"].append({"handed_over_at": raw.pop("handed_over_at"), "at": act.at.isoformat()})
        if self.ended:
            self._use_end(raw)
        super().__init__(raw, notices)
        self.unneeded: set[str] = set()
        """Warnings that a limit is not known which nobody waits for: the rules do not say whether they come."""
        if any(act.act == "deem" for act in done):
            self._use(41)

    def _use_end(self, raw: dict[str, Any]) -> None:
        """The end of a case ends its clock as a decision does (rule 42)."""
        if self.ended and "decision" not in raw:
            raw["decision"] = {"at": self.ended.isoformat(), "kind": "end"}

    def _procedures(self) -> list[dict[str, Any]]:
        procedures: list[dict[str, Any]] = []
        for act in self.done:
            if act.act == "start_procedure":
                procedures.append({**act.detail, "start": act.at.isoformat(), "end": None})
            if act.act == "end_procedure":
                procedures[act.detail["number"]]["end"] = act.at.isoformat()
        return procedures

    # -- rules 39-41 -----------------------------------------------------------------------

    @property
    def waits_for(self) -> str:
        """Whom the case waits for before its acceptance: the office or the citizen; "" after it."""
        if any(act.act in ACCEPTING for act in self.done):
            return ""
        waits = "office"
        for act in self.done:
            waits = {"request_supplement": "citizen", "supplement": "office"}.get(act.act, waits)
        return waits

    @property
    def arrival(self) -> datetime:
        """When that came which the office answers now: the first materials, or the last supplement (rule 39); what
        follows an acceptance is none (rules 11, 20)."""
        before = takewhile(lambda act: act.act not in ACCEPTING, self.done)
        arrivals = [act.at for act in before if act.act in ("submit", "supplement")]
        self._use(39, *((12,) if len(arrivals) > 1 else ()))
        return arrivals[-1].astimezone(BEIJING)

    def limit(self) -> date | None:
        """The notice limit of the last arrival; None for other matters than permits, and in an unknown year."""
        if self.matter.law != "permit":
            self._use(43)
            return None
        try:
            self._use(8)
            return self.after(self.day0(self.arrival), NOTICE_DAYS)
        except Unknown as unknown:
            self._use(4, 44)
            self.warnings.add(str(unknown))
            return None

    def silence(self) -> tuple[date, date] | None:
        """Day 0 and the notice limit if the office has let it pass (rules 9, 12, 40)."""
        limit = self.limit() if self.waits_for == "office" and not self.ended else None
        if limit is None or self.as_of.date() <= limit:
            return None
        self._use(9, 40)
        return self.day0(self.arrival), limit

    def start(self) -> Start:
        for act in self.done:
            if act.act == "deem":
                day0, limit = (date.fromisoformat(act.detail[name]) for name in ("day0", "notice_due"))
                return Start("started", "deemed", self.arrival, day0, limit)
            if act.act in ACCEPTING:
                accepted = act.at.astimezone(BEIJING)
                limit = self.limit()
                self.unneeded, self.warnings = self.warnings, set()
                return Start("started", "accepted", accepted, self.day0(accepted), limit)
        silence = self.silence()
        if silence:
            return Start("started", "deemed", self.arrival, *silence)
        limit = self.limit()
        if self.waits_for == "citizen":
            self.unneeded, self.warnings = self.warnings, set()
        return Start("not_started", notice_due=limit, perhaps_no_notice_due=self.waits_for == "citizen")

    # -- rules 42-45 -------------------------------------------------------------------------

    def count(self, upto: date, total: int, unit: str, due: date | None) -> int | None:
        try:
            return super().count(upto, total, unit, due)
        except Unknown:
            self._use(44)
            return None

    def between(self, due: date, upto: date) -> int | None:
        try:
            return super().between(due, upto)
        except Unknown:
            self._use(44)
            return None

    def handover(self) -> date | None:
        return super().handover() if self.matter.law == "permit" else None

    def judge(self) -> None:
        if self.ended and self.waits_for:
            self._use(42)
            limit = self.limit()
            passed = {None, f"{limit}T23:59:59+08:00"} if limit and limit < self.as_of.date() else {None}
            self.verdict.answer = {**EMPTY, "state": "ended", "notice_due": passed, "warnings": set()}
            for name in ("total", "used", "left", "promised_left"):
                del self.verdict.answer[name]
        else:
            super().judge()
            if self.ended:
                self._end()
        answer = self.verdict.answer
        if any(line.endswith(" None") for line in answer["ledger"]):
            del answer["ledger"]  # what a line says where the count is not known has no rule
        if answer["day0"] and None in (answer["used"], answer["promised_left"]):
            self.unneeded.add(f"calendar_unknown:{self.reference.year}")
        answer["perhaps_warnings"] = answer["perhaps_warnings"] | self.unneeded
        answer["law"] = self.matter.law
        answer["unit"] = self.matter.legal["unit"] if self.matter.legal else None
        answer["promised_total"] = self.matter.promised_days
        self._use(45)

    def _end(self) -> None:
        """No due lies ahead of an end, and no warning of something later (rule 42)."""
        self._use(42)
        answer, last = self.verdict.answer, self.as_of.date().isoformat()
        ahead = {name for name in DUES if answer[name] and answer[name][:10] >= last}
        answer["ledger"] = [line for line in answer["ledger"] if not ("_due " in line and line[:10] >= last)]
        answer.update(dict.fromkeys(ahead, None), state="ended")
        if "act_by" in ahead or "legal_due" in ahead or "promised_due" in ahead:
            rest = [answer[name] for name in ("legal_due", "promised_due") if answer[name]]
            answer["act_by"] = {None, min(rest, default=None)}
        answer["perhaps_warnings"] = answer["warnings"] | answer["perhaps_warnings"]
        answer["warnings"] = {one for one in answer["warnings"] if one.startswith("not_told")}


class Guessing(CaseReading):
    """A reading that takes Monday to Friday in years without a notice (rule 44), less the days that the law fixes."""

    def works(self, day: date) -> bool:
        if day in self.exceptions or day.year in self.notices.years:
            return super().works(day)
        return day.weekday() < 5 and day not in self.notices.holidays


def provisional_dues(
    matter: MatterData, done: Sequence[Done], at: datetime, notices: Notices
) -> dict[str, set[str | None]]:
    """By due: the days on which it may provisionally be shown, with or without the holidays that the law fixes."""
    dues: dict[str, set[str | None]] = {name: set() for name in DUES}
    for holidays in (notices.holidays, frozenset[date]()):
        answer = Guessing(matter, done, at, replace(notices, holidays=holidays)).judgement().answer
        for name in DUES:
            value = answer[name]
            dues[name].update(value if isinstance(value, set) else {value})
    return dues


def read_case(matter: MatterData, done: Sequence[Done], at: datetime, notices: Notices) -> Judgement:
    """All clocks that the rules allow for a case with these acts at a moment."""
    return CaseReading(matter, done, at, notices).judgement()


def silent(matter: MatterData, done: Sequence[Done], at: datetime, notices: Notices) -> tuple[date, date] | None:
    """Day 0 and the notice limit if a case is found accepted by silence at a moment (rule 40)."""
    reading = CaseReading(matter, done, at, notices)
    reading.as_of = at.astimezone(BEIJING)
    return reading.silence()


# -- the dues that were told --------------------------------------------------------------------


def told_dues(matter: MatterData, done: Sequence[Done], at: datetime, notices: Notices) -> dict[str, str | None]:
    """By name, each last day that binds the office after the last act, which its notice tells: None where its year is
    not known (rule 44: never a provisional one). Raises Unclear where the rules allow more than one answer."""
    reading = CaseReading(matter, done, at, notices)
    judgement = reading.judgement()
    answer, is_over = judgement.answer, bool(reading.raw.get("handed_over_at"))
    if judgement.errors:
        raise Unclear("the dues of a clock that has no answer")
    names: list[str] = []
    if answer["state"] == "not_started":
        names = ["notice"] if matter.law == "permit" and reading.waits_for == "office" else []
    elif answer["state"] in ("running", "stopped", "overdue"):
        is_there = {"promised": matter.promised_days is not None, "legal": matter.legal is not None}
        names = [name for name, there in is_there.items() if there]
    elif answer["state"] == "decided" and reading.decision == "grant" and matter.law == "permit" and not is_over:
        names = ["handover"]
    days = {name: answer[f"{name}_due"] for name in names}
    if any(isinstance(day, set) for day in days.values()):
        raise Unclear("which dues were told")
    return {name: day and day[:10] for name, day in days.items()}


def moved_dues(
    matter: MatterData, done: Sequence[Done], at: datetime, notices: Notices
) -> dict[str, tuple[str | None, str]]:
    """By name, each due ahead that a calendar has moved or made known since it was told (rules 41, 44): (told, now)."""
    told = next(act.detail["dues"] for act in reversed(done) if "dues" in act.detail)
    now, today = told_dues(matter, done, at, notices), at.astimezone(BEIJING).date().isoformat()
    pairs = {name: (old, str(now[name])) for name, old in told.items() if now.get(name) not in (None, old)}
    return {name: (old, new) for name, (old, new) in pairs.items() if max(old or "", new) >= today}
