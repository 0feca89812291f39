"""A change of who may do what, and its line in the audit, are there together or not at all."""

import pytest

from tests.conftest import PASSWORD
from tests.way import ID_NUMBER

CHILD_NUMBER = "11010519491231002X"
MANDATE = {
    "kind": "agent",
    "principal": {"name": "王小明", "number": ID_NUMBER},
    "agent": {"name": "李华", "number": CHILD_NUMBER},
    "matters": [],
    "valid_until": "2026-12-31",
}
POST = {"username": "new.one", "name": "新人", "roles": ["window"], "point": "XC-H01", "department": "SPJ"}


def give_mandate(people):
    return people["window"], "POST", "/v1/mandates", {"json": MANDATE}


def end_mandate(people):
    given = people["window"].post("/v1/mandates", MANDATE)
    return people["window"], "DELETE", f"/v1/mandates/{given['id']}", {}


def verify_online(people):
    return people["citizen"], "POST", "/v1/me/verification", {"json": {"name": "王小明", "id_number": ID_NUMBER}}


def verify_at_window(people):
    card = {"name": "王小明", "id_number": ID_NUMBER, "citizen": people["citizen"].person["id"]}
    opening = people["window"].post("/v1/staff/verifications", card)["verification"]
    code = people["citizen"].get("/v1/me/verifications")["items"][0]["code"]
    return people["window"], "POST", f"/v1/staff/verifications/{opening['id']}/confirmation", {"json": {"code": code}}


def object_to(people):
    verify = {"name": "王小明", "id_number": ID_NUMBER}
    people["citizen"].post("/v1/me/verification", verify, expect=200)
    card = {**verify, "citizen": people["citizen"].person["id"]}
    opening = people["window"].post("/v1/staff/verifications", card)["verification"]
    return people["citizen"], "POST", f"/v1/me/verifications/{opening['id']}/objection", {}


def close_account(people):
    return people["citizen"], "DELETE", "/v1/me", {}


def add_staff(people):
    return people["admin"], "POST", "/v1/staff", {"json": POST}


def change_staff(people):
    path = f"/v1/staff/{people['window'].person['id']}"
    return people["admin"], "PATCH", path, {"json": {"name": "新名"}, "headers": {"If-Match": '"1"'}}


def change_password(people):
    body = {"old": PASSWORD, "new": "another-good-password"}
    return people["window"], "POST", "/v1/staff/password", {"json": body}


def open_recovery(people):
    return people["admin"], "POST", f"/v1/staff/{people['window'].person['id']}/recovery", {}


def withdraw_recovery(people):
    people["second"].post(f"/v1/staff/{people['window'].person['id']}/recovery")
    return people["admin"], "DELETE", f"/v1/staff/{people['window'].person['id']}/recovery", {}


def confirm_recovery(people):
    people["second"].post(f"/v1/staff/{people['window'].person['id']}/recovery")
    return people["admin"], "POST", f"/v1/staff/{people['window'].person['id']}/recovery/confirmation", {}


CHANGES = {
    give_mandate: "mandate.give",
    end_mandate: "mandate.end",
    verify_online: "verify_by_register",
    verify_at_window: "verify_by_window",
    object_to: "verification_objected",
    close_account: "close_account",
    add_staff: "staff.add",
    change_staff: "staff.change",
    change_password: "staff.password",
    open_recovery: "staff.open_recovery",
    withdraw_recovery: "staff.withdraw_recovery",
    confirm_recovery: "staff.recover",
}
LEFT_OUT = {"seen_at": 0, "tries": 0, "taken_as": 0}
"""A try is counted, whatever comes of it."""
KEPT = ("mandates", "citizens", "verifications", "staff", "recoveries", "audit")


@pytest.fixture
def people(citizen, window, staff):
    """Who takes part."""
    return {"citizen": citizen, "window": window, "admin": staff("admin"), "second": staff("admin")}


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_a_change_and_its_line_are_there_together_or_not_at_all(app, database, people, monkeypatch, change):
    audit = app.extensions["circle"].audit
    caller, method, path, rest = change(people)

    def everything():
        return {name: sorted(map(str, database[name].find({}, LEFT_OUT))) for name in KEPT}

    def broken(*told, session=None):
        raise RuntimeError("the line cannot be written")

    before, lines = everything(), database["audit"].count_documents({"act": CHANGES[change]})
    with monkeypatch.context() as patch:
        patch.setattr(audit._store, "append", broken)
        assert caller.raw(method, path, **rest).status_code == 500
    assert everything() == before
    assert caller.raw(method, path, **rest).status_code < 300
    assert database["audit"].count_documents({"act": CHANGES[change]}) == lines + 1
