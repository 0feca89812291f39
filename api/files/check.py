"""Checks one uploaded file in a process of its own, with limited memory and time: `python -m api.files.check`.

Takes the file on standard input. Answers one line of JSON: `{"refused": code}` (see `file.UNFIT`), or `{"type", "size",
"thumb", "facts"}` followed by `size` bytes to keep and `thumb` bytes of a small picture. A picture is decoded and
encoded anew, so that nothing but its pixels remains. A PDF is kept byte for byte, so that its signature stays valid.
"""

import contextlib
import io
import json
import re
import sys
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from typing import Any, NamedTuple

from api.files.file import MOST_BYTES, kind_of
from api.limited import ProcessLimits, confine

LIMITS = ProcessLimits(memory_bytes=1024**3, cpu_seconds=20, grace_seconds=5, niceness=10, file_bytes=0)
"""The limits of the check; it can write no file, and other processes have priority."""
MOST_PIXELS = 50_000_000
MOST_SIDE = 5_000
"""The longer side of a kept picture in pixels, at most: an A4 page at 400 dpi."""

THUMB_SIDE = 320
MOST_PAGES = 500
MOST_UNPACKED = 400 * 1024 * 1024
INFLATE_BYTES = 1024 * 1024

PAGES_OF_OTHERS = re.compile(rb"<script|<!doctype\s+html|<\?php", re.IGNORECASE)
ARCHIVES = (b"Rar!\x1a\x07", b"7z\xbc\xaf\x27\x1c")
STREAM = re.compile(rb"stream\r?\n")
END_WITHIN = 1024
"""Readers look for `%%EOF` in the last kilobyte (ISO 32000-1, Annex H, note 18)."""

ACTIONS = frozenset({"/JavaScript", "/Launch", "/ImportData", "/RichMediaExecute", "/GoToE"})
ACTIVE = frozenset({"/JS", "/JavaScript", "/XFA", "/RichMediaContent"})
ACTIVE_RAW = re.compile(rb"/JavaScript\b|/Launch\b")
HARMLESS_ATTACHMENTS = (".xml", ".xbrl")
"""Electronic invoices carry their figures as XML (电子凭证会计数据标准)."""


class Unfit(Exception):
    """The file is refused; `code` is one of `file.UNFIT`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Opened(NamedTuple):
    """An accepted file: media type, content to store, thumbnail and facts such as its width."""

    type: str
    content: bytes
    thumb: bytes
    facts: dict[str, int]


def examine(data: bytes) -> Opened:
    """Decode a file by its actual type. Raises Unfit."""
    kind = kind_of(data)
    if kind is None:
        raise Unfit("kind")
    _refuse_mixture(data, kind)
    with _blaming("broken_pdf" if kind == "application/pdf" else "broken_image"):
        return _pdf(data) if kind == "application/pdf" else _picture(data, kind)


@contextlib.contextmanager
def _blaming(code: str) -> Iterator[None]:
    """Turn what a decoder raises into Unfit: too heavy for memory or depth, else broken."""
    try:
        yield
    except Unfit:
        raise
    except (MemoryError, RecursionError):
        raise Unfit("too_heavy") from None
    except Exception as error:
        heavy = type(error).__name__ in {"LimitReachedError", "DecompressionBombError"}
        raise Unfit("too_heavy" if heavy else code) from error


def _refuse_mixture(data: bytes, kind: str) -> None:
    """Raises Unfit for a polyglot, a file that another program would read as something else."""
    pdf_inside = kind != "application/pdf" and b"%PDF-" in data[:END_WITHIN]
    archive = zipfile.is_zipfile(io.BytesIO(data)) or any(mark in data for mark in ARCHIVES)
    if pdf_inside or archive or PAGES_OF_OTHERS.search(data):
        raise Unfit("mixed")


def _picture(data: bytes, kind: str) -> Opened:
    from PIL import Image, ImageOps

    Image.MAX_IMAGE_PIXELS = MOST_PIXELS
    formats = {"image/jpeg": ["JPEG", "MPO"], "image/png": ["PNG"], "image/heic": ["HEIF"]}[kind]
    if kind == "image/heic":
        import pi_heif

        pi_heif.options.DECODE_THREADS = 1
        pi_heif.register_heif_opener(thumbnails=False)
    try:
        picture = Image.open(io.BytesIO(data), formats=formats)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise Unfit("too_many_pixels") from None
    if picture.width * picture.height > MOST_PIXELS:
        raise Unfit("too_many_pixels")
    picture.draft("RGB", (MOST_SIDE, MOST_SIDE))  # a JPEG is decoded at half or a quarter where that is enough
    picture.load()
    ImageOps.exif_transpose(picture, in_place=True)
    kept = "PNG" if kind == "image/png" else "JPEG"
    plain = _plain(picture, kept)
    plain.thumbnail((MOST_SIDE, MOST_SIDE), Image.Resampling.LANCZOS)
    facts = {"width": plain.width, "height": plain.height}
    content = _encoded(plain, kept, 88)
    plain.thumbnail((THUMB_SIDE, THUMB_SIDE), Image.Resampling.LANCZOS)
    return Opened(f"image/{kept.lower()}", content, _encoded(_on_white(plain), "JPEG", 75), facts)


def _plain(picture: Any, kept: str) -> Any:
    """Convert to grey or colour of 8 bits; a PNG keeps its transparency."""
    if picture.mode.startswith("I"):  # grey of 16 bits, which `convert` would cut off at 255
        return picture.convert("I").point(lambda value: value / 256).convert("L")
    if "A" in picture.getbands() or "transparency" in picture.info:
        return picture.convert("RGBA" if kept == "PNG" else "RGB")
    return picture.convert("L" if picture.mode in {"1", "L"} else "RGB")


def _on_white(picture: Any) -> Any:
    from PIL import Image

    if picture.mode != "RGBA":
        return picture
    ground = Image.new("RGB", picture.size, "white")
    ground.paste(picture, mask=picture)
    return ground


def _encoded(picture: Any, form: str, quality: int) -> bytes:
    from PIL import Image

    bare = Image.frombytes(picture.mode, picture.size, picture.tobytes())  # pixels alone: no EXIF, no profile, no text
    out = io.BytesIO()
    if form == "PNG":
        bare.save(out, "PNG")
    else:
        bare.save(out, "JPEG", quality=quality, optimize=bare.width * bare.height < 2_000_000)
    return out.getvalue()


def _pdf(data: bytes) -> Opened:
    import pypdf

    end = data.rfind(b"%%EOF")
    if end < len(data) - END_WITHIN or b"startxref" not in data:
        raise Unfit("broken_pdf")
    if ACTIVE_RAW.search(data):
        raise Unfit("active_pdf")
    _inflate_all(data)
    reader = pypdf.PdfReader(io.BytesIO(data), strict=False)
    if reader.is_encrypted:
        raise Unfit("locked_pdf")
    pages = len(reader.pages)
    if pages > MOST_PAGES:
        raise Unfit("too_many_pages")
    if pages == 0 or not all(page.mediabox.width > 0 and page.mediabox.height > 0 for page in reader.pages):
        raise Unfit("broken_pdf")
    for each in _objects(reader):
        _refuse_active(each)
    return Opened("application/pdf", data, b"", {"pages": pages})


def _inflate_all(data: bytes) -> None:
    """Inflate every deflated stream without keeping it, to find decompression bombs. Raises Unfit."""
    total = 0
    for match in STREAM.finditer(data):
        inflater, rest = zlib.decompressobj(), data[match.end() : match.end() + 64]
        at = match.end() + len(rest)
        with contextlib.suppress(zlib.error):  # not deflated, or broken: pypdf will say
            while not inflater.eof and rest:
                total += len(inflater.decompress(rest, INFLATE_BYTES))
                if total > MOST_UNPACKED:
                    raise Unfit("too_heavy")
                rest = inflater.unconsumed_tail
                if not rest:
                    rest = data[at : at + INFLATE_BYTES]
                    at += len(rest)


def _objects(reader: Any) -> Iterator[Any]:
    """Every object that the file lists, those in object streams included."""
    from pypdf.generic import IndirectObject

    listed = {(number, generation) for generation, at in reader.xref.items() for number in at}
    listed |= {(number, 0) for number in reader.xref_objStm}
    yield reader.trailer
    for number, generation in sorted(listed):
        if generation < 65_535:  # those are free
            yield reader.get_object(IndirectObject(number, generation, reader))


def _refuse_active(each: Any) -> None:
    """Raises Unfit for scripts, launch actions, XFA forms and attachments other than XML figures."""
    waiting = [each]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            keys = set(value)
            action = value["/S"] if "/S" in keys else None  # not `get`: this follows a reference
            if keys & ACTIVE or (isinstance(action, str) and action in ACTIONS) or _attaches(value):
                raise Unfit("active_pdf")
            waiting.extend(dict.values(value))
        elif isinstance(value, list):
            waiting.extend(list.__iter__(value))


def _attaches(value: dict[str, Any]) -> bool:
    names = [str(value[key]).lower() for key in ("/F", "/UF") if key in value]
    return "/EF" in value and not all(name.endswith(HARMLESS_ATTACHMENTS) for name in names or [""])


def main() -> None:
    """Check the file on standard input and write the answer to standard output."""
    confine(LIMITS)
    warnings.simplefilter("ignore")
    data = sys.stdin.buffer.read(MOST_BYTES + 1)
    out = sys.stdout.buffer
    try:
        opened = examine(data)
    except Unfit as unfit:
        out.write(json.dumps({"refused": unfit.code}).encode() + b"\n")
        return
    head = {"type": opened.type, "size": len(opened.content), "thumb": len(opened.thumb), "facts": opened.facts}
    out.write(json.dumps(head).encode() + b"\n" + opened.content + opened.thumb)


if __name__ == "__main__":
    main()
