"""How the routes of the identity room are called."""

from uuid import uuid4

from tests.access.calls.how import CITIZENS, STRANGER, Call, Calls, World, body, oneself
from tests.conftest import PASSWORD
from tests.identity.test_rules import numbered
from tests.way import ID_NUMBER


def _mandate_told(world: World, actor: str) -> Call:
    body = {"kind": "agent", "agent": STRANGER, "valid_until": "2027-06-30"}
    if actor not in CITIZENS:
        body["principal"] = {"name": "王小明", "number": ID_NUMBER}
    return {"json": body}


def _verification(world: World, actor: str) -> Call:
    nobodys = numbered(f"61010219880808{int(next(world.numbers)) % 1000:03}")
    return {"caller": world.like(actor), "json": {"name": STRANGER["name"], "id_number": nobodys}}


def _window_verification(world: World, actor: str) -> Call:
    citizen = world.citizen().person["id"]
    return {"json": {"citizen": citizen, "name": STRANGER["name"], "id_number": STRANGER["number"]}}


def _waiting(world: World, actor: str) -> Call:
    """A verification of somebody new, opened by an officer of the window."""
    return {"at": {"verification_id": world.new_verification(world.citizen())}, "json": {}}


def _waiting_of_owner(world: World, actor: str) -> Call:
    return {"at": {"verification_id": world.new_verification(world.owner)}}


def _open_recovery(world: World, actor: str) -> Call:
    spare = world.officer("window").person["id"]
    world.second_admin.post(f"/v1/staff/{spare}/recovery")
    return {"at": {"staff_id": spare}}


def _change_staff(world: World, actor: str) -> Call:
    path = f"/v1/staff/{world.spare.person['id']}"
    return {"json": {"point": "XC-H01"}, "headers": world.version(path, world.second_admin)}


def _own_log_in(world: World, actor: str) -> Call:
    caller = world.like(actor)
    here = caller.get("/v1/me/sessions")["items"][0]["id"] if caller.tokens else "none"
    return {"caller": caller, "at": {"log_in_id": here}}


def _proof(world: World, actor: str) -> Call:
    given = {"code": "000000"} if actor in CITIZENS else {"password": PASSWORD}
    return {**oneself(world, actor), "json": given}


CALLS: Calls = {
    ("POST", "/v1/sessions/codes"): lambda w, a: {"json": {"phone": str(next(w.numbers))}},
    ("POST", "/v1/sessions"): body(phone="13600136000", code="000000"),
    ("POST", "/v1/sessions/wechat"): body(code="nobody"),
    ("POST", "/v1/sessions/refresh"): body(refresh_token="none"),
    ("POST", "/v1/staff/sessions"): lambda w, a: {"json": {"username": uuid4().hex, "password": "x" * 12}},
    ("DELETE", "/v1/sessions/current"): oneself,
    ("DELETE", "/v1/me/sessions"): oneself,
    ("DELETE", "/v1/me/sessions/<log_in_id>"): _own_log_in,
    ("POST", "/v1/me/proof"): _proof,
    ("POST", "/v1/me/proof/code"): oneself,
    ("PATCH", "/v1/me"): lambda w, a: {**oneself(w, a), "json": {"name": "王小明"}},
    ("DELETE", "/v1/me"): oneself,
    ("POST", "/v1/me/consents"): body(purpose="location", text_version=1, given=True),
    ("POST", "/v1/me/verification"): _verification,
    ("POST", "/v1/staff/verifications"): _window_verification,
    ("POST", "/v1/me/phone"): body(phone="13600136000", code="000000", old_code="000000"),
    ("POST", "/v1/me/verifications/<verification_id>/objection"): _waiting_of_owner,
    ("POST", "/v1/staff/verifications/<citizen_id>/phone"): body(
        phone="13600136000", code="000000", id_number=ID_NUMBER
    ),
    ("POST", "/v1/staff/verifications/<verification_id>/confirmation"): _waiting,
    ("POST", "/v1/staff/verifications/<verification_id>/revocation"): _waiting,
    ("POST", "/v1/mandates"): _mandate_told,
    ("DELETE", "/v1/mandates/<mandate_id>"): lambda w, a: {"at": {"mandate_id": w.new_mandate()}},
    ("POST", "/v1/staff/password"): lambda w, a: {**oneself(w, a), "json": {"old": PASSWORD, "new": uuid4().hex}},
    ("POST", "/v1/staff/totp"): oneself,
    ("POST", "/v1/staff/totp/confirmation"): lambda w, a: {**oneself(w, a), "json": {"code": "000000"}},
    ("POST", "/v1/staff"): lambda w, a: {
        "json": {"username": uuid4().hex[:12], "name": "新人", "roles": ["window"], "point": "XC-H01"}
    },
    ("PATCH", "/v1/staff/<staff_id>"): _change_staff,
    ("DELETE", "/v1/staff/<staff_id>/recovery"): _open_recovery,
    ("POST", "/v1/staff/<staff_id>/recovery/confirmation"): _open_recovery,
}
