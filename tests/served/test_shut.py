"""What an installation keeps on the disk and behind its loopback port is not for other users of the machine."""

import json
import os
import stat
import subprocess
from pathlib import Path

import pytest
from pymongo import MongoClient
from pymongo.errors import OperationFailure

from api import private
from api.identity.sealing.keyring import Keyring
from api.operations.doctor import machine
from api.settings import read
from api.storage import embedded
from api.storage.embedded import EmbeddedStore
from tests.serving import Served

NOBODY = 65534
STRANGERS = [
    *({"find": "citizens"}, {"aggregate": "citizens", "pipeline": [], "cursor": {}}, {"count": "citizens"}),
    *({"insert": "staff", "documents": [{}]}, {"update": "staff", "updates": []}, {"delete": "staff", "deletes": []}),
    *({"listDatabases": 1}, {"listCollections": 1}, {"dropDatabase": 1}, {"getParameter": "*"}, {"getLog": "global"}),
    *({"usersInfo": 1}, {"createUser": "eve", "pwd": "x", "roles": ["root"]}, {"dropUser": "circle"}),
    *({"serverStatus": 1}, {"currentOp": 1}, {"setParameter": 1, "logLevel": 1}, {"replSetStepDown": 1}),
    *({"dbStats": 1}, {"renameCollection": "circle.a", "to": "circle.b"}, {"collMod": "citizens"}),
]
"""Commands by which somebody without the password would read, change or stop the store."""


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    store = EmbeddedStore(tmp_path_factory.mktemp("shut") / "var")
    store.start()
    yield store
    store.stop()


def stranger(port, credentials=""):
    return MongoClient(f"mongodb://{credentials}127.0.0.1:{port}/?directConnection=true", timeoutMS=10_000)


def loose(folder):
    """What group or others may open, below a folder."""
    return [path.name for path in (folder, *folder.rglob("*")) if path.lstat().st_mode & 0o077]


def test_without_the_password_no_command_reads_changes_or_stops_the_store(store):
    for credentials in ("", "circle:guess@", "eve:eve@"):
        for command in STRANGERS:
            with stranger(store.port, credentials) as client, pytest.raises(OperationFailure) as refused:
                client["circle"].command(command)
            assert refused.value.code in (13, 18), command
    assert store.alive()


def test_every_file_of_a_running_installation_is_for_its_owner_alone(tmp_path):
    before = os.umask(0o022)
    try:
        served = Served(tmp_path).start()
    finally:
        os.umask(before)
    try:
        assert loose(tmp_path / "var") == []
        assert loose(tmp_path / "keys") == []
        assert {"store.json", "store.log", "store.password", "first-staff.txt"} <= set(os.listdir(tmp_path / "var"))
    finally:
        served.stop()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_another_user_of_the_machine_does_not_come_by_the_password(store):
    folder = store.folder.parent
    for above in folder.parents[:3]:
        above.chmod(above.stat().st_mode | stat.S_IXOTH)
    for name in ("store.password", "store.json", "store/WiredTiger"):
        command = ["/bin/cat", str(folder / name)]
        done = subprocess.run(command, user=NOBODY, group=NOBODY, extra_groups=[], capture_output=True, text=True)
        assert (done.returncode, done.stdout) == (1, ""), name
    command_line = Path(f"/proc/{store.pid}/cmdline").read_bytes()
    assert (folder / "store.password").read_bytes() not in command_line


def test_an_installation_of_an_earlier_release_is_brought_forward_with_everything_in_it(tmp_path):
    var = tmp_path / "var"
    earlier = EmbeddedStore(var)
    var.mkdir(mode=0o755)
    earlier.folder.mkdir()
    earlier._guarded = False
    earlier._start_somewhere()
    with stranger(earlier.port) as client:
        client["circle"]["things"].insert_one({"_id": 1})
        client["circle"].command("createUser", "eve", pwd="eve", roles=[{"role": "root", "db": "admin"}])
    earlier.stop()
    for path in (var, earlier.folder, var / "store.log"):
        path.chmod(path.stat().st_mode | 0o055)
    store = EmbeddedStore(var)
    store.start()
    try:
        with MongoClient(store.uri) as client:
            assert client["circle"]["things"].find_one() == {"_id": 1}
        with stranger(store.port, "eve:eve@") as client, pytest.raises(OperationFailure):
            client["circle"]["things"].find_one()
        assert [var.stat().st_mode & 0o777, store.folder.stat().st_mode & 0o777] == [0o700, 0o700]
    finally:
        store.stop()


@pytest.mark.parametrize("lost", ["the user", "the password"])
def test_a_start_that_was_killed_while_it_set_the_password_is_finished_by_the_next(tmp_path, lost):
    store = EmbeddedStore(tmp_path / "var")
    store.start()
    with MongoClient(store.uri) as client:
        client["circle"]["things"].insert_one({"_id": 1})
        if lost == "the user":
            client.admin.command("dropUser", "circle")
    store.stop()
    if lost == "the password":
        (tmp_path / "var" / "store.password").unlink()
    store = EmbeddedStore(tmp_path / "var")
    uri = store.start()
    assert (
        json.loads((tmp_path / "var" / "store.json").read_text())["uri"]
        == uri
        == embedded.running_uri(tmp_path / "var")
    )
    with MongoClient(uri) as client:
        assert client["circle"]["things"].find_one() == {"_id": 1}
    store.stop()


def test_a_start_after_one_that_failed_while_it_set_the_password_asks_for_it_again(tmp_path, monkeypatch):
    store, guarded = EmbeddedStore(tmp_path / "var"), []

    def start_somewhere():
        guarded.append(store._guarded)
        if not store._guarded:
            raise embedded.StoreBusy("The embedded store did not start.")

    monkeypatch.setattr(store, "_start_somewhere", start_somewhere)
    monkeypatch.setattr(store, "_knows_only_us", lambda: False)
    private.make_folder(store.folder.parent)
    private.make_folder(store.folder)
    private.write(store.folder / "WiredTiger", "")
    private.write(tmp_path / "var" / "store.password", "secret")
    for _ in range(2):
        with pytest.raises(embedded.StoreBusy):
            store.start()
    assert guarded == [True, False] * 2


def test_a_new_store_into_which_somebody_wrote_while_it_was_set_up_is_refused_and_begun_anew(tmp_path, monkeypatch):
    var = tmp_path / "var"
    really = EmbeddedStore._make_shards

    def meanwhile(store, client):
        really(store, client)
        with stranger(store.port) as eve:
            eve["circle"]["staff"].insert_one({"username": "eve", "roles": ["admin"]})

    monkeypatch.setattr(EmbeddedStore, "_make_shards", meanwhile)
    with pytest.raises(embedded.StoreBusy, match="wrote into the embedded store"):
        EmbeddedStore(var).start()
    monkeypatch.undo()
    store = EmbeddedStore(var)
    with MongoClient(store.start()) as client:
        assert "circle" not in client.list_database_names()
    store.stop()


def test_keys_and_data_that_others_could_open_are_named_by_the_doctor_and_shut_by_the_next_start(tmp_path, caplog):
    settings = read({"CIRCLE_VAR": str(tmp_path / "var"), "CIRCLE_KEYS": str(tmp_path / "keys")})
    Keyring.open(settings.keys)
    settings.var.mkdir(mode=0o755)
    for path in (settings.var, settings.keys / "seal-1.key"):
        path.chmod(0o755)
    states = {finding.name: finding for finding in machine(settings)}
    assert (states["access"].state, states["keys"].state) == ("fail", "fail")
    assert f"chmod -R go= {settings.var}" in states["access"].todo
    Keyring.open(settings.keys)
    assert "could read the keys" in caplog.text
    assert loose(settings.keys) == []


def test_a_folder_that_is_everybodys_is_left_as_it_is_and_named(tmp_path):
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o1777)
    assert not private.shut(shared)
    assert not private.shut(Path("/"))
    assert shared.stat().st_mode & 0o7777 == 0o1777
    settings = read({"CIRCLE_VAR": str(shared), "CIRCLE_KEYS": str(tmp_path / "keys")})
    assert {finding.name: finding.state for finding in machine(settings)}["access"] == "fail"
