"""Sealing of personal fields: AES-256-GCM with key ids, bound to record and field; HMAC blind indexes.

Behind this one small class so that 国密 (SM4-GCM, SM3) can replace it.
"""

import base64
import hmac
import os
import secrets
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NONCE_BYTES = 12
KEY_BYTES = 32


class SealBroken(Exception):
    """The ciphertext was changed, moved to another record or field, or its key is not here."""


class Keyring:
    """The sealing keys of one installation, from the folder CIRCLE_KEYS (owner-readable files)."""

    def __init__(self, keys: dict[str, bytes], index_key: bytes, current: str) -> None:
        self._ciphers = {key_id: AESGCM(key) for key_id, key in keys.items()}
        self._index_key = index_key
        self._current = current

    @classmethod
    def open(cls, folder: Path) -> "Keyring":
        """Read the keys; make them at the first start."""
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not list(folder.glob("seal-*.key")):
            _write_key(folder / "seal-1.key")
            _write_key(folder / "index.key")
        keys = {path.stem.removeprefix("seal-"): bytes.fromhex(path.read_text()) for path in folder.glob("seal-*.key")}
        return cls(keys, bytes.fromhex((folder / "index.key").read_text()), max(keys, key=int))

    def seal_bytes(self, record: str, field: str, plain: bytes) -> bytes:
        """Ciphertext as `key id, NUL, nonce, ciphertext and tag`; record and field are associated data."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        sealed = self._ciphers[self._current].encrypt(nonce, plain, f"{record}:{field}".encode())
        return self._current.encode() + b"\0" + nonce + sealed

    def open_bytes(self, record: str, field: str, sealed: bytes) -> bytes:
        """The plaintext. Raises SealBroken."""
        key_id, _, body = sealed.partition(b"\0")
        cipher = self._ciphers.get(key_id.decode(errors="replace"))
        if cipher is None:
            raise SealBroken(f"no key for {record}:{field}")
        try:
            return cipher.decrypt(body[:NONCE_BYTES], body[NONCE_BYTES:], f"{record}:{field}".encode())
        except InvalidTag:
            raise SealBroken(f"{record}:{field} was changed or moved") from None

    def seal(self, record: str, field: str, text: str) -> str:
        """`seal_bytes` for text, as base64."""
        return base64.b64encode(self.seal_bytes(record, field, text.encode())).decode()

    def open_sealed(self, record: str, field: str, sealed: str) -> str:
        """The text back. Raises SealBroken."""
        return self.open_bytes(record, field, base64.b64decode(sealed)).decode()

    def index(self, kind: str, text: str) -> str:
        """A blind index: equal texts of one kind have equal indexes, and nothing else can be learnt from it."""
        return hmac.new(self._index_key, f"{kind}:{text}".encode(), sha256).hexdigest()

    def sign(self, text: str) -> str:
        """A signature of ours over `text`, e.g. of a short-lived address."""
        return hmac.new(self._index_key, f"sign:{text}".encode(), sha256).hexdigest()


def _write_key(path: Path) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(secrets.token_hex(KEY_BYTES))
