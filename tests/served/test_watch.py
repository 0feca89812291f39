"""The embedded store: restarted when it dies or hangs, refused in words when folder or port are not free."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import requests
from pymongo.errors import PyMongoError

from api.storage import embedded
from api.storage.database import Database, StoreUnfit
from api.storage.embedded import EmbeddedStore, FolderBusy, StoreBusy, Watch
from tests.serving import Served, free_port, log_in_citizen, wait_for

FOOD = "XC-行政许可-001"
MIB = 1 << 20
IMPATIENT = """
from gevent import monkey
monkey.patch_all()
from api import cli
from api.storage import embedded
embedded.WRITTEN_SECONDS = 1.0
cli.main()
"""
"""The program, but a write that takes a second is a miss already."""


@pytest.fixture
def store(tmp_path):
    store = EmbeddedStore(tmp_path)
    store.start()
    yield store
    store.stop()


@pytest.fixture
def database(store):
    database = Database(store.uri, "circle")
    yield database
    database.close()


@pytest.fixture
def watch(store, database):
    return Watch(store, lambda: database.probe(0.5), most_misses=3)


@pytest.fixture
def served(tmp_path):
    served = Served(tmp_path)
    yield served
    if served.process and served.process.poll() is None:
        served.stop(signal.SIGKILL)


def halt(pid):
    """Make a process hang, and wait until the last of its threads does."""
    os.kill(pid, signal.SIGSTOP)
    tasks = Path(f"/proc/{pid}/task")
    wait_for(lambda: all((task / "stat").read_text().rpartition(")")[2].split()[0] == "T" for task in tasks.iterdir()))


def test_a_healthy_store_is_left_alone(watch, store):
    pid = store.pid
    for _ in range(5):
        watch.look()
    assert (store.pid, watch.restarts) == (pid, 0)


def test_a_store_that_died_is_started_again_under_the_same_address_with_everything_in_it(watch, store, database):
    database["things"].insert_one({"_id": 1})
    pid, uri = store.pid, store.uri
    os.kill(pid, signal.SIGKILL)
    wait_for(lambda: not store.alive())
    watch.look()
    assert (store.uri, watch.restarts) == (uri, 1)
    assert store.pid != pid
    assert database["things"].find_one() == {"_id": 1}


def test_a_store_that_hangs_is_started_again_after_several_misses_in_a_row(watch, store, database):
    database["things"].insert_one({"_id": 1})
    pid = store.pid
    halt(pid)
    watch.look()
    watch.look()
    assert (store.pid, watch.restarts) == (pid, 0)
    watch.look()
    assert watch.restarts == 1
    assert database["things"].find_one() == {"_id": 1}


def test_every_table_is_made_before_the_address_is_told(store, database):
    assert len(list(store.folder.glob("secantus_documents_sh*.wt"))) == embedded.SHARDS
    assert "making" not in database.client.list_database_names()
    assert not list(store.folder.parent.glob("store.making"))


@pytest.mark.parametrize("after", [0.3, 0.45, 0.6, 0.8, 1.0])
def test_a_first_start_that_was_killed_is_begun_anew(tmp_path, after):
    """A table half made would keep the store from ever opening again."""
    begun = (
        "import sys, pathlib; from api.storage.embedded import EmbeddedStore; "
        "EmbeddedStore(pathlib.Path(sys.argv[1])).start()"
    )
    with subprocess.Popen([sys.executable, "-c", begun, str(tmp_path)]) as first:
        wait_for((tmp_path / "store").exists)
        time.sleep(after)  # the moment of the kill is what is varied
        first.kill()
    store = EmbeddedStore(tmp_path)
    store.start()
    with Database(store.uri, "circle").client as client:
        client["circle"]["things"].insert_one({"_id": 1})
    store.restart()
    store.stop()


def test_one_miss_now_and_then_restarts_nothing(store):
    answers = iter([False, False, True] * 3)

    def probe():
        if not next(answers):
            raise PyMongoError("slow")

    watch = Watch(store, probe, most_misses=3)
    for _ in range(9):
        watch.look()
    assert watch.restarts == 0


def test_the_watch_looks_by_itself(store, database):
    watch = Watch(store, lambda: database.probe(0.5), pause=0.05)
    watch.start()
    os.kill(store.pid, signal.SIGKILL)
    wait_for(lambda: watch.restarts == 1)
    database.probe(5)
    watch.stop()


def test_a_store_that_is_gone_is_not_looked_for_in_order_to_say_goodbye(store, database):
    with database.client.start_session() as one, database.client.start_session() as other:
        for session in (one, other):
            database["any"].find_one(session=session)
    os.kill(store.pid, signal.SIGKILL)
    with pytest.raises(PyMongoError):
        database.probe(0.5)
    begun = time.monotonic()
    database.close()
    assert time.monotonic() - begun < 15, "the driver alone looks for 30 s"


def test_a_folder_that_another_store_process_has_open_is_refused_in_words(tmp_path, monkeypatch):
    monkeypatch.setattr(embedded, "FREED_SECONDS", 0.1)
    (tmp_path / "store").mkdir()
    port = free_port()
    program = [embedded._program(), "--port", str(port), "--storage-path", str(tmp_path / "store"), *embedded.OPTIONS]
    with subprocess.Popen(program, stderr=subprocess.DEVNULL) as foreign:
        wait_for(lambda: embedded._answers(port))
        with pytest.raises(FolderBusy, match="still has the data folder"):
            EmbeddedStore(tmp_path).start()
        foreign.kill()


def test_a_folder_that_is_being_freed_is_waited_for(tmp_path):
    (tmp_path / "store").mkdir()
    port = free_port()
    program = [embedded._program(), "--port", str(port), "--storage-path", str(tmp_path / "store"), *embedded.OPTIONS]
    with subprocess.Popen(program, stderr=subprocess.DEVNULL) as dying:
        wait_for(lambda: embedded._answers(port))
        threading.Timer(1.0, dying.kill).start()
        store = EmbeddedStore(tmp_path)
        assert store.start()
        store.stop()


def test_a_port_that_somebody_took_meanwhile_is_left_for_another(tmp_path, monkeypatch):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        ports = iter([other.getsockname()[1], free_port()])
        monkeypatch.setattr(embedded, "free_port", lambda: next(ports))
        store = EmbeddedStore(tmp_path)
        store.start()
        assert store.port != other.getsockname()[1]
        store.stop()


def test_a_port_taken_while_the_store_was_down_is_told_in_words(store):
    os.kill(store.pid, signal.SIGKILL)
    wait_for(lambda: not store.alive())
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", store.port))
        other.listen()
        with pytest.raises(StoreBusy, match="was taken by another program"):
            store.restart()
    store.restart()
    assert store.alive()


def test_a_server_that_does_not_answer_is_told_in_words(monkeypatch):
    monkeypatch.setattr("api.storage.database.REACH_SECONDS", 0.5)
    database = Database(f"mongodb://user:secret@127.0.0.1:{free_port()}/?replicaSet=rs0", "circle")
    with pytest.raises(StoreUnfit, match="whether mongod runs") as told:
        database.require_replica_set()
    assert "secret" not in str(told.value)
    database.close()


def test_a_server_that_is_no_replica_set_is_told_in_words(tmp_path):
    port = free_port()
    program = [embedded._program(), "--standalone", "--port", str(port), "--storage-path", str(tmp_path / "store")]
    with subprocess.Popen([*program, *embedded.OPTIONS], stderr=subprocess.DEVNULL) as server:
        wait_for(lambda: embedded._answers(port))
        database = Database(f"mongodb://127.0.0.1:{port}", "circle")
        with pytest.raises(StoreUnfit, match="no replica set"):
            database.require_replica_set()
        database.close()
        server.kill()


def test_an_address_that_cannot_be_read_is_told_in_words():
    with pytest.raises(StoreUnfit, match="cannot be read"):
        Database("mongo:/nowhere", "circle")


def test_a_transaction_gives_up_in_bounded_time(database, store, monkeypatch):
    monkeypatch.setattr("api.storage.database.TRANSACTION_SECONDS", 1.0)
    database.probe()
    halt(store.pid)
    began = time.monotonic()
    with pytest.raises(PyMongoError):
        database.transact(lambda session: database["things"].insert_one({"_id": 1}, session=session))
    assert time.monotonic() - began < 60
    os.kill(store.pid, signal.SIGCONT)


@pytest.mark.served
def test_a_served_process_goes_on_after_its_store_was_killed_and_loses_nothing(served):
    """Whatever is answered meanwhile is 201 or 503 with Retry-After, and every 201 is there afterwards."""
    served.start()
    citizen = log_in_citizen(served, "13800138000")
    (store,) = served.children()
    kept, refused = [], 0
    for n in range(60):
        if n == 20:
            os.kill(store, signal.SIGKILL)
        answer = requests.post(
            f"{served.base}/v1/drafts",
            json={"matter": FOOD, "answers": {"remark": str(n)}},
            headers={"Authorization": f"Bearer {citizen.token}", "Idempotency-Key": f"key-{n:08d}"},
            timeout=60,
        )
        if answer.status_code == 201:
            kept.append(answer.json())
        else:
            assert (answer.status_code, answer.headers["Retry-After"] != "") == (503, True), answer.text
            refused += 1
    wait_for(served.ready)
    assert served.children() != [store]
    assert len(kept) + refused == 60
    assert len(kept) >= 40
    for draft in kept:
        assert citizen.call("GET", f"/v1/drafts/{draft['id']}") == draft


@pytest.mark.served
def test_a_served_process_frees_itself_of_a_store_that_hangs(served):
    served.start([sys.executable, "-c", IMPATIENT])
    (store,) = served.children()
    os.kill(store, signal.SIGSTOP)
    wait_for(lambda: served.children() not in ([store], []) and served.ready(), 120)
    assert served.stop() == 0


@pytest.mark.served
def test_more_than_the_old_cache_is_uploaded_without_the_store_standing_still(served):
    """64 MB of cache once made every writer wait for ever after about 20 MB of uploads."""
    served.start()
    citizen = log_in_citizen(served, "13800138000")
    for _ in range(16):
        _upload(citizen, 5)
    assert served.ready()


def _upload(citizen, mebibytes):
    tus = {"Tus-Resumable": "1.0.0"}
    told = {**tus, "Upload-Length": str(mebibytes * MIB), "Upload-Metadata": "filename YS5wbmc="}
    place = citizen.call("POST", "/v1/uploads", 201, headers=told).headers["Location"]
    place = place.removeprefix(citizen._base)
    for n in range(mebibytes):
        headers = {**tus, "Upload-Offset": str(n * MIB), "Content-Type": "application/offset+octet-stream"}
        citizen.call("PATCH", place, 204, headers=headers, data=os.urandom(MIB))


@pytest.mark.served
def test_a_web_port_that_is_taken_is_told_in_words(served):
    with socket.socket() as other:
        other.bind(("127.0.0.1", served.port))
        other.listen()
        refused = served.run("serve")
    assert refused.returncode == 1
    assert f"Cannot listen on 127.0.0.1:{served.port}" in refused.stderr
    assert "Traceback" not in refused.stderr


@pytest.mark.served
@pytest.mark.parametrize("why", ["no SMS", "a trial that others could reach"])
def test_gunicorn_ends_with_words_where_it_cannot_start(served, why):
    store = f"mongodb://127.0.0.1:{free_port()}" if why == "no SMS" else ""
    unsafe = {**served.environ, "MONGODB_URI": store, "CIRCLE_DEV": ""}
    command = [
        sys.executable,
        "-m",
        "gunicorn",
        "-k",
        "gevent",
        "-b",
        f"{'127.0.0.1' if store else '0.0.0.0'}:{served.port}",
        "api.wsgi:app",
    ]
    done = subprocess.run(command, env=unsafe, capture_output=True, text=True, timeout=60)
    assert done.returncode != 0
    assert "circle: " in done.stderr
    assert ("SMS must really be sent" if store else "Others may reach this server") in done.stderr
    assert "Traceback" not in done.stderr
