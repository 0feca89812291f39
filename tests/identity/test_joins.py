"""Two verified accounts of one person become one: everything moves, step by step, however often a step is cut off."""

from uuid import uuid4

import pytest

from api import own_data
from tests.access.forgotten import holding
from tests.identity.test_mandates import AGENT_NUMBER, mandate
from tests.identity.test_phones import notify
from tests.identity.test_verifications import CARD, bound, confirmed, opened, texts
from tests.way import FOOD, accepted_upload, issued, submitted

OLD, NEW = "13800138000", "13700137000"


@pytest.fixture
def settle(clock, drain):
    """Lets the day pass, and the rounds that follow it."""

    def pass_by():
        clock.move(days=1, seconds=1)
        drain()
        clock.move(seconds=90)
        drain()

    return pass_by


def lived(citizen, app, drain, window, handler):
    """Something of everything that a citizen has."""
    case = issued(citizen, window, handler, drain)
    parcel = window.post(f"/v1/cases/{case['number']}/parcels", {"direction": "to_citizen", "carrier": "console"})
    draft = citizen.post("/v1/drafts", {"matter": FOOD, "answers": {}})
    upload = accepted_upload(citizen, drain)
    talk = citizen.post("/v1/conversations", {"text": "需要带原件吗？"})
    message = {"client_id": str(uuid4()), "kind": "text", "text": "在吗？"}
    citizen.post(f"/v1/conversations/{talk['id']}/messages", message)
    citizen.post("/v1/reports", {"about": "point:XC-H01", "text": "电话打不通"}, expect=201)
    citizen.post("/v1/me/consents", {"purpose": "location", "text_version": 1, "given": True})
    drain()
    return {"case": case["number"], "parcel": parcel["id"], "draft": draft["id"], "upload": upload, "talk": talk["id"]}


def has_all(citizen, things):
    assert things["case"] in [row["number"] for row in citizen.get("/v1/cases")["items"]]
    assert citizen.get(f"/v1/cases/{things['case']}")["acts"] is not None
    assert citizen.get(f"/v1/parcels/{things['parcel']}")["id"] == things["parcel"]
    assert things["draft"] in [row["id"] for row in citizen.get("/v1/drafts")["items"]]
    assert citizen.get(f"/v1/files/{things['upload']}")["url"]
    texts = [row.get("text") for row in citizen.get(f"/v1/conversations/{things['talk']}/messages")["items"]]
    assert "在吗？" in texts
    data = citizen.get("/v1/me/export")["data"]
    assert data["reports"]
    assert data["notices"]
    assert {entry["purpose"] for entry in data["consents"]} == {"location"}


def test_a_new_sim_loses_nothing(citizen, window, handler, app, drain, log_in, settle, sent):
    things = lived(citizen, app, drain, window, handler)
    bound(window, citizen)
    new = log_in(NEW)
    draft = new.post("/v1/drafts", {"matter": FOOD, "answers": {}})
    bound(window, new)
    assert new.get("/v1/cases")["items"] == [], "a day passes before anything is seen"
    settle()
    for who in (citizen, new):
        who.get("/v1/me", expect=401)
    again = log_in(NEW)
    assert again.person["id"] == citizen.person["id"]
    has_all(again, things)
    assert draft["id"] in [row["id"] for row in again.get("/v1/drafts")["items"]]
    sent.messages.clear()
    for account in (citizen, new):
        notify(app, account)
    drain()
    assert texts(sent, OLD) == []
    assert log_in(OLD).person["id"] not in (citizen.person["id"], new.person["id"])


def test_what_the_second_account_held_moves_to_the_first_and_nothing_stays(
    citizen, window, officer, handler, app, drain, log_in, settle, database
):
    bound(window, citizen)
    new = log_in(NEW)
    things = lived(new, app, drain, window, handler)
    talk = app.extensions["circle"].chat
    talk.read(app.extensions["circle"].identity.actor(new.token), things["talk"], 1)
    bound(window, new)
    settle()
    again = log_in(NEW)
    has_all(again, things)
    stays = {path for section in own_data.SECTIONS for path in section.stays}
    stays |= {path for path in own_data.ELSEWHERE if not path.startswith("citizens")}
    stays |= set(own_data.OWN) - {"consents.citizen", "wechat_accounts.citizen", "devices.citizen"}
    stays |= {"citizens.phone_index", "jobs._id", "jobs.payload.from"}
    rows = [(name, row) for name in database.handle.list_collection_names() for row in database[name].find()]
    left = set(holding(rows, new.person["id"])) - stays
    assert left == set(), "say in `join` or `stays` of the Section in api/own_data.py what becomes of it"
    assert officer().get(f"/v1/cases/{things['case']}")["applicant"]["name"]


def test_each_step_may_be_cut_off_before_and_after(citizen, window, app, drain, log_in, clock, monkeypatch, database):
    bound(window, citizen)
    new = log_in(NEW)
    for _ in range(5):
        new.post("/v1/drafts", {"matter": FOOD, "answers": {}})
    case = submitted(new, drain)
    bound(window, new)
    monkeypatch.setattr("api.storage.database.HANDED_OVER", 2)
    office = app.extensions["circle"]
    step, runs = office.identity.joins.step, []

    class Killed(BaseException):
        pass

    def dying(payload):
        runs.append(payload)
        if len(runs) % 3 == 1:
            raise Killed
        step(payload)
        if len(runs) % 3 == 2:
            raise Killed

    monkeypatch.setitem(office.handlers, "identity.join", dying)
    clock.move(days=1, seconds=1)
    for _ in range(400):
        try:
            drain()
        except Killed:
            clock.move(seconds=61)
            continue
        if not database["jobs"].find_one({"kind": "identity.join", "state": "pending"}):
            break
        clock.move(seconds=61)
    assert len(runs) > 30
    again = log_in(NEW)
    assert len(again.get("/v1/drafts")["items"]) == 5
    assert [row["number"] for row in again.get("/v1/cases")["items"]] == [case["number"]]


def test_what_a_request_under_way_writes_late_is_moved_by_the_second_round(
    citizen, window, app, drain, log_in, clock, database
):
    bound(window, citizen)
    new = log_in(NEW)
    bound(window, new)
    clock.move(days=1, seconds=1)
    drain()
    draft = {"_id": str(uuid4()), "v": 2, "version": 1, "owner": new.person["id"], "case": None, "uploads": []}
    database["drafts"].insert_one(draft)
    clock.move(seconds=90)
    drain()
    assert database["drafts"].find_one({"_id": draft["_id"]})["owner"] == citizen.person["id"]


def test_a_phone_that_is_lost_does_not_become_the_number(citizen, window, officer, drain, log_in, settle, clock):
    lost = citizen
    case = submitted(lost, drain)
    clock.move(minutes=5)
    active = log_in(NEW)
    bound(window, active)
    confirmed(officer(), opened(window, lost))
    settle()
    again = log_in(NEW)
    assert again.person["id"] == active.person["id"]
    assert [row["number"] for row in again.get("/v1/cases")["items"]] == [case["number"]]


def test_mandates_hold_for_the_joined_account(citizen, window, log_in, settle, clock):
    principal = log_in("13600136000")
    principal.post("/v1/me/verification", {"name": "李四", "id_number": AGENT_NUMBER}, expect=200)
    bound(window, citizen)
    given = principal.post("/v1/mandates", mandate(agent={"name": CARD["name"], "number": CARD["id_number"]}))
    bound(window, log_in(NEW))
    settle()
    again = log_in(NEW)
    assert [(row["id"], row["state"]) for row in again.get("/v1/mandates")["items"]] == [(given["id"], "valid")]
    again.post("/v1/drafts", {"matter": FOOD, "for": given["id"]})


def test_three_accounts_become_the_first_though_it_was_verified_again(citizen, window, log_in, settle, clock):
    bound(window, citizen)
    for phone in (NEW, "13600136000"):
        bound(window, log_in(phone))
        clock.move(minutes=5)
        bound(window, citizen, name="王晓明" if phone == NEW else "王小明")
    settle()
    settle()
    assert log_in("13600136000").person["id"] == citizen.person["id"]


# -- the ways in of whoever has the phone that was lost ----------------------------------------------------------------


def test_a_strangers_wechat_does_not_lead_to_the_account_that_another_number_joined(
    citizen, window, log_in, settle, by_wechat
):
    bound(window, citizen)
    by_wechat("thief", OLD, device="d" * 32)
    new = log_in(NEW)
    by_wechat("ming", NEW)
    bound(window, new)
    settle()
    assert by_wechat("thief", expect=409)["code"] == "phone_needed"
    assert by_wechat("ming")["citizen"]["id"] == citizen.person["id"]
    assert by_wechat("thief", OLD)["citizen"]["id"] != citizen.person["id"]


def test_a_strangers_wechat_does_not_come_with_the_account_that_joins_without_its_number(
    citizen, window, officer, drain, log_in, clock, by_wechat, database
):
    lost = citizen
    by_wechat("thief", OLD)
    clock.move(minutes=5)
    active = log_in(NEW)
    bound(window, active)
    confirmed(officer(), opened(window, lost))
    thiefs = database["wechat_accounts"].find_one()
    clock.move(days=1, seconds=1)
    drain()
    database["wechat_accounts"].insert_one({**thiefs, "_id": "late", "citizen": lost.person["id"]})
    clock.move(seconds=90)
    drain()
    assert list(database["wechat_accounts"].find()) == []
    assert by_wechat("thief", expect=409)["code"] == "phone_needed"


def test_who_knows_name_and_number_of_another_gets_nothing_by_the_register_and_by_waiting(
    citizen, log_in, settle, drain
):
    citizen.post("/v1/me/verification", CARD, expect=200)
    case = submitted(citizen, drain)
    stranger = log_in(NEW)
    stranger.post("/v1/me/verification", CARD, expect=409)
    settle()
    again = log_in(NEW)
    assert again.person["id"] != citizen.person["id"]
    again.get(f"/v1/cases/{case['number']}", expect=404)
    assert again.get("/v1/cases")["items"] == []
    assert log_in(OLD).person["id"] == citizen.person["id"]


@pytest.mark.parametrize("confirm", ["register", "code", "second_officer"])
def test_who_was_first_at_the_register_with_anothers_number_gets_nothing_of_theirs(
    confirm, citizen, log_in, settle, drain, window, officer, clock
):
    """However the right person verifies later: their account stays apart, or keeps its number and all that it held."""
    stranger = log_in(NEW)
    stranger.post("/v1/me/verification", CARD, expect=200)
    case = submitted(citizen, drain)
    clock.move(minutes=5)
    log_in(NEW)  # the stranger was seen last
    if confirm == "register":
        citizen.post("/v1/me/verification", CARD, expect=409)
    elif confirm == "code":
        bound(window, citizen)
    else:
        confirmed(officer(), opened(window, citizen))
    settle()
    theirs = log_in(NEW)
    theirs.get(f"/v1/cases/{case['number']}", expect=404)
    assert theirs.get("/v1/cases")["items"] == []
    assert theirs.get("/v1/me")["assurance"] == ("verified" if confirm == "register" else "phone")
    own = log_in(OLD)
    assert own.get(f"/v1/cases/{case['number']}")["number"] == case["number"]
    assert own.get("/v1/me")["assurance"] == ("phone" if confirm == "register" else "verified")


def test_two_accounts_whose_card_was_seen_both_outlive_the_one_that_the_register_bound(
    citizen, log_in, settle, window, drain
):
    stranger, second = log_in(NEW), log_in("13600136000")
    stranger.post("/v1/me/verification", CARD, expect=200)
    case = submitted(citizen, drain)
    bound(window, second)
    bound(window, citizen)
    settle()
    assert log_in(NEW).get("/v1/cases")["items"] == []
    assert log_in("13600136000").get("/v1/cases")["items"] == []
    assert [row["number"] for row in log_in(OLD).get("/v1/cases")["items"]] == [case["number"]]
