"""Who sees the case that an officer filled in for somebody, by how their account was verified: by hand, a table.

| verified by                            | sees the case, is told of it |
| -------------------------------------- | ---------------------------- |
| nobody                                 | no                           |
| the register alone                     | no, and told how             |
| the card at a window, within a day     | no, and told from when       |
| the card at a window, a day later      | yes                          |
| the register, then the card, in a day  | no, and told from when       |
| the register, then the card, later     | yes                          |
| the same, objected to                  | no, and told how             |
"""

# ruff: noqa: F811
import pytest

from tests.cases.test_aided import case, completed, withdrawal  # noqa: F401
from tests.identity.test_mandates import mandate
from tests.identity.test_verifications import CARD, bound
from tests.way import ID_NUMBER, act, filled_in

DAY = {"days": 1, "seconds": 1}
PHONE = "13800138000"
CARD_NEEDED, CARD_SEEN = "带身份证到窗口核验一次", "起显示在这里"


def is_open(person, case):
    """Whether somebody sees the case, the same on every face."""
    number, upload = case["number"], next(line["files"][0]["id"] for line in case["materials"] if line["files"])
    path = f"/v1/cases/{number}"
    papers = [path, *(f"{path}/{part}" for part in ("timeline", "clock", "documents", "parcels", "receipt.pdf"))]
    statuses = {at: person.raw("GET", at).status_code for at in [*papers, f"/v1/files/{upload}"]}
    listed = [row["number"] for row in person.get("/v1/cases")["items"]] == [number]
    copied = number in str(person.get("/v1/me/export")["data"]["cases"])
    hinted = person.get(f"/v1/drafts/{person.post('/v1/drafts', {'matter': case['matter']['code']})['id']}/hints")
    shown = [listed, copied, hinted["open_cases"] != []]
    assert set(statuses.values()) in ({200}, {404}), statuses
    assert set(shown) == {200 in statuses.values()}, shown
    withdrawal(person, {**case, "version": case["version"] + 9}, expect=412 if listed else 404)
    return listed


def by_number(person):
    return (person.get("/v1/cases")["by_number"] or {"text": ""})["text"]


def by_register(citizen):
    citizen.post("/v1/me/verification", CARD, expect=200)


@pytest.mark.parametrize(
    ("is_registered", "is_seen", "is_later", "sees", "words"),
    [
        (False, False, False, False, ""),
        (True, False, False, False, CARD_NEEDED),
        (True, False, True, False, CARD_NEEDED),
        (False, True, False, False, CARD_SEEN),
        (False, True, True, True, ""),
        (True, True, False, False, CARD_SEEN),
        (True, True, True, True, ""),
    ],
)
def test_a_case_opens_to_whom_somebody_saw(
    is_registered, is_seen, is_later, sees, words, case, staff, citizen, clock, log_in, drain
):
    if is_registered:
        by_register(citizen)
    if is_seen:
        bound(staff("window"), citizen)
    clock.move(**(DAY if is_later else {"minutes": 2}))
    case = act(staff("window"), case, "accept")
    drain()
    person = log_in(PHONE)
    assert by_number(person).count(words) == 1 if words else by_number(person) == ""
    assert is_open(person, case) is sees
    assert (case["number"] in str(person.get("/v1/notices")["items"])) is sees


def test_the_words_say_nothing_of_whether_there_is_a_case(citizen):
    by_register(citizen)
    assert CARD_NEEDED in by_number(citizen)
    page = citizen.get("/v1/cases")
    assert page["items"] == []
    assert "Bring your card to a window" in page["by_number"]["text_en"]


def test_whoever_sees_it_looks_it_up_without_a_limit_and_the_register_alone_does_not(
    case, citizen, window, clock, log_in
):
    by_register(citizen)
    wrong = {"number": case["number"], "code": "AAAA-AAAA"}
    for _ in range(5):
        citizen.post("/v1/lookups", wrong, expect=404)
    bound(window, citizen)
    clock.move(days=2)
    person = log_in(PHONE)
    code = person.get(f"/v1/cases/{case['number']}")["receipt_code"]
    for _ in range(6):
        person.post("/v1/lookups", wrong, expect=404)
    person.post("/v1/lookups", {"number": case["number"], "code": code}, expect=200)


@pytest.fixture
def registered(citizen, clock, log_in):
    """The applicant's account, bound by the register so long ago that nobody can object to that."""
    by_register(citizen)
    clock.move(**DAY)
    return log_in(PHONE)


def test_an_objection_takes_back_that_the_card_was_seen(case, registered, staff, clock, log_in):
    citizen = registered
    verification = bound(staff("window"), citizen)
    for _ in range(2):
        citizen.post(f"/v1/me/verifications/{verification['id']}/objection", expect=200)
    assert CARD_NEEDED in by_number(citizen)
    clock.move(**DAY)
    person = log_in(PHONE)
    assert not is_open(person, case)
    assert person.get("/v1/me")["assurance"] == "verified"


def test_objecting_to_a_second_look_at_the_card_takes_back_the_first_as_well(case, registered, staff, clock, log_in):
    window = staff("window")
    bound(window, registered)
    second = bound(window, registered)
    registered.post(f"/v1/me/verifications/{second['id']}/objection", expect=200)
    clock.move(**DAY)
    assert not is_open(log_in(PHONE), case)


def test_a_card_seen_twice_counts_from_the_first_time_and_in_every_session(case, citizen, staff, clock, log_in):
    by_register(citizen)
    bound(staff("window"), citizen)
    clock.move(hours=20)
    citizen = log_in(PHONE)
    bound(staff("window"), citizen)
    clock.move(hours=4, seconds=1)
    first = log_in(PHONE)
    clock.move(minutes=2)
    for session in (first, log_in(PHONE)):
        assert is_open(session, case) is True


def test_a_mandate_that_the_account_gave_opens_what_was_done_under_it_and_no_more(
    case, citizen, other_citizen, window, drain
):
    by_register(citizen)
    number = "610102198001010015"
    other_citizen.post("/v1/me/verification", {"name": "李四", "id_number": number}, expect=200)
    given = citizen.post("/v1/mandates", mandate(agent={"name": "李四", "number": number}))
    draft = other_citizen.post("/v1/drafts", {"matter": given["matters"][0], "for": given["id"], **filled_in(citizen)})
    draft = completed(other_citizen, drain, draft, consent=False)
    filed = other_citizen.post(f"/v1/drafts/{draft['id']}/submit")["case"]
    drain()
    assert [row["number"] for row in citizen.get("/v1/cases")["items"]] == [filed["number"]]
    citizen.get(f"/v1/cases/{filed['number']}")
    citizen.get(f"/v1/cases/{case['number']}", expect=404)
    recorded = {"principal": {"name": CARD["name"], "number": ID_NUMBER}, "matters": []}
    at_window = window.post("/v1/mandates", mandate(agent={"name": "李四", "number": number}, **recorded))
    draft = other_citizen.post("/v1/drafts", {"matter": filed["matter"]["code"], "for": at_window["id"]})
    draft = other_citizen.patch(f"/v1/drafts/{draft['id']}", filled_in(citizen), draft["version"])
    draft = completed(other_citizen, drain, draft, consent=False)
    second = other_citizen.post(f"/v1/drafts/{draft['id']}/submit")["case"]
    citizen.get(f"/v1/cases/{second['number']}", expect=404)


def test_a_verification_of_an_earlier_release_counts_as_it_did(case, citizen, database, clock, log_in, window):
    bound(window, citizen)
    old = {"verified": {"how": "window", "by": "x", "at": clock()}}
    database["citizens"].update_one({"_id": citizen.person["id"]}, {"$set": old})
    assert is_open(citizen, case) is True
