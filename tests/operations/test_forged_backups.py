"""A backup that somebody without the keys made, changed, cut or mixed is refused before anything is changed."""

import hashlib
import io
import json
import struct
import tarfile

import bson
import pytest

from api import release
from api.identity.sealing.keyring import Keyring
from api.office import indexes, shape
from api.operations.archive import ArchiveBroken
from api.operations.service import back_up, restore
from api.operations.store import LEFT_OUT, OperationsStore
from tests.conftest import database_of_its_own

PEOPLE = "collections/people.bson"


@pytest.fixture(scope="module")
def few(store_uri):
    """A store with a little in it."""
    with database_of_its_own(store_uri) as database:
        database["people"].insert_many([{"_id": n, "name": f"䶮{n}"} for n in range(5)])
        database["sessions"].insert_one({"_id": "a log-in"})
        yield OperationsStore(database)


@pytest.fixture
def backed_up(few, keyring, tmp_path, clock):
    """Back up a little under some keys; gives the members of the file by name."""

    def back(keys=keyring, name="circle.backup"):
        back_up(few, tmp_path / "networks", tmp_path / name, keyring=keys, release=release(), now=clock())
        with tarfile.open(tmp_path / name) as tar:
            return {member.name: tar.extractfile(member).read() for member in tar.getmembers()}

    return back


@pytest.fixture
def put(empty, keyring, tmp_path, clock):
    """Restore a file of these members into an empty store."""

    def put(members, keys=keyring, **how):
        file = tmp_path / "given"
        with tarfile.open(file, "w") as tar:
            for name, content in members if isinstance(members, list) else members.items():
                member = tarfile.TarInfo(name)
                member.size = len(content)
                tar.addfile(member, io.BytesIO(content))
        return restore(empty, tmp_path / "networks", file, keyring=keys, shape=shape(), now=clock(), **how)

    return put


def with_people(members, content, count=None, keys=None):
    """The members with other people and a manifest that fits them, signed under keys where some are given."""
    manifest = json.loads(members["manifest.json"])
    count = manifest["members"][PEOPLE]["documents"] if count is None else count
    about = {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest(), "documents": count}
    manifest["members"][PEOPLE] = about
    return signed({**members, PEOPLE: content}, json.dumps(manifest).encode(), keys)


def signed(members, manifest, keys=None):
    proof = {}
    if keys:
        key_id, value = keys.prove(manifest)
        proof = {"manifest.hmac": json.dumps({"key": key_id, "hmac": value}).encode()}
    return {**members, "manifest.json": manifest, **proof}


def test_a_backup_is_taken_by_who_has_its_keys_also_when_its_key_is_retired(backed_up, put, empty, tmp_path):
    keys = Keyring.open(tmp_path / "keys")
    members = backed_up(keys)
    keys.add()
    keys.retire("1")
    put(members, keys)
    assert empty._db["people"].count_documents({}) == 5


def test_no_log_in_and_no_code_is_in_a_backup_nor_comes_back_from_one_that_has_some(backed_up, put, empty, keyring):
    members = backed_up()
    assert not {f"collections/{name}.bson" for name in LEFT_OUT} & members.keys()
    content = bson.encode({"_id": "a log-in"})
    manifest = json.loads(members["manifest.json"])
    about = {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest(), "documents": 1}
    manifest["members"]["collections/sessions.bson"] = about
    members["collections/sessions.bson"] = content
    put(signed(members, json.dumps(manifest).encode(), keyring))
    assert empty._db["people"].count_documents({}) == 5
    assert empty._db["sessions"].count_documents({}) == 0


def test_what_expires_by_itself_is_left_out_of_backups_or_is_known_to_stay():
    stays = {"events", "jobs", "slow_jobs", "idempotency", "upload_days", "notices", "deliveries"}
    expiring = {collection for collection, _, options in indexes() if "expireAfterSeconds" in options}
    assert expiring - LEFT_OUT == stays


@pytest.mark.parametrize("how", ["a member of another backup", "another manifest", "people added", "people taken away"])
def test_a_mixed_or_changed_backup_is_refused_though_its_digests_fit(backed_up, put, empty, few, how):
    members = backed_up()
    few._db["people"].update_one({"_id": 1}, {"$set": {"name": how}})
    other = backed_up(name="other.backup")
    more = members[PEOPLE] + bson.encode({"_id": 9, "name": "eve"})
    changed = {
        "a member of another backup": {**members, PEOPLE: other[PEOPLE]},
        "another manifest": {**members, "manifest.json": other["manifest.json"]},
        "people added": with_people(members, more, 6),
        "people taken away": with_people(members, b"", 0),
    }[how]
    with pytest.raises(ArchiveBroken, match="Nothing was changed"):
        put(changed)
    assert empty.empty()


def test_a_backup_of_other_keys_or_without_a_keyed_hash_is_refused_and_taken_only_anyway(
    backed_up, put, empty, tmp_path, clock
):
    others = backed_up(Keyring.open(tmp_path / "other-keys"))
    bare = {name: content for name, content in others.items() if name != "manifest.hmac"}
    old = {**bare, "manifest.json": bare["manifest.json"].replace(b'"format": 2', b'"format": 1')}
    for members, words in ((others, "another installation made it"), (bare, "no keyed hash"), (old, "no keyed hash")):
        with pytest.raises(ArchiveBroken, match=words):
            put(members)
        assert empty.empty()
    for keys in (None, Keyring.open(tmp_path / "third-keys")):
        if keys:
            (tmp_path / "third-keys" / "seal-1.key").rename(tmp_path / "third-keys" / "seal-7.key")
        with pytest.raises(ArchiveBroken, match=r"seal-1, which is not in CIRCLE_KEYS.*--anyway"):
            put(others, keys)
    put(old, None, anyway=True)
    assert empty._db["people"].count_documents({}) == 5
    empty.clear()
    put(others, anyway=True)
    assert empty._db["people"].count_documents({}) == 5


ONE = bson.encode({"_id": 1, "name": "王"})
GARBLED = {
    "a length that is negative": struct.pack("<i", -5) + ONE[4:],
    "a length of nothing": struct.pack("<i", 0) + ONE[4:],
    "a length shorter than the least": struct.pack("<i", 4) + ONE[4:],
    "a length that is too great": struct.pack("<i", len(ONE) + 1) + ONE[4:],
    "a length that no document has": struct.pack("<i", 2**31 - 1) + ONE[4:],
    "a length that is too small": struct.pack("<i", len(ONE) - 1) + ONE[4:],
    "two bytes alone": ONE[:2],
    "a document that is cut": ONE[:-3],
    "a document and a byte": ONE + b"\x05",
    "no end": ONE[:-1] + b"\x01",
    "a strange type": ONE[:4] + b"\x7e" + ONE[5:],
    "a text longer than its document": ONE[:15] + struct.pack("<i", 9999) + ONE[19:],
    "bytes that are no text": ONE.replace("王".encode(), b"\xff\xfe\xfd"),
    "one document twice": ONE + ONE,
}


@pytest.mark.parametrize("content", GARBLED.values(), ids=GARBLED)
@pytest.mark.parametrize("genuine", [True, False], ids=["signed", "anyway"])
def test_documents_of_wrong_length_cut_or_garbled_are_refused_in_words(
    backed_up, put, keyring, empty, content, genuine
):
    members = with_people(backed_up(), content, content.count(ONE[6:9]) or 1, keyring if genuine else None)
    with pytest.raises(ArchiveBroken, match=r"Nothing was changed|Use another copy"):
        put(members, anyway=not genuine)
    assert empty._db["people"].count_documents({}) <= 1
    assert empty.empty() or empty.restoring()


ABOUT = b'{"format": 2, "release": "x", "made_at": "x", '
STRANGE = {
    "no JSON": b"{",
    "a list": b"[]",
    "null": b"null",
    "a number": b"7",
    "no members": b'{"format": 2, "release": "x", "made_at": "x", "versions": {}}',
    "members that are a list": ABOUT + b'"versions": {}, "members": [1]}',
    "versions that are no numbers": ABOUT + b'"versions": {"a": "b"}, "members": {}}',
    "another format": b'{"format": 3}',
    "100,000 brackets": b"[" * 100_000,
    "no UTF-8": b"\xff\xfe{}",
    "nothing": b"",
}


@pytest.mark.parametrize("manifest", STRANGE.values(), ids=STRANGE)
def test_a_manifest_of_any_other_shape_is_refused_in_words(backed_up, put, keyring, empty, manifest):
    members = backed_up()
    for content, how in ((signed(members, manifest, keyring), {}), (signed(members, manifest), {"anyway": True})):
        with pytest.raises(ArchiveBroken, match="is no whole backup"):
            put(content, **how)
    assert empty.empty()


@pytest.mark.parametrize("proof", [b"", b"[]", b"{}", b'{"key": "../../x", "hmac": "0"}', b'{"key": 1, "hmac": null}'])
def test_a_keyed_hash_of_any_other_shape_is_refused_in_words(backed_up, put, empty, proof):
    with pytest.raises(ArchiveBroken, match="Nothing was changed"):
        put({**backed_up(), "manifest.hmac": proof})
    assert empty.empty()


def test_a_member_twice_a_link_and_a_collection_of_the_system_are_refused(backed_up, put, keyring, empty, tmp_path):
    members = backed_up()
    with pytest.raises(ArchiveBroken):
        put([*members.items(), (PEOPLE, b"")])
    manifest = json.loads(members["manifest.json"])
    manifest["members"]["collections/system.users.bson"] = manifest["members"].pop(PEOPLE)
    renamed = {name.replace("people", "system.users"): content for name, content in members.items()}
    with pytest.raises(ArchiveBroken, match="not what its manifest says"):
        put(signed(renamed, json.dumps(manifest).encode(), keyring))
    assert empty.empty()
