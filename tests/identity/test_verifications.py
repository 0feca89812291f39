"""Verification at a window: who confirms it, who is notified, what begins a day later, and who undoes it."""

import re
from datetime import datetime, timedelta

import pytest

from api.identity.verifications.verification import OPEN_MINUTES
from tests.cases.test_mandates import filed
from tests.conftest import PASSWORD, Caller
from tests.identity.test_mandates import AGENT_NUMBER, mandate
from tests.way import ID_NUMBER, submitted

NAME = "王小明"
CARD = {"name": NAME, "id_number": ID_NUMBER}


def opened(window, citizen, **card):
    return window.post("/v1/staff/verifications", {**CARD, "citizen": citizen.person["id"], **card})["verification"]


def confirmed(officer, verification, expect=200, **body):
    return officer.post(f"/v1/staff/verifications/{verification['id']}/confirmation", body, expect=expect)


def bound(window, citizen, **card):
    """A citizen verified at a window, with the code on their page."""
    verification = opened(window, citizen, **card)
    return confirmed(window, verification, code=waiting(citizen)["code"])


def waiting(citizen):
    return next(row for row in citizen.get("/v1/me/verifications")["items"] if row["state"] == "waiting")


def texts(sent, phone):
    """The texts sent to a number, which the console masks."""
    return [text for to, text in sent.messages if to == f"{phone[:3]}****{phone[-4:]}"]


# -- who confirms ---------------------------------------------------------------------------------------------------


def test_an_officer_alone_binds_no_account(window, citizen):
    verification = opened(window, citizen)
    assert citizen.get("/v1/me")["assurance"] == "phone"
    assert verification["state"] == "waiting"
    refused = confirmed(window, verification, expect=409)
    assert refused["code"] == "second_officer_needed"
    assert citizen.get("/v1/me")["assurance"] == "phone"


def test_the_code_is_on_the_citizens_own_device_and_binds_once(window, citizen, sent, drain, database):
    verification = opened(window, citizen)
    drain()
    (text,) = [text for text in texts(sent, "13800138000") if "核验" in text]
    code = re.findall(r"\d{6}", text)[0]
    assert waiting(citizen)["code"] == code
    assert code not in str(citizen.get("/v1/notices")["items"])
    assert code not in str(list(database["verifications"].find()))
    for _ in range(2):
        assert confirmed(window, verification, code=code)["state"] == "confirmed"
    person = citizen.get("/v1/me")
    assert (person["assurance"], person["name"]) == ("verified", NAME)
    assert database["audit"].count_documents({"act": "verify_by_window"}) == 1
    (row,) = database["verifications"].find()
    assert not {"name", "id_number", "code", "waits_at"} & set(row)


@pytest.mark.parametrize("write", ["{0} {1}", "{0}-{1}", "　{0}{1}\u200b"])
def test_a_code_read_aloud_is_typed_in_any_way(window, citizen, write):
    verification = opened(window, citizen)
    code = waiting(citizen)["code"]
    wide = "".join(chr(ord(digit) + 0xFEE0) for digit in code)
    assert confirmed(window, verification, code=write.format(wide[:3], wide[3:]))["state"] == "confirmed"


def test_five_wrong_codes_are_the_end_and_so_is_half_an_hour(window, officer, citizen, clock):
    verification = opened(window, citizen)
    code = waiting(citizen)["code"]
    wrong = "000000" if code != "000000" else "111111"
    for _ in range(5):
        assert confirmed(window, verification, code=wrong, expect=422)["code"] == "confirmation_wrong"
    assert confirmed(window, verification, code=code, expect=422)["code"] == "confirmation_wrong"
    again = opened(window, citizen, name="王晓明")
    clock.move(minutes=31)
    refused = confirmed(officer(), again, code=code, expect=409)
    assert refused["code"] == "verification_over"
    assert citizen.get("/v1/me")["assurance"] == "phone"


def test_a_wrong_code_is_in_the_audit_under_the_account(window, citizen, staff):
    verification = opened(window, citizen)
    code = "000000" if waiting(citizen)["code"] != "000000" else "111111"
    confirmed(window, verification, code=code, expect=422)
    rows = staff("supervisor").get(f"/v1/audit?subject=citizen:{citizen.person['id']}")["items"]
    assert [row["actor"] for row in rows if row["act"] == "log_in.failed"] == [window.person["id"]]


def test_what_nobody_confirmed_is_ended_and_keeps_no_name(window, citizen, clock, drain, database):
    opened(window, citizen)
    clock.move(minutes=31)
    drain()
    (row,) = database["verifications"].find()
    assert row["state"] == "expired"
    assert not {"name", "id_number", "code", "waits_at"} & set(row)


def test_an_objection_and_the_join_in_one_moment_leave_one_of_them(
    window, citizen, other_citizen, clock, app, log_in, database
):
    citizen.post("/v1/me/verification", CARD, expect=200)
    verification = bound(window, other_citizen)
    verifications = app.extensions["circle"].identity.verifications
    actor = app.extensions["circle"].identity.actor(citizen.token)
    begin = verifications._joins.begin

    def objecting(*told):
        with pytest.raises(Exception, match="objection_too_late|verification_over"):
            verifications.object(actor, verification["id"])
        return begin(*told)

    clock.move(days=1, seconds=1)
    verifications._joins.begin = objecting
    verifications.follow({"verification": verification["id"]})
    verifications._joins.begin = begin
    assert database["citizens"].find_one({"_id": other_citizen.person["id"]})["joined"] == citizen.person["id"]
    verifications.follow({"verification": verification["id"]})


def test_a_second_officer_of_the_place_confirms_and_nobody_else(window, officer, citizen, app, staff):
    verification = opened(window, citizen)
    assert [row["id"] for row in officer().get("/v1/desk/verifications")["items"]] == [verification["id"]]
    elsewhere = officer("XC-C01")
    assert elsewhere.get("/v1/desk/verifications")["items"] == []
    confirmed(elsewhere, verification, expect=404)
    for role in ("supervisor", "admin"):
        confirmed(staff(role), verification, expect=403)
    assert confirmed(officer(), verification)["confirmed_how"] == "second_officer"
    assert citizen.get("/v1/me")["assurance"] == "verified"


def test_an_officer_whom_the_first_added_is_no_second(officer, citizen, app, staff, anyone):
    admin = staff("admin", "window")
    added = admin.post("/v1/staff", {"username": "puppet", "name": "影子", "roles": ["window"], "point": "XC-H01"})
    body = {"username": "puppet", "password": added["first_password"]}
    puppet = Caller(app.test_client(), anyone.post("/v1/staff/sessions", body))
    puppet.post("/v1/staff/password", {"old": added["first_password"], "new": PASSWORD}, expect=200)
    for opener, second in ((admin, puppet), (puppet, admin)):
        verification = opened(opener, citizen)
        assert confirmed(second, verification, expect=409)["code"] == "second_officer_needed"


def test_the_same_again_sends_no_further_code_and_another_takes_its_place(window, officer, citizen, sent, drain):
    first = opened(window, citizen)
    assert opened(window, citizen)["id"] == first["id"]
    drain()
    assert len([text for text in texts(sent, "13800138000") if "核验" in text]) == 1
    other = opened(officer(), citizen)
    assert other["id"] != first["id"]
    assert confirmed(window, first, expect=409, code=waiting(citizen)["code"])["code"] == "verification_over"
    for _ in range(3):
        opened(officer(), citizen)
    refused = officer().post("/v1/staff/verifications", {**CARD, "citizen": citizen.person["id"]}, expect=429)
    assert refused["code"] == "limit_reached"


def test_a_name_that_the_officer_corrects_takes_the_place_of_the_wrong_one(window, citizen):
    wrong = opened(window, citizen, name="王晓明")
    right = opened(window, citizen)
    assert right["id"] != wrong["id"]
    confirmed(window, right, code=waiting(citizen)["code"])
    assert citizen.get("/v1/me")["name"] == NAME


def test_verified_as_another_is_refused_before_any_code(window, citizen):
    bound(window, citizen)
    body = {"name": NAME, "id_number": AGENT_NUMBER, "citizen": citizen.person["id"]}
    assert window.post("/v1/staff/verifications", body, expect=409)["code"] == "verified_as_other"


# -- who is notified ---------------------------------------------------------------------------------------------------


def test_both_accounts_of_a_number_are_notified_in_app_and_by_sms(window, citizen, other_citizen, sent, drain):
    bound(window, citizen)
    drain()
    sent.messages.clear()
    bound(window, other_citizen)
    drain()
    kinds = [{notice["kind"] for notice in who.get("/v1/notices")["items"]} for who in (citizen, other_citizen)]
    assert kinds[0] >= {"identity_bound", "identity_bound_elsewhere"}
    assert kinds[1] >= {"identity_bound"}
    assert any("另一账号" in text for text in texts(sent, "13800138000"))
    assert any("已核验身份" in text for text in texts(sent, "13900139000"))
    assert not any(ID_NUMBER in text or NAME in text for _, text in sent.messages)


def test_the_register_binds_one_account_and_warns_it_of_others_once_a_day(citizen, other_citizen, clock):
    citizen.post("/v1/me/verification", CARD, expect=200)
    for _ in range(2):
        refused = other_citizen.post("/v1/me/verification", CARD, expect=409)
        assert refused["code"] == "bound_elsewhere"
    assert other_citizen.get("/v1/me")["assurance"] == "phone"
    warned = [row for row in citizen.get("/v1/notices")["items"] if row["kind"] == "identity_tried_elsewhere"]
    assert len(warned) == 1
    citizen.post("/v1/me/verification", CARD, expect=200)


def test_the_register_takes_nothing_from_a_card_that_was_seen(window, citizen, database):
    bound(window, citizen)
    citizen.post("/v1/me/verification", CARD, expect=200)
    assert database["citizens"].find_one({"_id": citizen.person["id"]})["verified"]["how"] == "window"


# -- mandates begin a day later ---------------------------------------------------------------------------------------


def test_a_new_binding_sees_no_mandates_and_gives_none_that_work_for_a_day(
    window, citizen, other_citizen, clock, log_in
):
    principal, agent = log_in("13700137000"), other_citizen
    principal.post("/v1/me/verification", {"name": "李四", "id_number": AGENT_NUMBER}, expect=200)
    party = {"name": NAME, "number": ID_NUMBER}
    held = principal.post("/v1/mandates", mandate(agent=party, matters=[]))
    bound(window, agent)
    assert agent.get("/v1/mandates")["items"] == []
    agent.get(f"/v1/mandates/{held['id']}", expect=404)
    given = agent.post("/v1/mandates", mandate(agent={"name": "李四", "number": AGENT_NUMBER}, matters=[]))
    assert given["state"] == "pending"
    assert agent.get("/v1/mandates")["items"] == [given]
    body = {"matter": "XC-行政许可-001", "for": held["id"]}
    assert agent.post("/v1/drafts", body, expect=403)["code"] == "mandate_ended"
    theirs = {"matter": "XC-行政许可-001", "for": given["id"]}
    assert principal.post("/v1/drafts", theirs, expect=403)["code"] == "mandate_ended"
    clock.move(days=1, seconds=1)
    agent, principal = log_in("13900139000"), log_in("13700137000")
    assert {row["state"] for row in agent.get("/v1/mandates")["items"]} == {"valid"}
    assert len(agent.get("/v1/mandates")["items"]) == 2
    agent.post("/v1/drafts", body)
    principal.post("/v1/drafts", theirs)


def test_who_was_verified_before_loses_no_day(window, citizen, clock, log_in):
    citizen.post("/v1/me/verification", CARD, expect=200)
    bound(window, citizen, name="王晓明")
    given = citizen.post("/v1/mandates", mandate(agent={"name": "李四", "number": AGENT_NUMBER}))
    assert given["state"] == "valid"


# -- objections -------------------------------------------------------------------------------------------------------


def test_the_earlier_account_objects_and_all_is_undone(window, citizen, other_citizen, clock, drain, log_in, database):
    citizen.post("/v1/me/verification", CARD, expect=200)
    bound(window, other_citizen)
    given = other_citizen.post("/v1/mandates", mandate(agent={"name": "李四", "number": AGENT_NUMBER}))
    (row,) = [row for row in citizen.get("/v1/me/verifications")["items"] if not row["own"]]
    assert row["may_object"]
    log_in("13700137000").post(f"/v1/me/verifications/{row['id']}/objection", expect=404)
    for _ in range(2):
        assert citizen.post(f"/v1/me/verifications/{row['id']}/objection", expect=200)["state"] == "objected"
    person = other_citizen.get("/v1/me")
    assert (person["assurance"], NAME in person["name"]) == ("phone", False)
    assert not {"id_number", "id_index"} & set(database["citizens"].find_one({"_id": other_citizen.person["id"]}))
    assert database["mandates"].find_one({"_id": given["id"]})["ended_at"] is not None
    clock.move(days=2)
    drain()
    assert log_in("13800138000").person["id"] == citizen.person["id"]
    assert log_in("13900139000").person["id"] == other_citizen.person["id"]


def theirs(citizen):
    """The verifications of other accounts that are to join one's own."""
    return [row for row in citizen.get("/v1/me/verifications")["items"] if not row["own"]]


def object_to(citizen, row):
    return citizen.post(f"/v1/me/verifications/{row['id']}/objection", expect=200)


@pytest.fixture
def are_apart(clock, drain, log_in):
    """Whether two accounts are still two, days later."""

    def apart(*people):
        clock.move(days=2)
        drain()
        phones = ("13800138000", "13900139000")
        return [log_in(phone).person["id"] for phone in phones] == [who.person["id"] for who in people]

    return apart


@pytest.mark.parametrize("which", [0, -1])
def test_whoever_objects_once_has_objected_to_every_binding_of_that_account(
    window, citizen, other_citizen, are_apart, which
):
    citizen.post("/v1/me/verification", CARD, expect=200)
    for name in (NAME, "王晓明"):
        bound(window, other_citizen, name=name)
    object_to(citizen, theirs(citizen)[which])
    assert other_citizen.get("/v1/me")["assurance"] == "phone"
    assert are_apart(citizen, other_citizen)


@pytest.mark.parametrize("which", [0, -1])
def test_two_joins_that_an_earlier_release_planned_end_together(
    window, citizen, other_citizen, are_apart, database, which
):
    citizen.post("/v1/me/verification", CARD, expect=200)
    for name in (NAME, "王晓明"):
        bound(window, other_citizen, name=name)
    both = {"citizen": other_citizen.person["id"], "state": "confirmed"}
    database["verifications"].update_many(both, {"$set": {"joins": citizen.person["id"], "number_of": "joining"}})
    object_to(citizen, theirs(citizen)[which])
    assert other_citizen.get("/v1/me")["assurance"] == "phone"
    assert sorted(row["state"] for row in theirs(citizen)) == ["objected", "withdrawn"]
    assert are_apart(citizen, other_citizen)


@pytest.mark.parametrize("undo", ["objection", "revocation"])
def test_what_still_waits_for_an_account_ends_when_its_binding_is_undone(
    window, officer, staff, citizen, other_citizen, ask, are_apart, undo
):
    citizen.post("/v1/me/verification", CARD, expect=200)
    first = bound(window, other_citizen)
    path = f"/v1/staff/verifications/{other_citizen.person['id']}/phone"
    phone = window.post(path, {"phone": "13700137000", "code": ask("13700137000"), "id_number": ID_NUMBER})
    again = opened(window, other_citizen, name="王晓明")
    code = waiting(other_citizen)["code"]
    if undo == "objection":
        object_to(citizen, theirs(citizen)[0])
    else:
        staff("supervisor").post(f"/v1/staff/verifications/{first['id']}/revocation", expect=200)
    for row in (again, phone["verification"]):
        assert confirmed(officer(), row, expect=409, code=code)["code"] == "verification_over"
    states = {row["id"]: row["state"] for row in other_citizen.get("/v1/me/verifications")["items"]}
    assert [states[row["id"]] for row in (again, phone["verification"])] == ["withdrawn"] * 2
    assert are_apart(citizen, other_citizen)


def test_no_account_joins_one_that_is_bound_no_more(window, staff, citizen, other_citizen, are_apart):
    earlier = bound(window, citizen)
    bound(window, other_citizen)
    staff("supervisor").post(f"/v1/staff/verifications/{earlier['id']}/revocation", expect=200)
    assert are_apart(citizen, other_citizen)


def test_the_same_number_again_plans_no_second_join_whichever_account_it_is(window, citizen, other_citizen):
    citizen.post("/v1/me/verification", CARD, expect=200)
    bound(window, other_citizen)
    bound(window, other_citizen, name="王晓明")
    bound(window, citizen, name="王晓明")
    assert len(theirs(citizen)) == 1
    assert theirs(other_citizen) == []


def test_whoever_is_at_no_window_stops_it_on_their_own_page(window, citizen):
    verification = opened(window, citizen)
    citizen.post(f"/v1/me/verifications/{verification['id']}/objection", expect=200)
    assert confirmed(window, verification, expect=409, code="123456")["code"] == "verification_over"
    assert citizen.get("/v1/me")["assurance"] == "phone"


def test_after_the_day_an_objection_is_too_late(window, citizen, clock, log_in):
    verification = bound(window, citizen)
    clock.move(days=1, seconds=1)
    again = log_in("13800138000")
    refused = again.post(f"/v1/me/verifications/{verification['id']}/objection", expect=409)
    assert refused["code"] == "objection_too_late"


# -- the supervisor ---------------------------------------------------------------------------------------------------


def test_the_supervisor_sees_who_where_when_and_which_account_and_it_is_recorded(
    window, staff, citizen, other_citizen, clock, database
):
    bound(window, citizen)
    opened(window, other_citizen, id_number=AGENT_NUMBER)
    supervisor = staff("supervisor")
    first = supervisor.get("/v1/staff/verifications?limit=1")
    rest = supervisor.get(f"/v1/staff/verifications?limit=1&cursor={first['next']}")
    rows = first["items"] + rest["items"]
    assert rest["next"] is None
    assert [row["citizen"] for row in rows] == [other_citizen.person["id"], citizen.person["id"]]
    assert {(row["opened_by"], row["point"], row["kind"]) for row in rows} == {("王窗口", "XC-H01", "card")}
    assert [row["state"] for row in rows] == ["waiting", "confirmed"]
    assert rows[1]["phone"] == "138****8000"
    assert ID_NUMBER not in str(rows)
    assert database["audit"].count_documents({"act": "read_verifications", "actor": supervisor.person["id"]}) == 2
    assert len(supervisor.get("/v1/staff/verifications?state=confirmed")["items"]) == 1
    assert supervisor.get("/v1/staff/verifications?month=2026-10")["items"] == []
    supervisor.get("/v1/staff/verifications?month=2026-13", expect=422)
    for role in ("window", "handler", "head", "admin"):
        staff(role).get("/v1/staff/verifications", expect=403)


def test_a_supervisor_undoes_a_binding_for_good(window, staff, citizen):
    verification = bound(window, citizen)
    supervisor, path = staff("supervisor"), f"/v1/staff/verifications/{verification['id']}/revocation"
    for _ in range(2):
        assert supervisor.post(path, expect=200)["state"] == "revoked"
    assert citizen.get("/v1/me")["assurance"] == "phone"
    window.post(path, expect=403)


def test_an_account_under_a_case_is_verified_by_its_number(window, citizen, drain):
    case = submitted(citizen, drain)
    opened = window.post("/v1/staff/verifications", {**CARD, "case": case["number"]})
    verification = opened["verification"]
    begun, ends = (datetime.fromisoformat(text) for text in (verification["at"], opened["ends_at"]))
    assert ends - begun == timedelta(minutes=OPEN_MINUTES)
    confirmed(window, verification, code=waiting(citizen)["code"])
    assert citizen.get("/v1/me")["assurance"] == "verified"


# -- mandates are for those who work with them (13.8) ------------------------------------------------------------------


def test_a_mandate_is_read_and_ended_by_those_who_work_on_a_case_with_it(
    citizen, other_citizen, officer, staff, app, drain, database
):
    citizen.post("/v1/me/verification", CARD, expect=200)
    other_citizen.post("/v1/me/verification", {"name": "李四", "id_number": AGENT_NUMBER}, expect=200)
    given = citizen.post("/v1/mandates", mandate(agent={"name": "李四", "number": AGENT_NUMBER}))
    here, path = officer(), f"/v1/mandates/{given['id']}"
    here.get(path, expect=404)
    here.call("DELETE", path, expect=404)
    filed(other_citizen, given, drain)
    assert here.get(path)["agent"]["number"] == AGENT_NUMBER
    assert database["audit"].count_documents({"act": "read_unmasked", "subject": f"mandate:{given['id']}"}) == 1
    for elsewhere in (officer("XC-C01"), officer("XC-C01", "window")):
        elsewhere.get(path, expect=404)
        elsewhere.call("DELETE", path, expect=404)
    here.call("DELETE", path, expect=204)


def test_the_window_that_recorded_a_mandate_reads_it(officer):
    party = {"name": NAME, "number": ID_NUMBER}
    by, colleague, elsewhere = officer(), officer(), officer("XC-C01")
    given = by.post("/v1/mandates", mandate(principal=party))
    for who in (by, colleague):
        assert who.get(f"/v1/mandates/{given['id']}")["principal"]["number"] == ID_NUMBER
    elsewhere.get(f"/v1/mandates/{given['id']}", expect=404)
