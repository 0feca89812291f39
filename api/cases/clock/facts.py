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
class Reissue:
    """A result that had been handed over, and was made anew `at` an instant."""

    handed_over_at: datetime
    at: datetime


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
    """When the newest result was handed over."""
    reissues: tuple[Reissue, ...] = ()
    """The results before it that were made anew after their hand-over, in their order."""

    @property
    def hand_overs(self) -> tuple[datetime, ...]:
        """Every hand-over that took place, in their order."""
        newest = (self.handed_over_at,) if self.handed_over_at else ()
        return (*(reissue.handed_over_at for reissue in self.reissues), *newest)

    def known(self) -> "Facts":
        """The facts as known at `as_of`: without later ones, and procedures that end later still open (rule 31)."""
        if not any(at and at > self.as_of for at in self._moments()):
            return self
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
            handed_over_at=self._past(self._handed_over_then()),
            reissues=tuple(reissue for reissue in self.reissues if self._past(reissue.at)),
            deemed=self.deemed if self.deemed and self._past(self.deemed.at) else None,
            ended_at=self._past(self.ended_at),
        )

    def _handed_over_then(self) -> datetime | None:
        """The hand-over of the result that was the newest at `as_of`."""
        later = (reissue.handed_over_at for reissue in self.reissues if not self._past(reissue.at))
        return next(later, self.handed_over_at)

    def _moments(self) -> list[datetime | None]:
        """Every instant of the facts."""
        acts = [self.accepted_at, self.received_at, self.notice_at, self.supplement_at, self.refused_at]
        ends = [
            *self.hand_overs,
            *(reissue.at for reissue in self.reissues),
            self.ended_at,
            *(item.at for item in (self.decision, self.deemed) if item),
        ]
        procedures = [at for procedure in self.procedures for at in (procedure.start, procedure.end)]
        return [*acts, *ends, *procedures, *(extension.approved_at for extension in self.extensions)]

    def _past(self, at: datetime | None) -> datetime | None:
        return at if at is not None and at <= self.as_of else None


def read_facts(raw: object) -> Facts:
    """Parse facts from the JSON input (§8). Raises ClockError: `bad_input`, `naive_time`, `as_of_missing`."""
    entry = _object(raw, "input")
    if entry.get("accepted_at") is None and entry.get("received_at") is None:
        raise _bad("input", "needs accepted_at or received_at")
    facts = {key: read(entry[key], f"input.{key}") for key, read in _READERS.items() if entry.get(key) is not None}
    if "as_of" not in facts:
        facts["as_of"] = _last_of(facts)
    return Facts(**facts)


def _last_of(facts: Mapping[str, Any]) -> datetime:
    """The default of `as_of`: the latest of decision, hand-over and results made anew (§6). Raises ClockError
    `as_of_missing`."""
    ends = [*filter(None, [facts.get("decision")]), *facts.get("reissues", ())]
    moments = [*filter(None, [facts.get("handed_over_at")]), *(item.at for item in ends)]
    if not moments:
        raise ClockError("as_of_missing")
    return max(moments)


# One reader per shape: it takes a value and its place in the input, and returns the fact or raises `bad_input`.

Reader = Callable[[Any, str], T]


def _bad(where: str, reason: str) -> ClockError:
    return ClockError("bad_input", f"{where}: {reason}")


def _object(value: Any, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _bad(where, "must be an object")
    return value


def _get(entry: dict[str, Any], where: str, key: str, read: Reader[T], default: Any = None) -> Any:
    """The value of a key; one that is missing or null is absent."""
    value = entry.get(key)
    return default if value is None else read(value, f"{where}.{key}")


def _need(entry: dict[str, Any], where: str, key: str, read: Reader[T]) -> T:
    value = entry.get(key)
    if value is None:
        raise _bad(f"{where}.{key}", "is missing")
    return read(value, f"{where}.{key}")


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
        at = datetime.fromisoformat(value)
        local = at.astimezone(BEIJING) if at.tzinfo else None
    except (TypeError, ValueError, OverflowError):
        raise _bad(where, "is no ISO 8601 time") from None
    if local is None:
        raise ClockError("naive_time", f"{where}: has no offset")
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
    entry = _object(value, where)
    return LegalLimit(
        _need(entry, where, "days", _days), cast(Unit, _need(entry, where, "unit", _one_of("working", "calendar")))
    )


def _extension_rule(value: Any, where: str) -> ExtensionRule:
    entry = _object(value, where)
    return ExtensionRule(_need(entry, where, "max_days", _days), _get(entry, where, "approver", _text, AGENCY_HEAD))


def _procedure(value: Any, where: str) -> Procedure:
    entry = _object(value, where)
    return Procedure(
        kind=_need(entry, where, "kind", _text),
        start=_need(entry, where, "start", _instant),
        end=_get(entry, where, "end", _instant),
        told=_get(entry, where, "told", _flag, True),
    )


def _extension(value: Any, where: str) -> Extension:
    entry = _object(value, where)
    return Extension(
        days=_need(entry, where, "days", _granted_days),
        approved_at=_need(entry, where, "approved_at", _instant),
        approver=_get(entry, where, "approver", _text, AGENCY_HEAD),
    )


def _deemed(value: Any, where: str) -> Deemed:
    entry = _object(value, where)
    return Deemed(
        _need(entry, where, "at", _instant), _need(entry, where, "day0", _day), _get(entry, where, "notice_due", _day)
    )


def _decision(value: Any, where: str) -> Decision:
    entry = _object(value, where)
    kind = _need(entry, where, "kind", _one_of("grant", "refuse", "end"))
    return Decision(_need(entry, where, "at", _instant), cast(DecisionKind, kind))


def _reissue(value: Any, where: str) -> Reissue:
    entry = _object(value, where)
    return Reissue(_need(entry, where, "handed_over_at", _instant), _need(entry, where, "at", _instant))


def _exceptions(value: Any, where: str) -> dict[date, Mark]:
    entry, mark = _object(value, where), _one_of("rest", "work")
    return {_day(key, where): cast(Mark, _need(entry, where, key, mark)) for key in value}


_READERS: dict[str, Reader[Any]] = {
    "accepted_at": _instant,
    "received_at": _instant,
    "decision": _decision,
    "handed_over_at": _instant,
    "reissues": _list_of(_reissue),
    "legal": _legal,
    "promised_days": _days,
    "extension_rule": _extension_rule,
    "matter_stops": _list_of(_text),
    "law": _one_of("permit", "other"),
    "recorded": _flag,
    "deemed": _deemed,
    "ended_at": _instant,
    "deemed_acceptance": _flag,
    "exceptions": _exceptions,
    "after_hours": _one_of("same_day", "next_working_day"),
    "closing": _time_of_day,
    "notice_at": _instant,
    "supplement_at": _instant,
    "refused_at": _instant,
    "procedures": _list_of(_procedure),
    "extensions": _list_of(_extension),
    "as_of": _instant,
}
"""The reader of each key of the input (§8); one that is missing or null is absent, another is not read."""
