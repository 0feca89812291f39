"""The queues of the desk: in which a case stands, under which posts, and by which day it is to be done.

All of it is folded when an act is done and stored with the case (`Case.queue`), so that a list reads it and reckons
nothing. What depends on today is no stored state: near due and overdue are ranges of days, and what silence brings
about (行政许可法 第32条) is stored beside the present, with the day until which that holds. So no list is wrong because
a job has not run.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any

from api.calendar.calendar import WorkingCalendar
from api.calendar.day_words import TwoLanguages
from api.cases.case import OPEN, Case
from api.cases.clock.of_case import reckon_case
from api.cases.life.standing import WORK_OF, CaseStanding
from api.cases.promises import promise
from api.times import BEIJING

PROVISIONAL, NONE = "p", "x"
"""What stands before the day in a `due` that nobody knows yet, and in one that there is none of: both sort behind every
known day. With `x` it is the day of submission: what has waited longest comes first. Each has the hour of submission
behind it, so that the many cases of one day are read in parts: `2026-12-08T10`."""
COURIER = "courier"

DESK, DEPARTMENT, EVERYWHERE, OFFICER = "desk", "department", "all", "officer"

QUEUES: dict[str, TwoLanguages] = {
    "new": TwoLanguages("新申请", "New"),
    "supplement_back": TwoLanguages("补正已交", "Papers handed in"),
    "to_accept": TwoLanguages("待受理", "To accept"),
    "to_decide": TwoLanguages("待决定", "To decide"),
    "extension_asked": TwoLanguages("申请延期", "Extension asked"),
    "deferred_due": TwoLanguages("容缺待补", "Deferred papers due"),
    "to_issue": TwoLanguages("待出结果", "To issue"),
    "counter": TwoLanguages("窗口待领", "To hand over at the counter"),
    "to_send": TwoLanguages("待寄送", "To send by courier"),
    "to_hand_over": TwoLanguages("待送达", "To hand over"),
    "promise_broken": TwoLanguages("承诺不实待处置", "Broken promises to settle"),
    "near_due": TwoLanguages("快到期", "Near due"),
    "overdue": TwoLanguages("已超期", "Overdue"),
    "mine": TwoLanguages("我的", "Mine"),
    "department": TwoLanguages("本部门", "My department's"),
    "all": TwoLanguages("全部", "All"),
}
"""Each queue and what it is called, in the order of the work. All but `all` hold open cases, and
`promise_broken` also those whose result was handed over; soonest due first."""
AFTER_SILENCE = frozenset({"to_decide", "department", "near_due", "overdue"})
"""The queues in which a case may stand that silence has accepted; it is nobody's then."""
BY_DAY = frozenset({"near_due", "overdue"})
"""The queues that are a range of days; what they hold is stored as `work`: the part of those who move the case on."""


@dataclass(frozen=True)
class QueueKey:
    """The cases under one key, in the order of their due days; `is_later`: as silence will have it."""

    key: str
    is_later: bool = False


def key(place: str, code: str, queue: str) -> str:
    """The key of a queue of one post: `desk:hall-1|to_accept`."""
    return f"{place}:{code}|{queue}"


def entry(case: Case, standing: CaseStanding, way: str, calendar: WorkingCalendar) -> dict[str, Any]:
    """Where a case stands after its last act, as it is stored; empty once it has ended. `way` is that of delivery.

    `keys` are its queues, `due` the day in its order (see PROVISIONAL). If silence will accept it: `until`, the last
    day on which that holds, and `later`, `later_due` for the days after.
    """
    if standing.state not in OPEN:
        return _settling(case, standing) if promise.is_unsettled(standing.promise) else {}
    here = {"keys": _keys(case, standing, way), **times(case, calendar)}
    if "until" not in here:
        return here
    later = _keys(replace(case, state="accepted", officer=None), replace(standing, state="accepted"), way)
    return {**here, "later": later}


def _settling(case: Case, standing: CaseStanding) -> dict[str, Any]:
    """Where a case stands of which no limit runs any more, but a promise was found untrue: by the day of the order."""
    order, since = promise.open_order(standing.promise), case.submitted_at.astimezone(BEIJING)
    day = order["due"] if order else None
    places = {DESK: case.desk, DEPARTMENT: case.department, EVERYWHERE: "-"}
    keys = [key(place, code, "promise_broken") for place, code in places.items() if code]
    return {"keys": keys, "due": f"{day or f'{NONE}{since:%F}'}T{since:%H}"}


def times(case: Case, calendar: WorkingCalendar) -> dict[str, str]:
    """The days of an entry of an open case, which a calendar may move: `due` and, if silence will accept it, `until`
    and `later_due`."""
    clock = reckon_case(case.clock_facts, case.updated_at, calendar)
    since = case.submitted_at.astimezone(BEIJING)

    def ordered(day: str | None) -> str:
        return f"{day or f'{NONE}{since:%F}'}T{since:%H}"

    here = {"due": ordered(_due(clock, case.state))}
    limit = clock.get("notice_due")
    if case.state != "submitted" or clock.get("accept_basis") or not limit or not case.clock_facts["deemed_acceptance"]:
        return here
    day = date.fromisoformat(limit[:10])
    after = reckon_case(case.clock_facts, datetime.combine(day + timedelta(days=1), time.min, BEIJING), calendar)
    if after.get("accept_basis") != "deemed":
        return here
    return {**here, "until": day.isoformat(), "later_due": ordered(_due(after, "accepted"))}


def unfolded(
    state: str, desk: str | None, department: str | None, officer: str | None, since: datetime
) -> dict[str, Any]:
    """As `entry`, of a case of an older release whose actions are not read yet: in its queues, its due not known."""
    if state not in OPEN:
        return {}
    states = [*_STATE_QUEUES.get(state, ()), *(["new"] if state == "submitted" else ())]
    return {
        "keys": _placed(state, states, desk, department, officer),
        "due": f"{NONE}{since.astimezone(BEIJING):%FT%H}",
    }


def holds(entry: Mapping[str, Any], today: date, *, is_later: bool) -> bool:
    """Whether a stored entry holds today: the present one through its last day, the later one from the day after."""
    until = entry.get("until")
    return bool(until and until < today.isoformat()) if is_later else not until or until >= today.isoformat()


def due_day(entry: Mapping[str, Any], now: datetime) -> dict[str, Any] | None:
    """The day by which a list sorts a case, as JSON: `{day, provisional}`; None where there is none."""
    is_later = holds(entry, now.astimezone(BEIJING).date(), is_later=True)
    due = entry.get("later_due" if is_later else "due", NONE)
    return (
        None if due[:1] == NONE else {"day": due.removeprefix(PROVISIONAL)[:10], "provisional": due[:1] == PROVISIONAL}
    )


def _keys(case: Case, standing: CaseStanding, way: str) -> list[str]:
    flags, queues = standing.flags, [*_STATE_QUEUES.get(case.state, ())]
    if case.state == "submitted":
        queues.append("supplement_back" if "supplement_back" in flags else "new")
    if case.state == "issued":
        queues += [] if case.is_sent else ["to_send" if way == COURIER else "counter"]
    queues += [queue for queue, flag in _FLAG_QUEUES.items() if flag in flags]
    queues += ["promise_broken"] if promise.is_unsettled(standing.promise) else []
    return _placed(case.state, queues, case.desk, case.department, case.officer)


_STATE_QUEUES = {
    "submitted": ("to_accept",),
    "accepted": ("to_decide",),
    "granted": ("to_issue",),
    "issued": ("to_hand_over",),
}
_FLAG_QUEUES = {"extension_asked": "extension_asked", "deferred_due": "deferred"}
"""By queue: the flag of a standing that puts a case into it."""


def _placed(state: str, queues: list[str], desk: str | None, department: str | None, officer: str | None) -> list[str]:
    """The keys of the posts that see a case in these queues. `work` is each post's own part of the way of a case."""
    places = {DESK: desk, DEPARTMENT: department, EVERYWHERE: "-"}
    part = {DESK: "window", DEPARTMENT: "handler"}
    mover, keys = WORK_OF.get(state, "window"), [key(OFFICER, officer, "mine")] if officer else []
    for place, code in places.items():
        if code:
            works = part.get(place, mover) == mover
            keys += [key(place, code, queue) for queue in (*queues, "department", *(["work"] if works else ()))]
    return keys


def _due(clock: Mapping[str, Any], state: str) -> str | None:
    """The day by which the office must act, in its order; None where no limit runs, or the clock stands still.

    Of a case that waits for papers it is the day that its notice gave: the window then asks, or ends it.
    """
    if state == "supplementing":
        return clock["supplement_due"] and str(clock["supplement_due"])[:10]
    if clock.get("error") or clock["state"] == "stopped":
        return None
    names = {"submitted": ("notice_due",), "accepted": ("promised_due", "legal_due")}.get(state, ("handover_due",))
    if clock["accept_basis"] and state == "submitted":
        names = ("promised_due", "legal_due")
    known = [clock[name] for name in names if clock[name]]
    if known:
        return str(min(known))[:10]
    guesses = [clock["provisional"][name] for name in names if clock["provisional"].get(name)]
    return PROVISIONAL + min(guesses)[:10] if guesses else None
