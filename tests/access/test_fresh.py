"""Which acts need a fresh proof of the person, against a table written by hand; and how a proof is given."""

import csv
import re
from pathlib import Path
from uuid import uuid4

import pyotp
import pytest

from tests.access.calls.how import CITIZENS
from tests.access.test_matrix import ROWS, routes
from tests.access.world import ACTORS
from tests.conftest import PASSWORD
from tests.identity.test_rules import numbered

TABLE = Path(__file__).with_name("fresh.csv")
with TABLE.open(encoding="utf-8", newline="") as file:
    FRESH = {(row["method"], row["path"], row["actor"]): row["why"] for row in csv.DictReader(file)}


def like_roles(actor):
    """The roles of an actor of the matrix, as the guard knows them."""
    if actor in CITIZENS:
        return {"citizen"}
    if actor in {"anyone", "newcomer"}:
        return {actor}
    return {"staff", {"elsewhere": "handler"}.get(actor, actor.removeprefix("elsewhere_"))}


def code_sent(world):
    """The code that was sent last."""
    world.drain()
    return [code for _, text in world.sent.messages if "验证码" in text for code in re.findall(r"\d{6}", text)][-1]


def prove(world, caller, expect=200):
    """Give the proof that the server asks for."""
    way = caller.get("/v1/me/proof")["way"]
    if way == "code":
        caller.post("/v1/me/proof/code", expect=202)
        body = {"code": code_sent(world)}
    else:
        body = {way: PASSWORD}
    return caller.post("/v1/me/proof", body, expect=expect)


def test_the_table_says_of_every_route_and_actor_whether_a_fresh_proof_is_needed(shared_app):
    declared = {
        (*key, actor)
        for key, view in routes(shared_app).items()
        for actor in ACTORS
        if like_roles(actor) & set(getattr(view, "fresh", ())) and ROWS[key][actor][0] in "24"
        if ROWS[key][actor] not in {"401", "403"}
    }
    named = {key for key in declared if key in FRESH}
    same_roles = {key for key in declared if key[2] in {"other", "elsewhere", "elsewhere_window", "elsewhere_head"}}
    assert set(FRESH) == named
    assert declared - set(FRESH) <= same_roles


@pytest.mark.parametrize("key", FRESH, ids=" ".join)
def test_what_is_weighty_needs_a_fresh_proof_and_is_done_with_one(world, clock, key):
    method, rule, actor = key
    _, path, call = world.request(actor, method, rule)
    caller = world.like(actor)
    if rule == "/v1/mandates":
        person = {"name": "钱新人", "id_number": numbered("61010219850505001")}
        caller.post("/v1/me/verification", person, expect=200)
    clock.move(minutes=5, seconds=1)
    assert caller.get("/v1/me/proof")["until"] is None
    refused = caller.raw(method, path, **call)
    assert (refused.status_code, refused.get_json()["code"]) == (403, "fresh_proof_needed")
    assert prove(world, caller)["until"] is not None
    clock.move(minutes=4, seconds=59)
    done = caller.raw(method, path, **call)
    assert str(done.status_code) in ROWS[method, rule][actor].split("|"), done.text


def test_a_proof_holds_for_the_log_in_that_it_was_given_under(world, clock):
    here, there = world.citizen("13311112222"), None
    clock.move(minutes=6)
    there = world.citizen("13311112222")
    clock.move(minutes=4)
    prove(world, here)
    clock.move(minutes=2)
    here.get("/v1/me/export")
    assert there.get("/v1/me/export", expect=403)["code"] == "fresh_proof_needed"
    here.post("/v1/me/proof/code", expect=202)
    code = code_sent(world)
    assert there.post("/v1/me/proof", {"code": code}, expect=401)["code"] == "code_wrong"
    anyone = world.actors["anyone"]
    body = {"phone": "13311112222", "code": code}
    assert anyone.post("/v1/sessions", body, expect=401)["code"] == "code_wrong"


def test_a_refresh_is_no_proof(world, clock):
    citizen = world.citizen()
    clock.move(minutes=6)
    body = {"refresh_token": citizen.tokens["refresh_token"]}
    citizen.tokens = citizen.post("/v1/sessions/refresh", body)
    citizen.get("/v1/me/export", expect=403)


def test_five_wrong_proofs_are_too_many_and_the_right_one_too_then(world, clock):
    officer = world.officer("window")
    for _ in range(5):
        assert officer.post("/v1/me/proof", {"password": "wrong"}, expect=401)["code"] == "password_wrong"
    assert officer.post("/v1/me/proof", {"password": PASSWORD}, expect=429)["code"] == "locked_out"
    clock.move(minutes=15, seconds=1)
    officer.post("/v1/me/proof", {"password": PASSWORD}, expect=200)


def test_who_has_an_authenticator_proves_by_it_and_digits_are_good_once(world, clock):
    admin = world.officer("admin")
    totp = pyotp.TOTP(admin.post("/v1/staff/totp")["secret"])
    admin.post("/v1/staff/totp/confirmation", {"code": totp.at(clock())}, expect=200)
    clock.move(minutes=6)
    assert admin.get("/v1/me/proof")["way"] == "totp"
    problem = admin.post("/v1/me/proof", {"password": PASSWORD}, expect=422)
    assert "totp" in problem["errors"]
    admin.post("/v1/me/proof", {"totp": totp.at(clock())}, expect=200)
    assert admin.post("/v1/me/proof", {"totp": totp.at(clock())}, expect=401)["code"] == "totp_wrong"
    post = {"username": uuid4().hex[:12], "name": "新人", "roles": ["window"], "point": "XC-H01"}
    admin.post("/v1/staff", post)


def test_a_code_for_a_proof_is_limited_like_others(world):
    citizen = world.citizen()
    citizen.post("/v1/me/proof/code", expect=202)
    assert citizen.post("/v1/me/proof/code", expect=429)["code"] == "too_soon"
