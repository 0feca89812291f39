"""Envelope encryption: each file is encrypted with its own key, and only that key is sealed by the keyring.

A rotation of the keyring therefore re-encrypts 32 bytes per file, not its content.
"""

import secrets
from collections.abc import Iterable, Iterator

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from api.files.file import PART_BYTES, in_parts
from api.identity.sealing.keyring import KEY_BYTES, NONCE_BYTES, TAG_BYTES, SealBroken

FORM = b"\x01"
"""First byte of a frame, so that it never looks like something the keyring sealed."""

FRAME_BYTES = PART_BYTES + len(FORM) + NONCE_BYTES + TAG_BYTES


def new_key() -> bytes:
    """The key of a new file."""
    return secrets.token_bytes(KEY_BYTES)


class Envelope:
    """Encrypts and decrypts the content of one file, frame by frame: `FORM, nonce, ciphertext and tag`.

    Each frame is bound to the file and to its place; content is bound to its whole size too, so that a frame that was
    moved, left out or truncated does not open.
    """

    def __init__(self, file_id: str, key: bytes) -> None:
        self._file = file_id
        self._cipher = AESGCM(key)

    def seal(self, place: str, plain: bytes) -> bytes:
        """Encrypt one frame; it opens only at the same `place`."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        return FORM + nonce + self._cipher.encrypt(nonce, plain, self._bound(place))

    def open(self, place: str, frame: bytes) -> bytes:
        """Decrypt one frame. Raises SealBroken."""
        nonce, body = frame[1 : 1 + NONCE_BYTES], frame[1 + NONCE_BYTES :]
        try:
            return self._cipher.decrypt(nonce, body, self._bound(place))
        except (InvalidTag, ValueError):
            raise SealBroken(f"{self._file}:{place} was changed or moved") from None

    def seal_content(self, content_id: str, size: int, pieces: Iterable[bytes]) -> Iterator[bytes]:
        """Encrypt a content of `size` bytes into frames of PART_BYTES, the last one shorter."""
        for number, part in enumerate(in_parts(pieces)):
            yield self.seal(f"{content_id}:{size}:{number}", part)

    def open_content(self, content_id: str, size: int, frames: Iterable[bytes]) -> Iterator[bytes]:
        """Decrypt a content, frame by frame. Raises SealBroken if a frame is missing or was changed."""
        given = iter(frames)
        for number in range(-(-size // PART_BYTES)):
            frame = next(given, None)
            if frame is None:
                raise SealBroken(f"{self._file}:{content_id} was cut off")
            yield self.open(f"{content_id}:{size}:{number}", frame)

    def _bound(self, place: str) -> bytes:
        return f"{self._file}:{place}".encode()
