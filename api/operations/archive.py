"""A backup as one file: a tar of BSON documents by collection, of street networks, and at its end of a manifest with a
keyed hash.

The manifest names every member with its size and sha256, and every collection with its number of documents; the keyed
hash (HMAC-SHA256) covers the manifest, under a key of CIRCLE_KEYS, so that nobody without the keys can make or mix a
backup that is taken. Sealed fields stay sealed in it, and the keys are not part of it.
"""

import hashlib
import io
import json
import os
import re
import struct
import tarfile
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Any

from api.identity.sealing.keyring import Keyring, SealBroken
from api.refusals import CannotStart

FORMAT = 2
FORMATS = (1, FORMAT)
"""Those that can be read; the first has no keyed hash."""
MANIFEST, PROOF = "manifest.json", "manifest.hmac"
NAMES = re.compile(r"collections/(?!system\.)[\w.-]+\.bson|networks/[\w-]+(/\w[\w.-]*)+")
CHUNK = 1 << 20
LEAST_DOCUMENT, MOST_DOCUMENT = 5, 16_793_600
"""The bytes of an empty BSON document, and the most that MongoDB keeps (16 MiB and 16 KiB)."""
MOST_PROOF, MOST_MANIFEST = 1_000, 64 << 20
Manifest = dict[str, Any]


class ArchiveBroken(CannotStart):
    """The file is not a backup of this program, or it was changed."""


class ArchiveWriter:
    """Writes a backup under a temporary name and renames it when complete; readable by the owner only."""

    def __init__(self, target: Path, keyring: Keyring) -> None:
        self._keyring = keyring
        if target.exists():
            raise ArchiveBroken(f"{target} is there already. Give another name; a backup is never overwritten.")
        self._target = target
        self._draft = target.with_name(f".{target.name}.part")
        self._draft.unlink(missing_ok=True)
        handle = os.open(self._draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        self._file = os.fdopen(handle, "wb")
        self._tar = tarfile.TarFile(fileobj=self._file, mode="w", format=tarfile.PAX_FORMAT)
        self._members: dict[str, Manifest] = {}

    def add_collection(self, name: str, documents: Iterable[bytes]) -> None:
        """Add all documents of a collection, each as BSON."""
        with tempfile.TemporaryFile(dir=self._target.parent) as spool:
            count = 0
            for document in documents:
                spool.write(document)
                count += 1
            if count:
                self._add(f"collections/{name}.bson", spool, documents=count)

    def add_folder(self, name: str, folder: Path) -> None:
        """Add the files of a folder under `networks/<name>/`."""
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            with path.open("rb") as content:
                self._add(f"networks/{name}/{path.relative_to(folder).as_posix()}", content)

    def finish(self, about: Manifest) -> Manifest:
        """Write the manifest and its keyed hash, sync the file, rename it to its final name; returns the manifest."""
        manifest = {"format": FORMAT, **about, "members": self._members}
        text = json.dumps(manifest, ensure_ascii=False, indent=1).encode()
        self._put(MANIFEST, len(text), io.BytesIO(text))
        key_id, proof = self._keyring.prove(text)
        signed = json.dumps({"key": key_id, "hmac": proof}).encode()
        self._put(PROOF, len(signed), io.BytesIO(signed))
        self._tar.close()
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        self._draft.rename(self._target)
        return manifest

    def give_up(self) -> None:
        """Abort: remove the unfinished file."""
        self._file.close()
        self._draft.unlink(missing_ok=True)

    def _add(self, name: str, content: IO[bytes], **about: int) -> None:
        content.seek(0)
        digest = digest_of(_chunks(content))
        size = content.tell()
        content.seek(0)
        self._members[name] = {"bytes": size, "sha256": digest, **about}
        self._put(name, size, content)

    def _put(self, name: str, size: int, content: IO[bytes]) -> None:
        member = tarfile.TarInfo(name)
        member.size, member.mode = size, 0o600
        self._tar.addfile(member, content)


class Archive:
    """A backup, opened for reading; its keyed hash and all its members are verified on opening."""

    def __init__(self, path: Path, keyring: Keyring | None, *, anyway: bool = False) -> None:
        """Raises ArchiveBroken. `anyway` takes a backup whose keyed hash cannot be verified, as the keys are lost."""
        with ExitStack() as opened:
            try:
                self._tar = opened.enter_context(tarfile.open(path))
                names = self._tar.getnames()
                text = self._whole(MANIFEST, MOST_MANIFEST)
                if not anyway:
                    self._require_proof(path, text, names, keyring)
                self.manifest = _read_manifest(text)
                self._verify(names)
            except ArchiveBroken:
                raise
            except Exception as error:  # whatever a file that somebody else made does to tarfile and json
                reason = str(error) or type(error).__name__
                words = f"{path} is no whole backup: {reason}. Nothing was changed; use another copy."
                raise ArchiveBroken(words) from None
            opened.pop_all()

    def collections(self) -> list[str]:
        """The names of the collections in it."""
        return [name[12:-5] for name in self.manifest["members"] if name.startswith("collections/")]

    def documents(self, collection: str) -> Iterator[bytes]:
        """The documents of a collection, each as BSON. Raises ValueError if one is cut or has a wrong length."""
        content = self._open(f"collections/{collection}.bson")
        while head := content.read(4):
            length = struct.unpack("<i", head)[0] if len(head) == 4 else 0
            if not LEAST_DOCUMENT <= length <= MOST_DOCUMENT:
                raise ValueError(f"a document of {collection} says that it has {length} bytes")
            document = head + content.read(length - 4)
            if len(document) != length or document[-1] != 0:
                raise ValueError(f"a document of {collection} is cut")
            yield document

    def files(self) -> Iterator[tuple[str, IO[bytes]]]:
        """The files of the street networks: (path below the data folder, content)."""
        for name in self.manifest["members"]:
            if name.startswith("networks/"):
                yield name, self._open(name)

    def sha256(self, collection: str) -> str:
        """The digest of a collection's documents."""
        return str(self.manifest["members"][f"collections/{collection}.bson"]["sha256"])

    def close(self) -> None:
        """Close the file."""
        self._tar.close()

    def _open(self, name: str) -> IO[bytes]:
        content = self._tar.extractfile(name)
        if content is None:
            raise ValueError(f"{name} is no file")
        return content

    def _whole(self, name: str, most: int) -> bytes:
        if self._tar.getmember(name).size > most:
            raise ValueError(f"{name} is too long")
        return self._open(name).read()

    def _require_proof(self, path: Path, text: bytes, names: list[str], keyring: Keyring | None) -> None:
        """Raises ArchiveBroken unless the manifest has its keyed hash, under a key that is here."""
        if PROOF not in names:
            raise ArchiveBroken(
                f"{path} has no keyed hash: an earlier release made it, or somebody took it away. Nothing was changed. "
                "If you know that it is yours and unchanged, say --anyway."
            )
        signed = json.loads(self._whole(PROOF, MOST_PROOF))
        key_id, proof = str(signed["key"]), str(signed["hmac"])
        try:
            genuine = keyring is not None and keyring.proves(text, key_id, proof)
        except SealBroken:
            keyring = None
        if keyring is None:
            raise ArchiveBroken(
                f"{path} was made under the key seal-{key_id}, which is not in CIRCLE_KEYS. Nothing was changed. Put "
                "your copy of the keys there first; if they are lost, --anyway restores what is not sealed."
            )
        if not genuine:
            raise ArchiveBroken(
                f"{path} was changed, or another installation made it: its keyed hash is not that of seal-{key_id} in "
                "CIRCLE_KEYS. Nothing was changed; use another copy, or put the keys that belong to it there."
            )

    def _verify(self, names: list[str]) -> None:
        members = self.manifest["members"]
        strange = [name for name in members if not NAMES.fullmatch(name)]
        if strange or sorted(name for name in names if name != PROOF) != sorted([*members, MANIFEST]):
            raise ValueError(f"its content is not what its manifest says {strange}")
        for name, about in members.items():
            if digest_of(_chunks(self._open(name))) != about["sha256"]:
                raise ValueError(f"{name} was changed")
        for collection in self.collections():
            count = sum(1 for _ in self.documents(collection))
            if count != members[f"collections/{collection}.bson"]["documents"]:
                raise ValueError(f"{collection} has {count} documents")


def _read_manifest(text: bytes) -> Manifest:
    manifest: Manifest = json.loads(text)
    if manifest["format"] not in FORMATS:
        raise ValueError(f"its format is {manifest['format']}, this release reads {FORMAT}")
    for name, kind in (("release", str), ("made_at", str), ("versions", dict), ("members", dict)):
        if not isinstance(manifest[name], kind):
            raise ValueError(f"its manifest says {name} wrongly")
    if not all(type(version) is int for version in manifest["versions"].values()):
        raise ValueError("its manifest says versions wrongly")
    return manifest


def digest_of(pieces: Iterable[bytes]) -> str:
    """The sha256 of these bytes, e.g. of a collection's documents, as in an archive's manifest."""
    digest = hashlib.sha256()
    for piece in pieces:
        digest.update(piece)
    return digest.hexdigest()


def _chunks(content: IO[bytes]) -> Iterator[bytes]:
    while chunk := content.read(CHUNK):
        yield chunk
