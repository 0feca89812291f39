"""The input of the working-day clock, the facts of a case: frozen dataclasses, parsed from plain JSON.

Every time is turned into Beijing time first; one without an offset is refused. A "day" is a Beijing date.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from typing import Any, Literal, TypeVar, cast

from api.calendar.calendar import Mark
from api.times import BEIJING

LONGEST_LIMIT_DAYS = 3660
FIRST_YEAR, LAST_YEAR = 1990, 2100
CLOSING = time(17, 30)
AGENCY_HEAD = "agency_head"

Unit = Literal["working", "calendar"]
Law = Literal["permit", "other"]
AfterHours = Literal["same_day", "next_working_day"]
DecisionKind = Literal["grant", "refuse", "end"]

T = TypeVar("T")


class ClockError(ValueError):
    """The clock has no answer for this input. `code` is stable; `detail` says which part of the input is wrong."""

    def __init__(self, code: str, detail: str | None = None) -> None:
        super().__init__(detail or code)
        self.code = code
        self.detail = detail


@dataclass(frozen=True)
class LegalLimit:
    """The statutory time limit (法定办结时限), in working or calendar days."""

    days: int
    unit: Unit


@dataclass(frozen=True)
class ExtensionRule:
    """The extension that the law allows (行政许可法 第42条 or another law): the most days, and who approves it."""

    max_days: int
    approver: str = AGENCY_HEAD


@dataclass(frozen=True)
class Procedure:
    """A special procedure (特别程序), e.g. a hearing. `end` None: open. `told`: the applicant had written notice."""

    kind: str
    start: datetime
    end: datetime | None = None
    told: bool = True


@dataclass(frozen=True)
class Extension:
    """An approved extension of the time limit, in days of its unit."""

    days: int
    approved_at: datetime
    approver: str = AGENCY_HEAD


@dataclass(frozen=True)
class Decision:
    """The office's decision: granted, refused on its merits, or the handling ended without one."""

    at: datetime
    kind: DecisionKind


@dataclass(frozen=True)
class Deemed:
    """An acceptance by silence as it was recorded `at` an instant (rule 41): its day 0, and the notice limit then."""

    at: datetime
    day0: date
    notice_due: date | None = None


@dataclass(frozen=True)
class Facts:
    """The facts of one case, times in Beijing time; the clock answers for the instant `as_of`.

    `recorded` facts are the acts of a case, each of which was judged when it was done (rules 39-44): silence then is
    what was recorded as `deemed`, or what has followed the last act; and a year without a calendar leaves a gap in the
    answer instead of an error. `ended_at`: withdrawn, declined or terminated.
    """

    as_of: datetime
    law: Law = "permit"
    recorded: bool = False
    deemed: Deemed | None = None
    ended_at: datetime | None = None
    accepted_at: datetime | None = None
    received_at: datetime | None = None
    legal: LegalLimit | None = None
    promised_days: int | None = None
    extension_rule: ExtensionRule | None = None
    matter_stops: tuple[str, ...] = ()
    deemed_acceptance: bool = True
    exceptions: Mapping[date, Mark] = field(default_factory=dict, hash=False)
    after_hours: AfterHours = "same_day"
    closing: time = CLOSING
    notice_at: datetime | None = None
    supplement_at: datetime | None = None
    refused_at: datetime | None = None
    procedures: tuple[Procedure, ...] = ()
    extensions: tuple[Extension, ...] = ()
    decision: Decision | None = None
    handed_over_at: datetime | None = None

    def known(self) -> "Facts":
        """The facts as known at `as_of`: without later ones, and procedures that end later still open (rule 31)."""
        decision = self.decision if self.decision and self._past(self.decision.at) else None
        return replace(
            self,
            accepted_at=self._past(self.accepted_at),
            received_at=self._past(self.received_at),
            notice_at=self._past(self.notice_at),
            supplement_at=self._past(self.supplement_at),
            refused_at=self._past(self.refused_at),
            procedures=tuple(replace(p, end=self._past(p.end)) for p in self.procedures if self._past(p.start)),
            extensions=tuple(e for e in self.extensions if self._past(e.approved_at)),
            decision=decision,
            handed_over_at=self._past(self.handed_over_at),
            deemed=self.deemed if self.deemed and self._past(self.deemed.at) else None,
            ended_at=self._past(self.ended_at),
        )

    def _past(self, at: datetime | None) -> datetime | None:
        return at if at is not None and at <= self.as_of else None


def read_facts(raw: object) -> Facts:
    """Parse facts from the JSON input (§8). Raises ClockError: `bad_input`, `naive_time`, `as_of_missing`."""
    top = _Entry(raw, "input")
    accepted_at, received_at = top.get("accepted_at", _instant), top.get("received_at", _instant)
    if accepted_at is None and received_at is None:
        raise _bad("input", "needs accepted_at or received_at")
    decision = top.get("decision", _decision)
    handed_over_at = top.get("handed_over_at", _instant)
    return Facts(
        accepted_at=accepted_at,
        received_at=received_at,
        legal=top.get("legal", _legal),
        promised_days=top.get("promised_days", _days),
        extension_rule=top.get("extension_rule", _extension_rule),
        matter_stops=top.get("matter_stops", _list_of(_text)) or (),
        law=cast(Law, top.get("law", _one_of("permit", "other"), "permit")),
        recorded=top.get("recorded", _flag, False),
        deemed=top.get("deemed", _deemed),
        ended_at=top.get("ended_at", _instant),
        deemed_acceptance=top.get("deemed_acceptance", _flag, True),
        exceptions=top.get("exceptions", _exceptions) or {},
        after_hours=cast(AfterHours, top.get("after_hours", _one_of("same_day", "next_working_day"), "same_day")),
        closing=top.get("closing", _time_of_day, CLOSING),
        notice_at=top.get("notice_at", _instant),
        supplement_at=top.get("supplement_at", _instant),
        refused_at=top.get("refused_at", _instant),
        procedures=top.get("procedures", _list_of(_procedure)) or (),
        extensions=top.get("extensions", _list_of(_extension)) or (),
        decision=decision,
        handed_over_at=handed_over_at,
        as_of=top.get("as_of", _instant) or _last_of(decision, handed_over_at),
    )


def _last_of(decision: Decision | None, handed_over_at: datetime | None) -> datetime:
    """The default of `as_of`: the later of decision and hand-over (§6). Raises ClockError `as_of_missing`."""
    moments = [at for at in (decision.at if decision else None, handed_over_at) if at]
    if not moments:
        raise ClockError("as_of_missing")
    return max(moments)


# One reader per shape: it takes a value and its place in the input, and returns the fact or raises `bad_input`.

Reader = Callable[[Any, str], T]


def _bad(where: str, reason: str) -> ClockError:
    return ClockError("bad_input", f"{where}: {reason}")


class _Entry:
    """One JSON object; a key that is missing or null is absent."""

    def __init__(self, raw: object, where: str) -> None:
        if not isinstance(raw, dict):
            raise _bad(where, "must be an object")
        self._raw = raw
        self._where = where

    def get(self, key: str, read: Reader[T], default: Any = None) -> Any:
        value = self._raw.get(key)
        return default if value is None else read(value, f"{self._where}.{key}")

    def need(self, key: str, read: Reader[T]) -> T:
        if self._raw.get(key) is None:
            raise _bad(f"{self._where}.{key}", "is missing")
        return read(self._raw[key], f"{self._where}.{key}")


def _text(value: Any, where: str) -> str:
    if not isinstance(value, str) or not value:
        raise _bad(where, "must be a text")
    return value


def _flag(value: Any, where: str) -> bool:
    if not isinstance(value, bool):
        raise _bad(where, "must be true or false")
    return value


def _days(value: Any, where: str) -> int:
    # A bool is an int to Python, and not to us.
    if type(value) is not int or not 0 <= value <= LONGEST_LIMIT_DAYS:
        raise _bad(where, f"must be a whole number of days from 0 to {LONGEST_LIMIT_DAYS}")
    return value


def _granted_days(value: Any, where: str) -> int:
    if _days(value, where) == 0:
        raise _bad(where, "must be at least one day")
    return cast(int, value)


def _one_of(*choices: str) -> Reader[str]:
    def read(value: Any, where: str) -> str:
        if value not in choices:
            raise _bad(where, f"must be one of {', '.join(choices)}")
        return cast(str, value)

    return read


def _list_of(read: Reader[T]) -> Reader[tuple[T, ...]]:
    def read_all(value: Any, where: str) -> tuple[T, ...]:
        if not isinstance(value, list):
            raise _bad(where, "must be a list")
        return tuple(read(item, f"{where}[{n}]") for n, item in enumerate(value))

    return read_all


def _instant(value: Any, where: str) -> datetime:
    try:
        at = datetime.fromisoformat(_text(value, where))
        if at.tzinfo is None:
            raise ClockError("naive_time", f"{where}: has no offset")
        local = at.astimezone(BEIJING)
    except ClockError:
        raise
    except (ValueError, OverflowError):
        raise _bad(where, "is no ISO 8601 time") from None
    if not FIRST_YEAR <= local.year <= LAST_YEAR:
        raise _bad(where, f"must lie in the years {FIRST_YEAR} to {LAST_YEAR}")
    return local


def _day(value: Any, where: str) -> date:
    try:
        return date.fromisoformat(_text(value, where))
    except ValueError:
        raise _bad(where, "is no date") from None


def _time_of_day(value: Any, where: str) -> time:
    try:
        return time.fromisoformat(_text(value, where)).replace(tzinfo=None)
    except ValueError:
        raise _bad(where, "is no time of day") from None


def _legal(value: Any, where: str) -> LegalLimit:
    entry = _Entry(value, where)
    return LegalLimit(entry.need("days", _days), cast(Unit, entry.need("unit", _one_of("working", "calendar"))))


def _extension_rule(value: Any, where: str) -> ExtensionRule:
    entry = _Entry(value, where)
    return ExtensionRule(entry.need("max_days", _days), entry.get("approver", _text, AGENCY_HEAD))


def _procedure(value: Any, where: str) -> Procedure:
    entry = _Entry(value, where)
    return Procedure(
        kind=entry.need("kind", _text),
        start=entry.need("start", _instant),
        end=entry.get("end", _instant),
        told=entry.get("told", _flag, True),
    )


def _extension(value: Any, where: str) -> Extension:
    entry = _Entry(value, where)
    return Extension(
        days=entry.need("days", _granted_days),
        approved_at=entry.need("approved_at", _instant),
        approver=entry.get("approver", _text, AGENCY_HEAD),
    )


def _deemed(value: Any, where: str) -> Deemed:
    entry = _Entry(value, where)
    return Deemed(entry.need("at", _instant), entry.need("day0", _day), entry.get("notice_due", _day))


def _decision(value: Any, where: str) -> Decision:
    entry = _Entry(value, where)
    kind = entry.need("kind", _one_of("grant", "refuse", "end"))
    return Decision(entry.need("at", _instant), cast(DecisionKind, kind))


def _exceptions(value: Any, where: str) -> dict[date, Mark]:
    entry, mark = _Entry(value, where), _one_of("rest", "work")
    return {_day(key, where): cast(Mark, entry.need(key, mark)) for key in value}
