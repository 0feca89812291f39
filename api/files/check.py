"""Checks one uploaded file in an isolated process, with limited memory and time: `python -m api.files.check`.

Takes the file on standard input. Answers one line of JSON: `{"refused": code}` (see `file.UNFIT`), or `{"type", "size",
"thumb", "facts"}` followed by `size` bytes to keep and `thumb` bytes of a small picture. A picture is decoded and
encoded anew, so that nothing but its pixels remains, in the colours of sRGB. A PDF is kept byte for byte, so that its
signature stays valid. Decoding begins only when the process is isolated (`api.isolation`).
"""

import codecs
import contextlib
import importlib
import io
import json
import math
import re
import sys
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from typing import Any, NamedTuple

from api.files.file import MOST_BYTES, kind_of
from api.files.pdf_content import ActiveContent, refuse_active
from api.isolation import isolate
from api.limited import ProcessLimits, confine

LIMITS = ProcessLimits(memory_bytes=1024**3, cpu_seconds=20, grace_seconds=5, niceness=10, file_bytes=0)
"""The limits of the check; it can write no file, and other processes have priority."""
MOST_PIXELS = 65_000_000
"""Of a picture that is decoded whole: telephones take up to 9248 × 6944."""
MOST_JPEG_PIXELS = 210_000_000
"""A JPEG is decoded at a half or a quarter where that is enough; telephones take up to 16320 × 12240."""
KEPT_PIXELS = 26_000_000
"""Of a kept picture: an A4 page at 500 dpi, or a screenshot of 1080 × 24,000. It is the area that is bounded, so that a
long picture stays readable."""
KEPT_SIDE = 65_000
"""The longest side of a kept picture: a JPEG's lengths have 16 bits."""

SMOOTH = frozenset(("L", "LA", "RGB", "RGBA", "CMYK"))
"""Modes whose pixels can be averaged as they are."""

THUMB_SIDE = 320
THUMB_SHAPE = 3
"""A thumbnail shows the beginning of a picture that is more than so many times as long as wide."""
MOST_PAGES = 500
MOST_UNPACKED = 400 * 1024 * 1024
INFLATE_BYTES = 1024 * 1024

PAGES_OF_OTHERS = re.compile(rb"<script|<!doctype\s+html|<\?php", re.IGNORECASE)
ARCHIVES = (b"Rar!\x1a\x07", b"7z\xbc\xaf\x27\x1c")
STREAM = re.compile(rb"stream\r?\n")
END_WITHIN = 1024
"""Readers look for `%%EOF` in the last kilobyte (ISO 32000-1, Annex H, note 18)."""

PICTURES = ("PIL.ImageOps", "PIL.ImageCms", "PIL.JpegImagePlugin", "PIL.MpoImagePlugin", "PIL.PngImagePlugin")
DECODERS = {
    "image/jpeg": (*PICTURES, "PIL.TiffImagePlugin"),
    "image/png": (*PICTURES, "PIL.TiffImagePlugin"),
    "image/heic": (*PICTURES, "PIL.TiffImagePlugin", "pi_heif"),
    "application/pdf": ("pypdf", "pypdf.generic", "pypdf.filters", "pypdf.errors"),
}
"""The modules that a type of file needs, which an isolated process cannot import any more."""
ENCODINGS = ("ascii", "latin-1", "cp1252", "utf-8-sig", "utf-16", "utf-16-be", "utf-16-le", "unicode_escape", "idna")
UNEQUIPPED = 70
"""The exit status of a check that lacked a module: that says nothing about the file (EX_SOFTWARE of sysexits.h)."""


class Unfit(Exception):
    """The file is refused; `code` is one of `file.UNFIT`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Unequipped(Exception):
    """A decoder needed a module or a file that it had not read before the process was isolated."""


class Opened(NamedTuple):
    """An accepted file: media type, content to store, thumbnail and facts such as its width."""

    type: str
    content: bytes
    thumb: bytes
    facts: dict[str, int]


def equip(kind: str | None) -> None:
    """Import what the decoder of this type needs."""
    for module in DECODERS.get(kind or "", ()):
        importlib.import_module(module)
    for encoding in ENCODINGS:
        codecs.lookup(encoding)
    if kind and kind.startswith("image/"):
        from PIL import Image, ImageCms

        Image.preinit()
        ImageCms.createProfile("sRGB")


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
    except (ImportError, PermissionError, FileNotFoundError) as error:
        raise Unequipped from error
    except Exception as error:
        if type(error) is LookupError:  # of an encoding whose module could not be imported
            raise Unequipped from error
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

    most = MOST_JPEG_PIXELS if kind == "image/jpeg" else MOST_PIXELS
    Image.MAX_IMAGE_PIXELS = most
    formats = {"image/jpeg": ["JPEG", "MPO"], "image/png": ["PNG"], "image/heic": ["HEIF"]}[kind]
    if kind == "image/heic":
        import pi_heif

        pi_heif.options.DECODE_THREADS = 1
        pi_heif.register_heif_opener(thumbnails=False)
    try:
        picture = Image.open(io.BytesIO(data), formats=formats)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise Unfit("too_many_pixels") from None
    if picture.width * picture.height > most:
        raise Unfit("too_many_pixels")
    picture.draft("RGB", _kept_size(*picture.size))  # a JPEG is decoded at half or a quarter where that is enough
    if picture.width * picture.height > MOST_PIXELS:
        raise Unfit("too_many_pixels")
    picture.load()
    ImageOps.exif_transpose(picture, in_place=True)
    if picture.mode in SMOOTH and "transparency" not in picture.info:
        picture.thumbnail(_kept_size(*picture.size), Image.Resampling.LANCZOS)  # before it is copied
    kept = "PNG" if kind == "image/png" else "JPEG"
    plain = _plain(picture, kept)
    plain.thumbnail(_kept_size(*plain.size), Image.Resampling.LANCZOS)
    facts = {"width": plain.width, "height": plain.height}
    return Opened(f"image/{kept.lower()}", _encoded(plain, kept, 88), _thumb(plain), facts)


def _kept_size(width: int, height: int) -> tuple[int, int]:
    """The size that a picture is kept in: of the same shape, within KEPT_PIXELS and KEPT_SIDE."""
    scale = min(1.0, math.sqrt(KEPT_PIXELS / (width * height)), KEPT_SIDE / max(width, height))
    return max(1, round(width * scale)), max(1, round(height * scale))


def _thumb(plain: Any) -> bytes:
    from PIL import Image

    width, height = plain.size
    small = plain.crop((0, 0, min(width, THUMB_SHAPE * height), min(height, THUMB_SHAPE * width)))
    small.thumbnail((THUMB_SIDE, THUMB_SIDE), Image.Resampling.LANCZOS)
    return _encoded(_on_white(small), "JPEG", 75)


def _plain(picture: Any, kept: str) -> Any:
    """Convert to grey or colour of 8 bits in sRGB; a PNG keeps its transparency."""
    if picture.mode.startswith("I"):  # grey of 16 bits, which `convert` would cut off at 255
        return picture.convert("I").point(lambda value: value / 256).convert("L")
    transparent = "A" in picture.getbands() or "transparency" in picture.info
    profile = picture.info.get("icc_profile")
    in_standard = _in_standard_colours(picture, profile) if profile else None
    if transparent and kept == "PNG":
        whole = picture.convert("RGBA")
        if in_standard is not None:
            in_standard.putalpha(whole.getchannel("A"))
        return whole if in_standard is None else in_standard
    plain = picture if in_standard is None else in_standard
    return plain.convert("L" if picture.mode in {"1", "L"} else "RGB")


def _in_standard_colours(picture: Any, profile: bytes) -> Any | None:
    """The picture with its colour profile (ICC.1) applied, as sRGB without transparency; None if the profile is unfit.

    Readers of the kept picture take it as sRGB, so that a profile that was dropped would change the colours.
    """
    from PIL import ImageCms

    base = picture if picture.mode in {"L", "RGB", "CMYK"} else picture.convert("L" if picture.mode == "LA" else "RGB")
    try:
        given = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        standard = ImageCms.createProfile("sRGB")
        return ImageCms.profileToProfile(base, given, standard, outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, ValueError):
        return None


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
    _inflate_all(data)
    reader = pypdf.PdfReader(io.BytesIO(data), strict=False)
    if reader.is_encrypted:
        raise Unfit("locked_pdf")
    pages = len(reader.pages)
    if pages > MOST_PAGES:
        raise Unfit("too_many_pages")
    if pages == 0 or not all(_has_area(page) for page in reader.pages):
        raise Unfit("broken_pdf")
    try:
        refuse_active(data, reader)
    except ActiveContent:
        raise Unfit("active_pdf") from None
    return Opened("application/pdf", data, b"", {"pages": pages})


def _has_area(page: Any) -> bool:
    """Whether a page has a size. A box names any two opposite corners (ISO 32000-1 §7.9.5); viewers take a page that
    names none as Letter."""
    return "/MediaBox" not in page or bool(page.mediabox.width and page.mediabox.height)


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


def main() -> None:
    """Check the file on standard input and write the answer to standard output."""
    confine(LIMITS)
    warnings.simplefilter("ignore")
    data = sys.stdin.buffer.read(MOST_BYTES + 1)
    equip(kind_of(data))
    isolate(LIMITS.cpu_seconds)
    out = sys.stdout.buffer
    try:
        opened = examine(data)
    except Unfit as unfit:
        out.write(json.dumps({"refused": unfit.code}).encode() + b"\n")
        return
    except Unequipped:
        sys.exit(UNEQUIPPED)
    head = {"type": opened.type, "size": len(opened.content), "thumb": len(opened.thumb), "facts": opened.facts}
    out.write(json.dumps(head).encode() + b"\n" + opened.content + opened.thumb)


if __name__ == "__main__":
    main()
