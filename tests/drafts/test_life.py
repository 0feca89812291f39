"""A draft lives 30 days from its last change; its owner is reminded 7 days and 1 day before its end."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from api.drafts import life
from tests.way import FOOD, accepted_upload, complete_draft

PHONE = "13800000021"
OVER = timedelta(days=30, hours=14)
"""From 24 November 10:00 to the midnight after the 30th day from then."""


@pytest.fixture
def owner(log_in):
    return log_in(PHONE)


def reminders(sent):
    return [text for _, text in sent.messages if "草稿" in text]


def go_on(clock, drain, *days):
    """Work on each of these days, until what nobody saw in the inbox went out by SMS."""
    for day in days:
        clock.at = datetime(2026, 11, 24, 2, 0, tzinfo=UTC) + timedelta(days=day)
        drain()
        clock.move(minutes=10)
        drain()


def test_a_draft_says_until_when_it_is_kept_in_both_languages(owner):
    kept = owner.post("/v1/drafts", {"matter": FOOD})["kept"]
    assert kept == {
        "until": "2026-12-25T00:00:00+08:00",
        "text": "草稿保留到 12 月 24 日（还有 30 天）；改动一处，就从那天起再留 30 天。",
        "text_en": "Kept until 24 Dec (30 days left); any change keeps it 30 days more.",
    }


def test_its_owner_is_reminded_twice_and_then_it_is_gone(owner, log_in, drain, clock, sent, database):
    draft = owner.post("/v1/drafts", {"matter": FOOD})
    go_on(clock, drain, *range(22))
    assert reminders(sent) == []
    go_on(clock, drain, 23)
    assert ["2026年12月24日" in text for text in reminders(sent)] == [True]
    go_on(clock, drain, *range(24, 29))
    assert len(reminders(sent)) == 1
    go_on(clock, drain, 29, 29.1, 30)
    assert len(reminders(sent)) == 2
    again = log_in(PHONE)
    assert again.get(f"/v1/drafts/{draft['id']}")["kept"]["text"].startswith("这份草稿今天到期")
    go_on(clock, drain, 30.6)
    again = log_in(PHONE)
    assert database["drafts"].count_documents({}) == 0
    assert again.get("/v1/drafts")["items"] == []
    again.get(f"/v1/drafts/{draft['id']}", expect=404)
    titles = [notice["title"] for notice in again.get("/v1/notices")["items"]]
    assert titles.count("草稿快到期了") == 2
    assert database["jobs"].find_one({"_id": f"draft:{draft['id']}"})["state"] == "done"


def test_a_change_moves_its_end_and_its_reminders(owner, log_in, drain, clock, sent, database):
    draft = owner.post("/v1/drafts", {"matter": FOOD})
    go_on(clock, drain, 23)
    again = log_in(PHONE)
    changed = again.patch(f"/v1/drafts/{draft['id']}", {"answers": {"applicant_name": "王小明"}}, draft["version"])
    assert changed["kept"]["until"] == "2027-01-17T00:00:00+08:00"
    go_on(clock, drain, 29, 31, 45)
    assert len(reminders(sent)) == 1
    go_on(clock, drain, 46, 52)
    assert [("2027年1月16日" in text) for text in reminders(sent)] == [False, True, True]
    assert database["drafts"].count_documents({}) == 1
    go_on(clock, drain, 53.6)
    assert database["drafts"].count_documents({}) == 0


def test_a_reminder_that_is_noted_while_the_end_moves_is_none_of_the_new_end(owner, app):
    store = app.extensions["circle"].drafts._store
    before = store.draft(owner.post("/v1/drafts", {"matter": FOOD})["id"])
    store.reminded(before, 7)
    store.change(before, replace(before, kept_until=before.kept_until + timedelta(days=1)))
    assert store.draft(before.id).reminded == ()


def test_after_a_long_stop_it_is_kept_until_a_reminder_was_a_day_old(owner, drain, clock, sent, database):
    owner.post("/v1/drafts", {"matter": FOOD})
    go_on(clock, drain, 60)
    assert ["2027年1月24日" in text for text in reminders(sent)] == [True]
    go_on(clock, drain, 61)
    assert database["drafts"].count_documents({}) == 1
    go_on(clock, drain, 61.6)
    assert (database["drafts"].count_documents({}), len(reminders(sent))) == (0, 1)


def test_its_uploads_are_freed_but_for_those_used_elsewhere(owner, log_in, drain, clock, database):
    alone, shared = (accepted_upload(owner, drain) for _ in range(2))
    submitted = complete_draft(owner, drain)
    key = next(iter(submitted["materials"]))
    case = {"materials": {key: [shared]}}
    submitted = owner.patch(f"/v1/drafts/{submitted['id']}", case, submitted["version"])
    owner.post(f"/v1/drafts/{submitted['id']}/submit")
    draft = owner.post("/v1/drafts", {"matter": FOOD})
    owner.patch(f"/v1/drafts/{draft['id']}", {"materials": {key: [alone, shared]}}, draft["version"])
    go_on(clock, drain, 23, 29, 30.6, 31.7)
    assert database["drafts"].count_documents({"case": None}) == 0
    assert {row["_id"] for row in database["uploads"].find({"_id": {"$in": [alone, shared]}})} == {shared}


def test_a_draft_deleted_by_hand_frees_its_uploads_too(owner, drain, clock, database):
    upload, draft = accepted_upload(owner, drain), owner.post("/v1/drafts", {"matter": FOOD})
    bound = owner.patch(f"/v1/drafts/{draft['id']}", {"materials": {"m2": [upload]}}, draft["version"])
    owner.call("DELETE", f"/v1/drafts/{draft['id']}", expect=204, headers={"If-Match": f'"{bound["version"]}"'})
    go_on(clock, drain, 0.1, 1.2)
    assert database["uploads"].count_documents({"_id": upload}) == 0


def test_a_job_that_runs_twice_or_late_reminds_once_and_ends_nothing_submitted(
    owner, app, drain, clock, sent, database
):
    drafts = app.extensions["circle"].drafts
    draft = complete_draft(owner, drain)
    go_on(clock, drain, 23)
    for _ in range(3):
        with pytest.raises(Exception, match="not before"):
            drafts.keeping.keep({"draft": draft["id"]})
    assert len(reminders(sent)) == 1
    database["drafts"].update_one({"_id": draft["id"]}, {"$set": {"case": "XC261124-7K3QF"}})
    go_on(clock, drain, 40)
    drafts.keeping.keep({"draft": draft["id"]})
    assert database["drafts"].count_documents({}) == 1


def test_a_change_that_comes_between_keeps_the_draft(owner, app, clock, database, monkeypatch):
    drafts, draft = app.extensions["circle"].drafts, owner.post("/v1/drafts", {"matter": FOOD})
    database["drafts"].update_one({"_id": draft["id"]}, {"$set": {"reminded": [7, 1]}})
    real, changed = type(drafts.keeping).drop, []

    def changed_first(keeping, record):
        if not changed:
            changed.append(1)
            end = {"version": record.version + 1, "kept_until": clock.at + OVER, "reminded": []}
            database["drafts"].update_one({"_id": draft["id"]}, {"$set": end})
        return real(keeping, record)

    monkeypatch.setattr(type(drafts.keeping), "drop", changed_first)
    clock.move(days=31)
    with pytest.raises(Exception, match="not before"):
        drafts.keeping.keep({"draft": draft["id"]})
    assert database["drafts"].count_documents({}) == 1


def test_a_draft_of_an_earlier_release_is_given_thirty_days(owner, drain, clock, sent, database):
    draft = owner.post("/v1/drafts", {"matter": FOOD})
    database["jobs"].delete_many({"kind": "drafts.keep"})
    old = {"$set": {"without_end": True}, "$unset": {"kept_until": "", "reminded": ""}}
    database["drafts"].update_one({"_id": draft["id"]}, old)
    assert owner.get(f"/v1/drafts/{draft['id']}")["kept"] is None
    go_on(clock, drain, 1, 2)
    stored = database["drafts"].find_one({"_id": draft["id"]})
    assert stored["kept_until"] == datetime(2026, 12, 25, 16, tzinfo=UTC)
    assert "without_end" not in stored
    go_on(clock, drain, 24, 30)
    assert len(reminders(sent)) == 2
    go_on(clock, drain, 31.6)
    assert database["drafts"].count_documents({}) == 0


@pytest.mark.parametrize(
    ("reminded", "after_hours", "step"),
    [
        ([], 0, "wait"),
        ([], 30 * 24 - 168 - 2, "wait"),
        ([], 30 * 24 - 168, "remind"),
        ([7], 30 * 24 - 168, "wait"),
        ([7], 30 * 24 - 24, "remind"),
        ([7, 1], 30 * 24 - 24, "wait"),
        ([7], 30 * 24 - 10 + 1, "extend"),
        ([7, 1], 30 * 24 + 13, "wait"),
        ([7, 1], 30 * 24 + 14, "end"),
        ([], 90 * 24, "extend"),
    ],
)
def test_what_is_due_is_one_thing_at_a_time(reminded, after_hours, step):
    begun = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
    assert life.next_step(life.kept_until(begun), reminded, begun + timedelta(hours=after_hours)).what == step
