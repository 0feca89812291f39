"""After a whole story nothing is sealed that rotation does not know of, and all of it outlives its key."""

import re
from uuid import uuid4

import pytest

from api.identity.sealing import blind
from api.identity.sealing.keyring import Keyring
from api.identity.sealing.rotation import _values as values_of
from api.identity.sealing.rotation import check_listed
from api.office import blind as listed_indexes
from tests.operations.story import broken_promise, read, told
from tests.way import ID_NUMBER, accepted_upload

ROOMS = {
    *("cases", "case_actions", "drafts", "parcels", "notices", "uploads", "reports", "messages"),
    *("conversations", "chat_blocks", "broken_promises"),
    *("citizens", "login_codes", "wechat_accounts", "mandates", "staff"),
}


@pytest.fixture(scope="module")
def keyring(tmp_path_factory):
    """Keys of this module alone: they change here."""
    return Keyring.open(tmp_path_factory.mktemp("keys"))


@pytest.fixture
def lived(app, citizen, other_citizen, anyone, window, handler, drain, clock, sent):
    """Everything that seals something has happened once: the story's case and talk, and a file."""
    citizen.post("/v1/me/verification", {"name": "王小明", "id_number": ID_NUMBER}, expect=200)
    once = uuid4().hex
    anyone.post("/v1/sessions/wechat", {"code": f"wx-li-{once}", "phone_code": f"phone-13600136000-{once}"})
    agent = {"name": "李四", "number": "11010519491231002X"}
    citizen.post("/v1/mandates", {"kind": "agent", "agent": agent, "valid_until": "2026-12-31"})
    citizen.post("/v1/reports", {"about": "point:XC-H01", "text": "电话打不通"})
    window.post("/v1/staff/totp")
    upload = accepted_upload(citizen, drain)
    story = told(citizen, window, handler, drain)
    clock.move(minutes=30)  # the parcel arrives
    drain()
    talk = f"/v1/conversations/{story['conversation']}/messages"
    body = {"client_id": "0b0e3a52-9f0c-4a52-9d07-7a5f2f5f0001", "kind": "file", "file": upload}
    citizen.post(talk, body)
    number = {"client_id": "0b0e3a52-9f0c-4a52-9d07-7a5f2f5f0002", "kind": "text", "text": f"我的身份证号 {ID_NUMBER}"}
    said = citizen.post(talk, number)["seq"]
    office = app.extensions["circle"]
    officer = office.identity.actor(window.token)
    office.cases.paper(officer, story["number"], None, "", lambda paper: b"%PDF")
    office.chat.handling.claim(officer, story["conversation"])
    office.identity.sessions.acted(officer)
    office.chat.blocks.block(officer, once, story["conversation"], {"hours": 1, "reason": "言语过激"})
    office.chat.handling.end(officer, story["conversation"], "已答复")
    office.chat.read(office.identity.actor(citizen.token), story["conversation"], 99)
    broken_promise(office, officer, story["number"])
    open_verifications(citizen, other_citizen, anyone, window, drain, sent)
    return {**story, "upload": upload, "said": said}


def open_verifications(citizen, other_citizen, anyone, window, drain, sent):
    """A card that was seen, and a change of a number at the window, wait for their confirmation."""
    card = {"name": "赵四", "id_number": "110101199003077758", "citizen": other_citizen.person["id"]}
    window.post("/v1/staff/verifications", card)
    new = "13700137000"
    anyone.post("/v1/sessions/codes", {"phone": new}, expect=202)
    drain()
    code = re.findall(r"\d{6}", sent.messages[-1][1])[0]
    change = {"phone": new, "code": code, "id_number": ID_NUMBER}
    window.post(f"/v1/staff/verifications/{citizen.person['id']}/phone", change)


@pytest.fixture
def rotation(app):
    return app.extensions["circle"].rotation


@pytest.fixture
def indexes_given(monkeypatch):
    """Every blind index that was computed."""
    given, really = set(), blind.of_text

    def of_text(*of):
        given.add(really(*of))
        return really(*of)

    monkeypatch.setattr(blind, "of_text", of_text)
    return given


def rotated(keyring, rotation, drain, clock):
    """A new key, everything sealed anew, the old key put away."""
    made = keyring.add()
    rotation.start()
    drain()
    clock.move(minutes=3)
    drain()
    return made


def everything_seen(citizen, window, story, identity):
    """What is opened at the HTTP face, by whoever may see it."""
    identity.sessions.proved(identity.actor(citizen.token))  # for the export
    number, upload = story["number"], story["upload"]
    content = citizen.raw("GET", citizen.get(f"/v1/files/{upload}")["url"])
    assert content.status_code == 200
    case = window.get(f"/v1/cases/{number}")
    return {
        **read(citizen, number, story["conversation"]),
        "file": (content.data, content.headers["Content-Disposition"]),
        "counter": {key: case[key] for key in ("answers", "delivery", "materials", "result")},
        "parcels": [one["receiver"] for one in citizen.get(f"/v1/cases/{number}/parcels")["items"]],
        "mandates": citizen.get("/v1/mandates")["items"],
        "me": citizen.get("/v1/me"),
        "words": [notice["text"] for notice in citizen.get("/v1/notices")["items"]],
        "reports": citizen.get("/v1/me/export")["data"]["reports"],
        "in_full": window.get(f"/v1/conversations/{story['conversation']}/messages/{story['said']}/original"),
        "drafted": [draft["answers"] for draft in citizen.get("/v1/drafts")["items"]],
    }


def test_every_sealed_field_of_every_room_is_listed(lived, rotation):
    fields = {field for where in rotation.used().values() for field in where}
    assert {field.split(".")[0] for field in fields} >= ROOMS
    assert check_listed(rotation.sealed, fields) == []


def test_every_listed_field_is_met_in_the_story(lived, rotation):
    """A path with a slip in it would list nothing, and the field would keep its old key for ever."""
    fields = {field for where in rotation.used().values() for field in where}
    listed = [f"{collection}.{path}" for collection, paths in rotation.sealed for path in paths]
    assert [one for one in listed if not any(field.startswith(one.removesuffix("*")) for field in fields)] == []


def test_every_blind_index_of_every_room_is_listed(indexes_given, lived, database):
    """An index that is not listed stays under its old key, and is looked up under a new one."""
    fields = {
        f"{name}.{field}"
        for name in database.handle.list_collection_names()
        for row in database[name].find()
        for field, value in values_of(row)
        if field != "_id" and value in indexes_given
    }
    assert len(fields) > 5
    assert fields - {f"{collection}.{field}" for collection, field in listed_indexes()} == set()


def test_everything_is_sealed_anew_the_old_key_retires_and_all_of_it_still_opens(
    lived, keyring, rotation, drain, clock, citizen, window, app
):
    identity = app.extensions["circle"].identity
    before = everything_seen(citizen, window, lived, identity)
    made = rotated(keyring, rotation, drain, clock)
    assert (keyring.ids(), set(rotation.used())) == ([made], {made})
    assert everything_seen(citizen, window, lived, identity) == before


def test_what_is_sealed_before_during_and_after_a_rotation_opens(lived, keyring, rotation, drain, clock, citizen):
    first = rotated(keyring, rotation, drain, clock)
    draft = citizen.post("/v1/drafts", {"matter": "XC-行政许可-001", "answers": {"remark": "中间写的"}})
    second = keyring.add()
    rotation.start()
    changed = citizen.patch(f"/v1/drafts/{draft['id']}", {"answers": {"remark": "换钥匙时写的"}}, draft["version"])
    drain()
    assert keyring.ids() == [first, second]  # not before every process must have followed
    clock.move(minutes=3)
    drain()
    assert keyring.ids() == [second]
    assert citizen.get(f"/v1/drafts/{draft['id']}")["answers"] == changed["answers"] == {"remark": "换钥匙时写的"}
