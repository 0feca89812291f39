"""Random lives of cases for `tests.show.clock`: acts one after another while calendars are announced and mended.

Each act is put to the program's fold (`clock_facts`, `reckon_case`) and to the second reading of the rules; a case that
is found accepted by silence has its `deem` appended first, as rule 40 says. Now and then its dues are looked at again,
as a calendar that was announced or mended has them looked at: where one has moved that was told, `due_changed` follows.
Both sides must agree which dues an act told, and which have moved.
"""

import random
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from types import SimpleNamespace
from typing import Any, NamedTuple

from api.calendar.calendar import WorkingCalendar
from api.cases.case import Action
from api.cases.clock import dues
from api.cases.clock.of_case import clock_facts, reckon_case
from api.cases.life.acts import RULES
from api.cases.life.on_the_spot import steps
from api.cases.snapshot import telling
from tests.show.clock_acts_oracle import (
    TELLING,
    Done,
    MatterData,
    moved_dues,
    provisional_dues,
    read_case,
    silent,
    told_dues,
)
from tests.show.clock_histories import RUNNING, YEARS, Histories
from tests.show.clock_oracle import STOPS, Judgement, Notices, differences

Published = Callable[[frozenset[int]], tuple[Notices, WorkingCalendar]]

FOLLOWING: dict[str, tuple[str, ...]] = {
    "submitted": (*("accept", "request_supplement", "note") * 4, "decline", "withdraw", "terminate"),
    "supplementing": (*("supplement",) * 8, "decline", "withdraw", "terminate"),
    "accepted": (
        *("decide", "transfer", "start_procedure", "end_procedure", "approve_extension") * 3,
        *("survey", "review", "withdraw", "terminate"),
    ),
    "granted": (*("issue",) * 3, "correct"),
    "issued": (*("hand_over",) * 3, "reissue"),
    "handed_over": (*("reissue",) * 2, "correct", "close"),
}
"""What may follow in each state; the table of states and acts is tested elsewhere."""
BY_CHOICE: dict[str, dict[str, tuple[str, ...]]] = {
    "deferring": {
        "submitted": ("defer",) * 8,
        "accepted": (*("request_supplement", "supplement") * 3,),
        "granted": ("request_supplement", "supplement", "terminate"),
    },
    "promising": {
        "submitted": ("promise",) * 5,
        "accepted": ("promise",) * 3,
        "granted": ("check_promise",) * 2,
        "issued": ("check_promise",),
        "handed_over": ("check_promise",) * 2,
    },
    "on the spot": {"submitted": ("finish",) * 8, "accepted": ("finish",) * 5},
}
"""What may follow too by the applicant's choice (容缺, 告知承诺), or in a matter that is done on the spot."""
LEADS_TO = {
    "submit": "submitted",
    "accept": "accepted",
    "defer": "accepted",
    "deem": "accepted",
    "supplement": "submitted",
    "request_supplement": "supplementing",
    "promise": "granted",
    "decline": "declined",
    "withdraw": "withdrawn",
    "terminate": "terminated",
    "issue": "issued",
    "reissue": "issued",
    "hand_over": "handed_over",
    "close": "closed",
}
BEFORE_ACCEPTANCE = ("submitted", "supplementing")


class Life(NamedTuple):
    """One case at a moment: what each side says of it, and what it was made of."""

    kinds: frozenset[str]
    wrong: list[str]
    judgement: Judgement
    output: dict[str, Any]
    case: dict[str, Any]


class Lives:
    """Draws lives of cases from a seed; `published` gives the notices of some years for both sides."""

    def __init__(self, seed: int, published: Published) -> None:
        self.rng, self.published = random.Random(seed), published
        self.draw = Histories(seed)

    def one(self) -> Life:
        """The next life, compared at some moment after its last act."""
        self.kinds: set[str] = set()
        self.matter = self._matter()
        self.choices = [choice for choice in BY_CHOICE if self.draw.chance(0.25)]
        self.day = self.draw.first_day()
        self._calendars()
        self.done: list[Done] = []
        self.actions: list[Action] = []
        self.procedures: list[dict[str, Any]] = []
        self.state, self.wrong = "", list[str]()
        now = self.draw.at(self.day)
        self._append("submit", now, {})
        for _ in range(self.rng.randint(0, 9)):
            if self.state not in FOLLOWING:
                break
            now = self.draw.later(now, self.rng.choice((1, 3, 6, 12)))
            self._silence_first(now)
            if self.draw.chance(0.4 if self.is_moving else 0.1):
                self._look_again(now)
            else:
                self._act(self.rng.choice(self._following()), now)
        moment = self.draw.later(now, self.rng.choice((0, 2, 6, 15, 40)))
        return self._compared(moment)

    # -- what it is made of ----------------------------------------------------------------

    def _matter(self) -> MatterData:
        chance, rng = self.draw.chance, self.rng
        law = "permit" if chance(0.65) else "other"
        days = rng.choice((1, 3, 5, 10, 20))
        legal = {"days": days, "unit": rng.choice(("working", "working", "calendar"))} if chance(0.85) else None
        promised = rng.choice((0, 1, 3, days, days + 2)) if chance(0.6) or not legal else None
        stops = (rng.choice((*RUNNING, *STOPS[:3])),) if chance(0.3) else ()
        rule = {"max_days": rng.choice((5, 10)), "approver": rng.choice(("agency_head", "government_head"))}
        self.kinds.add("a permit" if law == "permit" else "another matter")
        return MatterData(law, legal, promised, rule if legal and chance(0.5) else None, stops)

    def _calendars(self) -> None:
        """From which day each notice is known, and each exception made."""
        self.announced = dict.fromkeys(YEARS, date.min)
        if self.draw.chance(0.5):
            self.kinds.add("a calendar announced late")
            for year in YEARS[self.rng.randrange(len(YEARS)) :]:
                self.announced[year] = self.day + timedelta(days=self.rng.randint(-5, 40))
        self.is_moving = "a calendar announced late" in self.kinds
        self.mended: dict[date, tuple[date, str]] = {}
        if self.draw.chance(0.3):
            self.kinds.add("a calendar mended")
            self.is_moving = True
            for _ in range(self.rng.randint(1, 4)):
                day = self.day + timedelta(days=self.rng.randrange(20))
                known = self.day + timedelta(days=self.rng.randint(-3, 30))
                self.mended[day] = (known, self.rng.choice(("rest", "work")))

    def _known(self, at: datetime) -> tuple[Notices, WorkingCalendar]:
        today = at.date()
        notices, calendar = self.published(frozenset(year for year in YEARS if self.announced[year] <= today))
        exceptions: Mapping[date, Any] = {day: mark for day, (since, mark) in self.mended.items() if since <= today}
        return replace(notices, exceptions=exceptions), calendar.with_exceptions(exceptions)

    # -- acts --------------------------------------------------------------------------------

    def _following(self) -> tuple[str, ...]:
        chosen = (BY_CHOICE[choice].get(self.state, ()) for choice in self.choices)
        return sum(chosen, FOLLOWING[self.state])

    def _append(self, act: str, at: datetime, data: dict[str, Any]) -> None:
        notices, calendar = self._known(at)
        self.done.append(Done(act, at, data))
        if act in TELLING:
            dues_now = told_dues(self.matter, self.done, at, notices)
            self.done[-1] = Done(act, at, {**data, "dues": dues_now})
        stored = steps(self.state, data) if act == "finish" else [(act, self._data(act, data))]
        for name, fields in stored:
            self._store(Action(len(self.actions) + 1, name, at, "somebody", "somebody", fields), calendar)
        self._compare_told(act)
        if act in ("decide", "finish"):
            if any(not one["ended"] for one in self.procedures):
                self.kinds.add("decided while a procedure runs")
            self.state = "granted" if data["kind"] == "grant" else "refused"
        if act == "finish" and data["serial"]:
            self.state = "handed_over" if data["to"] else "issued"
        if act not in ("supplement", "request_supplement") or self.state in ("", *BEFORE_ACCEPTANCE):
            self.state = LEADS_TO.get(act, self.state)

    def _store(self, action: Action, calendar: WorkingCalendar) -> None:
        """Append an action as the program does: with the dues that it tells."""
        tells = action.act == "submit" or RULES[action.act].visibility == "open"
        facts = clock_facts(self._as_the_program(), [*self.actions, action])
        known = SimpleNamespace(working=calendar, version=1)
        self.actions.append(telling(action, facts, known) if tells else action)

    def _compare_told(self, act: str) -> None:
        theirs = (clock_facts(self._as_the_program(), self.actions).get("told") or {}).get("days")
        if act in TELLING and theirs != self.done[-1].detail["dues"]:
            self.wrong = self.wrong or [f"told by {act}"]

    def _look_again(self, at: datetime) -> None:
        """Append what a calendar has moved (rules 41, 44); both sides must agree what that is."""
        notices, calendar = self._known(at)
        theirs = dues.moved(clock_facts(self._as_the_program(), self.actions), at, calendar)
        ours = moved_dues(self.matter, self.done, at, notices)
        if ours != theirs:
            self.wrong = self.wrong or ["moved"]
        if ours:
            self.kinds.add("a due that moved")
            self._append("due_changed", at, {"moved": ours, "about": "", "about_en": ""})

    @staticmethod
    def _data(act: str, data: dict[str, Any]) -> dict[str, Any]:
        """The data of an act as the program stores it."""
        match act:
            case "submit" | "supplement":
                return {"materials": {}, "text": ""}
            case "request_supplement":
                return {"items": [], "text": ""}
            case "deem":
                return {**data, "calendar": "some version"}
            case "start_procedure" | "end_procedure":
                return {"procedure": data["kind"], "days": 3, "text": ""}
        return data

    def _act(self, act: str, at: datetime) -> None:
        running = [number for number, one in enumerate(self.procedures) if not one["ended"]]
        kinds = [self.procedures[number]["kind"] for number in running]
        detail: dict[str, Any] = {}
        match act:
            case "decide":
                detail = {"kind": self.rng.choice(("grant", "grant", "refuse"))}
            case "promise":
                detail = {"kind": "grant"}
            case "check_promise":
                detail = {"outcome": self.rng.choice(("kept", "broken"))}
            case "finish":
                detail = {"kind": self.rng.choice(("grant", "grant", "refuse")), "text": "", "proof": ""}
                serial = "1" if detail["kind"] == "grant" and self.draw.chance(0.7) else ""
                detail |= {"serial": serial, "to": "applicant" if serial and self.draw.chance(0.7) else ""}
            case "start_procedure":
                detail = {"kind": self.rng.choice((*STOPS, *RUNNING, *self.matter.stops * 6)), "told": True}
                if detail["kind"] in kinds:
                    return
                self.procedures.append({"kind": detail["kind"], "ended": False})
            case "end_procedure":
                if not running:
                    return
                number = self.rng.choice(running)
                detail = {"number": number, "kind": self.procedures[number]["kind"]}
                self.procedures[number]["ended"] = True
            case "approve_extension":
                rule = self.matter.extension_rule or {"approver": "agency_head"}
                detail = {"days": self.rng.choice((1, 5, 10)), "approved_at": at.isoformat(), **rule}
        self._append(act, at, detail)
        self.kinds.add(f"act {act}")

    def _silence_first(self, at: datetime) -> None:
        """Append the `deem` if the notice limit has passed (rule 40); both sides must agree whether it has."""
        if self.state != "submitted":
            return
        notices, calendar = self._known(at)
        limit = silent(self.matter, self.done, at, notices)
        clock = reckon_case(clock_facts(self._as_the_program(), self.actions), at, calendar)
        theirs = (clock["day0"], (clock["notice_due"] or "")[:10]) if clock["accept_basis"] == "deemed" else None
        ours = limit and tuple(day.isoformat() for day in limit)
        if ours != theirs:
            self.wrong = ["deem"]
        if ours:
            self.kinds.add("accepted by silence")
            self._append("deem", at, dict(zip(("day0", "notice_due"), ours, strict=True)))

    def _as_the_program(self) -> Any:
        """The matter as the program knows it."""
        legal, rule, promised = self.matter.legal, self.matter.extension_rule, self.matter.promised_days
        return SimpleNamespace(
            name="",
            kind="行政许可" if self.matter.law == "permit" else "行政确认",
            statutory=legal and SimpleNamespace(**legal),
            promised=None if promised is None else SimpleNamespace(days=promised, unit="working"),
            extension_days=rule and rule["max_days"],
            extension_approver=rule and rule["approver"],
            clock_stops=self.matter.stops,
        )

    def _compared(self, at: datetime) -> Life:
        notices, calendar = self._known(at)
        judgement = read_case(self.matter, self.done, at, notices)
        output = reckon_case(clock_facts(self._as_the_program(), self.actions), at, calendar)
        plain = {name: value for name, value in output.items() if name != "provisional"}
        wrong = self.wrong or [name for name in differences(judgement, plain) if name != "fields"]
        if output["provisional"] and not wrong:
            self.kinds.add("a provisional due")
            dues = provisional_dues(self.matter, self.done, at, notices)
            right = all(output[name] is None and day in dues[name] for name, day in output["provisional"].items())
            wrong = [] if right else ["provisional"]
        case = {
            "matter": vars(self.matter),
            "acts": [f"{one.at.isoformat()} {one.act} {dict(one.detail)}" for one in self.done],
            "at": at.isoformat(),
            "years": sorted(notices.years),
            "exceptions": {day.isoformat(): mark for day, mark in notices.exceptions.items()},
        }
        return Life(frozenset(self.kinds), wrong, judgement, output, case)
