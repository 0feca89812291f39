"""The rules of uploads: states, limits, file types, names, tus headers, and the refusals."""

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from api.refusals import Refusal

MOST_BYTES = 20 * 1024 * 1024
PART_BYTES = 256 * 1024
MOST_PARTS = 1_000
"""The most parts of an upload; more would exceed the size of its document."""

MOST_FILES_A_DAY = 200
MOST_BYTES_A_DAY = 500 * 1024 * 1024
ADDRESS_FOR = timedelta(minutes=5)
KEPT_UNFINISHED = timedelta(days=7)
KEPT_REFUSED = timedelta(days=7)
KEPT_UNBOUND = timedelta(days=30)
LEAVING_FOR = timedelta(days=1)
"""An unused file is unreachable for this long before it is removed, so that nobody binds it at that moment."""

MOST_UNCHECKED = 40
"""How many whole uploads of one person may wait for their check at once."""
WAITS_FOR_OWN = timedelta(minutes=2)
"""How long an upload's check is put off while another of its owner is checked; its end makes the next one due at once,
so this is for what a crash or a race forgot."""
SCANNER_PAUSE = timedelta(seconds=30)
"""How long a check is put off while the virus scanner does not answer."""
MOST_SCANS = 20
"""Scans of a file on which a scanner that answers gives no verdict, before the file is refused."""

MOST_TRIES = 3
"""Tries of a check that may end without a result before the file is refused."""

STATES = ("receiving", "checking", "accepted", "refused")
CHECKSUMS = ("sha1", "sha256", "md5")

SIGNATURES = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"%PDF-", "application/pdf"),
)
"""First bytes of the accepted file types (RFC 2083, ISO 32000-1, ITU-T T.81)."""

HEIC_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"mif1"})
"""Major brands of still HEIF pictures (ISO/IEC 23008-12 §10.2); telephones write `heic`."""

SUFFIXES = {
    "image/jpeg": (".jpg", ".jpeg"),
    "image/png": (".png",),
    "application/pdf": (".pdf",),
}

UNFIT = {
    "kind": (
        "只收 JPG、PNG、HEIC 图片和 PDF 文件，请换一种格式。",
        "Only JPG, PNG and HEIC pictures and PDF files are taken. Use one of these.",
    ),
    "broken_image": (
        "图片打不开，可能没有传完整，请重新拍照或另存后再传。",
        "The picture cannot be opened. Take it again, or save a copy and send that.",
    ),
    "too_many_pixels": (
        "图片尺寸太大，请把相机分辨率调低（5000 万像素以下）后重拍。",
        "The picture has too many pixels. Take it again at a lower resolution (up to 50 million).",
    ),
    "broken_pdf": (
        "PDF 打不开，可能没有传完整，请重新导出后再传。",
        "The PDF cannot be opened. Export it again and send that.",
    ),
    "locked_pdf": (
        "PDF 加了密码或限制，请去掉后再上传。",
        "The PDF is encrypted. Remove its password and restrictions first.",
    ),
    "active_pdf": (
        "PDF 里带有脚本、附件、会自动运行或连到别处的内容，请用“打印为 PDF”另存后再传。",
        "The PDF holds scripts, attachments or actions that reach elsewhere. Print it to a new PDF and send that.",
    ),
    "too_many_pages": (
        "PDF 超过 500 页，请拆分后分开上传。",
        "The PDF has more than 500 pages. Send it in parts.",
    ),
    "mixed": (
        "文件里夹带了别的内容，请重新拍照或另存后再传。",
        "Something else is hidden in the file. Take the picture again, or save a clean copy.",
    ),
    "too_heavy": (
        "文件太复杂，检查不完，请压缩或拆分后再传。",
        "The file takes too much to open. Compress it or send it in parts.",
    ),
    "unsafe": (
        "文件没有通过安全检查，请换一份。",
        "The file did not pass the security scan. Use another copy.",
    ),
    "unchecked": (
        "文件没能检查完，请重新上传。",
        "The check could not be finished. Send the file again.",
    ),
}
"""By code, which never changes: why a file is refused and what to do, in Chinese and English."""


class TooLarge(Refusal):
    """The upload exceeds the size limit, or the length that was announced."""

    code = "too_large"
    zh = "文件超过 20 MB,请压缩或分开上传。"
    en = "The file is over 20 MB. Compress it or send it in parts."


class OffsetWrong(Refusal):
    """Upload-Offset differs from the bytes that have arrived (tus 1.0: 409); HEAD gives the right offset."""

    code = "offset_wrong"
    zh = "上传位置对不上，请重新查询后继续。"
    en = "The offset does not match. Ask for it again and go on from there."


class TooManyParts(Refusal):
    """The upload was interrupted too often and must begin again."""

    code = "too_many_parts"
    zh = "上传中断太多次，请换个网络重新上传。"
    en = "This upload was cut too often. Begin it again on a better network."


class TooManyToday(Refusal):
    """One person's uploads of a day are limited in number and size."""

    code = "too_many_today"
    zh = "今天上传的文件太多了，请明天再传，或到窗口办理。"
    en = "Too many files today. Go on tomorrow, or come to a window."


class TooManyUnchecked(Refusal):
    """So many uploads of one person wait for their check that no further one is begun."""

    code = "too_many_unchecked"
    zh = "您上传的文件还有很多在等待检查，请等一会儿再传。"
    en = "Many of your files still wait to be checked. Wait a little, then send more."


class ChecksumWrong(Refusal):
    """A piece was damaged in transit (tus checksum: 460) and dropped."""

    code = "checksum_wrong"
    zh = "这一段传输中出了错，请重传这一段。"
    en = "This piece was damaged on its way. Send it again."


class ChecksumUnknown(Refusal):
    """An Upload-Checksum that cannot be read, or of another algorithm (tus checksum: 400)."""

    code = "checksum_unknown"
    zh = "Upload-Checksum 只支持 sha1、sha256、md5,后接 Base64。"
    en = "Upload-Checksum must be sha1, sha256 or md5, followed by the digest in Base64."


class UploadGone(Refusal):
    """The upload was not finished in time and is removed (tus expiration: 410)."""

    code = "upload_gone"
    zh = "上传太久没有完成，已经清除，请重新上传。"
    en = "This upload was not finished in time and is removed. Begin again."


class FileInUse(Refusal):
    """The file is used by a case or a conversation, so it stays."""

    code = "file_in_use"
    zh = "这份文件已经用在申请或咨询里，不能删除。"
    en = "This file is part of an application or a talk and stays."


class TusVersion(Refusal):
    """An unsupported tus version (tus 1.0: 412)."""

    code = "tus_version"
    zh = "只支持 tus 1.0.0 协议。"
    en = "Only tus 1.0.0 is spoken here."


class MediaType(Refusal):
    """A PATCH that is not application/offset+octet-stream."""

    code = "media_type"
    zh = "上传内容的格式不对。"
    en = "The content type must be application/offset+octet-stream."


class AddressBad(Refusal):
    """A signed address that has expired or was changed."""

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
    """The media type by the first bytes, None if it is not accepted. File name and headers are not trusted."""
    if head[4:8] == b"ftyp" and head[8:12] in HEIC_BRANDS:
        return "image/heic"
    return next((kind for signature, kind in SIGNATURES if head.startswith(signature)), None)


def metadata(header: str) -> dict[str, str]:
    """Parse tus Upload-Metadata (`key base64, key base64`) into a mapping of texts. Raises ValueError."""
    pairs = {}
    for item in filter(None, (part.strip() for part in header.split(","))):
        key, _, value = item.partition(" ")
        try:
            pairs[key] = base64.b64decode(value, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            raise ValueError(key) from None
    return pairs


class Checksum(NamedTuple):
    """The announced digest of a piece."""

    algorithm: str
    digest: bytes

    def check(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        """Pass the pieces on; raises ChecksumWrong after the last if their digest is not the announced one."""
        digest = hashlib.new(self.algorithm, usedforsecurity=False)
        for piece in pieces:
            digest.update(piece)
            yield piece
        if digest.digest() != self.digest:
            raise ChecksumWrong


def checksum(header: str) -> Checksum:
    """Parse tus Upload-Checksum (`algorithm base64`). Raises ChecksumUnknown."""
    algorithm, _, digest = header.partition(" ")
    try:
        announced = Checksum(algorithm, base64.b64decode(digest, validate=True))
    except (binascii.Error, ValueError):
        raise ChecksumUnknown from None
    if algorithm not in CHECKSUMS or len(announced.digest) != hashlib.new(algorithm, usedforsecurity=False).digest_size:
        raise ChecksumUnknown
    return announced


def ended(state: str, expires_at: datetime, now: datetime) -> bool:
    """Whether an upload has expired unfinished."""
    return state == "receiving" and expires_at <= now


def safe_name(name: str) -> str:
    """The last part of a file name, without control characters, at most 120 characters."""
    last = re.split(r"[/\\]", name)[-1]
    return re.sub(r"[\x00-\x1f\x7f\u200e\u200f\u202a-\u202e\u2066-\u2069]", "", last).strip(". ")[:120] or "file"


def named_as(name: str, kind: str) -> str:
    """The name with the suffix of its type: `IMG_1.HEIC` that became a JPEG is `IMG_1.jpg`."""
    stem, dot, suffix = name.rpartition(".")
    if f".{suffix.lower()}" in SUFFIXES[kind]:
        return name
    known = {"heic", "heif", *(s[1:] for all_of in SUFFIXES.values() for s in all_of)}
    return (stem if dot and suffix.lower() in known else name) + SUFFIXES[kind][0]
