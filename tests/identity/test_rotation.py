"""Keys that change while everything runs."""

import threading

import pytest

from api.identity.sealing import keyring
from api.identity.sealing.keyring import Keyring, SealBroken, key_of
from api.identity.sealing.rotation import Rotation, check_listed
from api.identity.store import SEALED, SealedRows
from tests.way import ID_NUMBER


@pytest.fixture
def keyring_here(tmp_path):
    """Keys of this test alone."""
    return Keyring.open(tmp_path / "keys")


@pytest.fixture
def queue():
    """Jobs that were left, in order."""
    return []


@pytest.fixture
def rotation(database, keyring_here, queue, clock):
    """The rotation of two collections, on keys of its own."""

    def enqueue(key, kind, payload, *, due_at):
        queue.append((kind, payload))

    listed = [("things", ("name", "receiver.phone", "values.*"))]
    return Rotation(SealedRows(database), keyring=keyring_here, sealed=listed, enqueue=enqueue, now=clock)


def run(rotation, queue):
    rotation.start()
    while queue:
        kind, payload = queue.pop(0)
        rotation.handlers()[kind](payload)


def thing(keys, n):
    record = f"thing-{n:04d}"
    return {
        "_id": record,
        "name": keys.seal(record, "name", f"𠮷㛃䶮{n}"),
        "receiver": {"phone": keys.seal(record, "phone", f"1380013{n:04d}"), "way": "courier"},
        "values": {"code": keys.seal(record, "code", f"{n:06d}")},
    }


def test_everything_is_sealed_anew_and_the_old_key_retires(database, keyring_here, rotation, queue, tmp_path):
    database["things"].insert_many([thing(keyring_here, n) for n in range(450)])
    assert keyring_here.add() == "2"
    database["things"].insert_one(thing(keyring_here, 450))
    run(rotation, queue)
    assert keyring_here.ids() == ["2"]
    assert (tmp_path / "keys" / "retired" / "seal-1.key").exists()
    for n, row in enumerate(database["things"].find().sort("_id", 1)):
        assert key_of(row["name"]) == key_of(row["receiver"]["phone"]) == key_of(row["values"]["code"]) == "2"
        assert keyring_here.open_sealed(row["_id"], "name", row["name"]) == f"𠮷㛃䶮{n}"
        assert keyring_here.open_sealed(row["_id"], "phone", row["receiver"]["phone"]) == f"1380013{n:04d}"


def test_a_key_that_an_unlisted_field_needs_stays(database, keyring_here, rotation, queue):
    database["elsewhere"].insert_one({"_id": "x", "secret": keyring_here.seal_bytes("x", "secret", b"s")})
    keyring_here.add()
    run(rotation, queue)
    assert keyring_here.ids() == ["1", "2"]
    assert check_listed(rotation.sealed, rotation.used()["1"]) == ["elsewhere.secret"]


def test_a_change_meanwhile_wins(database, keyring_here, rotation):
    old = thing(keyring_here, 1)
    database["things"].insert_one(old)
    keyring_here.add()
    newer = keyring_here.seal(old["_id"], "name", "改过的名字")
    rows = rotation._rows.batch("things", ("name",), None, 10)
    database["things"].update_one({"_id": old["_id"]}, {"$set": {"name": newer}})
    rotation._reseal("things", rows[0]["_id"], "name", rows[0]["name"])
    assert database["things"].find_one()["name"] == newer


def test_a_running_process_follows_a_new_key(tmp_path, monkeypatch):
    monkeypatch.setattr(keyring, "FOLLOW_SECONDS", 0.0)
    here = Keyring.open(tmp_path / "keys")
    there = Keyring.open(tmp_path / "keys")
    there.add()
    assert here.open_sealed("a", "b", there.seal("a", "b", "字")) == "字"
    assert key_of(here.seal("a", "b", "字")) == "2"


def test_an_unknown_key_is_looked_for_at_once(tmp_path):
    here = Keyring.open(tmp_path / "keys")
    there = Keyring.open(tmp_path / "keys")
    there.add()
    assert here.open_sealed("a", "b", there.seal("a", "b", "字")) == "字"
    with pytest.raises(SealBroken):
        here.open_bytes("a", "b", b"9\0" + b"x" * 40)


def test_first_starts_at_once_make_one_set_of_keys(tmp_path):
    made = []
    threads = [threading.Thread(target=lambda: made.append(Keyring.open(tmp_path / "keys"))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 8
    sealed = made[0].seal("a", "b", "字")
    assert {keys.open_sealed("a", "b", sealed) for keys in made} == {"字"}
    assert len({keys.index("phone", "1") for keys in made}) == 1


def test_the_current_key_never_retires(keyring_here):
    with pytest.raises(ValueError, match="current"):
        keyring_here.retire("1")


def test_every_sealed_field_of_this_room_is_listed(app, citizen, window, database):
    citizen.post("/v1/me/verification", {"name": "王小明", "id_number": ID_NUMBER}, expect=200)
    window.post("/v1/staff/totp")
    agent = {"name": "李四", "number": "11010519491231002X"}
    citizen.post("/v1/mandates", {"kind": "agent", "agent": agent, "valid_until": "2026-12-31"})
    ours = {"citizens", "staff", "mandates", "login_codes", "wechat_accounts", "sessions", "devices"}
    used = app.extensions["circle"].rotation.used().values()
    fields = [field for where in used for field in where if field.split(".")[0] in ours]
    assert len(fields) >= 8
    assert check_listed(SEALED, fields) == []
