"""Another phone number: by both codes, at a window on the card, and what becomes of the number before."""

from dataclasses import replace
from uuid import uuid4

import pytest

from api.identity.citizens.wechat import ConsoleWeChat
from tests.identity.test_mandates import AGENT_NUMBER
from tests.identity.test_verifications import CARD, bound, confirmed, texts
from tests.way import ID_NUMBER, submitted

OLD, NEW = "13800138000", "13700137000"


def change(citizen, ask, phone=NEW, old=OLD, expect=200):
    body = {"phone": phone, "old_code": ask(old), "code": ask(phone)}
    return citizen.post("/v1/me/phone", body, expect=expect)


def at_window(officer, citizen, ask, phone=NEW, expect=201, **body):  # noqa: F811
    told = {"phone": phone, "code": ask(phone), "id_number": ID_NUMBER, **body}
    return officer.post(f"/v1/staff/verifications/{citizen.person['id']}/phone", told, expect=expect)


def notify(app, citizen):
    """A notice of the account by SMS."""
    values = {"matter": "食品经营许可", "number": "XC1", "due": ""}
    app.extensions["circle"].notices.tell(
        f"citizen:{citizen.person['id']}", "case_accepted", values, key=str(uuid4()), session=None
    )


# -- by both codes -------------------------------------------------------------------------------------------


def test_with_both_codes_the_number_changes_and_the_log_in_stays(citizen, ask, log_in, drain, clock):
    case = submitted(citizen, drain)
    assert change(citizen, ask)["phone"] == "137****7000"
    assert citizen.get("/v1/me")["phone"] == "137****7000"
    clock.move(minutes=2)
    again = log_in(NEW)
    assert again.person["id"] == citizen.person["id"]
    assert [row["number"] for row in again.get("/v1/cases")["items"]] == [case["number"]]


def test_one_code_is_not_enough_and_the_refusal_says_which_is_wrong(citizen, ask):
    for right in ("code", "old_code"):
        body = {"phone": NEW, "old_code": "000000", "code": "000000"}
        body[right] = ask({"code": NEW, "old_code": OLD}[right])
        refused = citizen.post("/v1/me/phone", body, expect=422)
        assert set(refused["errors"]) == {"code", "old_code"} - {right}
    assert citizen.get("/v1/me")["phone"] == "138****8000"


def test_a_strangers_wrong_tries_do_not_keep_one_from_changing_the_number(citizen, anyone, ask):
    old = ask(OLD)
    for _ in range(5):
        anyone.post("/v1/sessions", {"phone": OLD, "code": "000000" if old != "000000" else "1"}, expect=401)
    assert citizen.post("/v1/me/phone", {"phone": NEW, "old_code": old, "code": ask(NEW)}, expect=200)


def test_five_wrong_tries_of_the_old_code_are_too_many_in_all_log_ins_together(citizen, ask, log_in, clock):
    clock.move(minutes=2)
    other = log_in(OLD)
    old, new = ask(OLD), ask(NEW)
    for n in range(5):
        body = {"phone": NEW, "old_code": "000000" if old != "000000" else "1", "code": new}
        assert "old_code" in (citizen, other)[n % 2].post("/v1/me/phone", body, expect=422)["errors"]
    for who in (citizen, other):
        assert who.post("/v1/me/phone", {"phone": NEW, "old_code": old, "code": ask(NEW)}, expect=422)["errors"]


def test_wrong_codes_are_in_the_audit_under_the_account(person, window, staff, ask):
    person.post("/v1/me/phone", {"phone": NEW, "old_code": ask(OLD), "code": "000000"}, expect=422)
    at_window(window, person, ask, code="000000", expect=422)
    rows = staff("supervisor").get(f"/v1/audit?subject=citizen:{person.person['id']}&act=log_in.failed")["items"]
    assert {(row["actor"], row["detail"]) for row in rows} == {
        (person.person["id"], "code_wrong"),
        (window.person["id"], "code_wrong"),
    }


def test_a_code_is_good_once_and_may_be_pasted_with_blanks(citizen, ask):
    old, new = ask(OLD), ask(NEW)
    body = {"phone": "137 0013 7000", "old_code": f" {old[:3]} {old[3:]} ", "code": new}
    citizen.post("/v1/me/phone", body, expect=200)
    body = {"phone": "13600136000", "old_code": new, "code": ask("13600136000")}
    assert "old_code" in citizen.post("/v1/me/phone", body, expect=422)["errors"]


def test_the_other_log_ins_end(citizen, ask, log_in, clock):
    clock.move(minutes=2)
    other = log_in(OLD)
    change(citizen, ask)
    other.get("/v1/me", expect=401)
    citizen.get("/v1/me")


def test_no_sms_goes_to_the_number_before_not_even_one_that_was_held(ask, app, clock, drain, sent, log_in):
    clock.move(hours=13)
    citizen = log_in(OLD)
    notify(app, citizen)
    drain()
    assert not any("受理" in text for _, text in sent.messages), "held for the night"
    change(citizen, ask)
    sent.messages.clear()
    notify(app, citizen)
    clock.move(hours=12)
    drain()
    assert texts(sent, OLD) == []
    assert len([text for text in texts(sent, NEW) if "受理" in text]) == 2


def test_whoever_gets_the_number_next_sees_nothing_and_is_sent_nothing(citizen, ask, log_in, drain, app, clock, sent):
    case = submitted(citizen, drain)
    change(citizen, ask)
    clock.move(minutes=2)
    stranger = log_in(OLD)
    assert stranger.person["id"] != citizen.person["id"]
    lists = ("cases", "drafts", "conversations", "notices", "mandates", "me/verifications")
    for path in (f"/v1/{name}" for name in lists):
        assert stranger.get(path)["items"] == []
    stranger.get(f"/v1/cases/{case['number']}", expect=404)
    sent.messages.clear()
    notify(app, citizen)
    drain()
    clock.move(minutes=10)
    drain()
    assert {to for to, _ in sent.messages} == {"137****7000"}
    assert any("已受理" in text for text in texts(sent, NEW))


def test_a_number_with_an_account_is_taken_over_only_if_that_is_empty(citizen, ask, log_in, drain):
    empty = log_in(NEW)
    change(citizen, ask)
    empty.get("/v1/me", expect=401)
    used = log_in("13600136000")
    submitted(used, drain)
    assert change(citizen, ask, "13600136000", NEW, expect=409)["code"] == "phone_taken"
    assert used.get("/v1/me")["phone"] == "136****6000"


def test_a_number_of_ones_own_other_account_joins_it(citizen, ask, log_in, drain, clock, window):
    other = log_in(NEW)
    citizen.post("/v1/me/verification", CARD, expect=200)
    case = submitted(other, drain)
    bound(window, other)
    assert change(citizen, ask, expect=409)["code"] == "phone_taken"
    clock.move(days=1)
    drain()
    again = log_in(NEW)
    assert again.person["id"] == citizen.person["id"]
    assert [row["number"] for row in again.get("/v1/cases")["items"]] == [case["number"]]


def test_who_takes_the_number_of_ones_own_other_account_stays_logged_in_and_its_wechat_leads_here(
    citizen, ask, log_in, drain, clock, window, app, anyone, monkeypatch, database
):
    citizens = app.extensions["circle"].identity.citizens
    monkeypatch.setattr(citizens, "_ports", replace(citizens._ports, wechat=ConsoleWeChat()))
    other = log_in(NEW)
    anyone.post("/v1/sessions/wechat", {"code": "wx-ming-1", "phone_code": f"phone-{NEW}-1"})
    citizen.post("/v1/me/verification", CARD, expect=200)
    bound(window, other)
    database["jobs"].delete_many({"kind": "identity.follow"})  # the two are not joined yet
    clock.move(hours=24)
    citizen, other = log_in(OLD), log_in(NEW)
    assert change(citizen, ask)["phone"] == "137****7000"
    other.get("/v1/me", expect=401)
    drain()
    clock.move(seconds=90)
    drain()
    assert citizen.get("/v1/me")["phone"] == "137****7000"
    again = anyone.post("/v1/sessions/wechat", {"code": "wx-ming-2"})
    assert again["citizen"]["id"] == citizen.person["id"]


def test_a_number_waits_for_no_account_that_is_bound_no_more(person, window, ask, drain, clock, database, log_in):
    at_window(window, person, ask)
    database["citizens"].update_one({"_id": person.person["id"]}, {"$set": {"assurance": "phone"}})
    clock.move(days=1, seconds=1)
    drain()
    assert log_in(OLD).person["id"] == person.person["id"]


def test_whether_a_number_has_an_account_is_for_whoever_has_its_code(citizen, ask, log_in, drain):
    used, free = "13600136000", "13500135000"
    submitted(log_in(used), drain)
    answers = []
    for phone in (used, free):
        body = {"phone": phone, "old_code": ask(OLD), "code": "x"}
        answers.append(citizen.post("/v1/me/phone", body, expect=422)["errors"])
    assert answers[0] == answers[1]
    body = {"phone": used, "old_code": ask(OLD), "code": ask(used)}
    for _ in range(2):
        assert citizen.post("/v1/me/phone", body, expect=409)["code"] == "phone_taken", "the codes are not used up"


@pytest.mark.parametrize("phone", ["029-87654321", "123", "+85298765432"])
def test_what_is_no_mobile_number_is_refused_in_words(citizen, phone):
    refused = citizen.post("/v1/me/phone", {"phone": phone, "code": "1", "old_code": "1"}, expect=422)
    assert refused["errors"]["phone"]


# -- at a window ------------------------------------------------------------------------------------------------------


@pytest.fixture
def person(citizen):
    """A verified citizen."""
    citizen.post("/v1/me/verification", CARD, expect=200)
    return citizen


def test_at_a_window_the_number_changes_a_day_later_and_the_one_before_is_notified(
    person, window, ask, drain, sent, clock, log_in
):
    opening = at_window(window, person, ask)
    assert opening["verification"]["new_phone"] == "137****7000"
    drain()
    assert any("7000" in text and "停止" in text for text in texts(sent, OLD))
    assert confirmed(window, opening["verification"], expect=409)["code"] == "second_officer_needed"
    clock.move(hours=23)
    drain()
    assert log_in(OLD).person["id"] == person.person["id"]
    clock.move(hours=1, seconds=1)
    drain()
    drain()
    person.get("/v1/me", expect=401)
    assert log_in(NEW).person["id"] == person.person["id"]
    clock.move(minutes=2)
    assert log_in(OLD).person["id"] != person.person["id"]


def test_a_second_officer_changes_it_at_once(person, window, officer, ask, log_in, clock):  # noqa: F811
    opening = at_window(window, person, ask)
    for _ in range(2):
        assert confirmed(officer(), opening["verification"])["state"] == "confirmed"
    person.get("/v1/me", expect=401)
    clock.move(minutes=2)
    again = log_in(NEW)
    assert again.person["id"] == person.person["id"]


def test_at_a_window_the_wechat_of_ones_other_account_with_the_number_leads_nowhere(
    person, window, officer, ask, log_in, clock, drain, by_wechat, database
):
    bound(window, log_in(NEW))
    by_wechat("thief", NEW)
    database["jobs"].delete_many({"kind": "identity.follow"})  # the two are not joined yet
    clock.move(hours=24)
    confirmed(officer(), at_window(officer(), person, ask)["verification"])
    drain()
    assert by_wechat("thief", expect=409)["code"] == "phone_needed"


def test_whoever_did_not_ask_for_it_stops_it(person, window, ask, drain, clock, log_in):
    at_window(window, person, ask)
    (row,) = [row for row in person.get("/v1/me/verifications")["items"] if row["kind"] == "phone"]
    assert (row["may_object"], row["phone"]) == (True, "137****7000")
    person.post(f"/v1/me/verifications/{row['id']}/objection", expect=200)
    clock.move(days=2)
    drain()
    assert log_in(OLD).person["id"] == person.person["id"]


@pytest.mark.parametrize(
    ("body", "field"),
    [({"id_number": AGENT_NUMBER}, "id_number"), ({"code": "000000"}, "code"), ({"phone": OLD}, "phone")],
)
def test_card_code_and_number_must_be_right(person, window, ask, body, field):
    assert field in at_window(window, person, ask, **body, expect=422)["errors"]


def test_the_account_is_named_by_a_case_too(person, window, ask, drain):
    case = submitted(person, drain)
    told = {"phone": NEW, "code": ask(NEW), "id_number": ID_NUMBER}
    opening = window.post(f"/v1/staff/verifications/{case['number']}/phone", told)
    assert opening["id"] == person.person["id"]
    window.post("/v1/staff/verifications/nobody/phone", told, expect=404)


def test_an_account_that_nobody_verified_is_verified_first(citizen, window, ask):
    assert at_window(window, citizen, ask, expect=403)["code"] == "verification_needed"


def test_a_number_that_the_operator_gave_away_leaves_its_owner_before_without_any(
    person,
    window,
    officer,
    ask,
    log_in,
    drain,
    app,
    sent,
    clock,
):
    before = log_in(NEW)
    before.post("/v1/me/verification", {"name": "李四", "id_number": AGENT_NUMBER}, expect=200)
    theirs = submitted(before, drain)
    assert change(person, ask, expect=409)["code"] == "phone_taken"
    confirmed(officer(), at_window(window, person, ask)["verification"])
    before.get("/v1/me", expect=401)
    clock.move(minutes=2)
    again = log_in(NEW)
    assert again.person["id"] == person.person["id"]
    again.get(f"/v1/cases/{theirs['number']}", expect=404)
    assert again.get("/v1/cases")["items"] == []
    drain()
    sent.messages.clear()
    notify(app, before)
    drain()
    assert sent.messages == []
