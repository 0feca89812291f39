"""The rules of uploads: states, limits, what a file really is, tus metadata, and the refusals."""

import base64
import binascii
import re
from collections.abc import Iterable, Iterator
from datetime import timedelta

from api.refusals import Refusal

MOST_BYTES = 20 * 1024 * 1024
PART_BYTES = 256 * 1024
ADDRESS_FOR = timedelta(minutes=5)
KEPT_UNFINISHED = timedelta(days=7)

STATES = ("receiving", "checking", "accepted", "refused")

SIGNATURES = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"%PDF-", "application/pdf"),
)
"""First bytes of the kinds taken so far (RFC 2083, ISO 32000-1, ITU-T T.81)."""


class TooLarge(Refusal):
    """Over the size limit, or more than was announced."""

    code = "too_large"
    zh = "文件超过 20 MB,请压缩或分开上传。"
    en = "The file is over 20 MB. Compress it or send it in parts."


class OffsetWrong(Refusal):
    """The client and we disagree on how much has arrived (tus 1.0: 409); HEAD tells."""

    code = "offset_wrong"
    zh = "上传位置对不上，请重新查询后继续。"
    en = "The offset does not match. Ask for it again and go on from there."


class TusVersion(Refusal):
    """A tus version that is not spoken here (tus 1.0: 412)."""

    code = "tus_version"
    zh = "只支持 tus 1.0.0 协议。"
    en = "Only tus 1.0.0 is spoken here."


class MediaType(Refusal):
    """A PATCH that is not application/offset+octet-stream."""

    code = "media_type"
    zh = "上传内容的格式不对。"
    en = "The content type must be application/offset+octet-stream."


class AddressBad(Refusal):
    """A signed address that is over or was changed."""

    code = "address_bad"
    zh = "链接已失效，请回到页面重新打开文件。"
    en = "This link has ended. Open the file again from its page."


def in_parts(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes in parts of PART_BYTES, the last one shorter."""
    part = bytearray()
    for piece in pieces:
        part += piece
        while len(part) >= PART_BYTES:
            yield bytes(part[:PART_BYTES])
            del part[:PART_BYTES]
    if part:
        yield bytes(part)


def kind_of(head: bytes) -> str | None:
    """The media type by content, or None where it is not a kind we take. The name and header are not believed."""
    return next((kind for signature, kind in SIGNATURES if head.startswith(signature)), None)


def metadata(header: str) -> dict[str, str]:
    """tus Upload-Metadata: `key base64, key base64` as text. Raises ValueError."""
    pairs = {}
    for item in filter(None, (part.strip() for part in header.split(","))):
        key, _, value = item.partition(" ")
        try:
            pairs[key] = base64.b64decode(value, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            raise ValueError(key) from None
    return pairs


def safe_name(name: str) -> str:
    """The last part of a file name, without control characters, at most 120 characters."""
    last = re.split(r"[/\\]", name)[-1]
    return re.sub(r"[\x00-\x1f\x7f]", "", last).strip(". ")[:120] or "file"
