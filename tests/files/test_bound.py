"""What rests on a file keeps it: a draft, a case, a talk; and nothing else does."""

import pytest

from tests.way import accepted_upload, act, complete_draft, submitted

LONG = {"days": 31}


def ages(clock, drain, times=4):
    for _ in range(times):
        clock.move(**LONG)
        drain()


def kept(database, upload):
    return database["uploads"].find_one({"_id": upload}) is not None


@pytest.fixture
def upload(citizen, drain):
    return accepted_upload(citizen, drain)


def test_a_file_of_a_draft_stays_until_the_draft_goes(citizen, drain, clock, database):
    draft = complete_draft(citizen, drain)
    uploads = database["drafts"].find_one({"_id": draft["id"]})["uploads"]
    assert uploads
    database["jobs"].delete_many({"kind": "drafts.keep"})  # which would end it meanwhile
    ages(clock, drain)
    assert all(kept(database, upload) for upload in uploads)
    database["drafts"].delete_one({"_id": draft["id"]})
    ages(clock, drain)
    assert not any(kept(database, upload) for upload in uploads)


def test_a_file_of_a_case_stays(citizen, drain, clock, database):
    case = submitted(citizen, drain)
    files = [file["id"] for material in case["materials"] for file in material["files"]]
    assert files
    assert citizen.call("DELETE", f"/v1/uploads/{files[0]}", expect=409)["code"] == "file_in_use"
    database["drafts"].delete_many({})
    ages(clock, drain)
    assert all(kept(database, upload) for upload in files)


def test_a_file_of_a_supplement_stays(citizen, window, drain, clock, database, upload):
    case = submitted(citizen, drain)
    key = case["materials"][0]["key"]
    asked = act(window, case, "request_supplement", items=[{"key": key, "why": "看不清"}], text="请重新拍照。")
    path = f"/v1/cases/{case['number']}/supplement"
    body = {"materials": {key: [upload]}, "text": ""}
    citizen.call("POST", path, body, headers={"If-Match": f'"{asked["version"]}"'})
    ages(clock, drain)
    assert kept(database, upload)


def test_a_file_sent_in_a_talk_stays(citizen, drain, clock, database, upload):
    talk = citizen.post("/v1/conversations", {"text": "看看这张"})["id"]
    body = {"client_id": "0b0e3a52-9f0c-4a52-9d07-7a5f2f5f0001", "kind": "file", "file": upload}
    citizen.post(f"/v1/conversations/{talk}/messages", body)
    ages(clock, drain)
    assert kept(database, upload)


def test_a_file_that_nothing_rests_on_goes(drain, clock, database, upload):
    ages(clock, drain)
    assert not kept(database, upload)


def test_a_case_is_not_made_of_a_file_that_is_about_to_go(citizen, drain, database):
    draft = complete_draft(citizen, drain)
    [upload, *_] = database["drafts"].find_one({"_id": draft["id"]})["uploads"]
    database["uploads"].update_one({"_id": upload}, {"$set": {"leaving": True}})
    refused = citizen.post(f"/v1/drafts/{draft['id']}/submit", expect=422)
    assert refused["code"]
    assert database["cases"].count_documents({}) == 0
