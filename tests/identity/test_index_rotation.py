"""The key of the blind indexes changes while everything runs; whoever is looked up is found at every moment."""

import itertools
from datetime import timedelta
from uuid import uuid4

import pytest

from api.identity.sealing import blind
from api.identity.sealing.keyring import Keyring
from api.identity.store import IdentityStore
from api.operations.service import KeysWrong, open_keys, require_keys
from api.operations.store import OperationsStore
from tests.identity.test_verifications import bound
from tests.way import ID_NUMBER, submitted

PHONE, OTHER_PHONE = "13800138000", "13900139000"
CHAIN = (b"1" * 32, b"2" * 32, b"3" * 32)


@pytest.fixture(scope="module")
def keyring(tmp_path_factory):
    """Keys of this module alone: they change here."""
    return Keyring.open(tmp_path_factory.mktemp("keys"))


@pytest.fixture
def office(app):
    office = app.extensions["circle"]
    office.key_floor.move(office.keyring.index_keys())
    return office


@pytest.fixture
def empty_store(database):
    """The store before it knows any keys."""
    database["installation"].delete_many({"_id": "keys"})
    return OperationsStore(database)


@pytest.fixture
def steps(office, clock):
    """Run a rotation job by job, and yield after each; time moves on as it must."""

    def run():
        office.index_rotation.start()
        while row := office.database["jobs"].find_one(
            {"kind": {"$in": ["keys.index", "keys.floor"]}, "state": "pending"}
        ):
            clock.at = max(clock.at, row["due_at"])
            assert office.jobs.run_job(clock())
            yield row
        office.worker.drain()

    return run


def indexes(database):
    """Every blind index that is stored, by field, as a list of its stages."""
    from api.office import blind as listed

    values = {}
    for collection, field in listed():
        rows = [row[field] for row in database[collection].find({field: {"$ne": None}})]
        values[f"{collection}.{field}"] = [
            [blind.stage_of(v) for v in ([r] if isinstance(r, str) else r)] for r in rows
        ]
    return values


def test_an_index_is_raised_without_its_text():
    first = blind.of_text("phone", PHONE, 1, CHAIN)
    assert blind.raised(first, 3, CHAIN) == blind.of_text("phone", PHONE, 3, CHAIN)
    assert [blind.stage_of(blind.of_text("phone", PHONE, n, CHAIN)) for n in (1, 2, 3)] == [1, 2, 3]
    assert blind.raised("closed:0190", 3, CHAIN) == "closed:0190"


@pytest.mark.parametrize(("floor", "keys"), [(1, 1), (1, 2), (1, 3), (2, 2), (2, 3)])
def test_what_is_stored_at_any_stage_is_found_by_the_index_in_force(floor, keys):
    chain = CHAIN[:keys]
    looked_up = blind.of_text("phone", PHONE, floor, chain)
    for low, high in itertools.combinations_with_replacement(range(1, keys + 1), 2):
        if low > floor:
            continue
        stages = [blind.of_text("phone", PHONE, n, chain) for n in range(low, high + 1)]
        stored = stages if len(stages) > 1 else stages[0]
        assert blind.settled(stored, floor, chain) == looked_up
        wide = blind.widened(stored, floor, chain)
        assert looked_up in ([wide] if isinstance(wide, str) else wide)


def test_a_rotation_finds_everybody_after_each_of_its_steps(
    steps, database, citizen, other_citizen, anyone, log_in, staff, drain, keyring, clock
):
    bound(staff("window"), citizen)
    clock.move(days=1, seconds=1)
    citizen, other_citizen = log_in(PHONE), log_in(OTHER_PHONE)
    agent = {"name": "李四", "number": "11010519491231002X"}
    mandate = citizen.post("/v1/mandates", {"kind": "agent", "agent": agent, "valid_until": "2026-12-31"})["id"]
    case = submitted(other_citizen, drain)
    person = keyring.index("id_number", ID_NUMBER)
    database["cases"].update_one({}, {"$set": {"principal": person}})
    database["broken_promises"].insert_one({"_id": "one", "v": 1, "state": "standing", "person": person})
    anyone.post("/v1/reports", {"about": "point:XC-H01", "text": "电话打不通"})
    people = database["citizens"].count_documents({})
    old = keyring.index("phone", PHONE)
    for n, _ in enumerate(steps()):
        assert citizen.get("/v1/mandates")["items"][0]["id"] == mandate, n
        assert citizen.get(f"/v1/cases/{case['number']}")["number"] == case["number"]
        assert [item["number"] for item in citizen.get("/v1/cases")["items"]] == [case["number"]]
        anyone.post("/v1/lookups", {"number": case["number"], "code": case["receipt_code"]}, expect=200)
        if n % 6 == 0:
            clock.move(minutes=2)
            assert log_in(PHONE).person["id"] == citizen.person["id"], n
            newcomer = log_in(f"1370013{n:04d}").person["id"]
            clock.move(minutes=2)
            assert log_in(f"1370013{n:04d}").person["id"] == newcomer
            people += 1
        assert database["citizens"].count_documents({}) == people, n
    newest = keyring.index_keys()
    assert {stage for rows in indexes(database).values() for row in rows for stage in row} == {newest}
    assert all(indexes(database).values()), indexes(database)
    assert keyring.floor == newest
    assert old not in str(list(database["citizens"].find()))
    log_in(OTHER_PHONE)


@pytest.fixture
def under_a_new_key(office, keyring):
    """Has everything looked up by a new key from now on, as at the end of a rotation."""
    return lambda: office.key_floor.move(keyring.add_index_key())


def test_a_number_of_no_case_is_answered_as_before_under_a_new_key(anyone, under_a_new_key):
    for _ in range(2):
        for n in range(3):
            anyone.post("/v1/lookups", {"number": f"XC261124-ZZZZ{n}", "code": "00000000"}, expect=404)
        under_a_new_key()


def test_the_audit_names_an_unknown_phone_and_user_and_an_address_alike_under_a_new_key(anyone, staff, under_a_new_key):
    for n in range(2):
        if n:
            under_a_new_key()
        anyone.post("/v1/sessions", {"phone": OTHER_PHONE, "code": "000000"}, expect=401)
        anyone.post("/v1/staff/sessions", {"username": "nobody", "password": "wrong"}, expect=401)
    rows = staff("supervisor").get("/v1/audit?address=127.0.0.1&act=log_in.failed")["items"]
    subjects = sorted(row["subject"] for row in rows)
    assert len(subjects) == 4
    assert subjects[0] == subjects[1], "phone"
    assert subjects[2] == subjects[3], "username"


def test_a_batch_that_was_killed_and_runs_again_changes_nothing_twice(steps, office, database, log_in, clock):
    for n in range(3):
        log_in(f"1360013600{n}")
    run = steps()
    for payload in (row["payload"] for row in run):
        before = list(database["citizens"].find().sort("_id", 1))
        jobs = database["jobs"].count_documents({})
        handler = office.index_rotation.handlers()["keys.index"]
        if payload["phase"] == "expand" and payload["at"] < len(office.index_rotation.listed):
            handler(payload)
            assert list(database["citizens"].find().sort("_id", 1)) == before
            assert database["jobs"].count_documents({}) == jobs
    assert log_in("13600136001").person["id"]


def test_two_rows_of_one_phone_are_refused_whichever_keys_the_processes_have(database, keyring, clock):
    """Before the new key is known, while both are, and when the floor has moved: one account per phone."""
    store = IdentityStore(database)
    database["citizens"].create_index("phone_index", unique=True)
    chain = CHAIN[:2]
    views = [(1, chain[:1]), (1, chain), (2, chain)]
    for n, (first, second) in enumerate(zip(views, views[1:], strict=False)):
        stored = [
            blind.widened(blind.of_text("phone", f"{PHONE}{n}", floor, keys), floor, keys)
            for floor, keys in (first, second)
        ]
        for order in (stored, stored[::-1]):
            database["citizens"].delete_many({})
            rows = [store.citizen_of_phone({"_id": str(uuid4()), "phone_index": index}) for index in order]
            assert len({row["_id"] for row in rows}) == 1


def test_the_floor_waits_for_a_process_without_the_new_key(steps, office, database, clock, caplog):
    floor, waited = office.keyring.floor, 0
    other = {
        "_id": "other",
        "host": "far.example.cn",
        "pid": 1,
        "index_keys": floor,
        "seen_at": clock() + timedelta(days=1),
    }
    database["processes"].insert_one(other)
    for row in steps():
        waited += row["kind"] == "keys.floor" and office.keyring.floor == floor
        if waited == 4:
            database["processes"].update_one({"_id": "other"}, {"$inc": {"index_keys": 1}})
            waited = 0
    assert "a process lacks the new index key" in caplog.text
    assert office.keyring.floor == office.keyring.index_keys()


def test_a_host_without_the_new_key_is_refused_in_words_and_one_with_it_follows(tmp_path, database):
    database["installation"].delete_many({"_id": "keys"})
    store, here = OperationsStore(database), Keyring.open(tmp_path / "keys")
    require_keys(store, here)
    here.add_index_key()
    here.raise_floor(2)
    store.set_row("keys", mark=here.index("installation", "keys"), floor=2)
    there = Keyring.open(tmp_path / "keys")
    require_keys(store, there)
    assert there.index("phone", PHONE) == here.index("phone", PHONE)
    (tmp_path / "keys" / "index-2.key").unlink()
    with pytest.raises(KeysWrong, match=r"index-2\.key"):
        require_keys(store, Keyring.open(tmp_path / "keys"))


def test_keys_that_are_half_copied_stop_no_running_process_and_are_said_at_a_start(tmp_path, empty_store, monkeypatch):
    monkeypatch.setattr("api.identity.sealing.keyring.FOLLOW_SECONDS", 0.0)
    here = Keyring.open(tmp_path / "keys")
    before = here.index("phone", PHONE)
    for name, content in (("index-3.key", "00" * 32), ("seal-2.key", "not yet"), ("seal-3.key", "")):
        (tmp_path / "keys" / name).write_text(content)
        assert here.index("phone", PHONE) == before
        assert here.open_sealed("a", "b", here.seal("a", "b", "字")) == "字"
        with pytest.raises(KeysWrong, match="CIRCLE_KEYS is not whole"):
            open_keys(empty_store, tmp_path / "keys")
        (tmp_path / "keys" / name).unlink()
    assert open_keys(empty_store, tmp_path / "keys")
