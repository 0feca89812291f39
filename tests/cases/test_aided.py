"""A window officer fills in for somebody without a phone; the case is that person's, once they have a verified account.

Who may do what with such a case, by hand:

| who                          | sees it         | supplements, withdraws         | is told        |
| ---------------------------- | --------------- | ------------------------------ | -------------- |
| any officer of its window    | as their window | what the applicant signed for  | no             |
| the same, once the card of   |                 |                                |                |
| the applicant's account seen | as their window | no, 409                        | no             |
| the handler of its matter    | as theirs       | no, 403                        | no             |
| the applicant, no account    | by receipt code | at the window                  | at the counter |
| the applicant, card seen     | yes             | yes                            | yes            |
| another account              | no, 404         | no, 404                        | no             |
"""

# ruff: noqa: F811
import pytest

from tests.conftest import PASSWORD, Caller
from tests.drafts.test_choices import DEFERRAL
from tests.identity.test_mandates import principal  # noqa: F401
from tests.matters.starter import RECORDS
from tests.way import FOOD, ID_NUMBER, accepted_upload, act, filled_in, new_version, submitted

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


def test_the_officer_has_no_right_of_the_applicant_by_the_applicants_own_way(window, case):
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


@pytest.fixture
def seen(staff, clock, log_in):
    """Give a case's applicant an account whose card an officer saw a day ago: its case is theirs from then on."""

    def in_person(phone="13800138000"):
        citizen, officer = log_in(phone), staff("window")
        opened = {"name": "王小明", "id_number": ID_NUMBER, "citizen": citizen.person["id"]}
        verification = officer.post("/v1/staff/verifications", opened)["verification"]
        [code] = [row["code"] for row in citizen.get("/v1/me/verifications")["items"] if row["state"] == "waiting"]
        officer.post(f"/v1/staff/verifications/{verification['id']}/confirmation", {"code": code}, expect=200)
        clock.move(days=1, seconds=1)
        return log_in(phone)

    return in_person


def test_the_verified_account_of_that_person_has_it(case, seen, staff, drain, other_citizen):
    other_citizen.get(f"/v1/cases/{case['number']}", expect=404)
    withdrawal(other_citizen, case, expect=404)
    person, window = seen(), staff("window")
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


def test_an_account_that_closes_leaves_the_case_in_the_archive(case, seen, staff):
    person, window = seen(), staff("window")
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


# -- the applicant's own acts, at the window ----------------------------------------------


def offered(window, case, name):
    """The fields of an act that is offered, by key; nothing where it is not."""
    forms = window.get(f"/v1/cases/{case['number']}")["act_forms"]
    return {field["key"]: field for form in forms if form["act"] == name for field in form["fields"]}


def asked(window, case, *keys):
    return act(window, case, "request_supplement", items=[{"key": key, "why": "看不清"} for key in keys])


def audited(database, name):
    return [row["actor"] for row in database["audit"].find({"act": name})]


def last_line(reader, case):
    return reader.get(f"/v1/cases/{case['number']}/timeline")["items"][-1]


def test_the_window_hands_in_what_was_asked_for_and_what_the_applicant_signed(
    window, handler, case, drain, database, seen, staff
):
    case = asked(window, case, "m4", "m5")
    form = offered(window, case, "supplement")
    assert (form["materials"]["type"], form["materials"]["required"]) == ("papers", True)
    assert [choice["value"] for choice in form["materials"]["choices"]] == ["m4", "m5"]
    assert (form["consent"]["type"], form["consent"]["required"]) == ("uploads", True)
    paper, signed = accepted_upload(window, drain), accepted_upload(window, drain)
    both = {"m4": [paper], "m5": [paper]}
    assert set(act(window, case, "supplement", expect=422, materials=both)["errors"]) == {"consent"}
    few = act(window, case, "supplement", expect=422, materials={"m4": [paper]}, consent=[signed])
    assert set(few["errors"]) == {"materials.m5"}
    after = act(window, case, "supplement", materials=both, consent=[signed], text="交来了")
    assert (after["state"], [flag["flag"] for flag in after["flags"]]) == ("submitted", ["supplement_back"])
    again = act(window, case, "supplement", expect=412, materials=both, consent=[signed])
    assert again["code"] == "version_stale"
    act(window, after, "supplement", expect=409, materials=both, consent=[signed])
    line = last_line(window, case)
    assert (line["by"]["kind"], line["by"]["role"], line["by"]["name"]) == ("staff", "window", window.person["name"])
    assert ("代申请人" in line["about"], "for the applicant" in line["about_en"]) == (True, True)
    assert (line["text"], line["paper"]) == ("交来了", True)
    assert audited(database, "case.supplement_for") == [window.person["id"]]
    assert audited(database, "case.supplement") == []
    [sheet] = after["aided"]["signed"]
    assert ([file["id"] for file in sheet["files"]], sheet["label"]) == ([signed], "补交材料")
    assert after["aided"]["has_account"] is False
    for reader in (window, handler):
        reader.get(f"/v1/files/{signed}")
    staff("supervisor").get(f"/v1/files/{signed}", expect=403)
    drain()
    papers = window.get(f"/v1/cases/{case['number']}/documents")["items"]
    assert "补正材料收件回执" in [paper["title"] for paper in papers]
    person = seen()
    assert last_line(person, case)["about"] == line["about"]
    person.get(f"/v1/files/{signed}")


@pytest.mark.parametrize("of", ["the papers", "another draft", "another case", "this case", "somebody else"])
def test_what_the_applicant_signed_is_a_scan_of_its_own(of, window, case, drain, staff):
    case = asked(window, case, "m4")
    paper, stranger = accepted_upload(window, drain), staff("window")
    known = {
        "the papers": lambda: paper,
        "another draft": lambda: ready(window, drain)["materials"]["consent"][0],
        "another case": lambda: submitted_for(window, drain)["aided"]["consent"][0]["id"],
        "this case": lambda: case["aided"]["consent"][0]["id"],
        "somebody else": lambda: accepted_upload(stranger, drain),
    }[of]()
    given = {"materials": {"m4": [paper]}, "consent": [known]}
    assert set(act(window, case, "supplement", expect=422, **given)["errors"]) == {"consent"}
    if of != "the papers":
        assert set(act(window, case, "withdraw", expect=422, consent=[known])["errors"]) == {"consent"}


def submitted_for(window, drain):
    return window.post(f"/v1/drafts/{ready(window, drain)['id']}/submit")["case"]


def test_a_paper_of_another_case_is_not_handed_in(window, case, drain):
    other = submitted_for(window, drain)
    used = next(line["files"][0]["id"] for line in other["materials"] if line["files"])
    case = asked(window, case, "m4")
    given = {"materials": {"m4": [used]}, "consent": [accepted_upload(window, drain)]}
    assert set(act(window, case, "supplement", expect=422, **given)["errors"]) == {"materials.m4"}


def test_the_window_withdraws_for_who_signed_and_nobody_else_does(
    window, handler, elsewhere_window, case, staff, drain, database
):
    signed = accepted_upload(window, drain)
    act(window, case, "withdraw", expect=422, reason="不办了")
    act(window, case, "withdraw", expect=422, consent=[])
    act(handler, case, "withdraw", expect=403, consent=[signed])
    act(elsewhere_window, case, "withdraw", expect=404, consent=[signed])
    after = act(window, case, "withdraw", consent=[signed], reason="不办了")
    assert (after["state"], after["acts"]) == ("withdrawn", [name for name in after["acts"] if name != "withdraw"])
    assert last_line(window, case)["text"] == "不办了"
    assert audited(database, "case.withdraw_for") == [window.person["id"]]
    drain()
    assert [row["state"] for row in untold(window)] == ["withdrawn"]
    assert told(window, after, expect=409)["code"] == "told_by_another"
    assert told(staff("window"), after)["untold"] is False
    window.get(f"/v1/files/{signed}")


def test_what_an_account_owns_no_window_withdraws_or_supplements(citizen, window, drain):
    case = asked(window, submitted(citizen, drain), "m4")
    assert offered(window, case, "supplement") == offered(window, case, "withdraw") == {}
    scan = [accepted_upload(window, drain)]
    given = {"supplement": {"materials": {"m4": scan}, "consent": [accepted_upload(window, drain)]}}
    for name, fields in {**given, "withdraw": {"consent": scan}}.items():
        refused = act(window, case, name, expect=409, **fields)
        assert refused["code"] == "not_aided"
        assert name not in [one["act"] for one in refused["allowed"]]


def test_once_the_account_has_the_case_its_applicant_acts_alone(case, window, drain, seen, staff):
    case = asked(window, case, "m4")
    person, window = seen(), staff("window")
    whole = window.get(f"/v1/cases/{case['number']}")
    assert (whole["aided"]["has_account"], {"supplement", "withdraw"} & set(whole["acts"])) == (True, set())
    signed = [accepted_upload(window, drain)]
    assert act(window, case, "withdraw", expect=409, consent=signed)["code"] == "not_aided"
    headers = {"If-Match": f'"{case["version"]}"'}
    body = {"materials": {"m4": [accepted_upload(person, drain)]}, "text": ""}
    back = person.post(f"/v1/cases/{case['number']}/supplement", body, expect=200, headers=headers)
    assert back["state"] == "submitted"


def test_who_was_verified_by_the_register_alone_still_acts_at_the_window(case, window, citizen, drain):
    citizen.post("/v1/me/verification", {"name": "王小明", "id_number": ID_NUMBER}, expect=200)
    citizen.get(f"/v1/cases/{case['number']}", expect=404)
    act(window, case, "withdraw", consent=[accepted_upload(window, drain)])


@pytest.mark.usefixtures("starter_again")
def test_what_follows_later_is_brought_to_the_window(staff, drain, clock, database):
    new_version(staff("admin"), deferral=DEFERRAL)
    window = staff("window")
    later = {"deferral": {"materials": ["m4"], "text_version": 1}}
    draft = completed(window, drain, patched(window, begun(window), **later))
    case = act(window, window.post(f"/v1/drafts/{draft['id']}/submit")["case"], "defer")
    form = offered(window, case, "supplement")["materials"]
    assert (form["required"], [choice["value"] for choice in form["choices"]]) == (False, ["m4"])
    signed = {"consent": [accepted_upload(window, drain)]}
    act(window, case, "supplement", expect=422, materials={}, **signed)
    paper = [accepted_upload(window, drain)]
    act(window, case, "supplement", expect=422, materials={"m5": paper}, **signed)
    case = act(window, case, "supplement", materials={"m4": paper}, **signed)
    assert [(row["key"], row["state"]) for row in case["deferrals"]] == [("m4", "brought")]
    clock.move(days=10)
    drain()
    assert staff("window").get(f"/v1/cases/{case['number']}")["state"] == "accepted"
    assert database["broken_promises"].count_documents({}) == 0


def test_two_officers_who_told_the_same_news_at_once_told_it_once(window, staff, case, app, database):
    untold_news, actor = app.extensions["circle"].cases.untold, app.extensions["circle"].identity.actor
    store, second = untold_news._ground.store, staff("window")
    note = store.note_told

    def after_another(session, row):
        store.note_told = note
        told(second, case)
        return note(session, row)

    store.note_told = after_another
    try:
        answer = untold_news.note_told(actor(window.token), case["number"], case["version"], "in_person", None)
    finally:
        store.note_told = note
    assert answer == {"number": case["number"], "untold": False}
    assert untold(window) == untold(second) == []
    assert audited(database, "case.told") == [second.person["id"]]


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
