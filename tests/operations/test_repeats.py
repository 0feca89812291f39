"""An insert is sent again whose answer was lost; a store that died meanwhile lets it meet its own row."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest
from pymongo.errors import DuplicateKeyError

from tests.way import ID_NUMBER, issued

NOW = datetime(2026, 11, 24, 2, tzinfo=UTC)


@pytest.fixture
def repeated(shared_database, monkeypatch):
    """Every insert outside of a transaction is sent twice: the first answer is lost. Gives the collections it met."""
    collection = type(shared_database["things"])
    genuine, met = collection.insert_one, set()

    def twice(self, document, *args, session=None, **rest):
        if session is None:
            genuine(self, document)
            met.add(self.name)
        return genuine(self, document, *args, session=session, **rest)

    monkeypatch.setattr(collection, "insert_one", twice)
    return met


def test_a_row_is_ours_where_the_driver_wrote_it_twice(database, repeated):
    row = {"_id": "one", "n": 1}
    assert database.put("things", row) == row
    assert database["things"].count_documents({}) == 1


def test_who_came_first_under_an_id_stays(database):
    database.put("things", {"_id": "one", "n": 1})
    assert database.put("things", {"_id": "one", "n": 2}) == {"_id": "one", "n": 1}


def test_another_unique_key_that_is_taken_is_no_row_of_ours(database):
    database["things"].create_index([("name", 1)], unique=True)
    database.put("things", {"_id": "one", "name": "a"})
    with pytest.raises(DuplicateKeyError):
        database.put("things", {"_id": "two", "name": "a"})
    database["things"].drop_index("name_1")


def test_a_whole_way_goes_well_where_every_insert_is_sent_twice(repeated, database, app, anyone, log_in, staff, drain):
    app.extensions["circle"].processes.enter(joined=True)
    citizen, window, handler = log_in("13800138000"), staff("window"), staff("handler")
    anyone.post("/v1/sessions/wechat", {"code": f"wx-{uuid4().hex}-1", "phone_code": "phone-13800138000-1"})
    citizen.post("/v1/me/verification", {"name": "王小明", "id_number": ID_NUMBER}, expect=200)
    citizen.post("/v1/me/consents", {"purpose": "location", "text_version": 1, "given": True})
    case = issued(citizen, window, handler, drain)
    window.get(f"/v1/cases/{case['number']}")
    app.extensions["circle"].processes.leave()
    assert case["state"] == "issued"
    assert database["sessions"].count_documents({}) == 4
    assert database["consents"].count_documents({}) == 1
    assert repeated >= {"sessions", "wechat_accounts", "consents", "uploads", "upload_parts"}
    assert repeated >= {"files.chunks", "files.files", "idempotency", "processes", "audit"}
