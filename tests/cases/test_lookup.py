"""Receipt codes: five wrong ones a case a day, and no word about why; nobody locks the people of a case out."""

import threading

import pytest

from tests.conftest import Caller
from tests.way import submitted

WRONG = "00000000"


@pytest.fixture
def case(citizen, drain):
    return submitted(citizen, drain)


@pytest.fixture
def look(app):
    """Look a case up from an address, or as somebody; gives the response."""

    def ask(number, code, address="203.0.113.1", caller=None):
        caller = caller or Caller(app.test_client())
        body = {"number": number, "code": code}
        return caller.raw("POST", "/v1/lookups", json=body, environ_overrides={"REMOTE_ADDR": address})

    return ask


def plain(answer):
    """What a stranger learns of an answer: all but the id of the request."""
    hidden = {"X-Request-ID", "Date"}
    body = {key: value for key, value in answer.get_json().items() if key != "request_id"}
    return answer.status_code, body, sorted((k, v) for k, v in answer.headers if k not in hidden)


def test_after_five_wrong_codes_the_right_one_is_refused_until_the_next_day(case, look, clock):
    number, right = case["number"], case["receipt_code"]
    refusals = [look(number, WRONG) for _ in range(5)] + [look(number, right), look("XC261124-ZZZZZ", right)]
    assert len({repr(plain(answer)) for answer in refusals}) == 1
    assert refusals[0].status_code == 404
    clock.move(hours=13, minutes=59)
    assert look(number, right).status_code == 404
    clock.move(minutes=2)  # midnight in Beijing
    assert look(number, right).status_code == 200


def test_four_wrong_codes_and_any_number_of_right_ones_lock_nobody(case, look):
    number, right = case["number"], case["receipt_code"]
    codes = [WRONG, right, WRONG, right, WRONG, right, WRONG, right, right, right, right, right]
    assert [look(number, code).status_code for code in codes] == [404, 200] * 4 + [200] * 4


def test_another_address_makes_no_further_try_and_another_case_is_not_touched(citizen, drain, case, look):
    other, right = submitted(citizen, drain), case["receipt_code"]
    for n in range(5):
        look(case["number"], WRONG, f"198.51.100.{n}")
    assert look(case["number"], right, "192.0.2.1").status_code == 404
    assert look(other["number"], other["receipt_code"], "192.0.2.1").status_code == 200


def test_its_owner_and_a_network_that_knew_the_code_are_not_locked_by_a_stranger(case, look, citizen, other_citizen):
    number, right = case["number"], case["receipt_code"]
    assert look(number, right, "2001:db8:1:2::3").status_code == 200
    for _ in range(9):
        look(number, WRONG, "198.51.100.7")
    assert look(number, right, "2001:db8:1:2:ffff::9").status_code == 200  # the same /64
    assert look(number, right, "2001:db8:1:3::3").status_code == 404
    assert look(number, right, caller=citizen).status_code == 200
    assert look(number, right, caller=other_citizen).status_code == 404
    for _ in range(5):
        look(number, WRONG, "2001:db8:1:2::3")
    assert look(number, right, "2001:db8:1:2::3").status_code == 404


def test_its_owner_burns_nothing(case, look, citizen):
    for _ in range(9):
        assert look(case["number"], WRONG, caller=citizen).status_code == 404
    assert look(case["number"], case["receipt_code"]).status_code == 200


def test_many_at_once_are_five_tries(case, look, database):
    answers, right = [], case["receipt_code"]

    def guess(code):
        answers.append(look(case["number"], code).status_code)

    threads = [threading.Thread(target=guess, args=(WRONG,)) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [404] * 12
    [counter] = database["lookups"].find({"n": {"$exists": True}})
    assert counter["n"] == 5
    assert look(case["number"], right).status_code == 404


def test_numbers_of_no_case_leave_few_counters_and_each_goes(look, database):
    for n in range(400):
        look(f"XC261124-{n:05d}", WRONG, f"198.51.{n // 200}.{n % 200}")
    assert 0 < database["lookups"].count_documents({}) <= 256
    assert database["lookups"].count_documents({"delete_at": {"$exists": False}}) == 0


def test_the_page_in_words_counts_with_it(case, look, app):
    number, right = case["number"], case["receipt_code"]
    where = {"REMOTE_ADDR": "203.0.113.9"}
    forms = [{"number": number, "code": code} for code in (WRONG, WRONG, WRONG, WRONG, WRONG, right)]
    answers = [app.test_client().post("/plain/case", data=form, environ_overrides=where) for form in forms]
    assert len({(answer.status_code, answer.text) for answer in answers}) == 1
    assert look(number, right).status_code == 404


def test_wrong_codes_are_in_the_audit_under_the_case(case, look, staff, database):
    for _ in range(7):
        look(case["number"], WRONG)
    rows = staff("supervisor").get(f"/v1/audit?subject={case['number']}")["items"]
    acts = [row["act"] for row in rows if row["act"].startswith("lookup")]
    assert sorted(acts) == ["lookup.locked"] * 2 + ["lookup.wrong"] * 5
    assert {row["network"] for row in rows if row["act"] == "lookup.wrong"} == {"203.0.113.0/24"}
