"""A recipient is told things in their own language: that of their last log-in, or what they chose since."""

import re

import pytest

from api.office import shape
from api.operations.service import Migrations
from api.operations.store import OperationsStore
from tests.conftest import Caller
from tests.way import submitted

ENGLISH = {"Accept-Language": "en"}


@pytest.fixture
def in_english(app, anyone, sent, drain):
    """Log a citizen in from a page in English."""

    def log_in(phone):
        anyone.post("/v1/sessions/codes", {"phone": phone}, expect=202, headers=ENGLISH)
        drain()
        [code] = re.findall(r"(\d{6}) is your code", sent.messages[-1][1])
        answer = anyone.post("/v1/sessions", {"phone": phone, "code": code}, headers=ENGLISH)
        assert answer["citizen"]["language"] == "en"
        return Caller(app.test_client(), answer)

    return log_in


def last(sent):
    return sent.messages[-1][1]


def test_who_logs_in_in_english_is_told_in_english_until_they_choose_otherwise(in_english, sent, drain, clock):
    person = in_english("13800138000")
    submitted(person, drain)
    clock.move(minutes=11)
    drain()
    assert "submitted, case" in last(sent)
    assert person.call("PATCH", "/v1/me", {"language": "zh"})["language"] == "zh"
    submitted(person, drain)
    clock.move(minutes=11)
    drain()
    assert "已提交" in last(sent)


def test_a_code_for_a_proof_is_in_the_language_of_the_page(in_english, sent, drain, clock):
    person = in_english("13800138000")
    clock.move(minutes=2)
    person.call("POST", "/v1/me/proof/code", {}, expect=202, headers={"Accept-Language": "zh"})
    drain()
    assert "验证码" in last(sent)


def test_what_was_left_before_a_change_of_language_stays_as_it_was(log_in, drain, sent, clock, database):
    clock.move(hours=12)  # 22:00: held until the morning
    citizen = log_in("13800138000")
    submitted(citizen, drain)
    citizen.call("PATCH", "/v1/me", {"language": "en"})
    clock.move(hours=11)
    drain()
    assert "已提交" in last(sent)
    assert {row["language"] for row in database["notices"].find()} == {"zh"}


def test_a_language_that_is_not_spoken_here_or_no_change_at_all_is_refused(citizen, staff):
    assert citizen.call("PATCH", "/v1/me", {"language": "fr"}, expect=422)["errors"]["language"]
    assert citizen.call("PATCH", "/v1/me", {}, expect=422)["errors"]["name"]
    assert citizen.get("/v1/me")["language"] == "zh"
    assert "language" not in staff("window").get("/v1/me")


def test_notices_of_earlier_releases_are_in_chinese(citizen, drain, database, clock):
    submitted(citizen, drain)
    database["notices"].update_many({}, {"$unset": {"language": ""}, "$set": {"v": 2}})
    database["installation"].delete_many({"_id": "schema"})
    Migrations(OperationsStore(database), shape=shape(), now=clock).run()
    assert {row["language"] for row in database["notices"].find()} == {"zh"}
