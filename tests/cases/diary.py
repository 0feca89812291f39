"""A town whose cases are walked side by side through all their days; each case gets a diary of what everybody sees.

A life is a generator that acts over HTTP and yields the next day on which it acts (`12-03`). Every day at ten in the
morning everybody logs in, the lives of that day act, the background work is run, what nobody saw for ten minutes
goes out by SMS, and every case is looked at: as the applicant, the window, the handler, the head and the supervisor. A
diary has what differs from the day before.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Generator, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from flask import Flask

from api.times import BEIJING
from tests.conftest import PASSWORD, Caller, Clock, SmsBox
from tests.way import accepted_upload, act

Row = dict[str, Any]
Days = Generator[str, None, None]
OFFICERS = {
    "window": ("window", "XC-H01", "SPJ", "王窗口"),
    "handler": ("handler", "XC-H01", "SPJ", "李审批"),
    "second": ("handler", "XC-H01", "SPJ", "周核查"),
    "civil": ("handler", "XC-H01", "MZJ", "赵民政"),
    "head": ("head", None, "SPJ", "孙主任"),
    "supervisor": ("supervisor", None, None, "钱监督"),
}
"""By name: role, point, department, and what each is called."""
READERS = ("window", "handler", "civil", "head", "supervisor")
"""Whose console is looked at; `second` is a colleague of `handler`."""
UNSEEN = 10
"""Minutes after which an SMS goes out, since nobody looks into the inbox before."""
ALWAYS = {"all", "department"}
"""The queues in which an open case stands in any state; `sees` says as much."""


@dataclass
class Life:
    """One case: whose it is (None: nobody's account), its number, and what its diary last said of each thing."""

    name: str
    citizen: Caller | None
    number: str
    receipt: str | None
    seen: Row = field(default_factory=dict)
    pages: list[str] = field(default_factory=list)
    readers: tuple[str, ...] = READERS
    """Of the staff, who sees it at all."""

    @property
    def path(self) -> str:
        """Where the case is read."""
        return f"/v1/cases/{self.number}"


class Town:
    """The people of a town at one clock, and the lives of their cases."""

    def __init__(self, app: Flask, clock: Clock, sent: SmsBox) -> None:
        self._app, self.clock, self._sent = app, clock, sent
        self.office = app.extensions["circle"]
        self.drain: Callable[[], object] = self.office.worker.drain
        for name, (role, point, department, called) in OFFICERS.items():
            self.office.identity.seed_staff(f"{name}.l", PASSWORD, called, {role}, point, department)
        self._officers = {name: Caller(app.test_client()) for name in OFFICERS}
        self._anyone, self._citizens = Caller(app.test_client()), dict[str, Caller]()
        self._lives, self._here = dict[str, Life](), set[str]()

    @property
    def day(self) -> str:
        """Today, as a life names it."""
        return f"{self.clock().astimezone(BEIJING):%m-%d}"

    def admin(self) -> Caller:
        """Who publishes versions of matters."""
        self.office.identity.seed_staff("admin.l", PASSWORD, "赵管理", {"admin"}, None, None)
        log_in = self._anyone.post("/v1/staff/sessions", {"username": "admin.l", "password": PASSWORD})
        return Caller(self._app.test_client(), log_in)

    def officer(self, name: str) -> Caller:
        """An officer, logged in today."""
        officer = self._officers[name]
        if name not in self._here:
            body = {"username": f"{name}.l", "password": PASSWORD}
            officer.tokens = self._anyone.post("/v1/staff/sessions", body)
            officer.person = officer.tokens["staff"]
            self._here.add(name)
        return officer

    def citizen(self, phone: str = "13800138001") -> Caller:
        """A citizen who logged in by phone, and stays logged in."""
        if phone in self._citizens:
            return self._citizens[phone]
        self._anyone.post("/v1/sessions/codes", {"phone": phone}, expect=202)
        self.drain()
        [code] = re.findall(r"\d{6}", [text for to, text in self._sent.messages if to[-4:] == phone[-4:]][-1])
        person = Caller(self._app.test_client(), self._anyone.post("/v1/sessions", {"phone": phone, "code": code}))
        self._citizens[phone] = person
        return person

    def begin(self, name: str, citizen: Caller | None, case: Row) -> Life:
        """The life of a case that was submitted just now."""
        self._lives[name] = Life(name, citizen, case["number"], case["receipt_code"])
        return self._lives[name]

    def act(self, life: Life, who: str, name: str, **data: Any) -> Row:
        """An act of somebody, upon what they see now; gives the case after it, or the refusal that `expect` names."""
        case: Row = act(self.officer(who), self.officer(who).get(life.path), name, **data)
        return case

    def send(self, life: Life, what: str, body: Row, expect: int = 200) -> Row:
        """What an applicant sends in: a supplement, a withdrawal."""
        assert life.citizen
        version = {"If-Match": f'"{life.citizen.get(life.path)["version"]}"'}
        answer: Row = life.citizen.post(f"{life.path}/{what}", body, expect=expect, headers=version)
        return answer

    def bring(self, life: Life, *keys: str) -> None:
        """An applicant hands in what was asked for."""
        self.send(life, "supplement", {"materials": {key: [self.file(life)] for key in keys}, "text": ""})

    def file(self, life: Life) -> str:
        """A picture of the applicant's, checked."""
        return str(accepted_upload(life.citizen, self.drain))

    # -- the days ---------------------------------------------------------------------

    def walk(self, lives: Mapping[str, Callable[["Town"], Days]]) -> dict[str, Life | Exception]:
        """Walk all lives to their end; gives each, or what went wrong in it."""
        walking = {name: life(self) for name, life in lives.items()}
        turn, wrong = dict.fromkeys(walking, self.day), dict[str, Exception]()
        while turn:
            self._come()
            ended = []
            for name in [name for name, day in turn.items() if day == self.day]:
                try:
                    turn[name] = next(walking[name])
                except StopIteration:
                    ended.append(name)
                except Exception as error:  # noqa: BLE001 - its own test raises it
                    wrong[name] = error
                    ended.append(name)
            self.drain()
            self._send_unseen()
            self._look([self._lives[name] for name in turn if name in self._lives])
            for name in ended:
                del turn[name]
            self.clock.move(days=1, minutes=-UNSEEN)
        return {**self._lives, **wrong}

    def _send_unseen(self) -> None:
        """Ten minutes on, what nobody saw goes out by SMS; all other work is the next day's."""
        self.clock.move(minutes=UNSEEN)
        while self.office.notices.step(self.clock()):
            pass

    def _come(self) -> None:
        """A new day: nobody of the staff is logged in any more, citizens are."""
        self._here.clear()
        for citizen in self._citizens.values():
            body = {"refresh_token": citizen.tokens["refresh_token"]}
            citizen.tokens = {**citizen.tokens, **self._anyone.post("/v1/sessions/refresh", body)}

    # -- what everybody sees ----------------------------------------------------------------

    def _look(self, lives: list[Life]) -> None:
        """Look at the cases whose life goes on, or ended today, with the eyes of all who see one of them."""
        readers = [name for name in READERS if any(name in life.readers for life in lives)]
        citizens = {id(life.citizen): life.citizen for life in lives if life.citizen}
        lines, news = self._listed(readers, citizens.values()), self._told(readers, citizens.values())
        for life in lives:
            case = (life.citizen or self.officer("window")).get(life.path)
            page = {
                "": f"{case['state_label']}：{case['sentence']['text']}",
                "flags": _words(flag["label"] for flag in case["flags"]),
                "follows": _words(f"{row['name']} {row['sentence']['text']}" for row in case["deferrals"]),
                "promise": case["promise"]["sentence"]["text"] if case["promise"] else "",
                "may": _words(case["acts"]) if life.citizen else "",
                "stands": _words(f"{name} {'+'.join(queues)}" for name, queues in _queues(lines[life.number]).items()),
            }
            more = {
                "ledger": [f"{line['date'][5:]} {line['text']}{_used(line)}" for line in case["clock"]["lines"]],
                "told": news[life.number],
            }
            if case["version"] != life.seen.get("version"):
                page["sees"], more["papers"] = self._read_by_all(life, case), self._papers(life)
            for _, _, line in lines[life.number]:
                assert line["sentence"] == case["sentence"] == case["clock"]["sentence"], "one sentence on every page"
            self._write(life, page, more)
            life.seen["version"] = case["version"]

    def _write(self, life: Life, page: Row, more: dict[str, list[str]]) -> None:
        today = [f"{self.day} {page['']}"] if page[""] != life.seen.get("") else []
        for name, words in list(page.items())[1:]:
            if words != life.seen.get(name, ""):
                today.append(f"  {name}: {words or '-'}")
        for name, lines in more.items():
            before = life.seen.get(name, [])
            changed = [line for line in lines if line not in before]
            changed += [f"gone: {line}" for line in before if line not in lines and name == "ledger"]
            today += [f"  {name}: {_words(changed)}"] if changed else []
        if today and not today[0].startswith(self.day):
            today.insert(0, f"{self.day}")
        life.pages += today
        life.seen |= page | more

    def _listed(self, readers: Iterable[str], citizens: Iterable[Caller]) -> dict[str, list[tuple[str, str, Row]]]:
        """By number: whose list has it (`(officer, queue, line)`), a citizen's own and the queues of the readers."""
        lists = [("", "", line) for person in citizens for line in person.get("/v1/cases?limit=50")["items"]]
        for name in readers:
            officer = self.officer(name)
            for queue in officer.get("/v1/desk/queues")["items"]:
                if queue["count"] and queue["queue"] not in ALWAYS:
                    path = f"/v1/desk/cases?queue={queue['queue']}&limit=50"
                    lists += [(name, queue["queue"], line) for line in officer.get(path)["items"]]
        by_number = defaultdict(list)
        for row in lists:
            by_number[row[2]["number"]].append(row)
        return by_number

    def _told(self, readers: Iterable[str], citizens: Iterable[Caller]) -> dict[str, list[str]]:
        """By number: who was told what by a notice, and what waits to be told at the counter."""
        told: dict[str, list[str]] = defaultdict(list)
        people = [("applicant", one) for one in citizens] + [(name, self.officer(name)) for name in readers]
        for name, person in people:
            for notice in reversed(person.get("/v1/notices?limit=100")["items"]):
                number = (notice["link"] or "").rpartition("/")[2]
                sms = "+SMS" if any(channel["channel"] == "sms" for channel in notice["channels"]) else ""
                told[number].append(f"{name}{sms} {notice['title']} {notice['at'][5:10]}")
        for line in self.officer("window").get("/v1/desk/untold")["items"]:
            told[line["number"]].append(f"counter {line['state_label']} {line['since'][5:10]}")
        return told

    def _papers(self, life: Life) -> list[str]:
        reader = life.citizen or self.officer("window")
        return [f"{paper['title']} {paper['date'][5:]}" for paper in reader.get(f"{life.path}/documents")["items"]]

    def _read_by_all(self, life: Life, case: Row) -> str:
        """Who of the staff sees the case and the applicant's name; whoever does reads the same, as does a look-up."""
        readers = {}
        for name in life.readers:
            answer = self.officer(name).raw("GET", life.path)
            if answer.status_code != 200:
                assert answer.status_code == 404
                continue
            one = answer.get_json()
            for key in ("state", "state_label", "sentence", "act_by", "decision", "result", "materials", "deferrals"):
                assert one[key] == case[key], (name, key)
            readers[name] = one["applicant"]["name"]
        if life.receipt:
            body = {"number": life.number, "code": life.receipt}
            address = {"REMOTE_ADDR": f"192.0.2.{int(self.day[3:])}"}
            line = self._anyone.post("/v1/lookups", body, expect=200, environ_overrides=address)
            assert all(line[key] == case[key] for key in line), line
        life.readers = tuple(readers)
        return _words(f"{name} {seen}" for name, seen in readers.items())


def _queues(rows: list[tuple[str, str, Row]]) -> dict[str, list[str]]:
    """By officer, the queues in which a case stands."""
    queues: dict[str, list[str]] = defaultdict(list)
    for name, queue, _ in rows:
        if name:
            queues[name].append(queue)
    return queues


def _used(line: Row) -> str:
    """How much of the limit an event had used; a last day says that of itself."""
    return f" {line['used_text']}" if line["used_text"] and "最后一天" not in line["text"] else ""


def _words(parts: Any) -> str:
    return "，".join(parts)
