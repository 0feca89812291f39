"""How the routes of the cases room are called."""

from tests.access.calls.how import Call, Calls, World
from tests.way import accepted_upload, complete_draft


def _supplement(world: World, actor: str) -> Call:
    case = world.case_in("supplementing") if actor == "owner" else world.case
    upload = accepted_upload(world.owner, world.drain) if actor == "owner" else world.upload
    path = f"/v1/cases/{case['number']}"
    return {
        "at": {"number": case["number"]},
        "json": {"materials": {"m1": [upload]}},
        "headers": world.version(path),
    }


def _withdrawal(world: World, actor: str) -> Call:
    case = world.case_in("submitted") if actor == "owner" else world.case
    return {"at": {"number": case["number"]}, "json": {}, "headers": world.version(f"/v1/cases/{case['number']}")}


def _submit(world: World, actor: str) -> Call:
    draft = complete_draft(world.owner, world.drain) if actor == "owner" else world.draft
    return {"at": {"draft_id": draft["id"]}}


def _act(world: World, actor: str) -> Call:
    return {
        "json": {"act": "note", "text": "电话已通知"},
        "headers": world.version(f"/v1/cases/{world.case['number']}"),
    }


def _receipt(world: World, actor: str) -> Call:
    return {"json": {"number": world.case["number"], "code": world.read_case(world.case)["receipt_code"]}}


def _verification(world: World, actor: str) -> Call:
    (first, *_) = world.owner.get(f"/v1/cases/{world.case['number']}/documents")["items"]
    return {"at": {"code": first["code"]}}


CALLS: Calls = {
    ("GET", "/verify/<code>"): _verification,
    ("POST", "/v1/lookups"): _receipt,
    ("POST", "/v1/desk/cases/search"): lambda world, actor: {"json": {"text": world.case["number"]}},
    ("POST", "/v1/drafts/<draft_id>/submit"): _submit,
    ("POST", "/v1/cases/<number>/supplement"): _supplement,
    ("POST", "/v1/cases/<number>/withdrawal"): _withdrawal,
    ("POST", "/v1/cases/<number>/told"): lambda w, a: {
        "at": {"number": w.case["number"]},
        "json": {"how": "in_person"},
        "headers": w.version(f"/v1/cases/{w.case['number']}"),
    },
    ("POST", "/v1/cases/<number>/actions"): _act,
}
