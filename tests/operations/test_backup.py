"""Back up and restore: everything, whole, as of one moment, without the keys; never over something else."""

import io
import json
import tarfile
import threading

import pytest
from bson import ObjectId

from api import release
from api.app import create_app
from api.identity.sealing.keyring import Keyring
from api.office import shape
from api.operations.archive import Archive, ArchiveBroken
from api.operations.migration import NewerStore, Shape
from api.operations.service import KeysWrong, RestoreRefused, back_up, make_room, open_keys, restore
from api.operations.store import OperationsStore
from tests.conftest import Caller, database_of_its_own
from tests.operations.story import citizen as citizen_of
from tests.operations.story import read, told
from tests.way import submitted

ABOUT = {"format": 2, "release": "0.1.0", "made_at": "2026-11-24T10:00:00+08:00", "versions": {}}


@pytest.fixture
def networks(tmp_path):
    folder = tmp_path / "var" / "networks"
    (folder / "20261124T000000Z-abc" / "walk").mkdir(parents=True)
    (folder / "20261124T000000Z-abc" / "generation.json").write_text("{}")
    (folder / "20261124T000000Z-abc" / "walk" / "reach.npy").write_bytes(b"\x93NUMPY")
    return folder


@pytest.fixture
def story(app, citizen, window, handler, drain):
    return told(citizen, window, handler, drain)


@pytest.fixture
def few(store_uri):
    """A store with a little in it."""
    with database_of_its_own(store_uri) as database:
        database["people"].insert_many([{"_id": n, "v": 1, "name": f"䶮{n}"} for n in range(500)])
        database["files.chunks"].insert_one({"_id": ObjectId(), "data": b"\0" * 100_000})
        database["health"].insert_one({"_id": "probe"})
        yield OperationsStore(database)


@pytest.fixture
def file(few, networks, tmp_path, clock, keyring):
    file = tmp_path / "circle.backup"
    back_up(few, networks, file, keyring=keyring, release=release(), now=clock())
    return file


@pytest.fixture
def story_file(whole, networks, story, tmp_path, clock, keyring):
    file = tmp_path / "story.backup"
    back_up(whole, networks, file, keyring=keyring, release=release(), now=clock())
    return file


@pytest.fixture
def reopened(elsewhere, settings, keyring, clock, sent):
    """The app on the other database."""
    apps = []

    def reopen():
        app = create_app(settings, database=elsewhere, keyring=keyring, now=clock, console=sent)
        apps.append(app)
        return app

    yield reopen
    for app in apps:
        app.extensions["circle"].stop()


@pytest.fixture
def put(clock, networks, keyring):
    """Restore a file."""

    def put(empty, file, folder=networks, with_shape=None, keys=keyring, **how):
        return restore(empty, folder, file, keyring=keys, shape=with_shape or shape(), now=clock(), **how)

    return put


def test_the_drill_everything_comes_back_with_the_same_hashes_and_is_readable(
    story_file, story, empty, clock, tmp_path, reopened, citizen, put, keyring, sent
):
    made = put(empty, story_file, tmp_path / "new" / "networks")
    again = tmp_path / "again.backup"
    hashes = back_up(empty, tmp_path / "new" / "networks", again, keyring=keyring, release=release(), now=clock())[
        "members"
    ]
    counters = "collections/case_numbers.bson"  # it says that there was a restore
    assert {**hashes, counters: None} == {**made["members"], counters: None}
    assert (tmp_path / "new/networks/20261124T000000Z-abc/walk/reach.npy").read_bytes() == b"\x93NUMPY"
    again_app = reopened()
    client = again_app.test_client()
    assert Caller(client, citizen.tokens).raw("GET", "/v1/me").status_code == 401
    found = read(citizen_of(again_app, sent), story["number"], story["conversation"])
    assert {**story, **found} == story


def test_no_number_that_was_given_since_the_backup_is_given_again(
    app, story_file, story, empty, reopened, citizen, window, handler, drain, put, sent, clock
):
    """Twice restored from the same backup on one day, and again the year after."""

    def numbers(office, applicant):
        case = submitted(applicant, office.extensions["circle"].worker.drain)
        papers = applicant.get(f"/v1/cases/{case['number']}/documents")["items"]
        return [case["number"], *(paper["number"] for paper in papers)]

    given = numbers(app, citizen)
    for days in (0, 0, 40):
        clock.move(days=days, minutes=2)
        empty.clear()
        put(empty, story_file)
        office = reopened()
        fresh = numbers(office, citizen_of(office, sent))
        assert not set(fresh) & set(given), days
        given += fresh


def test_a_backup_holds_no_key_and_nothing_that_was_sealed_in_clear(story_file, keyring, story):
    content = story_file.read_bytes()
    for path in keyring._folder.rglob("*.key"):
        assert path.read_text().encode() not in content
        assert bytes.fromhex(path.read_text()) not in content
    for clear in ("610102194303050022", "13800138000", story["receipt"], story["address"]):
        assert clear.encode() not in content
    assert story_file.stat().st_mode & 0o077 == 0


def test_without_its_keys_a_restored_store_is_refused_in_words(file, empty, tmp_path, put):
    empty_folder = tmp_path / "no-keys"
    put(empty, file)
    empty.set_row("keys", mark=Keyring.open(tmp_path / "its-keys").index("installation", "keys"))
    with pytest.raises(KeysWrong, match="Put back the folder CIRCLE_KEYS"):
        open_keys(empty, empty_folder)
    assert not empty_folder.exists()
    with pytest.raises(KeysWrong, match="other keys"):
        open_keys(empty, Keyring.open(tmp_path / "other-keys")._folder)
    assert open_keys(empty, tmp_path / "its-keys")


def test_a_store_that_is_not_empty_is_never_overwritten_silently(file, few, put):
    few._db["people"].update_one({"_id": 1}, {"$set": {"name": "后来"}})
    with pytest.raises(RestoreRefused, match="--force"):
        put(few, file)
    assert few._db["people"].find_one({"_id": 1})["name"] == "后来"


def test_room_is_made_by_force_but_not_under_a_running_process(file, empty, elsewhere, clock, put, keyring):
    put(empty, file)
    elsewhere["processes"].insert_one({"_id": "other", "seen_at": clock(), "release": release()})
    with pytest.raises(RestoreRefused, match="Stop them all"):
        make_room(empty, file, clock(), keyring=keyring)
    clock.move(minutes=1)
    make_room(empty, file, clock(), keyring=keyring)
    assert empty.empty()
    put(empty, file)


def test_an_existing_file_is_never_overwritten(file, few, networks, clock, keyring):
    with pytest.raises(ArchiveBroken, match="is there already"):
        back_up(few, networks, file, keyring=keyring, release=release(), now=clock())


@pytest.mark.parametrize("at", [0.2, 0.5, 0.8])
def test_a_changed_byte_is_found_before_anything_is_written(file, empty, at, put):
    content = bytearray(file.read_bytes())
    content[int(len(content) * at)] ^= 0xFF
    file.write_bytes(content)
    with pytest.raises(ArchiveBroken):
        put(empty, file)
    assert empty.empty()


@pytest.mark.parametrize("keep", [0, 100, 0.5, 0.9])
def test_a_torn_file_is_refused(file, empty, keep, put):
    content = file.read_bytes()
    file.write_bytes(content[: keep if isinstance(keep, int) else int(len(content) * keep)])
    with pytest.raises(ArchiveBroken, match="is no whole backup"):
        put(empty, file)
    assert empty.empty()


@pytest.mark.parametrize("name", ["networks/../../escaped", "/etc/escaped", "networks/a/../../b"])
def test_a_name_that_leads_out_of_the_folder_is_refused(tmp_path, name):
    file = tmp_path / "evil"
    member = {"bytes": 1, "sha256": "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"}
    manifest = json.dumps({**ABOUT, "members": {name: member}}).encode()
    with tarfile.open(file, "w") as tar:
        for member_name, content in ((name, b"a"), ("manifest.json", manifest)):
            info = tarfile.TarInfo(member_name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    with pytest.raises(ArchiveBroken, match="not what its manifest says"):
        Archive(file, None, anyway=True)


def test_a_backup_of_a_newer_release_is_refused(few, empty, clock, networks, tmp_path, put, keyring):
    file = tmp_path / "newer"
    few.set_row("schema", versions={"cases": 9})
    back_up(few, networks, file, keyring=keyring, release="9.0", now=clock())
    with pytest.raises(NewerStore):
        put(empty, file, with_shape=Shape("0.1.0", [], {"case_actions": 1}))
    assert empty.empty()


def test_a_backup_beside_writers_shows_one_moment(empty, elsewhere, clock, tmp_path, keyring):
    """Pairs are written in one transaction each; a backup holds both or neither, however long it reads."""
    elsewhere["a"].insert_one({"_id": -1})
    elsewhere["b"].insert_one({"_id": -1})
    enough, stop, written = threading.Event(), threading.Event(), []

    def pair(session):
        for name in ("b", "a"):
            elsewhere[name].insert_one({"_id": len(written)}, session=session)

    def write():
        while not stop.is_set():
            elsewhere.transact(pair)
            written.append(1)
            if len(written) > 20:
                enough.set()

    writer = threading.Thread(target=write)
    writer.start()
    assert enough.wait(60)
    files = [tmp_path / f"{n}.backup" for n in range(5)]
    for file in files:
        back_up(empty, tmp_path, file, keyring=keyring, release=release(), now=clock())
    stop.set()
    writer.join()
    for file in files:
        archive = Archive(file, keyring)
        archive.close()
        members = archive.manifest["members"]
        assert members["collections/a.bson"]["documents"] == members["collections/b.bson"]["documents"]


def test_a_backup_that_fails_leaves_nothing_behind(few, tmp_path, networks, clock, monkeypatch, keyring):
    folder = tmp_path / "out"
    folder.mkdir()
    monkeypatch.setattr("api.operations.archive.ArchiveWriter.add_folder", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        back_up(few, networks, folder / "x", keyring=keyring, release=release(), now=clock())
    assert list(folder.iterdir()) == []
