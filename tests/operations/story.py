"""A whole story with everything in it that a later release must still read, and the reading of it."""

import re
from typing import Any

from tests.conftest import Caller, SmsBox
from tests.way import act, issued

PHONE = "13800138000"
STAFF = ("window", "handler")
SAID = "䶮先生问:原件要带吗?"


def told(citizen: Caller, window: Any, handler: Any, drain: Any) -> dict[str, Any]:
    """Apply, talk, be granted, get it by courier; gives what must be found again."""
    case = issued(citizen, window, handler, drain)
    act(window, case, "note", text="柜号 3-12")
    talk = citizen.post("/v1/conversations", {"case": case["number"], "text": SAID})
    window.post(f"/v1/cases/{case['number']}/parcels", {"direction": "to_citizen", "carrier": "console"})
    citizen.post("/v1/drafts", {"matter": case["matter"]["code"], "answers": {"remark": "第二份"}})
    drain()
    return {"number": case["number"], "conversation": talk["id"], **read(citizen, case["number"], talk["id"])}


def read(citizen: Caller, number: str, talk: str) -> dict[str, Any]:
    """What the citizen finds at the HTTP face."""
    case = citizen.get(f"/v1/cases/{number}")
    said = citizen.get(f"/v1/conversations/{talk}/messages")["items"]
    acts = [line["act"] for line in citizen.get(f"/v1/cases/{number}/timeline")["items"]]
    return {
        "state": case["state"],
        "receipt": case["receipt_code"],
        "answers": case["answers"],
        "address": case["delivery"]["address"],
        "materials": [len(material["files"]) for material in case["materials"]],
        "timeline": [act for act in acts if not act.startswith("talk.")],
        "said": [message["text"] for message in said if "text" in message],
        "notices": sorted(notice["kind"] for notice in citizen.get("/v1/notices")["items"]),
        "drafts": len(citizen.get("/v1/drafts")["items"]),
    }


def citizen(app: Any, sent: SmsBox) -> Caller:
    """The citizen of the story, logged in by phone."""
    anyone = Caller(app.test_client())
    anyone.post("/v1/sessions/codes", {"phone": PHONE}, expect=202)
    app.extensions["circle"].worker.drain()
    codes = [code for _, text in sent.messages if "验证码" in text for code in re.findall(r"\d{6}", text)]
    return Caller(app.test_client(), anyone.post("/v1/sessions", {"phone": PHONE, "code": codes[-1]}))


def officer(app: Any, role: str, password: str) -> Caller:
    """The officer of the story with this role, who is called as the role."""
    tokens = Caller(app.test_client()).post("/v1/staff/sessions", {"username": role, "password": password})
    return Caller(app.test_client(), tokens)


def broken_promise(office, officer, number):
    """A promise of this case's was broken, and has been lifted."""
    promises, case = office.cases.broken_promises, office.cases._store.by_number(number)
    office.database.transact(lambda session: promises.record(session, case, "deferral_late"))
    promises.lift(officer, promises.listed("standing", None, 1)[0]["id"], "材料已经补交")
