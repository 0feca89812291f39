"""A story in steps: an upload, an application, its handling, and the notice of it. Each step is done by one process.

A step that is counted is harmless when repeated with the same key or version, as a client repeats it after a cut. From
some steps the story branches, so that each act on a case is done once: ACTS_ON_CASES.
"""

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from tests.conftest import PASSWORD, Caller
from tests.kills.child import World
from tests.kills.lab import BEGIN
from tests.way import FOOD, PNG, filled_in, new_version

ELDERLY, CAFE, BANK, TRADE = "XC-公共服务-003", "XC-行政许可-008", "m5", "XC-行政许可-011"
"""Matters: done on the spot by the window; one of which the material BANK may follow; decided upon a promise."""
TEXT = {"version": 1, "zh": "我承诺按要求做到，做不到的，同意终止办理。", "en": "I promise to do so."}
EDITIONS = {
    CAFE: {"deferral": {"days": 5, "unit": "工作日", "text": TEXT, "excluded": [], "basis": None}},
    TRADE: {"promise": {"text": TEXT, "excluded": [], "basis": "某号", "check_days": 20, "check_unit": "工作日"}},
}

TUS = {"Tus-Resumable": "1.0.0"}
HALF = len(PNG) // 2
STAFF = {
    "window": ("window", "王窗口"),
    "handler": ("handler", "李审批"),
    "other handler": ("handler", "郑审批"),
    "head": ("head", "周局长"),
    "admin": ("admin", "赵管理"),
}
"""By user name: role and name."""


@dataclass(frozen=True)
class Step:
    """One step of the story, done by one process. Without an `act` it only leads from one counted step to the next."""

    name: str
    do: Callable[[World], Any]
    act: str = ""
    who: str = "web"
    next: str = ""
    """The step that shows afterwards that life goes on."""
    after: str = ""
    """The step that it follows; the one before it in the story unless said."""


class Refused(Exception):
    """An answer with another status than expected, as a client may get after a cut: `<status> <code>`."""


def answer(response: Any, *expected: int) -> dict[str, Any]:
    """The body and status of an expected answer. Raises Refused."""
    body = response.get_json(silent=True) or {}
    if response.status_code not in expected:
        raise Refused(f"{response.status_code} {body.get('code', response.text[:200])}")
    return {"status": response.status_code, **body}


# -- people -------------------------------------------------------------------------


def log_in_citizen(world: World) -> None:
    """Log the citizen in, by the code that the provider was given."""
    anyone, phone = world.caller(), "13800138000"
    anyone.post("/v1/sessions/codes", {"phone": phone}, expect=202)
    world.work()
    code = re.findall(r"\d{6}", world.provider.ask("messages")[-1]["body"])[-1]
    world.known["citizen"] = anyone.post("/v1/sessions", {"phone": phone, "code": code})


def log_in_staff(world: World) -> None:
    """Add and log in the staff."""
    for username, (role, name) in STAFF.items():
        world.office.identity.seed_staff(username.replace(" ", "-"), PASSWORD, name, {role}, "XC-H01", "SPJ")
        log_in_again(world, username)


def log_in_again(world: World, username: str) -> None:
    """Log a member of staff in."""
    body = {"username": username.replace(" ", "-"), "password": PASSWORD}
    world.known[username] = world.caller().post("/v1/staff/sessions", body)


# -- a file ----------------------------------------------------------------------------


def begin_upload(world: World) -> None:
    """Begin an upload and send the first half of the picture."""
    citizen = world.caller("citizen")
    told = {**TUS, "Upload-Length": str(len(PNG)), "Upload-Metadata": "filename YS5wbmc="}
    world.known["upload"] = citizen.raw("POST", "/v1/uploads", headers=told).headers["Location"].rpartition("/")[2]
    _send(citizen, world.known["upload"], 0, HALF)


def finish_upload(world: World) -> Any:
    """Send the rest of the picture, from the offset that the server has."""
    citizen, upload = world.caller("citizen"), world.known["upload"]
    head = citizen.raw("HEAD", f"/v1/uploads/{upload}", headers=TUS)
    answer(head, 200)
    at = int(head.headers["Upload-Offset"])
    return _send(citizen, upload, at, len(PNG)) if at < len(PNG) else {"status": 204}


def _send(citizen: Caller, upload: str, begin: int, end: int) -> Any:
    headers = {**TUS, "Upload-Offset": str(begin)}
    kind = "application/offset+octet-stream"
    path = f"/v1/uploads/{upload}"
    return answer(citizen.raw("PATCH", path, headers=headers, data=PNG[begin:end], content_type=kind), 204)


def file_is_there(world: World) -> list[str]:
    """What is wrong with the uploaded file."""
    citizen, upload = world.caller("citizen"), world.known["upload"]
    face = answer(citizen.raw("GET", f"/v1/uploads/{upload}"), 200)
    if face["state"] != "accepted":
        return [f"the upload is {face['state']}: {face.get('why')}"]
    row = world.office.database["uploads"].find_one({"_id": upload})
    assert row is not None
    found = [] if row["sha256"] == hashlib.sha256(PNG).hexdigest() else ["the upload holds other bytes than were sent"]
    url = answer(citizen.raw("GET", f"/v1/files/{upload}"), 200)["url"]
    shown = world.caller().raw("GET", url)
    return found if shown.status_code == 200 and shown.data else [*found, "the file cannot be read"]


# -- an application ------------------------------------------------------------------------


def fill_in(matter: str, **choice: Any) -> Callable[[World], None]:
    """A step that fills in a draft with all that its matter asks for, after this choice of the applicant."""

    def do(world: World) -> None:
        citizen = world.caller("citizen")
        draft = citizen.post("/v1/drafts", {"matter": matter, **filled_in(citizen, matter)})
        if choice:
            draft = citizen.patch(f"/v1/drafts/{draft['id']}", choice, draft["version"])
        needed = [gap["material"] for gap in draft["missing"] if gap["material"]]
        change = {"materials": dict.fromkeys(needed, [world.known["upload"]]), "delivery": {"way": "pickup"}}
        draft = citizen.patch(f"/v1/drafts/{draft['id']}", change, draft["version"])
        assert draft["missing"] == [], draft["missing"]
        world.known["draft"] = draft["id"]

    return do


def publish(world: World) -> None:
    """Publish the matters by whose data applicants may defer and promise."""
    for matter, edition in EDITIONS.items():
        new_version(world.caller("admin"), matter, **edition)


def mend_calendar(world: World) -> None:
    """Make a day, that limits of the story run over, a day of rest."""
    rest = [{"date": "2026-12-01", "kind": "rest", "notice": "国办发明电〔2026〕9号"}]
    world.caller("admin").patch("/v1/calendar", rest, 0)


def submit(world: World) -> Any:
    """Submit the draft under the story's idempotency key."""
    path = f"/v1/drafts/{world.known['draft']}/submit"
    made = answer(world.caller("citizen").raw("POST", path, headers={"Idempotency-Key": "submit-once"}), 201)
    world.known["case"] = made["case"]
    return {"status": 201, "number": made["case"]["number"]}


def submit_anew(world: World) -> str:
    """Submit the same draft under another idempotency key."""
    path = f"/v1/drafts/{world.known['draft']}/submit"
    response = world.caller("citizen").raw("POST", path, headers={"Idempotency-Key": "submit-twice"})
    return f"{response.status_code} {(response.get_json() or {}).get('code')}"


def act(role: str, name: str, version: int, **data: Any) -> Callable[[World], Any]:
    """A step in which staff act on a version: 200, or 412 if it was done before. Data may be functions of the world."""

    def do(world: World) -> Any:
        path = f"/v1/cases/{world.known['case']['number']}/actions"
        headers = {"If-Match": f'"{version}"'}
        body = {"act": name, **{key: value(world) if callable(value) else value for key, value in data.items()}}
        told = answer(world.caller(role).raw("POST", path, json=body, headers=headers), 200, 412)
        return {"status": told["status"]}

    return do


def call_back(world: World) -> Any:
    """Send the provider's callback that the last message was delivered."""
    message = next(m for m in reversed(world.provider.ask("messages")) if world.known["case"]["number"] in m["body"])
    call = world.provider.ask("callback", message, "delivered")
    path = call["url"].partition("//")[2].partition("/")[2]
    headers = {"X-Twilio-Signature": call["signature"]}
    return answer(world.caller().raw("POST", f"/{path}", data=call["form"], headers=headers), 204)


def works(*steps: str) -> Callable[[World], None]:
    """A step in which the worker does what is due by these of its steps."""
    return lambda world: world.work(*steps)


def unseen(then: Callable[[World], None]) -> Callable[[World], None]:
    """A step after nobody has looked into the inbox for so long that an SMS is due."""

    def do(world: World) -> None:
        world.clock.at = max(world.clock.at, BEGIN + timedelta(minutes=10))
        world.known["at"] = world.clock.at
        then(world)

    return do


def as_citizen(path: str, version: int, **data: Any) -> Callable[[World], Any]:
    """A step in which the citizen acts on a version: 200, or 412 if it was done before. `$upload` is their file."""

    def do(world: World) -> Any:
        body = {**data}
        if "materials" in body:
            body["materials"] = {key: [world.known["upload"]] for key in body["materials"]}
        where = f"/v1/cases/{world.known['case']['number']}/{path}"
        headers = {"If-Match": f'"{version}"'}
        told = answer(world.caller("citizen").raw("POST", where, json=body, headers=headers), 200, 412)
        return {"status": told["status"]}

    return do


def days_later(days: int, *steps: str) -> Callable[[World], None]:
    """A step in which the worker does what is due by these of its steps so many days after the beginning."""

    def do(world: World) -> None:
        world.clock.at = max(world.clock.at, BEGIN + timedelta(days=days))
        world.work(*steps)

    return do


def on_case(act_: str, do: Callable[[World], Any], after: str, who: str = "web") -> Step:
    """A step that is one act on a case: `<act>.<who>`."""
    return Step(f"{act_}.{who}", do, act_, who, after=after)


def goes_on(world: World) -> list[str]:
    """What is wrong when the case is read after its act and, unless it is closed, a note is written on it."""
    if world.clock() > BEGIN + timedelta(days=1):
        log_in_again(world, "window")
    path, window = f"/v1/cases/{world.known['case']['number']}", world.caller("window")
    case = answer(window.raw("GET", path), 200)
    if case["state"] == "closed":
        return []
    headers, body = {"If-Match": f'"{case["version"]}"'}, {"act": "note", "text": "电话说过。"}
    written = window.raw("POST", f"{path}/actions", json=body, headers=headers)
    return [] if written.status_code == 200 else [f"a note was answered {written.status_code} {written.text[:200]}"]


GRANT = {"kind": "grant", "text": "符合条件，准予许可。"}
NOTICES = ("notices receipts", "notices in_app", "notices sms")
REACT = works("events", "jobs", "slow jobs 1")
STORY = (
    Step("log in", log_in_citizen),
    Step("staff", log_in_staff),
    Step("begin upload", begin_upload),
    Step("file.web", finish_upload, "file", "web", next="fill in"),
    Step("file.worker", REACT, "file", "worker", next="fill in"),
    Step("fill in", fill_in(FOOD)),
    Step("submit.web", submit, "submit", "web", next="accept.web"),
    Step("submit.worker", REACT, "submit", "worker", next="accept.web"),
    Step("tell", works()),
    Step("accept.web", act("window", "accept", 1), "action", "web", next="decide.web"),
    Step("accept.worker", REACT, "action", "worker", next="decide.web"),
    Step("tell again", works()),
    Step("decide.web", act("handler", "decide", 2, **GRANT), "action", "web", next="issue"),
    Step("decide.worker", REACT, "action", "worker", next="issue"),
    Step("delivery.worker", unseen(works(*NOTICES)), "delivery", "worker", next="issue"),
    Step("receipt.web", call_back, "delivery", "web", next="issue"),
    Step("receipt.worker", works(*NOTICES), "delivery", "worker", next="issue"),
    Step("issue", act("window", "issue", 3, serial="JY2026112400001")),
)
MISSING = {"items": [{"key": "m4", "why": "看不清"}]}
PROCEDURE = {"procedure": "现场踏勘", "days": 3}
CORRECTION = {"about": 2, "was": "两名", "right": "三名", "reason": "写错了。"}
GONE = {"cause": "object_gone", "text": "房屋已经拆除。"}
ON_THE_SPOT = {"kind": "grant", "text": "当场办结。", "serial": "YD2026112400001", "to": "applicant"}


def ids(*usernames: str) -> Callable[[World], list[str]]:
    """The ids of these members of staff."""
    return lambda world: [world.known[name]["staff"]["id"] for name in usernames]


DEFERRED = {"deferral": {"materials": [BANK], "text_version": 1}}
BROKEN = {"outcome": "broken", "text": "没有承诺的场所。", "ground": "国办发〔2020〕42号"}
SURVEY = {"officers": ids("handler", "other handler"), "result": "met", "text": "与图纸一致。"}
ACTS_ON_CASES: tuple[Step, ...] = (
    on_case("claim", act("window", "claim", 1), "tell"),
    on_case("release", act("window", "release", 2), "claim.web"),
    on_case("note", act("window", "note", 1, text="电话说过。"), "tell"),
    on_case("transfer", act("window", "transfer", 1, department="MZJ", reason="由民政局办理。"), "tell"),
    on_case("decline", act("window", "decline", 1, reason="不属于本区。"), "tell"),
    on_case("withdraw", as_citizen("withdrawal", 1, reason="不办了。"), "tell"),
    on_case("deem", days_later(9, "events", "jobs"), "tell", who="worker"),
    on_case("request_supplement", act("window", "request_supplement", 1, **MISSING), "tell"),
    on_case("supplement", as_citizen("supplement", 2, materials=["m4"], text="补上了。"), "request_supplement.web"),
    on_case("start_procedure", act("handler", "start_procedure", 2, **PROCEDURE), "tell again"),
    on_case("end_procedure", act("handler", "end_procedure", 3, procedure="现场踏勘"), "start_procedure.web"),
    on_case("request_extension", act("handler", "request_extension", 2, days=5, reason="等检验。"), "tell again"),
    on_case("approve_extension", act("head", "approve_extension", 3, reason="同意。"), "request_extension.web"),
    on_case("refuse_extension", act("head", "refuse_extension", 3, reason="抓紧。"), "request_extension.web"),
    on_case("issue", act("window", "issue", 3, serial="JY2026112400002"), "receipt.worker"),
    on_case("assign", act("head", "assign", 1, officer=lambda world: ids("window")(world)[0]), "tell"),
    on_case("terminate", act("window", "terminate", 1, **GONE), "tell"),
    on_case("survey", act("handler", "survey", 2, **SURVEY), "tell again"),
    on_case("review", act("handler", "review", 2, opinion="agree", text="同意。"), "tell again"),
    on_case("correct", act("window", "correct", 2, **CORRECTION), "tell again"),
    on_case("reissue", act("window", "reissue", 4, serial="JY2026112400003", reason="姓名印错。"), "issue"),
    on_case("hand_over", act("window", "hand_over", 4, to="applicant"), "issue"),
    on_case("close", act("window", "close", 5), "hand_over.web"),
    Step("fill in on the spot", fill_in(ELDERLY), after="file.worker"),
    Step("submit on the spot", submit),
    Step("tell on the spot", works()),
    on_case("finish", act("window", "finish", 1, **ON_THE_SPOT), "tell on the spot"),
    Step("mend the calendar", mend_calendar, after="tell again"),
    on_case("due_changed", REACT, "mend the calendar", who="worker"),
    Step("publish", publish, after="file.worker"),
    Step("fill in, to follow", fill_in(CAFE, **DEFERRED)),
    Step("submit, to follow", submit),
    Step("tell, to follow", works()),
    on_case("defer", act("window", "defer", 1), "tell, to follow"),
    Step("tell of the deferral", works(), after="defer.web"),
    on_case("terminate", days_later(9, "events", "jobs"), "tell of the deferral", who="worker"),
    Step("fill in, promised", fill_in(TRADE, promise={"text_version": 1}), after="publish"),
    Step("submit, promised", submit),
    Step("tell, promised", works()),
    on_case("promise", act("handler", "promise", 1, text="按告知承诺准予许可。"), "tell, promised"),
    on_case("check_promise", act("handler", "check_promise", 2, **BROKEN), "promise.web"),
)
"""Each act of the table of acts that the story above does not do, from the step where it may be done."""
STEPS = (*STORY, *ACTS_ON_CASES)
PLACE = {step.name: at for at, step in enumerate(STEPS)}
BEFORE = {step.name: step.after or (STEPS[at - 1].name if at else "") for at, step in enumerate(STEPS)}
"""By step: the one that it follows."""
KILLED = frozenset(step.act for step in ACTS_ON_CASES if step.act) | {"submit", "accept", "decide"}
"""The acts on cases that somebody is killed in."""
