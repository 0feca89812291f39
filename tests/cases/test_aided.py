"""A window officer fills in for somebody without a phone; the case is that person's, once they have a verified account.

Who may do what with such a case, by hand:

| who                          | sees it         | withdraws | is told        |
| ---------------------------- | --------------- | --------- | -------------- |
| the officer who filled it in | as their window | no, 403   | no             |
| the applicant, no account    | by receipt code | no        | at the counter |
| the applicant, verified      | yes             | yes       | yes            |
| another account              | no, 404         | no, 404   | no             |
"""

# ruff: noqa: F811
import pytest

from tests.conftest import PASSWORD, Caller
from tests.drafts.test_choices import DEFERRAL
from tests.identity.test_mandates import principal  # noqa: F401
from tests.matters.starter import RECORDS
from tests.way import FOOD, ID_NUMBER, accepted_upload, act, filled_in, new_version

OTHER_NUMBER = "610102198001010015"
PICKUP = {"way": "pickup"}
AIDED = {"aided": {"language": "zh"}}


def begun(window, expect=201, **how):
    return window.post("/v1/drafts", {"matter": FOOD, **filled_in(window), **AIDED, **how}, expect=expect)


def ready(window, drain, consent=True):
    """A draft for the person at the counter that wants nothing more, but perhaps their consent."""
    return completed(window, drain, begun(window), consent)


def completed(window, drain, draft, consent=True, **change):
    """Hand in all materials that a draft asks for, in one file, and the consent in another."""
    needed = {gap["material"] for gap in draft["missing"] if gap["material"]} - {"consent"}
    materials = dict.fromkeys(needed, [accepted_upload(window, drain)])
    if consent:
        materials["consent"] = [accepted_upload(window, drain)]
    return patched(window, draft, materials=materials, delivery=PICKUP, **change)


def patched(window, draft, expect=200, **change):
    return window.patch(f"/v1/drafts/{draft['id']}", change, draft["version"], expect=expect)


@pytest.fixture
def case(window, drain):
    case = window.post(f"/v1/drafts/{ready(window, drain)['id']}/submit")["case"]
    drain()
    return case


def untold(caller):
    return caller.get("/v1/desk/untold")["items"]


def told(caller, case, expect=200, how="in_person", **listed):
    version = {"If-Match": f'"{case["version"]}"'}
    return caller.post(f"/v1/cases/{case['number']}/told", {"how": how, **listed}, expect=expect, headers=version)


def withdrawal(who, case, expect):
    headers = {"If-Match": f'"{case["version"]}"'}
    return who.post(f"/v1/cases/{case['number']}/withdrawal", {"reason": ""}, expect=expect, headers=headers)


def test_without_the_signed_consent_nothing_is_handed_in(window, drain):
    draft = ready(window, drain, consent=False)
    assert [gap["material"] for gap in draft["missing"]] == ["consent"]
    refused = window.post(f"/v1/drafts/{draft['id']}/submit", expect=422)
    assert refused["errors"] == {"materials.consent": ["请扫描上传申请人签名的同意书。"]}


@pytest.mark.parametrize("how", [{"aided": None}, {"for": "m"}, {"talk": "t"}, {"aided": {"language": "fr"}}])
def test_an_officer_fills_in_for_somebody_at_the_counter_alone(window, how):
    window.post("/v1/drafts", {"matter": FOOD, **AIDED, **how}, expect=422)


def test_a_citizen_aids_nobody_and_sees_no_consent(citizen, drain):
    refused = citizen.post("/v1/drafts", {"matter": FOOD, **AIDED}, expect=422)
    assert refused["errors"] == {"aided": ["只有窗口人员可以替到场的人填写。"]}
    draft = citizen.post("/v1/drafts", {"matter": FOOD})
    change = {"materials": {"consent": [accepted_upload(citizen, drain)]}}
    citizen.patch(f"/v1/drafts/{draft['id']}", change, draft["version"], expect=422)


def test_a_company_is_not_aided(window, drain):
    draft = ready(window, drain)
    change = {"situation": {**draft["situation"], "applicant": "company"}}
    changed = window.patch(f"/v1/drafts/{draft['id']}", change, draft["version"])
    assert "在窗口只替个人填写。" in {gap["why"] for gap in changed["missing"]}


def test_the_draft_is_the_officers_alone_and_offers_nothing_of_anybody(window, citizen, log_in, drain):
    draft = begun(window)
    citizen.get(f"/v1/drafts/{draft['id']}", expect=404)
    assert window.get(f"/v1/drafts/{draft['id']}/hints") == {"suggestions": [], "open_cases": []}
    assert [row["id"] for row in window.get("/v1/drafts")["items"]] == [draft["id"]]


def test_the_case_is_nobodys_account_and_says_who_filled_it_in(window, case, database):
    assert case["aided"]["language"] == "zh"
    assert case["aided"]["by"]
    assert len(case["aided"]["consent"]) == 1
    stored = database["cases"].find_one({"number": case["number"]})
    assert stored["owner"] == ""
    assert ID_NUMBER not in str(stored)
    first = window.get(f"/v1/cases/{case['number']}/timeline")["items"][0]
    assert (first["by"]["kind"], first["by"]["role"]) == ("staff", "window")


def test_it_is_in_the_audit(window, case, database):
    rows = list(database["audit"].find({"act": "case.submit_for"}))
    assert [row["actor"] for row in rows] == [window.person["id"]]


def test_the_officer_has_no_right_of_the_applicant(window, case):
    withdrawal(window, case, expect=403)
    window.get("/v1/cases", expect=403)


def test_the_applicant_without_an_account_looks_it_up_by_the_printed_code(window, anyone, case, app):
    assert case["receipt_code"] is None
    assert window.get(f"/v1/cases/{case['number']}/receipt.pdf").status_code == 200
    office = app.extensions["circle"]
    row = office.cases._store.by_number(case["number"])
    code = office.keyring.open_sealed(row.id, "receipt", row.receipt)
    assert anyone.post("/v1/lookups", {"number": case["number"], "code": code}, expect=200)["state"] == "submitted"


def test_the_counter_tells_the_news_until_somebody_did(window, citizen, case, drain, clock, database):
    assert [(row["number"], row["language"]) for row in untold(window)] == [(case["number"], "zh")]
    assert untold(window)[0]["applicant"]["name"] == "王*"
    assert told(window, case) == {"number": case["number"], "untold": False}
    assert untold(window) == []
    assert told(window, case)["untold"] is False  # twice
    assert database["audit"].count_documents({"act": "case.told"}) == 1
    clock.move(minutes=1)
    case = act(window, case, "accept")
    drain()
    assert [row["state"] for row in untold(window)] == ["accepted"]
    assert told(window, {**case, "version": 1}, expect=412)["code"] == "version_stale"
    citizen.get("/v1/desk/untold", expect=403)


def test_news_that_was_told_does_not_come_back_when_its_reaction_runs_again(window, case, app, clock):
    office, told_of = app.extensions["circle"], clock.at
    clock.move(minutes=1)
    told(window, case)
    office.cases.untold.add(case["number"], told_of)
    assert untold(window) == []


def test_newer_news_than_was_listed_is_left_to_be_told(window, case, drain, clock):
    listed = untold(window)[0]["since"]
    clock.move(minutes=1)
    case = act(window, case, "accept")
    drain()
    assert told(window, case, since=listed)["untold"] is True
    [line] = untold(window)
    assert told(window, case, since=line["since"])["untold"] is False
    assert told(window, case, since=line["since"])["untold"] is False  # twice


@pytest.fixture
def elsewhere_window(app, anyone):
    """An officer at a centre, whose desk takes no new cases."""
    app.extensions["circle"].identity.seed_staff("far", PASSWORD, "赵工", {"window"}, "XC-C01", "SPJ")
    log_in = anyone.post("/v1/staff/sessions", {"username": "far", "password": PASSWORD})
    return Caller(app.test_client(), log_in)


def test_another_window_neither_lists_nor_tells_it(elsewhere_window, case):
    assert untold(elsewhere_window) == []
    told(elsewhere_window, case, expect=404)


def test_the_verified_account_of_that_person_has_it(window, case, request, sent, drain, other_citizen):
    other_citizen.get(f"/v1/cases/{case['number']}", expect=404)
    withdrawal(other_citizen, case, expect=404)
    person = request.getfixturevalue("principal")
    assert [row["number"] for row in person.get("/v1/cases")["items"]] == [case["number"]]
    assert person.get(f"/v1/cases/{case['number']}")["receipt_code"]
    assert case["number"] in str(person.get("/v1/me/export"))
    told(window, case)
    act(window, case, "accept")
    drain()
    assert untold(window) == []  # the notice went to the account
    assert [notice["title"] for notice in person.get("/v1/notices")["items"]].count("申请已受理") == 1
    withdrawal(person, person.get(f"/v1/cases/{case['number']}"), expect=200)


def test_a_phone_with_no_verified_number_has_nothing_of_it(case, log_in):
    stranger = log_in("13800000041")
    stranger.call("PATCH", "/v1/me", {"name": "王小明"})
    assert stranger.get("/v1/cases")["items"] == []


def test_an_account_that_closes_leaves_the_case_in_the_archive(window, case, request, drain):
    person = request.getfixturevalue("principal")
    withdrawal(person, person.get(f"/v1/cases/{case['number']}"), expect=200)
    assert window.get(f"/v1/cases/{case['number']}")["state"] == "withdrawn"


def test_submitted_twice_it_is_one_case(window, drain, database):
    draft = ready(window, drain)
    window.post(f"/v1/drafts/{draft['id']}/submit")
    again = window.post(f"/v1/drafts/{draft['id']}/submit", expect=409)
    assert again["code"] == "draft_submitted"
    assert database["cases"].count_documents({}) == 1


def test_its_draft_ends_and_reminds_the_officer(window, drain, clock, database):
    draft = begun(window)
    clock.move(days=23)
    drain()
    (notice,) = database["notices"].find({"template": "draft_ends"})
    assert notice["recipient"] == f"staff:{window.person['id']}"
    assert draft["kept"]


# -- which window -----------------------------------------------------------------------


def test_where_the_desk_takes_no_cases_nobody_is_aided(window, elsewhere_window, drain, database):
    refused = begun(elsewhere_window, expect=409)
    assert refused["code"] == "desk_elsewhere"
    draft = ready(window, drain)
    database["drafts"].update_one({"_id": draft["id"]}, {"$set": {"owner": elsewhere_window.person["id"]}})
    assert elsewhere_window.post(f"/v1/drafts/{draft['id']}/submit", expect=409)["code"] == "desk_elsewhere"


# -- the consent ------------------------------------------------------------------------


def wrong(window, draft, **materials):
    return set(patched(window, draft, expect=422, materials=materials)["errors"])


def test_the_consent_is_a_file_of_its_own_and_of_this_application(window, drain, case):
    used = case["aided"]["consent"][0]["id"]
    one, draft = ready(window, drain), begun(window)
    key = next(key for key in one["materials"] if key != "consent")
    assert wrong(window, one, consent=one["materials"][key]) == {"materials.consent"}
    assert wrong(window, one, **{key: one["materials"]["consent"]}) == {"materials.consent"}
    assert wrong(window, draft, consent=one["materials"]["consent"]) == {"materials.consent"}
    assert wrong(window, draft, consent=[used]) == {"materials.consent"}
    assert wrong(window, draft, **{key: one["materials"][key]}) == {f"materials.{key}"}


@pytest.mark.parametrize("answers", [{"applicant_name": "李小红"}, {"id_number": OTHER_NUMBER}])
def test_for_another_applicant_the_consent_is_asked_anew(window, drain, answers):
    draft = patched(window, ready(window, drain), answers={"applicant_name": "王小明", "id_number": ID_NUMBER})
    assert "consent" in draft["materials"]
    draft = patched(window, draft, answers=answers)
    assert "consent" not in draft["materials"]
    assert "consent" in {gap["material"] for gap in draft["missing"]}


@pytest.mark.usefixtures("starter_again")
def test_the_consent_moves_with_the_draft(window, staff, drain):
    draft = ready(window, drain)
    new_version(staff("admin"), faq=RECORDS[0]["faq"][:1])
    moved = window.post(
        f"/v1/drafts/{draft['id']}/move", {"version": 2}, 200, headers={"If-Match": f'"{draft["version"]}"'}
    )
    assert moved["materials"]["consent"] == draft["materials"]["consent"]
    assert moved["moved"]["left_out"] == []


# -- what is left of the draft ----------------------------------------------------------


def looks(database, act):
    return [row["subject"] for row in database["audit"].find({"act": act})]


def test_what_was_handed_in_is_read_by_scope_and_audited(window, drain, database):
    draft = ready(window, drain)
    window.get(f"/v1/drafts/{draft['id']}")
    window.get("/v1/drafts")
    assert looks(database, "read_unmasked") == [f"draft:{draft['id']}"]
    assert looks(database, "read_list") == ["list:drafts"]
    (upload,) = draft["materials"]["consent"]
    window.get(f"/v1/files/{upload}")
    assert looks(database, "read_file") == []
    case = window.post(f"/v1/drafts/{draft['id']}/submit")["case"]
    left = window.get(f"/v1/drafts/{draft['id']}")
    assert (left["case"], left["answers"], left["materials"]) == (case["number"], {}, {})
    assert (left["situation"], left["delivery"]) == ({}, None)
    window.get(f"/v1/files/{upload}")
    assert looks(database, "read_file") == [f"file:{upload}"]
    database["cases"].update_one({"number": case["number"]}, {"$set": {"desk": "XC-C01"}})
    window.get(f"/v1/files/{upload}", expect=404)


# -- a broken promise -------------------------------------------------------------------


@pytest.mark.usefixtures("starter_again")
def test_a_broken_promise_bars_its_person_and_nobody_else(staff, drain, clock, database, request):
    new_version(staff("admin"), deferral=DEFERRAL)
    window = staff("window")
    draft = begun(window)
    later = {"deferral": {"materials": ["m4"], "text_version": 1}}
    draft = completed(window, drain, patched(window, draft, **later))
    case = act(window, window.post(f"/v1/drafts/{draft['id']}/submit")["case"], "defer")
    clock.move(days=10)
    drain()
    window = staff("window")
    assert window.get(f"/v1/cases/{case['number']}")["state"] == "terminated"
    [row] = database["broken_promises"].find()
    assert (row["citizen"], row["person"]) == (None, database["cases"].find_one()["principal"])
    again = begun(window)
    assert "没有兑现" in again["deferral"]["why_not"]["text"]
    other = patched(window, again, answers={"id_number": OTHER_NUMBER}, **later)
    assert (other["deferral"]["why_not"], other["deferral"]["materials"]) == (None, ["m4"])
    person = request.getfixturevalue("principal")
    own = person.post("/v1/drafts", {"matter": FOOD, **filled_in(person)})
    assert "没有兑现" in own["deferral"]["why_not"]["text"]
