"""A small world in which everybody of the matrix exists and everything they may want is there, and how to want it."""

import re
from collections.abc import Callable
from typing import Any
from uuid import uuid4

from tests.conftest import PASSWORD, Caller
from tests.matters.starter import RECORDS
from tests.way import FOOD, ID_NUMBER, PNG, accepted_upload, act, complete_draft, issued, new_version, submitted

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
the case or the talk."""

CITIZENS = {"owner": "13800138000", "other": "13900139000"}
ACTORS = ("anyone", "owner", "other", *STAFF, "newcomer")
TUS = {"Tus-Resumable": "1.0.0"}
STRANGER = {"name": "李强", "number": "610102199003072978"}
Call = dict[str, Any]


class World:
    """The office with one citizen's case, draft, talk, parcel, files, mandate and notices in it."""

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
        verified = {"citizen": self.owner.person["id"], "name": "王小明", "id_number": ID_NUMBER}
        self.window.post("/v1/staff/verifications", verified)
        self.case = issued(self.owner, self.window, self.actors["handler"], self.drain)
        self.parcel = self._parcel(self.case)
        self.talk, self._last_talk = None, None
        self.blocked: str | None = None
        self.talk = self._talk()
        self.draft = complete_draft(self.owner, self.drain)
        self.upload = next(files["files"][0]["id"] for files in self._case(self.case)["materials"] if files["files"])
        self.notice = self.owner.get("/v1/notices")["items"][0]["id"]
        self.mandate = self._mandate()

    # -- who ---------------------------------------------------------------------

    def citizen(self, phone: str = "") -> Caller:
        """A citizen who logs in; somebody new where no phone is told."""
        phone, anyone = phone or str(next(self.numbers)), Caller(self.app.test_client())
        anyone.post("/v1/sessions/codes", {"phone": phone}, expect=202)
        self.drain()
        codes = [code for _, text in self.sent.messages if "验证码" in text for code in re.findall(r"\d{6}", text)]
        body = {"phone": phone, "code": codes[-1]}
        return Caller(self.app.test_client(), anyone.post("/v1/sessions", body))

    def officer(self, actor: str, *, fresh: bool = False) -> Caller:
        """A member of staff like this actor."""
        role, point, department = STAFF[actor]
        username = f"{actor}-{uuid4().hex[:6]}"
        add = self.office.identity.add_staff if fresh else self.office.identity.seed_staff
        add(username, PASSWORD, "王窗口", {role}, point, department)
        body = {"username": username, "password": PASSWORD}
        return Caller(self.app.test_client(), Caller(self.app.test_client()).post("/v1/staff/sessions", body))

    def newcomer(self) -> Caller:
        """An officer who still has the first password."""
        return self.officer("window", fresh=True)

    def like(self, actor: str) -> Caller:
        """Somebody of the same standing, for what one does to oneself."""
        if actor == "anyone":
            return self.actors[actor]
        if actor == "newcomer":
            return self.newcomer()
        return self.citizen() if actor in CITIZENS else self.officer(actor)

    # -- what there is -------------------------------------------------------------

    def _case(self, case: Call) -> Any:
        return self.owner.get(f"/v1/cases/{case['number']}")

    def _parcel(self, case: Call) -> Any:
        path = f"/v1/cases/{case['number']}/parcels"
        parcel = self.window.post(path, {"direction": "to_citizen", "carrier": "console"})
        self.drain()
        return parcel

    def _talk(self) -> Any:
        """A talk that the window's officer holds; the one before is over, for there is a limit to what one holds."""
        chat, actor = self.office.chat, self.office.identity.actor
        if self._last_talk:
            chat.end(actor(self.owner.token), self._last_talk, None)
        talk = self.owner.post("/v1/conversations", {"point": "XC-H01", "text": "在吗？"})
        claimed = chat.claim(actor(self.window.token), talk["id"])
        self._last_talk = talk["id"] if self.talk else None
        return claimed

    def _mandate(self) -> str:
        body = {"kind": "agent", "agent": STRANGER, "valid_until": "2027-06-30"}
        return str(self.owner.post("/v1/mandates", body)["id"])

    def _case_in(self, state: str) -> Any:
        case = submitted(self.owner, self.drain)
        if state == "supplementing":
            items = [{"key": "m1", "why": "看不清"}]
            case = act(self.window, case, "request_supplement", items=items, text="请补交")
        return case

    # -- how to want something --------------------------------------------------------

    def ask(self, actor: str, method: str, rule: str) -> Any:
        """The answer to this actor's request, with everything in it as it should be."""
        told = CALLS.get((method, rule), lambda world, actor: {})(self, actor)
        caller = told.pop("caller", self.actors[actor])
        path = told.pop("path", "") or self.path(rule, told.pop("at", {}))
        query = told.pop("query", "")
        return caller.raw(method, path + query, **told)

    def path(self, rule: str, at: Call) -> str:
        """The rule with the ids of this world, or those told."""
        known = {
            "number": self.case["number"],
            "parcel_id": self.parcel["id"],
            "conversation": self.talk["id"],
            "int:seq": 1,
            "draft_id": self.draft["id"],
            "upload_id": self.upload,
            "notice_id": self.notice,
            "mandate_id": self.mandate,
            "staff_id": self.spare.person["id"],
            "code": FOOD,
            "int:version": 1,
            "point_id": "XC-H01",
            "list_name": "no-visit",
            "package_id": self.actors["anyone"].get("/v1/packages")["items"][0]["id"],
            "path:name": "nothing.js",
            "name": "nothing",
            "any(js, svg, webmanifest, png, ico):ending": "svg",
            **{name: str(uuid4()) for name in ("job_id", "secret")},
            **at,
        }
        return re.sub(r"<([^>]+)>", lambda found: str(known[found[1]]), rule)

    def version(self, path: str, by: Caller | None = None) -> Call:
        """If-Match with the version that is there now."""
        return {"If-Match": (by or self.owner).raw("GET", path).headers["ETag"]}


def _self(world: World, actor: str) -> Call:
    return {"caller": world.like(actor)}


def _upload_of(world: World, actor: str) -> str:
    """An upload just begun by the owner."""
    headers = {**TUS, "Upload-Length": str(len(PNG)), "Upload-Metadata": "filename YS5wbmc="}
    return world.owner.raw("POST", "/v1/uploads", headers=headers).headers["Location"].rsplit("/", 1)[1]


def _supplement(world: World, actor: str) -> Call:
    case = world._case_in("supplementing") if actor == "owner" else world.case
    upload = accepted_upload(world.owner, world.drain) if actor == "owner" else world.upload
    path = f"/v1/cases/{case['number']}"
    return {
        "at": {"number": case["number"]},
        "json": {"materials": {"m1": [upload]}},
        "headers": world.version(path),
    }


def _withdrawal(world: World, actor: str) -> Call:
    case = world._case_in("submitted") if actor == "owner" else world.case
    return {"at": {"number": case["number"]}, "json": {}, "headers": world.version(f"/v1/cases/{case['number']}")}


def _submit(world: World, actor: str) -> Call:
    draft = complete_draft(world.owner, world.drain) if actor == "owner" else world.draft
    return {"at": {"draft_id": draft["id"]}}


def _send_parcel(world: World, actor: str) -> Call:
    case = issued(world.owner, world.window, world.actors["handler"], world.drain) if actor == "window" else world.case
    return {"at": {"number": case["number"]}, "json": {"direction": "to_citizen", "carrier": "console"}}


def _confirm_parcel(world: World, actor: str) -> Call:
    parcel = world.parcel
    if actor == "owner":
        parcel = world._parcel(issued(world.owner, world.window, world.actors["handler"], world.drain))
    headers = world.version(f"/v1/parcels/{parcel['id']}")
    return {"at": {"parcel_id": parcel["id"]}, "json": {}, "headers": headers}


def _act(world: World, actor: str) -> Call:
    return {
        "json": {"act": "note", "text": "电话已通知"},
        "headers": world.version(f"/v1/cases/{world.case['number']}"),
    }


def _closing(world: World, actor: str) -> Call:
    talk = world._talk()
    return {"at": {"conversation": talk["id"]}, "json": {}, "headers": {"If-Match": f'"{talk["version"]}"'}}


def _rating(world: World, actor: str) -> Call:
    return {**_reopening(world, actor), "json": {"score": 5}}


def _tie(world: World, actor: str) -> Call:
    path = f"/v1/conversations/{world.talk['id']}"
    return {"json": {"case": world.case["number"]}, "headers": world.version(path)}


def _take_over(world: World, actor: str) -> Call:
    upload = accepted_upload(world.owner, world.drain)
    said = {"client_id": str(uuid4()), "kind": "image", "file": upload}
    seq = world.owner.post(f"/v1/conversations/{world.talk['id']}/messages", said)["seq"]
    return {
        "json": {"material": "m4", "conversation": world.talk["id"], "seq": seq},
        "headers": world.version(f"/v1/drafts/{world.draft['id']}"),
    }


def _reply(world: World, actor: str) -> Call:
    made = world.window.post("/v1/canned-replies", {"title": "材料", "text": "请带身份证。"})
    return {"at": {"reply": made["id"]}, "json": {"text": "请带身份证原件。"}, "headers": {"If-Match": '"1"'}}


def _to_block(world: World, actor: str) -> Call:
    """A talk of somebody new, whom nobody has blocked, that the window's officer holds."""
    chat, officer = world.office.chat, world.office.identity.actor(world.window.token)
    talk = world.citizen().post("/v1/conversations", {"point": "XC-H01"})
    chat.claim(officer, talk["id"])
    if world.blocked:
        chat.end(officer, world.blocked, None)
    world.blocked = talk["id"]
    return {"at": {"conversation": talk["id"]}, "json": {"hours": 2, "reason": "多次辱骂工作人员"}}


def _to_lift(world: World, actor: str) -> Call:
    wanted = _to_block(world, actor)
    path = world.path("/v1/conversations/<conversation>/block", wanted["at"])
    return {"at": {"block_id": world.window.post(path, wanted["json"])["id"]}}


def _leaving(world: World, actor: str) -> Call:
    talk = world.owner.post("/v1/conversations", {"point": "XC-H01"})
    return {"at": {"conversation": talk["id"]}, "headers": {"If-Match": f'"{talk["version"]}"'}}


def _reopening(world: World, actor: str) -> Call:
    talk = world._talk()
    path = f"/v1/conversations/{talk['id']}"
    world.owner.post(f"{path}/closing", {}, expect=200, headers=world.version(path))
    return {"at": {"conversation": talk["id"]}, "headers": world.version(path)}


def _mandate_told(world: World, actor: str) -> Call:
    body = {"kind": "agent", "agent": STRANGER, "valid_until": "2027-06-30"}
    if actor not in CITIZENS:
        body["principal"] = {"name": "王小明", "number": ID_NUMBER}
    return {"json": body}


def _content(world: World, actor: str) -> Call:
    return {"path": world.owner.get(f"/v1/files/{world.upload}")["url"]}


def _verification(world: World, actor: str) -> Call:
    return {"caller": world.like(actor), "json": {"name": "王小明", "id_number": ID_NUMBER}}


def _window_verification(world: World, actor: str) -> Call:
    known = {"citizen": world.owner.person["id"], "name": "王小明", "id_number": ID_NUMBER}
    return {"json": known}


def _open_recovery(world: World, actor: str) -> Call:
    spare = world.officer("window").person["id"]
    world.second_admin.post(f"/v1/staff/{spare}/recovery")
    return {"at": {"staff_id": spare}}


def _change_staff(world: World, actor: str) -> Call:
    path = f"/v1/staff/{world.spare.person['id']}"
    return {"json": {"point": "XC-H01"}, "headers": world.version(path, world.second_admin)}


def _change_calendar(world: World, actor: str) -> Call:
    days = [{"date": "2026-12-31", "kind": "rest", "notice": "新政办发〔2026〕1号"}]
    return {"json": days, "headers": world.version("/v1/calendar?from=2026-12-01&to=2026-12-31")}


SPOT = {"kind": "station", "name": "新站", "hours": "Mo-Fr 09:00-12:00", "street_code": "610102001"}


def _change_point(world: World, actor: str) -> Call:
    return {"json": {"windows": 12}, "headers": world.version("/v1/points/XC-H01")}


def _remove_point(world: World, actor: str) -> Call:
    added = world.second_admin.post("/v1/points", SPOT)
    return {"at": {"point_id": added["id"]}, "headers": world.version(f"/v1/points/{added['id']}")}


NEW_MATTER = {
    "name": "养犬登记",
    "name_en": "Dog registration",
    "kind": "公共服务",
    "department": "新城区司法局",
    "audience": ["自然人"],
    "level": ["区"],
    "conditions": ["犬只已免疫"],
    "theme": ["城市管理"],
    "legal_basis": ["西安市限制养犬条例"],
    "result": {"name": "养犬登记证", "validity": "1年"},
}


def _begin_matter(world: World, actor: str) -> Call:
    return {"at": {"code": f"XC-{uuid4().hex[:8]}"}, "json": NEW_MATTER}


def _matter_draft(world: World) -> Call:
    """A draft of a new matter, and the edit that it stands at."""
    code = f"XC-{uuid4().hex[:8]}"
    draft = world.second_admin.post(f"/v1/matters/{code}/versions", NEW_MATTER)
    return {"at": {"code": code}, "headers": {"If-Match": f'"{draft["edit"]}"'}}


def _of_draft(**rest: Any) -> Callable[[World, str], Call]:
    return lambda world, actor: {**_matter_draft(world), **rest}


def _settle(world: World, actor: str) -> Call:
    made = world.actors["window"].post("/v1/reports", {"about": "point:XC-H01", "text": "电话不对"})
    return {"at": {"report_id": made["id"]}, "json": {"outcome": "corrected", "words": "已改正。"}}


def _receipt(world: World, actor: str) -> Call:
    return {"json": {"number": world.case["number"], "code": world._case(world.case)["receipt_code"]}}


def _json(**body: Any) -> Callable[[World, str], Call]:
    return lambda world, actor: {"json": body}


def _query(text: str) -> Callable[[World, str], Call]:
    return lambda world, actor: {"query": text}


def _move(world: World, actor: str) -> Call:
    """A draft whose matter has a newer version by now."""
    code = f"XC-{uuid4().hex[:8]}"
    new_version(world.second_admin, code, **NEW_MATTER)
    draft = world.owner.post("/v1/drafts", {"matter": code, "answers": {}})
    new_version(world.second_admin, code, name="养犬登记（新）")
    return {
        "at": {"draft_id": draft["id"]},
        "json": {"version": 2},
        "headers": {"If-Match": f'"{draft["version"]}"'},
    }


CALLS: dict[tuple[str, str], Callable[[World, str], Call]] = {
    ("GET", "/v1/calendar"): _query("?from=2026-11-01&to=2026-11-30"),
    ("GET", "/v1/calendar/hours"): _query("?text=24/7&from=2026-11-23&to=2026-11-29"),
    ("PATCH", "/v1/calendar"): _change_calendar,
    ("GET", "/v1/circle"): _query("?lon=108.96&lat=34.27"),
    ("GET", "/v1/circle/isochrone"): _query("?lon=108.96&lat=34.27"),
    ("GET", "/v1/circle/streets"): _query("?bbox=108.95,34.26,108.97,34.28"),
    ("POST", "/v1/points"): _json(**SPOT),
    ("PATCH", "/v1/points/<point_id>"): _change_point,
    ("DELETE", "/v1/points/<point_id>"): _remove_point,
    ("POST", "/v1/matters/<code>/versions"): _begin_matter,
    ("PATCH", "/v1/matters/<code>/versions/<int:version>"): _of_draft(json={"visits": 0}),
    ("DELETE", "/v1/matters/<code>/versions/<int:version>"): _of_draft(),
    ("POST", "/v1/matters/<code>/versions/<int:version>/publication"): _of_draft(),
    ("POST", "/v1/desk/matters/import"): _json(items=[RECORDS[0]]),
    ("POST", "/v1/reports"): _json(about="point:XC-H01", text="门口搬了"),
    ("POST", "/v1/desk/reports/<report_id>/settlement"): _settle,
    ("GET", "/v1/matters/search"): _query("?q=食品"),
    ("POST", "/v1/lookups"): _receipt,
    ("POST", "/v1/carriers/kuaidi100/<secret>"): lambda w, a: {"data": {"param": "{}", "sign": "x"}},
    ("POST", "/v1/sessions/codes"): lambda w, a: {"json": {"phone": str(next(w.numbers))}},
    ("POST", "/v1/sessions"): _json(phone="13600136000", code="000000"),
    ("POST", "/v1/sessions/wechat"): _json(code="nobody"),
    ("POST", "/v1/sessions/refresh"): _json(refresh_token="none"),
    ("POST", "/v1/staff/sessions"): lambda w, a: {"json": {"username": uuid4().hex, "password": "x" * 12}},
    ("DELETE", "/v1/sessions/current"): _self,
    ("PATCH", "/v1/me"): lambda w, a: {**_self(w, a), "json": {"name": "王小明"}},
    ("DELETE", "/v1/me"): _self,
    ("POST", "/v1/me/consents"): _json(purpose="prefill", text_version=1, given=True),
    ("POST", "/v1/me/verification"): _verification,
    ("POST", "/v1/staff/verifications"): _window_verification,
    ("POST", "/v1/mandates"): _mandate_told,
    ("DELETE", "/v1/mandates/<mandate_id>"): lambda w, a: {"at": {"mandate_id": w._mandate()}},
    ("POST", "/v1/staff/password"): lambda w, a: {**_self(w, a), "json": {"old": PASSWORD, "new": uuid4().hex}},
    ("POST", "/v1/staff/totp"): _self,
    ("POST", "/v1/staff/totp/confirmation"): lambda w, a: {**_self(w, a), "json": {"code": "000000"}},
    ("POST", "/v1/staff"): lambda w, a: {
        "json": {"username": uuid4().hex[:12], "name": "新人", "roles": ["window"], "point": "XC-H01"}
    },
    ("PATCH", "/v1/staff/<staff_id>"): _change_staff,
    ("DELETE", "/v1/staff/<staff_id>/recovery"): _open_recovery,
    ("POST", "/v1/staff/<staff_id>/recovery/confirmation"): _open_recovery,
    ("POST", "/v1/drafts"): _json(matter=FOOD, answers={}),
    ("PATCH", "/v1/drafts/<draft_id>"): lambda w, a: {
        "json": {"answers": {"applicant_name": "王小明"}},
        "headers": w.version(f"/v1/drafts/{w.draft['id']}"),
    },
    ("POST", "/v1/drafts/<draft_id>/move"): _move,
    ("DELETE", "/v1/drafts/<draft_id>"): lambda w, a: {
        "at": {"draft_id": w.owner.post("/v1/drafts", {"matter": FOOD, "answers": {}})["id"]}
    },
    ("POST", "/v1/drafts/<draft_id>/submit"): _submit,
    ("POST", "/v1/uploads"): lambda w, a: {"headers": {**TUS, "Upload-Length": "10"}},
    ("HEAD", "/v1/uploads/<upload_id>"): lambda w, a: {"headers": TUS, "at": {"upload_id": _upload_of(w, a)}},
    ("PATCH", "/v1/uploads/<upload_id>"): lambda w, a: {
        "at": {"upload_id": _upload_of(w, a)},
        "headers": {**TUS, "Upload-Offset": "0"},
        "data": PNG,
        "content_type": "application/offset+octet-stream",
    },
    ("DELETE", "/v1/uploads/<upload_id>"): lambda w, a: {"headers": TUS, "at": {"upload_id": _upload_of(w, a)}},
    ("GET", "/v1/files/<upload_id>/content"): _content,
    ("POST", "/v1/cases/<number>/supplement"): _supplement,
    ("POST", "/v1/cases/<number>/withdrawal"): _withdrawal,
    ("POST", "/v1/cases/<number>/actions"): _act,
    ("POST", "/v1/cases/<number>/parcels"): _send_parcel,
    ("POST", "/v1/parcels/<parcel_id>/confirmation"): _confirm_parcel,
    ("POST", "/v1/conversations"): _json(point="XC-H01", text="在吗？"),
    ("POST", "/v1/conversations/<conversation>/messages"): lambda w, a: {
        "json": {"client_id": str(uuid4()), "kind": "text", "text": "您好"}
    },
    ("POST", "/v1/conversations/<conversation>/closing"): _closing,
    ("POST", "/v1/conversations/<conversation>/reopening"): _reopening,
    ("POST", "/v1/conversations/<conversation>/leaving"): _leaving,
    ("POST", "/v1/conversations/<conversation>/block"): _to_block,
    ("POST", "/v1/desk/blocks/<block_id>/lifting"): _to_lift,
    ("GET", "/v1/conversations/<conversation>/search"): _query("?q=在吗"),
    ("GET", "/v1/desk/messages"): _query("?q=在吗"),
    ("POST", "/v1/canned-replies"): _json(title="材料", text="请带身份证。"),
    ("GET", "/v1/canned-replies/<reply>"): _reply,
    ("PATCH", "/v1/canned-replies/<reply>"): _reply,
    ("DELETE", "/v1/canned-replies/<reply>"): _reply,
    ("POST", "/v1/conversations/<conversation>/rating"): _rating,
    ("POST", "/v1/conversations/<conversation>/case"): _tie,
    ("POST", "/v1/drafts/<draft_id>/materials"): _take_over,
}
"""How to call a route so that whoever may is let through; a route that is not here needs nothing but its path."""
