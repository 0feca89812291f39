"""A small world for the matrix of access: all its actors, something of everything, and how to call each route."""

import re
from typing import Any
from uuid import uuid4

from tests.access.calls import CALLS
from tests.access.calls.how import CITIZENS, STRANGER, Call
from tests.conftest import PASSWORD, Caller
from tests.way import FOOD, ID_NUMBER, act, complete_draft, issued, submitted

STAFF = {
    "window": ("window", "XC-H01", "SPJ"),
    "handler": ("handler", "XC-H01", "SPJ"),
    "head": ("head", "XC-H01", "SPJ"),
    "supervisor": ("supervisor", "XC-H01", "SPJ"),
    "admin": ("admin", None, None),
    "elsewhere": ("handler", "XC-H01", "RSJ"),
    "elsewhere_window": ("window", "XC-C01", "SPJ"),
    "elsewhere_head": ("head", "XC-H01", "RSJ"),
}
"""Role, point and department. Those `elsewhere` are posted to a department, or to a point, that has nothing to do with
the case or the conversation."""

ACTORS = ("anyone", "owner", "other", *STAFF, "newcomer")


class World:
    """The office, with one citizen's case, draft, conversation, parcel, files, mandate and notices in it."""

    def __init__(self, app: Any, clock: Any, sent: Any) -> None:
        self.app, self.clock, self.sent = app, clock, sent
        self.office = app.extensions["circle"]
        self.drain = self.office.worker.drain
        self.numbers = iter(range(13700000001, 13700009999))
        self.actors = {"anyone": Caller(app.test_client())}
        self.actors |= {name: self.citizen(phone) for name, phone in CITIZENS.items()}
        self.actors |= {name: self.officer(name) for name in STAFF}
        self.actors["newcomer"] = self.newcomer()
        self.owner, self.window = self.actors["owner"], self.actors["window"]
        self.spare, self.second_admin = self.officer("window"), self.officer("admin")
        self.owner.post("/v1/me/verification", {"name": "王小明", "id_number": ID_NUMBER}, expect=200)
        self.case = issued(self.owner, self.window, self.actors["handler"], self.drain)
        self.parcel = self.new_parcel(self.case)
        self.conversation, self._last_conversation = None, None
        self.blocked: str | None = None
        self.conversation = self.new_conversation()
        self.draft = complete_draft(self.owner, self.drain)
        self.upload = next(
            files["files"][0]["id"] for files in self.read_case(self.case)["materials"] if files["files"]
        )
        self.notice = self.owner.get("/v1/notices")["items"][0]["id"]
        self.mandate = self.new_mandate()

    # -- who ---------------------------------------------------------------------

    def citizen(self, phone: str = "") -> Caller:
        """Log a citizen in; a new one if no phone is given."""
        phone, anyone = phone or str(next(self.numbers)), Caller(self.app.test_client())
        anyone.post("/v1/sessions/codes", {"phone": phone}, expect=202)
        self.drain()
        codes = [code for _, text in self.sent.messages if "验证码" in text for code in re.findall(r"\d{6}", text)]
        body = {"phone": phone, "code": codes[-1]}
        return Caller(self.app.test_client(), anyone.post("/v1/sessions", body))

    def officer(self, actor: str, *, fresh: bool = False) -> Caller:
        """Log in a new member of staff with this actor's role and post; if `fresh`, with a password still to change."""
        role, point, department = STAFF[actor]
        username = f"{actor}-{uuid4().hex[:6]}"
        add = self.office.identity.add_staff if fresh else self.office.identity.seed_staff
        add(username, PASSWORD, "王窗口", {role}, point, department)
        body = {"username": username, "password": PASSWORD}
        return Caller(self.app.test_client(), Caller(self.app.test_client()).post("/v1/staff/sessions", body))

    def newcomer(self) -> Caller:
        """Log in a window officer who must still change the first password."""
        return self.officer("window", fresh=True)

    def like(self, actor: str) -> Caller:
        """Somebody new with the same role and post, for routes that change the caller's own account."""
        if actor == "anyone":
            return self.actors[actor]
        if actor == "newcomer":
            return self.newcomer()
        return self.citizen() if actor in CITIZENS else self.officer(actor)

    # -- what there is -------------------------------------------------------------

    def read_case(self, case: Call) -> Any:
        """The case as its owner sees it."""
        return self.owner.get(f"/v1/cases/{case['number']}")

    def new_parcel(self, case: Call) -> Any:
        """Send a parcel of an issued case, and give it."""
        path = f"/v1/cases/{case['number']}/parcels"
        parcel = self.window.post(path, {"direction": "to_citizen", "carrier": "console"})
        self.drain()
        return parcel

    def new_conversation(self) -> Any:
        """Open a conversation that the window's officer holds; the one before is closed, since capacity is limited."""
        chat, actor = self.office.chat, self.office.identity.actor
        if self._last_conversation:
            chat.handling.end(actor(self.owner.token), self._last_conversation, None)
        talk = self.owner.post("/v1/conversations", {"point": "XC-H01", "text": "在吗？"})
        claimed = chat.handling.claim(actor(self.window.token), talk["id"])
        self._last_conversation = talk["id"] if self.conversation else None
        return claimed

    def new_mandate(self) -> str:
        """Record a mandate of the owner to a stranger at the window, and give its id."""
        principal = {"name": "王小明", "number": ID_NUMBER}
        body = {"kind": "agent", "principal": principal, "agent": STRANGER, "valid_until": "2027-06-30"}
        return str(self.window.post("/v1/mandates", body)["id"])

    def new_verification(self, citizen: Caller) -> str:
        """Open a verification of a citizen at the spare officer's window, and give its id."""
        number = ID_NUMBER if citizen is self.owner else STRANGER["number"]
        body = {"citizen": citizen.person["id"], "name": "王小明", "id_number": number}
        return str(self.spare.post("/v1/staff/verifications", body)["verification"]["id"])

    def case_in(self, state: str) -> Any:
        """Submit another case of the owner's; its state is `submitted` or `supplementing`."""
        case = submitted(self.owner, self.drain)
        if state == "supplementing":
            items = [{"key": "m1", "why": "看不清"}]
            case = act(self.window, case, "request_supplement", items=items, text="请补交")
        return case

    # -- how to want something --------------------------------------------------------

    def request(self, actor: str, method: str, rule: str) -> tuple[Caller, str, Call]:
        """A valid request of this actor to a route: who calls, the path with its query, the rest of the call."""
        call = CALLS.get((method, rule), lambda world, actor: {})(self, actor)
        caller = call.pop("caller", self.actors[actor])
        path = call.pop("path", "") or self.path(rule, call.pop("at", {}))
        return caller, path + call.pop("query", ""), call

    def ask(self, actor: str, method: str, rule: str) -> Any:
        """Call a route as this actor, with a valid request; gives the response."""
        caller, path, call = self.request(actor, method, rule)
        return caller.raw(method, path, **call)

    def ask_by_post(self, actor: str, method: str, rule: str) -> Any:
        """As `ask`, by POST with X-HTTP-Method-Override and no Idempotency-Key; gives the response."""
        caller, path, call = self.request(actor, method, rule)
        own = {"X-HTTP-Method-Override": method, "Idempotency-Key": ""}
        return caller.raw("POST", path, headers={**call.pop("headers", {}), **own}, **call)

    def path(self, rule: str, at: Call) -> str:
        """The path of a route: its rule with the ids of this world, or those in `at`."""
        known = {
            "number": self.case["number"],
            "parcel_id": self.parcel["id"],
            "conversation": self.conversation["id"],
            "int:seq": 1,
            "draft_id": self.draft["id"],
            "upload_id": self.upload,
            "notice_id": self.notice,
            "mandate_id": self.mandate,
            "citizen_id": self.owner.person["id"],
            "staff_id": self.spare.person["id"],
            "code": FOOD,
            "int:version": 1,
            "point_id": "XC-H01",
            "list_name": "no-visit",
            "package_id": self.actors["anyone"].get("/v1/packages")["items"][0]["id"],
            "path:name": "nothing.js",
            "name": "nothing",
            "any(js, svg, webmanifest, png, ico):ending": "svg",
            **{name: str(uuid4()) for name in ("job_id", "secret", "promise_id")},
            **at,
        }
        unknown = set(re.findall(r"<([^>]+)>", rule)) - set(known)
        assert not unknown, f"{rule}: say in tests/access/calls/, in the file of its room, what {unknown} is (`at`)"
        return re.sub(r"<([^>]+)>", lambda match: str(known[match[1]]), rule)

    def version(self, path: str, by: Caller | None = None) -> Call:
        """A call with the present version of what lies at a path in If-Match."""
        return {"If-Match": (by or self.owner).raw("GET", path).headers["ETag"]}
