"""Case numbers: counted by day and office, with check digits; those of earlier releases are read on."""

import random
import string
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from uuid import uuid4

import pytest

from api.cases import number as numbers
from api.cases.store import CaseStore
from api.storage.database import Database
from chat.talk.masking import mask
from tests.way import act, complete_draft, issued, submitted

SEED = 7
CARD = {"name": "王建国", "id_number": "610102194303050022"}
WRONG = "00000000"
OLD = "XC261124-7K3QF"


def some_numbers(count):
    chance = random.Random(SEED)
    for _ in range(count):
        day = date(chance.randint(2024, 2068), chance.randint(1, 12), chance.randint(1, 28))
        yield numbers.new_number("XC", day, chance.randint(0, 999), chance.choice([1, 42, 9_999, 123_456]))


def test_check_digits_catch_every_single_wrong_sign():
    for number in some_numbers(20):
        assert not numbers.has_slip(number)
        bare = number.replace("-", "")
        for place, right in enumerate(bare):
            for wrong in string.digits + string.ascii_uppercase:
                read_as = wrong.translate(numbers.LIKE_DIGITS) if place > 1 else wrong
                assert numbers.has_slip(bare[:place] + wrong + bare[place + 1 :]) == (read_as != right), (number, place)


def test_check_digits_catch_every_two_swapped_signs():
    for number in some_numbers(60):
        bare = number.replace("-", "")
        for first in range(len(bare)):
            for second in range(first + 1, len(bare)):
                signs = list(bare)
                signs[first], signs[second] = signs[second], signs[first]
                assert numbers.has_slip("".join(signs)) == (bare[first] != bare[second]), (number, first, second)


@pytest.mark.parametrize("change", [lambda n: n[:-1], lambda n: n[:9] + n[10:], lambda n: n[:12] + "7" + n[12:]])
def test_a_sign_left_out_or_too_many_is_a_slip(change):
    assert numbers.has_slip(change("XC261124-001-0042-06"))


@pytest.mark.parametrize("text", ["", "XC", "新城", OLD, "xc261124 7k3qf", "91"])
def test_what_has_no_check_digits_has_no_slip(text):
    assert not numbers.has_slip(text)


def test_a_number_is_read_in_any_way_of_writing_it():
    for number in some_numbers(20):
        spoken = number.lower().replace("-", " ").replace("0", "o").replace("1", "l")
        for typed in (number, number.replace("-", ""), spoken, number.replace("-", "－"), f" {number}\u200b"):
            assert numbers.number_as_read(typed) == number
            assert not numbers.has_slip(typed)


def test_no_number_is_taken_for_a_phone_or_a_card_in_a_conversation():
    for number in some_numbers(300):
        for typed in (number, number.replace("-", "")):
            assert mask(f"我的办件{typed}到哪了") == f"我的办件{typed}到哪了"


def test_a_number_tells_day_office_and_serial_and_no_serial_comes_twice(citizen, log_in, drain, clock):
    first, second = (submitted(citizen, drain)["number"] for _ in range(2))
    prefix, office, serial, check = first.split("-")
    assert (prefix, len(office), serial, len(check)) == ("XC261124", 3, "0001", 2)
    assert second.startswith(f"XC261124-{office}-0002-")
    clock.move(days=1)
    assert submitted(log_in("13800000009"), drain)["number"].startswith(f"XC261125-{office}-0001-")


def test_counters_behind_the_cases_give_no_number_twice(citizen, drain, database):
    first = submitted(citizen, drain)["number"]
    database["case_numbers"].delete_many({"n": {"$gt": 0}})  # as after a restore from an older backup
    second = submitted(citizen, drain)["number"]
    assert first != second
    assert second.split("-")[2] == "0002"


def test_two_processes_are_given_each_serial_once(app, database, store_uri):
    other = Database(store_uri, database.handle.name)
    try:
        stores = [CaseStore(database), CaseStore(other)]
        with ThreadPoolExecutor(8) as pool:
            serials = list(pool.map(lambda turn: stores[turn % 2].serials.next("261124-001"), range(40)))
            offices = set(pool.map(lambda turn: stores[turn % 2].serials.office("hall"), range(8)))
    finally:
        other.client.close()
    assert sorted(serials) == list(range(1, 41))
    assert len(offices) == 1


def test_a_death_after_the_count_leaves_a_gap_and_no_double(citizen, drain, monkeypatch):
    real, drawn = CaseStore.add, []

    def dies_once(store, session, case, action):
        if not drawn:
            drawn.append(case.number)
            raise RuntimeError("killed")
        real(store, session, case, action)

    monkeypatch.setattr(CaseStore, "add", dies_once)
    draft = complete_draft(citizen, drain)
    citizen.post(f"/v1/drafts/{draft['id']}/submit", expect=500)
    case = citizen.post(f"/v1/drafts/{draft['id']}/submit")["case"]
    assert [dead.split("-")[2] for dead in (drawn[0], case["number"])] == ["0001", "0002"]


def test_a_slip_is_told_and_says_nothing_of_what_exists(citizen, window, anyone, drain, database):
    case = submitted(citizen, drain)
    slip = case["number"][:-6] + ("9" if case["number"][-6] != "9" else "8") + case["number"][-5:]
    for look in (citizen, window):
        assert look.get(f"/v1/cases/{slip}", expect=404)["code"] == "number_slip"
        assert look.get(f"/v1/cases/{slip}/timeline", expect=404)["code"] == "number_slip"
    tries = {row["_id"]: row for row in database["lookups"].find()}
    asked = {"number": slip, "code": case["receipt_code"]}
    assert anyone.post("/v1/lookups", asked, expect=404)["code"] == "number_slip"
    assert {row["_id"]: row for row in database["lookups"].find()} == tries  # counts no try
    there = anyone.post("/v1/lookups", {"number": case["number"], "code": WRONG}, expect=404)
    nowhere = numbers.new_number("XC", date(2026, 11, 24), 998, 77)
    not_there = anyone.post("/v1/lookups", {"number": nowhere, "code": WRONG}, expect=404)
    assert {**there, "request_id": ""} == {**not_there, "request_id": ""}


def test_a_slip_is_told_at_every_face_that_takes_a_number(citizen, window, staff, drain):
    """And a number without a slip that nobody has is answered as before: not found, or no row."""
    case = submitted(citizen, drain)
    slip, nobodys = (
        case["number"][:-1] + str(9 - int(case["number"][-1])),
        numbers.new_number("XC", date(2026, 11, 24), 998, 77),
    )
    talk = citizen.post("/v1/conversations", {"matter": case["matter"]["code"], "text": "请问"})
    card = {"client_id": str(uuid4()), "kind": "card", "card": {"type": "case"}}
    version = {"If-Match": f'"{talk["version"]}"'}
    faces = [
        (citizen, "/v1/conversations", lambda number: {"case": number, "text": "请问"}, 422),
        (citizen, f"/v1/conversations/{talk['id']}/case", lambda number: {"case": number}, 404),
        (
            citizen,
            f"/v1/conversations/{talk['id']}/messages",
            lambda number: {**card, "card": {"type": "case", "ref": number}},
            422,
        ),
        (window, "/v1/cases/{}/parcels", lambda number: {"direction": "to_citizen", "carrier": "console"}, 404),
        (window, "/v1/cases/{}/told", lambda number: {"how": "by_phone"}, 404),
        (window, "/v1/desk/cases/search", lambda number: {"text": number}, 200),
        (window, "/v1/staff/verifications", lambda number: {**CARD, "case": number}, 404),
    ]
    for caller, path, body, status in faces:
        assert caller.post(path.format(slip), body(slip), expect=404, headers=version)["code"] == "number_slip", path
        answer = caller.post(path.format(nobodys), body(nobodys), expect=status, headers=version)
        assert answer.get("code") != "number_slip", path
    supervisor = staff("supervisor")
    assert supervisor.get(f"/v1/audit?subject={slip}", expect=404)["code"] == "number_slip"
    for subject in (nobodys, "list:broken_promises", f"talk:{talk['id']}"):
        assert supervisor.get(f"/v1/audit?subject={subject}")["items"] == [], subject


def test_a_number_is_found_as_it_is_typed_everywhere(citizen, window, handler, anyone, drain):
    case = issued(citizen, window, handler, drain)
    typed = case["number"].lower().replace("-", "")
    assert citizen.get(f"/v1/cases/{typed}")["number"] == case["number"]
    parcel = window.post(f"/v1/cases/{typed}/parcels", {"direction": "to_citizen", "carrier": "console"})
    assert [row["id"] for row in citizen.get(f"/v1/cases/{typed}/parcels")["items"]] == [parcel["id"]]
    talk = citizen.post("/v1/conversations", {"case": typed})
    assert talk["case"] == case["number"]
    other = citizen.post("/v1/conversations", {"matter": case["matter"]["code"], "text": "请问"})
    path, version = f"/v1/conversations/{other['id']}/case", {"If-Match": f'"{other["version"]}"'}
    assert citizen.post(path, {"case": typed}, expect=200, headers=version)["case"] == case["number"]
    found = anyone.post(
        "/v1/lookups", {"number": typed, "code": citizen.get(f"/v1/cases/{typed}")["receipt_code"]}, 200
    )
    assert found["number"] == case["number"]


def test_a_number_of_an_earlier_release_is_read_on(citizen, window, anyone, drain, database):
    case = submitted(citizen, drain)
    database["cases"].update_one({"number": case["number"]}, {"$set": {"number": OLD}})
    old = {**case, "number": OLD}
    for typed in (OLD, "xc2611247k3qf"):
        assert citizen.get(f"/v1/cases/{typed}")["number"] == OLD
        found = anyone.post("/v1/lookups", {"number": typed, "code": case["receipt_code"]}, expect=200)
        assert found["number"] == OLD
    assert act(window, old, "accept")["number"] == OLD
    assert citizen.post("/v1/conversations", {"case": "XC261124 7K3QF"})["case"] == OLD
    assert window.get("/v1/desk/cases?queue=all")["items"][0]["number"] == OLD
