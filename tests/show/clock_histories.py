"""Random histories for the working-day clock, in the form of its input (§8): `Histories(seed).one()`.

Days lie close together and limits are short, so that what is asked falls on, before and after the days that matter.
"""

import random
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, NamedTuple

from tests.show.clock_oracle import BEIJING, STOPS, Notices

RUNNING = ("现场踏勘", "公示", "补正", "容缺补交", "中介评估")
BUSY = ((12, 10, 30), (9, 18, 25), (1, 15, 35), (4, 24, 14), (2, 1, 25))
"""Where holidays crowd: month and day, and for how many days."""
HOURS = ("00:00:00", "08:00:00", "09:00:00", "12:00:00", "17:29:59", "17:30:00", "20:00:00", "23:50:00", "23:59:58")
YEARS = (2024, 2025, 2026, 2027)


class History(NamedTuple):
    """One input, the years whose notice is published, and of which kinds it is."""

    raw: dict[str, Any]
    years: frozenset[int]
    kinds: frozenset[str]


def notices(data: Mapping[str, Any]) -> Notices:
    """The notices of a file like api/calendar/data/holidays.json, with one for 2027 that nobody has published."""
    years = {}
    for year, notice in {**data["years"], "2027": {"holidays": IMAGINED}}.items():
        rest, make_up = set(), set()
        for holiday in notice["holidays"]:
            first, last = date.fromisoformat(holiday["from"]), date.fromisoformat(holiday["to"])
            rest.update(first + timedelta(days=number) for number in range((last - first).days + 1))
            make_up.update(map(date.fromisoformat, holiday["make_up"]))
        years[int(year)] = (frozenset(rest), frozenset(make_up))
    fixed = data["statutory"]
    holidays = {
        date.fromisoformat(f"{year}-{day}")
        for year in range(fixed["since"], 2030)
        for day in [*fixed["every_year"], *fixed["by_year"].get(str(year), ())]
    }
    return Notices(years, frozenset(holidays))


IMAGINED = [
    {"from": "2027-01-01", "to": "2027-01-03", "make_up": []},
    {"from": "2027-02-05", "to": "2027-02-11", "make_up": ["2027-02-14", "2027-02-20"]},
    {"from": "2027-04-03", "to": "2027-04-05", "make_up": []},
    {"from": "2027-05-01", "to": "2027-05-05", "make_up": ["2027-04-25", "2027-05-08"]},
    {"from": "2027-06-09", "to": "2027-06-09", "make_up": []},
    {"from": "2027-09-15", "to": "2027-09-15", "make_up": []},
    {"from": "2027-10-01", "to": "2027-10-07", "make_up": ["2027-09-26", "2027-10-09"]},
]


class Histories:
    """Draws histories from a seed."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)

    def one(self) -> History:
        """The next history."""
        self.raw: dict[str, Any] = {}
        self.kinds: set[str] = set()
        self.day = self.first_day()
        self._limits()
        self._options()
        begun = self._beginning()
        self.span = int(1.4 * max(self.total, 3)) + 4
        decided = self._decision(begun)
        self._procedures(begun, decided)
        self._extensions(begun, decided)
        self._moment(begun, decided)
        self._mistake()
        years = frozenset(YEARS)
        if self.chance(0.3):
            years = frozenset(YEARS[: self.rng.randrange(1, 4)])
            self.kinds.add("a calendar announced late")
        return History(self.raw, years, frozenset(self.kinds))

    # -- draws --------------------------------------------------------------------------

    def chance(self, probability: float) -> bool:
        """Whether something of this probability is drawn."""
        return self.rng.random() < probability

    def at(self, day: date) -> datetime:
        """A moment of a day."""
        if self.chance(0.5):
            text = self.rng.choice(HOURS)
        else:
            text = f"{self.rng.randrange(24):02}:{self.rng.randrange(60):02}:{self.rng.randrange(59):02}"
        return datetime.combine(day, time.fromisoformat(text), BEIJING)

    def later(self, moment: datetime, most: int) -> datetime:
        """A moment up to so many days after another."""
        drawn = self.at(moment.date() + timedelta(days=self.rng.randint(0, most)))
        return drawn if drawn > moment else moment + timedelta(seconds=self.rng.choice((1, 60, 3600)))

    def text(self, moment: datetime) -> str:
        """A moment as text, sometimes with another offset than Beijing's."""
        return (moment.astimezone(UTC) if self.chance(0.1) else moment).isoformat()

    def first_day(self) -> date:
        year = self.rng.choice(YEARS)
        if self.chance(0.5):
            month, day, length = self.rng.choice(BUSY)
            return date(year, month, day) + timedelta(days=self.rng.randrange(length))
        return date(year, 1, 1) + timedelta(days=self.rng.randrange(365))

    # -- the parts ----------------------------------------------------------------------

    def _limits(self) -> None:
        days = self.rng.choice((1, 2, 3, 5, 5, 7, 10, 10, 15, 20, 30, 45))
        self.total = days
        if self.chance(0.85):
            unit = self.rng.choice(("working", "working", "calendar"))
            self.raw["legal"] = {"days": days, "unit": unit}
            self.kinds.add(f"{unit} days")
        if self.chance(0.65) or "legal" not in self.raw:
            self.raw["promised_days"] = self.rng.choice((0, 1, 2, 3, 5, days, days + 1, max(1, days // 2)))
            self.kinds.add("a promised limit" if self.raw["promised_days"] else "promised for the same day")
            if "legal" not in self.raw:
                self.kinds.add("a promise alone")
                self.total = self.raw["promised_days"]

    def _options(self) -> None:
        if self.chance(0.25):
            self.raw["after_hours"] = "next_working_day"
            self.kinds.add("after hours is the next day")
            if self.chance(0.3):
                self.raw["closing"] = self.rng.choice(("12:00", "18:00", "17:00:00"))
        elif self.chance(0.2):
            self.raw["after_hours"] = "same_day"
        if self.chance(0.2):
            self.kinds.add("exceptions")
            near = [self.day + timedelta(days=self.rng.randrange(0, 25)) for _ in range(self.rng.randint(1, 6))]
            self.raw["exceptions"] = {day.isoformat(): self.rng.choice(("rest", "work")) for day in near}
        if self.chance(0.15):
            self.raw["matter_stops"] = [self.rng.choice((*RUNNING, "听证"))]
            self.kinds.add("stops of the matter's own")

    def _beginning(self) -> datetime:
        """Acceptance or arrival and what followed it; gives about when the clock began."""
        raw, begun = self.raw, self.at(self.day)
        if self.chance(0.45):
            raw["accepted_at"] = self.text(begun)
            self.kinds.add("accepted")
            return begun
        raw["received_at"] = self.text(begun)
        if self.chance(0.15):
            raw["deemed_acceptance"] = False
            self.kinds.add("no acceptance by silence")
        latest = begun
        if self.chance(0.5):
            latest = self.later(latest, 9)
            raw["notice_at"] = self.text(latest)
            self.kinds.add("a notice")
            if self.chance(0.75):
                arrived = self.later(latest, 15)
                if self.chance(0.12):
                    raw["accepted_at"] = self.text(self.later(latest, 6))
                    self.kinds.add("accepted before all was there")
                    if self.chance(0.5):
                        return latest
                latest = arrived
                raw["supplement_at"] = self.text(latest)
                self.kinds.add("a supplement")
        return self._answer(begun, latest)

    def _answer(self, begun: datetime, latest: datetime) -> datetime:
        raw, drawn = self.raw, self.rng.random()
        if "accepted_at" in raw or drawn < 0.4:
            self.kinds.add("silence")
            return latest
        if drawn < 0.85:
            latest = self.later(latest, 10)
            raw["accepted_at"] = self.text(latest)
            self.kinds.add("accepted")
        if drawn > 0.8:
            latest = self.later(latest, 10)
            raw["refused_at"] = self.text(latest)
            self.kinds.add("refused")
        return latest if self.chance(0.93) else begun

    def _decision(self, begun: datetime) -> datetime | None:
        if not self.chance(0.45):
            return None
        decided = self.later(begun, self.span)
        kind = self.rng.choice(("grant", "grant", "refuse", "end"))
        self.raw["decision"] = {"at": self.text(decided), "kind": kind}
        self.kinds.add("decided")
        if kind == "grant" and self.chance(0.6):
            self.raw["handed_over_at"] = self.text(self.later(decided, 24))
            self.kinds.add("handed over")
            while self.chance(0.25):
                self._reissue()
            if "reissues" in self.raw and self.chance(0.3):
                del self.raw["handed_over_at"]
        return decided

    def _reissue(self) -> None:
        """What was handed over is made anew, and handed over again."""
        earlier = datetime.fromisoformat(self.raw["handed_over_at"]).astimezone(BEIJING)
        anew = self.later(earlier, 24)
        one = {"handed_over_at": self.raw["handed_over_at"], "at": self.text(anew)}
        self.raw["reissues"] = [*self.raw.get("reissues", ()), one]
        self.raw["handed_over_at"] = self.text(self.later(anew, 24))
        self.kinds.add("made anew after its hand-over")

    def _procedures(self, begun: datetime, decided: datetime | None) -> None:
        procedures: list[dict[str, Any]] = []
        edges: list[datetime] = []
        for _ in range(self.rng.choice((0, 0, 0, 1, 1, 2, 2, 3, 4))):
            start = self.rng.choice(edges) if edges and self.chance(0.35) else self.later(begun, self.span)
            if decided and start > decided and self.chance(0.97):
                continue
            end = None if self.chance(0.22) else self.later(start, self.rng.choice((0, 1, 2, 4, 9, 25)))
            if end and end.date() == start.date():
                self.kinds.add("a stop within a day")
            if end is None:
                self.kinds.add("an open stop")
            edges += [start, end] if end else [start]
            kind = self.rng.choice(STOPS) if self.chance(0.75) else self.rng.choice(RUNNING)
            procedure: dict[str, Any] = {"kind": kind, "start": self.text(start), "end": end and self.text(end)}
            if self.chance(0.15):
                procedure["told"] = self.chance(0.2)
            if end is None and self.chance(0.3):
                del procedure["end"]
            procedures.append(procedure)
        if len(procedures) > 1:
            self.kinds.add("several stops")
        if procedures or self.chance(0.1):
            self.kinds.add("stops" if procedures else "plain")
            self.raw["procedures"] = procedures

    def _extensions(self, begun: datetime, decided: datetime | None) -> None:
        has_rule = self.chance(0.55)
        if has_rule:
            self.raw["extension_rule"] = rule = {"max_days": self.rng.choice((5, 10, 15))}
            if self.chance(0.3):
                rule["approver"] = self.rng.choice(("agency_head", "government_head"))
        extensions = []
        for _ in range(self.rng.choice((1, 1, 2, 3)) if self.chance(0.55 if has_rule else 0.1) else 0):
            extension: dict[str, Any] = {
                "days": self.rng.choice((1, 3, 5, 10, 10, 15)),
                "approved_at": self.text(self.later(begun, self.span)),
            }
            if self.chance(0.3):
                extension["approver"] = self.rng.choice(("agency_head", "government_head"))
            extensions.append(extension)
        if extensions:
            self.kinds.add("extensions")
            self.raw["extensions"] = extensions

    def _moment(self, begun: datetime, decided: datetime | None) -> None:
        if decided is None or self.chance(0.45):
            self.raw["as_of"] = self.text(self.later(begun, self.span + 12))

    def _mistake(self) -> None:
        """Now and then something that cannot be (rules 26, 30, 31; a time without an offset; no moment)."""
        if self.chance(0.96):
            return
        self.kinds.add("a mistake")
        early = self.text(self.at(self.day - timedelta(days=self.rng.randint(1, 4))))
        match self.rng.randrange(6):
            case 0:
                self.raw["procedures"] = [*self.raw.get("procedures", ()), {"kind": "听证", "start": early}]
            case 1:
                later = self.text(self.at(self.day + timedelta(days=3)))
                self.raw["procedures"] = [{"kind": "检测", "start": later, "end": early}]
            case 2:
                self.raw["extensions"] = [{"days": 3, "approved_at": early}, *self.raw.get("extensions", ())]
            case 3:
                self.raw["decision"] = {"at": early, "kind": "grant"}
            case 4:
                name = self.rng.choice([name for name in ("accepted_at", "received_at", "as_of") if name in self.raw])
                self.raw[name] = self.raw[name][:19]
            case _:
                for name in ("as_of", "decision", "handed_over_at", "reissues"):
                    self.raw.pop(name, None)
