"""A backup as one file: a tar of BSON documents by collection, of street networks, and of a manifest at its end.

The manifest names every member with its size and sha256, and every collection with its number of documents. Sealed
fields stay sealed in it, and the keys are not part of it.
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

from api.refusals import CannotStart

FORMAT = 1
MANIFEST = "manifest.json"
NAMES = re.compile(r"collections/[\w.-]+\.bson|networks/[\w-]+(/\w[\w.-]*)+")
CHUNK = 1 << 20
Manifest = dict[str, Any]


class ArchiveBroken(CannotStart):
    """The file is not a backup of this program, or it was changed."""


class ArchiveWriter:
    """Writes a backup under a temporary name and renames it when complete; readable by the owner only."""

    def __init__(self, target: Path) -> None:
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
        """Write the manifest, sync the file, rename it to its final name; returns the manifest."""
        manifest = {"format": FORMAT, **about, "members": self._members}
        text = json.dumps(manifest, ensure_ascii=False, indent=1).encode()
        self._put(MANIFEST, len(text), io.BytesIO(text))
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
    """A backup, opened for reading; all its members are verified (names and sha256) on opening."""

    def __init__(self, path: Path) -> None:
        """Raises ArchiveBroken."""
        with ExitStack() as opened:
            try:
                self._tar = opened.enter_context(tarfile.open(path))
                self.manifest = self._read_manifest()
                self._verify()
            except (OSError, tarfile.TarError, ValueError, KeyError, EOFError) as error:
                words = f"{path} is no whole backup: {error}. Nothing was changed; use another copy."
                raise ArchiveBroken(words) from None
            opened.pop_all()

    def collections(self) -> list[str]:
        """The names of the collections in it."""
        return [name[12:-5] for name in self.manifest["members"] if name.startswith("collections/")]

    def documents(self, collection: str) -> Iterator[bytes]:
        """The documents of a collection, each as BSON."""
        content = self._open(f"collections/{collection}.bson")
        while head := content.read(4):
            (length,) = struct.unpack("<i", head)
            yield head + content.read(length - 4)

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
            raise KeyError(name)
        return content

    def _read_manifest(self) -> Manifest:
        manifest: Manifest = json.loads(self._open(MANIFEST).read())
        if manifest["format"] != FORMAT:
            raise ValueError(f"its format is {manifest['format']}, this release reads {FORMAT}")
        return manifest

    def _verify(self) -> None:
        members = self.manifest["members"]
        strange = [name for name in members if not NAMES.fullmatch(name)]
        if strange or {m.name for m in self._tar.getmembers()} != {*members, MANIFEST}:
            raise ValueError(f"its content is not what its manifest says {strange}")
        for name, about in members.items():
            if digest_of(_chunks(self._open(name))) != about["sha256"]:
                raise ValueError(f"{name} was changed")


def digest_of(pieces: Iterable[bytes]) -> str:
    """The sha256 of these bytes, e.g. of a collection's documents, as in an archive's manifest."""
    digest = hashlib.sha256()
    for piece in pieces:
        digest.update(piece)
    return digest.hexdigest()


def _chunks(content: IO[bytes]) -> Iterator[bytes]:
    while chunk := content.read(CHUNK):
        yield chunk
