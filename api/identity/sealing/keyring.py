"""Encryption of personal fields (sealing): AES-256-GCM with key ids, bound to record and field; HMAC blind indexes.

All of it is in one small class, so that 国密 (SM4-GCM, SM3) can replace it.

The keys of an installation are the files `seal-<n>.key` of one folder; the one with the highest number encrypts, all of
them decrypt. A new file takes effect in every running process within a second. A key that nothing uses any more moves
to `retired/`, in case an old backup is restored. The index keys form a chain, of which none retires: see `blind.py`.
"""

import base64
import binascii
import hmac
import json
import logging
import os
import secrets
import time
from collections.abc import Mapping
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from api import private
from api.identity.sealing import blind

log = logging.getLogger("circle.keys")

NONCE_BYTES = 12
TAG_BYTES = 16
KEY_BYTES = 32
FOLLOW_SECONDS = 1.0


class SealBroken(Exception):
    """The ciphertext was changed, moved to another record or field, or its key is not here."""


class Keys(NamedTuple):
    """The keys at one moment: those that seal, by id; the one that seals now; the chain of index keys."""

    ciphers: Mapping[str, AESGCM]
    current: str
    chain: tuple[bytes, ...]
    folder_changed_ns: int


class Keyring:
    """The sealing keys of one installation, from the folder CIRCLE_KEYS (owner-readable files)."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.floor = 1
        self._keys = self._read()
        self._looked = time.monotonic()

    @classmethod
    def open(cls, folder: Path) -> "Keyring":
        """Read the keys; create them at the first start."""
        private.make_folder(folder)
        if not list(folder.glob("seal-*.key")):
            with suppress(FileExistsError):  # another first start was quicker
                _write_key(folder / "index.key")
            with suppress(FileExistsError):
                _write_key(folder / "seal-1.key")
        if [path for path in folder.rglob("*.key") if private.shut(path)]:
            log.warning("other users of this machine could read the keys until now; if there are any, change the keys")
        return cls(folder)

    @classmethod
    def existing(cls, folder: Path) -> "Keyring | None":
        """Read the keys; None if there are none yet, which this does not change."""
        return cls(folder) if list(folder.glob("seal-*.key")) and (folder / "index.key").exists() else None

    # -- keys -------------------------------------------------------------

    @property
    def current(self) -> str:
        """The id of the key that encrypts now."""
        return self._followed().current

    def ids(self) -> list[str]:
        """The ids of the keys that decrypt, oldest first."""
        return sorted(self._followed().ciphers, key=int)

    def add(self) -> str:
        """Create a new key, which encrypts from now on, and return its id."""
        highest = max(int(path.stem.removeprefix("seal-")) for path in self._folder.rglob("seal-*.key"))
        key_id = str(highest + 1)
        _write_key(self._folder / f"seal-{key_id}.key")
        self._keys = self._read()
        return key_id

    def index_keys(self) -> int:
        """How many index keys there are: the newest stage."""
        return len(self._followed().chain)

    def add_index_key(self) -> int:
        """Create the next key of the chain, and return its stage; nothing is looked up by it before `raise_floor`."""
        stage = len(blind.read_chain(self._folder)) + 1
        _write_key(self._folder / f"index-{stage}.key")
        self._keys = self._read()
        return stage

    def retire(self, key_id: str) -> None:
        """Move an unused key to `retired/`. Raises ValueError for the current key."""
        if key_id == self.current:
            raise ValueError("the current key cannot retire")
        away = self._folder / "retired"
        away.mkdir(exist_ok=True, mode=0o700)
        (self._folder / f"seal-{key_id}.key").rename(away / f"seal-{key_id}.key")
        self._keys = self._read()

    def _read(self) -> Keys:
        changed = self._folder.stat().st_mtime_ns  # before reading: a change meanwhile is seen at the next look
        files = {path.stem.removeprefix("seal-"): path for path in self._folder.glob("seal-*.key")}
        ciphers = {key_id: AESGCM(bytes.fromhex(path.read_text())) for key_id, path in files.items()}
        return Keys(ciphers, max(ciphers, key=int), blind.read_chain(self._folder), changed)

    def _followed(self) -> Keys:
        """The keys, reloaded if the folder has changed; checked at most once per second."""
        if time.monotonic() - self._looked >= FOLLOW_SECONDS:
            self._looked = time.monotonic()
            try:
                if self._folder.stat().st_mtime_ns != self._keys.folder_changed_ns:
                    self._keys = self._read()
            except (ValueError, OSError) as error:  # half copied, for example; looked at again in a second
                log.error("the keys cannot be read; those known are used on", extra={"error": str(error)})
        return self._keys

    def _cipher(self, key_id: str) -> AESGCM | None:
        if key_id not in self._keys.ciphers and key_id.isdigit():
            self._keys = self._read()  # another process sealed with a key made a moment ago
        return self._keys.ciphers.get(key_id)

    # -- seal and open ----------------------------------------------------

    def seal_bytes(self, record: str, field: str, plain: bytes) -> bytes:
        """Encrypt: `key id, NUL, nonce, ciphertext and tag`; record and field are the associated data."""
        keys, nonce = self._followed(), secrets.token_bytes(NONCE_BYTES)
        sealed = keys.ciphers[keys.current].encrypt(nonce, plain, f"{record}:{field}".encode())
        return keys.current.encode() + b"\0" + nonce + sealed

    def open_bytes(self, record: str, field: str, sealed: bytes) -> bytes:
        """Decrypt what `seal_bytes` made for this record and field. Raises SealBroken."""
        key_id, _, body = sealed.partition(b"\0")
        cipher = self._cipher(key_id.decode(errors="replace"))
        if cipher is None:
            raise SealBroken(f"no key for {record}:{field}")
        try:
            return cipher.decrypt(body[:NONCE_BYTES], body[NONCE_BYTES:], f"{record}:{field}".encode())
        except (InvalidTag, ValueError):
            raise SealBroken(f"{record}:{field} was changed or moved") from None

    def seal(self, record: str, field: str, text: str) -> str:
        """`seal_bytes` for text, as base64."""
        return base64.b64encode(self.seal_bytes(record, field, text.encode())).decode()

    def open_sealed(self, record: str, field: str, sealed: str) -> str:
        """Decrypt what `seal` made. Raises SealBroken."""
        return self.open_bytes(record, field, base64.b64decode(sealed)).decode()

    def seal_json(self, record: str, field: str, value: Any) -> str:
        """Encrypt any value that JSON can hold, as `seal` does its text."""
        return self.seal(record, field, json.dumps(value, ensure_ascii=False))

    def open_json(self, record: str, field: str, sealed: str) -> Any:
        """Decrypt what `seal_json` made. Raises SealBroken."""
        return json.loads(self.open_sealed(record, field, sealed))

    def resealed(self, record: str, field: str, sealed: str | bytes) -> str | bytes:
        """Encrypt the same plaintext with the current key. Raises SealBroken."""
        if isinstance(sealed, bytes):
            return self.seal_bytes(record, field, self.open_bytes(record, field, sealed))
        return self.seal(record, field, self.open_sealed(record, field, sealed))

    # -- blind ------------------------------------------------------------

    def index(self, kind: str, text: str) -> str:
        """The blind index of a text, by which it is looked up: equal texts of one kind have equal indexes."""
        return blind.of_text(kind, text, self.floor, self._followed().chain)

    def fixed_index(self, kind: str, text: str) -> str:
        """The blind index under the first key for ever, e.g. as an `_id`: for random texts that nobody could guess."""
        return blind.of_text(kind, text, 1, self._followed().chain)

    def lasting_digest(self, kind: str, text: str) -> str:
        """Sixteen digits that stand for a text in what is never rewritten, such as the audit: the same under any key.

        Whoever has the first key can try texts against them, after a rotation too.
        """
        return self.fixed_index(kind, text)[:16]

    def index_to_store(self, kind: str, text: str) -> blind.Stored:
        """The blind index of a text as it is to be stored: found by `index` while a rotation runs too."""
        return blind.widened(self.index(kind, text), self.floor, self._followed().chain)

    def settled(self, stored: blind.Stored) -> str:
        """Of a stored blind index, the text that `index` gives now."""
        return blind.settled(stored, self.floor, self._followed().chain)

    def widened(self, stored: blind.Stored) -> blind.Stored:
        """A stored blind index as `index_to_store` gives it it now."""
        return blind.widened(stored, self.floor, self._followed().chain)

    def raise_floor(self, stage: int) -> None:
        """Look up by the indexes at this stage from now on. Raises IndexKeysBroken if its key is not here."""
        self._keys = self._read()
        if stage > len(self._keys.chain):
            raise blind.IndexKeysBroken(f"index-{stage}.key is missing in {self._folder}")
        self.floor = stage

    def sign(self, text: str) -> str:
        """An HMAC signature over `text`, e.g. of a short-lived address."""
        return hmac.digest(self._followed().chain[self.floor - 1], f"sign:{text}".encode(), sha256).hex()

    def derived_key(self, purpose: str, text: str) -> bytes:
        """A 256-bit key for use elsewhere, the same for a purpose and text until another index key is in force."""
        return hmac.digest(self._followed().chain[self.floor - 1], f"key:{purpose}:{text}".encode(), sha256)

    # -- proof ------------------------------------------------------------

    def prove(self, content: bytes) -> tuple[str, str]:
        """A keyed hash over what leaves the installation, such as a backup's manifest: (id of the key, HMAC-SHA256)."""
        key_id = self.current
        return key_id, self._proof(self._folder / f"seal-{key_id}.key", content)

    def proves(self, content: bytes, key_id: str, proof: str) -> bool:
        """Whether `prove` gave this proof, also under a retired key. Raises SealBroken if the key is not here."""
        names = [path / f"seal-{key_id}.key" for path in (self._folder, self._folder / "retired")]
        path = next((path for path in names if key_id.isdigit() and path.exists()), None)
        if path is None:
            raise SealBroken(f"seal-{key_id}.key is not in {self._folder}")
        return hmac.compare_digest(self._proof(path, content).encode(), proof.encode())

    @staticmethod
    def _proof(path: Path, content: bytes) -> str:
        key = hmac.digest(bytes.fromhex(path.read_text()), b"circle proof", sha256)
        return hmac.digest(key, content, sha256).hex()


def key_of(value: object) -> str | None:
    """The id of the key that `value` looks sealed with, or None where it is no ciphertext of ours."""
    if isinstance(value, str):
        try:
            value = base64.b64decode(value, validate=True)
        except (binascii.Error, ValueError):
            return None
    if not isinstance(value, bytes):
        return None
    key_id, nul, body = value[:12].partition(b"\0")
    whole = len(value) >= len(key_id) + 1 + NONCE_BYTES + TAG_BYTES
    return key_id.decode() if nul and key_id.isdigit() and whole else None


def _write_key(path: Path) -> None:
    """Write a new key file atomically, and sync it to the disk before anything is encrypted with it."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_hex(KEY_BYTES))
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)
    except OSError as error:
        error.filename = str(path)  # a write that fails does not say where
        raise
    finally:
        draft.unlink()
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
