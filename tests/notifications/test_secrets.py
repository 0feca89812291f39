"""A secret, such as a log-in code: openable until it is sent, seen by nobody but its recipient, gone a day later."""

from datetime import timedelta
from typing import Any

import pytest

from api.office import shape
from api.operations.service import Migrations
from api.operations.store import OperationsStore
from notifications import INDEXES
from notifications.channels import Fault, Remedy, Report
from notifications.kind import CRITICAL, KINDS, ORDINARY, SECRET
from notifications.wording import TEMPLATES

from .conftest import House

LISTED = {
    # written by hand; every other kind is ordinary
    SECRET: {"login_code", "identity_check"},
    CRITICAL: {"identity_bound", "identity_bound_elsewhere", "phone_change_opened", "phone_changed", "security_alarm"},
}


def values(house: House, notice: str) -> dict[str, Any]:
    row = house.database["notices"].find_one({"_id": notice})
    assert row is not None
    return dict(row["values"])


def test_every_kind_has_its_category() -> None:
    for name, kind in KINDS.items():
        listed = [category for category, names in LISTED.items() if name in names]
        assert [kind.category] == (listed or [ORDINARY]), name
    assert set(KINDS) == {template.name for template in TEMPLATES}


def test_whatever_says_a_code_is_secret() -> None:
    assert {t.name for t in TEMPLATES if "code" in t.needs} == LISTED[SECRET]
    assert all(KINDS[name].channels == ("sms",) for name in LISTED[SECRET])


def test_a_code_can_be_opened_until_it_is_sent_and_then_is_a_digest(house: House) -> None:
    code = house.code()
    assert house.keyring.open_sealed(code, "code", values(house, code)["code"]) == "246810"
    house.drain()
    assert values(house, code) == {}
    row = house.database["notices"].find_one({"_id": code})
    assert row is not None
    text = f'{code}:{{"code": "246810"}}'
    assert row["digest"] == house.keyring.lasting_digest("notice", text)
    assert "246810" not in str(row)


@pytest.mark.parametrize(
    ("answer", "after", "state"),
    [
        (Report("failed", error="21211", fault=Fault(Remedy.NEVER)), timedelta(0), "failed"),
        (
            Report("queued", error="20429", fault=Fault(Remedy.AGAIN, timedelta(seconds=5))),
            timedelta(minutes=6),
            "expired",
        ),
        (Report("unknown", error="ReadTimeout", fault=Fault(Remedy.LOOK)), timedelta(seconds=30), "sent"),
    ],
)
def test_however_a_code_ends_its_values_end_with_it(house: House, answer: Report, after: timedelta, state: str) -> None:
    house.sms.answers = [answer]
    code = house.code()
    house.drain()
    house.sms.listed = [Report("sent", ref="ref-1")]
    house.clock.at += after
    house.drain()
    assert (house.state(code), values(house, code)) == (state, {})


def test_a_code_that_nobody_took_yet_keeps_its_words(house: House) -> None:
    house.sms.answers = [Report("queued", error="20429", fault=Fault(Remedy.AGAIN, timedelta(seconds=5)))]
    code = house.code()
    house.drain()
    assert values(house, code)
    house.clock.move(seconds=5)
    house.drain()
    assert (house.state(code), values(house, code)) == ("accepted", {})
    assert [message.values for message in house.sms.taken] == [{"code": "246810"}] * 2


def test_a_code_that_was_sent_is_not_tried_again(house: House) -> None:
    code = house.code()
    house.drain()
    house.news(code, "undelivered", error="30002")
    house.drain()
    house.clock.move(minutes=4)
    house.drain()
    assert [row["state"] for row in house.deliveries(code)] == ["undelivered"]


def test_a_secret_is_deleted_after_a_day_and_a_notice_is_not(house: House) -> None:
    code, notice = house.code(), house.accepted()
    for collection, field in (("notices", "_id"), ("deliveries", "notice")):
        rows = list(house.database[collection].find({field: code}))
        assert [row["delete_at"] for row in rows] == [house.clock() + timedelta(days=1)]
        assert (collection, [("delete_at", 1)], {"expireAfterSeconds": 0}) in INDEXES
    assert house.database["notices"].count_documents({"_id": notice, "delete_at": {"$lte": house.clock()}}) == 0
    house.database["notices"].delete_one({"_id": code})
    house.drain()
    assert (house.state(code), [message.notice for message in house.sms.taken]) == ("expired", [notice])


def older(house: House, notice: str) -> None:
    """Make a notice as the releases before wrote it."""
    drop = {"digest": "", "delete_at": ""}
    house.database["notices"].update_one({"_id": notice}, {"$set": {"v": 1, "inbox": True}, "$unset": drop})
    house.database["deliveries"].update_many({"notice": notice}, {"$set": {"v": 1}, "$unset": {"delete_at": ""}})


def test_codes_of_earlier_releases_are_removed_by_the_upgrade(house: House) -> None:
    code, notice = house.code(), house.accepted()
    while house.notices.steps["in_app"](house.clock()):  # the earlier releases made the SMS at once
        pass
    older(house, code)
    older(house, notice)
    Migrations(OperationsStore(house.database), shape=shape(), now=house.clock).run()
    assert values(house, code) == {}
    assert values(house, notice)
    for collection, field in (("notices", "_id"), ("deliveries", "notice")):
        assert [row["delete_at"] for row in house.database[collection].find({field: code})] == [house.clock()]
    house.drain()
    assert [message.notice for message in house.sms.taken] == [notice]
    assert house.state(code) == "suppressed"


def test_a_delivery_whose_notice_is_gone_is_placed_too(house: House) -> None:
    code = house.code()
    house.database["notices"].delete_one({"_id": code})
    house.database["deliveries"].update_many({"notice": code}, {"$unset": {"group": "", "delete_at": ""}})
    house.notices.place_old(lambda link: None)
    [row] = house.deliveries(code)
    assert (row["group"], row["delete_at"]) == ("secret", house.clock())
